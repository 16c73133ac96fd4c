package business_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"coffer/anchor/anchortest"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/consent/business"
)

// The ledger's members change while a business works. It follows what the pinned ones
// agreed to, and its trail is audited with the first set alone, offline.
func TestTheMembersChange(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	first, err := o.ledger.Validators(t.Context())
	o.check(err)
	before := o.give(o.asked(b), "delivery", goods)
	if _, err := b.Collect(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	o.ledger.Succeed(anchortest.NewSigners("coffer-business-test", 10, 10, 10, 10))
	after := o.give(o.asked(b), "delivery", goods)
	if _, err := b.Collect(t.Context(), after); err != nil {
		t.Fatalf("collecting under a grant that the new members signed: %v", err)
	}
	o.ledger.Succeed(anchortest.NewSigners("coffer-business-test", 10, 10, 10, 10, 10))
	var trail bytes.Buffer
	o.check(b.ExportTrail(t.Context(), &trail)) // whose last proofs the newest signed
	if n := strings.Count(trail.String(), `"kind":"succession"`); n != 2 {
		t.Errorf("the trail tells of %d changes, want 2", n)
	}
	options := audit.Options{Validators: first, Signatures: agent.New(agent.Options{})}
	report, err := audit.Run(t.Context(), bytes.NewReader(trail.Bytes()), options)
	if err != nil || !report.Clean() || report.Counts.Complete != 2 {
		t.Errorf("%v\n%s", err, report.Text())
	}
	pinned, err := b.PinnedValidators()
	if err != nil || pinned.Hash() != first.Hash() {
		t.Errorf("what is pinned changed: %v", err)
	}
	options.Ledger = o.ledger
	if report, err = audit.Run(t.Context(), bytes.NewReader(trail.Bytes()), options); err != nil || !report.Clean() {
		t.Errorf("online: %v\n%s", err, report.Text())
	}
}

// Others sign whom nobody named: nothing they say counts, and the error says what to do.
func TestOthersTakeTheLedger(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	o.give(o.asked(b), "delivery", goods)
	if _, err := b.Validators(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.ledger.Usurp(anchortest.NewSigners("coffer-business-test", 10, 10, 10))
	g := o.give(o.asked(b), "delivery", goods)
	_, err := b.Collect(t.Context(), g)
	if !errors.Is(err, business.ErrOtherLedger) || !strings.Contains(err.Error(), "compare with its members") {
		t.Errorf("got %v", err)
	}
}
