package business_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/consent/business"
	"coffer/internal/id"
)

// auditTrail exports the trail and audits it, online.
func (o *operator) auditTrail(b *business.Business) audit.Report {
	o.t.Helper()
	var trail bytes.Buffer
	o.check(b.ExportTrail(o.t.Context(), &trail))
	set, err := o.ledger.Validators(o.t.Context())
	o.check(err)
	report, err := audit.Run(o.t.Context(), &trail, audit.Options{Validators: set, Signatures: agent.New(agent.Options{}), Ledger: o.ledger})
	o.check(err)
	return report
}

func (o *operator) clean(b *business.Business) audit.Counts {
	o.t.Helper()
	report := o.auditTrail(b)
	if !report.Clean() {
		o.t.Errorf("the audit of an honest trail:\n%s", report.Text())
	}
	return report.Counts
}

func letterKept(dir string, g id.Grant) bool {
	_, err := os.Stat(filepath.Join(dir, "letters", g.String()+".json"))
	return err == nil
}

func TestCollect(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	got, err := b.Collect(t.Context(), g, "name", "postal-address", "birth-date")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Values) != 2 || got.Values[0].Text() != "Quillon Vasterhaven" {
		t.Errorf("collected %d values", len(got.Values))
	}
	if len(got.Refused) != 1 || got.Refused[0].Reason != consent.NotCovered || got.Refused[0].What != "birth-date" {
		t.Errorf("refused %v, want birth-date: not-covered", got.Refused)
	}
	if _, err := b.Collect(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if n := o.called("POST /business/v1/permits"); n != 1 {
		t.Errorf("%d permits posted within one hour, want 1", n)
	}
	o.pass(time.Hour)
	if _, err := b.Collect(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	_, err = b.Collect(t.Context(), g, "shoe-size")
	if d := consent.DenialOf(err); d == nil || d.Reason != consent.NotCovered || d.What != "shoe-size" {
		t.Errorf("collecting what was not given: %v, want not-covered: shoe-size", err)
	}
	if c := o.clean(b); c.Grants != 1 || c.Permits != 2 || c.Collections != 3 {
		t.Errorf("the trail has %+v, want 1 grant, 2 permits, 3 collections", c)
	}
	if _, err := b.Collect(t.Context(), id.New[id.Grant]()); !errors.Is(err, business.ErrNotFound) {
		t.Errorf("someone else's grant: %v, want ErrNotFound", err)
	}
}

// The next hour's permit commits to the access log as the business knows it.
func TestPermitChainsTheAccessLog(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	for range 2 {
		if _, err := b.Collect(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		o.pass(time.Hour)
	}
	trail, _ := os.ReadFile(filepath.Join(dir, "trail.ndjson"))
	var logs []consent.LogHead
	for line := range strings.Lines(string(trail)) {
		var permit struct{ Kind, Document string }
		json.Unmarshal([]byte(line), &permit)
		if permit.Kind == "permit" {
			d, err := consent.ParsePermit([]byte(permit.Document))
			if err != nil {
				t.Fatal(err)
			}
			logs = append(logs, d.Log)
		}
	}
	if want := (consent.LogHead{}).Next("a row"); len(logs) != 2 || logs[0] != (consent.LogHead{}) || logs[1] != want {
		t.Errorf("the permits commit to %v, want the empty log and then %v", logs, want)
	}
}

func TestPermitsTravelTogether(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	var grants []id.Grant
	for range 3 {
		grants = append(grants, o.give(o.asked(b), "delivery", goods))
	}
	if err := b.Permit(t.Context(), append(grants, grants[0])...); err != nil {
		t.Fatal(err)
	}
	if n := o.called("POST /business/v1/permits"); n != 1 {
		t.Errorf("%d calls for three permits, want 1", n)
	}
	o.pass(time.Hour)
	o.anchorWithdrawal(grants[1]) // the ledger refuses the permit of that one
	if err := b.Permit(t.Context(), grants...); !errors.Is(err, consent.Withdrawn) {
		t.Errorf("with one withdrawn: %v, want withdrawn", err)
	}
	for i, g := range grants {
		have, err := b.Grant(g)
		if err != nil {
			t.Fatal(err)
		}
		if have.Permit == nil || have.Permit.Posted != (i != 1) {
			t.Errorf("grant %d has the permit %+v", i, have.Permit)
		}
	}
	if c := o.auditTrail(b).Counts; c.Permits != 5 {
		t.Errorf("the trail has %d permits, want 5: none that the ledger refused", c.Permits)
	}
}

// Each thing a letter could be wrong in is caught before anything in it is used.
func TestLetterFaults(t *testing.T) {
	elsewhere := func() ed25519.PrivateKey { _, k, _ := ed25519.GenerateKey(rand.Reader); return k }
	for name, spoil := range map[string]func(*operator, *given){
		"another grant's":       func(o *operator, g *given) { g.Letter.Grant = id.New[id.Grant]() },
		"foreign handle secret": func(o *operator, g *given) { g.HandleSecret = consent.Secret(elsewhere().Seed()) },
		"wrong opening":         func(o *operator, g *given) { g.Opening.R[0] ^= 1 },
		"receipt with a changed letter": func(o *operator, g *given) {
			i := strings.LastIndex(g.Receipt, ".") + 5
			c := "A"
			if g.Receipt[i] == 'A' {
				c = "B"
			}
			g.Receipt = g.Receipt[:i] + c + g.Receipt[i+1:]
		},
		"foreign shopper": func(o *operator, g *given) { g.Pairwise, _ = agent.KeyDID(elsewhere().Public()) },
		"entry not on ledger": func(o *operator, g *given) {
			e := g.entry
			e.Start++
			e.End++
			g.Entry = e.Sign(o.ledger.Chain(), g.wallet).Bytes()
		},
		"entry of another length": func(o *operator, g *given) {
			e := g.entry
			e.End += 24
			g.Entry = e.Sign(o.ledger.Chain(), g.wallet).Bytes()
		},
		"entry nobody signed": func(o *operator, g *given) {
			e := g.entry
			e.Signature[3] ^= 1
			g.Entry = e.Bytes()
		},
		"entry of another ledger": func(o *operator, g *given) { g.Entry = g.entry.Sign("elsewhere", g.wallet).Bytes() },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOperator(t)
			b, dir := o.shop()
			g := o.give(o.asked(b), "delivery", goods, func(g *given) { spoil(o, g) })
			for range 2 {
				_, err := b.Collect(t.Context(), g)
				if !errors.Is(err, business.ErrLetter) {
					// What the ledger does not have may only be late, so that is its own answer.
					if name != "entry not on ledger" || !errors.Is(err, anchor.ErrNotFound) {
						t.Errorf("the letter was taken: %v, want ErrLetter", err)
					}
				}
			}
			if letterKept(dir, g) {
				t.Error("the letter was kept")
			}
			if trail, _ := os.ReadFile(filepath.Join(dir, "trail.ndjson")); bytes.Contains(trail, []byte(`"kind":"grant"`)) {
				t.Error("the grant is in the trail")
			}
			if n := o.called("POST /business/v1/permits") + o.called("POST /business/v1/grants/{id}/collect"); n != 0 {
				t.Error("something was done under the grant")
			}
		})
	}
}

