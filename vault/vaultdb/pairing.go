package vaultdb

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

const placeOfPairing = "pairing"

// OfferPairing begins a pairing in place of the vault's last one. by is the session of
// the device that has the vault. ErrNotFinished for a vault that is not open yet.
func (s *Store) OfferPairing(ctx context.Context, p vault.Pairing, by vault.Session) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		row, err := q.GetVault(ctx, p.Vault)
		if err != nil {
			return found(err)
		}
		if row.State != vault.Open {
			return vault.ErrNotFinished
		}
		if err := q.DropPairing(ctx, p.Vault); err != nil {
			return err
		}
		way := by.Credential
		if len(way) == 0 {
			way = by.PairedBy
		}
		return q.OfferPairing(ctx, vaultsql.OfferPairingParams{
			VaultID: p.Vault, CodeHash: p.CodeHash[:], TicketHash: []byte{}, Step: vault.PairingOffered, Commitment: p.Commitment,
			FromKey: []byte{}, FromNonce: []byte{}, ToKey: []byte{}, ToNonce: []byte{}, Iv: []byte{}, Ciphertext: []byte{},
			PairedBy: notNull(way), ExpiresAt: p.Expires.Unix(),
		})
	})
	if err != nil {
		return fmt.Errorf("offering a pairing: %w", err)
	}
	return nil
}

// Pairing returns the vault's pairing; ErrNotFound if there is none, or it is over at
// the given moment.
func (s *Store) Pairing(ctx context.Context, v id.Vault, now time.Time) (p vault.Pairing, err error) {
	key, err := s.key(ctx, v)
	if err == nil {
		err = s.read(ctx, func(q *vaultsql.Queries) error {
			row, err := standing(ctx, q, v, now)
			p = pairing(row)
			return err
		})
	}
	if err == nil && p.Step == vault.PairingSealed {
		p.Ciphertext, err = key.Open(placeOfPairing, p.Ciphertext)
	}
	if err != nil {
		return vault.Pairing{}, fmt.Errorf("reading a pairing: %w", err)
	}
	return p, nil
}

// JoinPairing uses a code, which is of no use afterwards, and returns the pairing as it
// is then. An unknown code, a used one and one that is over are the same ErrNotFound.
func (s *Store) JoinPairing(ctx context.Context, codeHash, ticketHash [32]byte, to vault.Half, now time.Time) (p vault.Pairing, err error) {
	if err := to.Check(); err != nil {
		return p, fmt.Errorf("joining a pairing: %w", err)
	}
	err = s.write(ctx, func(q *vaultsql.Queries) error {
		found, err := q.FindPairings(ctx, codeHash[:])
		if err != nil {
			return err
		}
		if len(found) != 1 { // two with one code: neither is known to be the one that was meant
			return vault.ErrNotFound
		}
		p, err = advance(ctx, q, found[0], now, vault.PairingOffered, func(p *vault.Pairing) {
			p.Step, p.To, p.TicketHash = vault.PairingJoined, to, ticketHash
			p.CodeHash = [32]byte{}
		})
		return err
	})
	if err != nil {
		return vault.Pairing{}, fmt.Errorf("joining a pairing: %w", err)
	}
	return p, nil
}

