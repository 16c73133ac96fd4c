package consentdb

import (
	"context"
	"fmt"
	"slices"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
)

// Grant is a grant with what only the store knows of it.
type Grant struct {
	consent.Grant
	Anchored          bool          // its entry is on the ledger
	WithdrawEntry     consent.Bytes // empty until it is withdrawn
	WithdrawAnchored  bool
	WithdrawalReceipt string

	Later []LaterReceipt // of its pause and of its expiry, as far as the wallet made them
}

// LaterReceipt is a receipt of what became of a grant.
type LaterReceipt struct {
	Event   string // consent.EventPaused, EventExpired or EventErased
	Receipt string // JWT
}

// Receipts are those of the grant in order, from the one that began it.
func (g Grant) Receipts() []string {
	all := []string{g.Receipt}
	for _, l := range g.Later {
		all = append(all, l.Receipt)
	}
	if g.WithdrawalReceipt != "" {
		all = append(all, g.WithdrawalReceipt)
	}
	return all
}

// Grants lists a vault's grants, newest first.
func (s *Store) Grants(ctx context.Context, v id.Vault) (all []Grant, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.GrantsOfVault(ctx, v)
		if err != nil {
			return err
		}
		for _, row := range rows {
			g, err := grantOf(row.GrantRecord, row.GrantPaper)
			if err != nil {
				return err
			}
			all = append(all, g)
		}
		return withLater(ctx, q, v, all)
	})
	if err == nil {
		err = s.unseal(ctx, all...)
	}
	return all, wrap("listing grants", err)
}

// Grant returns one grant of a vault.
func (s *Store) Grant(ctx context.Context, v id.Vault, g id.Grant) (out Grant, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		out, err = grantWhole(ctx, q, g)
		if err == nil && out.Vault != v {
			return consent.ErrNotFound
		}
		return err
	})
	return s.unsealed(ctx, out, err)
}

// GrantOf returns a grant to the business that holds it. Of a grant whose vault
// was erased nothing is left but its state.
func (s *Store) GrantOf(ctx context.Context, business consent.DID, g id.Grant) (out Grant, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		out, err = grantWhole(ctx, q, g)
		if err == consent.ErrNotFound {
			if out.Grant, err = erasedGrant(ctx, q, business, g); err == nil {
				out.Later, err = erasedReceipts(ctx, q, business, g)
			}
		}
		if err == nil && out.Business != business {
			return consent.ErrNotFound
		}
		return err
	})
	if err == nil && out.State == consent.StateErased {
		return out, nil // what is left of it is the business's
	}
	return s.unsealed(ctx, out, err)
}

func (s *Store) unsealed(ctx context.Context, g Grant, err error) (Grant, error) {
	one := []Grant{g}
	if err == nil {
		err = s.unseal(ctx, one...)
	}
	return one[0], wrap("reading a grant", err)
}

// erasedGrant is what is left of a grant whose vault was erased: the event that
// told the business of it.
func erasedGrant(ctx context.Context, q *consentsql.Queries, business consent.DID, g id.Grant) (consent.Grant, error) {
	n, err := q.ErasedFor(ctx, consentsql.ErasedForParams{Business: business, GrantID: g[:]})
	if err == nil && n == 0 {
		err = consent.ErrNotFound
	}
	return consent.Grant{ID: g, Business: business, State: consent.StateErased}, err
}

func erasedReceipts(ctx context.Context, q *consentsql.Queries, business consent.DID, g id.Grant) ([]LaterReceipt, error) {
	jwt, err := one(q.ErasedReceipt(ctx, consentsql.ErasedReceiptParams{Business: business, GrantID: g}))
	if err == consent.ErrNotFound {
		return nil, nil
	}
	return []LaterReceipt{{consent.EventErased, jwt}}, err
}

func grantWhole(ctx context.Context, q *consentsql.Queries, g id.Grant) (Grant, error) {
	row, err := one(q.GrantByID(ctx, g))
	if err != nil {
		return Grant{}, err
	}
	paper, err := q.Paper(ctx, consentsql.PaperParams{VaultID: row.VaultID, GrantID: g})
	if err != nil {
		return Grant{}, fmt.Errorf("reading a grant's papers: %w", err)
	}
	out, err := grantOf(row, paper)
	if err != nil {
		return out, err
	}
	later, err := q.LaterReceipts(ctx, consentsql.LaterReceiptsParams{VaultID: row.VaultID, GrantID: g})
	for _, l := range later {
		out.Later = append(out.Later, LaterReceipt{l.Event, l.Receipt})
	}
	return out, err
}

// withLater adds the later receipts of a vault's grants.
func withLater(ctx context.Context, q *consentsql.Queries, v id.Vault, all []Grant) error {
	rows, err := q.LaterReceiptsOfVault(ctx, v)
	for _, row := range rows {
		n := slices.IndexFunc(all, func(g Grant) bool { return g.ID == row.GrantID })
		if n >= 0 {
			all[n].Later = append(all[n].Later, LaterReceipt{row.Event, row.Receipt})
		}
	}
	return err
}

// grantOf is a grant with its papers sealed as they are stored; see unseal.
func grantOf(row consentsql.GrantRecord, paper consentsql.GrantPaper) (Grant, error) {
	g, err := bareGrant(row)
	g.Entry, g.Receipt, g.Letter = paper.Entry, paper.Receipt, paper.Letter
	return Grant{
		Grant: g, Anchored: row.Anchored, WithdrawEntry: paper.WithdrawEntry,
		WithdrawAnchored: row.WithdrawAnchored, WithdrawalReceipt: paper.WithdrawalReceipt,
	}, err
}

// bareGrant is a grant without its papers: all that a check needs.
func bareGrant(row consentsql.GrantRecord) (consent.Grant, error) {
	if len(row.Handle) != len(anchor.Handle{}) {
		return consent.Grant{}, fmt.Errorf("reading a grant: handle of %d bytes", len(row.Handle))
	}
	attributes, err := fromJSON(row.Attributes)
	if err != nil {
		return consent.Grant{}, err
	}
	channels, err := fromJSON(row.Channels)
	if err != nil {
		return consent.Grant{}, err
	}
	g := consent.Grant{
		ID: row.GrantID, Vault: row.VaultID, Request: row.RequestID, Business: row.Business,
		Purpose: row.Purpose, PurposeID: row.PurposeID, Attributes: attributes, Channels: channels,
		WeeklyCap: int(row.WeeklyCap), Start: anchor.Epoch(row.StartEpoch), End: anchor.Epoch(row.EndEpoch),
		State: consent.State(row.State), Minor: row.Minor, Given: consent.Unix(row.Given),
		Withdrawn: consent.Unix(row.Withdrawn), Handle: anchor.Handle(row.Handle), Change: consent.ChangeKind(row.ChangeKind),
	}
	copy(g.Successor[:], row.Successor)
	copy(g.OnwardOf[:], row.OnwardOf)
	return g, nil
}
