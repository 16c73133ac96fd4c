package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

const (
	back     = "http://localhost:8081/back?shop=1"
	verifier = "a-verifier-of-at-least-forty-three-characters-0"
)

// wish is what the shop pushes for a request, unless edited.
func wish(q consent.Request, edit ...func(url.Values)) url.Values {
	details, err := json.Marshal([]any{map[string]any{"type": "coffer_request", "request": q.JWS}})
	if err != nil {
		panic(err)
	}
	form := url.Values{"response_type": {"code"}, "redirect_uri": {back}, "state": {"s t&a=te"},
		"code_challenge": {consent.HashOf(verifier).String()}, "code_challenge_method": {"S256"}, "authorization_details": {string(details)}}
	for _, e := range edit {
		e(form)
	}
	return form
}

func set(name, value string) func(url.Values) { return func(f url.Values) { f.Set(name, value) } }

// pushed pushes a new request and returns its request_uri.
func (s *server) pushed(edit ...func(*http.Request)) (consent.Request, string) {
	s.t.Helper()
	q := s.shop.Request()
	m := s.client("/oauth/par", wish(q), edit...).is(201, "")
	uri, _ := m["request_uri"].(string)
	if !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || len(uri) < 60 || m["expires_in"] != 600.0 {
		s.t.Fatalf("pushed: %v", m)
	}
	return q, uri
}

func (s *server) authorize(query url.Values) reply {
	r, err := http.NewRequest("GET", consenttest.Operator+"/oauth/authorize?"+query.Encode(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send(r)
}

// answer lets a shopper decide, and returns where its browser is sent.
func (s *server) answer(q consent.Request, choice consenttest.Choice) (*consenttest.Answer, *consenttest.Shopper, url.Values) {
	s.t.Helper()
	person := consenttest.NewShopper(s.clock.Now, s.catalogue)
	person.Move(s.t, s.vaults)
	d := person.Decide(q, choice)
	return d, person, s.decided(q, person.Stored(d))
}

// decided keeps a decision, and returns where the shopper's browser is sent.
func (s *server) decided(q consent.Request, d consentdb.Decision) url.Values {
	s.t.Helper()
	if err := s.store.Decide(s.t.Context(), d); err != nil {
		s.t.Fatal(err)
	}
	to, pushed, err := s.oauth.Return(s.t.Context(), q.ID, len(d.Given) > 0)
	if err != nil || !pushed {
		s.t.Fatalf("%v %v", pushed, err)
	}
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, back+"&") {
		s.t.Fatalf("sent to %s", to)
	}
	query := u.Query()
	if query.Get("iss") != consenttest.Operator || query.Get("state") != "s t&a=te" || query.Get("shop") != "1" || len(query["code"])+len(query["error"]) != 1 {
		s.t.Fatalf("sent to %s", to)
	}
	return query
}

func byCode(code string, edit ...func(url.Values)) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back}, "code_verifier": {verifier}}
	for _, e := range edit {
		e(form)
	}
	return form
}

func byRefresh(token any) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}}
}

// tokens are what a client gets for a code or a refresh token.
type tokens struct {
	Access  string      `json:"access_token"`
	Type    string      `json:"token_type"`
	Refresh string      `json:"refresh_token"`
	GrantID id.Approval `json:"grant_id"`
	Details []struct {
		Type    string     `json:"type"`
		Request id.Request `json:"request_id"`
		Grants  []struct {
			Purpose string        `json:"purpose_id"`
			Grant   id.Grant      `json:"grant"`
			State   consent.State `json:"state"`
		} `json:"grants"`
	} `json:"authorization_details"`
}

func (r reply) tokens() (out tokens) {
	r.t.Helper()
	r.is(200, "")
	if err := json.Unmarshal(r.body, &out); err != nil {
		r.t.Fatalf("%s: %v", r.body, err)
	}
	return out
}

// approved is a whole flow: pushed, answered, redeemed, bound to the prover's key.
func (p prover) approved() (tokens, *consenttest.Answer, *consenttest.Shopper) {
	p.t.Helper()
	q, _ := p.pushed(with(p.proof("POST", "/oauth/par", "")))
	d, person, query := p.answer(q, consenttest.Both)
	return p.redeem(query.Get("code")).tokens(), d, person
}

func (p prover) redeem(code string, edit ...func(url.Values)) reply {
	return p.client("/oauth/token", byCode(code, edit...), with(p.proof("POST", "/oauth/token", "")))
}

