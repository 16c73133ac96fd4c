package consentdb

import (
	"context"
	"fmt"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
)

// EventKind says what happened. The set is closed.
type EventKind string

const (
	EventAnswered   EventKind = "answered"       // a request
	EventLive       EventKind = "live"           // a grant is on the ledger
	EventWithdrawn  EventKind = "withdrawn"      // by the shopper
	EventTerminated EventKind = "terminated"     // the ledger refused it, the business ended it, or an order did
	EventErased     EventKind = "erased"         // its vault is gone
	EventRights     EventKind = "rights-request" // somebody demands a right under this grant
	EventExpired    EventKind = "expired"        // its time is over
	EventSuspended  EventKind = "suspended"      // the business is, so that the grant gives nothing

	// The shopper answered a deposit.
	EventDeposited EventKind = "deposit-accepted"
	EventDeclined  EventKind = "deposit-declined"

	// A grant was paused, or a successor took its place.
	EventNarrowed  = EventKind(consent.ChangeNarrowed)
	EventShortened = EventKind(consent.ChangeShortened)
	EventRenewed   = EventKind(consent.ChangeRenewed)
	EventPaused    = EventKind(consent.ChangePaused)
	EventResumed   = EventKind(consent.ChangeResumed)
	EventMerged    = EventKind(consent.ChangeMerged)
	EventReplaced  = EventKind(consent.ChangeReplaced)
)

// Event is what a business is told. Request or Grant is zero where it is not
// about one.
type Event struct {
	Seq     int64 // 1, 2, … for each business
	Kind    EventKind
	Request id.Request
	Grant   id.Grant
	At      consent.Unix

	// Successor is the grant to go on with; zero if there is none.
	Successor id.Grant

	// Deposit is what the event is about; zero for none.
	Deposit id.Deposit

	covered bool // the successor names all attributes that the grant did
}

// Events returns a business's events after the cursor, oldest first.
func (s *Store) Events(ctx context.Context, business consent.DID, after int64, limit int) (all []Event, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.EventsAfter(ctx, consentsql.EventsAfterParams{Business: business, Seq: after, Limit: int32(limit)})
		if err != nil {
			return err
		}
		for _, row := range rows {
			all = append(all, eventOf(consentsql.Event{
				Seq: row.Seq, Kind: row.Kind, RequestID: row.RequestID, GrantID: row.GrantID, Happened: row.Happened, Successor: row.Successor,
				DepositID: row.DepositID,
			}))
		}
		return nil
	})
	return all, wrap("listing events", err)
}

// tell appends to a business's events, queues the event for its webhook, and starts
// the withdrawal loop if the event ends a grant. The number follows the last one: there
// is one writer.
func tell(ctx context.Context, q *consentsql.Queries, business consent.DID, e Event) error {
	last, err := q.LastEvent(ctx, business)
	if err != nil {
		return fmt.Errorf("appending an event: %w", err)
	}
	err = q.PutEvent(ctx, consentsql.PutEventParams{
		Business: business, Seq: last + 1, Kind: string(e.Kind), RequestID: bytesOf(e.Request), GrantID: bytesOf(e.Grant), Happened: int64(e.At),
		Successor: bytesOf(e.Successor), DepositID: bytesOf(e.Deposit),
	})
	if err != nil {
		return fmt.Errorf("appending an event: %w", err)
	}
	e.Seq = last + 1
	if err := queueDelivery(ctx, q, business, e); err != nil {
		return err
	}
	return openLoop(ctx, q, business, e)
}

func bytesOf[K any](i id.ID[K]) []byte {
	if i.IsZero() {
		return []byte{}
	}
	return i[:]
}
