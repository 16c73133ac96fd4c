package consenthttp_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

// stage is one world in which every kind of actor exists.
type stage struct {
	*world
	given  *consenttest.Answer // by this shopper to this business
	open   consent.Request     // nobody has answered it
	sent   consenttest.Sent
	fresh  *consenttest.Answer // ready to be posted by this shopper
	actors map[string]as

	demanded string // a rights request of this shopper to this business
	grantID  string // of an approval of this business; see approval

	registered string // a template; see template
}

func newStage(t *testing.T) *stage {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	s := &stage{world: w}
	s.given = person.give(shop)
	s.sent = shop.shop.Message(s.given.Held[1])
	shop.do("POST", "/business/v1/messages", s.sent.Body()).into(&struct{}{})
	s.open = shop.ask()
	s.fresh = person.shopper.Decide(s.open, consenttest.Both)
	s.demanded = person.demand(shop, s.given.Held[0].Grant)
	suspended := w.open()
	s.actors = map[string]as{
		"signed out": {world: w}, "this shopper": person, "another shopper": w.move(),
		"this business": shop, "another business": w.open(), "suspended business": suspended,
	}
	if err := w.store.SetBusinessState(t.Context(), suspended.shop.DID, consent.BusinessSuspended); err != nil {
		t.Fatal(err)
	}
	return s
}

// everybody is the order of the columns below.
var everybody = []string{"signed out", "this shopper", "another shopper", "this business", "another business", "suspended business"}

// ends is what each of everybody gets: "200", or "403 withdrawn".
type ends [6]string

var (
	walletOnly = func(this, other string) ends {
		return ends{"401 not-signed-in", this, other, "401 not-signed-in", "401 not-signed-in", "401 not-signed-in"}
	}
	businessOnly = func(this, other string) ends {
		return ends{"401 invalid-token", "401 invalid-token", "401 invalid-token", this, other, "403 business-suspended"}
	}
	// What a business owes for grants that it held it can do while it is suspended: it
	// gets what another business gets.
	boundBusiness = func(this, other string) ends {
		return ends{"401 invalid-token", "401 invalid-token", "401 invalid-token", this, other, other}
	}
	everyone = func(e string) ends { return ends{e, e, e, e, e, e} }
)

