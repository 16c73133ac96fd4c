package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// How much a business may hand a shopper: a deposit takes no permit and no channel, since
// it asks for nothing and nothing of it is read before the shopper looks.
const (
	mostDeposits = 10 // a day, under one grant
	mostWaiting  = 32 // in one vault, from all businesses
)

// Deposit is a sealed record on its way to a shopper.
type Deposit struct {
	ID       id.Deposit
	Vault    id.Vault // filled in by the store
	Grant    id.Grant
	Business consent.DID
	Sealed   string // JWE; "" once it is settled
	Received consent.Unix
	Settled  consent.Unix // 0 while it waits
	State    consent.DepositState
}

// PutDeposit keeps a deposit for the shopper. One that is there already is returned as it
// stands; another of the same id is ErrMismatch. A grant that does not stand is a
// *consent.Denial; ErrTooMany when the business hands over too much.
func (s *Store) PutDeposit(ctx context.Context, d Deposit, now time.Time) (kept Deposit, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, d.Grant))
		if err != nil {
			return notHeld(ctx, q, d.Business, d.Grant, now, err)
		}
		g, err := bareGrant(row)
		if err != nil {
			return err
		}
		if g.Business != d.Business {
			return consent.ErrNotFound
		}
		digest := consent.HashOf(d.Sealed)
		before, err := one(q.Deposit(ctx, consentsql.DepositParams{VaultID: g.Vault, DepositID: d.ID}))
		if err == nil {
			if kept = depositOf(before.Deposit, before.Business); consent.Hash(before.Deposit.Digest) != digest || kept.Grant != d.Grant {
				return ErrMismatch
			}
			return nil
		} else if err != consent.ErrNotFound {
			return err
		}
		if err := consent.Check(g, now, consent.Need{Business: d.Business}); err != nil {
			return err
		}
		if err := depositRoom(ctx, q, g, now); err != nil {
			return err
		}
		d.Vault, d.Received, d.State = g.Vault, consent.UnixAt(now), consent.DepositWaiting
		kept = d
		return q.PutDeposit(ctx, consentsql.PutDepositParams{
			VaultID: d.Vault, DepositID: d.ID, GrantID: d.Grant, Digest: digest[:], Sealed: d.Sealed, Received: int64(d.Received),
		})
	})
	return kept, wrap("keeping a deposit", err)
}

func depositRoom(ctx context.Context, q *consentsql.Queries, g consent.Grant, now time.Time) error {
	grants, err := line(ctx, q, g.Vault, g.ID) // a change lets nobody hand over more often
	if err != nil {
		return err
	}
	var made int64
	for _, of := range grants {
		n, err := q.DepositsSince(ctx, consentsql.DepositsSinceParams{VaultID: g.Vault, GrantID: of, Received: now.Add(-24 * time.Hour).Unix()})
		if err != nil {
			return err
		}
		made += n
	}
	waiting, err := q.DepositsWaiting(ctx, g.Vault)
	if err == nil && (made >= mostDeposits || len(waiting) >= mostWaiting) {
		err = ErrTooMany
	}
	return err
}

// DepositOf tells a business what became of its deposit under a grant.
func (s *Store) DepositOf(ctx context.Context, by consent.DID, g id.Grant, d id.Deposit) (out Deposit, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		held, err := one(q.GrantByID(ctx, g))
		if err != nil {
			return err
		}
		row, err := one(q.Deposit(ctx, consentsql.DepositParams{VaultID: held.VaultID, DepositID: d}))
		if err == nil && (row.Business != by || row.Deposit.GrantID != g) {
			err = consent.ErrNotFound
		}
		out = depositOf(row.Deposit, row.Business)
		return err
	})
	return out, wrap("reading a deposit", err)
}

// Deposits lists what waits for a vault's shopper, newest first.
func (s *Store) Deposits(ctx context.Context, v id.Vault) (all []Deposit, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.DepositsWaiting(ctx, v)
		for _, row := range rows {
			all = append(all, depositOf(row.Deposit, row.Business))
		}
		return err
	})
	return all, wrap("listing deposits", err)
}

// SettleDeposit is the shopper's word: accepted, once the record is in the vault, or
// declined. What was sealed is deleted and the business is told, in one transaction. The
// same word again changes nothing; another one is ErrMismatch.
func (s *Store) SettleDeposit(ctx context.Context, v id.Vault, d id.Deposit, to consent.DepositState, now time.Time) error {
	return wrap("settling a deposit", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, err := one(q.Deposit(ctx, consentsql.DepositParams{VaultID: v, DepositID: d}))
		if err != nil {
			return err
		}
		n, err := q.SettleDeposit(ctx, consentsql.SettleDepositParams{State: string(to), Settled: now.Unix(), VaultID: v, DepositID: d})
		if err != nil {
			return err
		}
		if n == 0 {
			if row.Deposit.State != string(to) {
				return ErrMismatch
			}
			return nil
		}
		kind := EventDeposited
		if to == consent.DepositDeclined {
			kind = EventDeclined
		}
		return tell(ctx, q, row.Business, Event{Kind: kind, Grant: row.Deposit.GrantID, Deposit: d, At: consent.UnixAt(now)})
	}))
}

func depositOf(row consentsql.Deposit, business consent.DID) Deposit {
	return Deposit{
		ID: row.DepositID, Vault: row.VaultID, Grant: row.GrantID, Business: business, Sealed: row.Sealed,
		Received: consent.Unix(row.Received), Settled: consent.Unix(row.Settled), State: consent.DepositState(row.State),
	}
}

// depositsSound holds what is kept of deposits against the grant they came under.
func (h holding) depositsSound(say func(string, ...any)) {
	for _, row := range h.deposits {
		d := depositOf(row, h.Business)
		if (d.State == consent.DepositWaiting) != (d.Sealed != "" && d.Settled == 0) {
			say("a deposit is %s, and what was sealed is kept as if it were not", d.State)
		}
		if d.State == consent.DepositWaiting && consent.HashOf(d.Sealed) != consent.Hash(row.Digest) {
			say("a deposit is not what was handed over")
		}
		if d.Received.Time().Before(h.Start.Time()) || !d.Received.Time().Before(h.End.Time()) || h.Withdrawn != 0 && d.Received > h.Withdrawn {
			say("deposit at %d, when the grant did not stand", d.Received)
		}
	}
}
