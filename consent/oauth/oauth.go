// Package oauth is the authorization server for businesses. It turns client
// assertions (private_key_jwt, RFC 7523), signed with the key of the business's DID,
// into short-lived access tokens, takes requests as pushed authorization requests
// (RFC 9126) with authorization_details of our type (RFC 9396), brings the shopper to
// the wallet and the answer back as a code, binds tokens to keys (DPoP, RFC 9449), and
// lets a business look after what it got (introspection, revocation, Grant Management).
// Its formats are in FORMAT.md.
//
// # Trust
//
// The package believes the DID's key, the clock, and its caller that a shopper has
// decided. Its own key signs access tokens: whoever has it can act as any business
// towards this operator, and still collect nothing without a permit that the grant's
// handle key signed. A stolen token is good for nothing; where the operator allows
// bearer tokens, a stolen one of those is good for ten minutes. Of codes and tokens only digests are stored. If the package is
// compromised, a business could pose as another; it could not read a value.
package oauth

import (
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/gorilla/mux"
	"golang.org/x/time/rate"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/peer"
)

const (
	// TokenLife is how long an access token is good for.
	TokenLife = 10 * time.Minute
	// MaxAssertion is how long a client assertion may be good for.
	MaxAssertion = 5 * time.Minute
	// CodeLife is how long a client may take to redeem a code.
	CodeLife = 5 * time.Minute
	// PushLife is how long a request_uri leads to the wallet. The request itself stays
	// open for as long as it says.
	PushLife = 10 * time.Minute
	// skew is how far two honest clocks may be apart.
	skew = 30 * time.Second

	// DefaultRate is far above what a token every ten minutes and a push for each
	// customer come to.
	DefaultRate rate.Limit = 50
)

// Options are what a Server needs. All of the first group must be set.
type Options struct {
	Origin     string            // of the operator: issuer and audience
	Key        *ecdsa.PrivateKey // P-256; see OpenKey
	Store      *consentdb.Store
	Signatures consent.Signatures
	Catalogue  consent.Catalogue // what a pushed request may ask
	Clock      func() time.Time
	Log        *slog.Logger

	// Nonce makes every DPoP proof carry a nonce of ours (RFC 9449 section 8): a proof
	// cannot be made ahead, for the price of one more round trip every five minutes.
	Nonce bool

	// Alone says that no other daemon serves this database at the same time. Used
	// proofs are then remembered here instead of there, and for the first two minutes
	// after New every proof must carry a nonce, as with Nonce.
	Alone bool

	// Bearer gives tokens that are bound to no key to clients that send no proof, and
	// takes them. Whoever steals one can use it for its ten minutes.
	Bearer bool

	// Rate bounds how often per second one client, and one address, may ask; 0 is
	// DefaultRate, rate.Inf is no bound.
	Rate rate.Limit
}

// Server is safe for concurrent use.
type Server struct {
	o         Options
	signer    jose.Signer
	nonceKey  []byte
	newest    atomic.Pointer[nonce]
	known     *cache
	proofKeys proofKeys
	used      memory
	began     time.Time
	ended     atomic.Uint64 // how often this daemon has ended tokens
	addresses *peer.Limiter[netip.Addr]
	clients   *peer.Limiter[consent.DID]
}

// New makes a server. It does nothing until its Routes are asked.
func New(o Options) (*Server, error) {
	if err := httpjson.CheckOrigin(o.Origin); err != nil {
		return nil, fmt.Errorf("starting the authorization server: %w", err)
	}
	if o.Key == nil || o.Store == nil || o.Signatures == nil || o.Catalogue == nil || o.Clock == nil || o.Log == nil {
		return nil, errors.New("starting the authorization server: an option is missing")
	}
	if o.Rate == 0 {
		o.Rate = DefaultRate
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: o.Key},
		(&jose.SignerOptions{}).WithType(tokenType))
	if err != nil {
		return nil, fmt.Errorf("starting the authorization server: %w", err)
	}
	secret, err := o.Key.Bytes()
	if err != nil {
		return nil, fmt.Errorf("starting the authorization server: %w", err)
	}
	if o.Alone { // a nonce from before this start is worth nothing
		secret = make([]byte, 32)
		rand.Read(secret)
	}
	derive := hmac.New(sha256.New, secret)
	derive.Write([]byte("coffer/v1 dpop nonce"))
	return &Server{o: o, signer: signer, nonceKey: derive.Sum(nil), known: newCache(maxKnown),
		used: memory{max: maxUsed}, began: o.Clock(),
		addresses: newLimiter[netip.Addr](o.Rate), clients: newLimiter[consent.DID](o.Rate)}, nil
}