// rows is every route; the request is made anew for each actor, in a world of its own.
var rows = map[string]struct {
	ask  func(s *stage, by as) (path string, body any)
	want ends
}{
	"POST /oauth/token":                           {func(*stage, as) (string, any) { return "/oauth/token", map[string]any{} }, everyone("400")},
	"POST /oauth/par":                             {func(*stage, as) (string, any) { return "/oauth/par", map[string]any{} }, everyone("400")},
	"POST /oauth/introspect":                      {func(*stage, as) (string, any) { return "/oauth/introspect", map[string]any{} }, everyone("400")},
	"POST /oauth/revoke":                          {func(*stage, as) (string, any) { return "/oauth/revoke", map[string]any{} }, everyone("400")},
	"GET /oauth/authorize":                        {func(*stage, as) (string, any) { return "/oauth/authorize", nil }, everyone("400")},
	"GET /oauth/grants/{id}":                      {func(s *stage, _ as) (string, any) { return "/oauth/grants/" + s.approval(), nil }, businessOnly("200", "404 not-found")},
	"DELETE /oauth/grants/{id}":                   {func(s *stage, _ as) (string, any) { return "/oauth/grants/" + s.approval(), nil }, businessOnly("204", "404 not-found")},
	"GET /.well-known/oauth-authorization-server": {func(*stage, as) (string, any) { return "/.well-known/oauth-authorization-server", nil }, everyone("200")},
	"GET /schema/v1/receipt.schema.json":          {func(*stage, as) (string, any) { return "/schema/v1/receipt.schema.json", nil }, everyone("200")},
	"GET /schema/v1/receipt.context.jsonld":       {func(*stage, as) (string, any) { return "/schema/v1/receipt.context.jsonld", nil }, everyone("200")},

	"GET /wallet/v1/requests":      {func(*stage, as) (string, any) { return "/wallet/v1/requests", nil }, walletOnly("200", "200")},
	"GET /wallet/v1/requests/{id}": {func(s *stage, _ as) (string, any) { return "/wallet/v1/requests/" + s.given.Request.ID.String(), nil }, walletOnly("200", "404 not-found")},
	"POST /wallet/v1/decisions/start": {func(s *stage, by as) (string, any) {
		d := s.given // answered: another shopper must not learn even that
		if by.shopper == s.actors["this shopper"].shopper {
			d = s.fresh
		}
		return "/wallet/v1/decisions/start", map[string]any{"decision": string(d.Bytes())}
	}, walletOnly("200", "404 not-found")},
	"POST /wallet/v1/decisions": {func(s *stage, by as) (string, any) {
		if by.shopper != s.actors["this shopper"].shopper {
			return "/wallet/v1/decisions", s.given.Body()
		}
		body := s.fresh.Body()
		by.confirm(by.do("POST", "/wallet/v1/decisions/start", map[string]any{"decision": body["decision"]}), body)
		return "/wallet/v1/decisions", body
	}, walletOnly("200", "404 not-found")},
	"GET /wallet/v1/grants":                       {func(*stage, as) (string, any) { return "/wallet/v1/grants", nil }, walletOnly("200", "200")},
	"GET /wallet/v1/grants/{id}/proof":            {func(s *stage, _ as) (string, any) { return "/wallet/v1/grants/" + s.grant() + "/proof", nil }, walletOnly("200", "404 not-found")},
	"GET /wallet/v1/grants/{id}/withdrawal-proof": {func(s *stage, _ as) (string, any) { return "/wallet/v1/grants/" + s.grant() + "/withdrawal-proof", nil }, walletOnly("404 not-found", "404 not-found")},
	"POST /wallet/v1/grants/{id}/withdraw": {func(s *stage, _ as) (string, any) {
		return "/wallet/v1/grants/" + s.grant() + "/withdraw", s.actors["this shopper"].withdrawal(s.given.Held[0])
	}, walletOnly("200", "404 not-found")},
	"POST /wallet/v1/grants/{id}/change/start": {func(s *stage, _ as) (string, any) {
		s.clock.Add(time.Hour) // or it would end when it does
		c := s.actors["this shopper"].shopper.Change(s.given.Request, s.given.Held[0], consent.ChangeRenewed, consenttest.To{})
		return "/wallet/v1/grants/" + s.grant() + "/change/start", map[string]any{"change": string(c.Bytes())}
	}, walletOnly("200", "404 not-found")},
	"POST /wallet/v1/grants/{id}/change": {func(s *stage, _ as) (string, any) {
		c := s.actors["this shopper"].shopper.Change(s.given.Request, s.given.Held[0], consent.ChangeShortened, consenttest.To{Hours: 24})
		return "/wallet/v1/grants/" + s.grant() + "/change", c.Body()
	}, walletOnly("200", "404 not-found")},
	"POST /wallet/v1/grants/{id}/expired": {func(s *stage, _ as) (string, any) {
		s.clock.Add(32 * 24 * time.Hour)
		return "/wallet/v1/grants/" + s.grant() + "/expired", s.actors["this shopper"].expiry(s.given.Held[0])
	}, walletOnly("204", "404 not-found")},
	"GET /wallet/v1/reminders":           {func(*stage, as) (string, any) { return "/wallet/v1/reminders", nil }, walletOnly("200", "200")},
	"GET /wallet/v1/accesses":            {func(s *stage, _ as) (string, any) { return "/wallet/v1/accesses?grant=" + s.grant(), nil }, walletOnly("200", "200")},
	"GET /wallet/v1/messages":            {func(*stage, as) (string, any) { return "/wallet/v1/messages", nil }, walletOnly("200", "200")},
	"GET /wallet/v1/messages/{id}/proof": {func(s *stage, _ as) (string, any) { return "/wallet/v1/messages/" + s.sent.ID.String() + "/proof", nil }, walletOnly("200", "404 not-found")},
	"POST /wallet/v1/messages/{id}/read": {func(s *stage, _ as) (string, any) {
		return "/wallet/v1/messages/" + s.sent.ID.String() + "/read", map[string]any{}
	}, walletOnly("204", "404 not-found")},
	"DELETE /wallet/v1/messages/{id}": {func(s *stage, _ as) (string, any) { return "/wallet/v1/messages/" + s.sent.ID.String(), nil }, walletOnly("204", "404 not-found")},
	"GET /wallet/v1/deposits":         {func(*stage, as) (string, any) { return "/wallet/v1/deposits", nil }, walletOnly("200", "200")},
	"POST /wallet/v1/deposits/{id}": {func(s *stage, _ as) (string, any) {
		return "/wallet/v1/deposits/" + s.deposited(), map[string]any{"accept": true}
	}, walletOnly("204", "404 not-found")},
	"POST /wallet/v1/published": {func(*stage, as) (string, any) {
		return "/wallet/v1/published", map[string]any{"address": "http://issuer.example/status"}
	}, walletOnly("422 bad-status", "422 bad-status")},
	"POST /wallet/v1/rights": {func(s *stage, by as) (string, any) {
		return "/wallet/v1/rights", s.rightsBody()
	}, walletOnly("201", "404 not-found")},
	"GET /wallet/v1/rights":       {func(*stage, as) (string, any) { return "/wallet/v1/rights", nil }, walletOnly("200", "200")},
	"GET /wallet/v1/rights/{id}":  {func(s *stage, _ as) (string, any) { return "/wallet/v1/rights/" + s.demanded, nil }, walletOnly("200", "404 not-found")},
	"GET /wallet/v1/clock":        {func(*stage, as) (string, any) { return "/wallet/v1/clock", nil }, walletOnly("200", "200")},
	"PUT /wallet/v1/clock":        {func(*stage, as) (string, any) { return "/wallet/v1/clock", map[string]any{"quarters": 4} }, walletOnly("204", "204")},
	"POST /wallet/v1/erase/start": {func(*stage, as) (string, any) { return "/wallet/v1/erase/start", map[string]any{} }, walletOnly("200", "200")},
	"POST /wallet/v1/erase": {func(s *stage, by as) (string, any) {
		// Everyone comes with this shopper's confirmation.
		body, person := map[string]any{"withdraws": []string{}}, s.actors["this shopper"]
		person.confirm(person.do("POST", "/wallet/v1/erase/start", map[string]any{}), body)
		return "/wallet/v1/erase", body
	}, walletOnly("200", "409 ceremony-over")},

	"POST /business/v1/registrations": {func(s *stage, by as) (string, any) {
		shop := by.shop
		if shop == nil {
			shop = consenttest.NewShop(s.clock.Now)
		}
		_, card := shop.Card(func(c *consent.Card) { c.Iat++ })
		return "/business/v1/registrations", map[string]any{"card": card}
	}, everyone("201")},
	"POST /business/v1/requests": {func(s *stage, _ as) (string, any) {
		return "/business/v1/requests", map[string]any{"request": s.actors["this business"].shop.Request().JWS}
	}, businessOnly("201", "422 wrong-issuer")},
	"GET /business/v1/requests/{id}": {func(s *stage, _ as) (string, any) { return "/business/v1/requests/" + s.given.Request.ID.String(), nil }, boundBusiness("200", "404 not-found")},
	"POST /business/v1/templates": {func(s *stage, _ as) (string, any) {
		return "/business/v1/templates", map[string]any{"template": s.actors["this business"].shop.Template(1).JWS}
	}, businessOnly("201", "422 wrong-issuer")},
	"GET /business/v1/templates":                  {func(*stage, as) (string, any) { return "/business/v1/templates", nil }, businessOnly("200", "200")},
	"GET /business/v1/templates/{name}":           {func(s *stage, _ as) (string, any) { return "/business/v1/templates/" + s.template(), nil }, businessOnly("200", "404 not-found")},
	"GET /business/v1/templates/{name}/behind":    {func(s *stage, _ as) (string, any) { return "/business/v1/templates/" + s.template() + "/behind", nil }, businessOnly("200", "404 not-found")},
	"GET /business/v1/templates/{name}/{version}": {func(s *stage, _ as) (string, any) { return "/business/v1/templates/" + s.template() + "/1", nil }, businessOnly("200", "404 not-found")},

	"GET /business/v1/grants/{id}":    {func(s *stage, _ as) (string, any) { return "/business/v1/grants/" + s.grant(), nil }, boundBusiness("200", "404 not-found")},
	"DELETE /business/v1/grants/{id}": {func(s *stage, _ as) (string, any) { return "/business/v1/grants/" + s.grant(), nil }, businessOnly("204", "404 not-found")},
	"POST /business/v1/permits": {func(s *stage, _ as) (string, any) {
		h := s.given.Held[0]
		entry := s.actors["this business"].shop.Permit(h, consent.LogHead{})
		return "/business/v1/permits", map[string]any{"permits": []any{map[string]any{"grant": h.Grant, "entry": consent.Bytes(entry.Bytes())}}}
	}, businessOnly("200", "404 not-found")},
	"POST /business/v1/grants/{id}/countersignature": {func(s *stage, _ as) (string, any) {
		jws := s.actors["this business"].shop.Countersign(s.given.Held[0])
		return "/business/v1/grants/" + s.grant() + "/countersignature", map[string]any{"countersignature": jws}
	}, businessOnly("200", "404 not-found")},
	// The grants of the stage hang on nothing; TestALease has one that does.
	"POST /business/v1/grants/{id}/evidence": {func(s *stage, _ as) (string, any) {
		return "/business/v1/grants/" + s.grant() + "/evidence", map[string]any{"evidence": "e.y.J"}
	}, businessOnly("422 wrong-evidence", "404 not-found")},
	"POST /business/v1/grants/{id}/deposits": {func(s *stage, _ as) (string, any) {
		return "/business/v1/grants/" + s.grant() + "/deposits", map[string]any{"id": id.New[id.Deposit](), "sealed": "e.y.J.W.E"}
	}, businessOnly("201", "404 not-found")},
	"GET /business/v1/grants/{id}/deposits/{deposit}": {func(s *stage, _ as) (string, any) {
		return "/business/v1/grants/" + s.grant() + "/deposits/" + s.deposited(), nil
	}, businessOnly("200", "404 not-found")},
	"POST /business/v1/collect/due": {func(*stage, as) (string, any) {
		return "/business/v1/collect/due", map[string]any{"purpose": consenttest.Delivery, "cursor": "", "most": 10}
	}, businessOnly("200", "200")},
	"POST /business/v1/collect/stream": {func(s *stage, _ as) (string, any) {
		s.actors["this business"].permit(s.given.Held[0]).into(&struct{}{})
		return "/business/v1/collect/stream", map[string]any{"purpose": consenttest.Delivery, "cursor": "", "until": ""}
	}, businessOnly("200", "200")},
	// A suspended business holds no grant here; TestASuspendedBusiness has one that does.
	"POST /business/v1/grants/{id}/collect": {func(s *stage, _ as) (string, any) {
		s.actors["this business"].permit(s.given.Held[0]).into(&struct{}{})
		return "/business/v1/grants/" + s.grant() + "/collect", map[string]any{"attributes": []string{}}
	}, ends{"401 invalid-token", "401 invalid-token", "401 invalid-token", "200", "404 not-found", "404 not-found"}},
	"POST /business/v1/messages": {func(s *stage, _ as) (string, any) {
		return "/business/v1/messages", s.actors["this business"].shop.Message(s.given.Held[1]).Body()
	}, businessOnly("201", "404 not-found")},
	"GET /business/v1/rights":      {func(*stage, as) (string, any) { return "/business/v1/rights", nil }, boundBusiness("200", "200")},
	"GET /business/v1/rights/{id}": {func(s *stage, _ as) (string, any) { return "/business/v1/rights/" + s.demanded, nil }, boundBusiness("200", "404 not-found")},
	"POST /business/v1/rights/{id}/acknowledge": {func(s *stage, _ as) (string, any) {
		return "/business/v1/rights/" + s.demanded + "/acknowledge", map[string]any{"sealed": "a.b.c.d.e"}
	}, boundBusiness("200", "404 not-found")},
	"POST /business/v1/rights/{id}/extend": {func(s *stage, _ as) (string, any) {
		return "/business/v1/rights/" + s.demanded + "/extend", map[string]any{"sealed": "a.b.c.d.e"}
	}, boundBusiness("200", "404 not-found")},
	"POST /business/v1/rights/{id}/answer": {func(s *stage, _ as) (string, any) {
		return "/business/v1/rights/" + s.demanded + "/answer", map[string]any{"sealed": "a.b.c.d.e"}
	}, boundBusiness("200", "404 not-found")},
	"GET /business/v1/events": {func(*stage, as) (string, any) { return "/business/v1/events", nil }, boundBusiness("200", "200")},
}

