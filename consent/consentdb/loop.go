package consentdb

import (
	"context"
	"errors"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// ErrNotOver means that a business speaks of the end of a grant that it was not told of.
var ErrNotOver = errors.New("the grant has not ended so")

// openLoop starts the loop of a grant that has ended, in the transaction of its event.
// A grant that ended before keeps its loop and its deadlines, unless it was only
// suspended.
func openLoop(ctx context.Context, q *consentsql.Queries, business consent.DID, e Event) error {
	if !consent.IsEnding(string(e.Kind)) || e.covered && e.Kind != EventErased {
		return nil
	}
	key := consentsql.LoopParams{Business: business, GrantID: e.Grant}
	if e.Kind == EventErased {
		n, err := q.CloseErasedLoop(ctx, consentsql.CloseErasedLoopParams(key))
		if err != nil || n > 0 {
			return wrap("closing a loop", err) // the business had said all that it owed
		}
		if err := q.MarkLoopErased(ctx, consentsql.MarkLoopErasedParams(key)); err != nil {
			return wrap("opening a loop", err)
		}
		if e.covered {
			return nil
		}
	}
	if e.Kind != EventSuspended {
		if err := q.DropSuspendedLoop(ctx, consentsql.DropSuspendedLoopParams(key)); err != nil {
			return wrap("opening a loop", err)
		}
	}
	return wrap("opening a loop", q.PutLoop(ctx, consentsql.PutLoopParams{
		Business: business, GrantID: e.Grant, Event: string(e.Kind), Notified: int64(e.At), Erased: e.Kind == EventErased,
	}))
}

// Acknowledge keeps a business's acknowledgement; its signature and form were verified.
// The first one stands; another changes nothing. It returns when the first one came.
// consent.ErrNotFound for a grant that the business never held, ErrNotOver for an end
// that it was not told of.
func (s *Store) Acknowledge(ctx context.Context, a consent.Acknowledgement, jws string, now time.Time) (taken consent.Unix, err error) {
	taken = consent.UnixAt(now)
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, open, err := openedLoop(ctx, q, a.Iss, a.Grant)
		if err != nil {
			return err
		}
		told, err := q.EventTold(ctx, consentsql.EventToldParams{GrantID: a.Grant[:], Business: a.Iss, Kind: string(a.Event)})
		if err != nil {
			return err
		}
		if told == 0 {
			return ErrNotOver
		}
		if err := q.DropErasedReceipt(ctx, consentsql.DropErasedReceiptParams{Business: a.Iss, GrantID: a.Grant}); err != nil {
			return err
		}
		if open && row.Acknowledged != 0 {
			taken = consent.Unix(row.Acknowledged)
		}
		if !open || row.Acknowledged != 0 {
			return nil
		}
		return q.Acknowledge(ctx, consentsql.AcknowledgeParams{
			Acknowledged: now.Unix(), Acknowledgement: jws, Business: a.Iss, GrantID: a.Grant,
		})
	})
	return taken, wrap("acknowledging", err)
}

// PutDeletion keeps a business's deletion statement; its signature and form were
// verified. It must speak of exactly what the grant named. The first one stands. Of an
// erased grant nothing is kept once it has come: the loop is closed. It returns when the
// first one came.
func (s *Store) PutDeletion(ctx context.Context, d consent.Deletion, jws string, now time.Time) (taken consent.Unix, err error) {
	taken = consent.UnixAt(now)
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, open, err := openedLoop(ctx, q, d.Iss, d.Grant)
		if err == nil && open && row.Stated != 0 {
			taken = consent.Unix(row.Stated)
		}
		switch {
		case err != nil:
			return err
		case !open || row.Stated != 0:
			return nil
		case row.Erased: // what the grant named, nobody knows any more
			key := consentsql.LoopParams{Business: d.Iss, GrantID: d.Grant}
			if err := q.PutStatement(ctx, consentsql.PutStatementParams{Stated: now.Unix(), Business: d.Iss, GrantID: d.Grant}); err != nil {
				return err
			}
			_, err := q.CloseErasedLoop(ctx, consentsql.CloseErasedLoopParams(key))
			return err
		}
		g, err := one(q.GrantByID(ctx, d.Grant))
		if err != nil {
			return err
		}
		attributes, err := owed(ctx, q, g)
		if err != nil {
			return err
		}
		if err := d.Covers(attributes); err != nil {
			return err
		}
		return q.PutStatement(ctx, consentsql.PutStatementParams{
			Stated: now.Unix(), Statement: jws, Business: d.Iss, GrantID: d.Grant,
		})
	})
	return taken, wrap("keeping a deletion statement", err)
}

