package consenthttp_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
)

// rightsBody demands something anew of this business, about this shopper's grants.
func (s *stage) rightsBody() map[string]any {
	return rightsBody(s.actors["this business"].shop.DID, s.given.Held[0].Grant)
}

// rightsBody is a rights request as the operator sees it: sealed is any text.
func rightsBody(to consent.DID, about ...id.Grant) map[string]any {
	return map[string]any{"rights": id.New[id.Rights](), "business": to, "grants": about, "sealed": "sealed.to.the.business." + consent.NewNonce().String(),
		"documents": map[string]any{"puts": []any{}}}
}

// demand sends a rights request and returns its id.
func (a as) demand(to as, about ...id.Grant) string {
	a.t.Helper()
	body := rightsBody(to.shop.DID, about...)
	a.do("POST", "/wallet/v1/rights", body).into(&struct{}{})
	return fmt.Sprint(body["rights"])
}

type shownRights struct {
	Rights                                 string
	Sealed                                 string
	Sent, Acknowledged, Extended, Answered consent.Unix
	Replies                                []struct {
		Step, Sealed string
		Received     consent.Unix
	}
}

// The whole way of a rights request: sent, heard of, acknowledged, extended, answered;
// every moment is the operator's.
func TestRights(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	held := person.give(shop).Held
	body := rightsBody(shop.shop.DID, held[0].Grant, held[1].Grant)
	sent := w.clock.Now()
	person.do("POST", "/wallet/v1/rights", body).is(201, "")

	var events struct {
		Events []struct{ Type, Grant string }
	}
	shop.do("GET", "/business/v1/events", nil).into(&events)
	if last := events.Events[len(events.Events)-1]; last.Type != "rights-request" || last.Grant != held[1].Grant.String() {
		t.Fatalf("the business hears %+v", last)
	}
	path := "/business/v1/rights/" + fmt.Sprint(body["rights"])
	var one shownRights
	shop.do("GET", path, nil).into(&one)
	if one.Sealed != body["sealed"] || one.Sent != consent.UnixAt(sent) || one.Acknowledged+one.Extended+one.Answered != 0 {
		t.Fatalf("the business reads %+v", one)
	}
	for i, step := range []string{"acknowledge", "extend", "answer"} {
		w.clock.Add(24 * time.Hour)
		shop.renew()
		reply := map[string]any{"sealed": "reply." + step}
		shop.do("POST", path+"/"+step, reply).is(200, "")
		w.clock.Add(time.Hour)
		shop.renew()
		shop.do("POST", path+"/"+step, reply).is(200, "") // again: the first one's moment counts
		var mine shownRights
		person.do("GET", "/wallet/v1/rights/"+fmt.Sprint(body["rights"]), nil).into(&mine)
		if len(mine.Replies) != i+1 || mine.Replies[i].Sealed != "reply."+step || mine.Replies[i].Received != consent.UnixAt(w.clock.Now().Add(-time.Hour)) {
			t.Fatalf("after %s the shopper sees %+v", step, mine)
		}
		want := [...]string{"replayed", "replayed", "already-answered"}[i]
		shop.do("POST", path+"/"+step, map[string]any{"sealed": "another"}).is(409, want)
	}
	shop.do("POST", path+"/extend", map[string]any{"sealed": "late"}).is(409, "replayed")
	w.sound()
}

func TestAnswerEndsIt(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	path := "/business/v1/rights/" + person.demand(shop, person.give(shop).Held[0].Grant)
	shop.do("POST", path+"/answer", map[string]any{"sealed": "done"}).is(200, "")
	shop.do("POST", path+"/acknowledge", map[string]any{"sealed": "late"}).is(409, "already-answered")
}

// Sending it again, as after a lost answer, sends it once.
func TestRightsAreSentOnce(t *testing.T) {
	w := newWorld(t)
	person, shop, other := w.move(), w.open(), w.move()
	held := person.give(shop).Held
	body := rightsBody(shop.shop.DID, held[0].Grant)
	var first, second struct{ Sent consent.Unix }
	person.do("POST", "/wallet/v1/rights", body).into(&first)
	w.clock.Add(time.Minute)
	person.do("POST", "/wallet/v1/rights", body).into(&second)
	if first != second {
		t.Fatalf("the clock starts twice: %v, %v", first, second)
	}
	var list struct{ Rights []shownRights }
	shop.do("GET", "/business/v1/rights", nil).into(&list)
	if len(list.Rights) != 1 || list.Rights[0].Sealed != "" {
		t.Fatalf("the business has %+v", list)
	}
	changed := rightsBody(shop.shop.DID, held[0].Grant)
	changed["rights"] = body["rights"]
	person.do("POST", "/wallet/v1/rights", changed).is(409, "replayed")
	mine := rightsBody(shop.shop.DID, other.give(shop).Held[0].Grant)
	mine["rights"] = body["rights"]
	other.do("POST", "/wallet/v1/rights", mine).is(409, "replayed")
	mine["sealed"] = body["sealed"] // whoever saw it learns nothing by sending it
	other.do("POST", "/wallet/v1/rights", mine).is(409, "replayed")
}

