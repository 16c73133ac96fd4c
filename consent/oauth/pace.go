package oauth

import (
	"errors"
	"math"
	"net/http"

	"golang.org/x/time/rate"

	"coffer/internal/peer"
)

var errTooMany = errors.New("too many requests")

// retryAfter is when some more are admitted, in seconds.
const retryAfter = "1"

func newLimiter[K comparable](of rate.Limit) *peer.Limiter[K] {
	return peer.NewLimiter[K](of, int(min(4*of, math.MaxInt32)), rate.Inf, 0)
}

// paced serves an address that does not ask too often. A client that asks too often
// from many addresses is refused once it is known who it is.
func (s *Server) paced(next http.HandlerFunc, refuse func(http.ResponseWriter, *http.Request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.addresses.Admit(peer.Of(r), s.o.Clock()) {
			next(w, r)
		} else {
			refuse(w, r)
		}
	})
}

func (s *Server) slowDown(w http.ResponseWriter, r *http.Request) { s.reply(w, r, 0, nil, errTooMany) }

func (s *Server) slowManage(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, errTooMany) }

func slowPage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", retryAfter)
	refusePage(w, http.StatusTooManyRequests, "Too many are asking from here.")
}
