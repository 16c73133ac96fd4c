package consentdb_test

import (
	"errors"
	"testing"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

// Whose grants a request replaces, that vault alone may answer; and a grant that ended
// between the wallet's look and its answer has ended, not failed.
func TestDecideReplaces(t *testing.T) {
	s := newScene(t)
	old := s.give()
	ask := func(grants ...id.Grant) consent.Request {
		q := s.shop.Request(consenttest.Replacing(consent.ReplaceMerge, grants...))
		s.do(s.store.PutRequest(t.Context(), q, s.clock.Now()))
		return q
	}
	q := ask(old.Held[0].Grant, old.Held[1].Grant)

	other := consenttest.NewShopper(s.clock.Now, s.shopper.Catalogue)
	other.Move(t, s.vaults)
	if err := s.store.Decide(t.Context(), other.Stored(other.Decide(q, consenttest.Both))); !errors.Is(err, consent.ErrNotFound) {
		t.Fatalf("another vault: %v", err)
	}

	a := s.shopper.Decide(q, consenttest.Both)
	d := s.shopper.Stored(a)
	for i, h := range old.Held {
		d.Replaced = append(d.Replaced, consentdb.Replaced{
			Replacement: consent.Replacement{Old: h.Grant, Next: a.Held[i].Grant}, Kind: consent.ChangeMerged,
			Entry: h.Withdraw(anchor.EpochAt(s.clock.Now())), Receipt: s.shopper.WithdrawalReceipt(h),
		})
	}
	s.do(s.withdraw(old.Held[1]))
	s.do(s.store.Decide(t.Context(), d))
	s.drain()
	if g := s.state(old.Held[0]); g.State != consent.StateReplaced || g.Successor != a.Held[0].Grant || g.WithdrawalReceipt == "" {
		t.Errorf("replaced: %s by %v", g.State, g.Change)
	}
	if g := s.state(old.Held[1]); g.State != consent.StateWithdrawn || !g.Successor.IsZero() {
		t.Errorf("withdrawn meanwhile: %s", g.State)
	}
	s.sound()
}
