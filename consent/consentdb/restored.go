package consentdb

import (
	"context"
	"time"

	"coffer/consent/consentdb/consentsql"
	"coffer/internal/sqldb"
)

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
