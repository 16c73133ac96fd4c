package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// waiting are the requests that a wallet shows without a link.
func waiting(ctx context.Context, s *wallettest.Wallet) (ids []id.Request, err error) {
	var answer struct {
		Requests []struct {
			ID id.Request `json:"id"`
		} `json:"requests"`
	}
	err = s.Do(ctx, "GET", "/requests", nil, &answer)
	for _, q := range answer.Requests {
		ids = append(ids, q.ID)
	}
	return ids, err
}

// A shop asks many in the same words. A new wording asks nobody; asking more asks those
// whose grants do not cover it, and nothing of theirs changes until they have decided.
func TestReconsent(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "shop")
	b := w.shopIn(dir)
	gives, refuses := w.shopper(), w.shopper()
	both := map[string]wallettest.Choice{
		"delivery":  {Attributes: []string{"name", "postal-address"}},
		"marketing": {Attributes: []string{"email"}, Channels: []string{consent.ChannelWallet}},
	}
	for _, s := range []*wallettest.Wallet{gives, refuses} {
		for name, value := range planted {
			if err := s.Set(ctx, name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	first := map[*wallettest.Wallet]id.Request{}

	w.step("register the first version", func() error {
		got, err := b.RegisterTemplate(ctx, "order", asks())
		if err == nil && (got.Version != 1 || got.Material || len(got.Differences) != 0) {
			err = fmt.Errorf("%+v", got)
		}
		return err
	})
	w.step("ask two shoppers by it", func() error {
		for s := range map[*wallettest.Wallet]bool{gives: true, refuses: true} {
			asked, err := b.Request(ctx, business.Ask{Template: "order", Reference: "order-7"})
			if err != nil {
				return err
			}
			q, err := s.Request(ctx, asked.ID)
			if err != nil {
				return err
			}
			if q.Template == nil || q.Template.Version != 1 {
				return errors.New("it names no template")
			}
			if _, err := s.Decide(ctx, q, both, false, catalogue); err != nil {
				return err
			}
			first[s] = asked.ID
		}
		return nil
	})

	w.step("a new wording asks nobody", func() error {
		purposes := asks()
		purposes[1].Text["en"] = "We send offers to your inbox. You can stop them at any time."
		got, err := b.RegisterTemplate(ctx, "order", purposes)
		if err != nil || got.Version != 2 || got.Material || len(got.Differences) != 1 || got.Older != 4 || got.Behind != 0 {
			return fmt.Errorf("%+v: %w", got, err)
		}
		if _, err := b.RegisterTemplate(ctx, "order", purposes); !errors.Is(err, business.ErrSameTemplate) {
			return fmt.Errorf("the same again: %w", err)
		}
		again, err := b.AskAgain(ctx, "order", business.Ask{})
		if err != nil || len(again) != 0 {
			return fmt.Errorf("asked %d: %w", len(again), err)
		}
		for _, s := range []*wallettest.Wallet{gives, refuses} {
			if ids, err := waiting(ctx, s); err != nil || len(ids) != 0 {
				return fmt.Errorf("%d wait: %w", len(ids), err)
			}
		}
		return nil
	})

	more := asks()
	more[1].Optional, more[1].WeeklyCap = []string{"shoe-size", "clothing-size"}, 3
	w.step("asking more asks those whose grants do not cover it", func() error {
		if err := os.Remove(filepath.Join(dir, "templates", "order.json")); err != nil { // as on another machine
			return err
		}
		got, err := b.RegisterTemplate(ctx, "order", more)
		if err != nil || got.Version != 3 || !got.Material || got.Older != 4 || got.Behind != 2 {
			return fmt.Errorf("%+v: %w", got, err)
		}
		if all, err := b.Templates(ctx); err != nil || len(all) != 1 || all["order"] != 3 {
			return fmt.Errorf("%v: %w", all, err)
		}
		again, err := b.AskAgain(ctx, "order", business.Ask{Open: consent.MaxOpen})
		if err != nil || len(again) != 2 || again[0].Reference != "order-7" || len(again[0].Grants) != 1 {
			return fmt.Errorf("asked %+v: %w", again, err)
		}
		if twice, err := b.AskAgain(ctx, "order", business.Ask{}); err != nil || len(twice) != 0 {
			return fmt.Errorf("asked %d twice: %w", len(twice), err)
		}
		return nil
	})

	w.step("each finds its own request, and what differs", func() error {
		seen := map[id.Request]bool{}
		for _, s := range []*wallettest.Wallet{gives, refuses} {
			ids, err := waiting(ctx, s)
			if err != nil || len(ids) != 1 || seen[ids[0]] {
				return fmt.Errorf("%d wait: %w", len(ids), err)
			}
			seen[ids[0]] = true
			old, err := s.Request(ctx, first[s])
			if err != nil {
				return err
			}
			next, err := s.Request(ctx, ids[0])
			if err != nil {
				return err
			}
			var kinds []consent.DifferenceKind
			for _, d := range consent.Differences(old.Only("marketing"), next) {
				kinds = append(kinds, d.Kind)
			}
			if !slices.Equal(kinds, []consent.DifferenceKind{consent.AttributeAdded, consent.CapRaised}) || len(next.Purposes) != 1 {
				return fmt.Errorf("differs by %v", kinds)
			}
		}
		return nil
	})
	w.step("until they decide, what was given stands", func() error {
		for _, s := range []*wallettest.Wallet{gives, refuses} {
			if _, err := b.Collect(ctx, grantOf(t, b, first[s], "marketing"), "email"); err != nil {
				return err
			}
		}
		return nil
	})

	find := func(s *wallettest.Wallet) (consent.Request, error) {
		ids, err := waiting(ctx, s)
		if err != nil || len(ids) != 1 {
			return consent.Request{}, fmt.Errorf("%d wait: %w", len(ids), err)
		}
		return s.Request(ctx, ids[0])
	}
	w.step("who gives gets the wider grant, and the old one ends in its favour", func() error {
		old := grantOf(t, b, first[gives], "marketing")
		q, err := find(gives)
		if err != nil {
			return err
		}
		_, err = gives.Decide(ctx, q, map[string]wallettest.Choice{
			"marketing": {Attributes: []string{"email", "shoe-size"}, Channels: []string{consent.ChannelWallet}},
		}, false, catalogue)
		if err != nil {
			return err
		}
		next := grantOf(t, b, q.ID, "marketing")
		c, err := b.Collect(ctx, next, "email", "shoe-size")
		if err != nil || len(c.Values) != 2 {
			return fmt.Errorf("%d values: %w", len(c.Values), err)
		}
		if _, err := b.Collect(ctx, grantOf(t, b, first[gives], "delivery"), "name"); err != nil {
			return fmt.Errorf("what was not asked anew: %w", err)
		}
		g, err := w.o.consents.Grant(ctx, gives.Vault, old)
		if err != nil || g.State != consent.StateReplaced || g.Successor != next || g.Change != consent.ChangeMerged || g.WithdrawalReceipt == "" {
			return fmt.Errorf("%s, %s: %w", g.State, g.Change, err)
		}
		return nil
	})
	w.step("who refuses keeps what was given", func() error {
		q, err := find(refuses)
		if err != nil {
			return err
		}
		if _, err := refuses.Decide(ctx, q, nil, false, catalogue); err != nil {
			return err
		}
		if ids, err := waiting(ctx, refuses); err != nil || len(ids) != 0 {
			return fmt.Errorf("%d still wait: %w", len(ids), err)
		}
		if _, err := b.Collect(ctx, grantOf(t, b, first[refuses], "marketing"), "email"); err != nil {
			return err
		}
		behind, err := b.Behind(ctx, "order")
		if err != nil || len(behind) != 1 || behind[0].Asked == nil || behind[0].Asked.State != business.RequestAnswered {
			return fmt.Errorf("%+v: %w", behind, err)
		}
		if again, err := b.AskAgain(ctx, "order", business.Ask{}); err != nil || len(again) != 0 {
			return fmt.Errorf("asked %d who refused: %w", len(again), err)
		}
		return nil
	})
	w.step("the events tell the business all of it", func() error {
		seen := map[string]int{}
		for {
			n, err := b.Poll(ctx, func(_ context.Context, e business.Event) error { seen[string(e.Type)]++; return nil })
			if err != nil {
				return err
			}
			if n == 0 {
				break
			}
		}
		if seen["answered"] != 4 || seen["merged"] != 1 || seen["live"] != 5 {
			return fmt.Errorf("%v", seen)
		}
		return nil
	})
	w.step("replacing leaves nothing but what is given", func() error {
		named := []id.Grant{grantOf(t, b, first[refuses], "delivery"), grantOf(t, b, first[refuses], "marketing")}
		asked, err := b.Request(ctx, business.Ask{Template: "order", Replaces: &consent.Replaces{Mode: consent.ReplaceAll, Grants: named}})
		if err != nil {
			return err
		}
		q, err := find(refuses)
		if err != nil {
			return err
		}
		if _, err := gives.Request(ctx, asked.ID); err == nil {
			return errors.New("another shopper reads it")
		}
		if _, err := refuses.Decide(ctx, q, map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}}, false, catalogue); err != nil {
			return err
		}
		if g, err := w.o.consents.Grant(ctx, refuses.Vault, named[0]); err != nil || g.State != consent.StateReplaced || g.Change != consent.ChangeReplaced {
			return fmt.Errorf("what was given anew: %s, %w", g.State, err)
		}
		if _, err := b.Collect(ctx, named[1], "email"); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("what was refused: %v", err)
		}
		return nil
	})
}
