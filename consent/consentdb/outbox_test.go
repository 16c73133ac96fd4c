package consentdb_test

import (
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/sqldb/sqldbtest"
)

func (s *scene) on(h *consenttest.Held) int {
	s.t.Helper()
	entries, err := s.ledger.Entries(s.t.Context(), h.Entry.HandleKey)
	s.do(err)
	return len(entries)
}

func TestACrashBetweenDecisionAndAnchoring(t *testing.T) {
	s := newScene(t)
	a := s.decide()
	s.reopen()
	if g := s.state(a.Held[0]); g.State != consent.StateAnchoring || g.Anchored {
		t.Fatalf("got %s", g.State)
	}
	s.sound()
	s.drain()
	s.drain()
	for _, h := range a.Held {
		if g := s.state(h); g.State != consent.StateLive || !g.Anchored || s.on(h) != 1 {
			t.Fatalf("got %s with %d entries", g.State, s.on(h))
		}
	}
	if n, _ := s.store.Queued(t.Context()); n != 0 {
		t.Fatalf("%d entries are left", n)
	}
	s.sound()
}

// deaf commits and does not tell, as a ledger does that dies at the wrong moment.
type deaf struct{ *anchortest.Memory }

func (d deaf) Append(ctx context.Context, entries ...anchor.Entry) error {
	_ = d.Memory.Append(ctx, entries...)
	return anchor.ErrUnavailable
}

func TestACrashBetweenAnchoringAndMarking(t *testing.T) {
	s := newScene(t)
	a := s.decide()
	_, err := s.store.Outbox(deaf{s.ledger}, s.clock.Now, nil).Drain(t.Context())
	wants(t, err, anchor.ErrUnavailable)
	if s.on(a.Held[0]) != 1 || s.state(a.Held[0]).Anchored {
		t.Fatal("the scene is not set")
	}
	s.reopen()
	s.drain()
	if !s.state(a.Held[0]).Anchored || s.on(a.Held[0]) != 1 {
		t.Fatalf("%d entries", s.on(a.Held[0]))
	}
	s.sound()
}

func TestTheLedgerIsDown(t *testing.T) {
	s := newScene(t)
	lived := s.give().Held[0]
	s.permit(lived)
	s.ledger.Down(true)

	// Giving waits.
	waiting := s.decide()
	_, err := s.outbox().Drain(t.Context())
	wants(t, err, anchor.ErrUnavailable)
	_, err = s.collect(waiting.Held[0])
	wants(t, err, consent.NotAnchored)

	// Withdrawing does not, neither of what lived nor of what waits.
	s.do(s.withdraw(lived))
	s.do(s.withdraw(lived)) // again changes nothing
	s.do(s.withdraw(waiting.Held[0]))
	_, err = s.collect(lived)
	wants(t, err, consent.Withdrawn)

	s.ledger.Down(false)
	s.drain()
	if g := s.state(lived); g.State != consent.StateWithdrawn || !g.WithdrawAnchored || s.on(lived) != 3 {
		t.Fatalf("got %s with %d entries", g.State, s.on(lived))
	}
	if g := s.state(waiting.Held[0]); g.State != consent.StateWithdrawn || !g.Anchored || !g.WithdrawAnchored || s.on(waiting.Held[0]) != 2 {
		t.Fatalf("got %s with %d entries", g.State, s.on(waiting.Held[0]))
	}
	if g := s.state(waiting.Held[1]); g.State != consent.StateLive {
		t.Fatalf("got %s", g.State)
	}
	events, err := s.store.Events(t.Context(), s.shop.DID, 0, 100)
	s.do(err)
	for _, e := range events {
		if e.Kind == consentdb.EventLive && e.Grant == waiting.Held[0].Grant {
			t.Fatal("the business was told that a withdrawn grant is live")
		}
	}
	s.sound()
}

