package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
	"coffer/vault/vaulttest"
)

// planted are values that no file of the operator may ever hold.
var planted = map[string]any{
	"name":  "Quixotilla Zanzibarova",
	"email": "quixotilla.z@improbable-canary.example",
	"phone": "+49 30 5550198237",
	"postal-address": map[string]string{"street": "77 Gramophone Crescent", "postcode": "10997",
		"city": "Canaryville", "country": "DE"},
	"birth-date": "1987-03-14",
	"shoe-size":  "38.5-improbable",
}

func canaries() map[string][]byte {
	secrets := map[string][]byte{}
	for _, v := range []string{"Quixotilla", "Zanzibarova", "improbable-canary", "5550198237", "Gramophone", "Canaryville",
		"1987-03-14", "38.5-improbable", "Hush-hush offer", "only for canaries"} {
		secrets[v] = []byte(v)
	}
	return secrets
}

// The whole journey: a shopper, a business and a DPO, on real parts, with every
// invariant checked after every step.
func TestJourney(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	shop := w.shop()
	s := wallettest.New(w.config.Origin)
	var q consent.Request
	var deliver, market id.Grant

	w.step("open a vault", func() error { return s.Open(ctx) })

	w.step("fill it", func() error {
		for name, value := range planted {
			if err := s.Set(ctx, name, value); err != nil {
				return err
			}
		}
		if err := s.Derive(ctx, "age-over-18", "birth-date", true); err != nil {
			return err
		}
		return s.Stored(ctx)
	})

	w.step("be asked", func() (err error) {
		asked, err := shop.Request(ctx, business.Ask{Purposes: asks(), Reference: "order-1"})
		if err != nil {
			return err
		}
		if want := w.config.Origin + "/r/" + asked.ID.String(); asked.Link != want {
			return fmt.Errorf("link %s, want %s", asked.Link, want)
		}
		if q, err = s.Request(ctx, asked.ID); err == nil && q.Controller.Name != "Corner Shop" {
			err = fmt.Errorf("asked by %q", q.Controller.Name)
		}
		return err
	})

	w.step("decide", func() error {
		states, err := s.Decide(ctx, q, map[string]wallettest.Choice{
			"delivery":  {Attributes: []string{"name", "postal-address"}},
			"marketing": {Attributes: []string{"email"}, Channels: []string{consent.ChannelWallet}},
		}, false, catalogue)
		if err != nil {
			return err
		}
		for _, g := range states {
			if g.State != consent.StateLive {
				return fmt.Errorf("grant is %s, want live: it was anchored in time", g.State)
			}
		}
		deliver, market = grantOf(t, shop, q.ID, "delivery"), grantOf(t, shop, q.ID, "marketing")
		return nil
	})

	w.step("collect", func() error {
		c, err := shop.Collect(ctx, deliver, "name", "postal-address", "birth-date")
		if err != nil {
			return err
		}
		got := map[string]json.RawMessage{}
		for _, v := range c.Values {
			got[v.Attribute] = v.Value
		}
		want, _ := json.Marshal(planted["postal-address"])
		if !sameJSON(got["postal-address"], want) || len(got) != 2 {
			return fmt.Errorf("collected %v", c.Values)
		}
		if len(c.Refused) != 1 || c.Refused[0].Reason != consent.NotCovered || c.Refused[0].What != "birth-date" {
			return fmt.Errorf("refused %v, want birth-date: not covered", c.Refused)
		}
		if _, err := shop.Collect(ctx, market, "postal-address"); !errors.Is(err, consent.NotCovered) {
			return fmt.Errorf("the address under the marketing grant: %v, want not-covered", err)
		}
		return nil
	})

	w.step("message", func() error {
		if _, err := shop.Send(ctx, market, "Hush-hush offer", "only for canaries"); err != nil {
			return err
		}
		if _, err := shop.Send(ctx, deliver, "Psst", "no channel was given here"); !errors.Is(err, consent.NotCovered) {
			return fmt.Errorf("a message under the delivery grant: %v, want not-covered", err)
		}
		inbox, err := s.Inbox(ctx)
		if err != nil || len(inbox) != 1 {
			return fmt.Errorf("inbox has %d messages: %v", len(inbox), err)
		}
		m, err := s.Read(ctx, inbox[0])
		if err != nil {
			return err
		}
		if m.Body.Subject != "Hush-hush offer" || m.Body.Text != "only for canaries" || m.Body.Grant != market {
			return fmt.Errorf("another message arrived")
		}
		return nil
	})

	var receipt []byte
	w.step("see", func() (err error) {
		log, err := s.Accesses(ctx, deliver)
		if err != nil || len(log) != 1 || !slices.Equal(log[0].Given, []string{"name", "postal-address"}) || !slices.Contains(log[0].Requested, "birth-date") {
			return fmt.Errorf("access log %+v: %v", log, err)
		}
		if log, err = s.Accesses(ctx, market); err != nil || len(log) != 1 || log[0].Refused != string(consent.NotCovered) {
			return fmt.Errorf("the refused attempt is not in the log: %+v: %v", log, err)
		}
		if receipt, err = s.Bundle(ctx, deliver); err != nil {
			return err
		}
		v, err := audit.Verify(ctx, receipt, s.Ledger, agent.New(agent.Options{}))
		if err != nil || !audit.Sound(v.Checks) {
			return fmt.Errorf("receipt: %+v: %v", v.Checks, err)
		}
		if v.Countersigned == nil || v.Countersigned.Iss != shop.DID() {
			return errors.New("the shop has collected, and its counter-signature is not there")
		}
		return nil
	})

	w.step("audit", func() error {
		var trail bytes.Buffer
		if err := shop.ExportTrail(ctx, &trail); err != nil {
			return err
		}
		options := audit.Options{Validators: s.Ledger, Signatures: agent.New(agent.Options{}), Ledger: w.o.ledger}
		report, err := audit.Run(ctx, bytes.NewReader(trail.Bytes()), options)
		if err != nil || !report.Clean() {
			return fmt.Errorf("%v\n%s", err, report.Text())
		}
		if c := report.Counts; c.Grants != 2 || c.Messages != 1 || c.Collections == 0 || c.Permits < 2 {
			return fmt.Errorf("the audit saw only %+v", c)
		}
		tampered := bytes.Replace(trail.Bytes(), []byte(`"kind":"message"`), []byte(`"kind":"missive"`), 1)
		if report, err = audit.Run(ctx, bytes.NewReader(tampered), options); err != nil || report.Clean() {
			return fmt.Errorf("a tampered trail passes: %v", err)
		}
		return nil
	})

	w.step("change an attribute", func() error {
		if err := s.Set(ctx, "name", "Quixotilla Zanzibarova-Canaryville"); err != nil {
			return err
		}
		c, err := shop.Collect(ctx, deliver, "name")
		if err != nil || len(c.Values) != 1 || !strings.Contains(string(c.Values[0].Value), "-Canaryville") {
			return fmt.Errorf("the business sees %v: %v", c.Values, err)
		}
		return nil
	})

	w.step("withdraw", func() error {
		state, err := s.Withdraw(ctx, deliver)
		if err != nil || state.State != consent.StateWithdrawn {
			return fmt.Errorf("%+v: %v", state, err)
		}
		if _, err := shop.Collect(ctx, deliver); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("collecting after the withdrawal: %v, want withdrawn", err)
		}
		learned := false
		_, err = shop.Poll(ctx, func(_ context.Context, e business.Event) error {
			learned = learned || e.Type == business.EventWithdrawn && e.Grant == deliver
			return nil
		})
		if err == nil && !learned {
			err = errors.New("the shop did not learn of the withdrawal")
		}
		if err != nil {
			return err
		}
		// Both keep a file that shows the end, and that it ends what was given.
		theirs, err := shop.Bundle(ctx, deliver)
		if err != nil {
			return err
		}
		mine, err := s.Bundle(ctx, deliver)
		if err != nil {
			return err
		}
		for _, file := range [][]byte{mine, theirs.Bytes()} {
			v, err := audit.Verify(ctx, file, s.Ledger, agent.New(agent.Options{}))
			if err != nil || !audit.Sound(v.Checks) || v.Ended == nil || v.EndProven == nil || v.Countersigned == nil {
				return fmt.Errorf("receipt of what was withdrawn: %+v: %v", v.Checks, err)
			}
		}
		return nil
	})

	w.step("hold nothing readable", func() error {
		found, files, err := w.search(canaries())
		if err != nil || len(found) > 0 || files < 10 {
			return fmt.Errorf("found %v in %d files: %v", found, files, err)
		}
		// The search itself must be able to find: the vault is still there.
		if found, _, err = w.search(map[string][]byte{"vault id": s.Vault[:]}); err != nil || len(found) == 0 {
			return fmt.Errorf("the search does not find a vault that is there: %v", err)
		}
		return nil
	})

	w.step("erase", func() error {
		secrets := ids(s)
		if err := s.Erase(ctx); err != nil {
			return err
		}
		for name, v := range canaries() {
			secrets[name] = v
		}
		found, files, err := w.search(secrets)
		if err != nil || len(found) > 0 || files < 10 {
			return fmt.Errorf("after the erasure: %v in %d files: %v", found, files, err)
		}
		if _, err := shop.Collect(ctx, market); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("collecting from an erased vault: %v, want withdrawn", err)
		}
		if _, err := s.Grants(ctx); !errors.Is(err, vaulttest.Code("not-signed-in")) {
			return fmt.Errorf("the erased vault still answers: %v", err)
		}
		return nil
	})

	w.step("start again and find nothing", func() error {
		w.restart()
		found, _, err := w.search(ids(s))
		if len(found) > 0 {
			return fmt.Errorf("after a restart: %v", found)
		}
		return err
	})

	w.step("audit what is left", func() error {
		if _, err := shop.Poll(ctx, nil); err != nil {
			return err
		}
		var trail bytes.Buffer
		if err := shop.ExportTrail(ctx, &trail); err != nil {
			return err
		}
		report, err := audit.Run(ctx, &trail, audit.Options{Validators: s.Ledger, Signatures: agent.New(agent.Options{}), Ledger: w.o.ledger})
		if err != nil || !report.Clean() || report.Counts.Withdrawals != 2 {
			return fmt.Errorf("%v\n%s", err, report.Text())
		}
		return nil
	})
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}
