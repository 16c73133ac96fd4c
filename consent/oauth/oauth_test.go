package oauth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/gorilla/mux"
	"golang.org/x/time/rate"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/consent/oauth"
	"coffer/internal/contract/contracttest"
	"coffer/internal/sqldb"
	"coffer/policies"
	"coffer/vault/vaultdb"
)

// counting counts how often a signature is looked at.
type counting struct {
	consent.Signatures
	n int
}

func (c *counting) VerifyJWS(ctx context.Context, compact, typ string) (consent.DID, []byte, error) {
	c.n++
	return c.Signatures.VerifyJWS(ctx, compact, typ)
}

// server is an authorization server on a store of its own, with one active business.
type server struct {
	t          testing.TB
	clock      *consenttest.Clock
	db         *sqldb.DB
	store      *consentdb.Store
	vaults     *vaultdb.Store
	signatures *counting
	catalogue  consent.Catalogue
	key        *ecdsa.PrivateKey
	oauth      *oauth.Server
	router     *mux.Router
	held       http.Handler // router, held against the contract
	shop       *consenttest.Shop
	options    oauth.Options
	began      time.Time
}

func newServer(t testing.TB, edit ...func(*oauth.Options)) *server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, clock: consenttest.NewClock(), key: key, catalogue: catalogue}
	s.db, s.store, s.vaults = consenttest.Open(t, t.TempDir())
	s.signatures = &counting{Signatures: agent.New(agent.Options{Now: s.clock.Now})}
	s.shop = s.register(consent.BusinessActive)
	o := oauth.Options{Origin: consenttest.Operator, Key: key, Store: s.store, Signatures: s.signatures, Catalogue: catalogue,
		Bearer: true, Rate: rate.Inf, Clock: s.clock.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, e := range edit {
		e(&o)
	}
	s.options = o
	s.again()
	return s
}

// again starts the server anew on the same store and with the same key.
func (s *server) again() {
	s.t.Helper()
	var err error
	if s.oauth, err = oauth.New(s.options); err != nil {
		s.t.Fatal(err)
	}
	s.began, s.router = s.clock.Now(), mux.NewRouter()
	s.oauth.Routes(s.router)
	s.router.Handle("/who", s.oauth.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		did, _ := oauth.Business(r.Context())
		io.WriteString(w, string(did))
	})))
	s.held = contracttest.Hold(s.t, s.router)
}

// register makes a business that is registered.
func (s *server) register(state consent.BusinessState) *consenttest.Shop {
	s.t.Helper()
	shop := consenttest.NewShop(s.clock.Now)
	card, jws := shop.Card()
	if _, err := s.store.Register(s.t.Context(), card, jws, state, s.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
	return shop
}

func (s *server) post(form url.Values, edit ...func(*http.Request)) (int, map[string]any) {
	s.t.Helper()
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	s.held.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		s.t.Error("a token may be kept by a cache")
	}
	return w.Code, answer
}