// A letter for a request that this business did not make, or wider than it.
func TestLetterMustAnswerOurRequest(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	q := o.asked(b)
	wide := o.requests[q]
	wide.Purposes[0].Days = 90 // what the shopper was shown was another request
	o.requests[q] = wide
	if _, err := b.Collect(t.Context(), o.give(q, "delivery", goods)); !errors.Is(err, business.ErrLetter) {
		t.Errorf("a grant wider than the request: %v, want ErrLetter", err)
	}
	other := o.give(o.asked(b), "delivery", goods)
	o.grants[other].request = id.New[id.Request]()
	if _, err := b.Collect(t.Context(), other); !errors.Is(err, business.ErrLetter) {
		t.Errorf("a grant for no request of ours: %v, want ErrLetter", err)
	}
}

// The operator hands out one shopper's letter as another's.
func TestLetterOfAnotherShopper(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	one, other := o.give(o.asked(b), "delivery", goods), o.give(o.asked(b), "delivery", goods)
	o.grants[one].sealed, o.grants[one].request = o.grants[other].sealed, o.grants[other].request
	if _, err := b.Collect(t.Context(), one); !errors.Is(err, business.ErrLetter) {
		t.Errorf("another grant's letter: %v, want ErrLetter", err)
	}
}

// The hour turns between permit and collection.
func TestHourTurns(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	o.fails("POST /business/v1/grants/{id}/collect", trouble{status: 403, code: "no-permit"})
	if _, err := b.Collect(t.Context(), g); err != nil {
		t.Errorf("with one permit too few: %v, want a second", err)
	}
	o.fails("POST /business/v1/grants/{id}/collect", trouble{status: 403, code: "no-permit"}, trouble{status: 403, code: "no-permit"})
	if _, err := b.Collect(t.Context(), g); !errors.Is(err, consent.NoPermit) {
		t.Errorf("when no permit helps: %v, want no-permit", err)
	}
	o.clean(b)
}

