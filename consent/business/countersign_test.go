package business_test

import (
	"errors"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/consent/business"
	"coffer/internal/id"
)

const countersignRoute = "POST /business/v1/grants/{id}/countersignature"

func (o *operator) verified(b *business.Business, g id.Grant) audit.Verified {
	o.t.Helper()
	bundle, err := b.Bundle(o.t.Context(), g)
	o.check(err)
	set, err := b.PinnedValidators()
	o.check(err)
	v, err := audit.Verify(o.t.Context(), bundle.Bytes(), set, agent.New(agent.Options{}))
	o.check(err)
	if !audit.Sound(v.Checks) {
		o.t.Errorf("the bundle does not stand: %v", v.Checks)
	}
	return v
}

// The first collection answers the receipt, once.
func TestTheFirstCollectionCountersigns(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	if v := o.verified(b, g); v.Countersigned != nil {
		t.Error("counter-signed before anything was collected")
	}
	for range 2 {
		if _, err := b.Collect(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.called(countersignRoute); n != 1 || o.grants[g].countersignature == "" {
		t.Errorf("handed over %d times, want once", n)
	}
	v := o.verified(b, g)
	if v.Countersigned == nil || v.Countersigned.Iss != b.DID() || v.Bundle.Countersignature != o.grants[g].countersignature {
		t.Errorf("the bundle has %+v", v.Countersigned)
	}
	if c := o.clean(b); c.Countersigned != 1 {
		t.Errorf("%d counter-signatures in the trail, want 1", c.Countersigned)
	}
}

// An operator that does not take it costs nothing but time: the values are there,
// the signature is made once, and handed over after a later collection.
func TestACountersignatureWaits(t *testing.T) {
	o := newOperator(t)
	b, dir := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	o.fails(countersignRoute, trouble{status: 404, code: "not-found"}, trouble{status: 422, code: "malformed", after: true})
	for range 2 {
		if got, err := b.Collect(t.Context(), g); err != nil || len(got.Values) != 2 {
			t.Fatalf("%v, %d values", err, len(got.Values))
		}
	}
	first := o.grants[g].countersignature // it was taken, the answer said otherwise
	o.check(b.Close())
	b, err := business.Open(dir, o.options()...)
	o.check(err)
	defer b.Close()
	if _, err := b.Collect(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if n := o.called(countersignRoute); n != 3 || o.grants[g].countersignature != first || o.verified(b, g).Bundle.Countersignature != first {
		t.Errorf("after %d calls another counter-signature stands", n)
	}
	if c := o.clean(b); c.Countersigned != 1 || c.Repeated != 0 {
		t.Errorf("the trail has %+v, want one counter-signature", c)
	}
}

// The receipt of a grant that is over comes with its end.
func TestTheBundleOfAWithdrawnGrant(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	g := o.give(o.asked(b), "delivery", goods)
	if _, err := b.Collect(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	o.pass(time.Hour)
	o.withdraw(g, true)
	if _, err := b.Poll(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	v := o.verified(b, g)
	if v.Countersigned == nil || v.EndProven == nil || v.EndProven.Entry.Kind() != anchor.KindWithdraw {
		t.Errorf("the bundle shows %+v", v)
	}
	never := o.give(o.asked(b), "delivery", goods)
	o.withdraw(never, true)
	if _, err := b.Bundle(t.Context(), never); !errors.Is(err, consent.Withdrawn) {
		t.Errorf("of a grant whose letter was never opened: %v, want withdrawn", err)
	}
}