func (p prover) refresh(token string) reply {
	return p.client("/oauth/token", byRefresh(token), with(p.proof("POST", "/oauth/token", "")))
}

func (p prover) works(token string) bool {
	return p.call("GET", "/who", "DPoP", token, with(p.proof("GET", "/who", token))).code == 200
}

func TestTheWholeFlow(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	q, uri := s.pushed(with(p.proof("POST", "/oauth/par", "")))
	to := s.authorize(url.Values{"client_id": {string(s.shop.DID)}, "request_uri": {uri}})
	if to.code != 303 || to.header.Get("Location") != consenttest.Operator+"/r/"+q.ID.String() {
		t.Fatalf("%d %v %s", to.code, to.header, to.body)
	}
	d, _, query := s.answer(q, consenttest.Both)
	got := p.redeem(query.Get("code")).tokens()
	if got.Type != "DPoP" || got.GrantID.IsZero() || got.Refresh == "" || len(got.Details) != 1 || got.Details[0].Type != "coffer_request" ||
		got.Details[0].Request != q.ID || len(got.Details[0].Grants) != 2 {
		t.Fatalf("%+v", got)
	}
	for i, g := range got.Details[0].Grants {
		if g.Grant != d.Held[i].Grant || g.Purpose != d.Held[i].Given.Purpose || g.State != consent.StateAnchoring {
			t.Errorf("grant %d: %+v", i, g)
		}
	}
	if !p.works(got.Access) {
		t.Fatal("the token does not work")
	}
	next := p.refresh(got.Refresh).tokens()
	if next.GrantID != got.GrantID || next.Refresh == got.Refresh || !p.works(next.Access) || !p.works(got.Access) {
		t.Fatalf("%+v", next)
	}
	// Nothing is left of the request_uri.
	if r := s.authorize(url.Values{"client_id": {string(s.shop.DID)}, "request_uri": {uri}}); r.code != 404 {
		t.Fatalf("%d", r.code)
	}
}

func TestRefusingEverything(t *testing.T) {
	s := newServer(t)
	q, _ := s.pushed()
	_, _, query := s.answer(q, consenttest.Choice{})
	if query.Get("error") != "access_denied" || query.Has("code") {
		t.Fatalf("%v", query)
	}
	// It answers once, and never for a request that came another way.
	if _, pushed, err := s.oauth.Return(t.Context(), q.ID, true); pushed || err != nil {
		t.Fatalf("%v %v", pushed, err)
	}
	if _, pushed, err := s.oauth.Return(t.Context(), id.New[id.Request](), true); pushed || err != nil {
		t.Fatalf("%v %v", pushed, err)
	}
}

