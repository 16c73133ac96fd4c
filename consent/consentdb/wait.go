package consentdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/sqldb"
)

// Waits say how entries that can wait are kept from telling by their time whose they
// are. The zero value lets what waits go at the turn of its hour, and withdrawals of an
// erased vault at once.
type Waits struct {
	// Delay is how long after the turn of the hour what waited goes at the latest; when,
	// is drawn each hour. Less than an hour.
	Delay time.Duration

	// Erasure is over how many hours the withdrawals of one erased vault are spread: all
	// at once they would say which grants were one shopper's. What the businesses may no
	// more is decided before, and hangs on none of them.
	Erasure int

	// Draw gives a number from 0 to below n; nil draws at random.
	Draw func(n int64) int64
}

// Wait sets how entries wait; to be called before the store is used.
func (s *Store) Wait(w Waits) {
	if w.Draw == nil {
		w.Draw = rand.Int64N
	}
	s.waits = w
}

// turn is when what waits for an hour goes to the ledger: one moment for all of it.
func (s *Store) turn(hour anchor.Epoch) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn != hour && s.waits.Delay >= time.Second {
		s.drawn, s.delay = hour, time.Duration(s.waits.Draw(int64(s.waits.Delay/time.Second)))*time.Second
	}
	return hour.Time().Add(s.delay)
}

// whenErased is when the withdrawal of one grant of an erased vault goes.
func (s *Store) whenErased(now time.Time) time.Time {
	if s.waits.Erasure == 0 {
		return time.Time{}
	}
	return (anchor.EpochAt(now) + 1 + anchor.Epoch(s.waits.Draw(int64(s.waits.Erasure)))).Time()
}

func unixDue(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// TakeWaiting is TakePermits for permits of the next hour, which may wait: they go to the
// ledger by themselves at the moment that it returns, with those of all businesses and in
// an order that says nothing. A permit for another hour is a *consent.Refusal of BadEntry.
func (s *Store) TakeWaiting(ctx context.Context, business consent.DID, permits []Permit, now time.Time) ([]Permit, time.Time, error) {
	next := anchor.EpochAt(now) + 1
	for _, p := range permits {
		if p.Entry.Epoch != next {
			return nil, time.Time{}, &consent.Refusal{Code: consent.BadEntry, At: "permits.entry"}
		}
	}
	due := s.turn(next)
	taken, err := s.takePermits(ctx, business, permits, now, due)
	if err == nil {
		s.nudge() // it may be the first that the worker has to wake for
	}
	return taken, due, err
}

// sendDue sends what waited for this moment. What the ledger refuses is dropped; the
// business learns of it when it collects.
func (o *Outbox) sendDue(ctx context.Context) error {
	for {
		now := o.clock()
		permits, err := o.store.duePermits(ctx, now)
		if err != nil || len(permits) == 0 {
			return err
		}
		entries := make([]anchor.Entry, len(permits))
		for i, p := range permits {
			entries[i] = p.Entry
		}
		err = o.ledger.Append(ctx, anchor.Mix(entries)...)
		if refusal, ok := errors.AsType[*anchor.Refusal](err); ok {
			// The others go again, which does no harm.
			if err := o.dropRefused(ctx, permits, refusal); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("sending what waited: %w", err)
		}
		if err := o.store.AnchorPermits(ctx, permits); err != nil {
			return err
		}
	}
}

func (o *Outbox) dropRefused(ctx context.Context, permits []Permit, r *anchor.Refusal) error {
	for _, p := range permits {
		if p.Entry.Leaf() == r.Entry {
			return o.store.DropPermits(ctx, []Permit{p})
		}
	}
	return fmt.Errorf("sending what waited: the ledger refused an entry that was not sent: %w", r)
}

// duePermits are up to a batch of the permits whose moment has come. Those of grants that
// ended while they waited are gone.
func (s *Store) duePermits(ctx context.Context, now time.Time) (all []Permit, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		if err := q.DropIdlePermits(ctx, now.Unix()); err != nil {
			return err
		}
		rows, err := q.DuePermits(ctx, consentsql.DuePermitsParams{Due: now.Unix(), Limit: anchor.MaxBatch})
		if err != nil {
			return err
		}
		all, err = permitsOf(rows)
		return err
	})
	return all, wrap("reading what waits", err)
}

// nextDue is how long until something that waits is to be sent, at most the given time.
func (s *Store) nextDue(ctx context.Context, now time.Time, atMost time.Duration) time.Duration {
	err := s.read(ctx, func(q *consentsql.Queries) error {
		due, err := q.NextDue(ctx, now.Unix())
		if err == nil && due > 0 {
			atMost = min(atMost, max(time.Unix(due, 0).Sub(now), time.Millisecond))
		}
		return err
	})
	_ = err // then it is found when the time is over
	return atMost
}
