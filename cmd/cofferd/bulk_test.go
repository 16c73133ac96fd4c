package main

import (
	"fmt"
	"slices"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// A business keeps up with all who gave it something, by one cursor.
func TestCollectAll(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	shop := w.shop()
	var people []*wallettest.Wallet
	var grants []id.Grant
	for i := range 3 {
		s := wallettest.New(w.config.Origin)
		people = append(people, s)
		w.step("give", func() error {
			if err := s.Open(ctx); err != nil {
				return err
			}
			for _, name := range []string{"name", "postal-address"} {
				if err := s.Set(ctx, name, planted[name]); err != nil {
					return err
				}
			}
			asked, err := shop.Request(ctx, business.Ask{Purposes: asks(), Reference: fmt.Sprint("order-", i)})
			if err != nil {
				return err
			}
			q, err := s.Request(ctx, asked.ID)
			if err != nil {
				return err
			}
			_, err = s.Decide(ctx, q, map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}}, false, catalogue)
			if err == nil {
				grants = append(grants, grantOf(t, shop, q.ID, "delivery"))
			}
			return err
		})
	}
	const delivery = "https://w3id.org/dpv#DeliveryOfGoods"
	cursor := ""
	collected := func() (found []string) {
		w.step("collect all", func() error {
			return shop.CollectAll(ctx, delivery, cursor, func(l business.Line) error {
				if l.Grant.IsZero() {
					cursor = l.Cursor
					return nil
				}
				who := slices.Index(grants, l.Grant)
				if l.Denied != nil {
					found = append(found, fmt.Sprint(who, " ", l.Denied.Reason))
					return nil
				}
				v, err := l.Open()
				if err == nil && l.Attribute == "name" {
					found = append(found, fmt.Sprint(who, " ", v.Text()))
				}
				return err
			})
		})
		slices.Sort(found)
		return found
	}
	name := planted["name"].(string)
	if got, want := collected(), []string{"0 " + name, "1 " + name, "2 " + name}; !slices.Equal(got, want) {
		t.Fatalf("collected %q, want %q", got, want)
	}
	if got := collected(); len(got) != 0 {
		t.Fatalf("nothing changed, and it collected %q", got)
	}
	w.step("change a value", func() error { return people[1].Set(ctx, "name", "Quixotilla the Second") })
	w.step("withdraw", func() error { _, err := people[2].Withdraw(ctx, grants[2]); return err })
	if got, want := collected(), []string{"1 Quixotilla the Second"}; !slices.Equal(got, want) {
		t.Fatalf("collected %q, want %q", got, want)
	}
	cursor = ""
	if got, want := collected(), []string{"0 " + name, "1 Quixotilla the Second"}; !slices.Equal(got, want) {
		t.Fatalf("collected %q, want %q", got, want)
	}
	if _, err := shop.Collect(ctx, grants[2]); consent.DenialOf(err) == nil {
		t.Fatalf("a withdrawn grant: %v", err)
	}
}
