package consenttest

import (
	"context"
	"encoding/json"
	"path/filepath"
	"testing"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
	"coffer/internal/keyring/keyringtest"
	"coffer/internal/sqldb"
	"coffer/internal/sqldb/sqldbtest"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

// Keeper is the real vault behind a store, wired as cmd/cofferd wires it.
type Keeper struct{}

var _ consentdb.Keeper = Keeper{}

func (Keeper) PutDocuments(ctx context.Context, tx sqldb.Tx, v id.Vault, puts []consentdb.Document) error {
	var b vault.Batch
	for _, p := range puts {
		b.Puts = append(b.Puts, vault.Document{ID: p.ID, Version: p.Version, Sealed: vault.Sealed(p.Sealed)})
	}
	return vaultdb.PutDocuments(ctx, tx, v, b)
}

func (Keeper) PutShares(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []consent.Share) error {
	var out []vault.Share
	for _, s := range shares {
		out = append(out, vault.Share(s))
	}
	return vaultdb.PutShares(ctx, tx, v, out)
}

func (Keeper) DropShares(ctx context.Context, tx sqldb.Tx, v id.Vault, g id.Grant) error {
	return vaultdb.DropShares(ctx, tx, v, g)
}

func (Keeper) Releases(ctx context.Context, tx sqldb.Tx, wants []consentdb.Want) ([][]consent.Release, error) {
	var asked []vaultdb.Want
	for _, w := range wants {
		asked = append(asked, vaultdb.Want(w))
	}
	found, err := vaultdb.Releases(ctx, tx, asked...)
	out := make([][]consent.Release, len(found))
	for i, rs := range found {
		for _, r := range rs {
			out[i] = append(out[i], consent.Release{Attribute: r.Attribute, Sealed: json.RawMessage(r.Sealed)})
		}
	}
	return out, err
}

func (Keeper) Erase(ctx context.Context, tx sqldb.Tx, v id.Vault) error {
	return vaultdb.Erase(ctx, tx, v)
}

// Open opens, or makes, the database in a folder.
func Open(t testing.TB, folder string) (*sqldb.DB, *consentdb.Store, *vaultdb.Store) {
	t.Helper()
	o := sqldbtest.Options(t, filepath.Join(folder, "coffer.db"), vaultdb.Schema, consentdb.Schema)
	db, err := sqldb.Open(t.Context(), o)
	if err != nil {
		db, err = sqldb.Create(t.Context(), o)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ring := keyringtest.At(t, filepath.Join(folder, "keyring.db"))
	return db, consentdb.New(db, Keeper{}, ring), vaultdb.New(db, nil, ring)
}

// Move gives a shopper a vault.
func (p *Shopper) Move(t testing.TB, vaults *vaultdb.Store) {
	t.Helper()
	p.vaults = vaults
	err := vaults.Create(t.Context(), vault.Vault{ID: p.Vault, Salt: random(32), State: vault.Open, Created: p.Now()},
		vault.Passkey{ID: random(32), Record: []byte("{}"), Created: p.Now()})
	if err != nil {
		t.Fatal(err)
	}
}

// Reopen tells a shopper that the vaults were opened again.
func (p *Shopper) Reopen(vaults *vaultdb.Store) { p.vaults = vaults }
