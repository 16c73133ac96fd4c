package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// A shop, the carrier that its parcels go on to, and a warehouse that asks jointly with
// it: given at once, collected each under its own permits, ended one by one and all
// together, and each trail audited alone.
func TestPartners(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	shop, carrier, warehouse := w.shop(), w.shopIn(filepath.Join(t.TempDir(), "carrier")), w.shopIn(filepath.Join(t.TempDir(), "warehouse"))
	s := wallettest.New(w.config.Origin)
	var q consent.Request
	var deliver, market, onward, joint id.Grant
	each := func(f func(*business.Business) error) error {
		return errors.Join(f(shop), f(carrier), f(warehouse))
	}
	collects := func(b *business.Business, g id.Grant, attributes int) error {
		c, err := b.Collect(ctx, g)
		if err == nil && len(c.Values) != attributes {
			err = fmt.Errorf("collected %v", c.Values)
		}
		return err
	}

	w.step("fill a vault", func() error {
		if err := s.Open(ctx); err != nil {
			return err
		}
		for name, value := range planted {
			if err := s.Set(ctx, name, value); err != nil {
				return err
			}
		}
		return nil
	})

	w.step("ask jointly", func() error {
		ask := business.Ask{Purposes: asks()}
		ask.Purposes[0].Partners = []consent.Partner{
			carrier.AsPartner(consent.Onward, "NL", "name", "postal-address", "phone"), warehouse.AsPartner(consent.Joint, "DE", "name"),
		}
		if _, err := shop.Request(ctx, ask); !errors.Is(err, consent.NotCosigned) {
			return fmt.Errorf("asked without the warehouse: %v", err)
		}
		d, err := shop.Draft(ctx, ask)
		if err != nil {
			return err
		}
		if _, _, err := carrier.Cosign(ctx, d); err == nil {
			return errors.New("the carrier co-signed a request that it does not make")
		}
		if d, _, err = warehouse.Cosign(ctx, d); err != nil {
			return err
		}
		if again, _, err := warehouse.Cosign(ctx, d); err != nil || len(again.Cosignatures) != 1 {
			return fmt.Errorf("co-signed again: %v, %v", again.Cosignatures, err)
		}
		path := filepath.Join(t.TempDir(), "request.json")
		if err := d.Write(path); err != nil {
			return err
		}
		if d, err = business.ReadDraft(path); err != nil {
			return err
		}
		asked, err := shop.SendDraft(ctx, d)
		if err != nil {
			return err
		}
		q, err = s.Request(ctx, asked.ID)
		return err
	})

	w.step("give", func() error {
		states, err := s.Decide(ctx, q, map[string]wallettest.Choice{
			"delivery":  {Attributes: []string{"name", "postal-address"}},
			"marketing": {Attributes: []string{"email"}, Channels: []string{consent.ChannelWallet}},
		}, false, catalogue)
		if err != nil || len(states) != 4 {
			return fmt.Errorf("%d grants, %v", len(states), err)
		}
		status, err := shop.Status(ctx, q.ID)
		if err != nil {
			return err
		}
		deliver, market = status.Purposes[0].Grant, status.Purposes[1].Grant
		partners := status.Purposes[0].Partners
		if len(partners) != 2 || !partners[0].Given || partners[0].DID != carrier.DID() || len(status.Purposes[1].Partners) != 0 {
			return fmt.Errorf("the shop learns %+v", status.Purposes)
		}
		onward, joint = partners[0].Grant, partners[1].Grant
		return nil
	})

	w.step("learn and collect, each for itself", func() error {
		return each(func(b *business.Business) error {
			g, n := deliver, 2
			switch b {
			case carrier:
				g = onward
			case warehouse:
				g, n = joint, 1
			}
			if _, err := b.Poll(ctx, nil); err != nil {
				return err
			}
			if err := collects(b, g, n); err != nil {
				return err
			}
			held, err := b.Grant(g)
			if err == nil && (b == shop) != held.OnwardOf.IsZero() {
				err = fmt.Errorf("the grant is %+v", held)
			}
			return err
		})
	})

	w.step("nobody collects with another's grant", func() error {
		if err := collects(carrier, deliver, 0); !errors.Is(err, business.ErrNotFound) {
			return fmt.Errorf("the carrier under the shop's grant: %v", err)
		}
		if err := collects(shop, onward, 0); !errors.Is(err, business.ErrNotFound) {
			return fmt.Errorf("the shop under the carrier's grant: %v", err)
		}
		if _, err := carrier.Collect(ctx, onward, "phone"); !errors.Is(err, consent.NotCovered) {
			return fmt.Errorf("what the shop was not given: %v", err)
		}
		return nil
	})

	w.step("a partner answers a right of its own", func() error {
		d, err := s.Demand(ctx, wallettest.Demand{Regime: consent.RegimeGDPR, Right: consent.RightAccess, Grants: []id.Grant{onward}})
		if err != nil {
			return err
		}
		if _, err := carrier.Poll(ctx, nil); err != nil {
			return err
		}
		all, err := carrier.Rights()
		if err == nil && (len(all) != 1 || all[0].ID != d.ID) {
			err = fmt.Errorf("the carrier has %d demands", len(all))
		}
		return err
	})

	w.step("end one partner's alone", func() error {
		if _, err := s.Withdraw(ctx, onward); err != nil {
			return err
		}
		if err := collects(carrier, onward, 0); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("the carrier after its end: %v", err)
		}
		return errors.Join(collects(shop, deliver, 2), collects(warehouse, joint, 1))
	})

	w.step("end the first, and with it all", func() error {
		if _, err := s.Withdraw(ctx, deliver); err != nil {
			return err
		}
		if err := collects(warehouse, joint, 0); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("the warehouse after the shop's end: %v", err)
		}
		grants, err := s.Grants(ctx)
		if err != nil {
			return err
		}
		for _, g := range grants {
			if over := g.State == consent.StateWithdrawn; over == (g.Grant == market) || over && g.WithdrawalReceipt == "" {
				return fmt.Errorf("after the end: %+v", g)
			}
		}
		return nil
	})

	w.step("each acknowledges, states, and is audited alone", func() error {
		return each(func(b *business.Business) error {
			if _, err := b.Poll(ctx, nil); err != nil {
				return err
			}
			g := map[*business.Business]id.Grant{shop: deliver, carrier: onward, warehouse: joint}[b]
			if err := b.StateDeletion(ctx, g, business.Statement{Text: "gone"}); err != nil {
				return err
			}
			var trail bytes.Buffer
			if err := b.ExportTrail(ctx, &trail); err != nil {
				return err
			}
			report, err := audit.Run(ctx, &trail, audit.Options{Validators: s.Ledger, Signatures: agent.New(agent.Options{}), Ledger: w.o.ledger})
			if err != nil || !report.Clean() || report.Counts.Withdrawals != 1 || report.Counts.Countersigned != 1 {
				return fmt.Errorf("%v\n%s", err, report.Text())
			}
			return nil
		})
	})

	w.step("restart", func() error { w.restart(); return nil })
}

