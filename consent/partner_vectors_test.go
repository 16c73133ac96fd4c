package consent_test

import (
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

// The shop of the fixture with two partners for the delivery: a carrier that the data
// goes on to, and a warehouse that asks jointly.

func partnerOf(label string, role consent.PartnerRole, attributes ...string) consent.Partner {
	return consent.Partner{DID: businessKey(label).DID, Name: "The " + label, Address: "2 Harbour Road, 20457 Hamburg", Contact: "privacy@" + label + ".example",
		Country: "DE", AgreementKey: public(agreementKey(label + " agreement")), Role: role, Attributes: attributes}
}

// partnered is the fixture with partners: what is given to the shop, to the carrier and
// to the warehouse, in this order.
type partnered struct {
	fixture
	carrier, warehouse consent.Partner
	receipts           []consent.Receipt
}

func newPartnered(t testing.TB) partnered {
	t.Helper()
	p := partnered{fixture: newFixture(t), carrier: partnerOf("carrier", consent.Onward, "name", "postal-address", "phone"), warehouse: partnerOf("warehouse", consent.Joint, "name")}
	p.request.Purposes[0].Partners = []consent.Partner{p.carrier, p.warehouse}
	p.request.JWS = must(p.shop.SignJWS(consent.TypeRequest, p.request.Payload()))
	var give []consent.Given
	first := ident[id.Grant]("grant")
	for _, to := range []struct {
		label string
		did   consent.DID
		names []string
	}{{"", "", []string{"name", "postal-address"}}, {"carrier", p.carrier.DID, []string{"name", "postal-address"}}, {"warehouse", p.warehouse.DID, []string{"name"}}} {
		terms := consent.Terms{Grant: first, Record: ident[id.Receipt]("receipt" + to.label), Shopper: p.person.DID,
			Purpose: "delivery", Attributes: to.names, Days: 31, Time: consent.UnixAt(now.Add(time.Minute))}
		by := p.person
		if to.did != "" {
			terms.Grant, terms.Partner, terms.OnwardOf = ident[id.Grant](to.label), to.did, first
			by = personKey("pairwise to " + to.label)
			terms.Shopper = by.DID
		}
		r := must(consent.NewReceipt(p.request, terms, theCatalogue(t)))
		r.JWT = must(by.SignReceipt(r))
		p.receipts = append(p.receipts, r)
		give = append(give, consent.Given{Grant: terms.Grant, Purpose: "delivery", Attributes: to.names, Days: 31,
			Entry: entry("partnered "+to.label, thisHour, 31*24), ReceiptHash: consent.HashOf(r.JWT), Partner: to.did})
	}
	nonce := p.decision.Nonce
	p.decision = consent.NewDecision(p.request, give, []string{"marketing"}, now.Add(2*time.Minute))
	p.decision.Nonce = nonce
	return p
}

func (p partnered) cosignature() string {
	return must(businessKey("warehouse").SignJWS(consent.TypeCosignature, consent.NewCosignature(p.request, p.warehouse.DID).Payload()))
}

func makePartnerRequests(t testing.TB) (out []requestCase) {
	for _, c := range []struct {
		name, expect string
		change       func(*consent.Asked)
	}{
		{"with partners", "ok", func(*consent.Asked) {}},
		{"a partner in no role", "refused bad-partner", func(a *consent.Asked) { a.Partners[0].Role = "processor" }},
		{"a partner without a name", "refused bad-partner", func(a *consent.Asked) { a.Partners[0].Name = " " }},
		{"a partner without an address", "refused bad-partner", func(a *consent.Asked) { a.Partners[0].Address = "" }},
		{"a partner without a contact", "refused bad-partner", func(a *consent.Asked) { a.Partners[0].Contact = "" }},
		{"a partner in no country", "refused bad-partner", func(a *consent.Asked) { a.Partners[1].Country = "Germany" }},
		{"a partner without a DID", "refused bad-partner", func(a *consent.Asked) { a.Partners[0].DID = "carrier" }},
		{"a partner without a key", "refused bad-key", func(a *consent.Asked) { a.Partners[0].AgreementKey.Crv = "X25519" }},
		{"a partner for nothing", "refused nothing-asked", func(a *consent.Asked) { a.Partners[0].Attributes = nil }},
		{"a partner for more than is asked", "refused over-wide", func(a *consent.Asked) { a.Partners[0].Attributes[0] = "email" }},
		{"an attribute twice for a partner", "refused duplicate", func(a *consent.Asked) { a.Partners[0].Attributes[0] = "phone" }},
		{"a partner twice", "refused duplicate", func(a *consent.Asked) { a.Partners[1].DID = a.Partners[0].DID }},
		{"its own partner", "refused duplicate", func(a *consent.Asked) { a.Partners[1].DID = businessKey("shop").DID }},
		{"nine partners", "refused malformed", func(a *consent.Asked) {
			a.Partners = nil
			for _, label := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"} {
				a.Partners = append(a.Partners, partnerOf(label, consent.Onward, "name"))
			}
		}},
	} {
		p := newPartnered(t)
		c.change(&p.request.Purposes[0])
		payload := p.request.Payload()
		made := requestCase{Name: c.name, Expect: c.expect, Audience: operator, Now: now.Unix(), JWS: must(p.shop.SignJWS(consent.TypeRequest, payload))}
		if c.expect == "ok" {
			hash := consent.HashOf(made.JWS)
			made.Signer, made.Hash, made.Payload = p.shop.DID, &hash, payload
		}
		out = append(out, made)
	}
	p := newPartnered(t)
	p.request.Purposes[1].Partners = nil
	none := edit(t, p.request.Payload(), `"weekly_cap":2`, `"weekly_cap":2,"partners":[]`)
	return append(out, requestCase{Name: "a list of no partners", Expect: "refused malformed", Audience: operator, Now: now.Unix(), JWS: must(p.shop.SignJWS(consent.TypeRequest, none))})
}