func form(assertion string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

func (s *server) token() string {
	s.t.Helper()
	code, answer := s.post(form(s.shop.Assertion()))
	token, ok := answer["access_token"].(string)
	if code != 200 || !ok || answer["token_type"] != "Bearer" || answer["expires_in"] != 600.0 {
		s.t.Fatalf("%d %v", code, answer)
	}
	return token
}

// who asks with an Authorization header.
func (s *server) who(authorization ...string) (int, string) {
	r := httptest.NewRequest("GET", "/who", nil)
	r.Header["Authorization"] = authorization
	w := httptest.NewRecorder()
	s.held.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestAToken(t *testing.T) {
	s := newServer(t)
	token := s.token()
	if code, who := s.who("Bearer " + token); code != 200 || who != string(s.shop.DID) {
		t.Fatalf("%d %s", code, who)
	}
	s.clock.Add(oauth.TokenLife - time.Second)
	if code, _ := s.who("Bearer " + token); code != 200 {
		t.Fatalf("%d before its time is over", code)
	}
	s.clock.Add(time.Second)
	if code, _ := s.who("Bearer " + token); code != 401 {
		t.Fatalf("%d after its time is over, although it was verified before", code)
	}
	// openid-client leaves the type out.
	untyped := s.shop.SignUntyped(map[string]any{"iss": s.shop.DID, "sub": s.shop.DID, "aud": consenttest.Operator, "exp": s.clock.Now().Unix() + 60, "jti": rand.Text()})
	if code, answer := s.post(form(untyped)); code != 200 {
		t.Fatal(code, answer)
	}
	// The audience may be the endpoint, in a list of one, as libraries send it.
	code, _ := s.post(form(s.shop.Assertion(func(c map[string]any) { c["aud"] = []string{consenttest.Operator + "/oauth/token"} })))
	if code != 200 {
		t.Fatal(code)
	}
}

func TestAssertionsAreRefused(t *testing.T) {
	s := newServer(t)
	now := s.clock.Now().Unix()
	used := s.shop.Assertion()
	if code, _ := s.post(form(used)); code != 200 {
		t.Fatal(code)
	}
	stranger, pending := consenttest.NewShop(s.clock.Now), s.register(consent.BusinessPending)
	set := func(name string, value any) string {
		return s.shop.Assertion(func(c map[string]any) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		})
	}
	parts := strings.Split(s.shop.Assertion(), ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	for name, assertion := range map[string]string{
		"replayed":              used,
		"none":                  "",
		"no JWT":                "a.b.c",
		"for another server":    set("aud", "https://elsewhere.example"),
		"for two servers":       set("aud", []string{consenttest.Operator, "https://elsewhere.example"}),
		"expired":               set("exp", now-60),
		"without an end":        set("exp", nil),
		"good for too long":     set("exp", now+3600),
		"made in the future":    set("iat", now+3600),
		"not valid yet":         set("nbf", now+3600),
		"without a jti":         set("jti", nil),
		"with an endless jti":   set("jti", strings.Repeat("x", 1000)),
		"iss and sub differ":    set("sub", "did:key:zOther"),
		"of an unknown DID":     stranger.Assertion(),
		"pending":               pending.Assertion(),
		"signed by another":     stranger.Assertion(func(c map[string]any) { c["iss"], c["sub"] = s.shop.DID, s.shop.DID }),
		"unsigned":              base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT","kid":"`+s.shop.KeyID+`"}`)) + "." + parts[1] + ".",
		"HMAC with the DID key": hmacked(t, s.shop, payload),
		"of another type":       must(s.shop.SignJWS(consent.TypeRequest, payload)),
		"changed":               parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"exp":`, `"exp":1`, 1))) + "." + parts[2],
	} {
		if code, answer := s.post(form(assertion)); code != 401 || answer["error"] != "invalid_client" || answer["access_token"] != nil {
			t.Errorf("%s: %d %v", name, code, answer)
		}
	}
}

// hmacked is the confusion of RFC 8725 section 2.1: the public key as a shared secret.
func hmacked(t *testing.T, shop *consenttest.Shop, payload []byte) string {
	t.Helper()
	public, err := x509.MarshalPKIXPublicKey(shop.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: public},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", shop.KeyID))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	return must(signed.CompactSerialize())
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}

// A stranger's DID is not resolved: that could be a request to a host of its choice.
func TestAStrangersKeyIsNotLookedUp(t *testing.T) {
	s := newServer(t)
	s.post(form(consenttest.NewShop(s.clock.Now).Assertion()))
	if s.signatures.n != 0 {
		t.Fatal("a stranger made the operator look for a key")
	}
}

func TestRequestsForATokenAreRefused(t *testing.T) {
	s := newServer(t)
	with := func(edit func(url.Values)) url.Values { f := form(s.shop.Assertion()); edit(f); return f }
	for name, c := range map[string]struct {
		form url.Values
		edit func(*http.Request)
		want string
	}{
		"another grant type":   {form: with(func(f url.Values) { f.Set("grant_type", "password") }), want: "unsupported_grant_type"},
		"no assertion type":    {form: with(func(f url.Values) { f.Del("client_assertion_type") }), want: "invalid_client"},
		"a client_id of other": {form: with(func(f url.Values) { f.Set("client_id", "did:key:zOther") }), want: "invalid_client"},
		"a parameter twice":    {form: with(func(f url.Values) { f.Add("grant_type", "client_credentials") }), want: "invalid_request"},
		"too large":            {form: with(func(f url.Values) { f.Set("scope", strings.Repeat("x", 20<<10)) }), want: "invalid_request"},
		"in the query":         {form: form(s.shop.Assertion()), edit: func(r *http.Request) { r.URL.RawQuery = "grant_type=client_credentials" }, want: "invalid_request"},
		"as JSON":              {form: form(s.shop.Assertion()), edit: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, want: "invalid_request"},
	} {
		if c.edit == nil {
			c.edit = func(*http.Request) {}
		}
		if code, answer := s.post(c.form, c.edit); code/100 != 4 || answer["error"] != c.want {
			t.Errorf("%s: %d %v, want %s", name, code, answer, c.want)
		}
	}
}

func TestTokensAreRefused(t *testing.T) {
	s := newServer(t)
	good := s.token()
	forge := func(alg jose.SignatureAlgorithm, key any, typ string, edit func(map[string]any)) string {
		now := s.clock.Now().Unix()
		c := map[string]any{"iss": consenttest.Operator, "aud": consenttest.Operator, "sub": s.shop.DID, "client_id": s.shop.DID, "iat": now, "exp": now + 600}
		edit(c)
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
		if err != nil {
			t.Fatal(err)
		}
		return must(jwt.Signed(signer).Claims(c).Serialize())
	}
	same := func(map[string]any) {}
	if code, who := s.who("Bearer " + forge(jose.ES256, s.key, "at+jwt", same)); code != 200 || who != string(s.shop.DID) {
		t.Fatal("the forge makes no good token, so what follows would prove nothing")
	}
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	for name, header := range map[string][]string{
		"none":                      nil,
		"two":                       {"Bearer " + good, "Bearer " + good},
		"another scheme":            {"Basic " + good},
		"nothing":                   {"Bearer "},
		"endless":                   {"Bearer " + strings.Repeat("x", 1<<20)},
		"unsigned":                  {"Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + "."},
		"without signature":         {"Bearer " + parts[0] + "." + parts[1] + "."},
		"signed by another":         {"Bearer " + forge(jose.ES256, other, "at+jwt", same)},
		"EdDSA":                     {"Bearer " + forge(jose.EdDSA, ed, "at+jwt", same)},
		"RSA":                       {"Bearer " + forge(jose.RS256, rsaKey, "at+jwt", same)},
		"HMAC with the public key":  {"Bearer " + forge(jose.HS256, public, "at+jwt", same)},
		"of another type":           {"Bearer " + forge(jose.ES256, s.key, "JWT", same)},
		"a client assertion":        {"Bearer " + s.shop.Assertion()},
		"of another issuer":         {"Bearer " + forge(jose.ES256, s.key, "at+jwt", func(c map[string]any) { c["iss"] = "https://elsewhere.example" })},
		"for another audience":      {"Bearer " + forge(jose.ES256, s.key, "at+jwt", func(c map[string]any) { c["aud"] = "https://elsewhere.example" })},
		"expired":                   {"Bearer " + forge(jose.ES256, s.key, "at+jwt", func(c map[string]any) { c["exp"] = s.clock.Now().Unix() - 1 })},
		"without an end":            {"Bearer " + forge(jose.ES256, s.key, "at+jwt", func(c map[string]any) { delete(c, "exp") })},
		"without a subject":         {"Bearer " + forge(jose.ES256, s.key, "at+jwt", func(c map[string]any) { delete(c, "sub") })},
		"of one client for another": {"Bearer " + forge(jose.ES256, s.key, "at+jwt", func(c map[string]any) { c["client_id"] = "did:key:zOther" })},
	} {
		if code, body := s.who(header...); code != 401 || !strings.Contains(body, "urn:coffer:problem:invalid-token") {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
}

func TestTheKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token.key")
	if _, err := oauth.OpenKey(path); !errors.Is(err, oauth.ErrNoKey) {
		t.Fatal(err)
	}
	if err := oauth.CreateKey(path); err != nil {
		t.Fatal(err)
	}
	if err := oauth.CreateKey(path); !errors.Is(err, oauth.ErrKeyExists) {
		t.Fatalf("a key was overwritten: %v", err)
	}
	a, err := oauth.OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := oauth.OpenKey(path); err != nil || !a.Equal(b) {
		t.Fatal("another key at every start")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("others may read the key: %v", info.Mode())
	}
	if err := os.WriteFile(path, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := oauth.OpenKey(path); err == nil {
		t.Fatal("opened what is no key")
	}
}

// A suspended business gets a token for itself, with which each route says what it still
// owes, and nothing else: no request, nothing for a code or a refresh token, no word
// about tokens.
func TestASuspendedClient(t *testing.T) {
	s := newServer(t)
	suspended := s.register(consent.BusinessSuspended)
	if code, answer := s.post(form(suspended.Assertion())); code != 200 || answer["refresh_token"] != nil {
		t.Fatalf("%d %v", code, answer)
	}
	for name, c := range map[string]struct {
		path string
		form url.Values
	}{
		"push":       {"/oauth/par", wish(suspended.Request())},
		"code":       {"/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {back}, "code_verifier": {verifier}}},
		"refresh":    {"/oauth/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}},
		"introspect": {"/oauth/introspect", url.Values{"token": {"x"}}},
		"revoke":     {"/oauth/revoke", url.Values{"token": {"x"}}},
	} {
		r := s.clientAs(suspended, c.path, c.form)
		if r.is(401, "invalid_client"); !strings.Contains(string(r.body), "suspended") {
			t.Errorf("%s: %s", name, r.body)
		}
	}
}
