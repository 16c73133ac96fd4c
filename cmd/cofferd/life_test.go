package main

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// names are the attributes of a collection.
func names(c business.Collection) (out []string) {
	for _, v := range c.Values {
		out = append(out, v.Attribute)
	}
	slices.Sort(out)
	return out
}

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

// giving gives the shop both purposes, with all that each asks.
func (w *world) giving(s *wallettest.Wallet, b *business.Business, deliver, market *id.Grant) error {
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		return err
	}
	for name, value := range planted {
		if err := s.Set(w.Context(), name, value); err != nil {
			return err
		}
	}
	asked, err := b.Request(w.Context(), business.Ask{Purposes: asks()})
	if err != nil {
		return err
	}
	q, err := s.Request(w.Context(), asked.ID)
	if err != nil {
		return err
	}
	_, err = s.Decide(w.Context(), q, map[string]wallettest.Choice{
		"delivery":  {Attributes: []string{"name", "postal-address"}},
		"marketing": {Attributes: []string{"email", "shoe-size"}, Channels: []string{consent.ChannelWallet}},
	}, false, catalogue)
	if err == nil {
		*deliver, *market = grantOf(w.T, b, q.ID, "delivery"), grantOf(w.T, b, q.ID, "marketing")
	}
	return err
}

// cleared polls until the trail is clean: what is withdrawn reaches the ledger a moment
// later.
func (w *world) cleared(s *wallettest.Wallet, b *business.Business) error {
	var unclean error
	err := eventually(func() (bool, error) {
		if err := w.poll(b); err != nil {
			return false, err
		}
		unclean = w.audited(s, b)
		return unclean == nil, nil
	})
	return errors.Join(err, unclean)
}