func makePartnerDecisions(t testing.TB) (out []decisionCase) {
	for _, c := range []struct {
		name, expect string
		change       func(*consent.Decision)
	}{
		{"given to partners", "ok", func(*consent.Decision) {}},
		{"an onward partner left out", "ok", func(d *consent.Decision) { d.Give = append(d.Give[:1:1], d.Give[2]) }},
		{"partners before the first", "ok", func(d *consent.Decision) { d.Give[0], d.Give[2] = d.Give[2], d.Give[0] }},
		{"a partner for less time", "ok", func(d *consent.Decision) { d.Give[1].Days, d.Give[1].Entry = 7, entry("p", thisHour, 7*24) }},
		{"a joint partner left out", "refused missing-required", func(d *consent.Decision) { d.Give = d.Give[:2] }},
		{"a partner without the first", "refused wider-than-request", func(d *consent.Decision) { d.Give, d.Refuse = d.Give[1:], []string{"marketing"} }},
		{"a partner of a refused purpose", "refused wider-than-request", func(d *consent.Decision) { d.Give, d.Refuse = d.Give[1:], []string{"marketing", "delivery"} }},
		{"another partner", "refused wider-than-request", func(d *consent.Decision) { d.Give[1].Partner = businessKey("x").DID }},
		{"more than the partner asks", "refused wider-than-request", func(d *consent.Decision) { d.Give[2].Attributes = []string{"name", "postal-address"} }},
		{"more than the first is given", "refused wider-than-request", func(d *consent.Decision) { d.Give[1].Attributes = []string{"name", "postal-address", "phone"} }},
		{"a partner without what is needed", "refused missing-required", func(d *consent.Decision) { d.Give[1].Attributes = []string{"name"} }},
		{"a channel for a partner", "refused wider-than-request", func(d *consent.Decision) { d.Give[1].Channels = []string{"wallet"} }},
		{"a partner for longer", "refused wider-than-request", func(d *consent.Decision) { d.Give[1].Days, d.Give[1].Entry = 90, entry("p", thisHour, 90*24) }},
		{"a partner that outlasts the first", "refused bad-entry", func(d *consent.Decision) { d.Give[0].Days, d.Give[0].Entry = 7, entry("p", thisHour, 7*24) }},
		{"a partner that starts later", "refused bad-entry", func(d *consent.Decision) { d.Give[1].Entry = entry("p", thisHour+1, 31*24) }},
		{"a partner that starts earlier", "refused bad-entry", func(d *consent.Decision) { d.Give[1].Entry = entry("p", thisHour-1, 31*24) }},
		{"a partner twice", "refused decided-twice", func(d *consent.Decision) {
			again := d.Give[1]
			again.Grant, again.Entry, again.ReceiptHash = ident[id.Grant]("again"), entry("again", thisHour, 31*24), consent.HashOf("again")
			d.Give = append(d.Give, again)
		}},
	} {
		p := newPartnered(t)
		d := p.decision
		c.change(&d)
		challenge := consent.Challenge(d.Bytes())
		out = append(out, decisionCase{c.name, c.expect, p.request.JWS, now.Add(3 * time.Minute).Unix(), string(d.Bytes()), challenge[:]})
	}
	return out
}

