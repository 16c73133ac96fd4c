package vaultdb

import (
	"context"
	"fmt"

	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// page is how many vaults Each lists at a time.
const page = 256

// Each calls f with every vault and what is stored of it, so that it can be held
// against what others know: documents, shares, and which documents are [Incomplete].
// Nobody should write meanwhile; memory is bounded by the largest vault.
func (s *Store) Each(ctx context.Context, f func(v id.Vault, documents []vault.Document, shares []vault.Share, incomplete []id.Document) error) error {
	return s.pages(ctx, func(vaults []id.Vault) error {
		for _, v := range vaults {
			documents, err := s.Documents(ctx, v)
			if err != nil {
				return err
			}
			var shares []vault.Share
			var incomplete []id.Document
			if err := s.db.Read(ctx, func(tx sqldb.Tx) (err error) {
				if shares, err = Shares(ctx, tx, v); err == nil {
					incomplete, err = Incomplete(ctx, tx, v)
				}
				return err
			}); err != nil {
				return err
			}
			if err := f(v, documents, shares, incomplete); err != nil {
				return err
			}
		}
		return nil
	})
}

// pages calls f with all vaults, some at a time, in ascending order.
func (s *Store) pages(ctx context.Context, f func([]id.Vault) error) error {
	var after id.Vault
	for {
		var vaults []id.Vault
		err := s.read(ctx, func(q *vaultsql.Queries) (err error) {
			vaults, err = q.VaultsAfter(ctx, vaultsql.VaultsAfterParams{VaultID: after, Limit: page})
			return err
		})
		if err != nil {
			return fmt.Errorf("listing vaults: %w", err)
		}
		if err := f(vaults); err != nil || len(vaults) < page {
			return err
		}
		after = vaults[len(vaults)-1]
	}
}

// Incomplete returns the documents of a vault whose attachments lack chunks, and so
// cannot be opened. An upload that goes on has no document yet and is not among them.
func Incomplete(ctx context.Context, tx sqldb.Tx, v id.Vault) ([]id.Document, error) {
	documents, err := vaultsql.New(tx).IncompleteAttachments(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("looking for chunks: %w", err)
	}
	return documents, nil
}
