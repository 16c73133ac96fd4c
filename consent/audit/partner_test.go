package audit

import (
	"crypto/ecdh"
	"testing"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// partnered writes the trail of a business that a shop's request names as a partner:
// the shop's request, and the partner's own grant under the shop's.
func partnered(t testing.TB, role consent.PartnerRole, edit func(*Request, *terms)) Report {
	w := newWorld(t)
	partner := w.business("partner")
	key, err := ecdh.P256().NewPrivateKey(seed("agreement"))
	key = must(w, key, err)
	q := w.ask("first")
	w.lines = w.lines[:1]
	w.lines[0] = Head{Business: partner.DID, Chain: chain, Operator: aud, Created: consent.UnixAt(w.now)}
	q.Purposes[0].Partners = []consent.Partner{{DID: partner.DID, Name: "Partner", Address: "2 High Street", Contact: "privacy@partner.example",
		Country: "NL", AgreementKey: consent.NewAgreementKey(key.PublicKey()), Role: role, Attributes: []string{"name"}}}
	jws, err := w.shop.SignJWS(consent.TypeRequest, q.Payload())
	q.JWS = must(w, jws, err)
	l := Request{JWS: q.JWS}
	if role == consent.Joint {
		l.Cosignatures = []string{cosign(w, partner, q)}
	}
	first := w.sign(q, terms{name: "first", purpose: "delivery", attributes: []string{"name"}, days: 31})
	own := terms{name: "onward", purpose: "delivery", attributes: []string{"name"}, days: 31, partner: partner.DID, onwardOf: first.id}
	if edit != nil {
		edit(&l, &own)
	}
	w.add(l)
	g := w.give(q, own)
	w.add(w.countersign(g, partner))
	w.collect(g, "name")
	return w.audit(w.trail(w.lines...))
}

func cosign(w *world, by agent.Signer, q consent.Request) string {
	jws, err := by.SignJWS(consent.TypeCosignature, consent.NewCosignature(q, by.DID).Payload())
	return must(w, jws, err)
}

func TestAPartnersTrailStandsAlone(t *testing.T) {
	for _, role := range []consent.PartnerRole{consent.Onward, consent.Joint} {
		if r := partnered(t, role, nil); !r.Clean() || r.Counts.Grants != 1 || r.Counts.Collections != 1 || r.Counts.Countersigned != 1 {
			t.Errorf("%s: %s", role, r.Text())
		}
	}
}

func TestAPartnersTrailIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		role consent.PartnerRole
		edit func(*Request, *terms)
		want Kind
	}{
		"not co-signed":           {consent.Joint, func(l *Request, _ *terms) { l.Cosignatures = nil }, RequestInvalid},
		"co-signed by none asked": {consent.Onward, func(l *Request, _ *terms) { l.Cosignatures = []string{"a.b.c"} }, RequestInvalid},
		"under nothing": {consent.Onward, func(_ *Request, own *terms) {
			own.change = func(r *consent.Receipt) { r.OnwardOf, r.Partner = nil, nil }
		}, ReceiptMismatch},
		"in another role": {consent.Onward, func(_ *Request, own *terms) {
			own.change = func(r *consent.Receipt) { r.Partner.Role = consent.Joint }
		}, ReceiptMismatch},
		"to the shop": {consent.Onward, func(_ *Request, own *terms) { own.partner, own.onwardOf = "", id.Grant{} }, ReceiptMismatch},
	} {
		r := partnered(t, c.role, c.edit)
		if len(r.Findings) == 0 || r.Findings[0].Kind != c.want {
			t.Errorf("%s: want %s: %s", name, c.want, r.Text())
		}
	}
}

// A request that names partners is in no other business's trail.
func TestARequestOfOthersIsFound(t *testing.T) {
	w := newWorld(t)
	key, err := ecdh.P256().NewPrivateKey(seed("agreement"))
	key = must(w, key, err)
	q := w.ask("first")
	w.lines = w.lines[:1]
	w.lines[0] = Head{Business: w.business("stranger").DID, Chain: chain, Operator: aud, Created: consent.UnixAt(w.now)}
	q.Purposes[0].Partners = []consent.Partner{{DID: w.business("partner").DID, Name: "Partner", Address: "2 High Street", Contact: "privacy@partner.example",
		Country: "NL", AgreementKey: consent.NewAgreementKey(key.PublicKey()), Role: consent.Onward, Attributes: []string{"name"}}}
	jws, err := w.shop.SignJWS(consent.TypeRequest, q.Payload())
	q.JWS = must(w, jws, err)
	w.add(Request{JWS: q.JWS})
	w.give(q, terms{name: "theirs", purpose: "delivery", attributes: []string{"name"}, days: 31})
	if r := w.audit(w.trail(w.lines...)); len(r.Findings) == 0 || r.Findings[0].Kind != RequestInvalid {
		t.Error(r.Text())
	}
}
