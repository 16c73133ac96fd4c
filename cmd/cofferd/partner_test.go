package main

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

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
