package coffer_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"coffer"
	"coffer/internal/operatortest"
	"coffer/internal/wallettest"
)

// The examples speak with a real operator, and with a shopper who has a vault there.
// Both are made when the first example needs them.

func TestMain(m *testing.M) {
	code := m.Run()
	for _, tidy := range tidied {
		if err := tidy(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

var tidied []func() error

// at most this long may anything take.
var ctx, cancel = context.WithTimeout(context.Background(), 2*time.Minute)

var running = sync.OnceValue(func() *operatortest.Operator {
	o, err := operatortest.Start(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting an operator:", err)
		os.Exit(1)
	}
	tidied = append(tidied, func() error { defer cancel(); return o.Stop() })
	return o
})

// operator is its address.
func operator() string { return running().Origin }

var shopper = sync.OnceValue(func() *operatortest.Shopper {
	return must(running().Shopper(ctx, map[string]any{
		"name": "Quillon Vasterhaven", "email": "quillon@example.org", "phone": "+49 30 5550100", "shoe-size": "42",
		"postal-address": map[string]string{"street": "Zwirbelgasse 77", "postcode": "04109", "city": "Leipzig", "country": "DE"},
	}))
})

func must[T any](v T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return v
}

func check(err error) { must(0, err) }

// newFolder is an empty place for a business.
func newFolder() string {
	dir := must(os.MkdirTemp("", "coffer-example-"))
	tidied = append(tidied, func() error { return os.RemoveAll(dir) })
	return filepath.Join(dir, "shop")
}

// shopperGives is the shopper following a link and giving attributes for a purpose.
func shopperGives(link, purpose string, attributes ...string) {
	c := wallettest.Choice{Attributes: attributes}
	if purpose == "marketing" {
		c.Channels = []string{coffer.ChannelWallet}
	}
	check(shopper().Give(ctx, link, map[string]wallettest.Choice{purpose: c}))
}

// newShop is a business that is registered.
func newShop() *coffer.Business {
	b := must(coffer.Create(newFolder(), profile()))
	must(b.Register(ctx))
	return b
}

func profile() coffer.Profile {
	return coffer.Profile{
		V: 1, Operator: operator(), Name: "Corner Shop", Address: "Lindenallee 4, 10115 Berlin", URL: "https://corner-shop.example",
		Contact: "privacy@corner-shop.example", DPO: "dpo@corner-shop.example", Authority: "BlnBDI",
		PrivacyNotice: "https://corner-shop.example/privacy", Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1",
		Purposes: []string{"https://w3id.org/dpv#DeliveryOfGoods", "https://w3id.org/dpv#DirectMarketing"},
	}
}

// purposes are what the shop asks.
func purposes() []coffer.Purpose {
	return []coffer.Purpose{{
		ID: "delivery", Purpose: "https://w3id.org/dpv#DeliveryOfGoods", Text: map[string]string{"en": "We bring you what you ordered."},
		Required: []string{"name", "postal-address"}, Optional: []string{"phone"}, Days: 31, Retention: "P90D", LawfulBasis: coffer.ByConsent,
	}, {
		ID: "marketing", Purpose: "https://w3id.org/dpv#DirectMarketing", Text: map[string]string{"en": "We write to you about shoes that fit."},
		Required: []string{"email"}, Optional: []string{"shoe-size"}, Days: 365, Retention: "P1Y", LawfulBasis: coffer.ByConsent,
		Channels: []string{coffer.ChannelWallet}, WeeklyCap: 2,
	}}
}

// given asks the shopper, who gives one purpose and refuses the others.
func given(b *coffer.Business, purpose string, attributes ...string) coffer.GrantID {
	asked := must(b.Request(ctx, coffer.Ask{Purposes: purposes()}))
	shopperGives(asked.Link, purpose, attributes...)
	status := must(b.Wait(ctx, asked.ID))
	for _, p := range status.Purposes {
		if p.ID == purpose && p.Given {
			return p.Grant
		}
	}
	check(errors.New("the shopper gave nothing"))
	return coffer.GrantID{}
}

// shopperReturns is shopperGives, and the query that the browser brings back.
func shopperReturns(link, purpose string, attributes ...string) url.Values {
	shopperGives(link, purpose, attributes...)
	return must(url.Parse(shopper().Returned)).Query()
}

// shopperWithdraws ends a grant.
func shopperWithdraws(g coffer.GrantID) { must(shopper().Withdraw(ctx, g)) }

// shopperClaims sends a rights request.
func shopperClaims(d wallettest.Demand) { must(shopper().Demand(ctx, d)) }
