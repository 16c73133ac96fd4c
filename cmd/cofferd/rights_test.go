package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
	"coffer/vault/seal"
)

// demanding is a shopper who has given a shop both purposes, with every invariant
// checked on the way.
func demanding(w *world, shop *business.Business) (*wallettest.Wallet, id.Grant, id.Grant) {
	w.Helper()
	ctx := w.Context()
	s := w.shopper()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		w.Fatal(err)
	}
	var q consent.Request
	w.step("give", func() error {
		for name, value := range planted {
			if err := s.Set(ctx, name, value); err != nil {
				return err
			}
		}
		asked, err := shop.Request(ctx, business.Ask{Purposes: asks()})
		if err != nil {
			return err
		}
		if q, err = s.Request(ctx, asked.ID); err != nil {
			return err
		}
		_, err = s.Decide(ctx, q, map[string]wallettest.Choice{
			"delivery":  {Attributes: []string{"name", "postal-address"}},
			"marketing": {Attributes: []string{"email"}, Channels: []string{consent.ChannelWallet}},
		}, false, catalogue)
		return err
	})
	return s, grantOf(w.T, shop, q.ID, "delivery"), grantOf(w.T, shop, q.ID, "marketing")
}

// sent is a rights request on the wire, without the wallet's own copy.
func sent(d wallettest.Demanded) map[string]any {
	return map[string]any{"rights": d.ID, "business": d.Aud, "grants": d.Grants, "sealed": d.Sealed, "documents": map[string]any{"puts": []any{}}}
}

// What shopper and business write to each other, which no file of the operator may hold.
var writtenAboutRights = map[string][]byte{
	"the demand":     []byte("Unwiderruflich-Kanarienwunsch"),
	"the reason":     []byte("Steuerpruefung-Zebrafink"),
	"the answer":     []byte("Geloescht-Wellensittich"),
	"the right":      []byte(`"right":"erasure"`),
	"the regime":     []byte(`"regime":"gdpr"`),
	"the outcome":    []byte(`"outcome":"partly"`),
	"the attributes": []byte(`"postal-address","shoe-size"`),
}

func unreadable() map[string][]byte {
	all := canaries()
	for name, text := range writtenAboutRights {
		all[name] = text
	}
	return all
}

