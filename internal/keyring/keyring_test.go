package keyring_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/keyring/keyringtest"
	"coffer/internal/sqldb/sqldbtest"
)

// each runs a test on a file and on PostgreSQL.
func each(t *testing.T, f func(t *testing.T, at string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, filepath.Join(t.TempDir(), "keyring.db")) })
	t.Run("postgres", func(t *testing.T) { f(t, sqldbtest.Postgres(t)) })
}

// A key stays until it is destroyed, and then nobody makes that one again.
func TestKeys(t *testing.T) {
	each(t, func(t *testing.T, at string) {
		ctx := t.Context()
		r := keyringtest.At(t, at)
		vaults := []id.Vault{{1}, {2}, {3}, {4}}
		if err := r.Make(ctx, vaults...); err != nil {
			t.Fatal(err)
		}
		first, err := r.Key(ctx, vaults[1])
		if err != nil {
			t.Fatal(err)
		}
		sealed := first.Seal("place", []byte("secret"))
		if err := r.Make(ctx, vaults[1]); err != nil { // changes nothing
			t.Fatal(err)
		}
		same := keyringtest.At(t, at)
		if same.ID() != r.ID() {
			t.Error("opened again it is another keyring")
		}
		again, err := same.Key(ctx, vaults[1])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.Open("place", sealed); err != nil || string(got) != "secret" {
			t.Errorf("opened %q, %v", got, err)
		}
		if n, err := r.Destroy(ctx, vaults[1], id.Vault{9}); err != nil || n != 1 {
			t.Errorf("destroyed %d, %v", n, err)
		}
		if _, err := same.Key(ctx, vaults[1]); !errors.Is(err, keyring.ErrGone) {
			t.Errorf("a destroyed key: %v", err)
		}
		if n, err := r.Destroyed(ctx); err != nil || n != 1 {
			t.Errorf("%d destroyed, %v", n, err)
		}
		missing, err := r.Missing(ctx, []id.Vault{{0, 1}, {1}, {2}, {2, 1}, {4}, {9}})
		if err != nil || !slices.Equal(missing, []id.Vault{{0, 1}, {2}, {2, 1}, {9}}) {
			t.Errorf("missing %v, %v", missing, err)
		}
		if err := r.Make(ctx, vaults[1]); err != nil {
			t.Fatal(err)
		}
		other, err := r.Key(ctx, vaults[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Open("place", sealed); err == nil {
			t.Error("a new key opens what a destroyed one sealed")
		}
	})
}

// What is sealed opens at its place, in its vault, whole.
func TestSealedIsBound(t *testing.T) {
	r := keyringtest.New(t)
	if err := r.Make(t.Context(), id.Vault{1}, id.Vault{2}); err != nil {
		t.Fatal(err)
	}
	k, err := r.Key(t.Context(), id.Vault{1})
	other, err2 := r.Key(t.Context(), id.Vault{2})
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	sealed := k.Seal("here", []byte("secret"))
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, k.Seal("here", []byte("secret"))) {
		t.Error("sealed is readable, or the same twice")
	}
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 1
		if _, err := k.Open("here", bent); err == nil {
			t.Errorf("opens with byte %d changed", i)
		}
	}
	for name, f := range map[string]func() ([]byte, error){
		"elsewhere":        func() ([]byte, error) { return k.Open("there", sealed) },
		"in another vault": func() ([]byte, error) { return other.Open("here", sealed) },
		"shortened":        func() ([]byte, error) { return k.Open("here", sealed[:len(sealed)-1]) },
		"nothing":          func() ([]byte, error) { return k.Open("here", nil) },
		"without a key":    func() ([]byte, error) { return keyring.Key{}.Open("here", sealed) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("opens %s", name)
		}
	}
	for _, s := range []string{"", "eyJ…"} {
		stored := k.SealText("here", s)
		if got, err := k.OpenText("here", stored); err != nil || got != s {
			t.Errorf("%q came back as %q, %v", s, got, err)
		}
	}
	if _, err := k.OpenText("here", "eyJhbGciOi"); err == nil {
		t.Error("text that is not sealed opens")
	}
}

// After Destroy no file of the keyring has anything of the vault.
func TestDestroyLeavesNoTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyring.db")
	r := keyringtest.At(t, path)
	var vaults []id.Vault
	for range 500 { // enough to split pages
		vaults = append(vaults, id.New[id.Vault]())
		if err := r.Make(t.Context(), vaults[len(vaults)-1]); err != nil {
			t.Fatal(err)
		}
	}
	traces := func(v id.Vault) (n int) {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			n += bytes.Count(b, v[:])
		}
		return n
	}
	if traces(vaults[7]) == 0 {
		t.Fatal("nothing was there: this test shows nothing")
	}
	if _, err := r.Destroy(t.Context(), vaults[7]); err != nil {
		t.Fatal(err)
	}
	if n := traces(vaults[7]); n != 0 || traces(vaults[8]) == 0 {
		t.Errorf("%d traces; or of another vault there is none left", n)
	}
}

func TestOpenNeverMakes(t *testing.T) {
	each(t, func(t *testing.T, at string) {
		if _, err := keyring.Open(t.Context(), at); !errors.Is(err, keyring.ErrNone) {
			t.Errorf("opening where there is none: %v", err)
		}
	})
}
