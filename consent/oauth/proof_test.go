package oauth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"coffer/consent/consenttest"
	"coffer/consent/oauth"
)

var forItself = url.Values{"grant_type": {"client_credentials"}}

// bound is a token that is bound to the prover's key.
func (p prover) bound() string {
	p.t.Helper()
	m := p.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/token", ""))).is(200, "")
	if m["token_type"] != "DPoP" {
		p.t.Fatal("a bound token is a " + m["token_type"].(string) + " token")
	}
	return m["access_token"].(string)
}

// says asserts a 401 whose challenge for the scheme carries the error.
func (r reply) says(scheme, e string) {
	r.t.Helper()
	challenges := strings.Join(r.header.Values("WWW-Authenticate"), "\n")
	if r.code != 401 || !strings.Contains(challenges, scheme+` error="`+e+`"`) {
		r.t.Errorf("got %d %q, want %s %s", r.code, challenges, scheme, e)
	}
}

func TestABoundToken(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	token := p.bound()
	for range 3 {
		if r := s.call("GET", "/who", "DPoP", token, with(p.proof("GET", "/who", token))); r.code != 200 || string(r.body) != string(s.shop.DID) {
			t.Fatalf("%d %s %v", r.code, r.body, r.header)
		}
	}
	// Scheme names have no case; the address is compared as RFC 3986 compares.
	htu := func(u string) func(map[string]any) { return func(c map[string]any) { c["htu"] = u } }
	if r := s.call("GET", "/who?x=1", "dpop", token, with(p.proof("GET", "/who", token, htu("HTTPS://Operator.example:443/who?x=2#y")))); r.code != 200 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	// Ed25519 keys are good too.
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	p.key, p.alg = ed, jose.EdDSA
	token = p.bound()
	if r := s.call("GET", "/who", "DPoP", token, with(p.proof("GET", "/who", token))); r.code != 200 {
		t.Fatalf("%d %s", r.code, r.body)
	}
}

func TestStolenTokens(t *testing.T) {
	s := newServer(t)
	p, thief := s.prover(), s.prover()
	token := p.bound()
	s.call("GET", "/who", "Bearer", token).says("DPoP", "invalid_token")
	s.call("GET", "/who", "Bearer", token, with(p.proof("GET", "/who", token))).says("DPoP", "invalid_token")
	s.call("GET", "/who", "DPoP", token).says("DPoP", "invalid_dpop_proof")
	s.call("GET", "/who", "DPoP", token, with(thief.proof("GET", "/who", token))).says("DPoP", "invalid_token")
	s.call("GET", "/who", "DPoP", s.token(), with(thief.proof("GET", "/who", ""))).says("Bearer", "invalid_token")
	s.call("GET", "/who", "DPoP", "rubbish", with(p.proof("GET", "/who", "rubbish"))).says("DPoP", "invalid_token")
	// Without a token nothing is wrong yet: both ways in are offered, and no error.
	r := s.send(mustRequest("GET", "/who"))
	if c := r.header.Values("WWW-Authenticate"); r.code != 401 || len(c) != 2 || strings.Contains(strings.Join(c, ""), "error") {
		t.Fatalf("%d %q", r.code, c)
	}
}

func mustRequest(method, path string) *http.Request {
	r, err := http.NewRequest(method, consenttest.Operator+path, nil)
	if err != nil {
		panic(err)
	}
	return r
}

func TestProofsAreRefused(t *testing.T) {
	t.Run("shared memory", func(t *testing.T) { proofsAreRefused(t, newServer(t)) })
	t.Run("alone", func(t *testing.T) {
		s := newServer(t, func(o *oauth.Options) { o.Alone = true })
		s.clock.Add(2*oauth.ProofWindow + time.Second) // no nonces any more
		proofsAreRefused(t, s)
	})
}

