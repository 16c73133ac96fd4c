package vaulttest

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

// rekeyed is a document's content key under another vault key.
func (s *shelf) rekeyed(t testing.TB, d vault.Document, to seal.VaultKey) vault.Rekeyed {
	t.Helper()
	cek, err := seal.DocumentKey(s.key, d.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	return vault.Rekeyed{Document: d.ID, Version: d.Version, EncryptedKey: seal.LockKey(to, cek)}
}

func testRotation(t *testing.T, open Opener) {
	s := newShelf(t, open, admit(nil))
	ctx, next := t.Context(), seal.VaultKey{2}
	a, b := s.sealed(t, id.New[id.Document](), 1), s.sealed(t, id.New[id.Document](), 1)
	batch := s.batch(t, a, b)
	manifest := batch.Puts[2]
	g := id.New[id.Grant]()
	batch.Shares = []vault.Share{s.share(g, a, "email")}
	s.put(t, batch)
	wraps := []vault.Wrap{s.wrap(t, vault.PasskeyWrap, "first"), s.wrap(t, vault.RecoveryWrap, "")}
	if err := s.PutWraps(ctx, s.v, 1, wraps, sheet("a")); err != nil {
		t.Fatal(err)
	}
	mine, elsewhere := s.begin(t, "mine", vault.Session{Credential: []byte("first")}), s.begin(t, "elsewhere", vault.Session{Credential: []byte("first")})
	token := sha256.Sum256([]byte("mine"))
	later := func(k seal.VaultKey) (out []vault.Wrap) {
		for _, w := range wraps {
			one, err := seal.Wrap(rand.Reader, seal.WrapKey{1}, s.v, w.Kind, w.Credential, k)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, one)
		}
		return out
	}
	foreign := append(later(next), s.wrap(t, vault.PasskeyWrap, "second"))
	wantErr(t, "with a passkey of nobody", s.BeginRotation(ctx, s.v, 2, foreign, token), vault.ErrInvalid)
	wantErr(t, "two keys on", s.BeginRotation(ctx, s.v, 3, later(next), token), vault.ErrOtherKey)
	wantErr(t, "with one way in", s.BeginRotation(ctx, s.v, 2, later(next)[:1], token), vault.ErrNotFinished)
	wantErr(t, "a step before it began", s.Rekey(ctx, s.v, 2, []vault.Rekeyed{s.rekeyed(t, a, next)}), vault.ErrOtherKey)
	wantErr(t, "the end before it began", s.FinishRotation(ctx, s.v, 2), vault.ErrOtherKey)
	if k, err := s.Keyring(ctx, s.v); err != nil || len(k.Next) != 0 || !elsewhere() {
		t.Fatalf("a refused rotation left %d wraps, %v", len(k.Next), err)
	}
	if err := s.BeginRotation(ctx, s.v, 2, later(next), token); err != nil {
		t.Fatal(err)
	}
	if !mine() || elsewhere() {
		t.Error("the session that asked stands, the others do not: that is not so")
	}
	// Begun, and here the wallet may crash: both keys are under every way in.
	if k, err := s.Keyring(ctx, s.v); err != nil || len(k.Wraps) != 2 || len(k.Next) != 2 || k.Vault.Key != 1 || !k.Recovery {
		t.Fatalf("keyring %+v, %v", k, err)
	}
	wantErr(t, "begun twice", s.BeginRotation(ctx, s.v, 2, later(next), token), vault.ErrOtherKey)
	wantErr(t, "a wrap meanwhile", s.PutWraps(ctx, s.v, 1, wraps, nil), vault.ErrOtherKey)
	old := s.batch(t, s.sealed(t, id.New[id.Document](), 1))
	wantErr(t, "a document under the old key", s.WriteDocuments(ctx, s.v, old), vault.ErrOtherKey)

	wantErr(t, "a document twice", s.Rekey(ctx, s.v, 2, []vault.Rekeyed{s.rekeyed(t, a, next), s.rekeyed(t, a, next)}), vault.ErrInvalid)
	wrong := s.rekeyed(t, a, next)
	wrong.Version = 2
	wantConflict(t, s.Rekey(ctx, s.v, 2, []vault.Rekeyed{s.rekeyed(t, b, next), wrong}), a.ID, 1)
	if err := s.Rekey(ctx, s.v, 2, []vault.Rekeyed{s.rekeyed(t, a, next)}); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "the end too early", s.FinishRotation(ctx, s.v, 2), vault.ErrOtherKey)
	docs, err := s.Documents(ctx, s.v)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs { // half-way: each opens under the key that it names
		h, err := d.Sealed.Header()
		k := map[int64]seal.VaultKey{1: s.key, 2: next}[h.Key]
		if _, opens := seal.OpenDocument(k, d.ID, d.Version, d.Sealed); err != nil || opens != nil || (h.Key == 2) != (d.ID == a.ID) {
			t.Errorf("half-way, a document names key %d: %v, %v", h.Key, err, opens)
		}
	}
	// Another device does all of it again, as far as it is not done.
	if err := s.Rekey(ctx, s.v, 2, []vault.Rekeyed{{Document: a.ID, Version: 1, EncryptedKey: make([]byte, 40)}, s.rekeyed(t, b, next), s.rekeyed(t, manifest, next)}); err != nil {
		t.Fatal(err)
	}
	if err := s.FinishRotation(ctx, s.v, 2); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "the end twice", s.FinishRotation(ctx, s.v, 2), vault.ErrOtherKey)
	k, err := s.Keyring(ctx, s.v)
	if err != nil || len(k.Wraps) != 2 || len(k.Next) != 0 || k.Vault.Key != 2 {
		t.Fatalf("keyring %+v, %v", k, err)
	}
	for _, w := range k.Wraps {
		if got, err := seal.Unwrap(seal.WrapKey{1}, s.v, w); err != nil || got != next {
			t.Errorf("the %s wrap has another key, %v", w.Kind, err)
		}
	}
	if docs, err = s.Documents(ctx, s.v); err != nil || len(docs) != 3 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	for _, d := range docs {
		if _, err := seal.OpenDocument(next, d.ID, d.Version, d.Sealed); err != nil {
			t.Errorf("a document does not open under the new key: %v", err)
		}
		if _, err := seal.OpenDocument(s.key, d.ID, d.Version, d.Sealed); err == nil {
			t.Error("a document opens under the old key")
		}
	}
	if got := s.shares(t); len(got) != 1 || got[0].Grant != g {
		t.Errorf("%d shares after the rotation, want the one from before", len(got))
	}
	wantErr(t, "a wrap of the old key", s.PutWraps(ctx, s.v, 1, wraps, nil), vault.ErrOtherKey)
	wantErr(t, "a document under the old key", s.WriteDocuments(ctx, s.v, old), vault.ErrOtherKey)
}

