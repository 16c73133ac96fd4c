package consenthttp_test

import (
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consenttest"
)

func TestACountersignature(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	d := person.give(shop)
	h, other := d.Held[0], d.Held[1]
	path := "/business/v1/grants/" + h.Grant.String() + "/countersignature"
	post := func(jws string) reply {
		return shop.do("POST", path, map[string]any{"countersignature": jws})
	}
	seen := func() (jws string) {
		var all struct {
			Grants []struct{ Grant, Countersignature string }
		}
		person.do("GET", "/wallet/v1/grants", nil).into(&all)
		for _, g := range all.Grants {
			if g.Grant == h.Grant.String() {
				return g.Countersignature
			}
		}
		t.Fatal("the grant is gone")
		return ""
	}
	post("").is(422, "bad-signature")
	post(shop.shop.Countersign(other)).is(422, "wrong-receipt")
	post(shop.shop.Countersign(h, func(c *consent.Countersignature) { c.ReceiptHash = consent.HashOf("x") })).is(422, "wrong-receipt")
	post(shop.shop.Countersign(h, func(c *consent.Countersignature) { c.Time += 3600 })).is(422, "not-yet")
	post(w.open().shop.Countersign(h)).is(422, "wrong-issuer")
	shop.do("POST", path, map[string]any{"countersignature": "x", "more": 1}).is(400, "invalid")
	if got := seen(); got != "" {
		t.Fatalf("what was refused is kept: %s", got)
	}

	first := shop.shop.Countersign(h)
	var stands struct{ Countersignature string }
	post(first).into(&stands)
	if stands.Countersignature != first || seen() != first {
		t.Fatal("it does not stand")
	}
	w.clock.Add(time.Minute)
	post(first).into(&stands) // the answer was lost
	post(shop.shop.Countersign(h)).into(&stands)
	if stands.Countersignature != first || seen() != first {
		t.Fatal("the first does not stand")
	}
	w.sound()

	// Before the grant takes effect, the business has no receipt to answer.
	w.ledger.Down(true)
	waiting := person.shopper.Decide(shop.ask(), consenttest.Both)
	person.answer(waiting).into(&struct{}{})
	shop.do("POST", "/business/v1/grants/"+waiting.Held[0].Grant.String()+"/countersignature",
		map[string]any{"countersignature": shop.shop.Countersign(waiting.Held[0])}).is(403, "not-anchored")
}
