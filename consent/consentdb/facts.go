package consentdb

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// putTerms notes what the request said of a grant, for rules to look at.
func putTerms(ctx context.Context, q *consentsql.Queries, g consent.Grant) error {
	if g.Jurisdictions == nil && g.Condition == nil {
		return nil // of a successor of a grant of which they are not known
	}
	return q.PutTerms(ctx, consentsql.PutTermsParams{
		VaultID: g.Vault, GrantID: g.ID, Jurisdictions: toJSON(g.Jurisdictions), Destinations: toJSON(g.Destinations),
		HangsOn: g.Condition.Text(),
	})
}

// withTerms adds what putTerms noted; "" is what there is of an older grant.
func withTerms(g consent.Grant, jurisdictions, destinations, hangsOn string) (_ consent.Grant, err error) {
	if jurisdictions == "" {
		return g, nil
	}
	if g.Jurisdictions, err = fromJSON(jurisdictions); err != nil {
		return g, err
	}
	if g.Destinations, err = fromJSON(destinations); err != nil {
		return g, err
	}
	g.Condition, err = consent.ParseCondition(hangsOn)
	return g, err
}

// Clock is how far a shopper's clock is from UTC, as the wallet told it.
type Clock struct {
	Told     bool // the wallet said something; the shopper may not want it known
	Known    bool
	Quarters int // of an hour, east of UTC
}

// The clocks that there are.
const (
	FirstClock = -12 * 4
	LastClock  = 14 * 4
)

// zone is where the shopper's clock is; nil if it is not known.
func (c Clock) zone() *time.Location {
	if !c.Known {
		return nil
	}
	return time.FixedZone("", c.Quarters*15*60)
}

// Clock returns what a vault's wallet told of its clock.
func (s *Store) Clock(ctx context.Context, v id.Vault) (c Clock, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		c, err = clockOf(ctx, q, v)
		return err
	})
	return c, wrap("reading a preference", err)
}

// SetClock keeps what a vault's wallet tells of its clock. It goes with the vault.
func (s *Store) SetClock(ctx context.Context, v id.Vault, c Clock) error {
	if c.Known && (c.Quarters < FirstClock || c.Quarters > LastClock) {
		return fmt.Errorf("keeping a preference: a clock at %d quarters", c.Quarters)
	}
	return wrap("keeping a preference", s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		if err := s.keeper.PutDocuments(ctx, tx, v, nil); err != nil { // it is erased
			return err
		}
		return q.PutPreference(ctx, consentsql.PutPreferenceParams{
			VaultID: v, Quarters: sql.NullInt64{Int64: int64(c.Quarters), Valid: c.Known},
		})
	}))
}

func clockOf(ctx context.Context, q *consentsql.Queries, v id.Vault) (Clock, error) {
	quarters, err := one(q.Preference(ctx, v))
	if err == consent.ErrNotFound {
		return Clock{}, nil
	}
	return Clock{Told: err == nil, Known: quarters.Valid, Quarters: int(quarters.Int64)}, err
}