// A way in that is left out opens nothing any more, and words do not sign in.
func testRotationDrops(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	ctx := t.Context()
	if err := errors.Join(
		s.AddPasskey(ctx, s.v, Passkey("second")),
		s.PutWraps(ctx, s.v, 1, []vault.Wrap{s.wrap(t, vault.PasskeyWrap, "first"), s.wrap(t, vault.PasskeyWrap, "second"), s.wrap(t, vault.RecoveryWrap, "")}, sheet("a")),
		s.BeginRotation(ctx, s.v, 2, []vault.Wrap{s.wrap(t, vault.PasskeyWrap, "first"), s.wrap(t, vault.PasskeyWrap, "second")}, [32]byte{}),
	); err != nil {
		t.Fatal(err)
	}
	if k, err := s.Keyring(ctx, s.v); err != nil || len(k.Wraps) != 2 || k.Recovery {
		t.Errorf("%d wraps, words sign in: %v, %v", len(k.Wraps), k.Recovery, err)
	}
	if found, err := s.Sheets(ctx, sheet("a").LocatorHash); err != nil || len(found) != 0 {
		t.Errorf("%d sheets, %v", len(found), err)
	}
	// Removing one now would leave one way in to the next key.
	wantErr(t, "removing one of two", s.RemovePasskey(ctx, s.v, []byte("second")), vault.ErrNotFinished)
	if err := errors.Join(s.FinishRotation(ctx, s.v, 2), s.PutWraps(ctx, s.v, 2, []vault.Wrap{s.wrap(t, vault.RecoveryWrap, "")}, sheet("b")),
		s.RemovePasskey(ctx, s.v, []byte("second"))); err != nil {
		t.Fatal(err)
	}
	if k, err := s.Keyring(ctx, s.v); err != nil || len(k.Wraps) != 2 || !k.Recovery || k.Vault.Key != 2 {
		t.Errorf("keyring %+v, %v", k, err)
	}
}

