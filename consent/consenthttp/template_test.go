package consenthttp_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

// told is the answer to a registered version.
type told struct {
	Template      string
	Version       int
	Hash          consent.Hash
	Material      bool
	Differences   []consent.Difference
	Older, Behind int
}

func (a as) template(version int, edit ...func(*consent.Template)) (t consent.Template, out told) {
	a.t.Helper()
	t = a.shop.Template(version, edit...)
	a.do("POST", "/business/v1/templates", map[string]any{"template": t.JWS}).into(&out)
	return t, out
}

type behind struct {
	Grants []struct {
		Grant   id.Grant
		Request id.Request
		Purpose string `json:"purpose_id"`
		Version int
		Asked   *struct {
			Request id.Request
			Status  string
		}
	}
	Next string
}

func (a as) behind(name string) (out behind) {
	a.t.Helper()
	a.do("GET", "/business/v1/templates/"+name+"/behind", nil).into(&out)
	return out
}

func longer(t *consent.Template)   { t.Purposes[1].Days = 365 }
func reworded(t *consent.Template) { t.Purposes[0].Text["en"] += " Soon." }

// A version is registered once, after the one before it, and says at once whom it concerns.
func TestTemplateVersions(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	v1, said := shop.template(1)
	if said.Template != "order" || said.Version != 1 || said.Hash != v1.Hash() || said.Material || len(said.Differences) != 0 || said.Older != 0 {
		t.Fatalf("%+v", said)
	}
	d := person.shopper.Decide(shop.ask(consenttest.Repeating(v1)), consenttest.Both)
	person.answer(d).into(&struct{}{})

	v2, said := shop.template(2, reworded)
	if said.Material || len(said.Differences) != 1 || said.Older != 2 || said.Behind != 0 {
		t.Fatalf("a new wording: %+v", said)
	}
	if list := shop.behind("order"); len(list.Grants) != 0 {
		t.Fatalf("behind a new wording: %+v", list)
	}
	v3, said := shop.template(3, reworded, longer)
	if !said.Material || len(said.Differences) != 1 || said.Older != 2 || said.Behind != 1 {
		t.Fatalf("for longer: %+v", said)
	}
	list := shop.behind("order")
	if len(list.Grants) != 1 || list.Grants[0].Grant != d.Held[1].Grant || list.Grants[0].Purpose != "marketing" || list.Grants[0].Version != 1 || list.Grants[0].Asked != nil {
		t.Fatalf("behind: %+v", list)
	}

	// Again is the same; another text, a gap or another business's signature is not.
	var again told
	shop.do("POST", "/business/v1/templates", map[string]any{"template": v3.JWS}).into(&again)
	if fmt.Sprint(again) != fmt.Sprint(said) {
		t.Errorf("again: %+v", again)
	}
	for name, v := range map[string]consent.Template{
		"another text": shop.shop.Template(2), "an old version": shop.shop.Template(1, longer), "a gap": shop.shop.Template(5),
	} {
		r := shop.do("POST", "/business/v1/templates", map[string]any{"template": v.JWS})
		if r.is(409, "not-next"); string(r.Body) == "" || !strings.Contains(string(r.Body), `"next":4`) {
			t.Errorf("%s: %s", name, r.Body)
		}
	}
	w.open().do("POST", "/business/v1/templates", map[string]any{"template": v2.JWS}).is(422, "wrong-issuer")
	shop.do("POST", "/business/v1/templates", map[string]any{"template": shop.shop.Request().JWS}).is(422, "bad-signature")
	unregistered := shop.shop.Template(1, func(t *consent.Template) { t.Name, t.Purposes[0].Purpose = "care", "https://w3id.org/dpv#CustomerCare" })
	shop.do("POST", "/business/v1/templates", map[string]any{"template": unregistered.JWS}).is(422, "unregistered-purpose")

	var all struct{ Templates map[string]int }
	shop.do("GET", "/business/v1/templates", nil).into(&all)
	if len(all.Templates) != 1 || all.Templates["order"] != 3 {
		t.Errorf("%+v", all)
	}
	var one struct{ Versions []told }
	shop.do("GET", "/business/v1/templates/order", nil).into(&one)
	if len(one.Versions) != 3 || one.Versions[1].Material || !one.Versions[2].Material {
		t.Errorf("%+v", one)
	}
	var text struct{ Template string }
	shop.do("GET", "/business/v1/templates/order/2", nil).into(&text)
	if text.Template != v2.JWS {
		t.Error("another text than was registered")
	}
	for _, path := range []string{"/order/4", "/order/0", "/order/x", "/none", "/none/behind"} {
		shop.do("GET", "/business/v1/templates"+path, nil).is(404, "not-found")
	}
	w.sound()
}