func makePartnerReceipts(t testing.TB) (out []receiptCase) {
	p := newPartnered(t)
	for i, name := range []string{"", "an onward partner's", "a joint partner's"} {
		if name == "" {
			continue
		}
		tm := terms(p.receipts[i].Terms())
		out = append(out, receiptCase{name, "ok", p.request.JWS, p.decision.Give[i], p.receipts[i].JWT,
			seed("pairwise to " + []string{"", "carrier", "warehouse"}[i]), &tm, string(p.receipts[i].Claims())})
	}
	for _, c := range []struct {
		name, code string
		change     func(*consent.Receipt, *consent.Given)
	}{
		{"a partner's as the first's", "wrong-receipt", func(_ *consent.Receipt, g *consent.Given) { g.Partner = "" }},
		{"a partner's without where it comes from", "wrong-receipt", func(r *consent.Receipt, _ *consent.Given) { r.OnwardOf, r.Partner = nil, nil }},
		{"onward of itself", "wrong-receipt", func(r *consent.Receipt, _ *consent.Given) { r.OnwardOf = &r.Grant }},
		{"onward of a joint one", "wrong-receipt", func(r *consent.Receipt, _ *consent.Given) { r.Partner.Role = consent.Joint }},
		{"with another business", "wrong-receipt", func(r *consent.Receipt, _ *consent.Given) { r.Partner.Name = "Another Shop" }},
		{"processed elsewhere", "wrong-receipt", func(r *consent.Receipt, _ *consent.Given) { r.Purposes[0].ProcessingLocations = []string{"US"} }},
		{"to a business that is no partner", "wider-than-request", func(r *consent.Receipt, g *consent.Given) {
			g.Partner = businessKey("x").DID
			r.Controllers[0].Party, r.Parties[0].ID = g.Partner, g.Partner
		}},
	} {
		p := newPartnered(t)
		r, g := p.receipts[1], p.decision.Give[1]
		c.change(&r, &g)
		jwt := must(personKey("pairwise to carrier").SignReceipt(r))
		g.ReceiptHash = consent.HashOf(jwt)
		out = append(out, receiptCase{Name: c.name, Expect: "refused " + c.code, Request: p.request.JWS, Given: g, JWT: jwt})
	}
	return out
}

type cosignatureCase struct {
	Name         string   `json:"name"`
	Expect       string   `json:"expect"`
	Request      string   `json:"request"` // JWS
	Cosignatures []string `json:"cosignatures"`
}

