package consentdb

import (
	"context"
	"errors"
	"slices"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// checkPartners wants every partner that a request names to be registered and active,
// and to have registered the purpose.
func checkPartners(ctx context.Context, q *consentsql.Queries, r consent.Request) error {
	for _, a := range r.Purposes {
		for _, p := range a.Partners {
			row, err := one(q.Business(ctx, p.DID))
			if err != nil && !errors.Is(err, consent.ErrNotFound) {
				return err
			}
			if err != nil || consent.BusinessState(row.State) != consent.BusinessActive {
				return &consent.Refusal{Code: consent.UnknownPartner, At: a.ID + ".partners"}
			}
			purposes, err := fromJSON(row.Purposes)
			if err != nil {
				return err
			}
			if !slices.Contains(purposes, a.Purpose) {
				return &consent.Refusal{Code: consent.UnregisteredPurpose, At: a.ID + ".partners"}
			}
		}
	}
	return nil
}

// endOnward ends the grants to partners that stand under a grant which ends, in the
// same transaction: with the entries that the wallet signed ahead, and into the same
// state. Each partner is told.
func (s *Store) endOnward(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, first consentsql.GrantRecord, to consent.State, at time.Time) error {
	if len(first.OnwardOf) > 0 {
		return nil // none stands under a partner's
	}
	rows, err := q.Onward(ctx, consentsql.OnwardParams{VaultID: first.VaultID, OnwardOf: first.GrantID[:]})
	if err != nil {
		return err
	}
	for _, row := range rows {
		paper, err := q.Paper(ctx, consentsql.PaperParams{VaultID: row.VaultID, GrantID: row.GrantID})
		if err != nil {
			return err
		}
		if err := s.endOne(ctx, q, tx, row, to, paper.WithdrawAhead, "", at); err != nil {
			return err
		}
	}
	return nil
}

// endOne ends a grant that is not over with that entry; nothing happens to one that is.
func (s *Store) endOne(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, row consentsql.GrantRecord, to consent.State, entry []byte, receipt string, at time.Time) error {
	ended, err := s.end(ctx, q, tx, row, to, at)
	if err != nil || !ended {
		return err
	}
	if receipt, err = s.sealReceipt(ctx, row.VaultID, row.GrantID, consent.EventWithdrawn, receipt); err != nil {
		return err
	}
	err = q.PutWithdrawal(ctx, consentsql.PutWithdrawalParams{
		WithdrawEntry: entry, WithdrawalReceipt: receipt, VaultID: row.VaultID, GrantID: row.GrantID,
	})
	if err != nil {
		return err
	}
	return enqueue(ctx, q, entry, at)
}

// withdrawOnward ends grants to partners with what the wallet made for each, before the
// one above them ends. consent.ErrNotFound for one that does not stand under it.
func (s *Store) withdrawOnward(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, first consentsql.GrantRecord, partners []Withdrawal, at time.Time) error {
	for _, w := range partners {
		row, err := one(q.GrantByID(ctx, w.Grant))
		if err != nil {
			return err
		}
		if row.VaultID != first.VaultID || string(row.OnwardOf) != string(first.GrantID[:]) {
			return consent.ErrNotFound
		}
		if err := s.endOne(ctx, q, tx, row, consent.StateWithdrawn, w.Entry.Bytes(), w.Receipt, at); err != nil {
			return err
		}
	}
	return nil
}

// orderOnward tells the shopper of the grants under one that ends by order the same as
// of that one.
func (s *Store) orderOnward(ctx context.Context, q *consentsql.Queries, first consentsql.GrantRecord, reason string, now time.Time) error {
	if len(first.OnwardOf) > 0 {
		return nil
	}
	rows, err := q.Onward(ctx, consentsql.OnwardParams{VaultID: first.VaultID, OnwardOf: first.GrantID[:]})
	for _, row := range rows {
		if state := consent.State(row.State); err == nil && (state == consent.StateAnchoring || state == consent.StateLive) {
			err = q.PutTermination(ctx, consentsql.PutTerminationParams{VaultID: row.VaultID, GrantID: row.GrantID, Reason: reason, Ordered: now.Unix()})
		}
	}
	return err
}

// Shared is what a partner of a request learns of it: the text, and what was given to
// the partner itself.
type Shared struct {
	Request
	Grants []SharedGrant
}

// SharedGrant is one grant to a partner.
type SharedGrant struct {
	Grant, OnwardOf id.Grant
	Purpose         string // the request's name for it
}

// SharedWith returns a request to a partner that holds, or held, a grant of it.
// consent.ErrNotFound to anyone else, and once the vault is erased.
func (s *Store) SharedWith(ctx context.Context, partner consent.DID, r id.Request) (out Shared, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.OnwardOfRequest(ctx, consentsql.OnwardOfRequestParams{RequestID: r, Business: partner})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return consent.ErrNotFound
		}
		for _, row := range rows {
			g := SharedGrant{Grant: row.GrantID, Purpose: row.PurposeID}
			copy(g.OnwardOf[:], row.OnwardOf)
			out.Grants = append(out.Grants, g)
		}
		row, err := one(q.Request(ctx, r))
		if err != nil {
			return err
		}
		out.Request = requestOf(row)
		return nil
	})
	return out, wrap("reading a request", err)
}

// againstFirst holds a partner's grant against the one that it is under.
func againstFirst(ctx context.Context, q *consentsql.Queries, g Grant, say func(string, ...any)) error {
	if !g.Onward() {
		return nil
	}
	row, err := one(q.GrantByID(ctx, g.OnwardOf))
	if err == consent.ErrNotFound {
		say("under a grant that is not there")
		return nil
	} else if err != nil {
		return err
	}
	first, err := bareGrant(row)
	if err != nil {
		return err
	}
	stands := func(g consent.Grant) bool { return g.State == consent.StateAnchoring || g.State == consent.StateLive }
	switch {
	case first.Onward() || first.Vault != g.Vault || first.Request != g.Request || first.PurposeID != g.PurposeID || first.Business == g.Business:
		say("under a grant of something else")
	case stands(g.Grant) && !stands(first):
		say("it stands, and the grant that it is under does not")
	case g.End > first.End:
		say("it outlasts the grant that it is under")
	}
	for _, name := range g.Attributes {
		if !first.Covers(name) {
			say("it covers %s, and the grant that it is under does not", name)
		}
	}
	return nil
}
