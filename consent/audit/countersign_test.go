package audit

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// countersign makes the shop's answer to a receipt.
func (w *world) countersign(g given, by agent.Signer, edit ...func(*consent.Countersignature)) Countersignature {
	w.t.Helper()
	c := consent.NewCountersignature(g.receipt, consent.UnixAt(w.now))
	for _, e := range edit {
		e(&c)
	}
	jws, err := by.SignJWS(consent.TypeCountersignature, c.Payload())
	return Countersignature{Grant: g.id, JWS: must(w, jws, err)}
}

func TestACountersignatureInATrail(t *testing.T) {
	for name, c := range map[string]struct {
		line func(w *world, delivery, offers given) Countersignature
		want Kind
	}{
		"as it is": {func(w *world, d, _ given) Countersignature { return w.countersign(d, w.shop) }, ""},
		"by another business": {func(w *world, d, _ given) Countersignature {
			other := w.business("other")
			return w.countersign(d, other, func(c *consent.Countersignature) { c.Iss = other.DID })
		}, CountersignatureInvalid},
		"by another in its name": {func(w *world, d, _ given) Countersignature { return w.countersign(d, w.business("other")) }, CountersignatureInvalid},
		"of another grant's receipt": {func(w *world, d, o given) Countersignature {
			l := w.countersign(o, w.shop)
			l.Grant = d.id
			return l
		}, CountersignatureInvalid},
		"of another receipt": {func(w *world, d, _ given) Countersignature {
			return w.countersign(d, w.shop, func(c *consent.Countersignature) { c.ReceiptHash = consent.HashOf("x") })
		}, CountersignatureInvalid},
		"from before the receipt": {func(w *world, d, _ given) Countersignature {
			return w.countersign(d, w.shop, func(c *consent.Countersignature) { c.Time = d.receipt.Events[0].Time - 301 })
		}, CountersignatureInvalid},
		"of no version": {func(w *world, d, _ given) Countersignature {
			jws, err := w.shop.SignJWS(consent.TypeCountersignature, []byte(`{"v":2}`))
			return Countersignature{Grant: d.id, JWS: must(w, jws, err)}
		}, CountersignatureInvalid},
		"under no grant": {func(w *world, d, _ given) Countersignature {
			d.id = id.Grant(seed("nothing")[:16])
			return w.countersign(d, w.shop)
		}, NoGrant},
	} {
		w := newWorld(t)
		delivery, offers := w.good()
		l := c.line(w, delivery, offers)
		w.add(l, l) // a crash repeats the line
		r := w.audit(w.trail(w.lines...))
		if r.Counts.Countersigned != 2 {
			t.Errorf("%s: counted %+v", name, r.Counts)
		}
		if c.want == "" {
			if !r.Clean() || r.Counts.Repeated != 1 {
				t.Errorf("%s: %s", name, r.Text())
			}
			continue
		}
		if len(r.Findings) != 2 || r.Findings[0].Kind != c.want || r.Findings[0].Means == "" {
			t.Errorf("%s: want %s: %s", name, c.want, r.Text())
		}
	}
}

// ended is a bundle of a grant that was counter-signed and withdrawn.
func (w *world) ended() (b consent.Bundle, g, other given) {
	g, other = w.good()
	w.add(w.countersign(g, w.shop), w.countersign(g, w.shop, func(c *consent.Countersignature) { c.Time++ }))
	b, err := FindBundle(bytes.NewReader(w.trail(w.lines...)), g.id)
	return must(w, b, err), g, other
}

func outcomes(checks []Check) map[string]Outcome {
	out := map[string]Outcome{}
	for _, c := range checks {
		out[c.Name] = c.Outcome
	}
	return out
}

