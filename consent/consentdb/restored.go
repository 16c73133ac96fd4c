package consentdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/sqldb"
)

// ErrBehind means that the store was restored from a backup and does not know yet what
// was withdrawn since. Nothing is released and no message taken until it does.
var ErrBehind = fmt.Errorf("restored from a backup, and the ledger was not asked yet what ended since: %w", anchor.ErrUnavailable)

// MarkRestored notes that the database is a restored backup, whose grants may have ended
// since. Its events and changes go on with numbers that nobody has seen.
func (s *Store) MarkRestored(ctx context.Context, now time.Time) error {
	if err := s.Renumber(ctx, now); err != nil {
		return err
	}
	return wrap("marking a restored database", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		return q.PutRestored(ctx, now.Unix())
	}))
}

// Begin finds out whether the store was restored and has to catch up. Before the store
// is used.
func (s *Store) Begin(ctx context.Context) error {
	_, err := s.restored(ctx)
	if err == nil {
		s.behind.Store(true)
	} else if err == consent.ErrNotFound {
		err = nil
	}
	return wrap("asking whether the database was restored", err)
}

// CaughtUp reports whether the store knows what the ledger knows of its grants.
func (s *Store) CaughtUp() bool { return !s.behind.Load() }

// Renumber lets events and changes go on with numbers that no business can have seen, in
// a database that is an old copy: businesses ask for what comes after the last that they
// know of. The numbers count milliseconds from there: more than a business is ever told.
func (s *Store) Renumber(ctx context.Context, now time.Time) error {
	return wrap("going on after a restore", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		if err := q.RenumberEvents(ctx, now.UnixMilli()); err != nil {
			return err
		}
		return q.RenumberChanges(ctx, now.UnixMilli())
	}))
}

func (s *Store) restored(ctx context.Context) (since int64, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		since, err = one(q.Restored(ctx))
		return err
	})
	return since, err
}

// CatchUp asks the ledger about every grant that stands here, and ends those that were
// withdrawn there after the backup was made; their businesses are told. When it returns
// nil the store is no longer behind. ErrBehind while this member's ledger is itself not
// newer than the restore; call it again.
func (s *Store) CatchUp(ctx context.Context, l anchor.Ledger, now time.Time) (ended int, err error) {
	since, err := s.restored(ctx)
	if err == consent.ErrNotFound { // another daemon has
		s.behind.Store(false)
		return 0, nil
	} else if err != nil {
		return 0, wrap("catching up with the ledger", err)
	}
	// A block that was made after the restore has all that was withdrawn before it.
	head, err := l.Head(ctx)
	if err != nil {
		return 0, wrap("catching up with the ledger", err)
	}
	if head.Time.Unix() <= since {
		return 0, ErrBehind
	}
	var over []Grant
	err = s.walk(ctx, func(_ *consentsql.Queries, g Grant) error {
		if g.State != consent.StateLive && g.State != consent.StateAnchoring {
			return nil
		}
		state, err := l.Grant(ctx, g.Handle)
		switch {
		case errors.Is(err, anchor.ErrNotFound) && g.Anchored:
			return fmt.Errorf("%w: it does not have a grant that was anchored", ErrBehind)
		case errors.Is(err, anchor.ErrNotFound): // it is on its way
			return nil
		case err == nil && state.Withdrawn:
			over = append(over, g)
		}
		return err
	})
	if err != nil {
		return 0, wrap("catching up with the ledger", err)
	}
	for _, g := range over {
		if err := s.endedMeanwhile(ctx, l, g, now); err != nil {
			return 0, wrap("catching up with the ledger", err)
		}
	}
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error { return q.DropRestored(ctx) })
	if err == nil {
		s.behind.Store(false)
		s.nudge()
	}
	return len(over), wrap("catching up with the ledger", err)
}

// endedMeanwhile ends a grant by the entry that withdrew it on the ledger.
func (s *Store) endedMeanwhile(ctx context.Context, l anchor.Ledger, g Grant, now time.Time) error {
	withdraw, err := anchor.FindWithdrawal(ctx, l, g.Handle)
	if errors.Is(err, anchor.ErrNotFound) {
		err = fmt.Errorf("%w: it shows no entry that withdrew a grant which it calls withdrawn", ErrBehind)
	}
	if err != nil {
		return err
	}
	entry := withdraw.Bytes()
	return s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, g.ID))
		if err == consent.ErrNotFound {
			return nil // erased meanwhile
		} else if err != nil {
			return err
		}
		// It is queued, as any withdrawal is: the ledger says that it has it.
		return s.endOne(ctx, q, tx, row, consent.StateWithdrawn, entry, "", now)
	})
}
