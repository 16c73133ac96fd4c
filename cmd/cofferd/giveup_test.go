package main

import (
	"errors"
	"fmt"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
)

// A business gives a grant up by itself: nothing comes under it any more, the ledger and
// the shopper know, and it owes what it owes after every end. The other grant of the
// same request stands.
func TestABusinessGivesUpAGrant(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b, other := w.shop(), w.shop()
	s, deliver, market := demanding(w, b)
	w.step("collect", func() error {
		_, err := b.Collect(ctx, deliver)
		return err
	})
	w.step("nobody else gives it up", func() error {
		for _, g := range []id.Grant{deliver, id.New[id.Grant]()} {
			if _, err := other.GiveUp(ctx, g); !errors.Is(err, business.ErrNotFound) {
				return fmt.Errorf("another business: %v", err)
			}
		}
		_, err := b.Collect(ctx, deliver)
		return err
	})
	w.step("give up, twice, what was shortened meanwhile", func() error {
		first := deliver
		if err := w.alter(s, &deliver, consent.ChangeShortened, wallettest.To{Hours: 24}); err != nil {
			return err
		}
		for range 2 {
			given, err := b.GiveUp(ctx, first)
			if err != nil || given != deliver {
				return fmt.Errorf("gave up %s, want the one that stands in its place; %v", given, err)
			}
		}
		if _, cerr := b.Collect(ctx, deliver); !errors.Is(cerr, consent.Terminated) {
			return fmt.Errorf("collecting: %v, want terminated", cerr)
		}
		_, merr := b.Collect(ctx, market)
		return merr
	})
	w.step("the ledger knows", func() error {
		if _, err := w.o.outbox.Drain(ctx); err != nil {
			return err
		}
		entry, err := s.Held[deliver].Given.GrantEntry()
		if err != nil {
			return err
		}
		g, err := w.o.ledger.Grant(ctx, entry.HandleKey)
		if err == nil && !g.Withdrawn {
			err = errors.New("it does not")
		}
		return err
	})
	w.step("the loop runs", func() error {
		if err := errors.Join(w.poll(b), b.StateDeletion(ctx, deliver, business.Statement{Text: "We have no use for it."})); err != nil {
			return err
		}
		l, err := w.loop(s, b, deliver)
		if err == nil && (l.Event != consent.EndTerminated || l.Acknowledged == 0 || l.Stated == 0) {
			err = fmt.Errorf("%+v", l)
		}
		return errors.Join(err, w.audited(s, b))
	})
	w.step("what the shopper ended stays so", func() error {
		if _, err := s.Withdraw(ctx, market); err != nil {
			return err
		}
		if _, err := b.GiveUp(ctx, market); err != nil {
			return err
		}
		l, err := w.loop(s, b, market)
		if err == nil && l.Event != consent.EndWithdrawn {
			err = fmt.Errorf("%+v", l)
		}
		return err
	})
	w.step("of an erased vault there is nothing to give up", func() error {
		err := s.Erase(ctx)
		_, merr := b.GiveUp(ctx, market)
		_, derr := b.GiveUp(ctx, deliver)
		return errors.Join(err, merr, derr)
	})
}
