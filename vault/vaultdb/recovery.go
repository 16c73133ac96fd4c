package vaultdb

import (
	"context"
	"errors"
	"fmt"

	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// replaceSheet forgets how the vault's words signed in and remembers how the new
// ones do, if they do.
func replaceSheet(ctx context.Context, q *vaultsql.Queries, key keyring.Key, v id.Vault, sheet *vault.Sheet) error {
	err := q.EndSessionsOf(ctx, vaultsql.EndSessionsOfParams{VaultID: v, CredentialID: []byte{}})
	if err != nil {
		return err
	}
	if sheet == nil {
		return q.DropRecovery(ctx, v)
	}
	return q.PutRecovery(ctx, vaultsql.PutRecoveryParams{VaultID: v, LocatorHash: sheet.LocatorHash[:], Signer: key.Seal(placeOfSigner, sheet.Signer)})
}

// Sheets returns the sheets with that locator hash. There is one or none unless
// somebody copied another's: who signs decides.
func (s *Store) Sheets(ctx context.Context, locatorHash [32]byte) (out []vault.Registered, err error) {
	var rows []vaultsql.FindRecoveriesRow
	err = s.read(ctx, func(q *vaultsql.Queries) (err error) {
		rows, err = q.FindRecoveries(ctx, locatorHash[:])
		return err
	})
	for _, r := range rows {
		var key keyring.Key
		if key, err = s.key(ctx, r.VaultID); errors.Is(err, vault.ErrNotFound) {
			err = nil // on its way out
			continue
		}
		var signer []byte
		if err == nil {
			signer, err = key.Open(placeOfSigner, r.Signer)
		}
		if err != nil {
			break
		}
		out = append(out, vault.Registered{Vault: r.VaultID, Sheet: vault.Sheet{LocatorHash: locatorHash, Signer: signer}})
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a sheet: %w", err)
	}
	return out, nil
}