func TestPushesAreRefused(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	old := s.shop.Request()
	s.client("/oauth/par", wish(old)).is(201, "")
	other := s.register(consent.BusinessActive)
	details := func(text string) func(url.Values) { return set("authorization_details", text) }
	asked := func(edit func(*consent.Request)) url.Values { return wish(s.shop.Request(edit)) }
	fresh := func(edit ...func(url.Values)) url.Values { return wish(s.shop.Request(), edit...) }
	to := func(uri string) url.Values { return fresh(set("redirect_uri", uri)) }
	jws := s.shop.Request().JWS
	var payload map[string]any
	if err := json.Unmarshal(s.shop.Request().Payload(), &payload); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"seen before":             {wish(old), "invalid_authorization_details"},
		"of another business":     {wish(other.Request()), "invalid_authorization_details"},
		"over-wide":               {asked(func(q *consent.Request) { q.Purposes[0].Optional = []string{"birth-date"} }), "invalid_authorization_details"},
		"for another operator":    {asked(func(q *consent.Request) { q.Aud = "https://elsewhere.example" }), "invalid_authorization_details"},
		"shown as another":        {asked(func(q *consent.Request) { q.Controller.URL, q.ReturnURL = "http://localhost:9999", "" }), "invalid_request"},
		"an unregistered purpose": {asked(func(q *consent.Request) { q.Purposes[0].Purpose = "https://w3id.org/dpv#AgeVerification" }), "invalid_authorization_details"},
		"an untyped request":      {fresh(details(`[{"type":"coffer_request","request":"` + s.shop.SignUntyped(payload) + `"}]`)), "invalid_authorization_details"},
		"no details":              {fresh(details("")), "invalid_authorization_details"},
		"two elements":            {fresh(details(`[{"type":"coffer_request","request":"` + jws + `"},{"type":"coffer_request","request":"` + jws + `"}]`)), "invalid_authorization_details"},
		"another type":            {fresh(details(`[{"type":"payment","request":"` + jws + `"}]`)), "invalid_authorization_details"},
		"an unknown member":       {fresh(details(`[{"type":"coffer_request","request":"` + jws + `","locations":[]}]`)), "invalid_authorization_details"},
		"a member twice":          {fresh(details(`[{"type":"coffer_request","request":"x","request":"` + jws + `"}]`)), "invalid_authorization_details"},
		"no list":                 {fresh(details(`{"type":"coffer_request","request":"` + jws + `"}`)), "invalid_authorization_details"},
		"another response type":   {fresh(set("response_type", "token")), "unsupported_response_type"},
		"no response type":        {fresh(set("response_type", "")), "unsupported_response_type"},
		"in the fragment":         {fresh(set("response_mode", "fragment")), "invalid_request"},
		"a scope":                 {fresh(set("scope", "openid")), "invalid_scope"},
		"no PKCE":                 {fresh(set("code_challenge", "")), "invalid_request"},
		"plain PKCE":              {fresh(set("code_challenge_method", "plain")), "invalid_request"},
		"a long state":            {fresh(set("state", strings.Repeat("x", 513))), "invalid_request"},
		"a state with line ends":  {fresh(set("state", "a\r\nb")), "invalid_request"},
		"merge":                   {fresh(set("grant_management_action", "merge")), "invalid_request"},
		"replace":                 {fresh(set("grant_management_action", "replace")), "invalid_request"},
		"create with a grant_id": {fresh(func(f url.Values) {
			f.Set("grant_management_action", "create")
			f.Set("grant_id", id.New[id.Approval]().String())
		}), "invalid_request"},
		"another action":           {fresh(set("grant_management_action", "steal")), "invalid_request"},
		"a grant_id":               {fresh(set("grant_id", id.New[id.Approval]().String())), "invalid_request"},
		"a request_uri":            {fresh(set("request_uri", "urn:x")), "invalid_request"},
		"a thumbprint that is not": {fresh(set("dpop_jkt", "x")), "invalid_request"},
		"a parameter twice":        {fresh(func(f url.Values) { f.Add("state", "b") }), "invalid_request"},
		"oversized":                {fresh(set("x", strings.Repeat("x", 200<<10))), "invalid_request"},
		"nowhere to go":            {to(""), "invalid_request"},
		"elsewhere":                {to("https://elsewhere.example/back"), "invalid_request"},
		"a look-alike":             {to("http://localhost:8081.elsewhere.example/"), "invalid_request"},
		"another port":             {to("http://localhost:8082/"), "invalid_request"},
		"another scheme":           {to("https://localhost:8081/"), "invalid_request"},
		"a script":                 {to("javascript://localhost:8081/%0aalert(1)"), "invalid_request"},
		"with a user":              {to("http://localhost:8081@elsewhere.example/"), "invalid_request"},
		"with our user":            {to("http://x@localhost:8081/"), "invalid_request"},
		"with a backslash":         {to(`http://localhost:8081\@elsewhere.example/`), "invalid_request"},
		"without a host":           {to("//localhost:8081/"), "invalid_request"},
		"relative":                 {to("/back"), "invalid_request"},
		"with a fragment":          {to("http://localhost:8081/#x"), "invalid_request"},
		"with an empty fragment":   {to("http://localhost:8081/#"), "invalid_request"},
		"with a code":              {to("http://localhost:8081/?code=x"), "invalid_request"},
		"with an issuer":           {to("http://localhost:8081/?iss=x"), "invalid_request"},
		"with a space":             {to("http://localhost:8081/ x"), "invalid_request"},
		"with a line end":          {to("http://localhost:8081/\r\nLocation:x"), "invalid_request"},
		"endless":                  {to("http://localhost:8081/" + strings.Repeat("x", 2000)), "invalid_request"},
	} {
		r := s.client("/oauth/par", c.form)
		if m := r.json(); r.code != 400 || m["error"] != c.want {
			t.Errorf("%s: %d %s, want %s", name, r.code, r.body, c.want)
		}
	}
	s.client("/oauth/par", fresh(set("dpop_jkt", s.prover().thumb())), with(p.proof("POST", "/oauth/par", ""))).is(400, "invalid_request")
	s.client("/oauth/par", fresh(), with(p.proof("POST", "/oauth/token", ""))).is(400, "invalid_dpop_proof")
	s.clientAs(consenttest.NewShop(s.clock.Now), "/oauth/par", fresh()).is(401, "invalid_client")
	s.client("/oauth/par", fresh(), func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }).is(400, "invalid_request")
	s.client("/oauth/par", fresh(), func(r *http.Request) { r.URL.RawQuery = "state=other" }).is(400, "invalid_request")
	s.client("/oauth/par", fresh(set("redirect_uri", "http://LOCALHOST:8081/x"), set("grant_management_action", "create"), set("unknown", "x"))).is(201, "")
}

