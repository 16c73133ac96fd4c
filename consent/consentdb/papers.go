package consentdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
)

// What a shopper's decisions left on paper is sealed under the vault's key of the
// keyring: receipts, letters, decisions, and what permits of messages commit to with
// its openings. Without that key, a copy of the database shows none of it. What the gate
// reads is not sealed so: it is grants and shares.
func placeOfReceipt(g id.Grant, event string) string {
	return "receipt\x00" + string(g[:]) + event
}

func placeOfLetter(g id.Grant) string     { return "letter\x00" + string(g[:]) }
func placeOfDecision(r id.Request) string { return "decision\x00" + string(r[:]) }
func placeOfDocument(m id.Message) string { return "message\x00" + string(m[:]) }
func placeOfOpening(m id.Message) string  { return "opening\x00" + string(m[:]) }

// key is the vault's; consent.ErrNotFound if it was destroyed, since then the vault is
// gone. The keyring is another database: it may be asked in a turn of this one.
func (s *Store) key(ctx context.Context, v id.Vault) (keyring.Key, error) {
	k, err := s.ring.Key(ctx, v)
	if errors.Is(err, keyring.ErrGone) {
		return k, consent.ErrNotFound
	}
	return k, err
}

// sealReceipt seals the receipt of an event of a grant; none stays none.
func (s *Store) sealReceipt(ctx context.Context, v id.Vault, g id.Grant, event, receipt string) (string, error) {
	if receipt == "" {
		return "", nil
	}
	k, err := s.key(ctx, v)
	if err != nil {
		return "", err
	}
	return k.SealText(placeOfReceipt(g, event), receipt), nil
}

