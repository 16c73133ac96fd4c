package vaultdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// Documents returns everything sealed in the vault, the manifest included.
func (s *Store) Documents(ctx context.Context, v id.Vault) (docs []vault.Document, err error) {
	err = s.readOne(ctx, func(q *vaultsql.Queries) error {
		rows, err := q.ListDocuments(ctx, v)
		for _, r := range rows {
			docs = append(docs, vault.Document{ID: r.DocumentID, Version: r.Version, Sealed: r.Sealed})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading documents: %w", err)
	}
	return docs, nil
}

// WriteDocuments changes documents all at once or not at all. It is ErrOtherKey when one
// is sealed under another key than the vault's, ErrNotFinished for a vault without two
// ways in, ErrInvalid for a new one whose attachment is not all there, and a
// [*vault.Conflict] when one is not at the version the batch expects. Shares in the
// batch are put to the gate.
func (s *Store) WriteDocuments(ctx context.Context, v id.Vault, b vault.Batch) error {
	err := s.db.Write(ctx, func(tx sqldb.Tx) error {
		if len(b.Shares) > 0 {
			if err := vault.CheckShares(b.Shares); err != nil {
				return err
			}
			if s.gate == nil {
				return fmt.Errorf("shares without a gate: %w", vault.ErrInvalid)
			}
			if err := s.gate.Admit(ctx, tx, v, b.Shares); err != nil {
				return fmt.Errorf("admitting shares: %w", err)
			}
		}
		return PutDocuments(ctx, tx, v, b)
	})
	if err != nil {
		return fmt.Errorf("writing documents: %w", err)
	}
	return nil
}

// PutDocuments is WriteDocuments inside a transaction of the caller's, who answers
// for the shares in the batch.
func PutDocuments(ctx context.Context, tx sqldb.Tx, v id.Vault, b vault.Batch) error {
	headers, err := b.Headers()
	if err != nil {
		return err
	}
	q := vaultsql.New(tx)
	row, err := q.GetVaultToWrite(ctx, v)
	if err != nil {
		return found(err)
	}
	if row.State != vault.Open {
		return vault.ErrNotFinished
	}
	key := row.KeyNumber
	if row.Rotating { // once a rotation has begun, under the next one
		key++
	}
	if len(b.Puts)+len(b.Deletes) > 0 && !slices.ContainsFunc(b.Puts, func(p vault.Document) bool { return p.ID == id.Document(v) }) {
		return fmt.Errorf("batch without the manifest: %w", vault.ErrInvalid)
	}
	more := false
	for i, p := range b.Puts {
		if headers[i].Key != key {
			return vault.ErrOtherKey
		}
		if err := put(ctx, q, v, p, key); err != nil {
			return err
		}
		more = more || p.Version == 1
	}
	for _, d := range b.Deletes {
		have, err := version(ctx, q, v, d.ID)
		if err != nil {
			return err
		}
		if have != d.Version {
			return &vault.Conflict{Document: d.ID, Have: have}
		}
		// Its shares go with it, by cascade.
		if err := q.DeleteDocument(ctx, vaultsql.DeleteDocumentParams{VaultID: v, DocumentID: d.ID}); err != nil {
			return err
		}
	}
	if more {
		n, err := q.CountDocuments(ctx, v)
		if err != nil {
			return err
		}
		if n > vault.MaxDocuments {
			return fmt.Errorf("%d documents in one vault: %w", n, vault.ErrTooMany)
		}
	}
	return PutShares(ctx, tx, v, b.Shares)
}

// put stores one version of a document, if it has the one before.
func put(ctx context.Context, q *vaultsql.Queries, v id.Vault, p vault.Document, key int64) error {
	if p.Version > 1 {
		n, err := q.ReplaceDocument(ctx, vaultsql.ReplaceDocumentParams{
			Version: p.Version, Sealed: p.Sealed, KeyNumber: key, VaultID: v, DocumentID: p.ID, Version_2: p.Version - 1,
		})
		if err == nil && n == 1 && p.ID != id.Document(v) { // the manifest is nobody's to share
			// Old shares carry the old version's key.
			err = q.DropSharesOfDocument(ctx, vaultsql.DropSharesOfDocumentParams{VaultID: v, DocumentID: p.ID})
		}
		if err != nil || n == 1 {
			return err
		}
	}
	have, err := version(ctx, q, v, p.ID)
	if err != nil {
		return err
	}
	if p.Version != have+1 {
		return &vault.Conflict{Document: p.ID, Have: have}
	}
	if err := whole(ctx, q, v, p.ID); err != nil {
		return err
	}
	return q.InsertDocument(ctx, vaultsql.InsertDocumentParams{VaultID: v, DocumentID: p.ID, Version: p.Version, Sealed: p.Sealed, KeyNumber: key})
}

// version of a document, 0 if there is none.
func version(ctx context.Context, q *vaultsql.Queries, v id.Vault, d id.Document) (int64, error) {
	n, err := q.GetDocumentVersion(ctx, vaultsql.GetDocumentVersionParams{VaultID: v, DocumentID: d})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}
