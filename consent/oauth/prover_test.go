package oauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"coffer/consent"
	"coffer/consent/consenttest"
)

// prover has a DPoP key and makes proofs.
type prover struct {
	*server
	key any
	alg jose.SignatureAlgorithm
}

func (s *server) prover() prover {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	return prover{s, key, jose.ES256}
}

// thumb is the thumbprint of the key.
func (p prover) thumb() string {
	jwk := jose.JSONWebKey{Key: p.key}
	t, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		p.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(t)
}

// proof is for one request; token may be empty.
func (p prover) proof(method, path, token string, edit ...func(map[string]any)) string {
	c := map[string]any{"jti": rand.Text(), "htm": method, "htu": consenttest.Operator + path, "iat": p.clock.Now().Unix()}
	if token != "" {
		c["ath"] = consent.HashOf(token).String()
	}
	for _, e := range edit {
		e(c)
	}
	return p.sign("dpop+jwt", c)
}

func (p prover) sign(typ string, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: p.alg, Key: p.key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType(jose.ContentType(typ)))
	if err != nil {
		p.t.Fatal(err)
	}
	return must(jwt.Signed(signer).Claims(claims).Serialize())
}

func with(proof string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add("DPoP", proof) }
}

// reply is an answer as it came.
type reply struct {
	t      testing.TB
	code   int
	header http.Header
	body   []byte
}

func (r reply) json() (m map[string]any) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, &m); err != nil {
		r.t.Fatalf("%d %s", r.code, r.body)
	}
	return m
}

func (r reply) is(code int, oauthError string) map[string]any {
	r.t.Helper()
	m := r.json()
	if e, _ := m["error"].(string); r.code != code || e != oauthError {
		r.t.Fatalf("got %d %s, want %d %s", r.code, r.body, code, oauthError)
	}
	return m
}

func (s *server) send(r *http.Request) reply {
	w := httptest.NewRecorder()
	s.held.ServeHTTP(w, r)
	return reply{s.t, w.Code, w.Header(), w.Body.Bytes()}
}

// client posts a form as the shop, with a new assertion.
func (s *server) client(path string, form url.Values, edit ...func(*http.Request)) reply {
	return s.clientAs(s.shop, path, form, edit...)
}

func (s *server) clientAs(shop *consenttest.Shop, path string, form url.Values, edit ...func(*http.Request)) reply {
	all := url.Values{"client_id": {string(shop.DID)}, "client_assertion": {shop.Assertion()},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	for k, v := range form {
		all[k] = v
	}
	r := httptest.NewRequest("POST", consenttest.Operator+path, strings.NewReader(all.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, e := range edit {
		e(r)
	}
	return s.send(r)
}

// call asks with an access token, and a proof if p has a key.
func (s *server) call(method, path, scheme, token string, edit ...func(*http.Request)) reply {
	r := httptest.NewRequest(method, consenttest.Operator+path, nil)
	r.Header.Set("Authorization", scheme+" "+token)
	for _, e := range edit {
		e(r)
	}
	return s.send(r)
}

func digestOf(token string) string { return consent.HashOf(token).String() }

// decodePart decodes a part of a compact JWS.
func decodePart(t testing.TB, compact string, n int, v any) {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(strings.Split(compact, ".")[n])
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}
