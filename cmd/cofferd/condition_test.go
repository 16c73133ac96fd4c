package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
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

const signedLease = "https://leases.example/terms#SignedLease"

// party is somebody who signs, and has nothing to do with the operator.
func party(t *testing.T) agent.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := agent.NewSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hanging is a shopper who gave two purposes, each on that condition: delivery, and
// marketing with messages.
func hanging(w *world, b *business.Business, c *consent.Condition) (s *wallettest.Wallet, deliver, market id.Grant) {
	w.Helper()
	ctx := w.Context()
	s = w.shopper()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		w.Fatal(err)
	}
	w.step("give on a condition", func() error {
		for name, value := range planted {
			if err := s.Set(ctx, name, value); err != nil {
				return err
			}
		}
		purposes := asks()
		purposes[0].Condition, purposes[1].Condition = c, c
		asked, err := b.Request(ctx, business.Ask{Purposes: purposes})
		if err != nil {
			return err
		}
		q, err := s.Request(ctx, asked.ID)
		if err != nil {
			return err
		}
		_, err = s.Decide(ctx, q, map[string]wallettest.Choice{
			"delivery":  {Attributes: []string{"name", "postal-address"}},
			"marketing": {Attributes: []string{"email"}, Channels: []string{consent.ChannelWallet}},
		}, false, catalogue)
		deliver, market = grantOf(w.T, b, asked.ID, "delivery"), grantOf(w.T, b, asked.ID, "marketing")
		return err
	})
	return s, deliver, market
}

// unmet wants a denial that says what is missing.
func unmet(err error, title string) error {
	if d := consent.DenialOf(err); d == nil || d.Reason != consent.Unfulfilled || !strings.Contains(d.What, title) {
		return fmt.Errorf("%w, want a condition that says %q", err, title)
	}
	return nil
}

// refusedAs wants the operator's refusal of evidence.
func refusedAs(err error, code consent.Code) error {
	if p, ok := errors.AsType[*business.Problem](err); !ok || p.Code != string(code) {
		return fmt.Errorf("%v, want %s", err, code)
	}
	return nil
}

// standing is how the shopper's wallet is told that a condition stands.
type standing struct {
	Met      bool
	Used     int
	Evidence []struct {
		Evidence string
		By       consent.DID
		Until    consent.Unix
	}
}

func (w *world) standing(s *wallettest.Wallet, g id.Grant) (standing, error) {
	var answer struct {
		Grants []struct {
			Grant    id.Grant  `json:"grant"`
			Standing *standing `json:"standing"`
		} `json:"grants"`
	}
	err := s.Do(w.Context(), "GET", "/grants", nil, &answer)
	for _, one := range answer.Grants {
		if one.Grant == g && one.Standing != nil {
			return *one.Standing, err
		}
	}
	return standing{}, errors.Join(err, errors.New("the grant hangs on nothing"))
}

