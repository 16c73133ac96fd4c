package consentdb

import (
	"context"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// endingsBatch bounds how long a sweep keeps the writer.
const endingsBatch = 256

// SweepEndings tells the ends that nobody decides at their moment: grants whose time is
// over, and grants of a business that was suspended. Each is told once, also across
// crashes, and the shares of an expired grant are dropped with it. It returns how many
// were told.
func (s *Store) SweepEndings(ctx context.Context, now time.Time) (told int, err error) {
	for _, sweep := range []func(context.Context, time.Time) (int, bool, error){s.sweepExpired, s.sweepSuspended} {
		for more := true; more; {
			var n int
			if n, more, err = sweep(ctx, now); err != nil {
				return told, wrap("telling of ends", err)
			}
			told += n
		}
	}
	return told, nil
}

const sweptExpired = "expired"

func (s *Store) sweepExpired(ctx context.Context, now time.Time) (n int, more bool, err error) {
	epoch := int64(anchor.EpochAt(now))
	var from int64
	err = s.read(ctx, func(q *consentsql.Queries) (err error) {
		from, err = q.SweptTo(ctx, sweptExpired)
		return err
	})
	if err != nil || from >= epoch {
		return 0, false, err // not a write each minute
	}
	err = s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		rows, err := q.GrantsToExpire(ctx, consentsql.GrantsToExpireParams{After: from, Now: epoch, Most: endingsBatch})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := s.keeper.DropShares(ctx, tx, row.VaultID, row.GrantID); err != nil {
				return err
			}
			if err := tell(ctx, q, row.Business, ended(row, EventExpired, now)); err != nil {
				return err
			}
		}
		if n, more = len(rows), len(rows) == endingsBatch; more {
			return nil
		}
		return q.PutSwept(ctx, consentsql.PutSweptParams{Name: sweptExpired, Epoch: epoch})
	})
	return n, more, err
}

func (s *Store) sweepSuspended(ctx context.Context, now time.Time) (n int, more bool, err error) {
	var untold []consent.DID
	err = s.read(ctx, func(q *consentsql.Queries) (err error) {
		untold, err = q.UntoldSuspensions(ctx)
		return err
	})
	if err != nil || len(untold) == 0 {
		return 0, false, err
	}
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		rows, err := q.GrantsToSuspend(ctx, consentsql.GrantsToSuspendParams{
			Business: untold[0], Now: int64(anchor.EpochAt(now)), Most: endingsBatch,
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := tell(ctx, q, row.Business, ended(row, EventSuspended, now)); err != nil {
				return err
			}
		}
		n, more = len(rows), len(rows) == endingsBatch || len(untold) > 1
		if len(rows) == endingsBatch {
			return nil
		}
		return q.MarkSuspensionTold(ctx, untold[0])
	})
	return n, more, err
}

func ended(row consentsql.GrantRecord, kind EventKind, now time.Time) Event {
	return Event{Kind: kind, Request: row.RequestID, Grant: row.GrantID, At: consent.UnixAt(now)}
}

// markSuspension remembers that a business's grants are to be told of, or forgets it.
func markSuspension(ctx context.Context, q *consentsql.Queries, did consent.DID, to consent.BusinessState) error {
	if to == consent.BusinessSuspended {
		return q.PutSuspension(ctx, did)
	}
	if err := q.DropSuspension(ctx, did); err != nil {
		return err
	}
	return q.DropSuspendedLoops(ctx, did)
}

// EndByOrder ends a grant by an order to the operator: of a court, of an authority, of a
// shopper who lost every way in. It takes effect at once, like a withdrawal, with the
// entry that the wallet signed ahead. The reason is shown to the shopper. A grant that
// is over already is a *consent.Denial.
func (s *Store) EndByOrder(ctx context.Context, g id.Grant, reason string, now time.Time) error {
	err := s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, g))
		if err != nil {
			return err
		}
		switch consent.State(row.State) {
		case consent.StateWithdrawn:
			return &consent.Denial{Reason: consent.Withdrawn}
		case consent.StateTerminated, consent.StateReplaced:
			return denialOf(row, now)
		}
		err = q.PutTermination(ctx, consentsql.PutTerminationParams{VaultID: row.VaultID, GrantID: g, Reason: reason, Ordered: now.Unix()})
		if err != nil {
			return err
		}
		if err := s.orderOnward(ctx, q, row, reason, now); err != nil {
			return err
		}
		return s.terminate(ctx, q, tx, g, now)
	})
	if err == nil {
		s.nudge()
	}
	return wrap("ending a grant by order", err)
}