// owed are the attributes that a business must delete once a grant has ended: all that
// it named, or those that its successor does not.
func owed(ctx context.Context, q *consentsql.Queries, old consentsql.GrantRecord) ([]string, error) {
	attributes, err := fromJSON(old.Attributes)
	if err != nil || len(old.Successor) == 0 {
		return attributes, err
	}
	next, err := one(q.GrantByID(ctx, id.Grant(old.Successor)))
	if err != nil {
		return nil, err
	}
	kept, err := fromJSON(next.Attributes)
	return consent.Dropped(attributes, kept), err
}

// openedLoop finds the loop of a business's grant. open is false when there is none
// because it was closed with an erased vault.
func openedLoop(ctx context.Context, q *consentsql.Queries, business consent.DID, g id.Grant) (row consentsql.Loop, open bool, err error) {
	row, err = one(q.Loop(ctx, consentsql.LoopParams{Business: business, GrantID: g}))
	if err != consent.ErrNotFound {
		return row, err == nil, err
	}
	if _, err := erasedGrant(ctx, q, business, g); err != consent.ErrNotFound {
		return row, false, err
	}
	held, err := one(q.GrantByID(ctx, g))
	if err == nil && held.Business == business {
		return row, false, ErrNotOver
	} else if err == nil {
		err = consent.ErrNotFound
	}
	return row, false, err
}

// Ended is a grant's loop as its shopper sees it.
type Ended struct {
	consent.Loop
	Reason string // of an order to the operator; "" otherwise
}

// Loop returns what became of a vault's grant after its end. ok is false while it has
// none.
func (s *Store) Loop(ctx context.Context, v id.Vault, g id.Grant) (out Ended, ok bool, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		held, err := one(q.GrantByID(ctx, g))
		if err == nil && held.VaultID != v {
			err = consent.ErrNotFound
		}
		if err != nil {
			return err
		}
		row, err := one(q.Loop(ctx, consentsql.LoopParams{Business: held.Business, GrantID: g}))
		if err == consent.ErrNotFound {
			return nil
		} else if err != nil {
			return err
		}
		out.Loop, ok = loopOf(row), true
		out.Reason, err = one(q.TerminationReason(ctx, consentsql.TerminationReasonParams{VaultID: v, GrantID: g}))
		if err == consent.ErrNotFound {
			err = nil
		}
		return err
	})
	return out, ok, wrap("reading what became of a grant", err)
}

// Owed lists the loops of a vault's grants in which the business has not yet stated what
// it deleted, the oldest first.
func (s *Store) Owed(ctx context.Context, v id.Vault) (all []consent.Loop, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.OwedToVault(ctx, v)
		for _, row := range rows {
			all = append(all, loopOf(row))
		}
		return err
	})
	return all, wrap("reading what businesses owe", err)
}

// Overdue lists the loops in which a business is late, the oldest first.
func (s *Store) Overdue(ctx context.Context, now time.Time, limit int) (all []consent.Loop, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.LateLoops(ctx, consentsql.LateLoopsParams{
			Unacknowledged: now.Add(-consent.AcknowledgeWithin).Unix(), Unstated: now.Add(-consent.StateWithin).Unix(), Most: int32(limit),
		})
		for _, row := range rows {
			all = append(all, loopOf(row))
		}
		return err
	})
	return all, wrap("listing what is overdue", err)
}

func loopOf(row consentsql.Loop) consent.Loop {
	return consent.Loop{
		Business: row.Business, Grant: row.GrantID, Event: consent.Ending(row.Event), Notified: consent.Unix(row.Notified),
		Acknowledged: consent.Unix(row.Acknowledged), Acknowledgement: row.Acknowledgement,
		Stated: consent.Unix(row.Stated), Statement: row.Statement,
	}
}
