package vaulttest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaultdb"
)

func (s *shelf) wrap(t testing.TB, kind, credential string) vault.Wrap {
	t.Helper()
	var raw []byte
	if kind == vault.PasskeyWrap {
		raw = []byte(credential)
	}
	w, err := seal.Wrap(rand.Reader, seal.WrapKey{1}, s.v, kind, raw, s.key)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func sheet(name string) *vault.Sheet {
	signer := sha256.Sum256([]byte(name + "'s signer"))
	return &vault.Sheet{LocatorHash: sha256.Sum256([]byte(name)), Signer: signer[:]}
}

// begin adds a session and returns whether it stands.
func (s *shelf) begin(t testing.TB, token string, n vault.Session) func() bool {
	t.Helper()
	n.TokenHash, n.Expires = sha256.Sum256([]byte(token)), time.Unix(2e9, 0)
	if err := s.AddSession(t.Context(), s.v, n); err != nil {
		t.Fatal(err)
	}
	return func() bool {
		_, err := s.Session(t.Context(), s.v, n.TokenHash, time.Unix(1763720000, 0))
		if err != nil && !errors.Is(err, vault.ErrNotSignedIn) {
			t.Fatal(err)
		}
		return err == nil
	}
}

func testRemovePasskey(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	other := addShelf(t, s.Store, s.db)
	ctx := t.Context()
	if err := errors.Join(
		s.AddPasskey(ctx, s.v, Passkey("second")),
		s.PutWraps(ctx, s.v, 1, []vault.Wrap{s.wrap(t, vault.PasskeyWrap, "first"), s.wrap(t, vault.PasskeyWrap, "second")}, nil),
	); err != nil {
		t.Fatal(err)
	}
	byFirst, bySecond := s.begin(t, "1", vault.Session{Credential: []byte("first")}), s.begin(t, "2", vault.Session{Credential: []byte("second")})
	theirs := other.begin(t, "3", vault.Session{Credential: []byte("first")})

	wantErr(t, "with one way in left", s.RemovePasskey(ctx, s.v, []byte("first")), vault.ErrNotFinished)
	if k, err := s.Keyring(ctx, s.v); err != nil || len(k.Passkeys) != 2 || len(k.Wraps) != 2 || !byFirst() {
		t.Fatalf("a refused removal changed something: %d passkeys, %d wraps, %v", len(k.Passkeys), len(k.Wraps), err)
	}
	if err := s.PutWraps(ctx, s.v, 1, []vault.Wrap{s.wrap(t, vault.RecoveryWrap, "")}, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.RemovePasskey(ctx, s.v, []byte("first")); err != nil {
		t.Fatal(err)
	}
	k, err := s.Keyring(ctx, s.v)
	if err != nil || len(k.Passkeys) != 1 || k.Has([]byte("first")) || len(k.Wraps) != 2 {
		t.Errorf("%d passkeys, %d wraps, %v", len(k.Passkeys), len(k.Wraps), err)
	}
	for _, w := range k.Wraps {
		if string(w.Credential) == "first" {
			t.Error("its wrap is left")
		}
	}
	if byFirst() || !bySecond() || !theirs() {
		t.Errorf("sessions: its own %v, the other passkey's %v, the other vault's %v", byFirst(), bySecond(), theirs())
	}
	n := vault.Session{TokenHash: [32]byte{9}, Credential: []byte("first"), Expires: time.Unix(2e9, 0)}
	wantErr(t, "a session with the removed one", s.AddSession(ctx, s.v, n), vault.ErrNotSignedIn)
	wantErr(t, "removing it again", s.RemovePasskey(ctx, s.v, []byte("first")), vault.ErrNotFound)
	wantErr(t, "another vault's", other.RemovePasskey(ctx, other.v, []byte("second")), vault.ErrNotFound)
}

func testSheets(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	other := addShelf(t, s.Store, s.db)
	ctx := t.Context()
	recovery := []vault.Wrap{s.wrap(t, vault.RecoveryWrap, "")}
	passkey := []vault.Wrap{s.wrap(t, vault.PasskeyWrap, "first")}
	find := func(name string) []vault.Registered {
		t.Helper()
		found, err := s.Sheets(ctx, sheet(name).LocatorHash)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	wantErr(t, "a sheet without its wrap", s.PutWraps(ctx, s.v, 1, passkey, sheet("a")), vault.ErrInvalid)
	wantErr(t, "half a signer", s.PutWraps(ctx, s.v, 1, recovery, &vault.Sheet{Signer: make([]byte, 16)}), vault.ErrInvalid)
	if err := s.PutWraps(ctx, s.v, 1, recovery, sheet("a")); err != nil {
		t.Fatal(err)
	}
	if f := find("a"); len(f) != 1 || f[0].Vault != s.v || string(f[0].Sheet.Signer) != string(sheet("a").Signer) {
		t.Fatalf("found %d sheets", len(f))
	}
	byWords := s.begin(t, "1", vault.Session{Sheet: sheet("a").LocatorHash})
	byPasskey := s.begin(t, "2", vault.Session{Credential: []byte("first")})
	if err := s.PutWraps(ctx, s.v, 1, passkey, nil); err != nil || len(find("a")) != 1 || !byWords() {
		t.Errorf("a passkey's wrap changed the sheet: %v", err)
	}
	// A copied locator finds both; it takes nothing from the first.
	if err := other.PutWraps(ctx, other.v, 1, []vault.Wrap{other.wrap(t, vault.RecoveryWrap, "")}, sheet("a")); err != nil {
		t.Fatal(err)
	}
	if n := len(find("a")); n != 2 {
		t.Errorf("%d sheets with that locator, want both", n)
	}
	// The old sheet is dead at once.
	if err := s.PutWraps(ctx, s.v, 1, recovery, sheet("b")); err != nil {
		t.Fatal(err)
	}
	if f := find("a"); len(f) != 1 || f[0].Vault != other.v || len(find("b")) != 1 {
		t.Errorf("after replacing: %d old, %d new", len(f), len(find("b")))
	}
	if byWords() || !byPasskey() {
		t.Errorf("sessions: the old sheet's %v, the passkey's %v", byWords(), byPasskey())
	}
	n := vault.Session{TokenHash: [32]byte{9}, Sheet: sheet("a").LocatorHash, Expires: time.Unix(2e9, 0)}
	wantErr(t, "a session with the old sheet", s.AddSession(ctx, s.v, n), vault.ErrNotSignedIn)
	n.Sheet = [32]byte{}
	wantErr(t, "a session with nothing", s.AddSession(ctx, s.v, n), vault.ErrNotSignedIn)
	// A wallet from before puts a wrap alone: then the words sign nobody in.
	if err := s.PutWraps(ctx, s.v, 1, recovery, nil); err != nil || len(find("b")) != 0 {
		t.Errorf("%d sheets after a wrap without one, %v", len(find("b")), err)
	}
	if k, err := s.Keyring(ctx, other.v); err != nil || !k.Recovery {
		t.Errorf("the other vault's words: %v, %v", k.Recovery, err)
	}
	if err := s.tx(t, func(ctx context.Context, tx sqldb.Tx) error { return vaultdb.Erase(ctx, tx, other.v) }); err != nil {
		t.Fatal(err)
	}
	if len(find("a")) != 0 {
		t.Error("the sheet outlived its vault")
	}
}
