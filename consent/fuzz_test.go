package consent_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// One property for every parser: what it accepts can be written, read again, and
// written to the same bytes.
func again[T any](t *testing.T, in []byte, parse func([]byte) (T, error), write func(T) []byte) {
	t.Helper()
	v, err := parse(in)
	if err != nil {
		if consent.CodeOf(err) == "" {
			t.Fatalf("refused without a code: %v", err)
		}
		return
	}
	first := write(v)
	v, err = parse(first)
	if err != nil {
		t.Fatalf("does not read what it wrote: %v", err)
	}
	if !bytes.Equal(write(v), first) {
		t.Fatal("writes one thing in two ways")
	}
}

func FuzzRequest(f *testing.F) {
	x := newFixture(f)
	r := rules(f)
	f.Add(x.request.Payload())
	f.Add(newPartnered(f).request.Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.Request, error) { return consent.ParseRequest(b, r) }, consent.Request.Payload)
	})
}

func FuzzDecision(f *testing.F) {
	x := newFixture(f)
	p := newPartnered(f)
	f.Add(x.decision.Bytes())
	f.Add(p.decision.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, consent.ParseDecision, consent.Decision.Bytes)
		// Whatever is accepted and Within gives no right that was not asked.
		for _, q := range []consent.Request{x.request, p.request} {
			if d, err := consent.ParseDecision(in); err == nil && d.Within(q) == nil {
				if right, beyond := d.Rights().Beyond(q.Rights()); beyond {
					t.Fatalf("wider: %v", right)
				}
			}
		}
	})
}

func FuzzReceipt(f *testing.F) {
	x := newFixture(f)
	f.Add(x.receipt.Claims())
	q := newPartnered(f).request
	f.Add(newPartnered(f).receipts[1].Claims())
	f.Fuzz(func(t *testing.T, in []byte) {
		parse := func(b []byte) (consent.Receipt, error) { return consent.ParseReceipt(b, x.person.DID) }
		again(t, in, parse, consent.Receipt.Claims)
		if r, err := parse(in); err == nil {
			r.Repeats(x.request, nil) // must not panic on whatever was accepted
			r.Repeats(q, nil)
			r.Withdrawal(ident[id.Receipt]("w"), 1).Ends(r)
			r.Follows(x.receipt)
			r.Spans(x.entry)
		}
	})
}

func FuzzChange(f *testing.F) {
	h := newHeld(f)
	for _, kind := range []consent.ChangeKind{consent.ChangeNarrowed, consent.ChangePaused} {
		c, _ := h.change(f, kind, fewer, left)
		f.Add(c.Bytes())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, consent.ParseChange, consent.Change.Bytes)
		// Whatever is accepted gives nothing that the grant did not.
		c, err := consent.ParseChange(in)
		if err != nil || c.Changes(h.grant, h.request, h.at) != nil || c.Next == nil {
			return
		}
		if len(consent.Dropped(c.Next.Attributes, h.grant.Attributes))+len(c.Next.Channels) > 0 || c.Kind != consent.ChangeRenewed && c.Next.Until > h.grant.End {
			t.Fatalf("wider: %s", in)
		}
	})
}

func FuzzLetter(f *testing.F) {
	x := newFixture(f)
	f.Add(x.letter.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, consent.ParseLetter, consent.Letter.Bytes)
		if l, err := consent.ParseLetter(in); err == nil {
			l.Stands(x.request, x.receipt)
		}
	})
}

func FuzzPermit(f *testing.F) {
	g := ident[id.Grant]("grant")
	f.Add(consent.NewCollectPermit(g, thisHour, consent.LogHead{}).Bytes())
	f.Add(consent.NewMessagePermit(g, thisHour, "wallet", ident[id.Message]("m"), consent.Hash{}).Bytes())
	f.Fuzz(func(t *testing.T, in []byte) { again(t, in, consent.ParsePermit, consent.PermitDocument.Bytes) })
}