// A shopper demands of a business that holds, or held, a grant of theirs, and of no
// other; which of these it was, nobody learns.
func TestRightsNeedAGrant(t *testing.T) {
	w := newWorld(t)
	person, shop, stranger, other := w.move(), w.open(), w.open(), w.move()
	held := person.give(shop).Held
	theirs := other.give(shop).Held
	for name, body := range map[string]map[string]any{
		"of another business":        rightsBody(stranger.shop.DID, held[0].Grant),
		"about another's grant":      rightsBody(shop.shop.DID, theirs[0].Grant),
		"about one's own and theirs": rightsBody(shop.shop.DID, held[0].Grant, theirs[0].Grant),
		"about a grant of nobody":    rightsBody(shop.shop.DID, id.New[id.Grant]()),
	} {
		if r := person.do("POST", "/wallet/v1/rights", body); r.Status != 404 || r.code() != "not-found" {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
	person.do("POST", "/wallet/v1/rights", rightsBody(shop.shop.DID)).is(400, "malformed")
	long := rightsBody(shop.shop.DID, held[0].Grant)
	long["sealed"] = strings.Repeat("x", 2*consent.MaxRights+1)
	person.do("POST", "/wallet/v1/rights", long).is(400, "malformed")

	// Withdrawing does not end the shopper's rights.
	person.withdraw(held[0]).is(200, "")
	person.do("POST", "/wallet/v1/rights", rightsBody(shop.shop.DID, held[0].Grant)).is(201, "")
}

func TestTooManyRights(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	g := person.give(shop).Held[0].Grant
	first := person.demand(shop, g)
	for range 19 {
		person.demand(shop, g)
	}
	person.do("POST", "/wallet/v1/rights", rightsBody(shop.shop.DID, g)).is(429, "too-many")
	shop.do("POST", "/business/v1/rights/"+first+"/answer", map[string]any{"sealed": "done"}).is(200, "")
	person.do("POST", "/wallet/v1/rights", rightsBody(shop.shop.DID, g)).is(201, "")
}

// A list longer than a page is read whole, in the order in which it was sent.
func TestRightsByPage(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	g := person.give(shop).Held[0].Grant
	for i := range 103 {
		if i%3 == 0 {
			w.clock.Add(time.Second)
		}
		name := person.demand(shop, g)
		if i%19 != 0 {
			shop.do("POST", "/business/v1/rights/"+name+"/answer", map[string]any{"sealed": "done"}).is(200, "")
		}
	}
	seen, after := map[string]bool{}, ""
	var last consent.Unix
	for pages := 0; ; pages++ {
		var page struct {
			Rights []shownRights
			Next   string
		}
		shop.do("GET", "/business/v1/rights?after="+after, nil).into(&page)
		for _, r := range page.Rights {
			if seen[r.Rights] || r.Sent < last {
				t.Fatal("a request twice, or out of order")
			}
			seen[r.Rights], last = true, r.Sent
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 103 {
		t.Fatalf("%d of 103", len(seen))
	}
	shop.do("GET", "/business/v1/rights?after=nonsense", nil).is(400, "malformed")
}

// With the vault every rights request goes, and its replies; the business gets not
// found, as for one that never was.
func TestRightsAreErased(t *testing.T) {
	w := newWorld(t)
	person, shop := w.move(), w.open()
	name := person.demand(shop, person.give(shop).Held[0].Grant)
	path := "/business/v1/rights/" + name
	shop.do("POST", path+"/acknowledge", map[string]any{"sealed": "taken"}).is(200, "")
	if _, err := w.store.Erase(t.Context(), person.shopper.Vault, nil, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	gone, never := shop.do("GET", path, nil), shop.do("GET", "/business/v1/rights/"+id.New[id.Rights]().String(), nil)
	if gone.Status != 404 || !bytes.Equal(gone.Body, never.Body) {
		t.Fatalf("erased: %d %s", gone.Status, gone.Body)
	}
	shop.do("POST", path+"/answer", map[string]any{"sealed": "too late"}).is(404, "not-found")
	var list struct{ Rights []shownRights }
	shop.do("GET", "/business/v1/rights", nil).into(&list)
	all, err := w.store.RightsTo(t.Context(), shop.shop.DID, consentdb.RightsCursor{}, 10)
	if err != nil || len(all) != 0 || len(list.Rights) != 0 {
		t.Fatalf("left: %v, %v", all, err)
	}
}
