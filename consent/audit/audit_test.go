package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/internal/id"
)

func TestAGoodTrailHasNoFindings(t *testing.T) {
	w := newWorld(t)
	w.good()
	for _, online := range []bool{false, true} {
		o := w.options()
		if online {
			o.Ledger = w.ledger
		}
		calls := 0
		o.Progress = func(int) { calls++ }
		r, err := Run(t.Context(), bytes.NewReader(w.trail(w.lines...)), o)
		if err != nil || !r.Clean() || calls == 0 {
			t.Fatalf("online=%t: %v, %d calls of progress\n%s", online, err, calls, r.Text())
		}
		want := Counts{Lines: 16, Requests: 1, Grants: 2, Permits: 5, Collections: 2, Messages: 3, Withdrawals: 1, Proofs: 8}
		if online {
			want.Ledger, want.Complete = 8, 2
		}
		if r.Counts != want || r.Business != w.shop.DID || r.Chain != chain || r.Operator != aud || r.Online != online {
			t.Errorf("checked %+v, want %+v", r.Counts, want)
		}
		if text := r.Text(); !strings.Contains(text, "No findings.") || strings.Contains(text, "Offline:") == online {
			t.Error(text)
		}
	}
}

// An audit that looked at nothing must not read like one that found nothing.
func TestNothingIsAnError(t *testing.T) {
	w := newWorld(t)
	w.ask("first")
	for name, trail := range map[string][]byte{"no byte": nil, "a head": w.trail(w.lines[:1]...), "a request": w.trail(w.lines...)} {
		r, err := Run(t.Context(), bytes.NewReader(trail), w.options())
		if !errors.Is(err, ErrNothing) || r.Clean() {
			t.Errorf("%s: %v", name, err)
		}
		if text := r.Text(); strings.Contains(text, "No findings") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

// line finds the nth line of a type.
func line[L Line](w *world, n int) *Line {
	w.t.Helper()
	for i := range w.lines {
		if _, ok := w.lines[i].(L); ok {
			if n--; n < 0 {
				return &w.lines[i]
			}
		}
	}
	w.t.Fatalf("no such line")
	return nil
}

// change changes the nth line of a type.
func change[L Line](w *world, n int, f func(*L)) {
	p := line[L](w, n)
	l := (*p).(L)
	f(&l)
	*p = l
}

func drop[L Line](w *world, n int) {
	p := line[L](w, n)
	w.lines = slices.DeleteFunc(w.lines, func(l Line) bool {
		a, _ := json.Marshal(l)
		b, _ := json.Marshal(*p)
		return l.kind() == (*p).kind() && bytes.Equal(a, b)
	})
}

// tampered are trails of which someone wrote the whole chain anew: each has exactly
// the findings it must have.
var tampered = []struct {
	name string
	want []Kind
	do   func(w *world, delivery, offers given)
}{
	{"the grant's opening is another's", []Kind{OpeningMismatch}, func(w *world, _, offers given) {
		change(w, 0, func(l *Grant) { l.Opening = offers.opening })
	}},
	{"the permit's document says another log head", []Kind{OpeningMismatch}, func(w *world, _, _ given) {
		change(w, 0, func(l *Permit) {
			d := must2(consent.ParsePermit([]byte(l.Document)))
			d.Log[0]++
			l.Document = string(d.Bytes())
		})
	}},
	{"the grant's proof is bent", []Kind{ProofInvalid}, func(w *world, _, _ given) {
		change(w, 0, func(l *Grant) { l.Proof.Index++ })
	}},
	{"the permit's proof is bent", []Kind{ProofInvalid}, func(w *world, _, _ given) {
		change(w, 0, func(l *Permit) {
			p := *l.Proof
			p.SignedHeader = slices.Clone(p.SignedHeader)
			p.SignedHeader[90] ^= 1
			l.Proof = &p
		})
	}},
	{"the grant's proof is another entry's", []Kind{EntryMismatch}, func(w *world, _, offers given) {
		change(w, 0, func(l *Grant) { l.Proof = w.prove(offers.entry) })
	}},
	{"the permit's proof is another permit's", []Kind{EntryMismatch}, func(w *world, _, _ given) {
		other := (*line[Permit](w, 1)).(Permit).Proof
		change(w, 0, func(l *Permit) { l.Proof = other })
	}},
	{"the grant's entry is a permit", []Kind{EntryMismatch}, func(w *world, _, _ given) {
		other := (*line[Permit](w, 0)).(Permit).Entry
		change(w, 0, func(l *Grant) { l.Entry = other })
	}},
	{"the grant's entry is no entry", []Kind{EntryMismatch}, func(w *world, _, _ given) {
		change(w, 0, func(l *Grant) { l.Entry = l.Entry[1:] })
	}},
	{"two grants with one entry", []Kind{ReceiptMismatch}, func(w *world, d, o given) {
		again := (*line[Grant](w, 0)).(Grant)
		again.Grant = id.Grant{9}
		w.add(again)
	}},
	{"one grant with two entries", []Kind{EntryMismatch}, func(w *world, d, o given) {
		q := w.ask("second")
		w.give(q, terms{name: "twin", purpose: "delivery", attributes: []string{"name"}, days: 31, change: func(r *consent.Receipt) { *r = rename(*r, d.id) }})
		change(w, 2, func(l *Grant) { l.Grant = d.id })
	}},
	{"a grant under the handle of another", []Kind{EntryMismatch}, func(w *world, _, _ given) {
		g := w.sign(w.ask("second"), terms{name: "twin", purpose: "delivery", attributes: []string{"name"}, days: 31})
		g.entry.HandleKey = relation("offers").Handle()
		g.entry = g.entry.Sign(chain, g.keys.Wallet)
		other := anchortest.NewMemory(chain, func() time.Time { return w.now })
		if err := other.Append(context.Background(), g.entry); err != nil {
			panic(err)
		}
		w.add(Grant{Grant: g.id, Receipt: g.receipt.JWT, Opening: g.opening, Entry: g.entry.Bytes(), Proof: must2(other.Prove(context.Background(), g.entry.Leaf()))})
	}},
	{"the receipt is forged", []Kind{ReceiptSignature}, func(w *world, _, _ given) {
		regrant(w, 0, func(jwt string) string {
			parts := strings.Split(jwt, ".")
			return parts[0] + "." + parts[1] + "." + flip(parts[2])
		})
	}},
	{"the receipt gives more than was asked", []Kind{ReceiptWider}, func(w *world, _, _ given) {
		q := w.ask("second")
		w.give(q, terms{name: "wide", purpose: "delivery", attributes: []string{"name"}, days: 31, change: func(r *consent.Receipt) {
			r.Purposes[0].Information = append(r.Purposes[0].Information, consent.Agreed{Type: "https://w3id.org/dpv/pd#EmailAddress", Attribute: "email", Necessity: "optional"})
		}})
	}},
	{"the receipt lasts longer than was asked", []Kind{ReceiptWider}, func(w *world, _, _ given) {
		q := w.ask("second")
		w.give(q, terms{name: "long", purpose: "delivery", attributes: []string{"name"}, days: 90})
	}},
	{"the receipt says another retention", []Kind{ReceiptMismatch}, func(w *world, _, _ given) {
		q := w.ask("second")
		w.give(q, terms{name: "kept", purpose: "delivery", attributes: []string{"name"}, days: 31, change: func(r *consent.Receipt) {
			r.Purposes[0].Retention = "P10Y"
		}})
	}},
	{"the receipt's days are not the entry's", []Kind{ReceiptMismatch}, func(w *world, _, _ given) {
		q := w.ask("second")
		w.give(q, terms{name: "short", purpose: "delivery", attributes: []string{"name"}, days: 31, change: func(r *consent.Receipt) {
			r.Events[0].Validity = "P7D"
		}})
	}},
	{"the receipt is of another business's request", []Kind{RequestInvalid, ReceiptMismatch}, func(w *world, _, _ given) {
		mine := w.shop
		w.shop = w.business("other shop")
		q := w.ask("second")
		w.shop = mine
		w.give(q, terms{name: "theirs", purpose: "delivery", attributes: []string{"name"}, days: 31})
	}},
	{"the request is gone", []Kind{ReceiptNoRequest, ReceiptNoRequest}, func(w *world, _, _ given) { drop[Request](w, 0) }},
	{"the request is not signed by the shop", []Kind{RequestInvalid}, func(w *world, _, _ given) {
		q := (*line[Request](w, 0)).(Request)
		parts := strings.Split(q.JWS, ".")
		w.add(Request{JWS: parts[0] + "." + parts[1] + "." + flip(parts[2])})
	}},
	{"a permit under no grant", []Kind{NoGrant, NoGrant, NoGrant, NoGrant, NoGrant}, func(w *world, _, _ given) { drop[Grant](w, 0) }},
	{"a permit under someone else's grant", []Kind{EntryMismatch}, func(w *world, delivery, offers given) {
		p, e := w.permit(offers, consent.NewCollectPermit(delivery.id, anchor.EpochAt(w.now), consent.LogHead{}))
		w.add(w.proven(p, e))
	}},
	{"a permit whose document is of another grant", []Kind{EntryMismatch}, func(w *world, delivery, offers given) {
		p, e := w.permit(offers, consent.NewCollectPermit(delivery.id, anchor.EpochAt(w.now), consent.LogHead{}))
		p.Grant = offers.id
		w.add(w.proven(p, e))
	}},
	{"a permit for an hour after the grant", []Kind{NotLive}, func(w *world, _, offers given) {
		p, _ := w.permit(offers, consent.NewCollectPermit(offers.id, offers.entry.End, consent.LogHead{}))
		w.add(p)
	}},
	{"a permit for an hour before the grant", []Kind{NotLive}, func(w *world, _, offers given) {
		p, _ := w.permit(offers, consent.NewCollectPermit(offers.id, offers.entry.Start-1, consent.LogHead{}))
		w.add(p)
	}},
	{"a permit of another hour than its document", []Kind{WrongEpoch}, func(w *world, _, offers given) {
		d := consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{})
		p, e := w.permit(offers, d)
		e.Epoch--
		e = e.Sign(chain, offers.keys.Secret)
		p.Entry = e.Bytes()
		w.add(w.proven(p, e))
	}},
	{"a permit that was never posted", []Kind{Unproven}, func(w *world, _, offers given) {
		p, _ := w.permit(offers, consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{}))
		w.add(p)
	}},
	{"a permit signed by the wrong key", []Kind{EntrySignature}, func(w *world, delivery, offers given) {
		p, e := w.permit(offers, consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{}))
		e.Signature[7] ^= 1
		p.Entry = e.Bytes()
		w.add(p)
	}},
	{"a permit proven by a header from before its hour", []Kind{ProofTooOld}, func(w *world, _, offers given) {
		hour := anchor.EpochAt(w.now) + 1 // as the rule still allows
		p, e := w.permit(offers, consent.NewCollectPermit(offers.id, hour, consent.LogHead{}))
		w.append(e)
		w.now = w.now.Add(-2 * time.Hour) // and then the validators sign an older time
		w.append(w.sign(w.ask("x"), terms{name: "x", purpose: "delivery", attributes: []string{"name"}, days: 31}).entry)
		proof := w.prove(e)
		p.Proof = &proof
		w.add(p)
	}},
	{"a permit after the withdrawal", []Kind{NotLive}, func(w *world, delivery, _ given) {
		p, e := w.permit(delivery, consent.NewCollectPermit(delivery.id, anchor.EpochAt(w.now), consent.LogHead{}))
		w.add(w.colluding(delivery, p, e, 20))
	}},
	{"a permit after the withdrawal, written before it", []Kind{NotLive}, func(w *world, delivery, _ given) {
		p, e := w.permit(delivery, consent.NewCollectPermit(delivery.id, anchor.EpochAt(w.now), consent.LogHead{}))
		end := w.lines[len(w.lines)-1]
		w.lines = append(w.lines[:len(w.lines)-1], w.colluding(delivery, p, e, 20), end)
	}},
	{"a permit before its grant", []Kind{NotLive}, func(w *world, _, offers given) {
		p, e := w.permit(offers, consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{}))
		w.add(w.colluding(offers, p, e, 0))
	}},
	{"a message permit under a grant without the channel", []Kind{NotCovered}, func(w *world, _, _ given) {
		g := w.give(w.ask("second"), terms{name: "quiet", purpose: "offers", attributes: []string{"shoe-size"}, days: 90})
		w.send(g, "Boots")
	}},
	{"more messages than allowed", []Kind{OverCap}, func(w *world, _, offers given) {
		w.send(offers, "Gloves")
		w.send(offers, "Scarves")
	}},
	{"a collection in an hour without permit", []Kind{NoPermit}, func(w *world, _, offers given) {
		w.add(Collect{Grant: offers.id, Epoch: anchor.EpochAt(w.now), Time: consent.UnixAt(w.now), Attributes: []string{"shoe-size"}})
	}},
	{"the permit of a collection is gone", []Kind{NoPermit}, func(w *world, _, _ given) { drop[Permit](w, 0) }},
	{"a collection hours after its permit", []Kind{WrongEpoch}, func(w *world, _, _ given) {
		change(w, 0, func(l *Collect) { l.Time += 3 * 3600 })
	}},
	{"a collection after the grant was over", []Kind{NotLive}, func(w *world, _, offers given) {
		w.add(Collect{Grant: offers.id, Epoch: offers.entry.End, Time: consent.UnixAt(offers.entry.End.Time())})
	}},
	{"a collection of what was not given", []Kind{NotCovered}, func(w *world, _, _ given) {
		change(w, 0, func(l *Collect) { l.Attributes = append(l.Attributes, "email") })
	}},
	{"a collection under no grant", []Kind{NoGrant}, func(w *world, _, _ given) {
		change(w, 0, func(l *Collect) { l.Grant = id.Grant{7} })
	}},
	{"a collection after the withdrawal", []Kind{NotLive}, func(w *world, delivery, _ given) {
		w.add((*line[Collect](w, 1)).(Collect))
	}},
	{"a message without permit", []Kind{NoPermit}, func(w *world, _, offers given) {
		m, _ := w.write(offers, "Gloves")
		w.add(m)
	}},
	{"the permit of a message is gone", []Kind{NoPermit}, func(w *world, _, _ given) { drop[Permit](w, 1) }},
	{"two messages with one permit", []Kind{NoPermit}, func(w *world, _, offers given) {
		m, _ := w.write(offers, "Gloves")
		m.Permit = (*line[Message](w, 0)).(Message).Permit
		w.add(m)
	}},
	{"a message with the permit of another grant", []Kind{NoPermit}, func(w *world, delivery, offers given) {
		m, d := w.write(delivery, "Gloves")
		p, e := w.permit(offers, consent.NewMessagePermit(offers.id, d.Epoch, d.Channel, d.Message, d.Digest))
		m.Permit = e.Leaf()
		w.add(w.proven(p, e), m)
	}},
	{"another text than was permitted", []Kind{MessageMismatch}, func(w *world, _, offers given) {
		line, d := w.write(offers, "Gloves")
		p, e := w.permit(offers, d)
		m := consent.NewMessage(w.shop.DID, offers.shopper.DID, consent.MessageBody{Grant: offers.id, Subject: "Gloves", Text: "They are dearer now."}, w.now)
		m.ID = line.ID
		line.JWS, line.Permit = must2(w.shop.SignJWS(consent.TypeMessage, m.Payload())), e.Leaf()
		w.add(w.proven(p, e), line)
	}},
	{"a permit that names another message", []Kind{MessageMismatch}, func(w *world, _, offers given) {
		line, d := w.write(offers, "Gloves")
		d.Message = id.Message{5}
		p, e := w.permit(offers, d)
		line.Permit = e.Leaf()
		w.add(w.proven(p, e), line)
	}},
	{"another message than was permitted", []Kind{MessageMismatch}, func(w *world, _, offers given) {
		m, _ := w.write(offers, "Gloves")
		change(w, 0, func(l *Message) { l.JWS, l.ID = m.JWS, m.ID })
	}},
	{"a message under another id", []Kind{MessageMismatch}, func(w *world, _, _ given) {
		change(w, 0, func(l *Message) { l.ID = id.Message{1} })
	}},
	{"a message of another grant", []Kind{MessageMismatch}, func(w *world, delivery, _ given) {
		change(w, 0, func(l *Message) { l.Grant = delivery.id })
	}},
	{"a message to someone else", []Kind{MessageMismatch}, func(w *world, delivery, offers given) {
		offers.shopper = delivery.shopper
		w.send(offers, "Gloves")
	}},
	{"a message by someone else", []Kind{MessageInvalid}, func(w *world, _, offers given) {
		mine := w.shop
		w.shop = w.business("other shop")
		w.send(offers, "Gloves")
		w.shop = mine
	}},
	{"a message that is not signed", []Kind{MessageInvalid}, func(w *world, _, _ given) {
		change(w, 0, func(l *Message) {
			parts := strings.Split(l.JWS, ".")
			l.JWS = parts[0] + "." + parts[1] + "." + flip(parts[2])
		})
	}},
	{"a withdrawal that the shopper did not sign", []Kind{EntrySignature}, func(w *world, _, offers given) {
		e := anchor.Withdraw{Epoch: offers.entry.Start, HandleKey: offers.keys.Handle()}.Sign(chain, offers.keys.Secret)
		w.add(Withdrawal{Grant: offers.id, Entry: e.Bytes()})
	}},
	{"a withdrawal of another grant", []Kind{EntryMismatch}, func(w *world, _, offers given) {
		change(w, 0, func(l *Withdrawal) { l.Grant = offers.id })
	}},
	{"a withdrawal with the receipt of giving", []Kind{ReceiptMismatch}, func(w *world, delivery, _ given) {
		change(w, 0, func(l *Withdrawal) { l.Receipt = delivery.receipt.JWT })
	}},
	{"a withdrawal with the receipt of another grant's", []Kind{ReceiptMismatch}, func(w *world, _, offers given) {
		change(w, 0, func(l *Withdrawal) {
			l.Receipt = must2(offers.shopper.SignReceipt(offers.receipt.Withdrawal(id.Receipt{1}, consent.UnixAt(w.now))))
		})
	}},
	{"a withdrawal that ends another record", []Kind{ReceiptMismatch}, func(w *world, delivery, _ given) {
		r := delivery.receipt.Withdrawal(id.Receipt{1}, consent.UnixAt(w.now)).Withdrawal(id.Receipt{2}, consent.UnixAt(w.now))
		change(w, 0, func(l *Withdrawal) { l.Receipt = must2(delivery.shopper.SignReceipt(r)) })
	}},
	{"a withdrawal whose receipt says given", []Kind{ReceiptMismatch}, func(w *world, delivery, _ given) {
		end(w, delivery, func(r *consent.Receipt) { r.Events[0].State = consent.EventGiven })
	}},
	{"a withdrawal whose receipt is of another grant", []Kind{ReceiptMismatch}, func(w *world, delivery, offers given) {
		end(w, delivery, func(r *consent.Receipt) { *r = rename(*r, offers.id) })
	}},
	{"a withdrawal whose receipt is by another shopper", []Kind{ReceiptMismatch}, func(w *world, delivery, offers given) {
		delivery.shopper = offers.shopper
		end(w, delivery, func(r *consent.Receipt) {
			r.ID, r.Principal, r.Events[0].Entity = offers.shopper.DID, offers.shopper.DID, offers.shopper.DID
		})
	}},
	{"a proof under another grant's name", []Kind{EntryMismatch}, func(w *world, delivery, offers given) {
		w.add(Proof{delivery.id, w.prove(offers.entry)})
	}},
	{"a proof of nothing in the trail", []Kind{EntryMismatch}, func(w *world, delivery, _ given) {
		e := w.sign(w.ask("second"), terms{name: "x", purpose: "delivery", attributes: []string{"name"}, days: 31}).entry
		w.append(e)
		w.add(Proof{delivery.id, w.prove(e)})
	}},
	{"the trail is of another ledger", []Kind{WrongChain}, func(w *world, _, _ given) {
		change(w, 0, func(l *Head) { l.Chain = "elsewhere" })
	}},
	{"two heads", []Kind{Malformed}, func(w *world, _, _ given) { w.add(w.lines[0]) }},
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// end replaces the receipt of the withdrawal by a changed one.
func end(w *world, g given, to func(*consent.Receipt)) {
	r := g.receipt.Withdrawal(id.Receipt{3}, consent.UnixAt(w.now))
	to(&r)
	change(w, 0, func(l *Withdrawal) { l.Receipt = must2(g.shopper.SignReceipt(r)) })
}