// partnered is a shopper who has given a shop its delivery, and the shop's carrier with
// it; both have collected.
func (w *world) partnered() (s *wallettest.Wallet, shop, carrier *business.Business, first, onward id.Grant) {
	w.Helper()
	ctx := w.Context()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		w.Fatal(err)
	}
	s, shop, carrier = w.shopper(), w.shop(), w.shopIn(filepath.Join(w.TempDir(), "carrier"))
	w.step("give to a partner, too", func() error {
		for name, value := range planted {
			if err := s.Set(ctx, name, value); err != nil {
				return err
			}
		}
		ask := business.Ask{Purposes: asks()[:1]}
		ask.Purposes[0].Days = 1
		ask.Purposes[0].Partners = []consent.Partner{carrier.AsPartner(consent.Onward, "NL", "name", "postal-address")}
		asked, err := shop.Request(ctx, ask)
		if err != nil {
			return err
		}
		q, err := s.Request(ctx, asked.ID)
		if err != nil {
			return err
		}
		if _, err = s.Decide(ctx, q, map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}}, false, catalogue); err != nil {
			return err
		}
		status, err := shop.Status(ctx, asked.ID)
		if err != nil {
			return err
		}
		first, onward = status.Purposes[0].Grant, status.Purposes[0].Partners[0].Grant
		_, serr := shop.Collect(ctx, first)
		_, cerr := carrier.Collect(ctx, onward)
		return errors.Join(serr, cerr, w.poll(shop), w.poll(carrier))
	})
	return s, shop, carrier, first, onward
}

