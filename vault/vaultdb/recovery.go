package vaultdb

import (
	"context"
	"fmt"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// replaceSheet forgets how the vault's words signed in and remembers how the new
// ones do, if they do.
func replaceSheet(ctx context.Context, q *vaultsql.Queries, v id.Vault, sheet *vault.Sheet) error {
	err := q.EndSessionsOf(ctx, vaultsql.EndSessionsOfParams{VaultID: v, CredentialID: []byte{}})
	if err != nil {
		return err
	}
	if sheet == nil {
		return q.DropRecovery(ctx, v)
	}
	return q.PutRecovery(ctx, vaultsql.PutRecoveryParams{VaultID: v, LocatorHash: sheet.LocatorHash[:], Signer: sheet.Signer})
}

// Sheets returns the sheets with that locator hash. There is one or none unless
// somebody copied another's: who signs decides.
func (s *Store) Sheets(ctx context.Context, locatorHash [32]byte) (out []vault.Registered, err error) {
	err = s.read(ctx, func(q *vaultsql.Queries) error {
		rows, err := q.FindRecoveries(ctx, locatorHash[:])
		for _, r := range rows {
			out = append(out, vault.Registered{Vault: r.VaultID, Sheet: vault.Sheet{LocatorHash: locatorHash, Signer: r.Signer}})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("looking for a sheet: %w", err)
	}
	return out, nil
}
