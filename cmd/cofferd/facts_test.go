package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/wallettest"
	"coffer/policies"
)

const prescription = "https://coffer.example/terms#MadeToPrescription"

// optician is a business that makes glasses to a prescription.
func (w *world) optician(jurisdiction string) *business.Business {
	w.Helper()
	b, err := business.Create(filepath.Join(w.TempDir(), "optician"), business.Profile{
		V: 1, Operator: w.config.Origin, Name: "Clear View", Address: "2 Corner Street, 10115 Berlin",
		Contact: "privacy@view.example", DPO: "dpo@view.example", Authority: "Berliner Beauftragte für Datenschutz",
		PrivacyNotice: "http://localhost:8082/privacy", URL: "http://localhost:8082",
		Jurisdictions: []string{jurisdiction}, Language: "en", NoticeVersion: "1", Purposes: []string{prescription},
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

// glasses asks for a prescription, which goes to a workshop in that country too.
func glasses(workshop string) []consent.Asked {
	return []consent.Asked{{
		ID: "glasses", Purpose: prescription, Text: map[string]string{"en": "We have your glasses made."},
		Required: []string{"glasses-prescription"}, Optional: []string{}, Days: 31, Retention: "P90D",
		Recipients: []consent.Recipient{{Name: "Workshop", Country: workshop}}, Channels: []string{},
		LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A9-2-a",
	}}
}

// Health goes, explicitly given, to countries whose law protects it, and to no others:
// neither by a recipient nor by the business itself.
func TestASpecialCategoryGoesToProtectedCountriesOnly(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	s := w.shopper()
	if err := s.Set(ctx, "glasses-prescription", "38.5-improbable"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		business, workshop string
		allowed            bool
	}{{"DE", "CH", true}, {"DE-BE", "FR", true}, {"EU", "NL", true}, {"DE", "US", false}, {"US-CA", "DE", false}} {
		w.step(c.business+" and "+c.workshop, func() error {
			b := w.optician(c.business)
			asked, err := b.Request(ctx, business.Ask{Purposes: glasses(c.workshop)})
			if err != nil {
				return err
			}
			q, err := s.Request(ctx, asked.ID)
			if err != nil {
				return err
			}
			_, err = s.Decide(ctx, q, map[string]wallettest.Choice{"glasses": {Attributes: []string{"glasses-prescription"}}}, false, catalogue)
			if !c.allowed {
				if err == nil || !strings.Contains(err.Error(), "policy") || !strings.Contains(err.Error(), "only to countries whose law protects them") {
					return fmt.Errorf("giving: %v", err)
				}
				return nil
			}
			if err != nil {
				return err
			}
			got, err := b.Collect(ctx, grantOf(t, b, q.ID, "glasses"))
			if err == nil && string(got.Values[0].Value) != `"38.5-improbable"` {
				err = fmt.Errorf("collected %v", got.Values)
			}
			return err
		})
	}
	w.step("no value at the operator", w.hush)
}

// tellClock says that it is that hour of the day where the shopper is.
func tellClock(ctx context.Context, s *wallettest.Wallet, hour int) error {
	quarters := (hour - time.Now().UTC().Hour()) * 4
	if quarters < -48 {
		quarters += 96
	} else if quarters > 56 {
		quarters -= 96
	}
	return s.Do(ctx, "PUT", "/clock", map[string]any{"quarters": quarters}, nil)
}

// At night where the shopper is no marketing arrives, and the business is told when
// morning is. Who told no clock, or wants it unknown, is written to at any hour.
func TestQuietHours(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	s, _, market := demanding(w, b)
	clock := func() (c struct {
		Told     bool
		Quarters *int
	}, err error) {
		err = s.Do(ctx, "GET", "/clock", nil, &c)
		return c, err
	}

	w.step("at three in the morning", func() error {
		if c, err := clock(); err != nil || c.Told || c.Quarters != nil {
			return fmt.Errorf("before anything was told: %+v, %v", c, err)
		}
		if err := tellClock(ctx, s, 3); err != nil {
			return err
		}
		if c, err := clock(); err != nil || !c.Told || c.Quarters == nil {
			return fmt.Errorf("after it was told: %+v, %v", c, err)
		}
		_, err := b.Send(ctx, market, "Hush-hush offer", "only for canaries")
		d := consent.DenialOf(err)
		if d == nil || d.Reason != consent.ByPolicy || !strings.HasPrefix(d.What, "No marketing between nine in the evening and eight") {
			return fmt.Errorf("sending: %v", err)
		}
		// Eight o'clock is four to five hours from some moment between three and four.
		if in := time.Until(d.Again); in < 4*time.Hour-time.Minute || in > 5*time.Hour {
			return fmt.Errorf("again in %v", in)
		}
		return nil
	})
	w.step("no clock that is none", func() error {
		err := s.Do(ctx, "PUT", "/clock", map[string]any{"quarters": 57}, nil)
		if err == nil || !strings.Contains(err.Error(), "malformed") {
			return fmt.Errorf("a clock of UTC+14:15: %v", err)
		}
		return nil
	})
	w.step("at noon", func() error {
		if err := tellClock(ctx, s, 12); err != nil {
			return err
		}
		_, err := b.Send(ctx, market, "Hush-hush offer", "only for canaries")
		return err
	})
	w.step("the shopper wants it unknown", func() error {
		if err := errors.Join(tellClock(ctx, s, 3), s.Do(ctx, "PUT", "/clock", map[string]any{"quarters": nil}, nil)); err != nil {
			return err
		}
		if c, err := clock(); err != nil || !c.Told || c.Quarters != nil {
			return fmt.Errorf("kept %+v, %v", c, err)
		}
		_, err := b.Send(ctx, market, "Hush-hush offer", "only for canaries")
		return err
	})
	w.step("it goes with the vault", func() error {
		if err := errors.Join(tellClock(ctx, s, 3), s.Erase(ctx)); err != nil {
			return err
		}
		c, err := w.o.consents.Clock(ctx, s.Vault)
		if err == nil && c.Told {
			err = fmt.Errorf("left: %+v", c)
		}
		if err != nil {
			return err
		}
		if err := w.o.consents.SetClock(ctx, s.Vault, c); err == nil {
			return errors.New("an erased vault told its clock")
		}
		return nil
	})
}
