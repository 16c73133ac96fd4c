package consentdb

import (
	"context"
	"math"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
)

// Access is one row of an access log, as it was written.
type Access struct {
	Grant    id.Grant
	Seq      int64 // 1, 2, … per grant
	At       consent.Unix
	Business consent.DID
	Row      string
	Head     consent.LogHead
}

// AccessCursor is a place in a vault's access log. The zero cursor is its newest end.
type AccessCursor struct {
	At    consent.Unix
	Grant id.Grant
	Seq   int64
}

// Accesses lists what was collected from a vault and what was refused, newest
// first, beginning behind the cursor; of one grant, or of all if it is zero.
func (s *Store) Accesses(ctx context.Context, v id.Vault, g id.Grant, after AccessCursor, limit int) (all []Access, err error) {
	if after == (AccessCursor{}) {
		after = AccessCursor{At: math.MaxInt64, Seq: math.MaxInt64}
	}
	err = s.read(ctx, func(q *consentsql.Queries) error {
		var rows []consentsql.AccessesBeforeRow
		if g.IsZero() {
			rows, err = q.AccessesBefore(ctx, consentsql.AccessesBeforeParams{
				VaultID: v, Happened: int64(after.At), GrantID: after.Grant, Seq: after.Seq, Limit: int32(limit),
			})
		} else {
			var ofGrant []consentsql.AccessesOfGrantBeforeRow
			ofGrant, err = q.AccessesOfGrantBefore(ctx, consentsql.AccessesOfGrantBeforeParams{
				VaultID: v, GrantID: g, Seq: after.Seq, Limit: int32(limit),
			})
			for _, r := range ofGrant {
				rows = append(rows, consentsql.AccessesBeforeRow(r))
			}
		}
		for _, r := range rows {
			a := Access{Grant: r.GrantID, Seq: r.Seq, At: consent.Unix(r.Happened), Business: r.Business, Row: r.Line}
			copy(a.Head[:], r.Head)
			all = append(all, a)
		}
		return err
	})
	return all, wrap("listing accesses", err)
}

// LogHead is the head of a grant's access log, as its business may know it.
func (s *Store) LogHead(ctx context.Context, v id.Vault, g id.Grant) (head consent.LogHead, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		last, err := one(q.LastAccess(ctx, consentsql.LastAccessParams{VaultID: v, GrantID: g}))
		if err == consent.ErrNotFound {
			return nil // nothing was collected: the zero head
		}
		copy(head[:], last)
		return err
	})
	return head, wrap("reading the access log", err)
}