// unseal opens the papers of grants of one vault.
func (s *Store) unseal(ctx context.Context, grants ...Grant) error {
	if len(grants) == 0 {
		return nil
	}
	k, err := s.key(ctx, grants[0].Vault)
	if err != nil {
		return err
	}
	for i := range grants {
		g := &grants[i]
		var errs [3]error
		g.Receipt, errs[0] = k.OpenText(placeOfReceipt(g.ID, consent.EventGiven), g.Receipt)
		g.Letter, errs[1] = k.OpenText(placeOfLetter(g.ID), g.Letter)
		g.WithdrawalReceipt, errs[2] = k.OpenText(placeOfReceipt(g.ID, consent.EventWithdrawn), g.WithdrawalReceipt)
		err := errors.Join(errs[:]...)
		for n := range g.Later {
			l := &g.Later[n]
			var one error
			l.Receipt, one = k.OpenText(placeOfReceipt(g.ID, l.Event), l.Receipt)
			err = errors.Join(err, one)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unsealMessages opens the papers of messages of one vault.
func (s *Store) unsealMessages(ctx context.Context, messages ...*Message) error {
	if len(messages) == 0 {
		return nil
	}
	k, err := s.key(ctx, messages[0].Vault)
	for _, m := range messages {
		if err != nil {
			return err
		}
		if m.Document, err = k.OpenText(placeOfDocument(m.ID), m.Document); err == nil {
			m.Opening, err = k.OpenText(placeOfOpening(m.ID), m.Opening)
		}
	}
	return err
}

// SealAll seals what lies open in a database of before there was a keyring. Vaults
// without a key are left as they are. Cut off, it is called again.
func (s *Store) SealAll(ctx context.Context) error {
	if err := s.sealPapers(ctx); err != nil {
		return wrap("sealing papers", err)
	}
	return wrap("sealing decisions", s.sealDecisions(ctx))
}

// sealer seals what is not sealed yet.
type sealer struct{ keyring.Key }

func (k sealer) text(place, stored string) string {
	if _, err := k.OpenText(place, stored); err == nil {
		return stored
	}
	return k.SealText(place, stored)
}

func (s *Store) sealPapers(ctx context.Context) error {
	at := consentsql.GrantsAfterParams{Limit: page}
	for {
		var rows []consentsql.GrantsAfterRow
		err := s.read(ctx, func(q *consentsql.Queries) (err error) {
			rows, err = q.GrantsAfter(ctx, at)
			return err
		})
		if err != nil {
			return err
		}
		err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
			for _, row := range rows {
				k, err := s.key(ctx, row.GrantRecord.VaultID)
				if err == consent.ErrNotFound {
					continue
				} else if err != nil {
					return err
				}
				if err := sealGrant(ctx, q, sealer{k}, row.GrantPaper); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(rows) < page {
			return err
		}
		last := rows[len(rows)-1].GrantRecord
		at.VaultID, at.GrantID = last.VaultID, last.GrantID
	}
}

func sealGrant(ctx context.Context, q *consentsql.Queries, k sealer, p consentsql.GrantPaper) error {
	err := q.SetPaper(ctx, consentsql.SetPaperParams{
		Receipt:           k.text(placeOfReceipt(p.GrantID, consent.EventGiven), p.Receipt),
		Letter:            k.text(placeOfLetter(p.GrantID), p.Letter),
		WithdrawalReceipt: k.text(placeOfReceipt(p.GrantID, consent.EventWithdrawn), p.WithdrawalReceipt),
		VaultID:           p.VaultID, GrantID: p.GrantID,
	})
	if err != nil {
		return err
	}
	later, err := q.LaterReceipts(ctx, consentsql.LaterReceiptsParams{VaultID: p.VaultID, GrantID: p.GrantID})
	if err != nil {
		return err
	}
	for _, l := range later {
		err := q.SetLaterReceipt(ctx, consentsql.SetLaterReceiptParams{
			Receipt: k.text(placeOfReceipt(p.GrantID, l.Event), l.Receipt), VaultID: p.VaultID, GrantID: p.GrantID, Event: l.Event})
		if err != nil {
			return err
		}
	}
	messages, err := q.MessagesOfGrant(ctx, consentsql.MessagesOfGrantParams{VaultID: p.VaultID, GrantID: p.GrantID})
	if err != nil {
		return err
	}
	for _, m := range messages {
		err := q.SetMessagePapers(ctx, consentsql.SetMessagePapersParams{
			Document: k.text(placeOfDocument(m.MessageID), m.Document), Opening: k.text(placeOfOpening(m.MessageID), m.Opening),
			VaultID: p.VaultID, MessageID: m.MessageID})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) sealDecisions(ctx context.Context) error {
	at := consentsql.DecisionsAfterParams{Limit: page}
	for {
		var rows []consentsql.DecisionsAfterRow
		err := s.read(ctx, func(q *consentsql.Queries) (err error) {
			rows, err = q.DecisionsAfter(ctx, at)
			return err
		})
		if err != nil {
			return err
		}
		err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
			for _, d := range rows {
				k, err := s.key(ctx, d.VaultID)
				if err == consent.ErrNotFound {
					continue
				} else if err != nil {
					return err
				}
				err = q.SetDecision(ctx, consentsql.SetDecisionParams{
					Document: sealer{k}.text(placeOfDecision(d.RequestID), d.Document), VaultID: d.VaultID, RequestID: d.RequestID})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(rows) < page {
			return err
		}
		last := rows[len(rows)-1]
		at.VaultID, at.RequestID = last.VaultID, last.RequestID
	}
}

// Rewriting is when the database's file is rewritten after an erasure, so that not even
// overwritten rows' copies in index pages are left. What they hold is ciphertext whose
// key is destroyed, and random ids.
type Rewriting struct {
	Below int64 // bytes: a smaller file is rewritten at once
	Hour  int   // of the operator's day, in which a larger one is
}

// DefaultRewriting suits an operator whose quiet hour is from three to four.
var DefaultRewriting = Rewriting{Below: 64 << 20, Hour: 3}

// overwrite removes what deleted rows left in the database's files, as far as it may now.
func (s *Store) overwrite(ctx context.Context, now time.Time) error {
	var left int64
	err := s.read(ctx, func(q *consentsql.Queries) (err error) {
		left, err = one(q.Leftover(ctx))
		return err
	})
	if err == consent.ErrNotFound {
		return nil
	} else if err != nil {
		return err
	}
	if size, err := s.db.Size(); err != nil {
		return err
	} else if size >= s.rewriting.Below && now.Local().Hour() != s.rewriting.Hour {
		return s.db.Checkpoint(ctx)
	}
	if err := s.db.Vacuum(ctx); err != nil {
		return fmt.Errorf("overwriting deleted bytes: %w", err)
	}
	// Unless something was erased meanwhile.
	return s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error { return q.DropLeftover(ctx, left) })
}
