package vaulttest

import (
	"path/filepath"
	"testing"

	"coffer/internal/keyring/keyringtest"
	"coffer/internal/sqldb"
	"coffer/internal/sqldb/sqldbtest"
	"coffer/vault/vaultdb"
)

// Open returns an empty store in a database of its own.
func Open(t testing.TB, gate vaultdb.Gate) (*vaultdb.Store, *sqldb.DB) {
	t.Helper()
	db, err := sqldb.Create(t.Context(), sqldbtest.Options(t, filepath.Join(t.TempDir(), "coffer.db"), vaultdb.Schema))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return vaultdb.New(db, gate, keyringtest.New(t)), db
}
