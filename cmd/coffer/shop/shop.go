// Package shop is the sample Corner Shop: one pair of shoes, a checkout that asks
// the shopper's Coffer instead of showing a form, and a back office. It shows a
// business how little it takes; everything about consent is in package
// coffer, and the shop imports nothing else of it.
//
// Orders are plain JSON files in the shop's folder, one each, next to the folder
// of the business. The shop has no other storage and no access to the operator
// but its public business API.
//
// # Trust
//
// What a shopper gave lies readable in the shop's orders, as in any shop: from
// there the law binds it, not cryptography. When a grant is withdrawn the shop
// deletes what it collected under it. The back office asks for no sign-in, so the
// sample is to listen on this machine only; the address of an order is as long as
// a password and is all that a stranger would need to read it. Nothing of an
// order is ever logged.
package shop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"coffer"
)

// Options say where and how a shop runs.
type Options struct {
	Dir      string // its folder; created when there is none
	Operator string // the operator's origin
	URL      string // the shop's own origin, as shoppers reach it
	Logger   *slog.Logger
	Business []coffer.Option // for tests
}

// Shop is the sample shop. Its Handler serves until Close; Run keeps it up to
// date with the operator.
type Shop struct {
	business *coffer.Business
	orders   *orders
	pages    *pages
	url      string
	log      *slog.Logger
	now      func() time.Time

	mu           sync.Mutex
	registration string // for the back office
}

// Open opens the shop's folder, making business and folder on the first run: it
// is a sample, and starting it is the explicit act.
func Open(o Options) (*Shop, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	dir := filepath.Join(o.Dir, "business")
	with := append([]coffer.Option{coffer.WithLogger(o.Logger)}, o.Business...)
	b, err := coffer.Open(dir, with...)
	if errors.Is(err, coffer.ErrNoFolder) {
		b, err = coffer.Create(dir, profile(o), with...)
	}
	if err != nil {
		return nil, err
	}
	if p := b.Profile(); p.Operator != o.Operator || p.URL != o.URL {
		b.Close()
		return nil, fmt.Errorf("the shop in %s belongs to %s at operator %s; choose another folder with --data, or the old addresses", o.Dir, p.URL, p.Operator)
	}
	orders, err := openOrders(filepath.Join(o.Dir, "orders"))
	if err != nil {
		b.Close()
		return nil, err
	}
	pages, err := parsePages()
	if err != nil {
		b.Close()
		return nil, err
	}
	return &Shop{business: b, orders: orders, pages: pages, url: o.URL, log: o.Logger, now: time.Now, registration: "not yet registered"}, nil
}

// Close gives the folder back.
func (s *Shop) Close() error { return s.business.Close() }

// Business is the business that the shop is, for tests.
func (s *Shop) Business() *coffer.Business { return s.business }

func profile(o Options) coffer.Profile {
	return coffer.Profile{
		V: 1, Operator: o.Operator, URL: o.URL, PrivacyNotice: o.URL + "/privacy",
		Name: "Corner Shop", Address: "Lindenallee 4, 10115 Berlin, Germany",
		Contact: "privacy@corner-shop.example", DPO: "dpo@corner-shop.example",
		Authority:     "Berliner Beauftragte für Datenschutz und Informationsfreiheit",
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1",
		Purposes: []string{"https://w3id.org/dpv#DeliveryOfGoods", "https://w3id.org/dpv#DirectMarketing"},
	}
}

// Run registers the shop and follows the operator's events until ctx ends. An
// operator that is away or has not approved the shop yet is waited for.
func (s *Shop) Run(ctx context.Context) error {
	if err := s.register(ctx); err != nil {
		return err
	}
	s.hook(ctx)
	return s.business.Watch(ctx, time.Second, s.handle)
}

func (s *Shop) register(ctx context.Context) error {
	for pause := time.Second; ; pause = min(2*pause, 30*time.Second) {
		state, err := s.business.Register(ctx)
		switch {
		case err == nil && state == coffer.BusinessActive:
			s.setRegistration("active")
			s.log.Info("registered", "did", s.business.DID())
			return nil
		case err == nil && state == coffer.BusinessPending:
			s.setRegistration("pending: the operator has to approve it")
			s.log.Warn("registration is pending; the operator approves it with: cofferd business approve " + string(s.business.DID()))
		case err == nil:
			s.setRegistration(string(state))
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			s.setRegistration("the operator does not answer")
			s.log.Warn("registering", "error", err)
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

func (s *Shop) setRegistration(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registration = state
}

func (s *Shop) registrationNow() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.registration
}

// Asked is what the shop asks at checkout.
func Asked() []coffer.Purpose {
	return []coffer.Purpose{{
		ID: "delivery", Purpose: "https://w3id.org/dpv#DeliveryOfGoods",
		Text: map[string]string{"en": "We pack your order and hand it to Parcel Co with your name and address. " +
			"With a phone number the driver can ring you. We delete all of it 90 days after delivery."},
		Required: []string{"name", "postal-address"}, Optional: []string{"phone"},
		Days: 31, Retention: "P90D", Recipients: []coffer.Recipient{{Name: "Parcel Co", Country: "DE"}},
		LawfulBasis: coffer.ByConsent,
	}, {
		ID: "marketing", Purpose: "https://w3id.org/dpv#DirectMarketing",
		Text: map[string]string{"en": "We send offers to your Coffer's inbox, at most two a week. " +
			"With your shoe size we only offer what fits. You can stop this with one tap at any time."},
		Required: []string{"email"}, Optional: []string{"name", "shoe-size"},
		Days: 365, Retention: "P1Y", LawfulBasis: coffer.ByConsent,
		Channels: []string{coffer.ChannelWallet}, WeeklyCap: 2,
	}}
}

var titles = map[string]string{"delivery": "Delivery", "marketing": "Offers"}

var labels = map[string]string{
	"name": "Name", "email": "E-mail", "phone": "Phone", "postal-address": "Address",
	"shoe-size": "Shoe size", "birth-date": "Birth date",
}

func label(attribute string) string {
	if l, ok := labels[attribute]; ok {
		return l
	}
	return attribute
}

// makeDir makes a folder of the shop's own.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
