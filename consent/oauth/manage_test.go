package oauth_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/sqldb"
	"coffer/vault/vaultdb"
)

// manage asks for, or gives up, the grants of an approval with its own token.
func (p prover) manage(method string, of tokens) reply {
	path := "/oauth/grants/" + of.GrantID.String()
	return p.call(method, path, "DPoP", of.Access, with(p.proof(method, path, of.Access)))
}

func (s *server) introspect(token string) map[string]any {
	s.t.Helper()
	return s.client("/oauth/introspect", url.Values{"token": {token}}).is(200, "")
}

func TestIntrospection(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, d, _ := p.approved()
	m := s.introspect(got.Access)
	if m["active"] != true || m["client_id"] != string(s.shop.DID) || m["token_type"] != "DPoP" || m["grant_id"] != got.GrantID.String() ||
		m["cnf"].(map[string]any)["jkt"] != p.thumb() || m["iss"] != consenttest.Operator || m["exp"].(float64)-m["iat"].(float64) != 600 {
		t.Fatalf("%v", m)
	}
	if text := must(marshal(m["authorization_details"])); !strings.Contains(text, d.Held[0].Grant.String()) {
		t.Fatalf("%s", text)
	}
	if m := s.introspect(got.Refresh); m["active"] != true || m["grant_id"] != got.GrantID.String() || m["token_type"] != nil {
		t.Fatalf("%v", m)
	}
	if m := s.introspect(s.token()); m["active"] != true || m["token_type"] != "Bearer" || m["grant_id"] != nil || m["cnf"] != nil {
		t.Fatalf("%v", m)
	}
	// Of tokens that are another's, over, or none, nothing is said.
	used := got.Refresh
	got = p.refresh(got.Refresh).tokens()
	other := s.register(consent.BusinessActive)
	for name, r := range map[string]reply{
		"another's":         s.clientAs(other, "/oauth/introspect", url.Values{"token": {got.Access}}),
		"another's refresh": s.clientAs(other, "/oauth/introspect", url.Values{"token": {got.Refresh}}),
		"rotated":           s.client("/oauth/introspect", url.Values{"token": {used}}),
		"none":              s.client("/oauth/introspect", url.Values{"token": {"x"}}),
		"an assertion":      s.client("/oauth/introspect", url.Values{"token": {s.shop.Assertion()}}),
	} {
		if m := r.is(200, ""); len(m) != 1 || m["active"] != false {
			t.Errorf("%s: %v", name, m)
		}
	}
	s.client("/oauth/introspect", url.Values{}).is(400, "invalid_request")
	s.clientAs(consenttest.NewShop(s.clock.Now), "/oauth/introspect", url.Values{"token": {got.Access}}).is(401, "invalid_client")
}

func TestRevocation(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, _, _ := p.approved()
	other := s.register(consent.BusinessActive)
	revoke := func(shop *consenttest.Shop, token string) {
		t.Helper()
		if r := s.clientAs(shop, "/oauth/revoke", url.Values{"token": {token}}); r.code != 200 {
			t.Fatalf("%d %s", r.code, r.body)
		}
	}
	revoke(other, got.Access)
	revoke(other, got.Refresh)
	revoke(s.shop, "nobody's")
	if !p.works(got.Access) {
		t.Fatal("another client revoked a token")
	}
	revoke(s.shop, got.Access)
	if p.works(got.Access) || s.introspect(got.Access)["active"] != false {
		t.Fatal("a revoked token works")
	}
	next := p.refresh(got.Refresh).tokens() // only the one
	if !p.works(next.Access) {
		t.Fatal("the next token does not work")
	}
	revoke(s.shop, next.Refresh)
	if p.works(next.Access) || s.introspect(next.Refresh)["active"] != false {
		t.Fatal("tokens of a revoked refresh token work")
	}
	p.refresh(next.Refresh).is(400, "invalid_grant")
	// The grants stand: the business still sees them with a token of its own.
	m := s.call("GET", "/oauth/grants/"+got.GrantID.String(), "Bearer", s.token()).json()
	if !strings.Contains(must(marshal(m)), `"anchoring"`) {
		t.Fatalf("%v", m)
	}
	bearer := s.token()
	revoke(s.shop, bearer)
	if code, _ := s.who("Bearer " + bearer); code != 401 {
		t.Fatal("a revoked bearer token works")
	}
	s.clientAs(consenttest.NewShop(s.clock.Now), "/oauth/revoke", url.Values{"token": {next.Access}}).is(401, "invalid_client")
}