func TestVerifyTheWholeLifeOfAReceipt(t *testing.T) {
	w := newWorld(t)
	whole, g, other := w.ended()
	if whole.Withdrawal == nil || whole.Countersignature == "" {
		t.Fatalf("the trail gives %s", whole.Bytes())
	}
	set := w.options().Validators
	endOf := func(g given, edit func(*consent.Receipt)) string {
		r := g.receipt.Withdrawal(id.Receipt{9}, consent.UnixAt(w.now))
		edit(&r)
		return must2(g.shopper.SignReceipt(r))
	}
	stranger := g.keys
	for name, c := range map[string]struct {
		change func(*consent.Bundle)
		failed []string
	}{
		"as it is":                     {func(*consent.Bundle) {}, nil},
		"without a counter-signature":  {func(b *consent.Bundle) { b.Countersignature = "" }, nil},
		"without a withdrawal":         {func(b *consent.Bundle) { b.Withdrawal = nil }, nil},
		"a withdrawal without receipt": {func(b *consent.Bundle) { b.Withdrawal.Receipt = "" }, nil},
		"counter-signed by another": {func(b *consent.Bundle) { b.Countersignature = w.countersign(g, w.business("other")).JWS },
			[]string{stepCounter}},
		"counter-signed for another": {func(b *consent.Bundle) { b.Countersignature = w.countersign(other, w.shop).JWS }, []string{stepCounter}},
		"the end of another receipt": {func(b *consent.Bundle) {
			b.Withdrawal.Receipt = endOf(g, func(r *consent.Receipt) { p := other.receipt.RecordID; r.Predecessor = &p })
		}, []string{stepEnds}},
		"an end that says other terms": {func(b *consent.Bundle) {
			b.Withdrawal.Receipt = endOf(g, func(r *consent.Receipt) { r.Authority = "Nobody" })
		}, []string{stepEnds}},
		"an end before the beginning": {func(b *consent.Bundle) {
			b.Withdrawal.Receipt = endOf(g, func(r *consent.Receipt) { r.Events[0].Time = g.receipt.Events[0].Time - 1 })
		}, []string{stepEnds}},
		"an end that is none":       {func(b *consent.Bundle) { b.Withdrawal.Receipt = g.receipt.JWT }, []string{stepEnds}},
		"an end by another shopper": {func(b *consent.Bundle) { b.Withdrawal.Receipt = endOf(other, func(*consent.Receipt) {}) }, []string{stepEndSign, stepEnds}},
		"an end that is forged": {func(b *consent.Bundle) {
			b.Withdrawal.Receipt = b.Withdrawal.Receipt[:len(b.Withdrawal.Receipt)-6] + "AAAAAA"
		}, []string{stepEndSign, stepEnds}},
		"the end of another's grant":  {func(b *consent.Bundle) { b.Withdrawal.Proof = w.prove(other.entry) }, []string{stepEndEntry}},
		"an end without its place":    {func(b *consent.Bundle) { b.Withdrawal.Proof.Index++ }, []string{stepEndLog}},
		"a withdrawal in the receipt": {func(b *consent.Bundle) { b.Receipt, b.Withdrawal = b.Withdrawal.Receipt, nil }, []string{stepSigned, stepFields, stepOpens, stepLength, stepCounter}},
		"an end by the handle's key": {func(b *consent.Bundle) {
			e := anchor.Withdraw{Epoch: g.entry.Start, HandleKey: g.keys.Handle()}.Sign(chain, stranger.Secret)
			b.Withdrawal.Proof.Entry = e.Bytes()
		}, []string{stepEndEntry, stepEndLog}},
		"an end of another handle": {func(b *consent.Bundle) {
			e := anchor.Withdraw{Epoch: other.entry.Start, HandleKey: other.keys.Handle()}.Sign(chain, other.keys.Wallet)
			w.append(e)
			b.Withdrawal.Proof = w.prove(e)
		}, []string{stepEndEntry}},
	} {
		b := whole
		if b.Withdrawal != nil {
			end := *b.Withdrawal
			b.Withdrawal = &end
		}
		c.change(&b)
		checks, err := VerifyReceipt(t.Context(), b.Bytes(), set, w.agent)
		if err != nil || Sound(checks) != (c.failed == nil) {
			t.Errorf("%s: %v: %v", name, err, checks)
			continue
		}
		bad := map[string]bool{}
		for _, f := range c.failed {
			bad[f] = true
		}
		for _, check := range checks {
			if (check.Outcome != Passed) != bad[check.Name] {
				t.Errorf("%s: %+v", name, check)
			}
			if check.Why == "" || (check.Outcome != Passed) != (check.Means != "") {
				t.Errorf("%s: unexplained: %+v", name, check)
			}
		}
	}
	v, err := Verify(t.Context(), whole.Bytes(), set, w.agent)
	if err != nil || v.Receipt == nil || v.Entry == nil || v.Proven == nil || v.Countersigned == nil || v.Ended == nil || v.EndProven == nil {
		t.Errorf("%v, %+v", err, v)
	}
	if o := outcomes(v.Checks); len(o) != len(v.Checks) || len(o) != 16 {
		t.Errorf("%d lines, %d names", len(v.Checks), len(o))
	}
}

func TestFindBundle(t *testing.T) {
	w := newWorld(t)
	_, g, other := w.ended()
	trail := w.trail(w.lines...)
	if _, err := FindBundle(bytes.NewReader(trail), id.Grant{1}); !errors.Is(err, ErrNoGrant) {
		t.Errorf("a grant that is not there: %v", err)
	}
	b, err := FindBundle(bytes.NewReader(trail), other.id)
	if err != nil || b.Withdrawal != nil || b.Countersignature != "" {
		t.Errorf("a grant that lives: %v, %s", err, b.Bytes())
	}
	// The proof of the withdrawal may come later, in a line of its own; before, the
	// bundle says nothing of it.
	l := (*line[Withdrawal](w, 0)).(Withdrawal)
	proof := *l.Proof
	change(w, 0, func(l *Withdrawal) { l.Proof = nil })
	if b, err = FindBundle(bytes.NewReader(w.trail(w.lines...)), g.id); err != nil || b.Withdrawal != nil {
		t.Errorf("unproved: %v, %s", err, b.Bytes())
	}
	w.add(Proof{g.id, proof})
	if b, err = FindBundle(bytes.NewReader(w.trail(w.lines...)), g.id); err != nil || b.Withdrawal == nil {
		t.Fatalf("proved later: %v", err)
	}
	w.now = w.now.Add(time.Hour)
	if checks, err := VerifyReceipt(t.Context(), b.Bytes(), w.options().Validators, w.agent); err != nil || !Sound(checks) {
		t.Errorf("%v %v", err, checks)
	}
}