func proofsAreRefused(t *testing.T, s *server) {
	p := s.prover()
	token := p.bound()
	set := func(name string, value any) string {
		return p.proof("GET", "/who", token, func(c map[string]any) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		})
	}
	other := p.bound()
	used := p.proof("GET", "/who", token)
	if r := s.call("GET", "/who", "DPoP", token, with(used)); r.code != 200 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	now := s.clock.Now().Unix()
	claims := map[string]any{"jti": rand.Text(), "htm": "GET", "htu": consenttest.Operator + "/who", "iat": now, "ath": digestOf(token)}
	parts := strings.Split(p.proof("GET", "/who", token), ".")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1] + "." + parts[2]
	}
	public, err := json.Marshal(jose.JSONWebKey{Key: p.key.(*ecdsa.PrivateKey).Public()})
	if err != nil {
		t.Fatal(err)
	}
	private, err := json.Marshal(jose.JSONWebKey{Key: p.key})
	if err != nil {
		t.Fatal(err)
	}
	hmac := prover{s, []byte(strings.Repeat("k", 32)), jose.HS256}
	// The forger makes good proofs, so that what follows proves something.
	if r := s.call("GET", "/who", "DPoP", token, with(signWith(p, public, claims))); r.code != 200 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	claims["jti"] = rand.Text()
	for name, proof := range map[string]string{
		"used before":           used,
		"of another method":     set("htm", "POST"),
		"in small letters":      set("htm", "get"),
		"of another path":       set("htu", consenttest.Operator+"/other"),
		"of another host":       set("htu", "https://elsewhere.example/who"),
		"of another scheme":     set("htu", "http://operator.example/who"),
		"of another port":       set("htu", "https://operator.example:444/who"),
		"with a user":           set("htu", "https://operator.example@elsewhere.example/who"),
		"old":                   set("iat", now-61),
		"from the future":       set("iat", now+61),
		"without a time":        set("iat", nil),
		"without a jti":         set("jti", nil),
		"with an endless jti":   set("jti", strings.Repeat("x", 200)),
		"without ath":           set("ath", nil),
		"of another token":      p.proof("GET", "/who", other),
		"of another type":       p.sign("JWT", claims),
		"an HMAC":               signHMAC(hmac, claims),
		"unsigned":              raw(`{"alg":"none","typ":"dpop+jwt","jwk":` + string(public) + `}`),
		"ES256 called HS256":    raw(`{"alg":"HS256","typ":"dpop+jwt","jwk":` + string(public) + `}`),
		"ES256 called RS256":    raw(`{"alg":"RS256","typ":"dpop+jwt","jwk":` + string(public) + `}`),
		"by RSA":                prover{s, rsaKey, jose.RS256}.sign("dpop+jwt", claims),
		"by P-384":              prover{s, wide, jose.ES384}.sign("dpop+jwt", claims),
		"with a private key":    signWith(p, private, claims),
		"without a key":         raw(`{"alg":"ES256","typ":"dpop+jwt"}`),
		"with a critical word":  raw(`{"alg":"ES256","typ":"dpop+jwt","crit":["x"],"x":1,"jwk":` + string(public) + `}`),
		"of another's making":   parts[0] + "." + strings.Join(strings.Split(s.prover().proof("GET", "/who", token), ".")[1:], "."),
		"with half a signature": parts[0] + "." + parts[1] + "." + parts[2][:43],
		"without a signature":   parts[0] + "." + parts[1] + ".",
		"of two parts":          parts[0] + "." + parts[1],
		"of four parts":         strings.Join(parts, ".") + "." + parts[2],
		"changed":               parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"htm":"GET"}`)) + "." + parts[2],
		"no JWS":                "a.b",
		"endless":               strings.Repeat("x", 5000),
	} {
		s.call("GET", "/who", "DPoP", token, with(proof)).says("DPoP", "invalid_dpop_proof")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	good := p.proof("GET", "/who", token)
	s.call("GET", "/who", "DPoP", token, with(good), with(p.proof("GET", "/who", token))).says("DPoP", "invalid_dpop_proof")
	// The window is closed before the memory of what was used in it is lost.
	at := p.proof("GET", "/who", token, func(c map[string]any) { c["iat"] = now + 60 })
	if r := s.call("GET", "/who", "DPoP", token, with(at)); r.code != 200 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	for range 25 {
		s.clock.Add(5 * time.Second)
		if err := s.store.Expire(t.Context(), s.clock.Now()); err != nil {
			t.Fatal(err)
		}
		s.call("GET", "/who", "DPoP", token, with(at)).says("DPoP", "invalid_dpop_proof")
	}
}

func signHMAC(p prover, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: p.alg, Key: p.key}, (&jose.SignerOptions{}).WithType("dpop+jwt"))
	if err != nil {
		p.t.Fatal(err)
	}
	b, _ := json.Marshal(claims)
	signed, err := signer.Sign(b)
	if err != nil {
		p.t.Fatal(err)
	}
	return must(signed.CompactSerialize())
}

// signWith signs under a header of its own making.
func signWith(p prover, jwk []byte, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: p.alg, Key: p.key},
		(&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", json.RawMessage(jwk)))
	if err != nil {
		p.t.Fatal(err)
	}
	b, _ := json.Marshal(claims)
	signed, err := signer.Sign(b)
	if err != nil {
		p.t.Fatal(err)
	}
	return must(signed.CompactSerialize())
}

func TestProofsAtTheTokenEndpoint(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	used := p.proof("POST", "/oauth/token", "")
	s.client("/oauth/token", forItself, with(used)).is(200, "")
	s.client("/oauth/token", forItself, with(used)).is(400, "invalid_dpop_proof")
	s.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/par", ""))).is(400, "invalid_dpop_proof")
	s.client("/oauth/token", forItself, with(p.proof("GET", "/oauth/token", ""))).is(400, "invalid_dpop_proof")
	s.client("/oauth/token", forItself, with("")).is(400, "invalid_dpop_proof")
	// A stranger uses up nobody's proof.
	fresh := p.proof("POST", "/oauth/token", "")
	s.clientAs(consenttest.NewShop(s.clock.Now), "/oauth/token", forItself, with(fresh)).is(401, "invalid_client")
	s.client("/oauth/token", forItself, with(fresh)).is(200, "")
}

func TestServerNonces(t *testing.T) {
	s := newServer(t, func(o *oauth.Options) { o.Nonce = true })
	p := s.prover()
	nonce := func(n string) func(map[string]any) { return func(c map[string]any) { c["nonce"] = n } }
	r := s.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/token", "")))
	r.is(400, "use_dpop_nonce")
	first := r.header.Get("DPoP-Nonce")
	r = s.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/token", "", nonce(first))))
	token := r.is(200, "")["access_token"].(string)
	r = s.call("GET", "/who", "DPoP", token, with(p.proof("GET", "/who", token)))
	r.says("DPoP", "use_dpop_nonce")
	if r.header.Get("DPoP-Nonce") == "" {
		t.Fatal("no nonce comes with the refusal")
	}
	s.clock.Add(5 * time.Minute)
	r = s.call("GET", "/who", "DPoP", token, with(p.proof("GET", "/who", token, nonce(first))))
	second := r.header.Get("DPoP-Nonce")
	if r.code != 200 || second == first || second == "" {
		t.Fatalf("%d; nonce %q then %q", r.code, first, second)
	}
	s.clock.Add(5 * time.Minute)
	s.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/token", "", nonce(first)))).is(400, "use_dpop_nonce")
	s.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/token", "", nonce(second)))).is(200, "")
}

// A daemon that is alone forgets used proofs when it ends. What was shown to one start
// of it is worth nothing to the next, however soon.
func TestARestartOpensNoReplay(t *testing.T) {
	s := newServer(t, func(o *oauth.Options) { o.Alone = true })
	p := s.prover()
	nonce := func(n string) func(map[string]any) { return func(c map[string]any) { c["nonce"] = n } }
	ahead := func(c map[string]any) { c["iat"] = s.clock.Now().Unix() + 60 }
	r := s.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/token", "")))
	r.is(400, "use_dpop_nonce")
	first := r.header.Get("DPoP-Nonce")
	token := s.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/token", "", nonce(first)))).is(200, "")["access_token"].(string)
	before := p.proof("GET", "/who", token, nonce(first), ahead)
	if r := s.call("GET", "/who", "DPoP", token, with(before)); r.code != 200 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	s.call("GET", "/who", "DPoP", token, with(before)).says("DPoP", "invalid_dpop_proof")
	s.again()
	for range 25 { // until long after it is old
		s.call("GET", "/who", "DPoP", token, with(before)).says("DPoP", map[bool]string{true: "use_dpop_nonce", false: "invalid_dpop_proof"}[s.clock.Now().Sub(s.began) <= 2*oauth.ProofWindow])
		s.clock.Add(5 * time.Second)
	}
	// Then no nonces are wanted any more, until the next start.
	if r := s.call("GET", "/who", "DPoP", token, with(p.proof("GET", "/who", token))); r.code != 200 || r.header.Get("DPoP-Nonce") != "" {
		t.Fatalf("%d %s", r.code, r.body)
	}
}

// Where bearer tokens are not allowed none is given, none from before is taken, and the
// scheme is not offered.
func TestBoundTokensOnly(t *testing.T) {
	s := newServer(t)
	old := s.token()
	s.options.Bearer = false
	s.again()
	p := s.prover()
	if m := s.client("/oauth/token", forItself).is(400, "invalid_dpop_proof"); !strings.Contains(m["error_description"].(string), "DPoP header") {
		t.Errorf("the refusal says %v", m)
	}
	r := s.call("GET", "/who", "Bearer", old)
	r.says("DPoP", "invalid_token")
	if strings.Contains(strings.Join(r.header.Values("WWW-Authenticate"), ""), "Bearer") {
		t.Errorf("the scheme Bearer is offered")
	}
	token := s.client("/oauth/token", forItself, with(p.proof("POST", "/oauth/token", ""))).is(200, "")["access_token"].(string)
	if r := s.call("GET", "/who", "DPoP", token, with(p.proof("GET", "/who", token))); r.code != 200 {
		t.Errorf("a bound token: %d", r.code)
	}
}

// An ES256 signature is two numbers of 32 bytes each (RFC 7518 section 3.4). The same
// numbers written shorter or longer are no other proof.
func TestAProofsSignatureHasOneSpelling(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	ask := func(spell func(r, s []byte) []byte) reply {
		for { // until both numbers can be written that way
			proof := p.proof("POST", "/oauth/token", "")
			cut := strings.LastIndex(proof, ".") + 1
			sig, err := base64.RawURLEncoding.DecodeString(proof[cut:])
			if err != nil || len(sig) != 64 {
				t.Fatal(len(sig), err)
			}
			if spelled := spell(sig[:32], sig[32:]); spelled != nil {
				return s.client("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, with(proof[:cut]+base64.RawURLEncoding.EncodeToString(spelled)))
			}
		}
	}
	ask(func(r, s []byte) []byte { return slices.Concat(r, s) }).is(200, "")
	for name, spell := range map[string]func(r, s []byte) []byte{
		"longer": func(r, s []byte) []byte { return slices.Concat(r, []byte{0}, s) },
		"shorter": func(r, s []byte) []byte {
			if s[0] != 0 {
				return nil
			}
			return slices.Concat(r, s[1:])
		},
		"cut": func(r, _ []byte) []byte { return r },
	} {
		t.Run(name, func(*testing.T) { ask(spell).is(400, "invalid_dpop_proof") })
	}
}
