package oauth

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"coffer/consent"
	"coffer/internal/httpjson"
)

const (
	grantType     = "client_credentials"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	tokenType     = "at+jwt" // RFC 9068
	maxForm       = 16 << 10
	maxToken      = 4 << 10
)

// oauthError is an answer as RFC 6749 section 5.2 writes it.
type oauthError struct {
	status int
	code   string
	detail string
}

func (e *oauthError) Error() string { return e.code + ": " + e.detail }

func invalidClient(detail string) error {
	return &oauthError{http.StatusUnauthorized, "invalid_client", detail}
}

func invalidRequest(detail string) error {
	return &oauthError{http.StatusBadRequest, "invalid_request", detail}
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	token, err := s.exchange(w, r)
	if err != nil {
		refused, ok := errors.AsType[*oauthError](err)
		if !ok {
			s.o.Log.Error("issuing an access token", "error", err)
			refused = &oauthError{http.StatusInternalServerError, "server_error", ""}
		}
		httpjson.Write(w, refused.status, map[string]string{"error": refused.code, "error_description": refused.detail})
		return
	}
	httpjson.Write(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(TokenLife.Seconds()),
	})
}

func (s *Server) exchange(w http.ResponseWriter, r *http.Request) (string, error) {
	form, err := readForm(w, r)
	if err != nil {
		return "", err
	}
	if form.Get("grant_type") != grantType {
		return "", &oauthError{http.StatusBadRequest, "unsupported_grant_type", "want " + grantType}
	}
	if form.Get("client_assertion_type") != assertionType {
		return "", invalidClient("want client_assertion_type " + assertionType)
	}
	did, err := s.client(r, form.Get("client_assertion"))
	if err != nil {
		return "", err
	}
	if named := form.Get("client_id"); named != "" && named != string(did) {
		return "", invalidClient("client_id is not who signed")
	}
	return s.issue(did)
}

// readForm refuses what two readers would read differently: parameters in the
// query, and parameters that occur twice (RFC 6749 section 3.2).
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("want content type application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil || r.URL.RawQuery != "" {
		return nil, invalidRequest("want a form of at most 16 KiB, and nothing in the query")
	}
	for _, values := range r.PostForm {
		if len(values) != 1 {
			return nil, invalidRequest("a parameter occurs twice")
		}
	}
	return r.PostForm, nil
}

// assertion is a client assertion's payload. Other claims are allowed (RFC 7519).
type assertion struct {
	Iss consent.DID  `json:"iss"`
	Sub consent.DID  `json:"sub"`
	Aud audience     `json:"aud"`
	Exp consent.Unix `json:"exp"`
	Iat consent.Unix `json:"iat"`
	Nbf consent.Unix `json:"nbf"`
	JTI string       `json:"jti"`
}

// audience is one string, or a list of one (RFC 7519 section 4.1.3). More than one
// is refused: an assertion for two servers can be used at the other.
type audience string

func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*a = audience(one)
		return nil
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil || len(list) != 1 {
		return errors.New("want one audience")
	}
	*a = audience(list[0])
	return nil
}

// client authenticates a business by its assertion, which is used up with it.
func (s *Server) client(r *http.Request, compact string) (consent.DID, error) {
	if compact == "" {
		return "", invalidClient("want a client_assertion")
	}
	// Only for a registered DID is a key looked up: resolving one can mean a
	// request to a host that the sender chose.
	claimed, err := unverified(compact)
	if err != nil {
		return "", invalidClient("the assertion is no JWT of ours")
	}
	business, err := s.o.Businesses.Business(r.Context(), claimed.Iss)
	if errors.Is(err, consent.ErrNotFound) {
		return "", invalidClient("unknown business, or not its signature")
	} else if err != nil {
		return "", err
	}
	signer, payload, err := s.o.Signatures.VerifyJWS(r.Context(), compact, consent.TypeAssertion)
	if err != nil || signer != business.DID {
		return "", invalidClient("unknown business, or not its signature")
	}
	var c assertion
	if err := json.Unmarshal(payload, &c); err != nil || c != claimed {
		return "", invalidClient("the assertion is no JWT of ours")
	}
	now := s.o.Clock()
	if err := s.fits(c, now); err != nil {
		return "", err
	}
	switch business.State {
	case consent.BusinessActive:
	case consent.BusinessPending:
		return "", invalidClient("this business is not approved yet")
	default:
		return "", invalidClient("this business is suspended")
	}
	first, err := s.o.Businesses.UseAssertion(r.Context(), business.DID, c.JTI, c.Exp.Time().Add(skew), now)
	if err != nil {
		return "", err
	}
	if !first {
		return "", invalidClient("this assertion was used before")
	}
	return business.DID, nil
}