func FuzzMessage(f *testing.F) {
	x := newFixture(f)
	f.Add(consent.NewMessage(x.shop.DID, x.person.DID, consent.MessageBody{Grant: x.letter.Grant, Subject: "s", Text: "t"}, now).Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.Message, error) { return consent.ParseMessage(b, x.shop.DID) }, consent.Message.Payload)
	})
}

func FuzzAccess(f *testing.F) {
	f.Add([]byte(consent.NewAccess(ident[id.Grant]("grant"), now, []string{"name"}, nil, &consent.Denial{Reason: consent.NoPermit}).Row()))
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.Access, error) { return consent.ParseAccess(string(b)) }, func(a consent.Access) []byte { return []byte(a.Row()) })
	})
}

func FuzzCard(f *testing.F) {
	x := newFixture(f)
	r := consent.CardRules{Issuer: x.shop.DID, Audience: operator, Now: now, Catalogue: theCatalogue(f)}
	f.Add(consent.Card{Iss: x.shop.DID, Aud: operator, Iat: consent.UnixAt(now), Name: "n", Contact: "c", URL: "https://corner.example",
		Purposes: []string{"https://w3id.org/dpv#DeliveryOfGoods"}}.Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.Card, error) { return consent.ParseCard(b, r) }, consent.Card.Payload)
	})
}

func FuzzBundle(f *testing.F) {
	x := newFixture(f)
	f.Add(consent.Bundle{Receipt: x.receipt.JWT, Opening: x.opening, Proof: anchor.Proof{Entry: x.entry.Bytes()}}.Bytes())
	f.Add(consent.Bundle{Receipt: x.receipt.JWT, Opening: x.opening, Proof: anchor.Proof{Entry: x.entry.Bytes()}, Countersignature: "e.y.J",
		Withdrawal: &consent.BundledWithdrawal{Proof: anchor.Proof{Entry: x.entry.Bytes()}}}.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) { again(t, in, consent.ParseBundle, consent.Bundle.Bytes) })
}

func FuzzCountersignature(f *testing.F) {
	x := newFixture(f)
	f.Add(consent.NewCountersignature(x.receipt, consent.UnixAt(now)).Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		parse := func(b []byte) (consent.Countersignature, error) { return consent.ParseCountersignature(b, x.shop.DID) }
		again(t, in, parse, consent.Countersignature.Payload)
		if c, err := parse(in); err == nil {
			c.Of(x.receipt)
		}
	})
}

func FuzzCosignature(f *testing.F) {
	p := newPartnered(f)
	f.Add(consent.NewCosignature(p.request, p.warehouse.DID).Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.Cosignature, error) { return consent.ParseCosignature(b, p.warehouse.DID) }, consent.Cosignature.Payload)
	})
}

func FuzzHappened(f *testing.F) {
	by := businessKey("carrier").DID
	f.Add(consent.Happened{Iss: by, Grant: ident[id.Grant]("grant"), Name: "handed-over", Time: consent.UnixAt(now)}.Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.Happened, error) { return consent.ParseHappened(b, by) }, consent.Happened.Payload)
	})
}

func FuzzCondition(f *testing.F) {
	for _, c := range []*consent.Condition{byRecord("landlord"), byEvent("carrier"), {Uses: times(3)}, {From: unixOf(now)}} {
		f.Add([]byte(c.Text()))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (*consent.Condition, error) { return consent.ParseCondition(string(b)) }, func(c *consent.Condition) []byte { return []byte(c.Text()) })
	})
}

// A record of anyone is read or refused; it names its signer, its subject and times in
// order of seconds.
func FuzzRecord(f *testing.F) {
	by := businessKey("landlord")
	jwt := must(by.SignRecord(agent.RecordTerms{Type: lease, Subject: consent.GrantURN(ident[id.Grant]("grant")), From: now, Until: now.Add(time.Hour)}))
	f.Add(must(base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := consent.ParseRecord(in, by.DID)
		if err != nil {
			if consent.CodeOf(err) == "" {
				t.Fatalf("refused without a code: %v", err)
			}
			return
		}
		if r.Issuer != by.DID || r.From < 0 || r.Until < 0 || len(r.Types) == 0 {
			t.Fatalf("read %+v", r)
		}
	})
}