// flip changes one character of a signature, and keeps it base64url.
func flip(s string) string {
	c := byte('A')
	if s[5] == c {
		c = 'B'
	}
	return s[:5] + string(c) + s[6:]
}

// rename makes a receipt say that it is of another grant.
func rename(r consent.Receipt, g id.Grant) consent.Receipt {
	r.Purposes[0].WithdrawalMethod = strings.Replace(r.Purposes[0].WithdrawalMethod, r.Grant.String(), g.String(), 1)
	r.Grant = g
	return r
}

// regrant commits the nth grant anew to another receipt, entry and proof included, as
// a business in league with the shopper's wallet and a fresh ledger could.
func regrant(w *world, n int, change func(jwt string) string) {
	p := line[Grant](w, n)
	l := (*p).(Grant)
	l.Receipt = change(l.Receipt)
	entry := must2(anchor.ParseEntry(l.Entry)).(anchor.Grant)
	var err error
	if entry.Commitment, l.Opening, err = anchor.Commit(w.rand(), []byte(l.Receipt)); err != nil {
		panic(err)
	}
	entry = entry.Sign(chain, anchortest.NewRelation(chain, "delivery").Wallet)
	other := anchortest.NewMemory(chain, func() time.Time { return entry.Start.Time() })
	if err := other.Append(context.Background(), entry); err != nil {
		panic(err)
	}
	l.Entry, l.Proof = entry.Bytes(), must2(other.Prove(context.Background(), entry.Leaf()))
	*p = l
}

