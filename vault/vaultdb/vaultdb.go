// Package vaultdb stores vaults in the operator's database.
//
// Every method of [Store] is one transaction of one vault. The functions that take
// a [sqldb.Tx] are for whoever must change a vault and something else in one
// transaction, as a decision does: shares and the grant stand or fall together.
//
// # Trust
//
// What is stored is ciphertext, ids and times; this package cannot tell whether
// it is good. It keeps three promises: a batch of documents is written as a whole
// or not at all and never over a version that its writer did not know; a share
// never outlives the document version whose key it carries; and Erase leaves no
// row. What leads into a vault is sealed under its key of the keyring, which is not in
// this database. What its compromise costs is what package vault says: it can withhold,
// swap and roll back, and the wallet will say so.
package vaultdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"

	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb/vaultsql"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is what Open and Create of sqldb need to make this store's tables.
var Schema = sqldb.Schema{Name: "vault", Migrations: func() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // only for a malformed path
	}
	return sub
}()}

// Gate decides whether shares may be written that come with a batch of documents.
// The vault cannot know: what a grant is, and whether it stands, is consent's. It
// is asked inside the writing transaction, so that a withdrawal just before it is
// seen.
type Gate interface {
	Admit(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []vault.Share) error
}

// Store is the vaults of one operator.
type Store struct {
	db   *sqldb.DB
	gate Gate
	ring *keyring.Ring
}

// New returns the store in db, which was opened with [Schema]. Without a gate no
// batch may carry shares. The keyring's keys seal what leads into vaults.
func New(db *sqldb.DB, gate Gate, ring *keyring.Ring) *Store {
	return &Store{db: db, gate: gate, ring: ring}
}

func (s *Store) read(ctx context.Context, f func(*vaultsql.Queries) error) error {
	return s.db.Read(ctx, func(tx sqldb.Tx) error { return f(vaultsql.New(tx)) })
}

// readOne is read for a single statement.
func (s *Store) readOne(ctx context.Context, f func(*vaultsql.Queries) error) error {
	return s.db.ReadOne(ctx, func(tx sqldb.Tx) error { return f(vaultsql.New(tx)) })
}

func (s *Store) write(ctx context.Context, f func(*vaultsql.Queries) error) error {
	return s.db.Write(ctx, func(tx sqldb.Tx) error { return f(vaultsql.New(tx)) })
}

// found turns "no such row" into the domain's word for it.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return vault.ErrNotFound
	}
	return err
}

// affected is found for statements that count rows.
func affected(n int64, err error) error {
	if err == nil && n == 0 {
		return vault.ErrNotFound
	}
	return err
}
