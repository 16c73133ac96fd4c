package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/internal/sqldb"
)

// Watch tells f from now on what the gate says: nil for an attempt that it let through,
// else a *consent.Denial or another of its errors; and for each attribute that was left
// out of one, its denial. f is told of nothing else, and must not block. To be called
// before the store is used.
func (s *Store) Watch(f func(consent.Action, error)) { s.watch = f }

// said tells what the gate said to attempts, once it is on the disk.
func (s *Store) said(all ...*passing) {
	if s.watch == nil {
		return
	}
	for _, p := range all {
		if p.err != nil { // ours: it said nothing
			continue
		}
		s.watch(consent.ActionCollect, p.denied)
		for _, r := range p.out.Refused {
			s.watch(consent.ActionCollect, r.Denial)
		}
	}
}

// saidOf tells what it said to a message.
func (s *Store) saidOf(err error) {
	if s.watch != nil && (err == nil || consent.DenialOf(err) != nil) {
		s.watch(consent.ActionMessage, err)
	}
}

// Depth is what waits in a queue.
type Depth struct {
	Length int64
	Oldest time.Time // zero if nothing waits
}

// Depths are the entries on their way to the ledger, the deliveries to webhooks, and those
// of them that were given up.
func (s *Store) Depths(ctx context.Context) (outbox, webhooks, dead Depth, err error) {
	err = s.db.Read(ctx, func(tx sqldb.Tx) error {
		for _, q := range []struct {
			to   *Depth
			text string
		}{
			{&outbox, "SELECT COUNT(*), COALESCE(MIN(queued), 0) FROM outbox"},
			{&webhooks, "SELECT COUNT(*), COALESCE(MIN(queued), 0) FROM delivery WHERE dead = 0"},
			{&dead, "SELECT COUNT(*), COALESCE(MIN(queued), 0) FROM delivery WHERE dead > 0"},
		} {
			var oldest int64
			if err := tx.QueryRowContext(ctx, q.text).Scan(&q.to.Length, &oldest); err != nil {
				return err
			}
			if oldest > 0 {
				q.to.Oldest = time.Unix(oldest, 0)
			}
		}
		return nil
	})
	return outbox, webhooks, dead, wrap("counting what waits", err)
}