// colluding proves a permit by another log of the same validators: one that shows it
// behind the grant and so many entries more, where the rule would not have allowed it
// in the log that the rest of the trail is proven by.
func (w *world) colluding(g given, p Permit, e anchor.Permit, before int) Permit {
	w.t.Helper()
	at := g.entry.Start.Time()
	other := anchortest.NewMemory(chain, func() time.Time { return at })
	if err := other.Append(w.t.Context(), g.entry); err != nil {
		w.t.Fatal(err)
	}
	for i := range before {
		r := anchortest.NewRelation(chain, fmt.Sprint("padding ", i))
		if err := other.Append(w.t.Context(), r.Grant(anchor.EpochAt(at), 31)); err != nil {
			w.t.Fatal(err)
		}
	}
	at = w.now
	if err := other.Append(w.t.Context(), e); err != nil {
		w.t.Fatal(err)
	}
	proof := must2(other.Prove(w.t.Context(), e.Leaf()))
	p.Proof = &proof
	return p
}

func TestTamperedTrails(t *testing.T) {
	for _, x := range tampered {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t)
			delivery, offers := w.good()
			x.do(w, delivery, offers)
			r := w.audit(w.trail(w.lines...))
			var have []Kind
			for _, f := range r.Findings {
				have = append(have, f.Kind)
				if f.Means == "" || f.Evidence == "" || f.Line < 1 || f.Line > r.Counts.Lines {
					t.Errorf("a finding that explains nothing: %+v", f)
				}
			}
			if !slices.Equal(have, x.want) || r.Clean() {
				t.Errorf("found %v, want %v\n%s", have, x.want, r.Text())
			}
		})
	}
}
