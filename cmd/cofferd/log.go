package main

import (
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/gorilla/mux"
)

// newLogger writes text for people and JSON for machines. In development every line
// says so: a mode that lets any business in must not go unnoticed.
func newLogger(w io.Writer, dev, verbose bool) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if verbose {
		options.Level = slog.LevelDebug
	}
	var h slog.Handler = slog.NewJSONHandler(w, options)
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			h = slog.NewTextHandler(w, options)
		}
	}
	l := slog.New(h)
	if dev {
		l = l.With("mode", "development")
	}
	return l
}

// logRequests writes one line a request: the route's template, never the path, a
// query, a header or a body, since those hold ids that must vanish with a vault.
func logRequests(log *slog.Logger, next *mux.Router) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		level := slog.LevelDebug
		if rec.status >= 500 {
			level = slog.LevelError
		}
		if !log.Enabled(r.Context(), level) {
			return
		}
		log.LogAttrs(r.Context(), level, "request",
			slog.String("method", r.Method), slog.String("route", template(next, r)),
			slog.Int("status", rec.status), slog.Duration("took", time.Since(began)))
	})
}

// template is the route as it was registered, "/wallet/v1/grants/{id}".
func template(router *mux.Router, r *http.Request) string {
	var m mux.RouteMatch
	if router.Match(r, &m) && m.Route != nil {
		if t, err := m.Route.GetPathTemplate(); err == nil {
			return t
		}
	}
	return "unknown"
}

type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is underneath.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