func testPairing(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	other := addShelf(t, s.Store, s.db)
	ctx, now := t.Context(), time.Unix(1763720000, 0)
	half := func(fill byte) vault.Half {
		h := vault.Half{Key: make([]byte, 65), Nonce: make([]byte, 32)}
		h.Key[0], h.Key[1] = 4, fill
		return h
	}
	code, ticket := vault.CodeHash("ABCDEFGHJK"), [32]byte{9}
	offer := vault.Pairing{Vault: s.v, CodeHash: code, Commitment: make([]byte, 32), Expires: now.Add(vault.PairingLifetime)}
	join := func(h [32]byte, at time.Time) error {
		_, err := s.JoinPairing(ctx, h, ticket, half(1), at)
		return err
	}
	if err := errors.Join(
		s.AddPasskey(ctx, s.v, Passkey("second")),
		s.PutWraps(ctx, s.v, 1, []vault.Wrap{s.wrap(t, vault.PasskeyWrap, "first"), s.wrap(t, vault.PasskeyWrap, "second"), s.wrap(t, vault.RecoveryWrap, "")}, nil),
		s.OfferPairing(ctx, offer, vault.Session{Credential: []byte("second")}),
	); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "another code", join(vault.CodeHash("ABCDEFGHJL"), now), vault.ErrNotFound)
	wantErr(t, "too late", join(code, offer.Expires), vault.ErrNotFound)
	wantErr(t, "revealed to nobody", s.RevealPairing(ctx, s.v, half(2), now), vault.ErrNotFound)
	_, err := s.JoinPairing(ctx, code, ticket, vault.Half{Key: make([]byte, 65)}, now)
	wantErr(t, "joined with half a half", err, vault.ErrInvalid)
	if err := join(code, now); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "the code once more", join(code, now), vault.ErrNotFound)
	wantErr(t, "a used code is no code", join([32]byte{}, now), vault.ErrNotFound)
	p, err := s.Pairing(ctx, s.v, now)
	if err != nil || p.Step != vault.PairingJoined || p.To.Key[1] != 1 || len(p.From.Key) != 0 || p.TicketHash != ticket || p.CodeHash != [32]byte{} {
		t.Fatalf("joined: %+v, %v", p, err)
	}
	sealed := make([]byte, vault.PairingSecret+16)
	wantErr(t, "sealed before it was revealed", s.SealPairing(ctx, s.v, make([]byte, 12), sealed, now), vault.ErrNotFound)
	if err := s.RevealPairing(ctx, s.v, half(2), now); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "revealed twice", s.RevealPairing(ctx, s.v, half(3), now), vault.ErrNotFound)
	wantErr(t, "sealed too short", s.SealPairing(ctx, s.v, make([]byte, 12), sealed[1:], now), vault.ErrInvalid)
	session := vault.Session{TokenHash: [32]byte{5}, Expires: time.Unix(2e9, 0)}
	wantErr(t, "taken before it was sealed", s.TakePairing(ctx, s.v, ticket, &session, now), vault.ErrNotFound)
	if err := s.SealPairing(ctx, s.v, make([]byte, 12), sealed, now); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "taken with another ticket", s.TakePairing(ctx, s.v, [32]byte{8}, &session, now), vault.ErrNotFound)
	if err := s.TakePairing(ctx, s.v, ticket, &session, now); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "taken twice", s.TakePairing(ctx, s.v, ticket, &session, now), vault.ErrNotFound)
	if p, err := s.Pairing(ctx, s.v, now); err != nil || p.Step != vault.PairingTaken || len(p.Ciphertext) != 0 {
		t.Errorf("taken, and there is still something sealed: %v, %v", p.Step, err)
	}
	stands := func() bool {
		_, err := s.Session(ctx, s.v, session.TokenHash, now)
		return err == nil
	}
	if !stands() {
		t.Fatal("the other device has no session")
	}
	if err := s.RemovePasskey(ctx, s.v, []byte("second")); err != nil {
		t.Fatal(err)
	}
	if stands() {
		t.Error("the passkey is removed, and whom it let in is still in")
	}
	_, err = s.Pairing(ctx, s.v, now)
	wantErr(t, "a pairing of a passkey that was removed", err, vault.ErrNotFound)
	// Two vaults with one code: nobody can say which was meant.
	twin := offer
	twin.Vault = other.v
	if err := errors.Join(s.OfferPairing(ctx, offer, vault.Session{}), s.OfferPairing(ctx, twin, vault.Session{})); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "a code of two", join(code, now), vault.ErrNotFound)
	if err := errors.Join(s.EndPairing(ctx, other.v), s.EndPairing(ctx, other.v), join(code, now), s.Expire(ctx, offer.Expires)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Pairing(ctx, s.v, now)
	wantErr(t, "a pairing that was swept away", err, vault.ErrNotFound)
}
