package vaultdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// What is stored of how to get into a vault is sealed once more, under the vault's key
// of the keyring: a wrap's ciphertext, a passkey's record, a sheet's signer. Without the
// key nothing here leads to the vault's own key any more, and so to no document.
func placeOfWrap(kind string, credential []byte) string {
	return "wrap\x00" + kind + "\x00" + string(credential)
}

func placeOfRecord(credential []byte) string { return "passkey\x00" + string(credential) }

const placeOfSigner = "signer"

// key is the vault's; ErrNotFound if it was destroyed, since then the vault is gone.
func (s *Store) key(ctx context.Context, v id.Vault) (keyring.Key, error) {
	k, err := s.ring.Key(ctx, v)
	if errors.Is(err, keyring.ErrGone) {
		return k, vault.ErrNotFound
	}
	return k, err
}

// Bound is which keyring seals the vaults and how many of its keys were destroyed with
// their vaults' rows gone; ErrNotFound in a database of before there was one.
func Bound(ctx context.Context, db *sqldb.DB) (ring keyring.ID, destroyed int64, err error) {
	err = db.Read(ctx, func(tx sqldb.Tx) error {
		row, err := vaultsql.New(tx).GetRing(ctx)
		copy(ring[:], row.RingID)
		destroyed = row.Destroyed
		return found(err)
	})
	if err != nil {
		err = fmt.Errorf("asking for the keyring's name: %w", err)
	}
	return ring, destroyed, err
}

// Bind writes down that the store's keyring seals its vaults, and that the rows of so
// many destroyed keys are gone.
func (s *Store) Bind(ctx context.Context, destroyed int64) error {
	ring := s.ring.ID()
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		return q.PutRing(ctx, vaultsql.PutRingParams{RingID: ring[:], Destroyed: destroyed})
	})
	if err != nil {
		return fmt.Errorf("binding the keyring: %w", err)
	}
	return nil
}

// Unsettle marks a database that was restored from a copy: which of its vaults are
// erased is to be looked for, and who signed in since, nobody knows.
func Unsettle(ctx context.Context, db *sqldb.DB) error {
	err := db.Write(ctx, func(tx sqldb.Tx) error {
		q := vaultsql.New(tx)
		if err := q.ForgetActivity(ctx); err != nil {
			return err
		}
		return q.ForgetDestroyed(ctx)
	})
	if err != nil {
		return fmt.Errorf("marking a restored database: %w", err)
	}
	return nil
}

// Gone calls f with every vault whose key is gone: it was erased after this database
// was copied, or the erasure was cut off. Memory is bounded.
func (s *Store) Gone(ctx context.Context, f func(id.Vault) error) error {
	return s.pages(ctx, func(page []id.Vault) error {
		missing, err := s.ring.Missing(ctx, page)
		for _, v := range missing {
			if err := f(v); err != nil {
				return err
			}
		}
		return err
	})
}

// SealAll gives every vault a key and seals what lies open in a database of before there
// was a keyring. Cut off, it is called again. With a complete keyring it makes no keys:
// a vault without one is erased, and left as it is.
func (s *Store) SealAll(ctx context.Context, complete bool) error {
	err := s.pages(ctx, func(page []id.Vault) error {
		if !complete {
			if err := s.ring.Make(ctx, page...); err != nil {
				return err
			}
		}
		for _, v := range page {
			if err := s.sealOne(ctx, v); err != nil && !errors.Is(err, vault.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sealing what is stored of vaults: %w", err)
	}
	return nil
}

func (s *Store) sealOne(ctx context.Context, v id.Vault) error {
	k, err := s.key(ctx, v)
	if err != nil {
		return err
	}
	// seal returns what to store; nothing if it is sealed already.
	seal := func(place string, b []byte) []byte {
		if _, err := k.Open(place, b); err == nil {
			return nil
		}
		return k.Seal(place, b)
	}
	return s.write(ctx, func(q *vaultsql.Queries) error {
		wraps, err := q.ListWraps(ctx, v)
		if err != nil {
			return err
		}
		for _, w := range wraps {
			if b := seal(placeOfWrap(w.Kind, w.CredentialID), w.Ciphertext); b != nil {
				if err := q.SetWrap(ctx, vaultsql.SetWrapParams{Ciphertext: b, VaultID: v, Kind: w.Kind, CredentialID: w.CredentialID}); err != nil {
					return err
				}
			}
		}
		passkeys, err := q.ListPasskeys(ctx, v)
		if err != nil {
			return err
		}
		for _, p := range passkeys {
			if b := seal(placeOfRecord(p.CredentialID), p.Record); b != nil {
				if _, err := q.SetRecord(ctx, vaultsql.SetRecordParams{Record: b, UsedAt: p.UsedAt, VaultID: v, CredentialID: p.CredentialID}); err != nil {
					return err
				}
			}
		}
		sheet, err := q.GetRecovery(ctx, v)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		if b := seal(placeOfSigner, sheet.Signer); b != nil {
			return q.SetSigner(ctx, vaultsql.SetSignerParams{Signer: b, VaultID: v})
		}
		return nil
	})
}