// fits holds an assertion against RFC 7523 section 3, and against our limits.
func (s *Server) fits(c assertion, now time.Time) error {
	switch {
	case c.Iss != c.Sub:
		return invalidClient("iss and sub differ")
	case string(c.Aud) != s.o.Origin && string(c.Aud) != s.tokenEndpoint():
		return invalidClient("aud is not this server")
	case c.JTI == "" || len(c.JTI) > 128:
		return invalidClient("want a jti of 1 to 128 bytes")
	case !now.Before(c.Exp.Time().Add(skew)):
		return invalidClient("the assertion is expired")
	case c.Exp.Time().After(now.Add(MaxAssertion + skew)):
		return invalidClient("the assertion lasts for more than 5 minutes")
	case c.Iat != 0 && c.Iat.Time().After(now.Add(skew)), c.Nbf != 0 && c.Nbf.Time().After(now.Add(skew)):
		return invalidClient("the assertion is not valid yet; check the clock")
	}
	return nil
}

// unverified reads what an assertion claims.
func unverified(compact string) (c assertion, err error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return c, errors.New("want three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(payload, &c)
}

// claims of an access token (RFC 9068).
type claims struct {
	jwt.Claims
	ClientID consent.DID `json:"client_id"`
}

func (s *Server) issue(did consent.DID) (string, error) {
	now := s.o.Clock()
	return jwt.Signed(s.signer).Claims(claims{
		Claims: jwt.Claims{
			Issuer: s.o.Origin, Subject: string(did), Audience: jwt.Audience{s.o.Origin},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(TokenLife)),
			ID: rand.Text(),
		},
		ClientID: did,
	}).Serialize()
}

var errNoToken = errors.New("no valid access token")

// Authenticate returns whose access token a request carries. It explains nothing.
func (s *Server) Authenticate(r *http.Request) (consent.DID, error) {
	h := r.Header["Authorization"]
	if len(h) != 1 {
		return "", errNoToken
	}
	token, ok := strings.CutPrefix(h[0], "Bearer ")
	if !ok || len(token) > maxToken {
		return "", errNoToken
	}
	now := s.o.Clock()
	key := consent.HashOf(token)
	if did, ok := s.known.get(key, now); ok {
		return did, nil
	}
	t, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(t.Headers) != 1 {
		return "", errNoToken
	}
	if typ, _ := t.Headers[0].ExtraHeaders[jose.HeaderType].(string); typ != tokenType {
		return "", errNoToken
	}
	var c claims
	if err := t.Claims(s.o.Key.Public(), &c); err != nil {
		return "", errNoToken
	}
	err = c.ValidateWithLeeway(jwt.Expected{Issuer: s.o.Origin, AnyAudience: jwt.Audience{s.o.Origin}, Time: now}, 0)
	// The library takes a token in the very second it expires; RFC 7519 does not.
	if err != nil || c.Expiry == nil || !now.Before(c.Expiry.Time()) || c.Subject == "" || c.Subject != string(c.ClientID) {
		return "", errNoToken
	}
	s.known.put(key, c.ClientID, c.Expiry.Time(), now)
	return c.ClientID, nil
}
