// Package keyringtest gives tests a keyring of their own.
//
// # Trust
//
// None: who runs the tests may read all of it.
package keyringtest

import (
	"path/filepath"
	"testing"

	"coffer/internal/keyring"
)

// New is an empty keyring, gone with the test.
func New(t testing.TB) *keyring.Ring {
	t.Helper()
	return At(t, filepath.Join(t.TempDir(), "keyring.db"))
}

// At opens the keyring of a path, or makes it.
func At(t testing.TB, path string) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(t.Context(), path)
	if err != nil {
		r, err = keyring.Create(t.Context(), path, keyring.ID{})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}
