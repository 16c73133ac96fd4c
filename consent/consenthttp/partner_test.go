package consenthttp_test

import (
	"fmt"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/consenttest"
	"coffer/internal/sqldb"
)

// delivered is a shop whose delivery a carrier gets onward and a warehouse jointly,
// given by a person.
type delivered struct {
	*world
	shop, carrier, warehouse, person as
	request                          consent.Request
	answer                           *consenttest.Answer
	first, on, joint                 *consenttest.Held
}

func newDelivered(t *testing.T) *delivered {
	w := newWorld(t)
	d := &delivered{world: w, shop: w.open(), carrier: w.open(), warehouse: w.open(), person: w.move()}
	d.request = d.asks()
	d.push(d.request, d.warehouse.shop.Cosign(d.request)).is(201, "")
	d.answer = d.person.shopper.Decide(d.request, consenttest.Both)
	d.person.answer(d.answer).is(200, "")
	d.first, d.on, d.joint = d.answer.Held[0], d.answer.Held[1], d.answer.Held[2]
	return d
}

func (d *delivered) asks(edit ...func(*consent.Request)) consent.Request {
	return d.shop.shop.Request(append([]func(*consent.Request){func(q *consent.Request) {
		q.Purposes[0].Partners = []consent.Partner{
			d.carrier.shop.Partner(consent.Onward, "name", "postal-address"), d.warehouse.shop.Partner(consent.Joint, "name"),
		}
	}}, edit...)...)
}

func (d *delivered) push(q consent.Request, cosignatures ...string) reply {
	return d.shop.do("POST", "/business/v1/requests", map[string]any{"request": q.JWS, "cosignatures": cosignatures})
}

func TestAJointRequestIsCosigned(t *testing.T) {
	d := newDelivered(t)
	q := d.asks()
	good := d.warehouse.shop.Cosign(q)
	d.push(q).is(422, "not-cosigned")
	d.push(q, d.carrier.shop.Cosign(q)).is(422, "not-cosigned")
	d.push(q, d.warehouse.shop.Cosign(d.request)).is(422, "wrong-request")
	d.push(q, good[:len(good)-2]).is(422, "bad-signature")
	d.push(q, good, good).is(422, "not-cosigned")
	d.push(q, good).is(201, "")
	d.push(d.shop.shop.Request(), good).is(422, "not-cosigned") // nobody asks jointly there
	stranger := consenttest.NewShop(d.clock.Now)
	q = d.asks(func(q *consent.Request) { q.Purposes[0].Partners[0] = stranger.Partner(consent.Onward, "name") })
	d.push(q, d.warehouse.shop.Cosign(q)).is(422, "unknown-partner")

	// The wallet gets what it needs to verify the same.
	var seen struct {
		Cosignatures []string
		Partners     []struct {
			DID   consent.DID
			State consent.BusinessState
		}
	}
	d.person.do("GET", "/wallet/v1/requests/"+d.request.ID.String(), nil).into(&seen)
	if len(seen.Cosignatures) != 1 || len(seen.Partners) != 2 || seen.Partners[0].DID != d.carrier.shop.DID || seen.Partners[1].State != consent.BusinessActive {
		t.Errorf("the wallet sees %+v", seen)
	}
}

func TestEachPartnerCollectsUnderItsOwnPermit(t *testing.T) {
	d := newDelivered(t)
	for _, c := range []struct {
		by as
		h  *consenttest.Held
	}{{d.shop, d.first}, {d.carrier, d.on}, {d.warehouse, d.joint}} {
		c.by.collect(c.h).is(403, "no-permit")
		c.by.permit(c.h).is(200, "")
		c.by.collect(c.h).is(200, "")
	}
	d.carrier.collect(d.on, "phone").is(403, "not-covered")
	d.carrier.collect(d.first).is(404, "not-found")
	d.shop.collect(d.on).is(404, "not-found")
	d.carrier.do("POST", "/business/v1/grants/"+d.on.Grant.String()+"/countersignature",
		map[string]any{"countersignature": d.carrier.shop.Countersign(d.on)}).is(200, "")

	d.person.withdraw(d.on).is(200, "")
	d.carrier.collect(d.on).is(403, "withdrawn")
	d.warehouse.collect(d.joint).is(200, "")
	body := d.person.withdrawal(d.first)
	end := d.person.withdrawal(d.joint)
	end["grant"] = d.joint.Grant
	body["partners"] = []any{end}
	wrong := d.person.withdrawal(d.first)
	wrong["partners"] = []any{map[string]any{"grant": d.joint.Grant, "entry": end["entry"], "receipt": d.first.Receipt.JWT}}
	path := "/wallet/v1/grants/" + d.first.Grant.String() + "/withdraw"
	d.person.do("POST", path, wrong).is(422, "wrong-receipt")
	wrong["partners"] = []any{map[string]any{"grant": d.answer.Held[3].Grant, "entry": end["entry"], "receipt": end["receipt"]}}
	d.person.do("POST", path, wrong).is(404, "not-found")
	d.person.do("POST", path, body).is(200, "")
	d.warehouse.collect(d.joint).is(403, "withdrawn")
	d.sound()
}