// What another daemon on the same database revokes ends here within a second.
func TestTwoDaemons(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, _, _ := p.approved()
	if !p.works(got.Access) {
		t.Fatal("the token does not work")
	}
	used := p.proof("GET", "/who", got.Access)
	if r := s.call("GET", "/who", "DPoP", got.Access, with(used)); r.code != 200 {
		t.Fatal(r.code)
	}
	if err := s.store.EndTokens(t.Context(), s.shop.DID, got.GrantID, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	s.clock.Add(1e9)
	if p.works(got.Access) {
		t.Fatal("a token that ended elsewhere works after a second")
	}
}

func TestGrantManagement(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, d, person := p.approved()
	second, _, _ := p.approved()
	query := func(r reply) string { t.Helper(); return must(marshal(r.json()["authorization_details"])) }
	if text := query(p.manage("GET", got)); !strings.Contains(text, d.Held[0].Grant.String()) || !strings.Contains(text, `"anchoring"`) {
		t.Fatal(text)
	}
	// A token sees its own approval; a business's own token sees all of its own.
	for name, r := range map[string]reply{
		"with another approval's token": p.manage("GET", tokens{Access: second.Access, GrantID: got.GrantID}),
		"by another business":           s.call("GET", "/oauth/grants/"+got.GrantID.String(), "Bearer", s.tokenOf(s.register(consent.BusinessActive))),
		"deleted by another":            s.call("DELETE", "/oauth/grants/"+got.GrantID.String(), "Bearer", s.tokenOf(s.register(consent.BusinessActive))),
		"none":                          s.call("GET", "/oauth/grants/x", "Bearer", s.token()),
	} {
		if r.code != 404 {
			t.Errorf("%s: %d %s", name, r.code, r.body)
		}
	}
	r := p.manage("DELETE", got)
	if r.code != 204 || len(r.body) != 0 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	if p.works(got.Access) {
		t.Fatal("a token works after its approval was given up")
	}
	p.refresh(got.Refresh).is(400, "invalid_grant")
	if !p.works(second.Access) {
		t.Fatal("another approval's token ended too")
	}
	bearer := s.token()
	path := "/oauth/grants/" + got.GrantID.String()
	if text := query(s.call("GET", path, "Bearer", bearer)); strings.Count(text, `"terminated"`) != 2 {
		t.Fatal(text)
	}
	if r := s.call("DELETE", path, "Bearer", bearer); r.code != 204 { // a repeated attempt
		t.Fatalf("%d %s", r.code, r.body)
	}
	// The shares are gone, and the withdrawals are on their way.
	for _, h := range d.Held {
		g, err := s.store.Grant(t.Context(), person.Vault, h.Grant)
		if err != nil || g.State != consent.StateTerminated || !slices.Equal(g.WithdrawEntry, consent.Bytes(h.Ahead.Bytes())) {
			t.Errorf("%+v %v", g, err)
		}
	}
	if n, err := s.store.Queued(t.Context()); err != nil || n != 2*2+2 {
		t.Fatalf("%d entries wait: %v", n, err)
	}
	err := s.db.Read(t.Context(), func(tx sqldb.Tx) error {
		shares, err := vaultdb.Shares(t.Context(), tx, person.Vault)
		if len(shares) != 0 {
			t.Errorf("%d shares are left", len(shares))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// A suspended business is not served.
	if err := s.store.SetBusinessState(t.Context(), s.shop.DID, consent.BusinessSuspended); err != nil {
		t.Fatal(err)
	}
	if r := s.call("GET", path, "Bearer", bearer); r.code != 403 {
		t.Fatalf("%d %s", r.code, r.body)
	}
}

func (s *server) tokenOf(shop *consenttest.Shop) string {
	s.t.Helper()
	return s.clientAs(shop, "/oauth/token", forItself).is(200, "")["access_token"].(string)
}

// What Terminate leaves behind is sound before the ledger learns of it, and after.
func TestTerminatedIsSound(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	ledger := anchortest.NewMemory(consenttest.Chain, s.clock.Now)
	sound := func() {
		t.Helper()
		if err := s.store.Reconcile(t.Context(), ledger, func(d consentdb.Discrepancy) { t.Errorf("not sound: %s", d.What) }); err != nil {
			t.Fatal(err)
		}
	}
	got, d, _ := p.approved()
	outbox := s.store.Outbox(ledger, s.clock.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if _, err := outbox.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := p.manage("DELETE", got); r.code != 204 {
		t.Fatal(r.code)
	}
	sound()
	if _, err := outbox.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	sound()
	for _, h := range d.Held {
		if g, err := ledger.Grant(t.Context(), anchor.Handle(h.Entry.HandleKey)); err != nil || !g.Withdrawn {
			t.Errorf("not withdrawn on the ledger: %+v %v", g, err)
		}
	}
}

// Everything that is announced is there, and everything there is announced.
func TestTheMetadata(t *testing.T) {
	s := newServer(t)
	m := s.send(mustRequest("GET", "/.well-known/oauth-authorization-server")).is(200, "")
	if m["issuer"] != consenttest.Operator || m["require_pushed_authorization_requests"] != true || m["authorization_response_iss_parameter_supported"] != true {
		t.Fatalf("%v", m)
	}
	announced, there := map[string]bool{}, map[string]bool{}
	for name, value := range m {
		if strings.HasSuffix(name, "_endpoint") {
			path, ours := strings.CutPrefix(value.(string), consenttest.Operator)
			if announced[path] = true; !ours {
				t.Errorf("%s is elsewhere: %v", name, value)
			}
		}
	}
	err := s.router.Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		if path, err := r.GetPathTemplate(); err == nil && strings.HasPrefix(path, "/oauth/") {
			there[strings.TrimSuffix(path, "/{id}")] = true
		}
		return nil
	})
	if err != nil || !maps.Equal(announced, there) || len(there) != 6 {
		t.Errorf("announced %v, there is %v, %v", announced, there, err)
	}
	// Each grant type that is announced gets another answer than one that is not.
	for _, grant := range m["grant_types_supported"].([]any) {
		r := s.client("/oauth/token", url.Values{"grant_type": {grant.(string)}})
		if r.json()["error"] == "unsupported_grant_type" {
			t.Errorf("%v is announced and not supported", grant)
		}
	}
	for _, action := range m["grant_management_actions_supported"].([]any) {
		if !slices.Contains([]any{"create", "merge", "replace", "query", "revoke"}, action) {
			t.Errorf("%v is announced", action)
		}
	}
	if b, err := json.Marshal(m["dpop_signing_alg_values_supported"]); err != nil || string(b) != `["ES256","EdDSA"]` {
		t.Errorf("%s", b)
	}
}
