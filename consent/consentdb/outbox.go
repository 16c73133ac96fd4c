package consentdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

const (
	outboxBatch = 512
	maxBackoff  = 15 * time.Second
	minBackoff  = 100 * time.Millisecond
	sweepEvery  = 5 * time.Minute
)

// Outbox carries decisions to the ledger. One runs per daemon; several on one
// database do no harm, because an entry counts once.
type Outbox struct {
	store  *Store
	ledger anchor.Ledger
	clock  func() time.Time
	log    *slog.Logger
}

// Outbox makes the worker. Call Run.
func (s *Store) Outbox(l anchor.Ledger, clock func() time.Time, log *slog.Logger) *Outbox {
	return &Outbox{store: s, ledger: l, clock: clock, log: log}
}

// Run drains the outbox until the context ends: at once when something is put in,
// and with growing pauses while the ledger does not answer. It returns the
// context's error, and no other.
func (o *Outbox) Run(ctx context.Context) error {
	pause, swept := minBackoff, time.Time{}
	for {
		left, err := o.Drain(ctx)
		if err == nil && o.clock().Sub(swept) >= sweepEvery {
			if err = o.Sweep(ctx); err == nil {
				swept = o.clock()
			}
		}
		wait := o.store.nextDue(ctx, o.clock(), sweepEvery)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			o.log.Warn("the ledger does not take the outbox; trying again", "pause", pause, "error", err)
			wait, pause = pause, min(2*pause, maxBackoff)
		case left > 0: // put off by the ledger's clock
			wait = maxBackoff
		default:
			pause = minBackoff
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-o.store.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Drain appends what is in the outbox and marks what was anchored. left is how many
// entries the ledger will only take later. An error that wraps
// anchor.ErrUnavailable is passing; nothing is lost by any.
func (o *Outbox) Drain(ctx context.Context) (left int, err error) {
	later := map[anchor.Leaf]bool{}
	for {
		entries, err := o.store.queued(ctx, o.clock(), outboxBatch+len(later))
		if err != nil {
			return len(later), err
		}
		var batch []anchor.Entry
		for _, e := range entries {
			if !later[e.Leaf()] && len(batch) < outboxBatch {
				batch = append(batch, e)
			}
		}
		if len(batch) == 0 {
			return len(later), o.sendDue(ctx) // after the grants, and what ended some
		}
		err = o.ledger.Append(ctx, batch...)
		refusal, refused := errors.AsType[*anchor.Refusal](err)
		switch {
		case err == nil:
			if err := o.store.settle(ctx, batch, o.clock()); err != nil {
				return len(later), err
			}
		case refused:
			// The others of the batch are appended again, which does no harm.
			wait, err := o.refused(ctx, batch, refusal)
			if err != nil {
				return len(later), err
			}
			if wait {
				later[refusal.Entry] = true
			}
		default:
			return len(later), fmt.Errorf("draining the outbox: %w", err)
		}
	}
}

// refused decides what becomes of an entry that the ledger will not take. later
// means that it may take it yet.
func (o *Outbox) refused(ctx context.Context, batch []anchor.Entry, r *anchor.Refusal) (later bool, err error) {
	var e anchor.Entry
	for _, b := range batch {
		if b.Leaf() == r.Entry {
			e = b
		}
	}
	if e == nil {
		return false, fmt.Errorf("draining the outbox: the ledger refused an entry that was not sent: %w", r)
	}
	switch e := e.(type) {
	case anchor.Grant:
		// The ledger's clock lags by up to a heartbeat; ours decides whether the
		// hour is still to come.
		if r.Reason == anchor.ReasonEpoch && e.Start+1 >= anchor.EpochAt(o.clock()) {
			return true, nil
		}
		o.log.Error("the ledger refused a grant; its shopper must decide again", "reason", string(r.Reason))
	case anchor.Withdraw:
		switch r.Reason {
		case anchor.ReasonWithdrawn: // already, by another entry
			return false, o.store.settle(ctx, []anchor.Entry{e}, o.clock())
		case anchor.ReasonEpoch:
			return true, nil
		case anchor.ReasonUnknownGrant: // the grant may still be on its way
			if waiting, err := o.store.grantQueued(ctx, e.HandleKey); err != nil || waiting {
				return waiting, err
			}
		default:
			o.log.Error("the ledger refused a withdrawal; releases have stopped all the same", "reason", string(r.Reason))
		}
	}
	return false, o.store.giveUp(ctx, e, o.clock())
}

// Sweep settles what a crash or a silent ledger left in the air: permits that may
// or may not have been committed, and a rewrite of the file that an erasure left.
func (o *Outbox) Sweep(ctx context.Context) error {
	waiting, err := o.store.WaitingPermits(ctx, outboxBatch)
	if err != nil {
		return err
	}
	for _, p := range waiting {
		_, on, err := o.ledger.Has(ctx, p.Entry.Leaf())
		if err != nil {
			return fmt.Errorf("looking for a permit: %w", err)
		}
		switch {
		case on:
			err = o.store.AnchorPermits(ctx, []Permit{p})
		case p.Entry.Epoch+2 < anchor.EpochAt(o.clock()): // the ledger will not take it any more
			err = o.store.DropPermits(ctx, []Permit{p})
		}
		if err != nil {
			return err
		}
	}
	return o.store.overwrite(ctx, o.clock())
}

// enqueue puts an entry into the outbox, in the transaction of the decision.
func enqueue(ctx context.Context, q *consentsql.Queries, entry []byte, at time.Time) error {
	return enqueueFor(ctx, q, entry, at, time.Time{})
}

// enqueueFor is enqueue for an entry that is to wait; the zero time is at once.
func enqueueFor(ctx context.Context, q *consentsql.Queries, entry []byte, at, due time.Time) error {
	e, err := anchor.ParseEntry(entry)
	if err != nil {
		return fmt.Errorf("queueing an entry: %w", err)
	}
	leaf := e.Leaf()
	return q.Queue(ctx, consentsql.QueueParams{Leaf: leaf[:], Kind: int64(e.Kind()), Entry: entry, Queued: at.Unix(), Due: unixDue(due)})
}

func (s *Store) nudge() {
	select {
	case s.wake <- struct{}{}:
	default: // awake already
	}
}

// Queued is how many entries wait for the ledger, or for their time.
func (s *Store) Queued(ctx context.Context) (n int, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		size, err := q.OutboxSize(ctx)
		n = int(size)
		return err
	})
	return n, wrap("counting the outbox", err)
}