const (
	tokenPath      = "/oauth/token"
	pushPath       = "/oauth/par"
	authorizePath  = "/oauth/authorize"
	introspectPath = "/oauth/introspect"
	revokePath     = "/oauth/revoke"
	grantsPath     = "/oauth/grants"
)

// Routes registers the endpoints and the metadata (RFC 8414).
func (s *Server) Routes(r *mux.Router) {
	r.Handle(pushPath, s.paced(s.push, s.slowDown)).Methods(http.MethodPost)
	r.Handle(authorizePath, s.paced(s.authorize, slowPage)).Methods(http.MethodGet)
	r.Handle(tokenPath, s.paced(s.token, s.slowDown)).Methods(http.MethodPost)
	r.Handle(introspectPath, s.paced(s.introspect, s.slowDown)).Methods(http.MethodPost)
	r.Handle(revokePath, s.paced(s.revoke, s.slowDown)).Methods(http.MethodPost)
	r.Handle(grantsPath+"/{id}", s.paced(s.Protect(http.HandlerFunc(s.queryGrant)).ServeHTTP, s.slowManage)).Methods(http.MethodGet)
	r.Handle(grantsPath+"/{id}", s.paced(s.Protect(http.HandlerFunc(s.deleteGrant)).ServeHTTP, s.slowManage)).Methods(http.MethodDelete)
	r.HandleFunc("/.well-known/oauth-authorization-server", s.metadata).Methods(http.MethodGet)
}

// at is the address of one of our paths.
func (s *Server) at(path string) string { return s.o.Origin + path }

// metadata announces what there is. A test holds it against the routes.
func (s *Server) metadata(w http.ResponseWriter, _ *http.Request) {
	methods, algorithms := []string{"private_key_jwt"}, []string{string(jose.ES256)}
	keys := jose.JSONWebKeySet{}
	if key, err := s.jwk(); err == nil { // or what it signed cannot be verified
		keys.Keys = append(keys.Keys, key)
	}
	httpjson.Write(w, http.StatusOK, map[string]any{
		"issuer":                                         s.o.Origin,
		"authorization_endpoint":                         s.at(authorizePath),
		"token_endpoint":                                 s.at(tokenPath),
		"pushed_authorization_request_endpoint":          s.at(pushPath),
		"introspection_endpoint":                         s.at(introspectPath),
		"revocation_endpoint":                            s.at(revokePath),
		"grant_management_endpoint":                      s.at(grantsPath),
		"jwks":                                           keys, // of tokens, and of the operator's own statements
		"require_pushed_authorization_requests":          true,
		"request_object_signing_alg_values_supported":    algorithms,
		"authorization_response_iss_parameter_supported": true,
		"authorization_details_types_supported":          []string{detailsType},
		"grant_management_actions_supported":             []string{"create", "merge", "replace", "query", "revoke"},
		"grant_management_action_required":               false,
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{byCode, byRefresh, byClient},
		"code_challenge_methods_supported":               []string{"S256"},
		"dpop_signing_alg_values_supported":              proofAlgorithms,

		"token_endpoint_auth_methods_supported":                    methods,
		"token_endpoint_auth_signing_alg_values_supported":         algorithms,
		"introspection_endpoint_auth_methods_supported":            methods,
		"introspection_endpoint_auth_signing_alg_values_supported": algorithms,
		"revocation_endpoint_auth_methods_supported":               methods,
		"revocation_endpoint_auth_signing_alg_values_supported":    algorithms,
	})
}