// A lease: nothing is released before the landlord's record about this grant is shown,
// and nothing that only looks like it counts.
func TestALease(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b, landlord, other := w.shop(), party(t), party(t)
	s, deliver, market := hanging(w, b, &consent.Condition{Record: &consent.RecordCondition{Type: signedLease, Issuer: landlord.DID}})
	lease := func(by agent.Signer, change func(*agent.RecordTerms)) string {
		terms := agent.RecordTerms{Type: signedLease, Subject: consent.GrantURN(deliver), From: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour)}
		if change != nil {
			change(&terms)
		}
		jwt, err := by.SignRecord(terms)
		if err != nil {
			t.Fatal(err)
		}
		return jwt
	}
	missing := "First the business must present the record"

	w.step("before it is signed", func() error {
		_, err := b.Collect(ctx, deliver)
		if err := unmet(err, missing); err != nil {
			return err
		}
		_, err = b.Send(ctx, market, "Hush-hush offer", "only for canaries")
		if err := unmet(err, missing); err != nil {
			return err
		}
		log, err := s.Accesses(ctx, deliver)
		if err != nil || len(log) != 1 || log[0].Refused != "condition" || len(log[0].Given) != 0 {
			return fmt.Errorf("the shopper sees %+v, %v", log, err)
		}
		if st, err := w.standing(s, deliver); err != nil || st.Met || len(st.Evidence) != 0 {
			return fmt.Errorf("it stands %+v, %v", st, err)
		}
		return nil
	})
	w.step("what is no lease of this grant", func() error {
		good := lease(landlord, nil)
		cut := strings.Split(good, ".")
		swap := func(header string) string {
			return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + cut[1] + "." + cut[2]
		}
		for name, c := range map[string]struct {
			evidence string
			code     consent.Code
		}{
			"by another":        {lease(other, nil), consent.WrongEvidence},
			"of another grant":  {lease(landlord, func(r *agent.RecordTerms) { r.Subject = consent.GrantURN(market) }), consent.WrongEvidence},
			"of another type":   {lease(landlord, func(r *agent.RecordTerms) { r.Type += "Draft" }), consent.WrongEvidence},
			"over":              {lease(landlord, func(r *agent.RecordTerms) { r.Until = time.Now().Add(-time.Minute) }), consent.Expired},
			"not yet":           {lease(landlord, func(r *agent.RecordTerms) { r.From = time.Now().Add(30 * time.Minute) }), consent.NotYet},
			"without signature": {swap(`{"alg":"none","kid":"` + landlord.KeyID + `","typ":"JWT"}`), consent.BadSignature},
			"under another alg": {swap(`{"alg":"EdDSA","kid":"` + landlord.KeyID + `","typ":"JWT"}`), consent.BadSignature},
			"under another key": {swap(`{"alg":"ES256","kid":"` + other.KeyID + `","typ":"JWT"}`), consent.BadSignature},
			"an event, no lease": {func() string {
				e, _ := landlord.SignEvent(consent.Happened{Grant: deliver, Name: "signed", Time: 1})
				return e
			}(), consent.BadSignature},
		} {
			_, err := b.Present(ctx, deliver, c.evidence)
			if err := refusedAs(err, c.code); err != nil {
				return fmt.Errorf("a lease %s: %w", name, err)
			}
		}
		_, err := b.Collect(ctx, deliver)
		return unmet(err, missing)
	})
	w.step("another business cannot present it", func() error {
		if _, err := w.shop().Present(ctx, deliver, lease(landlord, nil)); !errors.Is(err, business.ErrNotFound) {
			return fmt.Errorf("presenting: %v", err)
		}
		return nil
	})
	good := lease(landlord, nil)
	w.step("it is signed", func() error {
		for range 2 { // again it counts once
			until, err := b.Present(ctx, deliver, good)
			if err != nil || time.Until(until) < 58*time.Minute {
				return fmt.Errorf("until %v, %v", until, err)
			}
		}
		c, err := b.Collect(ctx, deliver)
		if err != nil || len(c.Values) != 2 {
			return fmt.Errorf("%d values, %v", len(c.Values), err)
		}
		st, err := w.standing(s, deliver)
		if err != nil || !st.Met || len(st.Evidence) != 1 || st.Evidence[0].Evidence != good || st.Evidence[0].By != landlord.DID {
			return fmt.Errorf("it stands %+v, %v", st, err)
		}
		_, err = b.Send(ctx, market, "Hush-hush offer", "only for canaries") // its lease is another one
		return unmet(err, missing)
	})
	w.step("it is remembered", func() error {
		w.restart()
		_, err := b.Collect(ctx, deliver, "name")
		return err
	})
	w.step("the audit sees the lease", func() error { return w.audited(s, b) })
	w.step("and its absence", func() error {
		var trail bytes.Buffer
		if err := b.ExportTrail(ctx, &trail); err != nil {
			return err
		}
		var kept []string
		for _, line := range strings.Split(trail.String(), "\n") {
			if !strings.HasPrefix(line, `{"v":1,"kind":"evidence"`) {
				kept = append(kept, line)
			}
		}
		report, err := audit.Run(ctx, strings.NewReader(strings.Join(kept, "\n")), audit.Options{Validators: s.Ledger, Signatures: agent.New(agent.Options{})})
		if err != nil || !strings.Contains(report.Text(), "condition-unmet") {
			return fmt.Errorf("%v\n%s", err, report.Text())
		}
		return nil
	})
	w.step("it goes with the vault", func() error {
		if err := s.Erase(ctx); err != nil {
			return err
		}
		_, err := b.Present(ctx, deliver, good)
		if !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("presenting after the erasure: %v", err)
		}
		found, _, err := search(w.folder, map[string][]byte{"the lease": []byte(good)})
		if len(found) > 0 {
			err = fmt.Errorf("left: %v", found)
		}
		return err
	})
}

