package main

import (
	"bytes"
	"io"
	stdlog "log"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/gorilla/mux"

	"coffer/internal/telemetry"
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

// logRequests counts each request and writes one line for it: the route's template, never
// the path, a query, a header or a body, since those hold ids that must vanish with a vault.
func logRequests(log *slog.Logger, m *telemetry.Metrics, next *mux.Router) http.Handler {
	m.Routes(templates(next))
	next.Use(noteRoute)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK, route: "unknown"}
		defer func() { // a route that panicked is counted, too
			if rec.panicking {
				rec.status = http.StatusInternalServerError
			}
			m.Answered(rec.route, rec.status, time.Since(began))
		}()
		rec.panicking = true
		next.ServeHTTP(rec, r)
		rec.panicking = false
		level := slog.LevelDebug
		if rec.status >= 500 {
			level = slog.LevelError
		}
		if !log.Enabled(r.Context(), level) {
			return
		}
		log.LogAttrs(r.Context(), level, "request",
			slog.String("method", r.Method), slog.String("route", rec.route),
			slog.Int("status", rec.status), slog.Duration("took", time.Since(began)))
	})
}

// noteRoute keeps for the recorder the route as it was registered, "/wallet/v1/grants/{id}".
func noteRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rec, ok := w.(*recorder); ok {
			if t, err := mux.CurrentRoute(r).GetPathTemplate(); err == nil {
				rec.route = t
			}
		}
		next.ServeHTTP(w, r)
	})
}

// templates are all routes as they were registered.
func templates(router *mux.Router) (all []string) {
	_ = router.Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error { // it fails when this does
		if t, err := r.GetPathTemplate(); err == nil {
			all = append(all, t)
		}
		return nil
	})
	return all
}

type recorder struct {
	http.ResponseWriter
	status    int
	route     string
	panicking bool
}

// serverLog is for what net/http has to say: who it was that sent something, and what a
// handler panicked over, stays out of the log.
func serverLog(log *slog.Logger) *stdlog.Logger { return stdlog.New(serverLines{log}, "", 0) }

type serverLines struct{ log *slog.Logger }

var placeInCode = regexp.MustCompile(`\b[a-z_]+\.go:[0-9]+`)

func (s serverLines) Write(line []byte) (int, error) {
	if !bytes.Contains(line, []byte("panic serving")) {
		s.log.Debug("net/http complains about a request or a connection")
		return len(line), nil
	}
	// The first lines are the server's own way of saying it.
	_, stack, _ := bytes.Cut(line, []byte("panic("))
	_, stack, _ = bytes.Cut(stack, []byte(".go:"))
	s.log.Error("a route panicked; its request was answered with nothing", "place", string(placeInCode.Find(stack)))
	return len(line), nil
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is underneath.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
