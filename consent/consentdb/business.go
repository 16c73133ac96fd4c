package consentdb

import (
	"context"
	"fmt"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/sqldb"
)

// Register keeps a business's card. A first card puts the business into the given
// state; a newer one replaces what the business says of itself and leaves its
// state. The same card again changes nothing; an older one is ErrStale.
func (s *Store) Register(ctx context.Context, card consent.Card, jws string, first consent.BusinessState, now time.Time) (b consent.Business, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		_, err := q.PutBusiness(ctx, consentsql.PutBusinessParams{
			Did: card.Iss, Name: card.Name, Contact: card.Contact, Url: card.URL, Purposes: toJSON(card.Purposes),
			State: string(first), Card: jws, Issued: int64(card.Iat), Registered: now.Unix(),
		})
		if err != nil {
			return err
		}
		row, err := q.Business(ctx, card.Iss)
		if err != nil {
			return err
		}
		if row.Card != jws {
			return ErrStale
		}
		b, err = businessOf(row)
		return err
	})
	return b, wrap("registering business", err)
}

// Business is consent.ErrNotFound for one that never registered.
func (s *Store) Business(ctx context.Context, did consent.DID) (b consent.Business, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		row, err := one(q.Business(ctx, did))
		if err != nil {
			return err
		}
		b, err = businessOf(row)
		return err
	})
	return b, wrap("reading business", err)
}

// Businesses lists all, by DID.
func (s *Store) Businesses(ctx context.Context) (all []consent.Business, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.Businesses(ctx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			b, err := businessOf(row)
			if err != nil {
				return err
			}
			all = append(all, b)
		}
		return nil
	})
	return all, wrap("listing businesses", err)
}

// SetBusinessState is the operator's: approve, suspend, resume. That its grants give
// nothing under a suspension the next SweepEndings tells; a business that may act again
// owes nothing for it any more.
func (s *Store) SetBusinessState(ctx context.Context, did consent.DID, to consent.BusinessState) error {
	return wrap("changing business", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		n, err := q.SetBusinessState(ctx, consentsql.SetBusinessStateParams{State: string(to), Did: did})
		if err = changed(n, err, consent.ErrNotFound); err != nil {
			return err
		}
		return markSuspension(ctx, q, did, to)
	}))
}

// Active is nil for a business that may act, ErrPending or ErrSuspended otherwise.
func Active(b consent.Business) error {
	switch b.State {
	case consent.BusinessActive:
		return nil
	case consent.BusinessPending:
		return ErrPending
	}
	return ErrSuspended
}

// prunedInPassing is what somebody who only wants a token may wait for.
const prunedInPassing = 64

// UseAssertion remembers a client assertion until it expires. first is false if it
// was used before. Several daemons on one database share this memory.
func (s *Store) UseAssertion(ctx context.Context, did consent.DID, jti string, expires, now time.Time) (first bool, err error) {
	digest := consent.HashOf(jti)
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		if _, err := q.PruneAssertions(ctx, consentsql.PruneAssertionsParams{Expires: now.Unix(), Limit: prunedInPassing}); err != nil {
			return err
		}
		n, err := q.UseAssertion(ctx, consentsql.UseAssertionParams{Business: did, Digest: digest[:], Expires: expires.Unix()})
		first = n == 1
		return err
	})
	return first, wrap("remembering an assertion", err)
}

func businessOf(row consentsql.Business) (consent.Business, error) {
	purposes, err := fromJSON(row.Purposes)
	return consent.Business{
		DID: row.Did, Name: row.Name, Contact: row.Contact, URL: row.Url,
		State: consent.BusinessState(row.State), Purposes: purposes, Updated: consent.Unix(row.Issued),
	}, err
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