// RevealPairing opens the first device's commitment; ErrNotFound if nobody has joined,
// or it was revealed already.
func (s *Store) RevealPairing(ctx context.Context, v id.Vault, from vault.Half, now time.Time) error {
	err := from.Check()
	if err == nil {
		err = s.write(ctx, func(q *vaultsql.Queries) error {
			_, err := advance(ctx, q, v, now, vault.PairingJoined, func(p *vault.Pairing) { p.Step, p.From = vault.PairingRevealed, from })
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("revealing a pairing: %w", err)
	}
	return nil
}

// SealPairing leaves the vault key for the other device, once.
func (s *Store) SealPairing(ctx context.Context, v id.Vault, iv, ciphertext []byte, now time.Time) error {
	if len(iv) != 12 || len(ciphertext) != vault.PairingSecret+16 {
		return fmt.Errorf("sealing a pairing of %d and %d bytes: %w", len(iv), len(ciphertext), vault.ErrInvalid)
	}
	key, err := s.key(ctx, v)
	if err == nil {
		err = s.write(ctx, func(q *vaultsql.Queries) error {
			_, err := advance(ctx, q, v, now, vault.PairingRevealed, func(p *vault.Pairing) {
				p.Step, p.IV, p.Ciphertext = vault.PairingSealed, iv, key.Seal(placeOfPairing, ciphertext)
			})
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("sealing a pairing: %w", err)
	}
	return nil
}

// TakePairing ends a pairing that is sealed: what was sealed is gone, and with a session
// the other device is signed in when this returns. The session ends with the passkey
// that let it in.
func (s *Store) TakePairing(ctx context.Context, v id.Vault, ticketHash [32]byte, n *vault.Session, now time.Time) error {
	err := s.write(ctx, func(q *vaultsql.Queries) error {
		row, err := standing(ctx, q, v, now)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(row.TicketHash, ticketHash[:]) != 1 {
			return vault.ErrNotFound
		}
		_, err = advance(ctx, q, v, now, vault.PairingSealed, func(p *vault.Pairing) {
			p.Step, p.IV, p.Ciphertext = vault.PairingTaken, nil, nil
		})
		if err != nil || n == nil {
			return err
		}
		if err := signedIn(ctx, q, v, *n); err != nil {
			return err
		}
		return q.AddSession(ctx, vaultsql.AddSessionParams{
			VaultID: v, TokenHash: n.TokenHash[:], CredentialID: []byte{}, ExpiresAt: n.Expires.Unix(), PairedBy: row.PairedBy,
		})
	})
	if err != nil {
		return fmt.Errorf("taking a pairing: %w", err)
	}
	return nil
}

// EndPairing forgets the vault's pairing. It is not an error if there is none.
func (s *Store) EndPairing(ctx context.Context, v id.Vault) error {
	if err := s.write(ctx, func(q *vaultsql.Queries) error { return q.DropPairing(ctx, v) }); err != nil {
		return fmt.Errorf("ending a pairing: %w", err)
	}
	return nil
}

// advance takes a pairing one step on, if it stands at the step before.
func advance(ctx context.Context, q *vaultsql.Queries, v id.Vault, now time.Time, from vault.PairingStep, change func(*vault.Pairing)) (vault.Pairing, error) {
	row, err := standing(ctx, q, v, now)
	if err != nil {
		return vault.Pairing{}, err
	}
	if row.Step != from {
		return vault.Pairing{}, vault.ErrNotFound
	}
	p := pairing(row)
	change(&p)
	return p, q.SetPairing(ctx, vaultsql.SetPairingParams{
		CodeHash: p.CodeHash[:], TicketHash: p.TicketHash[:], Step: p.Step, FromKey: notNull(p.From.Key), FromNonce: notNull(p.From.Nonce),
		ToKey: notNull(p.To.Key), ToNonce: notNull(p.To.Nonce), Iv: notNull(p.IV), Ciphertext: notNull(p.Ciphertext), VaultID: v,
	})
}

func standing(ctx context.Context, q *vaultsql.Queries, v id.Vault, now time.Time) (vaultsql.Pairing, error) {
	row, err := q.GetPairing(ctx, v)
	if err == nil && now.Unix() >= row.ExpiresAt {
		err = vault.ErrNotFound
	}
	return row, found(err)
}

func pairing(row vaultsql.Pairing) vault.Pairing {
	p := vault.Pairing{Vault: row.VaultID, Step: row.Step, Commitment: row.Commitment, IV: row.Iv, Ciphertext: row.Ciphertext,
		From: vault.Half{Key: row.FromKey, Nonce: row.FromNonce}, To: vault.Half{Key: row.ToKey, Nonce: row.ToNonce}, Expires: time.Unix(row.ExpiresAt, 0)}
	copy(p.CodeHash[:], row.CodeHash)
	copy(p.TicketHash[:], row.TicketHash)
	return p
}