// The whole way of a rights request, on real parts: demanded, acknowledged, extended,
// answered; none of it readable at the operator; gone with the vault.
func TestRightsRequest(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	shop := w.shop()
	s, deliver, market := demanding(w, shop)
	var d wallettest.Demanded
	var c business.RightsCase

	w.step("demand erasure", func() (err error) {
		d, err = s.Demand(ctx, wallettest.Demand{Regime: consent.RegimeGDPR, Right: consent.RightErasure, Grants: []id.Grant{deliver, market},
			Attributes: []string{"postal-address", "shoe-size"}, Text: "Unwiderruflich-Kanarienwunsch, please."})
		if err != nil {
			return err
		}
		// Again, as after a lost answer: it counts once, and nothing is stored twice.
		return s.Do(ctx, "POST", "/rights", sent(d), nil)
	})

	w.step("hear of it", func() error {
		heard := 0
		_, err := shop.Poll(ctx, func(_ context.Context, e business.Event) error {
			if e.Type == business.EventRights && e.Grant == market {
				heard++
			}
			return nil
		})
		if err != nil || heard != 1 {
			return fmt.Errorf("heard of it %d times: %v", heard, err)
		}
		all, err := shop.Rights()
		if err != nil || len(all) != 1 {
			return fmt.Errorf("%d rights requests: %v", len(all), err)
		}
		c = all[0]
		q := c.Request
		if !c.Open() || q.JWS != d.JWS || q.Right != consent.RightErasure || q.Text != "Unwiderruflich-Kanarienwunsch, please." || len(q.Attributes) != 2 {
			return fmt.Errorf("the shop reads %+v, %q", q, c.Refused)
		}
		if got := c.State(time.Now()); got != consent.StateRightsSent {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})

	w.step("acknowledge and extend", func() (err error) {
		if _, err = shop.ReplyRights(ctx, c.ID, consent.RightsExtended, "", ""); consent.CodeOf(err) != consent.Malformed {
			return fmt.Errorf("extended without a reason: %v", err)
		}
		if _, err = shop.ReplyRights(ctx, c.ID, consent.RightsAcknowledged, "", ""); err != nil {
			return err
		}
		first := c.Due()
		if c, err = shop.ReplyRights(ctx, c.ID, consent.RightsExtended, "", "Steuerpruefung-Zebrafink: many invoices."); err != nil {
			return err
		}
		if !c.Due().After(first.AddDate(0, 1, 20)) || c.State(time.Now()) != consent.StateRightsExtended {
			return fmt.Errorf("due %s, before %s; %s", c.Due(), first, c.State(time.Now()))
		}
		return nil
	})

	w.step("the operator waits for as long as a law gives", func() error {
		for in, want := range map[time.Duration]int{consent.AskAfterExtended - time.Hour: 0, consent.AskAfterExtended + time.Hour: 1} {
			if all, err := w.o.consents.Unanswered(ctx, time.Now().Add(in), 10); err != nil || len(all) != want {
				return fmt.Errorf("after %s: %+v, %w", in, all, err)
			}
		}
		return nil
	})

	w.step("withdraw meanwhile", func() error {
		_, err := s.Withdraw(ctx, deliver)
		return err
	})

	w.step("answer", func() (err error) {
		if _, err = shop.ReplyRights(ctx, c.ID, consent.RightsAnswered, consent.OutcomePartly, ""); consent.CodeOf(err) != consent.Malformed {
			return fmt.Errorf("half done without a reason: %v", err)
		}
		if c, err = shop.ReplyRights(ctx, c.ID, consent.RightsAnswered, consent.OutcomePartly, "Geloescht-Wellensittich; the invoice stays."); err != nil {
			return err
		}
		if c.Open() || c.State(time.Now()) != consent.StateRightsAnswered {
			return errors.New("it is not answered")
		}
		if _, err := shop.ReplyRights(ctx, c.ID, consent.RightsAnswered, consent.OutcomeDone, ""); !errors.Is(err, business.ErrAnswered) {
			return fmt.Errorf("answered twice: %v", err)
		}
		return nil
	})

	w.step("read the answer", func() error {
		r, replies, err := s.Replies(ctx, d)
		if err != nil || len(replies) != 3 {
			return fmt.Errorf("%d replies: %v", len(replies), err)
		}
		last := replies[2]
		if last.Outcome != consent.OutcomePartly || last.Text != "Geloescht-Wellensittich; the invoice stays." || replies[1].Text == "" {
			return fmt.Errorf("the shopper reads %q, %q", replies[1].Text, last.Text)
		}
		if got := d.State(r.Times(), time.Now()); got != consent.StateRightsAnswered {
			return fmt.Errorf("it is %s", got)
		}
		return nil
	})

	w.step("hold nothing readable", func() error {
		found, files, err := w.search(unreadable())
		if err != nil || len(found) > 0 || files < 10 {
			return fmt.Errorf("found %v in %d files: %v", found, files, err)
		}
		return nil
	})

	w.step("start again", func() error {
		w.restart()
		_, replies, err := s.Replies(ctx, d)
		if err == nil && len(replies) != 3 {
			err = fmt.Errorf("%d replies", len(replies))
		}
		return err
	})

	var open wallettest.Demanded
	w.step("demand once more", func() (err error) {
		open, err = s.Demand(ctx, wallettest.Demand{Regime: consent.RegimeCCPA, Right: consent.RightOptOut, Grants: []id.Grant{market}})
		if err != nil {
			return err
		}
		if err := shop.SyncRights(ctx); err != nil {
			return err
		}
		if _, err = shop.ReplyRights(ctx, open.ID, consent.RightsExtended, "", "We are slow."); !errors.Is(err, business.ErrNoMoreTime) {
			return fmt.Errorf("an opt-out is extended: %v", err)
		}
		return nil
	})

	w.step("the operator lists what stays without an answer", func() error {
		for in, want := range map[time.Duration]int{consent.AskAfter - time.Hour: 0, consent.AskAfter + time.Hour: 1} {
			all, err := w.o.consents.Unanswered(ctx, time.Now().Add(in), 10)
			if err != nil || len(all) != want || want == 1 && (all[0].ID != open.ID || all[0].Business != shop.DID()) {
				return fmt.Errorf("after %s: %+v, %w", in, all, err)
			}
		}
		return nil
	})

	w.step("the auditor reads both, and what is late", func() error {
		if _, err := w.o.outbox.Drain(ctx); err != nil {
			return err
		}
		if err := w.poll(shop); err != nil {
			return err
		}
		for in, want := range map[time.Duration]int{0: 0, 60 * 24 * time.Hour: 2} { // the opt-out, and what the withdrawal owes
			r, err := w.report(s, shop, in)
			if err != nil || len(r.Findings) != want || r.Counts.Rights != 2 || r.Counts.Answered != 1 {
				return fmt.Errorf("in %v: %s: %w", in, r.Text(), err)
			}
		}
		return nil
	})

	w.step("erase", func() error {
		secrets := ids(s)
		for _, i := range []id.Rights{d.ID, open.ID} {
			secrets["rights request "+i.String()] = i[:]
		}
		if err := s.Erase(ctx); err != nil {
			return err
		}
		for name, v := range unreadable() {
			secrets[name] = v
		}
		found, _, err := w.search(secrets)
		if err != nil || len(found) > 0 {
			return fmt.Errorf("after the erasure: %v: %v", found, err)
		}
		if _, err := shop.ReplyRights(ctx, open.ID, consent.RightsAcknowledged, "", ""); !errors.Is(err, business.ErrNotFound) {
			return fmt.Errorf("a reply to somebody who is gone: %v", err)
		}
		if _, err := shop.Poll(ctx, nil); err != nil {
			return err
		}
		if c, err := shop.RightsCase(open.ID); err != nil || c.Open() || !c.Erased {
			return fmt.Errorf("the shop still waits to answer: %+v, %v", c.Times, err)
		}
		return nil
	})
}

// A shop takes no demand that the shopper behind its grants did not sign, or that was
// not meant for it; it keeps that there was one.
func TestRightsRequestThatDoesNotStand(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	shop := w.shop()
	s, deliver, _ := demanding(w, shop)
	other, theirs, _ := demanding(w, shop)
	request := s.Held[deliver].Request
	good := wallettest.Demand{Regime: consent.RegimeGDPR, Right: consent.RightAccess, Grants: []id.Grant{deliver}}

	made := func(change func(*wallettest.Demanded) error) func() (wallettest.Demanded, error) {
		return func() (wallettest.Demanded, error) {
			d, err := s.PrepareRights(good)
			if err == nil {
				err = change(&d)
			}
			return d, err
		}
	}
	resigned := func(change func(*consent.RightsRequest)) func() (wallettest.Demanded, error) {
		return made(func(d *wallettest.Demanded) error {
			change(&d.RightsRequest)
			pairwise, err := agent.NewSigner(seal.PairwiseKey(s.Seed, string(request.Iss)))
			if err != nil {
				return err
			}
			if d.RightsRequest, err = pairwise.SignRights(d.RightsRequest); err != nil {
				return err
			}
			d.Sealed, err = s.SealRights(request, d.JWS)
			return err
		})
	}
	for name, c := range map[string]struct {
		code string
		make func() (wallettest.Demanded, error)
	}{
		"sealed for somebody else": {"cannot-open", made(func(d *wallettest.Demanded) error {
			d.Sealed = strings.Replace(d.Sealed, ".", ".A", 1)
			return nil
		})},
		"one letter changed": {"bad-signature", made(func(d *wallettest.Demanded) (err error) {
			cut := strings.Split(d.JWS, ".")
			payload, err := base64.RawURLEncoding.DecodeString(cut[1])
			if err != nil {
				return err
			}
			cut[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"access"`, `"erasure"`, 1)))
			d.Sealed, err = s.SealRights(request, strings.Join(cut, "."))
			return err
		})},
		"for another business":  {"wrong-audience", resigned(func(q *consent.RightsRequest) { q.Aud = "did:key:zDnaeXYZ" })},
		"by another operator":   {"wrong-audience", resigned(func(q *consent.RightsRequest) { q.Operator = "https://other.example" })},
		"signed an hour ago":    {"expired", resigned(func(q *consent.RightsRequest) { q.Time -= 3600 })},
		"signed in an hour":     {"not-yet", resigned(func(q *consent.RightsRequest) { q.Time += 3600 })},
		"about another's grant": {"wrong-rights", resigned(func(q *consent.RightsRequest) { q.Grants = []id.Grant{theirs} })},
		"under another id":      {"wrong-rights", made(func(d *wallettest.Demanded) error { d.ID = id.New[id.Rights](); return nil })},
	} {
		var d wallettest.Demanded
		w.step(name, func() (err error) {
			if d, err = c.make(); err != nil {
				return err
			}
			d.Grants, d.Aud = good.Grants, request.Iss // what the operator is told
			return s.SendRights(ctx, d)
		})
		if err := shop.SyncRights(ctx); err != nil {
			t.Fatal(err)
		}
		kept, err := shop.RightsCase(d.ID)
		if err != nil || kept.Refused != c.code || kept.Open() {
			t.Errorf("%s: refused with %q, want %s (%v)", name, kept.Refused, c.code, err)
		}
		if _, err := shop.ReplyRights(ctx, d.ID, consent.RightsAcknowledged, "", ""); err == nil || !strings.Contains(err.Error(), "does not stand") {
			t.Errorf("%s: the shop replies: %v", name, err)
		}
	}
	// The operator does not carry what names grants of others, wherever it comes from.
	d, err := other.PrepareRights(wallettest.Demand{Regime: consent.RegimeGDPR, Right: consent.RightAccess, Grants: []id.Grant{theirs}})
	if err != nil {
		t.Fatal(err)
	}
	d.Grants = []id.Grant{deliver}
	if err := other.Do(ctx, "POST", "/rights", sent(d), nil); err == nil || !strings.Contains(err.Error(), "not-found") {
		t.Errorf("a demand about another's grant: %v, want not-found", err)
	}
}
