package vaultdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// Create makes a vault with its first passkey.
func (s *Store) Create(ctx context.Context, v vault.Vault, first vault.Passkey) error {
	// Before its vault: a key without one does no harm.
	err := s.ring.Make(ctx, v.ID)
	var key keyring.Key
	if err == nil {
		key, err = s.key(ctx, v.ID)
	}
	if err != nil {
		return fmt.Errorf("creating a vault: %w", err)
	}
	err = s.write(ctx, func(q *vaultsql.Queries) error {
		err := q.CreateVault(ctx, vaultsql.CreateVaultParams{
			VaultID: v.ID, Salt: v.Salt, State: v.State, CreatedAt: v.Created.Unix(), SignedInUntil: v.Created.Unix(),
		})
		if err != nil {
			return err
		}
		return addPasskey(ctx, q, key, v.ID, first)
	})
	if err != nil {
		return fmt.Errorf("creating a vault: %w", err)
	}
	return nil
}

// Keyring returns what a wallet needs to get in.
func (s *Store) Keyring(ctx context.Context, v id.Vault) (k vault.Keyring, err error) {
	key, err := s.key(ctx, v)
	if err != nil {
		return vault.Keyring{}, fmt.Errorf("reading a keyring: %w", err)
	}
	err = s.read(ctx, func(q *vaultsql.Queries) error {
		row, err := q.GetVault(ctx, v)
		if err != nil {
			return found(err)
		}
		k.Vault = vault.Vault{ID: row.VaultID, Salt: row.Salt, State: row.State, Key: row.KeyNumber, Created: time.Unix(row.CreatedAt, 0), Warned: moment(row.WarnedAt)}
		if k.Passkeys, err = passkeys(ctx, q, key, v); err != nil {
			return err
		}
		if _, err := q.GetRecovery(ctx, v); err == nil {
			k.Recovery = true
		} else if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		wraps, err := q.ListWraps(ctx, v)
		if err != nil {
			return err
		}
		for _, w := range wraps {
			one, err := openWrap(key, vaultsql.ListNextWrapsRow(w))
			if err != nil {
				return err
			}
			k.Wraps = append(k.Wraps, one)
		}
		next, err := q.ListNextWraps(ctx, v)
		if err != nil {
			return err
		}
		for _, w := range next {
			one, err := openWrap(key, w)
			if err != nil {
				return err
			}
			k.Next = append(k.Next, one)
		}
		return nil
	})
	if err != nil {
		return vault.Keyring{}, fmt.Errorf("reading a keyring: %w", err)
	}
	return k, nil
}

// PutWraps stores wraps of the vault's key with that number, each in the place of the
// one with the same kind and credential; ErrOtherKey if the vault has another one, or a
// rotation has begun. A passkey's wrap needs that passkey: ErrInvalid otherwise. With a
// recovery wrap the old sheet is dead when this returns: its words neither sign in
// nor does a session last that began with them. The new sheet signs in if it is
// given; it comes with its wrap only.
func (s *Store) PutWraps(ctx context.Context, v id.Vault, key int64, wraps []vault.Wrap, sheet *vault.Sheet) error {
	recovery := false
	for _, w := range wraps {
		if err := w.Check(); err != nil {
			return fmt.Errorf("storing wraps: %w", err)
		}
		recovery = recovery || w.Kind == vault.RecoveryWrap
	}
	if sheet != nil {
		err := sheet.Check()
		if err == nil && !recovery {
			err = fmt.Errorf("sheet without its wrap: %w", vault.ErrInvalid)
		}
		if err != nil {
			return fmt.Errorf("storing wraps: %w", err)
		}
	}
	door, err := s.key(ctx, v)
	if err != nil {
		return fmt.Errorf("storing wraps: %w", err)
	}
	err = s.write(ctx, func(q *vaultsql.Queries) error {
		row, err := q.GetVault(ctx, v)
		if err != nil {
			return found(err)
		}
		if begun, err := q.CountNextWraps(ctx, v); err != nil {
			return err
		} else if begun > 0 || key != row.KeyNumber {
			return vault.ErrOtherKey
		}
		for _, w := range wraps {
			if err := checkWrap(ctx, q, v, w); err != nil {
				return err
			}
			err := q.PutWrap(ctx, vaultsql.PutWrapParams{
				VaultID: v, Kind: w.Kind, CredentialID: notNull(w.Credential), Iv: w.IV,
				Ciphertext: door.Seal(placeOfWrap(w.Kind, w.Credential), w.Ciphertext), Ephemeral: w.Ephemeral,
			})
			if err != nil {
				return err
			}
		}
		if recovery {
			return replaceSheet(ctx, q, door, v, sheet)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("storing wraps: %w", err)
	}
	return nil
}

// Finish opens the vault for good, or says ErrNotFinished when there are fewer
// than two ways in.
func (s *Store) Finish(ctx context.Context, v id.Vault) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		n, err := q.CountWraps(ctx, v)
		if err != nil {
			return err
		}
		if n < 2 {
			if _, err := q.GetVault(ctx, v); err != nil {
				return found(err)
			}
			return vault.ErrNotFinished
		}
		return affected(q.SetState(ctx, vaultsql.SetStateParams{State: vault.Open, VaultID: v}))
	})
	if err != nil {
		return fmt.Errorf("finishing a vault: %w", err)
	}
	return nil
}

// Erase deletes the vault and every row that is its. What stays in the database's
// files until [sqldb.DB.Vacuum] is ciphertext in overwritten pages. The caller has
// destroyed its key in the keyring before.
func Erase(ctx context.Context, tx sqldb.Tx, v id.Vault) error {
	q := vaultsql.New(tx)
	err := affected(q.EraseVault(ctx, v)) // the rest goes by cascade, but for ceremonies
	if err == nil {
		err = q.EraseCeremonies(ctx, v)
	}
	if err == nil {
		err = q.CountDestroyed(ctx)
	}
	if err != nil {
		return fmt.Errorf("erasing a vault: %w", err)
	}
	return nil
}