func TestLetterOfAnotherLedger(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	pinned, _ := os.ReadFile(filepath.Join(dir, "validators.json"))
	var set anchor.ValidatorSet
	if err := json.Unmarshal(pinned, &set); err != nil {
		t.Fatal(err)
	}
	set.Validators[0].PublicKey[0] ^= 1
	changed, _ := set.MarshalJSON()
	os.WriteFile(filepath.Join(dir, "validators.json"), changed, 0o600)
	if _, err := b.Collect(t.Context(), g); !errors.Is(err, business.ErrLetter) {
		t.Errorf("a proof signed by others than those pinned: %v, want ErrLetter", err)
	}
}

func TestReleaseFaults(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	shopper := o.grants[g]
	shopper.release(o, "name", "name", 2, "Quillon V.")
	if _, err := b.Collect(t.Context(), g, "name"); err != nil {
		t.Fatal(err)
	}
	first := shopper.values["name"]
	shopper.release(o, "name", "name", 1, "Quillon the First")
	if _, err := b.Collect(t.Context(), g, "name"); err == nil || !strings.Contains(err.Error(), "version 2 was collected before") {
		t.Errorf("a rolled-back document: %v", err)
	}
	shopper.release(o, "postal-address", "name", 1, "Quillon")
	if _, err := b.Collect(t.Context(), g, "postal-address"); err == nil || !strings.Contains(err.Error(), "another attribute") {
		t.Errorf("a swapped document: %v", err)
	}
	shopper.values["name"] = bytes.Replace(first, []byte(g.String()), []byte(id.New[id.Grant]().String()), 1)
	if _, err := b.Collect(t.Context(), g, "name"); err == nil {
		t.Error("a release for another grant was opened")
	}
	if c := o.clean(b); c.Collections != 4 {
		t.Errorf("%d collections in the trail, want 4: what went wrong was collected too", c.Collections)
	}
}

