package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"coffer/consent"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

type contextKey struct{}

// Business is whose request this is, behind Protect.
func Business(ctx context.Context) (consent.DID, bool) {
	a, ok := ctx.Value(contextKey{}).(access)
	return a.client, ok
}

// Limited is the approval that a request's token is limited to, behind Protect: with
// such a token a business may use the grants of that approval and do nothing else.
// limited is false for a token that the business got for itself.
func Limited(ctx context.Context) (under id.Approval, limited bool) {
	a, _ := ctx.Value(contextKey{}).(access)
	return a.approval, !a.approval.IsZero()
}

// Protect admits requests with an access token, and says whose they are. A token that
// is bound to a key needs a fresh proof of it with every request (RFC 9449 section 7).
// Whether the business is suspended meanwhile is for whoever acts on it.
func (s *Server) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := s.authenticate(r)
		s.handNonce(w)
		if err != nil {
			s.challenge(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, a)))
	})
}

// authenticate tells whose access token a request carries, and holds its proof.
// Errors are a *schemeError, or ours.
func (s *Server) authenticate(r *http.Request) (access, error) {
	header := r.Header["Authorization"]
	if len(header) == 0 {
		return access{}, &schemeError{}
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	switch {
	case len(header) > 1:
		return access{}, &schemeError{}
	case strings.EqualFold(scheme, "Bearer"):
		scheme = "Bearer"
	case strings.EqualFold(scheme, "DPoP"):
		scheme = "DPoP"
	default:
		return access{}, &schemeError{}
	}
	a, err := s.verify(r.Context(), token)
	if err == errNoToken {
		return a, &schemeError{scheme, "invalid_token", ""}
	} else if err != nil {
		return a, err
	}
	if a.scheme() != scheme {
		// Who shows a bound token as a bearer's has no key for it.
		return a, &schemeError{a.scheme(), "invalid_token", "this token is for the scheme " + a.scheme()}
	}
	if a.key == "" && !s.o.Bearer { // given out while they were allowed
		return a, &schemeError{"DPoP", "invalid_token", "tokens here are bound to a key"}
	}
	if a.key == "" {
		return a, nil
	}
	p, err := s.readProof(r, token)
	if err == nil && p == nil {
		err = badProof("want a DPoP header")
	}
	if err == nil && !same(p.key, a.key) {
		return a, &schemeError{scheme, "invalid_token", "this token is bound to another key"}
	}
	if err == nil {
		err = s.use(r.Context(), p)
	}
	if bad, ok := errors.AsType[*proofError](err); ok {
		return a, &schemeError{scheme, bad.code, bad.detail}
	}
	return a, err
}

// schemeError is why a request is not admitted, as WWW-Authenticate says it. The zero
// value says nothing but that a token is wanted (RFC 6750 section 3.1).
type schemeError struct{ scheme, code, detail string }

func (e *schemeError) Error() string { return e.scheme + " " + e.code + ": " + e.detail }

func (s *Server) challenge(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*schemeError](err)
	if !ok {
		if r.Context().Err() == nil {
			s.o.Log.Error("looking at an access token", "error", err)
		}
		httpjson.Refuse(w, httpjson.Failure(err))
		return
	}
	// Every scheme is offered; what was wrong stands at the one that was used.
	schemes := []string{"DPoP"}
	if s.o.Bearer {
		schemes = append(schemes, "Bearer")
	}
	for _, scheme := range schemes {
		var parts []string
		if e.scheme == scheme {
			parts = append(parts, fmt.Sprintf("error=%q", e.code))
			if e.detail != "" {
				parts = append(parts, fmt.Sprintf("error_description=%q", e.detail))
			}
		}
		if scheme == "DPoP" {
			parts = append(parts, `algs="ES256 EdDSA"`)
		}
		if len(parts) == 0 && e.scheme != "" {
			continue
		}
		w.Header().Add("WWW-Authenticate", strings.TrimSpace(scheme+" "+strings.Join(parts, ", ")))
	}
	p := httpjson.Problem{Code: "invalid-token", Title: "No valid access token", Status: http.StatusUnauthorized,
		Detail: "get one at " + s.at(tokenPath)}
	switch e.code {
	case "invalid_dpop_proof":
		p.Code, p.Title, p.Detail = "invalid-dpop-proof", "No valid DPoP proof", e.detail
	case "use_dpop_nonce":
		p.Code, p.Title, p.Detail = "use-dpop-nonce", "The DPoP proof lacks our nonce", e.detail
	}
	httpjson.Refuse(w, p)
}
