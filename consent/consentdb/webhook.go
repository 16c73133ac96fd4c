package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/sqldb"
)

// PutWebhook keeps where a business wants to be told, with the key that signs what it
// is told. ErrStale unless it is newer than the one before. Without a URL the business
// is told nowhere any more, and what waited is dropped: it is among its events still.
func (s *Store) PutWebhook(ctx context.Context, w consent.Webhook, key []byte) error {
	return wrap("keeping a webhook", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		n, err := q.PutWebhook(ctx, consentsql.PutWebhookParams{Business: w.Iss, Url: w.URL, Secret: key, Issued: int64(w.Iat)})
		if err = changed(n, err, ErrStale); err != nil || w.URL != "" {
			return err
		}
		return q.DropDeliveries(ctx, w.Iss)
	}))
}

// Webhook returns where a business is told; consent.ErrNotFound when nowhere. The key
// does not come back.
func (s *Store) Webhook(ctx context.Context, business consent.DID) (url string, failures int, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		row, err := one(q.Webhook(ctx, business))
		if err == nil && row.Url == "" {
			err = consent.ErrNotFound
		}
		url, failures = row.Url, int(row.Failures)
		return err
	})
	return url, failures, wrap("reading a webhook", err)
}

// Dead is an event that was given up.
type Dead struct {
	Event
	Attempts int
	Failure  consent.Failure // of the last attempt
	GivenUp  consent.Unix
}

// DeadDeliveries lists what was given up for a business, after an event's number.
func (s *Store) DeadDeliveries(ctx context.Context, business consent.DID, after int64, limit int) (all []Dead, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.DeadDeliveries(ctx, consentsql.DeadDeliveriesParams{Business: business, Seq: after, Limit: int32(limit)})
		for _, row := range rows {
			e := row.Event
			all = append(all, Dead{
				Event:    eventOf(e),
				Attempts: int(row.Delivery.Attempts), Failure: consent.Failure(row.Delivery.Failure), GivenUp: consent.Unix(row.Delivery.Dead),
			})
		}
		return err
	})
	return all, wrap("listing dead deliveries", err)
}

// RetryDeliveries queues again what was given up: the events named, or all of them. It
// returns how many there were.
func (s *Store) RetryDeliveries(ctx context.Context, business consent.DID, events []int64, now time.Time) (n int, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		n = 0
		if len(events) == 0 {
			all, err := q.RetryDeliveries(ctx, consentsql.RetryDeliveriesParams{Queued: now.Unix(), Business: business})
			n = int(all)
			return err
		}
		for _, seq := range events {
			one, err := q.RetryDelivery(ctx, consentsql.RetryDeliveryParams{Queued: now.Unix(), Business: business, Seq: seq})
			if err != nil {
				return err
			}
			n += int(one)
		}
		return nil
	})
	return n, wrap("retrying deliveries", err)
}

// Queue is how the deliveries of one business stand.
type Queue struct {
	Business      consent.DID
	URL           string
	Failures      int // since the last success
	Waiting, Dead int
	Oldest        consent.Unix // queued; 0 for none
}

// Queues lists how deliveries stand, for the operator.
func (s *Store) Queues(ctx context.Context) (all []Queue, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.DeliveryCounts(ctx)
		for _, row := range rows {
			all = append(all, Queue{row.Business, row.Url, int(row.Failures), int(row.Waiting), int(row.Dead), consent.Unix(row.Oldest)})
		}
		return err
	})
	return all, wrap("counting deliveries", err)
}
