package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/business"
	"coffer/vault/seal"
)

const warranty = "https://corner.example/terms#Warranty"

// issuer is a shop that serves its status list, as the sample shop does.
func (w *world) issuer() *business.Business {
	w.Helper()
	var b atomic.Pointer[business.Business]
	host := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		list, err := b.Load().StatusList()
		if err != nil || r.URL.Path != "/records/status" {
			http.NotFound(out, r)
			return
		}
		io.WriteString(out, list)
	}))
	w.Cleanup(host.Close)
	made, err := business.Create(filepath.Join(w.TempDir(), "issuer"), business.Profile{
		V: 1, Operator: w.config.Origin, Name: "Corner Shop", Address: "1 Corner Street, 10115 Berlin",
		Contact: "privacy@corner.example", DPO: "dpo@corner.example", Authority: "Berliner Beauftragte für Datenschutz",
		PrivacyNotice: "http://localhost:8081/privacy", URL: strings.Replace(host.URL, "127.0.0.1", "localhost", 1),
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1",
		Purposes: []string{delivery, marketing},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { made.Close() })
	b.Store(made)
	if _, err := made.Register(w.Context()); err != nil {
		w.Fatal(err)
	}
	return made
}

// The life of a record: issued, handed over, accepted or declined, taken back.
func TestARecord(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.issuer()
	s, deliver, _ := hanging(w, b, nil)
	var issued business.Issued
	var record string

	w.step("hand over a warranty", func() error {
		var err error
		issued, record, err = b.IssueRecord(ctx, deliver, business.RecordTerms{Type: warranty, Claims: map[string]any{
			"product": "canary-shoes-5567", "serial": "SN-88-canary", "guaranteed_until": "2028-11-21"}})
		if err != nil {
			return err
		}
		d, err := b.Deposit(ctx, deliver, record)
		if err != nil || d.State != consent.DepositWaiting {
			return fmt.Errorf("%+v, %w", d, err)
		}
		return nil
	})
	w.step("accept it", func() error {
		waiting, err := s.Deposits(ctx)
		if err != nil || len(waiting) != 1 {
			return fmt.Errorf("%d wait, %w", len(waiting), err)
		}
		d, r, err := s.OpenDeposit(ctx, waiting[0])
		if err != nil {
			return err
		}
		if d.Record != record || r.Issuer != b.DID() || string(r.Claims["product"]) != `"canary-shoes-5567"` || r.Holder == nil || len(r.Statuses) != 1 {
			return fmt.Errorf("another record: %+v", r)
		}
		if err := s.AcceptDeposit(ctx, d); err != nil {
			return err
		}
		if err := s.AcceptDeposit(ctx, d); err != nil {
			return fmt.Errorf("said again, since the answer was lost: %w", err)
		}
		if err := s.DeclineDeposit(ctx, d.ID); err == nil || !strings.Contains(err.Error(), "mismatch") {
			return fmt.Errorf("declined after it was accepted: %w", err)
		}
		state, err := b.DepositState(ctx, deliver, d.ID)
		if err != nil || state.State != consent.DepositAccepted {
			return fmt.Errorf("%+v, %w", state, err)
		}
		return s.Stored(ctx)
	})
	w.step("decline another", func() error {
		made, text, err := b.IssueRecord(ctx, deliver, business.RecordTerms{Type: warranty, Form: business.RecordWhole, Final: true, Claims: map[string]any{"product": "canary-laces"}})
		if err != nil || made.Index != nil {
			return fmt.Errorf("%+v, %w", made, err)
		}
		if err := b.RevokeRecord(made.ID); !errors.Is(err, business.ErrFinal) {
			return fmt.Errorf("taken back: %w", err)
		}
		d, err := b.Deposit(ctx, deliver, text)
		if err != nil {
			return err
		}
		return s.DeclineDeposit(ctx, d.ID)
	})
	w.step("the shop learns of both", func() error {
		told := map[business.EventType]int{}
		for n := 1; n > 0; {
			var err error
			if n, err = b.Poll(ctx, func(_ context.Context, e business.Event) error {
				if !e.Deposit.IsZero() && e.Grant == deliver {
					told[e.Type]++
				}
				return nil
			}); err != nil {
				return err
			}
		}
		if told[business.EventDeposited] != 1 || told[business.EventDeclined] != 1 || len(told) != 2 {
			return fmt.Errorf("told %v", told)
		}
		return nil
	})
	w.step("nobody but the shopper can read it", func() error {
		found, files, err := w.search(map[string][]byte{"product": []byte("canary-shoes-5567"), "serial": []byte("SN-88-canary"), "declined": []byte("canary-laces")})
		if err != nil || len(found) > 0 || files == 0 {
			return fmt.Errorf("found %v in %d files, %w", found, files, err)
		}
		return nil
	})
	w.step("a record that nobody signed", func() error {
		if _, err := b.Deposit(ctx, deliver, record+"WyJhIiwiYiIsMV0~"); consent.CodeOf(err) != consent.Malformed {
			return fmt.Errorf("taken: %w", err)
		}
		return nil
	})
	asked := func() error {
		list, err := s.Published(ctx, b.StatusURL())
		if err != nil {
			return err
		}
		l, err := agent.New(agent.Options{}).OpenStatusList(list, b.StatusURL())
		if err != nil {
			return err
		}
		return l.Says(consent.StatusEntry{Purpose: consent.StatusRevocation, List: b.StatusURL(), Index: *issued.Index}, b.DID(), w.now())
	}
	w.step("the wallet asks whether it stands", asked)
	other := w.shop()
	nonce := consent.NewNonce().String()
	var shown string
	w.step("another shop checks two lines of it", func() error {
		parts, err := consent.ParseSDJWT(record)
		if err != nil {
			return err
		}
		holder, err := agent.NewSigner(seal.PairwiseKey(s.Seed, string(b.DID())))
		if err != nil {
			return err
		}
		if shown, err = holder.SignBinding(parts.Only("product", "guaranteed_until"), other.DID(), nonce, w.now()); err != nil {
			return err
		}
		r, err := other.CheckRecord(ctx, shown, nonce)
		if err != nil || len(r.Claims) != 2 || r.Claims["serial"] != nil || r.Issuer != b.DID() {
			return fmt.Errorf("%d claims, %w", len(r.Claims), err)
		}
		if _, err := other.CheckRecord(ctx, shown, consent.NewNonce().String()); consent.CodeOf(err) != consent.WrongBinding {
			return fmt.Errorf("shown again for another request: %w", err)
		}
		if _, err := b.CheckRecord(ctx, shown, nonce); consent.CodeOf(err) != consent.WrongBinding {
			return fmt.Errorf("shown to another: %w", err)
		}
		if _, err := other.CheckRecord(ctx, record, nonce); consent.CodeOf(err) != consent.WrongBinding {
			return fmt.Errorf("a copy: %w", err)
		}
		return nil
	})
	w.step("take it back", func() error {
		for range 2 {
			if err := b.RevokeRecord(issued.ID); err != nil {
				return err
			}
		}
		if err := b.RevokeRecord("../keys"); !errors.Is(err, business.ErrNotFound) {
			return fmt.Errorf("another file: %w", err)
		}
		if err := asked(); err != nil {
			return fmt.Errorf("within the minutes that the operator keeps the list: %w", err)
		}
		w.restart()
		if _, err := w.shopIn(filepath.Join(w.TempDir(), "third")).CheckRecord(ctx, record, ""); consent.CodeOf(err) != consent.Revoked { // it has no list from before
			return fmt.Errorf("another shop takes it: %w", err)
		}
		if err := asked(); consent.CodeOf(err) != consent.Revoked {
			return fmt.Errorf("it still stands: %w", err)
		}
		return nil
	})
	w.step("after a withdrawal nothing is handed over", func() error {
		if _, err := s.Withdraw(ctx, deliver); err != nil {
			return err
		}
		_, err := b.Deposit(ctx, deliver, record)
		if !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("handed over: %w", err)
		}
		return nil
	})
}
