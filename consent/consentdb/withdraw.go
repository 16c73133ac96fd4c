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

// Withdrawal ends one grant. Its entry was verified with the grant's wallet key.
type Withdrawal struct {
	Vault   id.Vault
	Grant   id.Grant
	Entry   anchor.Withdraw // of no meaning for a paused grant, which is off the ledger
	Receipt string          // JWT; "" when the wallet that could sign one is lost
	At      time.Time

	Partners []Withdrawal // of the grants under it; one that is left out ends with the entry signed ahead
}

// Withdraw ends a grant at once, whether the ledger answers or not: when it
// returns, no release succeeds any more, the shares are gone, and the entry is in
// the outbox. Withdrawing again changes nothing. consent.ErrNotFound for a grant of
// another vault; a *consent.Denial for one that ended otherwise. With it end the grants
// to partners that stand under it; a partner's own ends alone.
func (s *Store) Withdraw(ctx context.Context, w Withdrawal) error {
	err := s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, w.Grant))
		if err != nil {
			return err
		}
		switch {
		case row.VaultID != w.Vault:
			return consent.ErrNotFound
		case consent.State(row.State) == consent.StateWithdrawn:
			return nil
		}
		if err := s.withdrawOnward(ctx, q, tx, row, w.Partners, w.At); err != nil {
			return err
		}
		ended, err := s.end(ctx, q, tx, row, consent.StateWithdrawn, w.At)
		if err != nil {
			return err
		}
		if !ended {
			return denialOf(row, w.At)
		}
		receipt, err := s.sealReceipt(ctx, w.Vault, w.Grant, consent.EventWithdrawn, w.Receipt)
		if err != nil {
			return err
		}
		if consent.State(row.State) == consent.StatePaused {
			return q.PutWithdrawalReceipt(ctx, consentsql.PutWithdrawalReceiptParams{WithdrawalReceipt: receipt, VaultID: w.Vault, GrantID: w.Grant})
		}
		err = q.PutWithdrawal(ctx, consentsql.PutWithdrawalParams{
			WithdrawEntry: w.Entry.Bytes(), WithdrawalReceipt: receipt, VaultID: w.Vault, GrantID: w.Grant,
		})
		if err != nil {
			return err
		}
		return enqueue(ctx, q, w.Entry.Bytes(), w.At)
	})
	if err == nil {
		s.nudge()
	}
	return wrap("withdrawing", err)
}

// denialOf says why a grant that cannot be ended or changed any more gives nothing.
func denialOf(row consentsql.GrantRecord, at time.Time) error {
	g, err := bareGrant(row)
	if err != nil {
		return err
	}
	if err := consent.Check(g, at, consent.Need{Business: g.Business}); err != nil {
		return err
	}
	return fmt.Errorf("a grant that is %s cannot be ended", g.State)
}

// end moves a grant that is not over into a state in which it is, drops its
// shares and tells the business; with it end the grants to partners under it. ended is false if it was over before.
func (s *Store) end(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, row consentsql.GrantRecord, to consent.State, at time.Time) (ended bool, err error) {
	withdrawn, kind := int64(0), EventTerminated
	if to == consent.StateWithdrawn {
		withdrawn, kind = at.Unix(), EventWithdrawn
	}
	n, err := q.EndGrant(ctx, consentsql.EndGrantParams{State: string(to), Withdrawn: withdrawn, VaultID: row.VaultID, GrantID: row.GrantID})
	if err != nil || n == 0 {
		return false, err
	}
	if err := s.keeper.DropShares(ctx, tx, row.VaultID, row.GrantID); err != nil {
		return false, err
	}
	if err := s.endOnward(ctx, q, tx, row, to, at); err != nil {
		return false, err
	}
	return true, tell(ctx, q, row.Business, Event{Kind: kind, Request: row.RequestID, Grant: row.GrantID, At: consent.UnixAt(at)})
}