func TestRunWakesAtOnce(t *testing.T) {
	s := newScene(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.outbox().Run(ctx) }()
	a := s.decide()
	grants, err := s.store.Await(t.Context(), s.shopper.Vault, []id.Grant{a.Held[0].Grant, a.Held[1].Grant})
	if err != nil || grants[0].State != consent.StateLive || grants[1].State != consent.StateLive {
		t.Fatalf("got %v", err)
	}
	s.do(s.withdraw(a.Held[0]))
	grants, err = s.store.Await(t.Context(), s.shopper.Vault, []id.Grant{a.Held[0].Grant})
	if err != nil || !grants[0].WithdrawAnchored {
		t.Fatalf("got %v", err)
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestAGrantThatTheLedgerNeverTakes(t *testing.T) {
	s := newScene(t)
	s.ledger.Down(true)
	a := s.decide()
	s.do(s.withdraw(a.Held[1]))
	s.clock.Add(3 * time.Hour) // its hour is over
	s.ledger.Down(false)
	s.drain()
	if g := s.state(a.Held[0]); g.State != consent.StateTerminated {
		t.Fatalf("got %s", g.State)
	}
	if g := s.state(a.Held[1]); g.State != consent.StateWithdrawn {
		t.Fatalf("got %s", g.State)
	}
	_, err := s.collect(a.Held[0])
	wants(t, err, consent.Terminated)
	events, err := s.store.Events(t.Context(), s.shop.DID, 0, 10)
	if err != nil || events[len(events)-1].Kind != consentdb.EventTerminated {
		t.Fatalf("got %+v, %v", events, err)
	}
}

func TestErase(t *testing.T) {
	s := newScene(t)
	a := s.give()
	s.permit(a.Held[0])
	if _, err := s.collect(a.Held[0]); err != nil {
		t.Fatal(err)
	}
	s.deliver(s.message(a.Held[1]))
	s.do(s.withdraw(a.Held[1]))
	waiting := s.decide() // not anchored when the vault goes
	s.ledger.Down(true)

	n, err := s.store.Erase(t.Context(), s.shopper.Vault, []anchor.Withdraw{a.Held[0].Withdraw(anchor.EpochAt(s.clock.Now()))}, s.clock.Now())
	if err != nil || n != 3 {
		t.Fatalf("%d grants withdrawn, %v", n, err)
	}
	// The business learns of it, and gets nothing.
	_, err = s.collect(a.Held[0])
	wants(t, err, consent.Withdrawn)
	_, err = s.collectAs("did:key:zOther", a.Held[0].Grant)
	wants(t, err, consent.ErrNotFound)
	g, err := s.store.GrantOf(t.Context(), s.shop.DID, a.Held[0].Grant)
	if err != nil || g.State != consent.StateErased || g.Receipt != "" {
		t.Fatalf("got %+v, %v", g, err)
	}
	events, err := s.store.Events(t.Context(), s.shop.DID, 0, 100)
	s.do(err)
	erased := 0
	for _, e := range events {
		if e.Kind == consentdb.EventErased {
			erased++
		}
	}
	if erased != 4 {
		t.Fatalf("%d of 4 grants are told to be erased", erased)
	}
	// Whatever was on its way still arrives, without the vault.
	s.reopen()
	s.ledger.Down(false)
	s.drain()
	for _, h := range []*consenttest.Held{a.Held[0], a.Held[1], waiting.Held[0], waiting.Held[1]} {
		if state, err := s.ledger.Grant(t.Context(), h.Entry.HandleKey); err != nil || !state.Withdrawn {
			t.Fatalf("a grant is not withdrawn on the ledger: %v", err)
		}
	}
	s.sound()
	s.gone(string(s.shopper.Vault[:]), string(a.Held[0].Shares[0].Document[:]), a.Held[0].Shares[0].Document.String(),
		string(a.Held[0].Shares[0].EncryptedKey), a.Held[0].Letter, string(s.shopper.Pairwise.DID), a.Held[0].Receipt.JWT)
}

// gone searches every file of the database.
func (s *scene) gone(traces ...string) {
	s.t.Helper()
	if sqldbtest.OnPostgres() {
		dump := sqldbtest.Dump(s.t, filepath.Join(s.folder, "coffer.db"))
		for i, trace := range traces {
			if strings.Contains(dump, trace) || strings.Contains(dump, hex.EncodeToString([]byte(trace))) {
				s.t.Errorf("the database still holds trace %d of the vault", i)
			}
		}
		return
	}
	files, err := filepath.Glob(filepath.Join(s.folder, "*"))
	if err != nil || len(files) == 0 {
		s.t.Fatal("no files to search")
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		s.do(err)
		for i, trace := range traces {
			if strings.Contains(string(b), trace) {
				s.t.Errorf("%s still holds trace %d of the vault", filepath.Base(name), i)
			}
		}
	}
}
