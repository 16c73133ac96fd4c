package audit

import (
	"slices"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/internal/id"
)

// succeed ends a grant and begins the one that takes its place. A test may change the
// receipt before it is signed; before is the receipt that it follows.
func (w *world) succeed(q consent.Request, g given, before consent.Receipt, kind consent.ChangeKind, name string, attributes []string, hours int, change func(*consent.Receipt)) given {
	w.t.Helper()
	if kind != consent.ChangeResumed {
		w.endEntry(g, "")
	}
	return w.begin(q, g, before, kind, name, attributes, hours, change)
}

// endEntry anchors a withdrawal and writes it into the trail.
func (w *world) endEntry(g given, receipt string) {
	w.t.Helper()
	e := anchor.Withdraw{Epoch: anchor.EpochAt(w.now), HandleKey: g.keys.Handle()}.Sign(chain, g.keys.Wallet)
	w.append(e)
	proof := w.prove(e)
	w.add(Withdrawal{Grant: g.id, Entry: e.Bytes(), Receipt: receipt, Proof: &proof})
}

func (w *world) begin(q consent.Request, g given, before consent.Receipt, kind consent.ChangeKind, name string, attributes []string, hours int, change func(*consent.Receipt)) given {
	w.t.Helper()
	next := given{id: id.Grant(seed("grant " + name)[:16]), keys: anchortest.NewRelation(chain, name), shopper: g.shopper}
	old := g.receipt.Terms()
	r, err := before.Successor(q, kind, consent.Terms{Grant: next.id, Record: id.Receipt(seed("record " + name)[:16]), Shopper: g.shopper.DID,
		Purpose: old.Purpose, Attributes: attributes, Channels: old.Channels, Hours: hours, Time: consent.UnixAt(w.now)}, nil)
	next.receipt = must(w, r, err)
	for i := range next.receipt.Purposes[0].Information {
		next.receipt.Purposes[0].Information[i].Type = "https://w3id.org/dpv/pd#Name"
	}
	if change != nil {
		change(&next.receipt)
	}
	jwt, err := next.shopper.SignReceipt(next.receipt)
	next.receipt.JWT = must(w, jwt, err)
	c, o, err := anchor.Commit(w.rand(), []byte(next.receipt.JWT))
	if err != nil {
		w.t.Fatal(err)
	}
	start := anchor.EpochAt(w.now)
	next.opening = o
	next.entry = anchor.Grant{Scheme: o.Scheme, Start: start, End: start + anchor.Epoch(consent.DaysFor(hours)*24), HandleKey: next.keys.Handle(), Commitment: c}.Sign(chain, next.keys.Wallet)
	w.append(next.entry)
	w.add(w.grantLine(next))
	return next
}

// close signs the receipt of a pause or an end.
func (w *world) close(g given, before consent.Receipt, state string) consent.Receipt {
	w.t.Helper()
	w.nonce++
	r := before.Closing(id.Receipt{9, byte(w.nonce), byte(w.nonce >> 8)}, state, consent.UnixAt(w.now))
	jwt, err := g.shopper.SignReceipt(r)
	r.JWT = must(w, jwt, err)
	return r
}

var both = []string{"name", "phone"}

// lived is a grant with its whole life: narrowed, paused, resumed, shortened, renewed,
// paused again and then withdrawn; collected under at each turn.
func (w *world) lived() (q consent.Request, last given, pause consent.Receipt) {
	q = w.ask("first")
	g := w.give(q, terms{name: "first", purpose: "delivery", attributes: both, days: 31})
	w.collect(g, both...)
	step := func(kind consent.ChangeKind, name string, attributes []string, hours int, before consent.Receipt) {
		w.now = w.now.Add(time.Hour)
		g = w.succeed(q, g, before, kind, name, attributes, hours, nil)
		w.collect(g, attributes...)
	}
	step(consent.ChangeNarrowed, "narrowed", both[:1], 30*24, g.receipt)
	w.now = w.now.Add(time.Hour)
	pause = w.close(g, g.receipt, consent.EventPaused)
	w.endEntry(g, pause.JWT)
	step(consent.ChangeResumed, "resumed", both[:1], 29*24, pause)
	step(consent.ChangeShortened, "shortened", both[:1], 50, g.receipt)
	step(consent.ChangeRenewed, "renewed", both[:1], 31*24, g.receipt)
	pause = w.close(g, g.receipt, consent.EventPaused)
	w.endEntry(g, pause.JWT)
	return q, g, pause
}

