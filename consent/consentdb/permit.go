package consentdb

import (
	"context"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// Permit is a permit that a business posts under one of its grants.
type Permit struct {
	Vault    id.Vault // filled in by the store
	Grant    id.Grant
	Kind     consent.PermitKind
	Entry    anchor.Permit
	Anchored bool
}

// TakePermits keeps permits to collect that are about to be appended. All or
// nothing: consent.ErrNotFound for a grant that is not this business's, a
// *consent.Denial for one that does not stand, a *consent.Refusal of BadEntry for a
// handle that is another grant's. They open no gate until AnchorPermits.
func (s *Store) TakePermits(ctx context.Context, business consent.DID, permits []Permit, now time.Time) ([]Permit, error) {
	return s.takePermits(ctx, business, permits, now, time.Time{})
}

func (s *Store) takePermits(ctx context.Context, business consent.DID, permits []Permit, now, due time.Time) ([]Permit, error) {
	taken := make([]Permit, len(permits))
	err := s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		for i, p := range permits {
			row, err := one(q.GrantByID(ctx, p.Grant))
			if err != nil {
				return notHeld(ctx, q, business, p.Grant, now, err)
			}
			g, err := bareGrant(row)
			if err != nil {
				return err
			}
			if err := consent.Check(g, now, consent.Need{Business: business}); err != nil {
				return err
			}
			if g.Handle != p.Entry.HandleKey {
				return &consent.Refusal{Code: consent.BadEntry, At: "entry"}
			}
			p.Vault = g.Vault
			taken[i] = p
			if err := putPermit(ctx, q, p, now, due); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, wrap("taking permits", err)
	}
	return taken, nil
}

// putPermit keeps a permit, for one use: an entry that permits a message permits no
// collecting, and the other way round.
func putPermit(ctx context.Context, q *consentsql.Queries, p Permit, now, due time.Time) error {
	leaf := p.Entry.Leaf()
	other := consent.PermitMessage
	if p.Kind == consent.PermitMessage {
		other = consent.PermitCollect
	}
	n, err := q.PermitTaken(ctx, consentsql.PermitTakenParams{
		VaultID: p.Vault, GrantID: p.Grant, Kind: string(other), Epoch: int64(p.Entry.Epoch), Leaf: leaf[:],
	})
	if err != nil {
		return err
	}
	if n > 0 {
		return &consent.Refusal{Code: consent.BadEntry, At: "entry"}
	}
	return q.PutPermit(ctx, consentsql.PutPermitParams{
		VaultID: p.Vault, GrantID: p.Grant, Kind: string(p.Kind), Epoch: int64(p.Entry.Epoch),
		Leaf: leaf[:], Entry: p.Entry.Bytes(), Taken: now.Unix(), Due: unixDue(due),
	})
}

// notHeld turns "no such grant" into the precise answer if the business held it
// until its vault was erased.
func notHeld(ctx context.Context, q *consentsql.Queries, business consent.DID, g id.Grant, now time.Time, err error) error {
	if err != consent.ErrNotFound {
		return err
	}
	erased, err := erasedGrant(ctx, q, business, g)
	if err != nil {
		return err
	}
	return consent.Check(erased, now, consent.Need{Business: business})
}

// AnchorPermits marks permits that the ledger has committed.
func (s *Store) AnchorPermits(ctx context.Context, permits []Permit) error {
	return wrap("marking permits", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		for _, p := range permits {
			leaf := p.Entry.Leaf()
			err := q.MarkPermitAnchored(ctx, consentsql.MarkPermitAnchoredParams{VaultID: p.Vault, GrantID: p.Grant, Leaf: leaf[:]})
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// DropPermits forgets permits that the ledger refused, and messages that wait for
// them. One that is anchored stays.
func (s *Store) DropPermits(ctx context.Context, permits []Permit) error {
	return wrap("dropping permits", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		for _, p := range permits {
			leaf := p.Entry.Leaf()
			err := q.DropPermit(ctx, consentsql.DropPermitParams{VaultID: p.Vault, GrantID: p.Grant, Leaf: leaf[:]})
			if err == nil && p.Kind == consent.PermitMessage {
				err = q.DropMessageOfPermit(ctx, consentsql.DropMessageOfPermitParams{VaultID: p.Vault, GrantID: p.Grant, Leaf: leaf[:]})
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// WaitingPermits are permits of which it is unknown whether the ledger has them:
// it did not answer, or we stopped before it did. Oldest first; without those that
// wait for their hour.
func (s *Store) WaitingPermits(ctx context.Context, limit int) (all []Permit, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.WaitingPermits(ctx, int32(limit))
		if err != nil {
			return err
		}
		all, err = permitsOf(rows)
		return err
	})
	return all, wrap("listing permits", err)
}

func permitsOf(rows []consentsql.Permit) (all []Permit, err error) {
	for _, row := range rows {
		e, err := anchor.ParseEntry(row.Entry)
		if err != nil {
			return nil, wrap("reading a stored permit", err)
		}
		entry, ok := e.(anchor.Permit)
		if !ok {
			return nil, wrap("reading a stored permit", consent.BadEntry)
		}
		all = append(all, Permit{Vault: row.VaultID, Grant: row.GrantID, Kind: consent.PermitKind(row.Kind), Entry: entry, Anchored: row.Anchored})
	}
	return all, nil
}
