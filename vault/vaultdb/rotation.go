package vaultdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// BeginRotation stores the next key under the ways in that keep opening the vault. Ways
// that are not among them lose their wrap, and words their sign-in; every session but
// the one with that token is over when this returns, because what they hold is the old
// key. ErrOtherKey when the key that follows on the vault's is not this one or has begun
// already, ErrNotFinished with fewer than two ways in.
func (s *Store) BeginRotation(ctx context.Context, v id.Vault, key int64, wraps []vault.Wrap, tokenHash [32]byte) error {
	door, err := s.key(ctx, v)
	if err != nil {
		return fmt.Errorf("beginning a rotation: %w", err)
	}
	err = s.write(ctx, func(q *vaultsql.Queries) error {
		row, err := q.GetVault(ctx, v)
		if err != nil {
			return found(err)
		}
		if row.State != vault.Open {
			return vault.ErrNotFinished
		}
		if begun, err := q.CountNextWraps(ctx, v); err != nil {
			return err
		} else if begun > 0 || key != row.KeyNumber+1 {
			return vault.ErrOtherKey
		}
		recovery := false
		for _, w := range wraps {
			if err := checkWrap(ctx, q, v, w); err != nil {
				return err
			}
			if w.Kind == vault.RecoveryWrap {
				recovery = true
			}
			err := q.PutNextWrap(ctx, vaultsql.PutNextWrapParams{
				VaultID: v, Kind: w.Kind, CredentialID: notNull(w.Credential), Iv: w.IV,
				Ciphertext: door.Seal(placeOfWrap(w.Kind, w.Credential), w.Ciphertext), Ephemeral: w.Ephemeral,
			})
			if err != nil {
				return err
			}
		}
		if n, err := q.CountNextWraps(ctx, v); err != nil {
			return err
		} else if n < 2 {
			return vault.ErrNotFinished
		}
		if !recovery {
			if err := q.DropRecovery(ctx, v); err != nil {
				return err
			}
		}
		if err := q.DropWrapsThatEnd(ctx, v); err != nil {
			return err
		}
		if err := q.DropPairing(ctx, v); err != nil {
			return err
		}
		return q.EndOtherSessions(ctx, vaultsql.EndOtherSessionsParams{VaultID: v, TokenHash: tokenHash[:]})
	})
	if err != nil {
		return fmt.Errorf("beginning a rotation: %w", err)
	}
	return nil
}

// Rekey takes a step of the rotation that has begun: all of it or nothing. A document
// that another device has rekeyed already is left as it is; a [*vault.Conflict] names
// one that is at another version or gone.
func (s *Store) Rekey(ctx context.Context, v id.Vault, key int64, rs []vault.Rekeyed) error {
	err := vault.CheckRekeyed(rs)
	if err == nil {
		err = s.write(ctx, func(q *vaultsql.Queries) error {
			if err := rotating(ctx, q, v, key); err != nil {
				return err
			}
			for _, r := range rs {
				row, err := q.GetDocument(ctx, vaultsql.GetDocumentParams{VaultID: v, DocumentID: r.Document})
				if errors.Is(err, sql.ErrNoRows) {
					return &vault.Conflict{Document: r.Document}
				} else if err != nil {
					return err
				}
				if row.Version != r.Version {
					return &vault.Conflict{Document: r.Document, Have: row.Version}
				}
				if row.KeyNumber == key {
					continue
				}
				sealed, err := row.Sealed.Rekey(key, r.EncryptedKey)
				if err != nil {
					return err
				}
				err = q.RekeyDocument(ctx, vaultsql.RekeyDocumentParams{Sealed: sealed, KeyNumber: key, VaultID: v, DocumentID: r.Document})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("rekeying documents: %w", err)
	}
	return nil
}

// FinishRotation makes the next key the vault's. ErrOtherKey while a document is under
// another one: its wraps must not go before.
func (s *Store) FinishRotation(ctx context.Context, v id.Vault, key int64) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		if err := rotating(ctx, q, v, key); err != nil {
			return err
		}
		left, err := q.CountUnderOtherKeys(ctx, vaultsql.CountUnderOtherKeysParams{VaultID: v, KeyNumber: key})
		if err != nil {
			return err
		}
		if left > 0 {
			return fmt.Errorf("%d documents are under the old key: %w", left, vault.ErrOtherKey)
		}
		for _, step := range []func(context.Context, id.Vault) error{q.DropWraps, q.TakeNextWraps, q.DropNextWraps} {
			if err := step(ctx, v); err != nil {
				return err
			}
		}
		return q.SetKeyNumber(ctx, vaultsql.SetKeyNumberParams{KeyNumber: key, VaultID: v})
	})
	if err != nil {
		return fmt.Errorf("finishing a rotation: %w", err)
	}
	return nil
}

// rotating reports with ErrOtherKey when no rotation to this key has begun.
func rotating(ctx context.Context, q *vaultsql.Queries, v id.Vault, key int64) error {
	row, err := q.GetVault(ctx, v)
	if err != nil {
		return found(err)
	}
	begun, err := q.CountNextWraps(ctx, v)
	if err == nil && (begun == 0 || key != row.KeyNumber+1) {
		return vault.ErrOtherKey
	}
	return err
}

// checkWrap reports whether the wrap has its shape and is for a way in of this vault.
func checkWrap(ctx context.Context, q *vaultsql.Queries, v id.Vault, w vault.Wrap) error {
	if err := w.Check(); err != nil {
		return err
	}
	if w.Kind != vault.PasskeyWrap {
		return nil
	}
	ours, err := q.HasPasskey(ctx, vaultsql.HasPasskeyParams{VaultID: v, CredentialID: w.Credential})
	if err == nil && !ours {
		err = fmt.Errorf("wrap for a passkey of another vault: %w", vault.ErrInvalid)
	}
	return err
}

// openWrap is a wrap as its wallet made it, of either key: both are sealed for the same
// place, since FinishRotation moves them.
func openWrap(key keyring.Key, w vaultsql.ListNextWrapsRow) (vault.Wrap, error) {
	ciphertext, err := key.Open(placeOfWrap(w.Kind, w.CredentialID), w.Ciphertext)
	return vault.Wrap{Kind: w.Kind, Credential: w.CredentialID, IV: w.Iv, Ciphertext: ciphertext, Ephemeral: w.Ephemeral}, err
}

// notNull is what a column that may not be null holds of no bytes.
func notNull(b []byte) []byte { return append([]byte{}, b...) }
