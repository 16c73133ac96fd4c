package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

const care = "https://w3id.org/dpv#CustomerCare"

// repairer is a business that asks for warranties.
func (w *world) repairer() *business.Business {
	w.Helper()
	b, err := business.Create(filepath.Join(w.TempDir(), "repairer"), business.Profile{
		V: 1, Operator: w.config.Origin, Name: "Cobbler", Address: "2 Corner Street, 10115 Berlin",
		Contact: "privacy@cobbler.example", DPO: "dpo@cobbler.example", Authority: "Berliner Beauftragte für Datenschutz",
		PrivacyNotice: "http://localhost:8083/privacy", URL: "http://localhost:8083",
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1", Purposes: []string{care},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { b.Close() })
	if _, err := b.Register(w.Context()); err != nil {
		w.Fatal(err)
	}
	return b
}

// repair asks for the name and for a warranty.
func repair() []consent.Asked {
	return []consent.Asked{{
		ID: "care", Purpose: care, Text: map[string]string{"en": "We repair what broke, at no cost while the warranty lasts."},
		Required: []string{"name", "warranty"}, Days: 31, Retention: "P90D", Recipients: []consent.Recipient{},
		LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", Channels: []string{consent.ChannelWallet}, WeeklyCap: 2,
		Records: map[string]consent.Wanted{"warranty": {Type: warranty, Required: []string{"product"}, Optional: []string{"serial", "guaranteed_until"}}},
	}}
}

// A record in the vault is shown to a second business under a grant: what the shopper
// chose of it, and nothing else; and for as long as the grant lasts.
func TestARecordIsShown(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	issuer, cobbler := w.issuer(), w.repairer()
	s, deliver, _ := hanging(w, issuer, nil)
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	var record, whole string
	w.step("keep a warranty", func() error {
		_, text, err := issuer.IssueRecord(ctx, deliver, business.RecordTerms{Type: warranty, Claims: map[string]any{
			"product": "canary-shoes-5567", "serial": "SN-88-canary", "guaranteed_until": "2028-11-21"}})
		if err != nil {
			return err
		}
		if _, err := issuer.Deposit(ctx, deliver, text); err != nil {
			return err
		}
		if _, whole, err = issuer.IssueRecord(ctx, deliver, business.RecordTerms{Type: warranty, Form: business.RecordWhole, Claims: map[string]any{"product": "canary-laces"}}); err != nil {
			return err
		}
		waiting, err := s.Deposits(ctx)
		if err != nil || len(waiting) != 1 {
			return fmt.Errorf("%d wait, %w", len(waiting), err)
		}
		d, _, err := s.OpenDeposit(ctx, waiting[0])
		if err != nil {
			return err
		}
		record = d.Record
		return s.AcceptDeposit(ctx, d)
	})
	// show answers a request of the cobbler's, and returns what it collects.
	show := func(of wallettest.Show) (g id.Grant, v business.Value, err error) {
		asked, err := cobbler.Request(ctx, business.Ask{Purposes: repair()})
		if err != nil {
			return g, v, err
		}
		q, err := s.Request(ctx, asked.ID)
		if err != nil {
			return g, v, err
		}
		choice := wallettest.Choice{Attributes: []string{"name", "warranty"}, Channels: []string{consent.ChannelWallet}, Show: map[string]wallettest.Show{"warranty": of}}
		if _, err := s.Decide(ctx, q, map[string]wallettest.Choice{"care": choice}, false, catalogue); err != nil {
			return g, v, err
		}
		g = grantOf(t, cobbler, asked.ID, "care")
		got, err := cobbler.Collect(ctx, g, "warranty")
		if err != nil || len(got.Values) != 1 {
			return g, v, fmt.Errorf("%d values, %w", len(got.Values), err)
		}
		return g, got.Values[0], nil
	}
	two := wallettest.Show{Record: record, Issuer: issuer.DID(), Claims: []string{"product", "guaranteed_until"}}
	var g id.Grant
	var shown business.Value
	w.step("show two lines of it", func() (err error) {
		if g, shown, err = show(two); err != nil {
			return err
		}
		r, err := cobbler.CheckShown(ctx, g, shown)
		if err != nil || len(r.Claims) != 2 || string(r.Claims["product"]) != `"canary-shoes-5567"` || r.Claims["serial"] != nil || r.Issuer != issuer.DID() {
			return fmt.Errorf("%d claims, %w", len(r.Claims), err)
		}
		if _, err := cobbler.CheckShown(ctx, g, business.Value{Attribute: "name", Value: shown.Value}); !errors.Is(err, business.ErrNotFound) {
			return fmt.Errorf("a name is taken for a record: %w", err)
		}
		return s.Stored(ctx)
	})
	w.step("what was shown is worth nothing elsewhere", func() error {
		if _, err := issuer.CheckRecord(ctx, shown.Text(), s.Held[g].Request.Nonce.String()); consent.CodeOf(err) != consent.WrongBinding {
			return fmt.Errorf("shown on by the cobbler: %w", err)
		}
		return nil
	})
	w.step("nobody else can read it", func() error {
		found, files, err := w.search(map[string][]byte{"product": []byte("canary-shoes-5567"), "serial": []byte("SN-88-canary"), "shown": []byte(shown.Text()[len(shown.Text())-60:])})
		if err != nil || len(found) > 0 || files == 0 {
			return fmt.Errorf("found %v in %d files, %w", found, files, err)
		}
		return nil
	})
	w.step("the record goes with a successor", func() error {
		if err := w.alter(s, &g, consent.ChangeShortened, wallettest.To{Hours: 24}); err != nil {
			return err
		}
		got, err := cobbler.Collect(ctx, g, "warranty")
		if err != nil {
			return err
		}
		if got.Values[0].Text() != shown.Text() {
			return errors.New("it is another")
		}
		_, err = cobbler.CheckShown(ctx, got.Grant, got.Values[0])
		return err
	})
	for what, c := range map[string]struct {
		of   wallettest.Show
		code consent.Code
	}{
		"another one whole":  {wallettest.Show{Record: whole}, ""},
		"too little of it":   {wallettest.Show{Record: record, Issuer: issuer.DID(), Claims: []string{"serial"}}, consent.MissingRequired},
		"in another's name":  {wallettest.Show{Record: record, Issuer: cobbler.DID(), Claims: []string{"product"}}, consent.WrongBinding},
		"what nobody signed": {wallettest.Show{Record: strings.ReplaceAll(record, "~", ".")}, consent.BadSignature},
	} {
		w.step("show "+what, func() error {
			g, v, err := show(c.of)
			if err != nil {
				return err
			}
			if _, err := cobbler.CheckShown(ctx, g, v); consent.CodeOf(err) != c.code {
				return fmt.Errorf("%w, want %s", err, c.code)
			}
			return nil
		})
	}
	w.step("withdraw", func() error {
		if _, err := s.Withdraw(ctx, g); err != nil {
			return err
		}
		if _, err := cobbler.Collect(ctx, g, "warranty"); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("collected: %w", err)
		}
		before := len(s.Documents)
		if err := s.Forget(ctx, g); err != nil {
			return err
		}
		if err := s.Stored(ctx); err != nil {
			return err
		}
		if len(s.Documents) != before-1 {
			return fmt.Errorf("%d documents, had %d", len(s.Documents), before)
		}
		return nil
	})
}
