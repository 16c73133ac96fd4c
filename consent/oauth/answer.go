package oauth

import (
	"errors"
	"net/http"

	"coffer/consent"
	"coffer/internal/httpjson"
)

// oauthError is an answer as RFC 6749 section 5.2 writes it.
type oauthError struct {
	status int
	code   string
	detail string // for a developer; never what came
}

func (e *oauthError) Error() string { return e.code + ": " + e.detail }

func invalidClient(detail string) error {
	return &oauthError{http.StatusUnauthorized, "invalid_client", detail}
}

func invalidRequest(detail string) error {
	return &oauthError{http.StatusBadRequest, "invalid_request", detail}
}

func invalidGrant(detail string) error {
	return &oauthError{http.StatusBadRequest, "invalid_grant", detail}
}

// reply answers a client; every endpoint that clients post to ends here. A nil body
// is an empty answer.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, status int, body any, err error) {
	s.handNonce(w)
	switch refused, known := errors.AsType[*oauthError](err); {
	case known:
		httpjson.Write(w, refused.status, map[string]string{"error": refused.code, "error_description": refused.detail})
	case errors.Is(err, errTooMany):
		w.Header().Set("Retry-After", retryAfter)
		httpjson.Write(w, http.StatusTooManyRequests, map[string]string{"error": "temporarily_unavailable", "error_description": "too many requests; slow down"})
	case errors.Is(err, consent.ErrUnreachable):
		w.Header().Set("Retry-After", "5")
		httpjson.Write(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable", "error_description": "the DID's host does not answer"})
	case err != nil:
		if r.Context().Err() == nil {
			s.o.Log.Error("answering", "route", r.Method+" "+r.URL.Path, "error", err)
		}
		if httpjson.Failure(err).Status == httpjson.NoRoom.Status {
			w.Header().Set("Retry-After", "60")
			httpjson.Write(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable", "error_description": httpjson.NoRoom.Title})
			return
		}
		httpjson.Write(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
	case body == nil:
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
	default:
		httpjson.Write(w, status, body)
	}
}