func TestALifeIsClean(t *testing.T) {
	w := newWorld(t)
	_, g, pause := w.lived()
	withdrawn := w.close(g, pause, consent.EventWithdrawn)
	w.add(Closing{Grant: g.id, Receipt: withdrawn.JWT}, Closing{Grant: g.id, Receipt: withdrawn.JWT})
	r := w.audit(w.trail(w.lines...))
	if !r.Clean() || r.Counts.Closings != 2 || r.Counts.Repeated != 1 || r.Counts.Unfollowed != 0 || r.Counts.Grants != 5 {
		t.Errorf("%+v\n%s", r.Counts, r.Text())
	}
}

// A business that was away while a grant stood never had its letter.
func TestAGrantThatFollowsNoneOfTheTrail(t *testing.T) {
	w := newWorld(t)
	q := w.ask("first")
	g := w.sign(q, terms{name: "first", purpose: "delivery", attributes: both, days: 31})
	next := w.begin(q, g, g.receipt, consent.ChangeNarrowed, "narrowed", both[:1], 24, nil)
	w.collect(next, "name")
	r := w.audit(w.trail(w.lines...))
	if !r.Clean() || r.Counts.Unfollowed != 1 {
		t.Errorf("%+v\n%s", r.Counts, r.Text())
	}
}

func TestTamperedLives(t *testing.T) {
	for name, c := range map[string]struct {
		want []Kind
		do   func(w *world, q consent.Request, g given, pause consent.Receipt)
	}{
		"collected after its end, while its entry lasts": {[]Kind{NotLive, NotLive}, func(w *world, q consent.Request, g given, pause consent.Receipt) {
			g = w.begin(q, g, pause, consent.ChangeResumed, "again", both[:1], 20, nil)
			w.now = w.now.Add(20 * time.Hour)
			w.collect(g, "name")
		}},
		"more than the grant before": {[]Kind{ReceiptWider}, func(w *world, q consent.Request, g given, pause consent.Receipt) {
			w.begin(q, g, pause, consent.ChangeResumed, "again", both, 20, nil)
		}},
		"longer than the grant before": {[]Kind{ReceiptWider}, func(w *world, q consent.Request, g given, pause consent.Receipt) {
			w.now = w.now.Add(2 * time.Hour)
			w.begin(q, g, pause, consent.ChangeResumed, "again", both[:1], 31*24, nil)
		}},
		"of another shopper": {[]Kind{ReceiptMismatch}, func(w *world, q consent.Request, g given, pause consent.Receipt) {
			other := w.give(q, terms{name: "other", purpose: "delivery", attributes: both, days: 31})
			g.shopper, g.receipt = other.shopper, other.receipt
			w.begin(q, g, pause, consent.ChangeResumed, "again", both[:1], 20, nil)
		}},
		"resumed, and follows no pause": {[]Kind{ReceiptMismatch}, func(w *world, q consent.Request, g given, pause consent.Receipt) {
			g = w.begin(q, g, pause, consent.ChangeResumed, "again", both[:1], 20, nil)
			w.begin(q, g, g.receipt, consent.ChangeResumed, "once more", both[:1], 19, nil)
		}},
		"narrowed what is paused": {[]Kind{ReceiptMismatch}, func(w *world, q consent.Request, g given, pause consent.Receipt) {
			w.begin(q, g, pause, consent.ChangeNarrowed, "again", both[:1], 20, nil)
		}},
		"wider than was asked": {[]Kind{ReceiptWider}, func(w *world, q consent.Request, g given, pause consent.Receipt) {
			w.begin(q, g, g.receipt, consent.ChangeRenewed, "again", both[:1], 800, nil)
		}},
		"an entry of another length": {[]Kind{ReceiptMismatch}, func(w *world, q consent.Request, g given, pause consent.Receipt) {
			w.begin(q, g, pause, consent.ChangeResumed, "again", both[:1], 20, func(r *consent.Receipt) { r.Events[0].Validity = "PT200H" })
		}},
		"withdrawn past its pause": {[]Kind{ReceiptMismatch}, func(w *world, _ consent.Request, g given, _ consent.Receipt) {
			w.add(Closing{Grant: g.id, Receipt: w.close(g, g.receipt, consent.EventWithdrawn).JWT})
		}},
		"ended twice": {[]Kind{ReceiptMismatch}, func(w *world, _ consent.Request, g given, pause consent.Receipt) {
			end := w.close(g, pause, consent.EventWithdrawn)
			w.add(Closing{Grant: g.id, Receipt: end.JWT}, Closing{Grant: g.id, Receipt: w.close(g, end, consent.EventErased).JWT})
		}},
		"expired before its time": {[]Kind{ReceiptMismatch}, func(w *world, _ consent.Request, g given, pause consent.Receipt) {
			w.add(Closing{Grant: g.id, Receipt: w.close(g, pause, consent.EventExpired).JWT})
		}},
		"other terms at the end": {[]Kind{ReceiptMismatch}, func(w *world, _ consent.Request, g given, pause consent.Receipt) {
			pause.Purposes = slices.Clone(pause.Purposes)
			pause.Purposes[0].Retention = "P1Y"
			w.add(Closing{Grant: g.id, Receipt: w.close(g, pause, consent.EventWithdrawn).JWT})
		}},
		"a closing of another grant": {[]Kind{ReceiptMismatch}, func(w *world, q consent.Request, g given, _ consent.Receipt) {
			other := w.give(q, terms{name: "other", purpose: "delivery", attributes: both, days: 31})
			w.add(Closing{Grant: g.id, Receipt: w.close(other, other.receipt, consent.EventWithdrawn).JWT})
		}},
		"a closing signed by nobody": {[]Kind{ReceiptSignature}, func(w *world, _ consent.Request, g given, pause consent.Receipt) {
			w.add(Closing{Grant: g.id, Receipt: flip(pause.JWT)})
		}},
		"collected while it is paused": {[]Kind{NotLive}, func(w *world, _ consent.Request, g given, _ consent.Receipt) {
			w.add(Collect{Grant: g.id, Epoch: anchor.EpochAt(w.now), Time: consent.UnixAt(w.now), Attributes: both[:1], Log: consent.HashOf("head")})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			q, g, pause := w.lived()
			c.do(w, q, g, pause)
			r := w.audit(w.trail(w.lines...))
			var have []Kind
			for _, f := range r.Findings {
				have = append(have, f.Kind)
			}
			if !slices.Equal(have, c.want) {
				t.Errorf("found %v, want %v\n%s", have, c.want, r.Text())
			}
		})
	}
}