func TestSend(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	q := o.asked(b)
	g := o.give(q, "marketing", map[string]any{"email": "quillon@vasterhaven.example"})
	if _, err := b.Send(t.Context(), g, "New", "In your size."); err != nil {
		t.Fatal(err)
	}
	if len(o.inbox) != 1 {
		t.Errorf("%d messages arrived, want 1", len(o.inbox))
	}
	// No answer: it waits in the outbox and goes out once.
	for range 5 {
		o.fails("POST /business/v1/messages", trouble{status: 503, after: true})
	}
	if _, err := b.Send(t.Context(), g, "Again", "Still in your size."); err == nil {
		t.Error("sending without an answer succeeded")
	}
	if _, err := b.Poll(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if out, _ := os.ReadDir(filepath.Join(dir, "outbox")); len(out) != 0 || len(o.inbox) != 2 {
		t.Errorf("after a poll: %d in the outbox, %d arrived; want 0 and 2", len(out), len(o.inbox))
	}
	// A refusal is final, and leaves nothing behind.
	o.fails("POST /business/v1/messages", trouble{status: 403, code: "policy"})
	if _, err := b.Send(t.Context(), g, "Third", "Too many."); !errors.Is(err, consent.ByPolicy) {
		t.Errorf("over the cap: %v, want policy", err)
	}
	if out, _ := os.ReadDir(filepath.Join(dir, "outbox")); len(out) != 0 {
		t.Error("a refused message stays in the outbox")
	}
	delivery := o.give(q, "delivery", goods)
	if _, err := b.Send(t.Context(), delivery, "Hm", "No channel."); !errors.Is(err, consent.NotCovered) {
		t.Errorf("a message without a channel: %v, want not-covered", err)
	}
	if c := o.clean(b); c.Messages != 2 || c.Permits != 2 {
		t.Errorf("the trail has %+v, want two messages and their permits", c)
	}
}

func TestWithdrawal(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	if _, err := b.Collect(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	o.withdraw(g, false)
	if _, err := b.Collect(t.Context(), g); !errors.Is(err, consent.Withdrawn) {
		t.Errorf("collecting after the withdrawal: %v, want withdrawn", err)
	}
	if letterKept(dir, g) {
		t.Error("the keys are still here after the operator said withdrawn")
	}
	o.ledger.Down(true)
	var told []business.EventType
	_, err := b.Poll(t.Context(), func(_ context.Context, e business.Event) error {
		told = append(told, e.Type)
		return nil
	})
	if err != nil || len(told) != 2 || told[1] != business.EventWithdrawn {
		t.Errorf("polled %v, %v; want live and withdrawn", told, err)
	}
	if have, _ := b.Grant(g); have.State != consent.StateWithdrawn || have.WithdrawalKnown {
		t.Errorf("with the ledger down the grant is %s, its withdrawal in the trail: %v", have.State, have.WithdrawalKnown)
	}
	o.ledger.Down(false)
	o.anchorWithdrawal(g)
	if n, err := b.Poll(t.Context(), nil); err != nil || n != 0 {
		t.Errorf("polled %d events again, %v", n, err)
	}
	if have, _ := b.Grant(g); !have.WithdrawalKnown {
		t.Error("the withdrawal is anchored, and not in the trail")
	}
	if _, err := b.Send(t.Context(), g, "But", "please"); !errors.Is(err, consent.Withdrawn) {
		t.Errorf("sending after the withdrawal: %v, want withdrawn", err)
	}
	before := o.called("POST /business/v1/grants/{id}/collect")
	if _, err := b.Collect(t.Context(), g); !errors.Is(err, consent.Withdrawn) || o.called("POST /business/v1/grants/{id}/collect") != before+1 {
		t.Errorf("collecting later: %v, want the operator's own answer", err)
	}
	if c := o.clean(b); c.Withdrawals != 1 {
		t.Errorf("%d withdrawals in the trail, want 1", c.Withdrawals)
	}
}

// The shopper may withdraw between two clocks: the permit is refused by the ledger,
// and the trail of an honest business has nothing to hide about it.
func TestWithdrawnBeforeThePermit(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	if _, err := b.OpenLetter(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	o.anchorWithdrawal(g)
	if _, err := b.Collect(t.Context(), g); !errors.Is(err, consent.Withdrawn) {
		t.Errorf("the ledger refused the permit: %v, want withdrawn", err)
	}
	if c := o.clean(b); c.Permits != 0 || c.Withdrawals != 1 {
		t.Errorf("the trail has %+v, want no permit, one withdrawal", c)
	}
}

// A permit whose answer never came is in the trail once the ledger shows it.
func TestLostPermitIsFound(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	for range 5 {
		o.fails("POST /business/v1/permits", trouble{status: 500, after: true})
	}
	if _, err := b.Collect(t.Context(), g); err == nil {
		t.Fatal("collected without a permit's answer")
	}
	if c := o.clean(b); c.Permits != 1 {
		t.Errorf("%d permits in the trail, want the one on the ledger", c.Permits)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "permits")); len(left) != 0 {
		t.Errorf("%d permits still wait", len(left))
	}
	if _, err := b.Collect(t.Context(), g); err != nil {
		t.Errorf("collecting under it: %v", err)
	}
	// One that never arrived is forgotten when its hours are over.
	o.pass(time.Hour)
	for range 5 {
		o.fails("POST /business/v1/permits", trouble{status: 500})
	}
	if _, err := b.Collect(t.Context(), g); err == nil {
		t.Fatal("collected without a permit")
	}
	o.pass(2 * time.Hour)
	if _, err := b.Poll(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "permits")); len(left) != 0 {
		t.Errorf("%d permits still wait", len(left))
	}
	o.clean(b)
}

// One event that cannot be handled must not hold up the rest, one that passes must
// come again.
func TestPollGoesOn(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	q := o.asked(b)
	o.tell("answered", q, id.Grant{})
	o.newer = true
	o.tell("something of a later operator", q, id.Grant{})
	o.give(q, "delivery", goods, func(g *given) { g.Opening.R[0] ^= 1 })
	last := o.give(q, "marketing", map[string]any{"email": "quillon@vasterhaven.example"})
	var seen []id.Grant
	away := errors.New("away")
	n, err := b.Poll(t.Context(), func(_ context.Context, e business.Event) error {
		seen = append(seen, e.Grant)
		return away
	})
	if err != nil || n != 4 || len(seen) != 3 || seen[2] != last {
		t.Errorf("polled %d, told %d, %v; want 4 events, 3 told", n, len(seen), err)
	}
	status, err := b.Status(t.Context(), q)
	if err != nil || status.State != business.RequestAnswered || status.Reference != "order-1" || len(status.Purposes) != 2 || status.Purposes[1].Grant != last {
		t.Errorf("status %+v, %v", status, err)
	}
	o.tell("answered", q, id.Grant{})
	if _, err := b.Poll(t.Context(), func(context.Context, business.Event) error { return business.ErrUnreachable }); err == nil {
		t.Error("a passing error was swallowed")
	}
	if n, err := b.Poll(t.Context(), nil); err != nil || n != 1 {
		t.Errorf("the event came again %d times, %v; want once", n, err)
	}
}

func TestBundleVerifiesOffline(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	bundle, err := b.Bundle(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	set, err := b.PinnedValidators()
	if err != nil {
		t.Fatal(err)
	}
	checks, err := audit.VerifyReceipt(t.Context(), bundle.Bytes(), set, agent.New(agent.Options{}))
	if err != nil || !audit.Sound(checks) {
		t.Errorf("%v, %v", checks, err)
	}
}