// approval is what this business got, as an OAuth client, from this shopper.
func (s *stage) approval() string {
	if s.grantID == "" {
		_, got := s.actors["this shopper"].approve(s.actors["this business"])
		s.grantID = got.GrantID.String()
	}
	return s.grantID
}

// template is one that this business registered.
func (s *stage) template() string {
	if s.registered == "" {
		t := s.actors["this business"].shop.Template(1)
		if _, err := s.store.PutTemplate(s.t.Context(), t, s.clock.Now()); err != nil {
			s.t.Fatal(err)
		}
		s.registered = t.Name
	}
	return s.registered
}

// deposited is a fresh record that this business handed over.
func (s *stage) deposited() string {
	d := consentdb.Deposit{ID: id.New[id.Deposit](), Grant: s.given.Held[0].Grant, Business: s.actors["this business"].shop.DID, Sealed: "e.y.J.W.E"}
	if _, err := s.store.PutDeposit(s.t.Context(), d, s.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
	return d.ID.String()
}

func (s *stage) grant() string { return s.given.Held[0].Grant.String() }

// Every route that the router has is asked by every actor, and gets a row's answer.
func TestEveryRouteByEveryActor(t *testing.T) {
	found := 0
	err := newStage(t).router.Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		if r.GetHandler() == nil {
			return nil // a prefix
		}
		path, err := r.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := r.GetMethods()
		if err != nil {
			return fmt.Errorf("%s takes any method: %w", path, err)
		}
		for _, method := range methods {
			found++
			name := method + " " + path
			row, ok := rows[name]
			if !ok {
				t.Errorf("%s has no row", name)
				continue
			}
			t.Run(name, func(t *testing.T) {
				s := newStage(t)
				for _, i := range []int{0, 2, 4, 5, 1, 3} { // those whose it is last: they may change it
					actor := everybody[i]
					by := s.actors[actor]
					path, body := row.ask(s, by)
					got := by.do(method, path, body)
					if have := strings.TrimSpace(fmt.Sprint(got.Status, " ", got.code())); have != row.want[i] {
						t.Errorf("%s gets %s, want %s: %s", actor, have, row.want[i], got.Body)
					}
					s.sound()
				}
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != len(rows) {
		t.Errorf("%d routes and %d rows", found, len(rows))
	}
}

// What another asks about and what does not exist get the same answer.
func TestNotYoursIsNotFound(t *testing.T) {
	s := newStage(t)
	for _, c := range []struct{ actor, method, mine, nobodys string }{
		{"another shopper", "GET", "/wallet/v1/requests/" + s.given.Request.ID.String(), "/wallet/v1/requests/" + id.New[id.Request]().String()},
		{"another shopper", "GET", "/wallet/v1/grants/" + s.grant() + "/proof", "/wallet/v1/grants/" + id.New[id.Grant]().String() + "/proof"},
		{"another shopper", "DELETE", "/wallet/v1/messages/" + s.sent.ID.String(), "/wallet/v1/messages/no-id-at-all"},
		{"another business", "GET", "/business/v1/grants/" + s.grant(), "/business/v1/grants/" + id.New[id.Grant]().String()},
		{"another business", "GET", "/business/v1/requests/" + s.given.Request.ID.String(), "/business/v1/requests/" + id.New[id.Request]().String()},
	} {
		a, b := s.actors[c.actor].do(c.method, c.mine, nil), s.actors[c.actor].do(c.method, c.nobodys, nil)
		if a.Status != http.StatusNotFound || a.Status != b.Status || string(a.Body) != string(b.Body) {
			t.Errorf("%s tells them apart: %s and %s", c.mine, a.Body, b.Body)
		}
	}
	// Another shopper's lists hold nothing of this one's.
	for _, path := range []string{"/wallet/v1/grants", "/wallet/v1/accesses", "/wallet/v1/messages", "/wallet/v1/accesses?grant=" + s.grant()} {
		if r := s.actors["another shopper"].do("GET", path, nil); !strings.Contains(string(r.Body), "[]") {
			t.Errorf("%s gives another shopper %s", path, r.Body)
		}
	}
	if r := s.actors["another business"].do("GET", "/business/v1/events", nil); !strings.Contains(string(r.Body), "[]") {
		t.Errorf("another business hears %s", r.Body)
	}
}

func TestASuspendedBusiness(t *testing.T) {
	s := newStage(t)
	shop := s.actors["this business"]
	shop.permit(s.given.Held[0]).into(&struct{}{})
	if err := s.store.SetBusinessState(t.Context(), shop.shop.DID, consent.BusinessSuspended); err != nil {
		t.Fatal(err)
	}
	shop.collect(s.given.Held[0]).is(403, "business-suspended") // at once, although its token is good
	var log struct{ Accesses []struct{ Row string } }
	s.actors["this shopper"].do("GET", "/wallet/v1/accesses", nil).into(&log)
	if len(log.Accesses) != 1 || !strings.Contains(log.Accesses[0].Row, `"refused":"policy"`) {
		t.Fatalf("the shopper sees %+v", log)
	}
	// What it owes it can still do, also with a new token.
	shop.renew()
	shop.do("GET", "/business/v1/rights/"+s.demanded, nil).is(200, "")
	for _, step := range []string{"acknowledge", "extend", "answer"} {
		shop.do("POST", "/business/v1/rights/"+s.demanded+"/"+step, map[string]any{"sealed": "a.b.c.d.e"}).is(200, "")
	}
	shop.do("GET", "/business/v1/events", nil).is(200, "")
	shop.do("GET", "/business/v1/grants/"+s.grant(), nil).is(200, "")
	shop.do("GET", "/business/v1/requests/"+s.given.Request.ID.String(), nil).is(200, "")
	shop.do("DELETE", "/business/v1/grants/"+s.grant(), nil).is(403, "business-suspended")
	shop.permit(s.given.Held[0]).is(403, "business-suspended")
	var shown struct {
		Rights []struct{ Replies []struct{ Step string } }
	}
	s.actors["this shopper"].do("GET", "/wallet/v1/rights", nil).into(&shown)
	if len(shown.Rights) != 1 || len(shown.Rights[0].Replies) != 3 {
		t.Errorf("the shopper sees %+v", shown)
	}
	if err := s.store.SetBusinessState(t.Context(), shop.shop.DID, consent.BusinessActive); err != nil {
		t.Fatal(err)
	}
	shop.collect(s.given.Held[0]).is(200, "")
}

func TestAnotherPageMayNotAct(t *testing.T) {
	s := newStage(t)
	r := newRequest("POST", "/wallet/v1/grants/"+s.grant()+"/withdraw", s.actors["this shopper"].withdrawal(s.given.Held[0]))
	r.Header.Set("X-Vault", s.actors["this shopper"].shopper.Vault.String())
	r.Header.Set("Origin", "https://elsewhere.example")
	s.send(r).is(403, "wrong-origin")
	if state, err := s.ledger.Grant(t.Context(), s.given.Held[0].Entry.HandleKey); err != nil || state.Withdrawn {
		t.Fatal("another page has withdrawn a grant")
	}
}
