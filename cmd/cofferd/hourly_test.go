package main

import (
	"errors"
	"path/filepath"
	"testing"

	"coffer/anchor"
	"coffer/consent/business"
)

// punctual is a shop whose clock is the operator's.
func (w *world) punctual() *business.Business {
	w.Helper()
	folder := filepath.Join(w.TempDir(), "punctual")
	if err := w.shopIn(folder).Close(); err != nil {
		w.Fatal(err)
	}
	b, err := business.Open(folder, business.WithClock(w.now))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { b.Close() })
	return b
}

// A job that can wait leaves its permits at the operator: until the hour turns nothing
// of it is on the ledger and nothing is collected; then it is, without another call.
func TestCollectHourly(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	shop, s := w.punctual(), w.shopper()
	q := w.asked(shop, s)
	w.give(s, q)
	g := grantOf(t, shop, q.ID, "delivery")
	cursor := ""
	run := func() (values int) {
		w.step("collect hourly", func() error {
			return shop.CollectHourly(ctx, delivery, cursor, func(l business.Line) error {
				switch {
				case l.Grant.IsZero():
					cursor = l.Cursor
				case l.Denied != nil:
					t.Errorf("denied: %v", l.Denied)
				default:
					values++
				}
				return nil
			})
		})
		return values
	}
	entries := func() int {
		grant, err := shop.Grant(shop.Standing(g))
		if errors.Is(err, business.ErrNotFound) {
			return 1 // its letter was not opened yet
		} else if err != nil {
			t.Fatal(err)
		}
		entry, err := anchor.ParseEntry(grant.Entry)
		if err != nil {
			t.Fatal(err)
		}
		all, err := w.o.ledger.Entries(ctx, entry.Handle())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if n := run(); n != 0 || cursor != "" || entries() != 1 {
		t.Fatalf("before the hour: %d values, cursor %q, %d entries", n, cursor, entries())
	}
	w.step("drain", func() error { _, err := w.o.outbox.Drain(ctx); return err })
	if entries() != 1 {
		t.Fatal("the permit did not wait for its hour")
	}
	if n := run(); n != 0 || entries() != 1 { // again in the same hour posts nothing more
		t.Fatalf("a second run: %d values, %d entries", n, entries())
	}
	w.hours.Add(1)
	w.step("the hour turns", func() error { _, err := w.o.outbox.Drain(ctx); return err })
	if entries() != 2 {
		t.Fatalf("%d entries after the turn, want grant and permit", entries())
	}
	if n := run(); n == 0 || cursor == "" || entries() != 2 {
		t.Fatalf("after the turn: %d values, cursor %q, %d entries", n, cursor, entries())
	}
	if n := run(); n != 0 {
		t.Fatalf("nothing changed, and it collected %d", n)
	}
	w.step("audit", func() error { return w.audited(s, shop) })
}

// A permit that waits for another hour than the next is refused.
func TestOnlyTheNextHourWaits(t *testing.T) {
	w := newWorld(t)
	shop, s := w.punctual(), w.shopper()
	q := w.asked(shop, s)
	w.give(s, q)
	g := grantOf(t, shop, q.ID, "delivery")
	refused, err := shop.PermitAhead(t.Context(), g)
	if err != nil || len(refused) != 0 {
		t.Fatalf("got %v, %v", refused, err)
	}
	w.hours.Add(1) // the shop's clock is the operator's
	if _, err := shop.Collect(t.Context(), g); err != nil {
		t.Fatalf("what waits is posted at once when it is needed at once: %v", err)
	}
	grant, _ := shop.Grant(g)
	if grant.Ahead != nil || grant.Permit == nil || grant.Permit.Epoch != anchor.EpochAt(w.now()) {
		t.Fatalf("got %+v", grant)
	}
}
