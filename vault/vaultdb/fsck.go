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
// against what others know. Nobody should write meanwhile; memory is bounded by the
// largest vault.
func (s *Store) Each(ctx context.Context, f func(v id.Vault, documents []vault.Document, shares []vault.Share) error) error {
	return s.pages(ctx, func(vaults []id.Vault) error {
		for _, v := range vaults {
			documents, err := s.Documents(ctx, v)
			if err != nil {
				return err
			}
			var shares []vault.Share
			if err := s.db.Read(ctx, func(tx sqldb.Tx) (err error) {
				shares, err = Shares(ctx, tx, v)
				return err
			}); err != nil {
				return err
			}
			if err := f(v, documents, shares); err != nil {
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