// A request object (RFC 9101) says what the form would, signed.
func TestRequestObjects(t *testing.T) {
	s := newServer(t)
	now := s.clock.Now().Unix()
	object := func(shop *consenttest.Shop, typ string, edit func(map[string]any)) url.Values {
		form := wish(s.shop.Request())
		claims := map[string]any{"iss": shop.DID, "client_id": shop.DID, "aud": consenttest.Operator, "exp": now + 60, "nbf": now, "jti": "1"}
		for k := range form {
			claims[k] = form.Get(k)
		}
		claims["authorization_details"] = json.RawMessage(form.Get("authorization_details"))
		edit(claims)
		b, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{"request": {must(shop.SignJWS(typ, b))}}
	}
	const typ = "oauth-authz-req+jwt"
	same := func(map[string]any) {}
	s.client("/oauth/par", object(s.shop, typ, same)).is(201, "")
	other := s.register(consent.BusinessActive)
	twice := object(s.shop, typ, same)
	twice.Set("state", "outside")
	for name, form := range map[string]url.Values{
		"a parameter outside":   twice,
		"signed by another":     object(other, typ, same),
		"of another type":       object(s.shop, "JWT", same),
		"no JWS":                {"request": {"a.b.c"}},
		"for another server":    object(s.shop, typ, func(c map[string]any) { c["aud"] = "https://elsewhere.example" }),
		"expired":               object(s.shop, typ, func(c map[string]any) { c["exp"] = now - 60 }),
		"without an end":        object(s.shop, typ, func(c map[string]any) { delete(c, "exp") }),
		"not valid yet":         object(s.shop, typ, func(c map[string]any) { c["nbf"] = now + 60 }),
		"of another client":     object(s.shop, typ, func(c map[string]any) { c["client_id"] = other.DID }),
		"without an issuer":     object(s.shop, typ, func(c map[string]any) { delete(c, "iss") }),
		"a request in it":       object(s.shop, typ, func(c map[string]any) { c["request"] = "x" }),
		"plain PKCE in it":      object(s.shop, typ, func(c map[string]any) { c["code_challenge_method"] = "plain" }),
		"returning elsewhere":   object(s.shop, typ, func(c map[string]any) { c["redirect_uri"] = "https://elsewhere.example/" }),
		"the request as string": object(s.shop, typ, func(c map[string]any) { c["authorization_details"] = "x" }),
	} {
		if r := s.client("/oauth/par", form); r.code != 400 {
			t.Errorf("%s: %d %s", name, r.code, r.body)
		}
	}
}

