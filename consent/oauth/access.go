package oauth

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"coffer/consent"
	"coffer/internal/id"
)

const (
	tokenType = "at+jwt" // RFC 9068
	maxToken  = 4 << 10

	// recheck is how long a token counts as good after the store was asked. What ends
	// tokens in this daemon takes effect at once all the same; what another daemon
	// ends, after this long.
	recheck = time.Second
)

// access is an access token that was verified.
type access struct {
	name     consent.Hash // of the token
	client   consent.DID
	approval id.Approval // zero: the client's own, for all its grants
	key      string      // thumbprint of the DPoP key; "" for a bearer token
	jti      string
	issued   time.Time
	expires  time.Time
}

// scheme is the token_type of RFC 6749, and the scheme that it is presented with.
func (a access) scheme() string {
	if a.key != "" {
		return "DPoP"
	}
	return "Bearer"
}

// claims of an access token (RFC 9068).
type claims struct {
	jwt.Claims
	ClientID consent.DID   `json:"client_id"`
	Approval *id.Approval  `json:"grant_id,omitempty"`
	Cnf      *confirmation `json:"cnf,omitempty"` // RFC 7800
}

type confirmation struct {
	JKT string `json:"jkt"`
}

// issue signs an access token for a client, bound to the key and limited to the
// approval unless they are zero.
func (s *Server) issue(client consent.DID, key string, approval id.Approval) (string, error) {
	now := s.o.Clock()
	c := claims{
		Claims: jwt.Claims{
			Issuer: s.o.Origin, Subject: string(client), Audience: jwt.Audience{s.o.Origin},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(TokenLife)),
			ID: rand.Text(),
		},
		ClientID: client,
	}
	if key != "" {
		c.Cnf = &confirmation{key}
	}
	if !approval.IsZero() {
		c.Approval = &approval
	}
	return jwt.Signed(s.signer).Claims(c).Serialize()
}

// errNoToken says that there is no good access token. It explains nothing.
var errNoToken = errors.New("no valid access token")

// verify tells what an access token is good for now. A signature is checked once per
// token; whether it has ended meanwhile is looked up again when something ended, and
// every so often. errNoToken for one that is not good; any other error is ours.
func (s *Server) verify(ctx context.Context, token string) (access, error) {
	if len(token) > maxToken {
		return access{}, errNoToken
	}
	now, ended := s.o.Clock(), s.ended.Load()
	name := consent.HashOf(token)
	a, fresh, ok := s.known.get(name, now, ended)
	if fresh {
		return a, nil
	}
	if !ok {
		var err error
		if a, err = s.open(token, now); err != nil {
			return access{}, err
		}
		a.name = name
	}
	over, err := s.o.Store.TokenEnded(ctx, name, a.approval)
	if err != nil {
		return access{}, err
	}
	if over {
		return access{}, errNoToken
	}
	s.known.put(name, verified{a, now, ended}, now)
	return a, nil
}

// open verifies a token's signature and claims.
func (s *Server) open(token string, now time.Time) (access, error) {
	t, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(t.Headers) != 1 {
		return access{}, errNoToken
	}
	if typ, _ := t.Headers[0].ExtraHeaders[jose.HeaderType].(string); typ != tokenType {
		return access{}, errNoToken
	}
	var c claims
	if err := t.Claims(s.o.Key.Public(), &c); err != nil {
		return access{}, errNoToken
	}
	err = c.ValidateWithLeeway(jwt.Expected{Issuer: s.o.Origin, AnyAudience: jwt.Audience{s.o.Origin}, Time: now}, 0)
	// The library takes a token in the very second it expires; RFC 7519 does not.
	if err != nil || c.Expiry == nil || !now.Before(c.Expiry.Time()) || c.Subject == "" || c.Subject != string(c.ClientID) {
		return access{}, errNoToken
	}
	a := access{client: c.ClientID, jti: c.ID, issued: c.IssuedAt.Time(), expires: c.Expiry.Time()}
	if c.Approval != nil {
		a.approval = *c.Approval
	}
	if c.Cnf != nil {
		if a.key = c.Cnf.JKT; a.key == "" { // bound, but to a kind of key that we do not know
			return access{}, errNoToken
		}
	}
	return a, nil
}