// A request that names a template must say what it says.
func TestRequestRepeatsItsTemplate(t *testing.T) {
	w := newWorld(t)
	shop, other := w.open(), w.open()
	v1, _ := shop.template(1)
	shop.ask(consenttest.Repeating(v1), func(q *consent.Request) { q.Purposes = q.Purposes[:1] })
	for name, edit := range map[string]func(*consent.Request){
		"more":    func(q *consent.Request) { q.Purposes[1].Days = 365 },
		"less":    func(q *consent.Request) { q.Purposes[0].Optional = []string{} },
		"no such": func(q *consent.Request) { q.Template = &consent.TemplateRef{Name: "other", Version: 1} },
		"not yet": func(q *consent.Request) {
			q.Template = &consent.TemplateRef{Name: "order", Version: 2, Hash: v1.Hash()}
		},
		"a forged": func(q *consent.Request) { q.Template = &consent.TemplateRef{Name: "order", Version: 1} },
	} {
		q := shop.shop.Request(consenttest.Repeating(v1), edit)
		r := shop.do("POST", "/business/v1/requests", map[string]any{"request": q.JWS})
		if r.code() != "wrong-template" {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
		shop.do("GET", "/business/v1/requests/"+q.ID.String(), nil).is(404, "not-found")
	}
	stolen := other.shop.Request(consenttest.Repeating(v1))
	other.do("POST", "/business/v1/requests", map[string]any{"request": stolen.JWS}).is(422, "wrong-template")
}

// A request that replaces grants waits in their shopper's wallet, and nobody else has it.
func TestWaitingRequests(t *testing.T) {
	w := newWorld(t)
	person, stranger, shop, other := w.move(), w.move(), w.open(), w.open()
	given, theirs := person.give(shop), stranger.give(shop)
	q := shop.ask(consenttest.Replacing(consent.ReplaceMerge, given.Held[0].Grant))
	type list struct {
		Requests []struct {
			ID       id.Request
			Request  string
			Business struct{ Name string }
			Expires  consent.Unix
		}
	}
	var mine, not list
	person.do("GET", "/wallet/v1/requests", nil).into(&mine)
	stranger.do("GET", "/wallet/v1/requests", nil).into(&not)
	if len(mine.Requests) != 1 || mine.Requests[0].ID != q.ID || mine.Requests[0].Request != q.JWS || mine.Requests[0].Business.Name != "Corner Shop" || len(not.Requests) != 0 {
		t.Fatalf("%+v, %+v", mine, not)
	}
	person.do("GET", "/wallet/v1/requests/"+q.ID.String(), nil).is(200, "")
	stranger.do("GET", "/wallet/v1/requests/"+q.ID.String(), nil).is(404, "not-found")
	stranger.answer(stranger.shopper.Decide(q, consenttest.Both)).is(404, "not-found")

	person.withdraw(given.Held[1]).into(&struct{}{})
	for name, c := range map[string]struct {
		by     as
		grants []id.Grant
	}{
		"of nobody": {shop, []id.Grant{id.New[id.Grant]()}}, "another's": {other, []id.Grant{given.Held[0].Grant}},
		"two shoppers'": {shop, []id.Grant{given.Held[0].Grant, theirs.Held[0].Grant}}, "withdrawn": {shop, []id.Grant{given.Held[1].Grant}},
	} {
		r := c.by.do("POST", "/business/v1/requests", map[string]any{"request": c.by.shop.Request(consenttest.Replacing(consent.ReplaceMerge, c.grants...)).JWS})
		if r.code() != "wrong-grants" {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}

	// While the business may not act its request does not wait; nor when its time is over.
	if err := w.store.SetBusinessState(t.Context(), shop.shop.DID, consent.BusinessSuspended); err != nil {
		t.Fatal(err)
	}
	person.do("GET", "/wallet/v1/requests", nil).into(&not)
	if len(not.Requests) != 0 {
		t.Errorf("of a suspended business: %+v", not)
	}
	if err := w.store.SetBusinessState(t.Context(), shop.shop.DID, consent.BusinessActive); err != nil {
		t.Fatal(err)
	}
	w.clock.Add(24 * time.Hour)
	person.do("GET", "/wallet/v1/requests", nil).into(&not)
	if len(not.Requests) != 0 {
		t.Errorf("over: %+v", not)
	}
}

// Who polls is told when to look again: ever more seldom, and not at all once it is over.
func TestPollingAfter(t *testing.T) {
	w := newWorld(t)
	shop := w.open()
	q := shop.ask()
	for _, c := range []struct {
		pass time.Duration
		want string
	}{{0, "2"}, {time.Minute, "6"}, {9 * time.Minute, "60"}, {10 * time.Hour, "300"}, {24 * time.Hour, ""}} {
		w.clock.Add(c.pass)
		shop.renew()
		r := newRequest("GET", "/business/v1/requests/"+q.ID.String(), nil)
		r.Header.Set("Authorization", "Bearer "+w.tokens[shop.shop.DID])
		rec := httptest.NewRecorder()
		w.router.ServeHTTP(rec, r)
		if have := rec.Header().Get("Retry-After"); have != c.want || rec.Code != 200 {
			t.Errorf("after %s: %d, %q, want %q", c.pass, rec.Code, have, c.want)
		}
	}
}