// Whatever is wrong with a link, nobody is sent anywhere.
func TestNoOpenRedirect(t *testing.T) {
	s := newServer(t)
	_, uri := s.pushed()
	other := s.register(consent.BusinessActive)
	good := func() url.Values { return url.Values{"client_id": {string(s.shop.DID)}, "request_uri": {uri}} }
	with := func(k, v string) url.Values { f := good(); f.Set(k, v); return f }
	refused := func(name string, query url.Values, want int) {
		t.Helper()
		r := s.authorize(query)
		if r.code != want || r.header.Get("Location") != "" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") ||
			!strings.Contains(r.header.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(string(r.body), "elsewhere") {
			t.Errorf("%s: %d %v %s", name, r.code, r.header, r.body)
		}
	}
	refused("another client", with("client_id", string(other.DID)), 404)
	refused("no client", with("client_id", ""), 400)
	refused("an unknown push", with("request_uri", "urn:ietf:params:oauth:request_uri:x"), 404)
	refused("an address to fetch", with("request_uri", "https://elsewhere.example/<script>"), 404)
	refused("no push", url.Values{"client_id": {string(s.shop.DID)}, "redirect_uri": {"https://elsewhere.example/"}, "response_type": {"code"}}, 400)
	refused("twice", url.Values{"client_id": {string(s.shop.DID), string(other.DID)}, "request_uri": {uri}}, 400)
	refused("endless", with("x", strings.Repeat("x", 5000)), 400)
	// An address beside a good push changes nothing.
	if r := s.authorize(with("redirect_uri", "https://elsewhere.example/")); r.code != 303 || strings.Contains(r.header.Get("Location"), "elsewhere") {
		t.Errorf("%d %v", r.code, r.header)
	}
	s.clock.Add(10 * 60 * 1e9)
	refused("old", good(), 410)
}

func TestStolenCodes(t *testing.T) {
	s := newServer(t)
	p, thief := s.prover(), s.prover()
	q, _ := s.pushed(with(p.proof("POST", "/oauth/par", "")))
	_, _, query := s.answer(q, consenttest.Both)
	code := query.Get("code")
	other := s.register(consent.BusinessActive)
	thief.redeem(code).is(400, "invalid_grant")                     // another key
	s.client("/oauth/token", byCode(code)).is(400, "invalid_grant") // no key
	s.clientAs(other, "/oauth/token", byCode(code), with(p.proof("POST", "/oauth/token", ""))).is(400, "invalid_grant")
	p.redeem(code, set("redirect_uri", "http://localhost:8081/back")).is(400, "invalid_grant")
	p.redeem(code, set("redirect_uri", "")).is(400, "invalid_request")
	p.redeem(code, set("code_verifier", strings.Repeat("x", 43))).is(400, "invalid_grant")
	p.redeem(code, set("code_verifier", "short")).is(400, "invalid_request")
	p.redeem(code, set("code_verifier", consent.HashOf(verifier).String())).is(400, "invalid_grant")
	p.redeem("guessed").is(400, "invalid_grant")
	got := p.redeem(code).tokens()
	if !p.works(got.Access) {
		t.Fatal("failed attempts used the code up")
	}
	// Somebody else's second try does nothing; the client's own says that there is a copy.
	s.clientAs(other, "/oauth/token", byCode(code), with(p.proof("POST", "/oauth/token", ""))).is(400, "invalid_grant")
	if !p.works(got.Access) {
		t.Fatal("another client can end this one's tokens")
	}
	p.redeem(code).is(400, "invalid_grant")
	if p.works(got.Access) {
		t.Fatal("a code was used twice, and its token still works")
	}
	p.refresh(got.Refresh).is(400, "invalid_grant")
	// In time only.
	q, _ = s.pushed()
	_, _, query = s.answer(q, consenttest.Both)
	s.clock.Add(5 * 60 * 1e9)
	p.redeem(query.Get("code")).is(400, "invalid_grant")
}

func TestRefreshTokens(t *testing.T) {
	s := newServer(t)
	p, thief := s.prover(), s.prover()
	got, _, _ := p.approved()
	thief.refresh(got.Refresh).is(400, "invalid_grant")
	s.client("/oauth/token", byRefresh(got.Refresh)).is(400, "invalid_grant")
	s.clientAs(s.register(consent.BusinessActive), "/oauth/token", byRefresh(got.Refresh), with(p.proof("POST", "/oauth/token", ""))).is(400, "invalid_grant")
	p.refresh(got.Access).is(400, "invalid_grant")
	next := p.refresh(got.Refresh).tokens()
	p.refresh(got.Refresh).is(400, "invalid_grant") // somebody has a copy
	for name, token := range map[string]string{"first": got.Access, "second": next.Access} {
		if p.works(token) {
			t.Errorf("the %s access token works after the reuse", name)
		}
	}
	p.refresh(next.Refresh).is(400, "invalid_grant")
}

// When no grant stands there is nothing to refresh for.
func TestRefreshingForNothing(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, d, person := p.approved()
	if _, err := s.store.Erase(t.Context(), person.Vault, nil, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	p.refresh(got.Refresh).is(400, "invalid_grant")
	r := p.manage("GET", got).json()
	if !strings.Contains(string(must(marshal(r))), `"state":"erased"`) || len(d.Held) != 2 {
		t.Fatalf("%v", r)
	}
	if r := p.manage("DELETE", got); r.code != 204 {
		t.Fatalf("%d %s", r.code, r.body)
	}
}

func marshal(v any) (string, error) { b, err := json.Marshal(v); return string(b), err }