// A grant's whole life with everything real: each change, and the invariants after it.
func TestTheLifeOfAGrant(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	s, deliver := w.shopper(), id.Grant{}
	var g id.Grant
	w.step("give", func() error { return w.giving(s, b, &deliver, &g) })
	first := g
	changes := func(kind consent.ChangeKind, to wallettest.To) func() error {
		return func() error { return w.alter(s, &g, kind, to) }
	}
	gets := func(want ...string) func() error {
		return func() error {
			c, err := b.Collect(ctx, first)
			if err == nil && (!slices.Equal(names(c), want) || c.Grant != g) {
				err = fmt.Errorf("collected %q under %s, want %q under %s", names(c), c.Grant, want, g)
			}
			return err
		}
	}
	denied := func(why error) func() error {
		return func() error {
			if _, err := b.Collect(ctx, first); !errors.Is(err, why) {
				return fmt.Errorf("collecting: %v, want %v", err, why)
			}
			return nil
		}
	}
	owes := func(g id.Grant, event consent.Ending, attributes ...string) error {
		if err := w.poll(b); err != nil {
			return err
		}
		l, err := w.loop(s, b, g)
		if err == nil && (l.Event != event || l.Acknowledged == 0) {
			err = fmt.Errorf("%+v", l)
		}
		if err == nil {
			err = b.StateDeletion(ctx, g, business.Statement{})
		}
		if err == nil {
			l, err = w.loop(s, b, g)
		}
		if err != nil {
			return err
		}
		_, payload, err := agent.New(agent.Options{}).VerifyJWS(ctx, l.Statement, consent.TypeDeletion)
		if err != nil {
			return err
		}
		d, err := consent.ParseDeletion(payload, consent.StatementRules{Issuer: b.DID(), Audience: w.config.Origin, Now: time.Now()})
		if err == nil && !slices.Equal(d.Deleted, attributes) {
			err = fmt.Errorf("%s: it deleted %q, want %q", event, d.Deleted, attributes)
		}
		return err
	}
	w.step("given", gets("email", "shoe-size"))
	w.step("a message", func() error { _, err := b.Send(ctx, first, "Offer", "Shoes"); return err })
	w.step("narrow", changes(consent.ChangeNarrowed, wallettest.To{Attributes: []string{"email"}}))
	w.step("less is collected", gets("email"))
	w.step("what was dropped is deleted", func() error { return owes(first, consent.EndNarrowed, "shoe-size") })
	narrowed := g
	w.step("pause", changes(consent.ChangePaused, wallettest.To{}))
	w.step("nothing is collected", denied(consent.Paused))
	w.step("nothing is sent", func() error {
		if _, err := b.Send(ctx, first, "Offer", "Boots"); !errors.Is(err, consent.Paused) {
			return fmt.Errorf("sending: %v", err)
		}
		return nil
	})
	w.step("a pause asks for no deletion", func() error {
		if err := w.poll(b); err != nil {
			return err
		}
		if l, err := s.Loop(ctx, narrowed); err != nil || l != nil {
			return fmt.Errorf("%+v, %v", l, err)
		}
		return nil
	})
	w.step("resume", changes(consent.ChangeResumed, wallettest.To{}))
	w.step("as before the pause", gets("email"))
	w.step("shorten", changes(consent.ChangeShortened, wallettest.To{Hours: 30}))
	w.step("until then", gets("email"))
	w.step("renew", changes(consent.ChangeRenewed, wallettest.To{}))
	w.step("the operator stops and starts", func() error { w.restart(); return nil })
	w.step("again", gets("email"))
	w.step("a second message, the third is too many", func() error {
		if _, err := b.Send(ctx, first, "Offer", "Boots"); err != nil {
			return err
		}
		if _, err := b.Send(ctx, first, "Offer", "Socks"); !errors.Is(err, consent.ByPolicy) {
			return fmt.Errorf("sending: %v", err)
		}
		return nil
	})
	w.step("all of it by bulk", func() error {
		var under []id.Grant
		err := b.CollectAll(ctx, marketing, "", func(l business.Line) error {
			if l.Sealed != nil {
				under = append(under, l.Grant)
			}
			return nil
		})
		if err == nil && (!slices.Equal(under, []id.Grant{g}) || b.First(g) != first) {
			err = fmt.Errorf("collected under %v", under)
		}
		return err
	})
	w.step("the trail is clean", func() error { return w.cleared(s, b) })
	w.step("withdraw", func() error { _, err := s.Withdraw(ctx, g); return err })
	w.step("over", denied(consent.Withdrawn))
	w.step("the rest is deleted", func() error { return owes(g, consent.EndWithdrawn, "email") })
	w.step("the trail is clean to its end", func() error { return w.audited(s, b) })
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

// A paused grant ends by a withdrawal or with its time, and the trail shows each.
func TestTheEndOfAPausedGrant(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b, s := w.shop(), w.shopper()
	var deliver, market id.Grant
	w.step("give", func() error { return w.giving(s, b, &deliver, &market) })
	w.step("both are collected", func() error {
		_, err := b.Collect(ctx, deliver)
		_, again := b.Collect(ctx, market)
		return errors.Join(err, again)
	})
	paused, alsoPaused := deliver, market
	w.step("pause", func() error { return w.alter(s, &paused, consent.ChangePaused, wallettest.To{}) })
	w.step("pause the other", func() error { return w.alter(s, &alsoPaused, consent.ChangePaused, wallettest.To{}) })
	w.step("the business hears of it", func() error { return w.cleared(s, b) })
	w.step("withdraw what is paused", func() error { _, err := s.Withdraw(ctx, deliver); return err })
	w.step("it must be deleted", func() error {
		if err := w.poll(b); err != nil {
			return err
		}
		l, err := w.loop(s, b, deliver)
		if err == nil && (l.Event != consent.EndWithdrawn || l.Acknowledged == 0) {
			err = fmt.Errorf("%+v", l)
		}
		return err
	})
	w.step("the other's time is over", func() error {
		w.pass(366 * 24)
		defer w.pass(-366 * 24) // tokens of the business would not hold
		if _, err := w.o.consents.SweepEndings(ctx, w.now()); err != nil {
			return err
		}
		held := s.Held[market]
		receipt, err := s.SignClosing(held, consent.EventExpired)
		if err != nil {
			return err
		}
		return w.o.consents.PutExpiry(ctx, s.Vault, market, receipt, w.now())
	})
	w.step("it must be deleted too", func() error {
		if err := w.poll(b); err != nil {
			return err
		}
		l, err := w.loop(s, b, market)
		if err == nil && (l.Event != consent.EndExpired || l.Acknowledged == 0) {
			err = fmt.Errorf("%+v", l)
		}
		return errors.Join(err, b.StateDeletion(ctx, market, business.Statement{}))
	})
	w.step("the trail has every receipt", func() error {
		for g, want := range map[id.Grant]string{deliver: consent.EventWithdrawn, market: consent.EventExpired} {
			kept, err := b.Grant(g)
			if err != nil {
				return err
			}
			if len(kept.Closings) != 2 {
				return fmt.Errorf("%s: %d receipts of its end", want, len(kept.Closings))
			}
			last, err := agent.VerifyReceipt(kept.Closings[1])
			if err != nil || last.Events[0].State != want {
				return fmt.Errorf("%s: %+v, %v", want, last.Events, err)
			}
		}
		return w.audited(s, b)
	})
}

// With the ledger away a change takes away at once and gives when it is back, also if the
// operator stops in between.
func TestChangesWhileTheLedgerIsAway(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b, s := w.shop(), w.shopper()
	var deliver, market id.Grant
	w.step("give", func() error { return w.giving(s, b, &deliver, &market) })
	w.step("collect", func() error { _, err := b.Collect(ctx, market); return err })
	next := market
	w.gap.set(true)
	w.step("narrow", func() error {
		return w.alter(s, &next, consent.ChangeNarrowed, wallettest.To{Attributes: []string{"email"}})
	})
	w.step("nothing is collected", func() error {
		if _, err := b.Collect(ctx, market); !errors.Is(err, consent.NotAnchored) {
			return fmt.Errorf("collecting: %v", err)
		}
		return nil
	})
	w.step("it cannot be changed before it stands", func() error {
		if err := w.alter(s, &next, consent.ChangePaused, wallettest.To{}); err == nil {
			return errors.New("a grant that is on its way was paused")
		}
		return nil
	})
	w.step("stop and start", func() error { w.restart(); return nil })
	w.gap.set(false)
	w.step("less is collected when the ledger is back", func() error {
		return eventually(func() (bool, error) {
			c, err := b.Collect(ctx, market)
			if errors.Is(err, consent.NotAnchored) {
				return false, nil
			}
			return slices.Equal(names(c), []string{"email"}), err
		})
	})
	w.step("the trail is clean", func() error { return w.cleared(s, b) })
	w.step("pause the other", func() error { return w.alter(s, &deliver, consent.ChangePaused, wallettest.To{}) })
	w.step("erase", func() error { return s.Erase(ctx) })
	w.step("the business has the shopper's word on it, and the operator has not", func() error {
		if err := w.poll(b); err != nil {
			return err
		}
		kept, err := b.Grant(b.Standing(market))
		if err != nil || len(kept.Closings) != 1 {
			return fmt.Errorf("%d receipts: %w", len(kept.Closings), err)
		}
		last, err := agent.VerifyReceipt(kept.Closings[0])
		if err != nil || last.Events[0].State != consent.EventErased {
			return fmt.Errorf("%+v, %v", last.Events, err)
		}
		g, err := w.o.consents.GrantOf(ctx, b.DID(), kept.ID)
		if err != nil || g.State != consent.StateErased || len(g.Later) != 0 {
			return fmt.Errorf("%s, %d receipts kept: %w", g.State, len(g.Later), err)
		}
		return nil
	})
	w.step("nothing is left", func() error {
		if _, err := b.Collect(ctx, market); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("collecting: %v", err)
		}
		return errors.Join(w.cleared(s, b), w.hush())
	})
}