// What the shopper decided for a partner is held to the request, to the policy as that
// partner, and to the receipt that names the grant above it.
func TestGivingToPartnersIsRefused(t *testing.T) {
	d := newDelivered(t)
	try := func(edit func(*consenttest.Answer)) reply {
		q := d.asks()
		d.push(q, d.warehouse.shop.Cosign(q)).is(201, "")
		a := d.person.shopper.Decide(q, consenttest.Both)
		edit(a)
		return d.person.answer(a.Seal())
	}
	try(func(a *consenttest.Answer) { a.Held = append(a.Held[:2:2], a.Held[3]) }).is(422, "missing-required") // without the joint one
	try(func(a *consenttest.Answer) {
		h := a.Held[1]
		other := a.Held[3].Grant
		h.Receipt.OnwardOf = &other
		d.person.shopper.Sign(h, h.Entry.Start)
	}).is(422, "wrong-receipt")
	try(func(a *consenttest.Answer) { a.Held = append(a.Held[:1:1], a.Held[2], a.Held[3]) }).is(200, "")
	_, card := d.carrier.shop.Card(func(c *consent.Card) { c.Iat++; c.Purposes = []string{consenttest.Marketing} })
	q := d.asks()
	d.push(q, d.warehouse.shop.Cosign(q)).is(201, "")
	d.carrier.do("POST", "/business/v1/registrations", map[string]any{"card": card}).is(201, "")
	d.person.answer(d.person.shopper.Decide(q, consenttest.Both)).is(403, "policy") // the carrier gave the purpose up since
	d.sound()
}

// A partner sees its own grants and the text of the request; of what the shopper said
// to others, nothing.
func TestWhatAPartnerSees(t *testing.T) {
	d := newDelivered(t)
	type outcomes struct {
		Request      string
		Cosignatures []string
		Purposes     []struct {
			ID       string
			Grant    string
			OnwardOf string `json:"onward_of"`
			Partners []struct{ DID, Outcome, Grant string }
		}
	}
	path := "/business/v1/requests/" + d.request.ID.String()
	var shop, carrier outcomes
	d.shop.do("GET", path, nil).into(&shop)
	d.carrier.do("GET", path, nil).into(&carrier)
	if len(shop.Purposes) != 2 || shop.Request != "" || len(shop.Purposes[0].Partners) != 2 || shop.Purposes[0].Partners[0].Grant != d.on.Grant.String() {
		t.Errorf("the shop sees %+v", shop)
	}
	if len(carrier.Purposes) != 1 || carrier.Purposes[0].Grant != d.on.Grant.String() || carrier.Purposes[0].OnwardOf != d.first.Grant.String() ||
		carrier.Request != d.request.JWS || len(carrier.Cosignatures) != 1 {
		t.Errorf("the carrier sees %+v", carrier)
	}
	stranger := d.open()
	stranger.do("GET", path, nil).is(404, "not-found")
	var grant map[string]any
	d.carrier.do("GET", "/business/v1/grants/"+d.on.Grant.String(), nil).into(&grant)
	if grant["onward_of"] != d.first.Grant.String() || grant["letter"] == "" {
		t.Errorf("the carrier's grant is %v", grant)
	}
	d.carrier.do("GET", "/business/v1/grants/"+d.joint.Grant.String(), nil).is(404, "not-found")
	var wallet struct {
		Grants []struct {
			Grant    string
			OnwardOf string `json:"onward_of"`
			Business struct{ DID consent.DID }
		}
	}
	d.person.do("GET", "/wallet/v1/grants", nil).into(&wallet)
	under := 0
	for _, g := range wallet.Grants {
		if g.OnwardOf == d.first.Grant.String() && g.Business.DID != d.shop.shop.DID {
			under++
		}
	}
	if len(wallet.Grants) != 4 || under != 2 {
		t.Errorf("the wallet sees %+v", wallet)
	}
}