// Pausing and resuming does not let a business write more often.
func TestTheCapCountsAlongTheLine(t *testing.T) {
	w := newWorld(t)
	q := w.ask("first")
	g := w.give(q, terms{name: "offers", purpose: "offers", attributes: []string{"shoe-size"}, channels: []string{"wallet"}, days: 90})
	w.send(g, "Boots")
	w.send(g, "Socks")
	pause := w.close(g, g.receipt, consent.EventPaused)
	w.endEntry(g, pause.JWT)
	g = w.succeed(q, g, pause, consent.ChangeResumed, "resumed", []string{"shoe-size"}, 24, nil)
	w.send(g, "Hats")
	r := w.audit(w.trail(w.lines...))
	if len(r.Findings) != 1 || r.Findings[0].Kind != OverCap {
		t.Error(r.Text())
	}
}

// A receipt that another followed verifies with that one, and so does the other alone.
func TestReceiptsOfALifeVerify(t *testing.T) {
	w := newWorld(t)
	q := w.ask("first")
	g := w.give(q, terms{name: "first", purpose: "delivery", attributes: both, days: 31})
	next := w.succeed(q, g, g.receipt, consent.ChangeNarrowed, "narrowed", both[:1], 100, nil)
	var end Withdrawal
	for _, l := range w.lines {
		if l, ok := l.(Withdrawal); ok {
			end = l
		}
	}
	set := must2(w.ledger.Validators(t.Context()))
	verify := func(g given, later string) Verified {
		t.Helper()
		b := consent.Bundle{Receipt: g.receipt.JWT, Opening: g.opening, Proof: w.prove(g.entry)}
		if later != "" {
			b.Withdrawal = &consent.BundledWithdrawal{Receipt: later, Proof: *end.Proof}
		}
		v, err := Verify(t.Context(), b.Bytes(), set, w.agent)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if v := verify(g, next.receipt.JWT); !Sound(v.Checks) || v.Ended == nil || v.Ended.Events[0].State != consent.EventNarrowed {
		t.Errorf("%+v", v.Checks)
	}
	if v := verify(g, w.close(g, g.receipt, consent.EventPaused).JWT); !Sound(v.Checks) {
		t.Errorf("%+v", v.Checks)
	}
	if v := verify(next, ""); !Sound(v.Checks) {
		t.Errorf("%+v", v.Checks)
	}
	other := w.give(q, terms{name: "other", purpose: "delivery", attributes: both, days: 31})
	for name, later := range map[string]string{
		"a receipt that follows none":   other.receipt.JWT,
		"the end of another grant":      w.close(next, next.receipt, consent.EventWithdrawn).JWT,
		"a successor of another's":      w.begin(q, other, other.receipt, consent.ChangeNarrowed, "other's", both[:1], 100, nil).receipt.JWT,
		"a successor that names no end": g.receipt.JWT,
	} {
		if v := verify(g, later); Sound(v.Checks) {
			t.Errorf("%s verifies", name)
		}
	}
	closing := w.close(g, g.receipt, consent.EventExpired)
	g.receipt = closing
	if v := verify(g, ""); Sound(v.Checks) {
		t.Error("the receipt of an end verifies as one of a beginning")
	}
}
