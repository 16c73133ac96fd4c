package vaultdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

// AddSession lets whoever has the token act for the vault. ErrNotSignedIn if the
// passkey or the sheet that it begins with is the vault's no more.
func (s *Store) AddSession(ctx context.Context, v id.Vault, n vault.Session) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		stands, err := stands(ctx, q, v, n)
		if err != nil {
			return err
		}
		if !stands {
			return vault.ErrNotSignedIn
		}
		if err := signedIn(ctx, q, v, n); err != nil {
			return err
		}
		return q.AddSession(ctx, vaultsql.AddSessionParams{
			VaultID: v, TokenHash: n.TokenHash[:], CredentialID: notNull(n.Credential), ExpiresAt: n.Expires.Unix(),
		})
	})
	if err != nil {
		return fmt.Errorf("beginning a session: %w", err)
	}
	return nil
}

// signedIn keeps a vault that was warned of being inactive, and is ErrNotSignedIn if that
// comes too late.
func signedIn(ctx context.Context, q *vaultsql.Queries, v id.Vault, n vault.Session) error {
	rows, err := q.SignedIn(ctx, vaultsql.SignedInParams{SignedInUntil: n.Expires.Unix(), VaultID: v})
	if err == nil && rows == 0 {
		return vault.ErrNotSignedIn
	}
	return err
}

// stands reports whether the way in that a session begins with is still one: it may
// have been removed since it was shown.
func stands(ctx context.Context, q *vaultsql.Queries, v id.Vault, n vault.Session) (bool, error) {
	if len(n.Credential) > 0 {
		return q.HasPasskey(ctx, vaultsql.HasPasskeyParams{VaultID: v, CredentialID: n.Credential})
	}
	r, err := q.GetRecovery(ctx, v)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return bytes.Equal(r.LocatorHash, n.Sheet[:]), err
}

// Session returns the session with that token's digest. ErrNotSignedIn if there is
// none or it is over at the given moment.
func (s *Store) Session(ctx context.Context, v id.Vault, tokenHash [32]byte, now time.Time) (vault.Session, error) {
	var n vault.Session
	err := s.readOne(ctx, func(q *vaultsql.Queries) error {
		row, err := q.GetSession(ctx, vaultsql.GetSessionParams{VaultID: v, TokenHash: tokenHash[:]})
		n = vault.Session{TokenHash: tokenHash, Credential: row.CredentialID, PairedBy: row.PairedBy, Expires: time.Unix(row.ExpiresAt, 0)}
		return found(err)
	})
	if errors.Is(err, vault.ErrNotFound) || err == nil && !now.Before(n.Expires) {
		return vault.Session{}, vault.ErrNotSignedIn
	} else if err != nil {
		return vault.Session{}, fmt.Errorf("reading a session: %w", err)
	}
	return n, nil
}

// EndSession forgets the session. It is not an error if there is none.
func (s *Store) EndSession(ctx context.Context, v id.Vault, tokenHash [32]byte) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		return q.EndSession(ctx, vaultsql.EndSessionParams{VaultID: v, TokenHash: tokenHash[:]})
	})
	if err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}

// KeepCeremony remembers a ceremony until it is taken.
func (s *Store) KeepCeremony(ctx context.Context, c vault.Ceremony) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		return q.KeepCeremony(ctx, vaultsql.KeepCeremonyParams{CeremonyHash: c.Hash[:], VaultID: c.Vault, Data: c.Data, ExpiresAt: c.Expires.Unix()})
	})
	if err != nil {
		return fmt.Errorf("keeping a ceremony: %w", err)
	}
	return nil
}

// TakeCeremony returns the ceremony and forgets it, so that of two that finish it
// one gets ErrNotFound.
func (s *Store) TakeCeremony(ctx context.Context, hash [32]byte) (c vault.Ceremony, err error) {
	err = s.write(ctx, func(q *vaultsql.Queries) error {
		row, err := q.TakeCeremony(ctx, hash[:])
		c = vault.Ceremony{Hash: hash, Vault: row.VaultID, Data: row.Data, Expires: time.Unix(row.ExpiresAt, 0)}
		return found(err)
	})
	if err != nil {
		return vault.Ceremony{}, fmt.Errorf("taking a ceremony: %w", err)
	}
	return c, nil
}

// Expire forgets sessions, pairings and ceremonies that are over at the given moment,
// and chunks that have been without their document for [OrphansLast]. The daemon calls
// it now and then; nothing depends on when.
func (s *Store) Expire(ctx context.Context, now time.Time) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		if _, err := q.ExpireSessions(ctx, now.Unix()); err != nil {
			return err
		}
		if _, err := q.ExpirePairings(ctx, now.Unix()); err != nil {
			return err
		}
		_, err := q.ExpireCeremonies(ctx, now.Unix())
		return err
	})
	if err == nil {
		err = s.pruneAttachments(ctx, now)
	}
	if err != nil {
		return fmt.Errorf("forgetting what is over: %w", err)
	}
	return nil
}
