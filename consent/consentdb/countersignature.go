package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// PutCountersignature keeps a counter-signature that was verified, and returns the
// one that stands: the first. consent.ErrNotFound for a grant that is not this
// business's, a *consent.Denial for one whose vault was erased.
func (s *Store) PutCountersignature(ctx context.Context, by consent.DID, g id.Grant, jws string, now time.Time) (stands string, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, g))
		if err != nil {
			return notHeld(ctx, q, by, g, now, err)
		}
		if row.Business != by {
			return consent.ErrNotFound
		}
		err = q.PutCountersignature(ctx, consentsql.PutCountersignatureParams{VaultID: row.VaultID, GrantID: g, Jws: jws, Received: now.Unix()})
		if err != nil {
			return err
		}
		stands, err = q.Countersignature(ctx, consentsql.CountersignatureParams{VaultID: row.VaultID, GrantID: g})
		return err
	})
	return stands, wrap("keeping a counter-signature", err)
}

// Countersignatures are those of a vault's receipts, by grant.
func (s *Store) Countersignatures(ctx context.Context, v id.Vault) (map[id.Grant]string, error) {
	all := map[id.Grant]string{}
	err := s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.CountersignaturesOfVault(ctx, v)
		for _, row := range rows {
			all[row.GrantID] = row.Jws
		}
		return err
	})
	return all, wrap("listing counter-signatures", err)
}