// Three uses, whatever they are, and no fourth.
func TestUsesRunOut(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	three := 3
	s, deliver, market := hanging(w, b, &consent.Condition{Uses: &three})
	w.step("three times", func() error {
		for range 3 {
			if _, err := b.Collect(ctx, deliver, "name", "postal-address"); err != nil {
				return err
			}
		}
		_, err := b.Collect(ctx, deliver, "name")
		if err := unmet(err, "used as often as it may be"); err != nil {
			return err
		}
		if st, err := w.standing(s, deliver); err != nil || st.Used != 3 {
			return fmt.Errorf("it stands %+v, %v", st, err)
		}
		return nil
	})
	w.step("what releases nothing is no use", func() error {
		if _, err := b.Collect(ctx, market, "shoe-size"); !errors.Is(err, consent.NotCovered) {
			return fmt.Errorf("collecting what was not given: %v", err)
		}
		st, err := w.standing(s, market)
		if err == nil && st.Used != 0 {
			err = fmt.Errorf("it stands %+v", st)
		}
		return err
	})
	w.step("messages are uses", func() error {
		for range 2 {
			if _, err := b.Send(ctx, market, "Hush-hush offer", "only for canaries"); err != nil {
				return err
			}
		}
		if _, err := b.Collect(ctx, market); err != nil {
			return err
		}
		_, err := b.Collect(ctx, market)
		return unmet(err, "used as often as it may be")
	})
	w.step("evidence changes nothing", func() error {
		e, err := party(t).SignEvent(consent.Happened{Grant: deliver, Name: "more", Time: 1})
		if err != nil {
			return err
		}
		_, err = b.Present(ctx, deliver, e)
		return refusedAs(err, consent.WrongEvidence)
	})
	w.step("the audit agrees", func() error { return w.audited(s, b) })
}

