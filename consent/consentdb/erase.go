package consentdb

import (
	"context"
	"fmt"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// ErasedReceipt is what a shopper signed of a grant that goes with the vault.
type ErasedReceipt struct {
	Grant   id.Grant
	Receipt string // JWT
}

// Erase destroys the vault's key, from when on no copy of the database holds anything
// of the vault that somebody could open, withdraws every grant of the vault that stands,
// tells the businesses, and deletes everything of the vault, ciphertext included, in one
// transaction. Cut off in between, Erase is called again at the next start (see
// vaultdb.Store.Gone). Then it rewrites the database if that is small, so that the deleted
// bytes are in no file when it returns; a larger one is rewritten in its quiet hour. fresh are withdraw entries that the wallet signed just now and that
// were verified; for other grants the one signed ahead is used. What is left are
// entry bytes in the outbox, events that name grants and requests, and the receipts of
// this end until the businesses know of it; those were verified too.
//
// An error that wraps ErrLeftovers means that the vault is gone and only its
// deleted bytes may still be in a file; the outbox's worker tries that part again.
func (s *Store) Erase(ctx context.Context, v id.Vault, fresh []anchor.Withdraw, now time.Time, receipts ...ErasedReceipt) (withdrawn int, err error) {
	byHandle := map[anchor.Handle]anchor.Withdraw{}
	for _, w := range fresh {
		byHandle[w.HandleKey] = w
	}
	if _, err := s.ring.Destroy(ctx, v); err != nil {
		return 0, wrap("erasing a vault", err)
	}
	var grants []id.Grant
	// Not with ctx any more: the key is gone, and the rest follows.
	ctx = context.WithoutCancel(ctx)
	err = s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		withdrawn, grants = 0, nil
		rows, err := q.GrantsOfVault(ctx, v)
		if err != nil {
			return err
		}
		for _, row := range rows {
			g, err := grantOf(row.GrantRecord, row.GrantPaper)
			if err != nil {
				return err
			}
			if g.State == consent.StateAnchoring || g.State == consent.StateLive {
				entry := row.GrantPaper.WithdrawAhead
				if w, ok := byHandle[g.Handle]; ok {
					entry = w.Bytes()
				}
				if err := enqueueFor(ctx, q, entry, now, s.whenErased(now)); err != nil {
					return err
				}
				withdrawn++
			}
			grants = append(grants, g.ID)
			err = tell(ctx, q, g.Business, Event{Kind: EventErased, Request: g.Request, Grant: g.ID, At: consent.UnixAt(now),
				covered: g.State == consent.StateReplaced}) // its successor has all, or its loop is open
			if err != nil {
				return err
			}
			for _, r := range receipts {
				if r.Grant != g.ID {
					continue
				}
				err := q.PutErasedReceipt(ctx, consentsql.PutErasedReceiptParams{Business: g.Business, GrantID: g.ID, Receipt: r.Receipt, Received: now.Unix()})
				if err != nil {
					return err
				}
			}
		}
		if err := q.EraseGrants(ctx, v); err != nil { // papers, permits, accesses, messages go with them
			return err
		}
		if err := q.EraseRights(ctx, v); err != nil { // their replies go with them
			return err
		}
		if err := q.EraseDecisions(ctx, v); err != nil {
			return err
		}
		if err := q.ErasePreference(ctx, v); err != nil {
			return err
		}
		if err := q.AddLeftover(ctx); err != nil {
			return err
		}
		return s.keeper.Erase(ctx, tx, v)
	})
	if err != nil {
		return 0, wrap("erasing a vault", err)
	}
	for _, g := range grants {
		s.facts.forget(g)
	}
	s.nudge()
	vacuum, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := s.overwrite(vacuum, now); err != nil {
		return withdrawn, fmt.Errorf("erasing a vault: %w: %w", ErrLeftovers, err)
	}
	return withdrawn, nil
}