func makeCosignatures(t testing.TB) (out []cosignatureCase) {
	p, alone := newPartnered(t), newFixture(t)
	good := p.cosignature()
	sign := func(label, typ string, c consent.Cosignature) string {
		return must(businessKey(label).SignJWS(typ, c.Payload()))
	}
	own := consent.NewCosignature(p.request, p.warehouse.DID)
	for _, c := range []struct {
		name, expect, request string
		cosignatures          []string
	}{
		{"co-signed", "ok", p.request.JWS, []string{good}},
		{"with nobody to co-sign", "ok", alone.request.JWS, []string{}},
		{"not co-signed", "refused not-cosigned", p.request.JWS, []string{}},
		{"co-signed twice", "refused not-cosigned", p.request.JWS, []string{good, good}},
		{"by an onward partner", "refused not-cosigned", p.request.JWS, []string{sign("carrier", consent.TypeCosignature, consent.NewCosignature(p.request, p.carrier.DID))}},
		{"by nobody who was asked", "refused not-cosigned", alone.request.JWS, []string{good}},
		{"of another request", "refused wrong-request", p.request.JWS, []string{sign("warehouse", consent.TypeCosignature, consent.NewCosignature(alone.request, p.warehouse.DID))}},
		{"in another's name", "refused wrong-issuer", p.request.JWS, []string{sign("carrier", consent.TypeCosignature, own)}},
		{"signed as a request", "refused bad-signature", p.request.JWS, []string{sign("warehouse", consent.TypeRequest, own)}},
		{"truncated", "refused bad-signature", p.request.JWS, []string{good[:len(good)-3]}},
		{"an unknown key", "refused malformed", p.request.JWS, []string{must(businessKey("warehouse").SignJWS(consent.TypeCosignature, edit(t, own.Payload(), `"v":1`, `"v":1,"w":1`)))}},
		{"later version", "refused wrong-version", p.request.JWS, []string{must(businessKey("warehouse").SignJWS(consent.TypeCosignature, edit(t, own.Payload(), `"v":1`, `"v":2`)))}},
	} {
		out = append(out, cosignatureCase{c.name, c.expect, c.request, c.cosignatures})
	}
	return out
}

func TestPartnerVectors(t *testing.T) {
	judge(t, "cosignature.json", makeCosignatures(t), func(c cosignatureCase) (string, string, error) {
		return c.Name, c.Expect, openAny(t, c.Request).Cosigned(t.Context(), signatures, c.Cosignatures)
	})
}

// A receipt says under which grant it stands, and its end says so too.
func TestPartnerReceiptKeepsItsPlace(t *testing.T) {
	p := newPartnered(t)
	first, carrier := p.receipts[0], p.receipts[1]
	if err := carrier.Under(first.Grant); err != nil {
		t.Fatal(err)
	}
	code(t, carrier.Under(id.Grant{}), consent.WrongReceipt)
	code(t, carrier.Under(carrier.Grant), consent.WrongReceipt)
	code(t, first.Under(first.Grant), consent.WrongReceipt)
	if err := first.Under(id.Grant{}); err != nil {
		t.Fatal(err)
	}
	end := carrier.Withdrawal(ident[id.Receipt]("end"), consent.UnixAt(now.Add(time.Hour)))
	if err := end.Ends(carrier); err != nil {
		t.Fatal(err)
	}
	end.OnwardOf, end.Partner = nil, nil
	code(t, end.Ends(carrier), consent.WrongReceipt)
	_, err := consent.ParseReceipt(end.Claims(), end.ID)
	if err != nil {
		t.Fatal(err)
	}
	end.OnwardOf = &first.Grant
	_, err = consent.ParseReceipt(end.Claims(), end.ID)
	code(t, err, consent.Malformed)
}

// What stands for a partner of the request is what it asks, and nothing that is only
// the first business's.
func TestRequestForAPartner(t *testing.T) {
	p := newPartnered(t)
	asked := p.request.For(p.warehouse.DID)
	if len(asked) != 1 || len(asked[0].Required) != 1 || asked[0].Required[0] != "name" || len(asked[0].Optional)+len(asked[0].Recipients)+len(asked[0].Partners) != 0 {
		t.Fatalf("%+v", asked)
	}
	if p.request.Names(p.shop.DID) || !p.request.Names(p.carrier.DID) || p.request.Names("") {
		t.Fatal("names the wrong ones")
	}
	if joint := p.request.Joint(); len(joint) != 1 || joint[0] != p.warehouse.DID {
		t.Fatal(joint)
	}
}

// Rights are told apart by who has them: what a partner may is not what the first may.
func TestRightsOfPartners(t *testing.T) {
	p := newPartnered(t)
	asked, given := p.request.Rights(), p.decision.Rights()
	own := consent.Right{Purpose: "delivery", Partner: p.warehouse.DID, Attribute: "name"}
	if asked[own] != 31*24 || given[own] != 31*24 || len(given) != 2+2+1 {
		t.Fatalf("asked %v, given %v", asked, given)
	}
	own.Attribute = "postal-address"
	if asked[own] != 0 {
		t.Fatal("a partner may what only the first asks")
	}
}