// On every route of businesses a partner gets what any other business gets with the
// first one's ids; only the request itself it may read.
func TestAPartnerOnEveryRoute(t *testing.T) {
	seen := 0
	for route, row := range rows {
		if !strings.Contains(route, " /business/v1/") {
			continue
		}
		seen++
		t.Run(route, func(t *testing.T) {
			s := newStage(t)
			shop, partner, person := s.actors["this business"], s.actors["another business"], s.actors["this shopper"]
			q := shop.ask(func(q *consent.Request) {
				q.Purposes[0].Partners = []consent.Partner{partner.shop.Partner(consent.Onward, "name")}
			})
			a := person.shopper.Decide(q, consenttest.Both)
			person.answer(a).is(200, "")
			a.Held = append(a.Held[:1:1], a.Held[2:]...) // the first's two, as the rows expect
			s.given = a
			s.sent = shop.shop.Message(a.Held[1])
			shop.do("POST", "/business/v1/messages", s.sent.Body()).is(201, "")
			s.demanded = person.demand(shop, a.Held[0].Grant)
			path, body := row.ask(s, partner)
			method, _, _ := strings.Cut(route, " ")
			want := row.want[4]
			if route == "GET /business/v1/requests/{id}" {
				want = "200"
			}
			r := partner.do(method, path, body)
			if have := strings.TrimSpace(fmt.Sprint(r.Status, " ", r.code())); have != want {
				t.Errorf("got %s, want %s: %s", have, want, r.Body)
			}
		})
	}
	if seen < 15 {
		t.Errorf("only %d routes", seen)
	}
}

// A pushed request is co-signed too, and its approval is the first business's alone: a
// partner collects with a token of its own.
func TestPartnersOfAPushedRequest(t *testing.T) {
	d := newDelivered(t)
	q := d.shop.shop.Request(func(q *consent.Request) {
		q.Purposes[0].Partners = []consent.Partner{d.carrier.shop.Partner(consent.Onward, "name")}
	})
	a, got := d.person.approveOf(d.shop, q)
	if len(got.Details) != 1 || len(got.Details[0].Grants) != 2 {
		t.Errorf("the approval is %+v", got.Details)
	}
	on := a.Held[1]
	d.carrier.permit(on).is(200, "")
	d.carrier.collect(on).is(200, "")
	joint := d.asks()
	if r := d.shop.push(joint); r.Status != 400 || !strings.Contains(string(r.Body), "not-cosigned") {
		t.Errorf("pushed without a co-signature: %d %s", r.Status, r.Body)
	}
	d.shop.push(joint, d.warehouse.shop.Cosign(joint)).is(201, "")
	d.sound()
}

// A joint request whose co-signatures are gone when the shopper decides gives nothing:
// they are held against it again then, and not only when it comes.
func TestADecisionWantsTheCosignatures(t *testing.T) {
	d := newDelivered(t)
	q := d.asks()
	d.push(q, d.warehouse.shop.Cosign(q)).is(201, "")
	person := d.move()
	decided := person.shopper.Decide(q, consenttest.Both).Body()["decision"]
	keep := func(cosignatures string) {
		err := d.db.Write(t.Context(), func(tx sqldb.Tx) error {
			_, err := tx.ExecContext(t.Context(), "UPDATE request SET cosignatures = $1 WHERE request_id = $2", cosignatures, q.ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	keep("[]")
	person.do("POST", "/wallet/v1/decisions/start", map[string]any{"decision": decided}).is(422, "not-cosigned")
	keep(`["` + d.warehouse.shop.Cosign(d.request) + `"]`)
	person.do("POST", "/wallet/v1/decisions/start", map[string]any{"decision": decided}).is(422, "wrong-request")
	keep(`["` + d.warehouse.shop.Cosign(q) + `"]`)
	person.do("POST", "/wallet/v1/decisions/start", map[string]any{"decision": decided}).is(200, "")
}