func (s *Store) queued(ctx context.Context, now time.Time, limit int) (entries []anchor.Entry, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.Outbox(ctx, consentsql.OutboxParams{Due: now.Unix(), Limit: int32(limit)})
		if err != nil {
			return err
		}
		for _, row := range rows {
			e, err := anchor.ParseEntry(row.Entry)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return nil
	})
	return entries, wrap("reading the outbox", err)
}

// waits reports whether an entry is in the outbox; nothing never is.
func waits(ctx context.Context, q *consentsql.Queries, entry []byte) (bool, error) {
	if len(entry) == 0 {
		return false, nil
	}
	e, err := anchor.ParseEntry(entry)
	if err != nil {
		return false, nil // what is wrong with it is told elsewhere
	}
	leaf := e.Leaf()
	return q.Waits(ctx, leaf[:])
}

func (s *Store) grantQueued(ctx context.Context, h anchor.Handle) (bool, error) {
	entries, err := s.queued(ctx, time.Unix(0, 0), 1<<20) // no grant waits for a time
	for _, e := range entries {
		if e.Kind() == anchor.KindGrant && e.Handle() == h {
			return true, err
		}
	}
	return false, err
}

// settle marks entries that are on the ledger. Doing it twice changes nothing, so
// a crash between append and settle costs nothing but the second append.
func (s *Store) settle(ctx context.Context, entries []anchor.Entry, at time.Time) error {
	err := s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		for _, e := range entries {
			if err := settleOne(ctx, q, e, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return wrap("settling the outbox", err)
	}
	s.announce()
	return nil
}

func settleOne(ctx context.Context, q *consentsql.Queries, e anchor.Entry, at time.Time) error {
	leaf, handle := e.Leaf(), e.Handle()
	if err := q.Sent(ctx, leaf[:]); err != nil {
		return err
	}
	row, err := one(q.GrantByHandle(ctx, handle[:]))
	if err == consent.ErrNotFound {
		return nil // its vault is erased
	} else if err != nil {
		return err
	}
	if e.Kind() == anchor.KindWithdraw {
		return q.MarkWithdrawAnchored(ctx, consentsql.MarkWithdrawAnchoredParams{VaultID: row.VaultID, GrantID: row.GrantID})
	}
	if err := q.MarkGrantAnchored(ctx, consentsql.MarkGrantAnchoredParams{VaultID: row.VaultID, GrantID: row.GrantID}); err != nil {
		return err
	}
	if consent.State(row.State) != consent.StateAnchoring {
		return nil // withdrawn before it was anchored, or settled before
	}
	if err := came(ctx, q, row); err != nil {
		return err
	}
	return tell(ctx, q, row.Business, Event{Kind: EventLive, Request: row.RequestID, Grant: row.GrantID, At: consent.UnixAt(at)})
}

// giveUp takes out of the outbox what the ledger will never take. A grant ends with
// it: it never took effect.
func (s *Store) giveUp(ctx context.Context, e anchor.Entry, at time.Time) error {
	leaf, handle := e.Leaf(), e.Handle()
	err := s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		if err := q.Sent(ctx, leaf[:]); err != nil || e.Kind() != anchor.KindGrant {
			return err
		}
		row, err := one(q.GrantByHandle(ctx, handle[:]))
		if err == consent.ErrNotFound {
			return nil
		} else if err != nil {
			return err
		}
		_, err = s.end(ctx, q, tx, row, consent.StateTerminated, at)
		return err
	})
	s.announce()
	return wrap("giving up an entry", err)
}

func (s *Store) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.settled)
	s.settled = make(chan struct{})
}

// Await returns when none of the vault's grants named is on its way to the ledger any
// more, or when the context ends, which is no error: the state says how it stands.
func (s *Store) Await(ctx context.Context, v id.Vault, grants []id.Grant) ([]Grant, error) {
	for {
		s.mu.Lock()
		settled := s.settled
		s.mu.Unlock()
		// Not with ctx: its end is when the last look is taken.
		found, waiting, err := s.look(context.WithoutCancel(ctx), v, grants)
		if err != nil || !waiting || ctx.Err() != nil {
			return found, err
		}
		select {
		case <-settled:
		case <-ctx.Done():
		}
	}
}

func (s *Store) look(ctx context.Context, v id.Vault, grants []id.Grant) (found []Grant, waiting bool, err error) {
	for _, g := range grants {
		have, err := s.Grant(ctx, v, g)
		if err != nil {
			return nil, false, err
		}
		off := have.State == consent.StateWithdrawn || have.State == consent.StatePaused
		waiting = waiting || have.State == consent.StateAnchoring || off && !have.WithdrawAnchored
		found = append(found, have)
	}
	return found, waiting, nil
}
