package consentdb

import (
	"context"
	"time"

	"coffer/consent/consentdb/consentsql"
	"coffer/internal/sqldb"
)

// CollectTogether takes attempts through the gate in one turn, as the door does with
// those that wait, and tells what was denied of each.
func (s *Store) CollectTogether(ctx context.Context, attempts ...Attempt) ([]error, error) {
	batch := make([]*passing, len(attempts))
	for i, a := range attempts {
		batch[i] = &passing{Attempt: a}
	}
	err := s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error { return s.admit(ctx, q, tx, batch...) })
	denied := make([]error, len(batch))
	for i, p := range batch {
		denied[i] = p.denied
	}
	return denied, err
}

// WhenErased is when a withdrawal of a vault erased at that time goes.
func (s *Store) WhenErased(at time.Time) time.Time { return s.whenErased(at) }
