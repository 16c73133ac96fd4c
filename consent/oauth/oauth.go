// Package oauth is the authorization server for businesses: it turns a client
// assertion (private_key_jwt, RFC 7523), signed with the key of the business's DID,
// into a short-lived access token, and tells at every later request whose it is.
//
// It is the place for the rest of OAuth: DPoP binds in [Server.Protect] and in the
// token's claims, pushed requests and grant management get routes beside the token
// endpoint, and [Server.metadata] announces what there is.
//
// # Trust
//
// The package believes the DID's key and the clock. Its own key signs access
// tokens: whoever has it can act as any business towards this operator, and still
// collect nothing without a permit that the grant's handle key signed. Access
// tokens are bearer tokens for now: who steals one has it for ten minutes.
package oauth

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/internal/httpjson"
)

const (
	// TokenLife is how long an access token is good for.
	TokenLife = 10 * time.Minute
	// MaxAssertion is how long a client assertion may be good for.
	MaxAssertion = 5 * time.Minute
	// skew is how far two honest clocks may be apart.
	skew = 30 * time.Second
)

// Businesses is what the authorization server must know of them.
type Businesses interface {
	// Business is consent.ErrNotFound for one that never registered.
	Business(ctx context.Context, did consent.DID) (consent.Business, error)
	// UseAssertion remembers a client assertion until it expires; first is false
	// for one that was used before.
	UseAssertion(ctx context.Context, did consent.DID, jti string, expires, now time.Time) (first bool, err error)
}

// Options are what a Server needs. All must be set.
type Options struct {
	Origin     string            // of the operator: issuer and audience
	Key        *ecdsa.PrivateKey // P-256; see OpenKey
	Businesses Businesses
	Signatures consent.Signatures
	Clock      func() time.Time
	Log        *slog.Logger
}

// Server is safe for concurrent use.
type Server struct {
	o      Options
	signer jose.Signer
	known  *cache
}

// New makes a server. It does nothing until its Routes are asked.
func New(o Options) (*Server, error) {
	if err := httpjson.CheckOrigin(o.Origin); err != nil {
		return nil, fmt.Errorf("starting the authorization server: %w", err)
	}
	if o.Key == nil || o.Businesses == nil || o.Signatures == nil || o.Clock == nil || o.Log == nil {
		return nil, errors.New("starting the authorization server: an option is missing")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: o.Key},
		(&jose.SignerOptions{}).WithType(tokenType))
	if err != nil {
		return nil, fmt.Errorf("starting the authorization server: %w", err)
	}
	return &Server{o: o, signer: signer, known: newCache(maxKnown)}, nil
}

// Routes registers the token endpoint and the metadata (RFC 8414).
func (s *Server) Routes(r *mux.Router) {
	r.HandleFunc("/oauth/token", s.token).Methods(http.MethodPost)
	r.HandleFunc("/.well-known/oauth-authorization-server", s.metadata).Methods(http.MethodGet)
}

func (s *Server) metadata(w http.ResponseWriter, _ *http.Request) {
	httpjson.Write(w, http.StatusOK, map[string]any{
		"issuer":                                s.o.Origin,
		"token_endpoint":                        s.tokenEndpoint(),
		"response_types_supported":              []string{},
		"grant_types_supported":                 []string{grantType},
		"token_endpoint_auth_methods_supported": []string{"private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": []string{string(jose.ES256)},
	})
}

func (s *Server) tokenEndpoint() string { return s.o.Origin + "/oauth/token" }

type contextKey struct{}

// Business is whose request this is, behind Protect.
func Business(ctx context.Context) (consent.DID, bool) {
	did, ok := ctx.Value(contextKey{}).(consent.DID)
	return did, ok
}

// Protect admits requests with an access token and says whose they are. Whether
// that business is suspended meanwhile is for whoever acts on it.
func (s *Server) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		did, err := s.Authenticate(r)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			httpjson.Refuse(w, httpjson.Problem{Code: "invalid-token", Title: "No valid access token", Status: http.StatusUnauthorized,
				Detail: "get one at " + s.tokenEndpoint()})
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, did)))
	})
}
