package vaultdb

import (
	"context"
	"fmt"
	"time"

	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// AddPasskey gives the vault one more passkey. ErrInvalid if it has it already.
func (s *Store) AddPasskey(ctx context.Context, v id.Vault, p vault.Passkey) error {
	key, err := s.key(ctx, v)
	if err != nil {
		return fmt.Errorf("adding a passkey: %w", err)
	}
	err = s.write(ctx, func(q *vaultsql.Queries) error {
		if _, err := q.GetVault(ctx, v); err != nil {
			return found(err)
		}
		if n, err := q.CountPasskeys(ctx, v); err != nil {
			return err
		} else if n >= vault.MaxPasskeys {
			return fmt.Errorf("%d passkeys: %w", n, vault.ErrTooMany)
		}
		return addPasskey(ctx, q, key, v, p)
	})
	if err != nil {
		return fmt.Errorf("adding a passkey: %w", err)
	}
	return nil
}

func addPasskey(ctx context.Context, q *vaultsql.Queries, key keyring.Key, v id.Vault, p vault.Passkey) error {
	has, err := q.HasPasskey(ctx, vaultsql.HasPasskeyParams{VaultID: v, CredentialID: p.ID})
	if err != nil {
		return err
	}
	if has {
		return fmt.Errorf("passkey is the vault's already: %w", vault.ErrInvalid)
	}
	return q.AddPasskey(ctx, vaultsql.AddPasskeyParams{
		VaultID: v, CredentialID: p.ID, Prf: p.PRF, Record: key.Seal(placeOfRecord(p.ID), p.Record), CreatedAt: p.Created.Unix(), UsedAt: unixOf(p.Used),
	})
}

// Passkeys of the vault, oldest first; ErrNotFound if it has none, as for a vault
// that is not.
func (s *Store) Passkeys(ctx context.Context, v id.Vault) (ps []vault.Passkey, err error) {
	key, err := s.key(ctx, v)
	if err == nil {
		err = s.read(ctx, func(q *vaultsql.Queries) error {
			ps, err = passkeys(ctx, q, key, v)
			return err
		})
	}
	if err == nil && len(ps) == 0 {
		err = vault.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("reading passkeys: %w", err)
	}
	return ps, nil
}

func passkeys(ctx context.Context, q *vaultsql.Queries, key keyring.Key, v id.Vault) (ps []vault.Passkey, err error) {
	rows, err := q.ListPasskeys(ctx, v)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		record, err := key.Open(placeOfRecord(r.CredentialID), r.Record)
		if err != nil {
			return nil, err
		}
		p := vault.Passkey{ID: r.CredentialID, PRF: r.Prf, Record: record, Created: time.Unix(r.CreatedAt, 0)}
		if r.UsedAt != 0 {
			p.Used = time.Unix(r.UsedAt, 0)
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// RemovePasskey takes a passkey away: it signs in no more, its wrap is deleted, and its
// sessions and those it let in by pairing are over when this returns. ErrNotFinished if fewer than two ways in
// would remain, and then nothing is changed; ErrNotFound if it is not the vault's.
func (s *Store) RemovePasskey(ctx context.Context, v id.Vault, credential []byte) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		err := affected(q.RemovePasskey(ctx, vaultsql.RemovePasskeyParams{VaultID: v, CredentialID: credential}))
		if err != nil {
			return err
		}
		if err := q.DropPasskeyWrap(ctx, vaultsql.DropPasskeyWrapParams{VaultID: v, CredentialID: credential}); err != nil {
			return err
		}
		if n, err := q.CountWraps(ctx, v); err != nil {
			return err
		} else if n < 2 {
			return vault.ErrNotFinished // which undoes the rest
		}
		if begun, err := q.CountNextWraps(ctx, v); err != nil {
			return err
		} else if begun > 0 {
			if err := q.DropNextPasskeyWrap(ctx, vaultsql.DropNextPasskeyWrapParams{VaultID: v, CredentialID: credential}); err != nil {
				return err
			}
			if begun, err = q.CountNextWraps(ctx, v); err != nil {
				return err
			} else if begun < 2 {
				return vault.ErrNotFinished
			}
		}
		if err := q.EndSessionsPairedBy(ctx, vaultsql.EndSessionsPairedByParams{VaultID: v, PairedBy: credential}); err != nil {
			return err
		}
		if err := q.DropPairing(ctx, v); err != nil { // it may be his who is being put out
			return err
		}
		return q.EndSessionsOf(ctx, vaultsql.EndSessionsOfParams{VaultID: v, CredentialID: credential})
	})
	if err != nil {
		return fmt.Errorf("removing a passkey: %w", err)
	}
	return nil
}

// SetRecord stores what a ceremony changed about a passkey: counter and flags, and that
// it was used.
func (s *Store) SetRecord(ctx context.Context, v id.Vault, credential, record []byte, used time.Time) error {
	key, err := s.key(ctx, v)
	if err == nil {
		sealed := key.Seal(placeOfRecord(credential), record)
		err = s.write(ctx, func(q *vaultsql.Queries) error {
			return affected(q.SetRecord(ctx, vaultsql.SetRecordParams{VaultID: v, CredentialID: credential, Record: sealed, UsedAt: unixOf(used)}))
		})
	}
	if err != nil {
		return fmt.Errorf("updating a passkey: %w", err)
	}
	return nil
}

// unixOf is 0 for no moment at all.
func unixOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
