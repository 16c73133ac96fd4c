package main

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"coffer/consent"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// alter changes a grant of a shopper; g becomes the one that stands then.
func (w *world) alter(s *wallettest.Wallet, g *id.Grant, kind consent.ChangeKind, to wallettest.To) error {
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		return err
	}
	next, err := s.Change(w.Context(), *g, kind, to, catalogue)
	if err == nil {
		*g = next
	}
	return err
}

// A grant's whole life with everything real: each change, and the invariants after it.
func TestTheLifeOfAGrant(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	s, deliver, g := demanding(w, b)
	changes := func(kind consent.ChangeKind, to wallettest.To) func() error {
		return func() error { return w.alter(s, &g, kind, to) }
	}
	w.step("narrow", changes(consent.ChangeNarrowed, wallettest.To{Channels: []string{}}))
	w.step("pause", changes(consent.ChangePaused, wallettest.To{}))
	w.step("resume", changes(consent.ChangeResumed, wallettest.To{}))
	w.step("shorten", changes(consent.ChangeShortened, wallettest.To{Hours: 30}))
	w.step("renew", changes(consent.ChangeRenewed, wallettest.To{}))
	w.step("withdraw", func() error { _, err := s.Withdraw(ctx, g); return err })
	w.step("an hour or two of delivery", func() error { return w.alter(s, &deliver, consent.ChangeShortened, wallettest.To{Hours: 1}) })
	w.step("nothing ends soon", func() error {
		soon, err := s.Reminders(ctx)
		if err == nil && !slices.Equal(soon, nil) {
			err = fmt.Errorf("reminded of %v", soon)
		}
		return err
	})
	w.step("its time is over", func() error {
		if err := s.NoteExpiry(ctx, deliver); err == nil {
			return errors.New("a receipt of an expiry before it")
		}
		w.pass(2)
		if n, err := w.o.consents.SweepEndings(ctx, w.now()); err != nil || n != 1 {
			return fmt.Errorf("%d ends were told: %w", n, err)
		}
		return s.NoteExpiry(ctx, deliver)
	})
}