// However the first grant ends, the partner's ends with it: with a receipt that says so
// wherever the shopper's wallet was there, with the operator's word where it was not; and
// the partner owes what everybody owes after an end. No trail is left with a finding.
func TestPartnersEndWithTheFirst(t *testing.T) {
	for name, c := range map[string]struct {
		end      func(w *world, s *wallettest.Wallet, shop *business.Business, first id.Grant) error
		event    consent.Ending
		receipt  string // event of the partner's receipt; "" for none
		reason   string
		outlives bool // the shopper has it no more
	}{
		"paused": {func(w *world, s *wallettest.Wallet, _ *business.Business, first id.Grant) error {
			return w.alter(s, &first, consent.ChangePaused, wallettest.To{})
		}, consent.EndWithdrawn, consent.EventWithdrawn, "", false},
		"shortened": {func(w *world, s *wallettest.Wallet, _ *business.Business, first id.Grant) error {
			return w.alter(s, &first, consent.ChangeShortened, wallettest.To{Hours: 3})
		}, consent.EndWithdrawn, consent.EventWithdrawn, "", false},
		"replaced by a newer request": {func(w *world, s *wallettest.Wallet, shop *business.Business, first id.Grant) error {
			asked, err := shop.Request(w.Context(), business.Ask{Purposes: asks()[:1], Replaces: &consent.Replaces{Mode: consent.ReplaceAll, Grants: []id.Grant{first}}})
			if err != nil {
				return err
			}
			q, err := s.Request(w.Context(), asked.ID)
			if err != nil {
				return err
			}
			catalogue, err := policies.ShippedCatalogue()
			if err == nil {
				_, err = s.Decide(w.Context(), q, map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}}, false, catalogue)
			}
			return err
		}, consent.EndWithdrawn, consent.EventWithdrawn, "", false},
		"given up": {func(w *world, _ *wallettest.Wallet, shop *business.Business, first id.Grant) error {
			_, err := shop.GiveUp(w.Context(), first)
			return err
		}, consent.EndTerminated, "", "", false},
		"by order": {func(w *world, _ *wallettest.Wallet, _ *business.Business, first id.Grant) error {
			return w.o.consents.EndByOrder(w.Context(), first, "Order 9", time.Now())
		}, consent.EndTerminated, "", "Order 9", false},
		"run out": {func(w *world, s *wallettest.Wallet, _ *business.Business, first id.Grant) error {
			if n, err := w.o.consents.SweepEndings(w.Context(), time.Now().Add(25*time.Hour)); err != nil || n != 2 {
				return fmt.Errorf("%d ends were told: %w", n, err)
			}
			for g, h := range s.Held { // not by its route: no session lasts for a day
				receipt, err := s.SignClosing(h, consent.EventExpired)
				if err != nil {
					return err
				}
				if err := w.o.consents.PutExpiry(w.Context(), s.Vault, g, receipt, time.Now()); err != nil {
					return err
				}
			}
			return nil
		}, consent.EndExpired, consent.EventExpired, "", false},
		"erased": {func(w *world, s *wallettest.Wallet, _ *business.Business, _ id.Grant) error {
			return s.Erase(w.Context())
		},
			consent.EndErased, consent.EventErased, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s, shop, carrier, first, onward := w.partnered()
			w.step(name, func() error {
				if err := c.end(w, s, shop, first); err != nil {
					return err
				}
				_, err := w.o.outbox.Drain(t.Context())
				return err
			})
			w.step("the partner knows, and says what it owes", func() error {
				if err := errors.Join(w.poll(shop), w.poll(carrier), w.poll(carrier)); err != nil {
					return err
				}
				if err := carrier.StateDeletion(t.Context(), onward, business.Statement{Text: "gone"}); err != nil {
					return err
				}
				held, err := carrier.Grant(onward)
				if err != nil {
					return err
				}
				said := ""
				if len(held.Closings) > 0 {
					r, err := agent.VerifyReceipt(held.Closings[len(held.Closings)-1])
					if err != nil {
						return err
					}
					said = r.Events[0].State
				}
				if said != c.receipt {
					return fmt.Errorf("the partner's receipt says %q, want %q", said, c.receipt)
				}
				return nil
			})
			w.step("the shopper knows", func() error {
				if c.outlives {
					return nil
				}
				l, err := w.loop(s, carrier, onward)
				if err == nil && (l.Event != c.event || l.Reason != c.reason || l.Acknowledged == 0 || l.Stated == 0) {
					err = fmt.Errorf("%+v", l)
				}
				return err
			})
			w.step("each trail is clean", func() error { return errors.Join(w.audited(s, shop), w.audited(s, carrier)) })
		})
	}
}
