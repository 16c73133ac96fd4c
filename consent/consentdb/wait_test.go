package consentdb_test

import (
	"context"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
)

// ahead leaves the next hour's permit for a grant, and returns when it goes.
func (s *scene) ahead(h *consenttest.Held) time.Time {
	s.t.Helper()
	s.clock.Add(time.Hour)
	entry := s.shop.Permit(h, consent.LogHead{}) // of the next hour
	s.clock.Add(-time.Hour)
	_, due, err := s.store.TakeWaiting(s.t.Context(), s.shop.DID, []consentdb.Permit{{Grant: h.Grant, Kind: consent.PermitCollect, Entry: entry}}, s.clock.Now())
	s.do(err)
	return due
}

func TestAPermitWaitsForItsHour(t *testing.T) {
	s := newScene(t)
	a := s.give()
	s.store.Wait(consentdb.Waits{Delay: 10 * time.Minute, Draw: func(n int64) int64 { return n - 1 }})
	due := s.ahead(a.Held[0])
	turn := (anchor.EpochAt(s.clock.Now()) + 1).Time()
	if want := turn.Add(10*time.Minute - time.Second); !due.Equal(want) {
		t.Fatalf("it goes at %s, want %s", due, want)
	}
	s.ahead(a.Held[1])
	s.drain()
	s.do(s.outbox().Sweep(t.Context())) // which looks after those that should be there
	if s.on(a.Held[0]) != 1 {
		t.Fatal("it did not wait")
	}
	// A restart forgets nothing, and the ledger's absence loses nothing.
	s.clock.Add(due.Sub(s.clock.Now()) - time.Second)
	s.drain()
	if s.on(a.Held[0]) != 1 {
		t.Fatal("it did not wait to the end")
	}
	s.reopen()
	s.clock.Add(time.Second)
	s.ledger.Down(true)
	_, err := s.outbox().Drain(t.Context())
	wants(t, err, anchor.ErrUnavailable)
	_, err = s.collect(a.Held[0], "name")
	wants(t, err, consent.NoPermit)
	s.ledger.Down(false)
	s.drain()
	s.drain()
	if s.on(a.Held[0]) != 2 || s.on(a.Held[1]) != 2 {
		t.Fatalf("%d and %d entries, want grant and permit", s.on(a.Held[0]), s.on(a.Held[1]))
	}
	if _, err := s.collect(a.Held[0], "name"); err != nil {
		t.Fatalf("collecting under a permit that waited: %v", err)
	}
	s.sound()
}

// A crash between the ledger's answer and ours appends it once.
func TestWhatWaitedIsSentOnce(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	due := s.ahead(h)
	s.clock.Add(due.Sub(s.clock.Now()))
	_, err := s.store.Outbox(deaf{s.ledger}, s.clock.Now, nil).Drain(t.Context())
	wants(t, err, anchor.ErrUnavailable)
	s.reopen()
	s.drain()
	if s.on(h) != 2 {
		t.Fatalf("%d entries", s.on(h))
	}
	s.sound()
}

// What was withdrawn while its permit waited gets none, and the others get theirs.
func TestWithdrawnWhileAPermitWaits(t *testing.T) {
	s := newScene(t)
	a := s.give()
	s.ahead(a.Held[0])
	due := s.ahead(a.Held[1])
	s.do(s.withdraw(a.Held[0]))
	s.clock.Add(due.Sub(s.clock.Now()))
	s.drain()
	if s.on(a.Held[0]) != 2 || s.on(a.Held[1]) != 2 {
		t.Fatalf("%d and %d entries, want grant and withdrawal, grant and permit", s.on(a.Held[0]), s.on(a.Held[1]))
	}
	s.sound()
}

// A permit that the ledger refuses does not keep the others waiting.
func TestARefusedPermitDoesNotHoldOthers(t *testing.T) {
	s := newScene(t)
	a := s.give()
	s.ahead(a.Held[0])
	due := s.ahead(a.Held[1])
	// On the ledger it is withdrawn, and the operator does not know.
	s.do(s.ledger.Append(t.Context(), a.Held[0].Withdraw(anchor.EpochAt(s.clock.Now()))))
	s.clock.Add(due.Sub(s.clock.Now()))
	s.drain()
	if s.on(a.Held[0]) != 2 || s.on(a.Held[1]) != 2 {
		t.Fatalf("%d and %d entries", s.on(a.Held[0]), s.on(a.Held[1]))
	}
	_, err := s.collect(a.Held[0], "name")
	wants(t, err, consent.NoPermit)
}

func TestOnlyTheNextHourIsWaitedFor(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	_, _, err := s.store.TakeWaiting(t.Context(), s.shop.DID, []consentdb.Permit{{Grant: h.Grant, Kind: consent.PermitCollect, Entry: s.shop.Permit(h, consent.LogHead{})}}, s.clock.Now())
	wants(t, err, consent.BadEntry)
	s.do(s.withdraw(h))
	s.clock.Add(time.Hour)
	entry := s.shop.Permit(h, consent.LogHead{})
	s.clock.Add(-time.Hour)
	_, _, err = s.store.TakeWaiting(t.Context(), s.shop.DID, []consentdb.Permit{{Grant: h.Grant, Kind: consent.PermitCollect, Entry: entry}}, s.clock.Now())
	wants(t, err, consent.Withdrawn)
}

// The withdrawals of an erased vault come each at a moment of its own; the businesses
// are cut off at once.
func TestAnErasureDoesNotTellItsGrants(t *testing.T) {
	s := newScene(t)
	a := s.give()
	draws := []int64{0, 5}
	s.store.Wait(consentdb.Waits{Erasure: 6, Draw: func(n int64) int64 {
		if n != 6 {
			t.Fatalf("it draws from %d", n)
		}
		d := draws[0]
		draws = draws[1:]
		return d
	}})
	_, err := s.store.Erase(t.Context(), s.shopper.Vault, nil, s.clock.Now())
	s.do(err)
	_, err = s.collect(a.Held[0])
	wants(t, err, consent.Withdrawn)
	withdrawn := func() (n int) {
		for _, h := range a.Held {
			if g, err := s.ledger.Grant(t.Context(), h.Entry.HandleKey); err == nil && g.Withdrawn {
				n++
			}
		}
		return n
	}
	s.drain()
	if n := withdrawn(); n != 0 {
		t.Fatalf("%d are withdrawn on the ledger at once", n)
	}
	for _, want := range []int{1, 1, 1, 1, 1, 2} {
		s.clock.Add(time.Hour)
		s.drain()
		if n := withdrawn(); n != want {
			t.Fatalf("%d are withdrawn on the ledger, want %d", n, want)
		}
	}
	s.sound()
}

// The worker wakes for what waits by itself.
func TestRunWakesForWhatWaits(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	due := s.ahead(h)
	s.clock.Add(due.Sub(s.clock.Now()) - 20*time.Millisecond)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	sent := make(chan struct{})
	o := s.store.Outbox(tells{s.ledger, sent}, func() time.Time { return s.clock.Now() }, nil)
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	s.clock.Add(20 * time.Millisecond)
	<-sent
	stop()
	<-done
	if s.on(h) != 2 {
		t.Fatalf("%d entries", s.on(h))
	}
}

// tells says when something was appended.
type tells struct {
	anchor.Ledger
	sent chan struct{}
}

func (l tells) Append(ctx context.Context, entries ...anchor.Entry) error {
	defer close(l.sent)
	return l.Ledger.Append(ctx, entries...)
}
