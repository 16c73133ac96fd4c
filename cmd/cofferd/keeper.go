package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

// keeper is the vault as consent sees it (consentdb.Keeper): the words of one room
// put into those of the other, inside one transaction. It decides nothing.
type keeper struct{}

func (keeper) PutDocuments(ctx context.Context, tx sqldb.Tx, v id.Vault, puts []consentdb.Document) error {
	var b vault.Batch
	for _, p := range puts {
		b.Puts = append(b.Puts, vault.Document{ID: p.ID, Version: p.Version, Sealed: vault.Sealed(p.Sealed)})
	}
	return vaultdb.PutDocuments(ctx, tx, v, b)
}

func (keeper) PutShares(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []consent.Share) error {
	out := make([]vault.Share, len(shares))
	for i, s := range shares {
		out[i] = vault.Share(s)
	}
	return vaultdb.PutShares(ctx, tx, v, out)
}

func (keeper) DropShares(ctx context.Context, tx sqldb.Tx, v id.Vault, g id.Grant) error {
	return vaultdb.DropShares(ctx, tx, v, g)
}

func (keeper) Releases(ctx context.Context, tx sqldb.Tx, wants []consentdb.Want) ([][]consent.Release, error) {
	asked := make([]vaultdb.Want, len(wants))
	for i, w := range wants {
		asked[i] = vaultdb.Want(w)
	}
	found, err := vaultdb.Releases(ctx, tx, asked...)
	if err != nil {
		return nil, err
	}
	out := make([][]consent.Release, len(found))
	for i, rs := range found {
		out[i] = make([]consent.Release, len(rs))
		for j, r := range rs {
			out[i][j] = consent.Release{Attribute: r.Attribute, Sealed: json.RawMessage(r.Sealed)}
		}
	}
	return out, nil
}

func (keeper) Erase(ctx context.Context, tx sqldb.Tx, v id.Vault) error {
	return vaultdb.Erase(ctx, tx, v)
}

// gate is consent as the vault sees it (vaultdb.Gate): whether shares may follow a
// document that changed.
type gate struct {
	consents *consentdb.Store
	now      func() time.Time
}

func (g gate) Admit(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []vault.Share) error {
	out := make([]consent.Share, len(shares))
	for i, s := range shares {
		out[i] = consent.Share(s)
	}
	err := g.consents.Admit(ctx, tx, v, out, g.now())
	if consent.DenialOf(err) != nil || errors.Is(err, consent.ErrNotFound) {
		return fmt.Errorf("%w: %w", vault.ErrInvalid, err) // what the vault says of what cannot be meant
	}
	return err
}
