package consentdb_test

import (
	"errors"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
)

// A restored store releases nothing and takes no message until the ledger is newer than
// the restore and was asked; then what was withdrawn there ends here, and only that.
func TestARestoredStoreCatchesUp(t *testing.T) {
	s := newScene(t)
	a := s.give()
	ended, stands := a.Held[0], a.Held[1]
	s.permit(ended)
	s.permit(stands)
	heard := len(s.heard(ended.Grant))
	s.do(s.store.MarkRestored(t.Context(), s.clock.Now()))
	s.reopen()
	if !s.store.CaughtUp() {
		t.Fatal("a store that has not begun says that it is behind")
	}
	s.do(s.store.Begin(t.Context()))
	for what, err := range map[string]error{
		"collecting": func() error { _, err := s.collect(stands); return err }(),
		"a message":  func() error { _, _, err := s.take(s.message(stands)); return err }(),
	} {
		if !errors.Is(err, consentdb.ErrBehind) || !errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("%s before it caught up: %v", what, err)
		}
	}
	// The ledger's newest block may be from before the restore: withdrawals may be missing.
	if _, err := s.store.CatchUp(t.Context(), s.ledger, s.clock.Now()); !errors.Is(err, consentdb.ErrBehind) || s.store.CaughtUp() {
		t.Fatalf("caught up with an old ledger: %v", err)
	}
	s.clock.Add(time.Minute)
	s.do(s.ledger.Append(t.Context(), ended.Withdraw(anchor.EpochAt(s.clock.Now()))))
	s.ledger.Drop() // the permit's bytes are gone, the withdrawal is found all the same
	if n, err := s.store.CatchUp(t.Context(), s.ledger, s.clock.Now()); err != nil || n != 1 || !s.store.CaughtUp() {
		t.Fatalf("%d grants ended, %v", n, err)
	}
	_, err := s.collect(ended)
	wants(t, err, consent.Withdrawn)
	if _, err := s.collect(stands); err != nil {
		t.Errorf("what stands: %v", err)
	}
	if kinds := s.heard(ended.Grant); len(kinds) != heard+1 || kinds[heard] != consentdb.EventWithdrawn {
		t.Errorf("the business heard %v", kinds)
	}
	s.drain()
	s.reopen()
	s.do(s.store.Begin(t.Context()))
	if !s.store.CaughtUp() {
		t.Error("behind again after another start")
	}
}

// Events go on with numbers that a business cannot have seen.
func TestNumbersGoOnAfterARestore(t *testing.T) {
	s := newScene(t)
	a := s.give()
	last := func() (n int64) {
		events, err := s.store.Events(t.Context(), s.shop.DID, 0, 100)
		s.do(err)
		return events[len(events)-1].Seq
	}
	before := last()
	s.do(s.store.MarkRestored(t.Context(), s.clock.Now()))
	s.do(s.withdraw(a.Held[0]))
	if now := last(); now <= s.clock.Now().UnixMilli() || before > 100 {
		t.Errorf("numbers go from %d to %d", before, now)
	}
}
