package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// Admit tells, inside the vault's own transaction, whether shares may follow a
// changed document: each must be under a grant of this vault that stands, or is on
// its way to the ledger, and that covers the attribute. consent.ErrNotFound or a
// *consent.Denial otherwise. What it admits it notes as changed, for businesses that
// collect what changed.
func (s *Store) Admit(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []consent.Share, now time.Time) error {
	q := consentsql.New(tx)
	changed := map[id.Grant][]string{}
	holder := map[id.Grant]consent.DID{}
	for _, share := range shares {
		row, err := one(q.GrantByID(ctx, share.Grant))
		if err != nil {
			return wrap("admitting a share", err)
		}
		g, err := bareGrant(row)
		if err == nil && g.Vault != v {
			err = consent.ErrNotFound
		}
		if err != nil {
			return wrap("admitting a share", err)
		}
		if g.State == consent.StateAnchoring {
			g.State = consent.StateLive // once it is, the business must find what was given
		}
		err = consent.Check(g, now, consent.Need{Business: g.Business, Attribute: share.Attribute, Permitted: true})
		if err != nil {
			return wrap("admitting a share", err)
		}
		changed[g.ID], holder[g.ID] = append(changed[g.ID], share.Attribute), g.Business
	}
	for g, attributes := range changed {
		if err := altered(ctx, q, v, g, holder[g], attributes); err != nil {
			return wrap("admitting a share", err)
		}
	}
	return nil
}