func TestADateAndAnEvent(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b, carrier, other := w.shop(), party(t), party(t)
	tomorrow := consent.UnixAt(time.Now().Add(24 * time.Hour))
	_, dated, _ := hanging(w, b, &consent.Condition{From: &tomorrow})
	w.step("the date has not come", func() error {
		_, err := b.Collect(ctx, dated)
		return unmet(err, "The date that the grant names has not come yet")
	})
	s, deliver, _ := hanging(w, b, &consent.Condition{Event: &consent.EventCondition{Party: carrier.DID, Name: "handed-over"}})
	say := func(by agent.Signer, g id.Grant, name string) string {
		e, err := by.SignEvent(consent.Happened{Grant: g, Name: name, Time: consent.UnixAt(time.Now())})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	w.step("nobody said so", func() error {
		_, err := b.Collect(ctx, deliver)
		if err := unmet(err, "must say that it happened"); err != nil {
			return err
		}
		for name, e := range map[string]string{"another says so": say(other, deliver, "handed-over"), "something else happened": say(carrier, deliver, "lost"),
			"to another grant": say(carrier, dated, "handed-over")} {
			_, err := b.Present(ctx, deliver, e)
			if err := refusedAs(err, consent.WrongEvidence); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
	w.step("the carrier says so", func() error {
		if until, err := b.Present(ctx, deliver, say(carrier, deliver, "handed-over")); err != nil || !until.IsZero() {
			return fmt.Errorf("until %v, %v", until, err)
		}
		_, err := b.Collect(ctx, deliver)
		return err
	})
	w.step("the audit agrees", func() error { return w.audited(s, b) })
	w.step("an issuer with a key of the other kind", func() error {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		landlord, err := agent.NewSigner(private)
		if err != nil {
			return err
		}
		_, g, _ := hanging(w, b, &consent.Condition{Record: &consent.RecordCondition{Type: signedLease, Issuer: landlord.DID}})
		jwt, err := landlord.SignRecord(agent.RecordTerms{Type: signedLease, Subject: consent.GrantURN(g), From: time.Now()})
		if err != nil {
			return err
		}
		if _, err := b.Present(ctx, g, jwt); err != nil {
			return err
		}
		_, err = b.Collect(ctx, g)
		return err
	})
}

// A lease that can be taken back: it counts for a day after each look at the landlord's
// list, and once it is taken back it counts no longer.
func TestALeaseThatIsTakenBack(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b, landlord := w.shop(), party(t)
	var published atomic.Pointer[string]
	host := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { io.WriteString(out, *published.Load()) }))
	defer host.Close()
	address := strings.Replace(host.URL, "127.0.0.1", "localhost", 1) + "/leases"
	list := consent.NewStatusList(address, landlord.DID, consent.StatusRevocation)
	publish := func() {
		jwt, err := landlord.SignStatusList(list)
		if err != nil {
			t.Fatal(err)
		}
		published.Store(&jwt)
	}
	publish()
	s, deliver, _ := hanging(w, b, &consent.Condition{Record: &consent.RecordCondition{Type: signedLease, Issuer: landlord.DID}})
	lease, err := landlord.SignRecord(agent.RecordTerms{Type: signedLease, Subject: consent.GrantURN(deliver), From: time.Now().Add(-time.Hour),
		Status: &consent.StatusEntry{Purpose: consent.StatusRevocation, List: address, Index: 8711}})
	if err != nil {
		t.Fatal(err)
	}
	collect := func() error { _, err := b.Collect(ctx, deliver, "name"); return err }
	missing := "First the business must present the record"

	w.step("it stands, for a day", func() error {
		until, err := b.Present(ctx, deliver, lease)
		if err != nil || until.Sub(w.now()) > consent.StatusCounts || until.Sub(w.now()) < consent.StatusCounts-time.Minute {
			return fmt.Errorf("counts until %v, %v", until, err)
		}
		return collect()
	})
	w.step("a day later nobody knows, until it is shown again", func() error {
		for after, want := range map[time.Duration]bool{23 * time.Hour: true, 25 * time.Hour: false} {
			if all, err := w.o.consents.Conditions(ctx, s.Vault, w.now().Add(after)); err != nil || all[deliver].Met != want {
				return fmt.Errorf("after %v it counts: %v, %v", after, all[deliver].Met, err)
			}
		}
		return nil
	})
	w.step("shown again", func() error {
		if _, err := b.Present(ctx, deliver, lease); err != nil {
			return err
		}
		return collect()
	})
	w.step("taken back", func() error {
		list.Put(8711, true)
		publish()
		w.restart() // it forgets the list
		if err := collect(); err != nil {
			return fmt.Errorf("within the day: %w", err)
		}
		_, err := b.Present(ctx, deliver, lease)
		if err := refusedAs(err, consent.Revoked); err != nil {
			return err
		}
		return unmet(collect(), missing)
	})
	w.step("a list that hides it", func() error {
		list.URL += "/other"
		publish()
		w.restart()
		_, err := b.Present(ctx, deliver, lease)
		return refusedAs(err, consent.BadStatus)
	})
}
