package consentdb

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// MarshalJSON writes an event as businesses read it, from GET /business/v1/events and
// from their webhook alike: ids only, "" where it is not about one.
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		V       int          `json:"v"`
		ID      string       `json:"id"`
		Type    EventKind    `json:"type"`
		Request string       `json:"request"`
		Grant   string       `json:"grant"`
		Time    consent.Unix `json:"time"`

		Successor string `json:"successor,omitempty"`
		Deposit   string `json:"deposit,omitempty"`
	}{consent.Version, strconv.FormatInt(e.Seq, 10), e.Kind, named(e.Request), named(e.Grant), e.At, named(e.Successor), named(e.Deposit)})
}

func named[K any](i id.ID[K]) string {
	if i.IsZero() {
		return ""
	}
	return i.String()
}

// queueDelivery queues an event for its business's webhook, if there is one.
func queueDelivery(ctx context.Context, q *consentsql.Queries, business consent.DID, e Event) error {
	return wrap("queueing a delivery", q.QueueDelivery(ctx, consentsql.QueueDeliveryParams{
		Seq: e.Seq, Queued: int64(e.At), Business: business,
	}))
}

// DueWebhooks lists the webhooks for which something is due.
func (s *Store) DueWebhooks(ctx context.Context, now time.Time) (all []consent.DueWebhook, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.DueWebhooks(ctx, now.Unix())
		for _, row := range rows {
			all = append(all, consent.DueWebhook{Business: row.Business, Failures: int(row.Failures)})
		}
		return err
	})
	return all, wrap("looking for deliveries", err)
}

// DueDeliveries lists what is due for one business: first what was never tried, so that
// one event that its endpoint chokes on holds up no other.
func (s *Store) DueDeliveries(ctx context.Context, business consent.DID, now time.Time, limit int) (all []consent.Delivery, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.DueDeliveries(ctx, consentsql.DueDeliveriesParams{Business: business, Due: now.Unix(), Limit: int32(limit)})
		if err != nil {
			return err
		}
		for _, row := range rows {
			body, err := json.Marshal(eventOf(row.Event))
			if err != nil {
				return err
			}
			all = append(all, consent.Delivery{
				Business: business, Seq: row.Delivery.Seq, URL: row.Webhook.Url, Key: row.Webhook.Secret, Body: body,
				Queued: consent.Unix(row.Delivery.Queued), Attempts: int(row.Delivery.Attempts), Failures: int(row.Webhook.Failures),
			})
		}
		return nil
	})
	return all, wrap("reading deliveries", err)
}

// Delivered takes a delivery off the queue. A webhook that works again gets at once
// what waited only because it did not.
func (s *Store) Delivered(ctx context.Context, d consent.Delivery, now time.Time) error {
	return wrap("settling a delivery", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		if err := q.Delivered(ctx, consentsql.DeliveredParams{Business: d.Business, Seq: d.Seq}); err != nil || d.Failures == 0 {
			return err
		}
		if err := q.HoldWebhook(ctx, consentsql.HoldWebhookParams{Business: d.Business}); err != nil {
			return err
		}
		return q.HurryDeliveries(ctx, consentsql.HurryDeliveriesParams{Due: now.Unix(), Business: d.Business})
	}))
}

// Failed keeps a failed attempt and returns how many deliveries were given up with it.
func (s *Store) Failed(ctx context.Context, d consent.Delivery, f consent.FailedAttempt) (buried int, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		err := q.FailDelivery(ctx, consentsql.FailDeliveryParams{
			Failure: string(f.Why), Due: f.Again.Unix(), Business: d.Business, Seq: d.Seq,
		})
		if err != nil {
			return err
		}
		err = q.HoldWebhook(ctx, consentsql.HoldWebhookParams{Failures: int64(d.Failures) + 1, Hold: f.Hold.Unix(), Business: d.Business})
		if err != nil {
			return err
		}
		if err := q.HoldDeliveries(ctx, consentsql.HoldDeliveriesParams{Due: f.Hold.Unix(), Business: d.Business}); err != nil || f.GiveUp.IsZero() {
			return err
		}
		n, err := q.BuryDeliveries(ctx, consentsql.BuryDeliveriesParams{
			Dead: f.Happened.Unix(), Failure: string(f.Why), Business: d.Business, Queued: f.GiveUp.Unix(),
		})
		buried = int(n)
		return err
	})
	return buried, wrap("keeping a failed delivery", err)
}

func eventOf(row consentsql.Event) Event {
	e := Event{Seq: row.Seq, Kind: EventKind(row.Kind), At: consent.Unix(row.Happened)}
	copy(e.Request[:], row.RequestID)
	copy(e.Grant[:], row.GrantID)
	copy(e.Successor[:], row.Successor)
	copy(e.Deposit[:], row.DepositID)
	return e
}
