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

// putReferences holds a request against the template that it names and the grants that
// it replaces, and notes both. *consent.Refusal with WrongTemplate or WrongGrants.
func putReferences(ctx context.Context, q *consentsql.Queries, r consent.Request, now time.Time) error {
	if r.Template != nil {
		row, err := one(q.Template(ctx, consentsql.TemplateParams{Business: r.Iss, Name: r.Template.Name, Version: int64(r.Template.Version)}))
		if err == consent.ErrNotFound {
			return &consent.Refusal{Code: consent.WrongTemplate, At: "template"}
		} else if err != nil {
			return err
		}
		t, err := templateOf(row)
		if err != nil {
			return err
		}
		if err := r.Repeats(t); err != nil {
			return err
		}
		err = q.PutRequestTemplate(ctx, consentsql.PutRequestTemplateParams{RequestID: r.ID, Business: r.Iss, Name: t.Name, Version: int64(t.Version)})
		if err != nil {
			return err
		}
	}
	if r.Replaces == nil {
		return nil
	}
	var shopper id.Vault
	for i, g := range r.Replaces.Grants {
		row, err := one(q.GrantByID(ctx, g))
		if err != nil && err != consent.ErrNotFound {
			return err
		}
		// All of it is one answer: whose a grant is that is not this business's, nobody
		// learns here.
		if err != nil || row.Business != r.Iss || len(row.OnwardOf) > 0 || !stands(row, now) || i > 0 && row.VaultID != shopper {
			return &consent.Refusal{Code: consent.WrongGrants, At: "replaces.grants"}
		}
		shopper = row.VaultID
		if err := q.PutReplacement(ctx, consentsql.PutReplacementParams{RequestID: r.ID, GrantID: g}); err != nil {
			return err
		}
	}
	return nil
}

// stands reports whether a grant gives something, or will once it is anchored or resumed.
func stands(row consentsql.GrantRecord, now time.Time) bool {
	g, err := bareGrant(row)
	return err == nil && g.Stands(now)
}

// Replaced is a grant that ends by a decision about a newer request.
type Replaced struct {
	consent.Replacement
	Kind    consent.ChangeKind
	Entry   anchor.Withdraw // of no meaning for a paused grant, which is off the ledger
	Receipt string          // JWT of its withdrawal

	Partners []Withdrawal // of the grants under it, as with a withdrawal
}

// replace ends a grant by a decision, in its transaction. One that ended meanwhile has
// ended.
func (s *Store) replace(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, d Decision, r Replaced) error {
	row, err := one(q.GrantByID(ctx, r.Old))
	if err == nil && row.VaultID != d.Vault {
		err = consent.ErrNotFound
	}
	if err != nil || !stands(row, d.At) {
		return err
	}
	if err := s.withdrawOnward(ctx, q, tx, row, r.Partners, d.At); err != nil {
		return err
	}
	paused := consent.State(row.State) == consent.StatePaused
	sealed, err := s.sealReceipt(ctx, row.VaultID, row.GrantID, consent.EventWithdrawn, r.Receipt)
	if err != nil {
		return err
	}
	receipt := consentsql.PutWithdrawalReceiptParams{WithdrawalReceipt: sealed, VaultID: row.VaultID, GrantID: row.GrantID}
	if !r.Next.IsZero() {
		err := s.supersede(ctx, q, tx, row, supersession{kind: r.Kind, next: r.Next, withdraw: r.Entry.Bytes(), at: d.At})
		if err != nil {
			return err
		}
		return q.PutWithdrawalReceipt(ctx, receipt)
	}
	if !paused {
		return s.endOne(ctx, q, tx, row, consent.StateWithdrawn, r.Entry.Bytes(), r.Receipt, d.At)
	}
	if _, err := s.end(ctx, q, tx, row, consent.StateWithdrawn, d.At); err != nil {
		return err
	}
	return q.PutWithdrawalReceipt(ctx, receipt)
}

// mayAnswer is nil if the request is open to everyone with the link, or replaces grants
// of that vault; consent.ErrNotFound if of another, or of one that was erased.
func mayAnswer(ctx context.Context, q *consentsql.Queries, v id.Vault, r id.Request) error {
	n, err := q.Replacements(ctx, r)
	if err != nil || n == 0 {
		return err
	}
	n, err = q.ReplacementsOf(ctx, consentsql.ReplacementsOfParams{RequestID: r, VaultID: v})
	if err == nil && n == 0 {
		err = consent.ErrNotFound
	}
	return err
}

// Waiting lists the open requests that replace grants of a vault, the newest first: its
// wallet shows them without a link.
func (s *Store) Waiting(ctx context.Context, v id.Vault, now time.Time) (all []Request, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.WaitingRequests(ctx, consentsql.WaitingRequestsParams{VaultID: v, Now: now.Unix()})
		for _, row := range rows {
			all = append(all, requestOf(row))
		}
		return err
	})
	return all, wrap("listing waiting requests", err)
}
