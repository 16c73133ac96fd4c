package oauth_test

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"coffer/consent/consenttest"
)

// example is the JSON under a heading of FORMAT.md.
func example(t *testing.T, heading string) (v any) {
	t.Helper()
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)\n### " + heading + "\n.*?```json\n(.*?)\n```").FindSubmatch(text)
	if found == nil {
		t.Fatalf("FORMAT.md has no example of %s", heading)
	}
	if err := json.Unmarshal(found[1], &v); err != nil {
		t.Fatalf("the example of %s: %v", heading, err)
	}
	return v
}

// shape is where a document has which kinds of values.
func shape(v any) []string {
	seen := map[string]bool{}
	var walk func(string, any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				walk(at+"."+k, x)
			}
		case []any:
			for _, x := range v {
				walk(at+"[]", x)
			}
		case string:
			seen[at+" string"] = true
		case float64:
			seen[at+" number"] = true
		case bool:
			seen[at+" bool"] = true
		}
	}
	walk("", v)
	return slices.Sorted(maps.Keys(seen))
}

func sameShape(t *testing.T, heading string, got reply) {
	t.Helper()
	if want, have := shape(example(t, heading)), shape(any(got.json())); !slices.Equal(want, have) {
		t.Errorf("%s is\n%s\nFORMAT.md says\n%s", heading, strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}

// What FORMAT.md shows is what the server says.
func TestTheAnswersOfTheFormat(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	q := s.shop.Request()
	r := s.client("/oauth/par", wish(q), with(p.proof("POST", "/oauth/par", "")))
	sameShape(t, "pushed", r)
	_, _, query := s.answer(q, consenttest.Both)
	r = p.redeem(query.Get("code"))
	sameShape(t, "token answer", r)
	got := r.tokens()
	sameShape(t, "introspection", s.client("/oauth/introspect", url.Values{"token": {got.Access}}))
	sameShape(t, "grant", p.manage("GET", got))
}

// What FORMAT.md shows is what the server takes, once its placeholders are filled in.
func TestTheQuestionsOfTheFormat(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	now := s.clock.Now().Unix()
	fill := func(heading string, values map[string]any) map[string]any {
		t.Helper()
		m := example(t, heading).(map[string]any)
		for k, v := range values {
			if _, there := m[k]; !there {
				t.Fatalf("the example of %s has no %s", heading, k)
			}
			m[k] = v
		}
		return m
	}
	if h := example(t, "assertion header").(map[string]any); h["alg"] != "ES256" || len(h) != 2 {
		t.Fatalf("%v", h)
	}
	assertion := func() string {
		return s.shop.SignUntyped(fill("assertion", map[string]any{"iss": s.shop.DID, "sub": s.shop.DID, "aud": consenttest.Operator, "iat": now, "exp": now + 60, "jti": rand.Text()}))
	}
	asked := func(path string, form url.Values) reply {
		form.Set("client_assertion", assertion())
		return s.client(path, form)
	}
	list := func() []any {
		l := example(t, "authorization_details").([]any)
		l[0].(map[string]any)["request"] = s.shop.Request().JWS
		return l
	}
	asked("/oauth/par", wish(s.shop.Request(), set("authorization_details", must(marshal(list()))))).is(201, "")
	object := fill("request object", map[string]any{"iss": s.shop.DID, "client_id": s.shop.DID, "exp": now + 60, "authorization_details": list()})
	asked("/oauth/par", url.Values{"request": {must(s.shop.SignJWS("oauth-authz-req+jwt", []byte(must(marshal(object)))))}}).is(201, "")

	token := p.bound()
	proof := p.sign("dpop+jwt", fill("proof", map[string]any{"iat": now, "ath": digestOf(token)}))
	if r := s.call("GET", "/who", "DPoP", token, with(proof)); r.code != 200 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	header := example(t, "proof header").(map[string]any)
	var have map[string]any
	decodePart(t, proof, 0, &have)
	if !slices.Equal(shape(header), shape(have)) {
		t.Errorf("%v and %v", shape(header), shape(have))
	}
}
