package vaulttest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaultdb"
)

// Opener returns an empty store and the database it is in.
type Opener func(testing.TB, vaultdb.Gate) (*vaultdb.Store, *sqldb.DB)

// TestStore is what every database under vaultdb must pass.
func TestStore(t *testing.T, open Opener) {
	for name, f := range map[string]func(*testing.T, Opener){
		"keyring":                 testKeyring,
		"passkeys":                testPasskeys,
		"removing a passkey":      testRemovePasskey,
		"sheets":                  testSheets,
		"finish needs two ways":   testFinish,
		"compare and set":         testCompareAndSet,
		"a batch is whole":        testBatchIsWhole,
		"manifest in every batch": testManifest,
		"shares":                  testShares,
		"shares follow documents": testSharesFollowDocuments,
		"shares pass the gate":    testGate,
		"releases":                testReleases,
		"erase":                   testErase,
		"vaults are apart":        testApart,
		"sessions":                testSessions,
		"rotation":                testRotation,
		"a way in less":           testRotationDrops,
		"pairing":                 testPairing,
		"ceremonies":              testCeremonies,
		"two devices":             testTwoDevices,
		"walking all vaults":      testEach,
		"attachments":             testAttachments,
		"attachments fill":        testAttachmentsFill,
		"orphans":                 testOrphans,
		"inactive vaults":         testInactive,
		"inactive, meanwhile":     testInactiveRace,
		"inactive, many":          testInactiveBound,
	} {
		t.Run(name, func(t *testing.T) { f(t, open) })
	}
}

// shelf is a vault under test with its key.
type shelf struct {
	*vaultdb.Store
	db       *sqldb.DB
	v        id.Vault
	key      seal.VaultKey
	manifest int64
}

func newShelf(t testing.TB, open Opener, gate vaultdb.Gate) *shelf {
	t.Helper()
	s, db := open(t, gate)
	return addShelf(t, s, db)
}

func addShelf(t testing.TB, s *vaultdb.Store, db *sqldb.DB) *shelf {
	t.Helper()
	k, err := seal.NewKey[seal.VaultKey](rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sh := &shelf{Store: s, db: db, v: id.New[id.Vault](), key: k}
	n := vault.Vault{ID: sh.v, Salt: make([]byte, 32), State: vault.Open, Created: time.Unix(1763720000, 0)}
	if err := s.Create(t.Context(), n, Passkey("first")); err != nil {
		t.Fatal(err)
	}
	return sh
}

// Passkey is a passkey as the store sees one.
func Passkey(name string) vault.Passkey {
	return vault.Passkey{ID: []byte(name), PRF: true, Record: []byte(`{"record":"` + name + `"}`), Created: time.Unix(1763720000, 0)}
}

func (s *shelf) sealed(t testing.TB, d id.Document, version int64) vault.Document {
	t.Helper()
	b, err := seal.SealDocument(rand.Reader, s.key, d, version, []byte(`{"v":1}`))
	if err != nil {
		t.Fatal(err)
	}
	return vault.Document{ID: d, Version: version, Sealed: b}
}

// batch completes puts with the manifest's next version.
func (s *shelf) batch(t testing.TB, puts ...vault.Document) vault.Batch {
	t.Helper()
	return vault.Batch{Puts: append(puts, s.sealed(t, seal.ManifestID(s.v), s.manifest+1))}
}

func (s *shelf) put(t testing.TB, b vault.Batch) {
	t.Helper()
	if err := s.WriteDocuments(t.Context(), s.v, b); err != nil {
		t.Fatal(err)
	}
	s.manifest++
}

func (s *shelf) share(g id.Grant, d vault.Document, attribute string) vault.Share {
	return vault.Share{Grant: g, Document: d.ID, Version: d.Version, Attribute: attribute, EncryptedKey: make([]byte, 40)}
}

func (s *shelf) tx(t testing.TB, f func(context.Context, sqldb.Tx) error) error {
	return s.db.Write(t.Context(), func(tx sqldb.Tx) error { return f(t.Context(), tx) })
}

func (s *shelf) shares(t testing.TB) (out []vault.Share) {
	t.Helper()
	err := s.tx(t, func(ctx context.Context, tx sqldb.Tx) (err error) {
		out, err = vaultdb.Shares(ctx, tx, s.v)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantConflict(t testing.TB, err error, d id.Document, have int64) {
	t.Helper()
	var c *vault.Conflict
	if !errors.As(err, &c) || !errors.Is(err, vault.ErrConflict) || c.Document != d || c.Have != have {
		t.Errorf("got %v, want a conflict at version %d", err, have)
	}
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func testKeyring(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	_, err := s.Keyring(t.Context(), id.New[id.Vault]())
	wantErr(t, "a vault that is not", err, vault.ErrNotFound)

	recovery := vault.Wrap{Kind: vault.RecoveryWrap, IV: make([]byte, 12), Ciphertext: make([]byte, 48)}
	passkey := vault.Wrap{Kind: vault.PasskeyWrap, Credential: []byte("first"), IV: make([]byte, 12), Ciphertext: make([]byte, 48)}
	foreign := passkey
	foreign.Credential = []byte("someone else's")
	wantErr(t, "a wrap for a foreign passkey", s.PutWraps(t.Context(), s.v, 1, []vault.Wrap{recovery, foreign}, nil), vault.ErrInvalid)
	if k, err := s.Keyring(t.Context(), s.v); err != nil || len(k.Wraps) != 0 {
		t.Errorf("%d wraps of a refused list were stored, %v", len(k.Wraps), err)
	}
	if err := s.PutWraps(t.Context(), s.v, 1, []vault.Wrap{recovery, passkey}, nil); err != nil {
		t.Fatal(err)
	}
	recovery.Ciphertext = slices.Repeat([]byte{7}, 48)
	if err := s.PutWraps(t.Context(), s.v, 1, []vault.Wrap{recovery}, nil); err != nil {
		t.Fatal(err)
	}
	k, err := s.Keyring(t.Context(), s.v)
	if err != nil || len(k.Wraps) != 2 || len(k.Passkeys) != 1 || k.Vault.ID != s.v || k.Vault.Key != 1 || len(k.Next) != 0 {
		t.Fatalf("got %+v, %v", k, err)
	}
	if !k.Has([]byte("first")) || k.Has([]byte("second")) {
		t.Error("the keyring does not know its passkeys")
	}
	for _, w := range k.Wraps {
		if err := w.Check(); err != nil {
			t.Errorf("%s wrap came back as %v", w.Kind, err)
		}
		if w.Kind == vault.RecoveryWrap && w.Ciphertext[0] != 7 {
			t.Error("the second recovery wrap did not replace the first")
		}
	}
	wantErr(t, "wraps of a vault that is not", s.PutWraps(t.Context(), id.New[id.Vault](), 1, []vault.Wrap{recovery}, nil), vault.ErrNotFound)
}

func testPasskeys(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	wantErr(t, "the same twice", s.AddPasskey(t.Context(), s.v, Passkey("first")), vault.ErrInvalid)
	wantErr(t, "for no vault", s.AddPasskey(t.Context(), id.New[id.Vault](), Passkey("x")), vault.ErrNotFound)
	for i := 1; i < vault.MaxPasskeys; i++ {
		if err := s.AddPasskey(t.Context(), s.v, Passkey(fmt.Sprint("number ", i))); err != nil {
			t.Fatal(err)
		}
	}
	wantErr(t, "one more than fits", s.AddPasskey(t.Context(), s.v, Passkey("last")), vault.ErrTooMany)
	if err := s.SetRecord(t.Context(), s.v, []byte("first"), []byte("changed"), time.Unix(1763729999, 0)); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "record of no passkey", s.SetRecord(t.Context(), s.v, []byte("never"), []byte("x"), time.Unix(1, 0)), vault.ErrNotFound)
	ps, err := s.Passkeys(t.Context(), s.v)
	if err != nil || len(ps) != vault.MaxPasskeys || string(ps[0].Record) != "changed" || !ps[0].PRF || ps[0].Used.Unix() != 1763729999 || !ps[1].Used.IsZero() {
		t.Fatalf("%d passkeys, %v", len(ps), err)
	}
	_, err = s.Passkeys(t.Context(), id.New[id.Vault]())
	wantErr(t, "passkeys of no vault", err, vault.ErrNotFound)
}

func testFinish(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	s.v = id.New[id.Vault]()
	if err := s.Create(t.Context(), vault.Vault{ID: s.v, Salt: make([]byte, 32), State: vault.Opening, Created: time.Unix(1763720000, 0)}, Passkey("first")); err != nil {
		t.Fatal(err)
	}
	// Sign-up is not over: nothing is kept for a vault that one loss would close for good.
	early := s.batch(t, s.sealed(t, id.New[id.Document](), 1))
	wantErr(t, "a document before the second way in", s.WriteDocuments(t.Context(), s.v, early), vault.ErrNotFinished)
	wantErr(t, "a chunk before the second way in", s.PutChunk(t.Context(), s.v, s.pieces(t, id.New[id.Document](), 5)[0]), vault.ErrNotFinished)
	wantErr(t, "a pairing before the second way in", s.OfferPairing(t.Context(), vault.Pairing{Vault: s.v}, vault.Session{}), vault.ErrNotFinished)
	w := vault.Wrap{Kind: vault.RecoveryWrap, IV: make([]byte, 12), Ciphertext: make([]byte, 48)}
	wantErr(t, "without a way in", s.Finish(t.Context(), s.v), vault.ErrNotFinished)
	if err := s.PutWraps(t.Context(), s.v, 1, []vault.Wrap{w}, nil); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "with one way in", s.Finish(t.Context(), s.v), vault.ErrNotFinished)
	w.Kind, w.Credential = vault.PasskeyWrap, []byte("first")
	if err := s.PutWraps(t.Context(), s.v, 1, []vault.Wrap{w}, nil); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Finish(t.Context(), s.v), s.Finish(t.Context(), s.v)); err != nil {
		t.Fatalf("finishing, twice: %v", err)
	}
	if k, err := s.Keyring(t.Context(), s.v); err != nil || k.Vault.State != vault.Open {
		t.Errorf("state %s, %v", k.Vault.State, err)
	}
	s.put(t, early)
	wantErr(t, "no vault", s.Finish(t.Context(), id.New[id.Vault]()), vault.ErrNotFound)
}

func testCompareAndSet(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	d := id.New[id.Document]()
	write := func(b vault.Batch) error { return s.WriteDocuments(t.Context(), s.v, b) }

	wantConflict(t, write(s.batch(t, s.sealed(t, d, 2))), d, 0)
	s.put(t, s.batch(t, s.sealed(t, d, 1)))
	wantConflict(t, write(s.batch(t, s.sealed(t, d, 1))), d, 1)
	wantConflict(t, write(s.batch(t, s.sealed(t, d, 3))), d, 1)
	s.put(t, s.batch(t, s.sealed(t, d, 2)))

	b := s.batch(t)
	b.Deletes = []vault.Tombstone{{ID: d, Version: 1}}
	wantConflict(t, write(b), d, 2)
	b.Deletes[0].Version = 2
	s.put(t, b)
	b = s.batch(t)
	b.Deletes = []vault.Tombstone{{ID: d, Version: 2}}
	wantConflict(t, write(b), d, 0)

	wrong := s.sealed(t, d, 1)
	wrong.Version = 2
	wantErr(t, "sealed as another version", write(s.batch(t, wrong)), vault.ErrInvalid)
	wrong = s.sealed(t, id.New[id.Document](), 1)
	wrong.ID = d
	wantErr(t, "sealed as another document", write(s.batch(t, wrong)), vault.ErrInvalid)
	one := s.sealed(t, d, 1)
	wantErr(t, "twice in one batch", write(s.batch(t, one, one)), vault.ErrInvalid)
	wantErr(t, "a vault that is not", s.WriteDocuments(t.Context(), id.New[id.Vault](), s.batch(t)), vault.ErrNotFound)
}

func testBatchIsWhole(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	kept, fresh := id.New[id.Document](), id.New[id.Document]()
	s.put(t, s.batch(t, s.sealed(t, kept, 1)))
	b := s.batch(t, s.sealed(t, fresh, 1), s.sealed(t, kept, 5))
	b.Deletes = nil
	wantConflict(t, s.WriteDocuments(t.Context(), s.v, b), kept, 1)
	docs, err := s.Documents(t.Context(), s.v)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if d.ID == fresh || d.Version != 1 {
			t.Errorf("a refused batch left version %d of something", d.Version)
		}
	}
	if len(docs) != 2 {
		t.Errorf("%d documents, want the kept one and the manifest", len(docs))
	}
}

func testManifest(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	b := vault.Batch{Puts: []vault.Document{s.sealed(t, id.New[id.Document](), 1)}}
	wantErr(t, "a batch without the manifest", s.WriteDocuments(t.Context(), s.v, b), vault.ErrInvalid)
}

func testShares(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	one, two := s.sealed(t, id.New[id.Document](), 1), s.sealed(t, id.New[id.Document](), 1)
	s.put(t, s.batch(t, one, two))
	g, other := id.New[id.Grant](), id.New[id.Grant]()
	put := func(shares ...vault.Share) error {
		return s.tx(t, func(ctx context.Context, tx sqldb.Tx) error { return vaultdb.PutShares(ctx, tx, s.v, shares) })
	}
	stale, missing, short := s.share(g, one, "email"), s.share(g, one, "email"), s.share(g, one, "email")
	stale.Version = 2
	missing.Document = id.New[id.Document]()
	short.EncryptedKey = make([]byte, 32)
	wantConflict(t, put(stale), one.ID, 1)
	wantConflict(t, put(missing), missing.Document, 0)
	wantErr(t, "a key of another size", put(short), vault.ErrInvalid)
	wantErr(t, "two of one attribute", put(s.share(g, one, "email"), s.share(g, two, "email")), vault.ErrInvalid)
	wantErr(t, "no attribute", put(s.share(g, one, "")), vault.ErrInvalid)
	wantErr(t, "the manifest", put(s.share(g, vault.Document{ID: seal.ManifestID(s.v), Version: s.manifest}, "all")), vault.ErrInvalid)
	if n := len(s.shares(t)); n != 0 {
		t.Fatalf("%d shares of refused lists", n)
	}
	if err := put(s.share(g, one, "email"), s.share(g, two, "name"), s.share(other, one, "email")); err != nil {
		t.Fatal(err)
	}
	if err := put(s.share(g, one, "email")); err != nil {
		t.Fatalf("again: %v", err)
	}
	if n := len(s.shares(t)); n != 3 {
		t.Errorf("%d shares, want 3", n)
	}
	// The attribute moved to another document: one share of it remains.
	if err := put(s.share(g, one, "name")); err != nil {
		t.Fatal(err)
	}
	if got := s.shares(t); len(got) != 2 || slices.ContainsFunc(got, func(x vault.Share) bool { return x.Document == two.ID }) {
		t.Errorf("%d shares, want two, none of the left document", len(got))
	}
	err := s.tx(t, func(ctx context.Context, tx sqldb.Tx) error { return vaultdb.DropShares(ctx, tx, s.v, g) })
	if err != nil {
		t.Fatal(err)
	}
	if got := s.shares(t); len(got) != 1 || got[0].Grant != other {
		t.Errorf("after dropping one grant's: %d shares", len(got))
	}
}

func testSharesFollowDocuments(t *testing.T, open Opener) {
	s := newShelf(t, open, admit(nil))
	d, e := s.sealed(t, id.New[id.Document](), 1), s.sealed(t, id.New[id.Document](), 1)
	g := id.New[id.Grant]()
	b := s.batch(t, d, e)
	b.Shares = []vault.Share{s.share(g, d, "email"), s.share(g, e, "name")}
	s.put(t, b)
	if n := len(s.shares(t)); n != 2 {
		t.Fatalf("%d shares, want 2", n)
	}
	d2 := s.sealed(t, d.ID, 2)
	b = s.batch(t, d2)
	b.Shares = []vault.Share{s.share(g, d2, "email")}
	s.put(t, b)
	if got := s.shares(t); len(got) != 2 {
		t.Errorf("replaced: %d shares, want 2", len(got))
	}
	s.put(t, s.batch(t, s.sealed(t, d.ID, 3))) // nobody gets the new version
	if got := s.shares(t); len(got) != 1 || got[0].Document != e.ID {
		t.Errorf("changed without sharing: %d shares, want the other document's", len(got))
	}
	b = s.batch(t)
	b.Deletes = []vault.Tombstone{{ID: e.ID, Version: 1}}
	s.put(t, b)
	if n := len(s.shares(t)); n != 0 {
		t.Errorf("deleted: %d shares of no document", n)
	}
}

// gate answers with one error, and remembers what it was asked.
type gate struct {
	answer error
	asked  []vault.Share
}

func admit(answer error) *gate { return &gate{answer: answer} }

func (g *gate) Admit(_ context.Context, _ sqldb.Tx, _ id.Vault, shares []vault.Share) error {
	g.asked = append(g.asked, shares...)
	return g.answer
}

func testGate(t *testing.T, open Opener) {
	withdrawn := errors.New("withdrawn")
	closed := admit(withdrawn)
	s := newShelf(t, open, closed)
	d := s.sealed(t, id.New[id.Document](), 1)
	b := s.batch(t, d)
	b.Shares = []vault.Share{s.share(id.New[id.Grant](), d, "email")}
	wantErr(t, "past a closed gate", s.WriteDocuments(t.Context(), s.v, b), withdrawn)
	if docs, err := s.Documents(t.Context(), s.v); err != nil || len(docs) != 0 || len(closed.asked) != 1 {
		t.Errorf("%d documents were written, gate asked about %d shares, %v", len(docs), len(closed.asked), err)
	}
	b.Shares = nil
	s.put(t, b)
	if len(closed.asked) != 1 {
		t.Error("the gate was asked about no shares")
	}
	s = newShelf(t, open, nil)
	d = s.sealed(t, id.New[id.Document](), 1)
	b = s.batch(t, d)
	b.Shares = []vault.Share{s.share(id.New[id.Grant](), d, "email")}
	wantErr(t, "without a gate", s.WriteDocuments(t.Context(), s.v, b), vault.ErrInvalid)
}

func testReleases(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	g := id.New[id.Grant]()
	gk, err := seal.NewKey[seal.GrantKey](rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var docs []vault.Document
	var shares []vault.Share
	for _, name := range []string{"shoe-size", "email", "name"} {
		content := []byte(`{"v":1,"kind":"attribute","name":"` + name + `","value":"x","updated":1}`)
		d := vault.Document{ID: id.New[id.Document](), Version: 1}
		if d.Sealed, err = seal.SealDocument(rand.Reader, s.key, d.ID, 1, content); err != nil {
			t.Fatal(err)
		}
		cek, err := seal.DocumentKey(s.key, d.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
		shares = append(shares, vault.Share{Grant: g, Document: d.ID, Version: 1, Attribute: name, EncryptedKey: seal.Share(gk, cek)})
	}
	s.put(t, s.batch(t, docs...))
	var got []vault.Release
	releases := func(v id.Vault, g id.Grant, attributes ...string) (names []string) {
		err := s.tx(t, func(ctx context.Context, tx sqldb.Tx) error {
			all, err := vaultdb.Releases(ctx, tx, vaultdb.Want{Vault: v, Grant: g, Attributes: attributes})
			if err == nil {
				got = all[0]
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got {
			names = append(names, r.Attribute)
		}
		return names
	}
	if n := releases(s.v, g); len(n) != 0 {
		t.Errorf("released without a share: %v", n)
	}
	err = s.tx(t, func(ctx context.Context, tx sqldb.Tx) error { return vaultdb.PutShares(ctx, tx, s.v, shares) })
	if err != nil {
		t.Fatal(err)
	}
	if n := releases(s.v, g); !slices.Equal(n, []string{"email", "name", "shoe-size"}) {
		t.Errorf("all: %v", n)
	}
	for _, r := range got {
		o, err := seal.OpenRelease(gk, g, r.Sealed)
		if err != nil || o.Document != r.Document || o.Version != r.Version {
			t.Fatalf("the business opens %s: %v", r.Attribute, err)
		}
		if a, err := seal.ParseAttribute(o.Plaintext); err != nil || a.Name != r.Attribute {
			t.Errorf("released as %s, it is %s (%v)", r.Attribute, a.Name, err)
		}
	}
	if n := releases(s.v, g, "name", "birth-date"); !slices.Equal(n, []string{"name"}) {
		t.Errorf("asked for name and birth-date: %v", n)
	}
	// Should a share ever be left behind by its document, it opens nothing.
	err = s.tx(t, func(ctx context.Context, tx sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE share SET version = 9 WHERE vault_id = $1 AND attribute = 'email'", s.v)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := releases(s.v, g); !slices.Equal(n, []string{"name", "shoe-size"}) {
		t.Errorf("with a share of another version: %v", n)
	}
	if n := releases(s.v, id.New[id.Grant]()); len(n) != 0 {
		t.Errorf("under another grant: %v", n)
	}
	if n := releases(id.New[id.Vault](), g); len(n) != 0 {
		t.Errorf("of another vault: %v", n)
	}
}

func testErase(t *testing.T, open Opener) {
	s := newShelf(t, open, admit(nil))
	neighbour := addShelf(t, s.Store, s.db)
	for _, one := range []*shelf{s, neighbour} {
		d := one.sealed(t, id.New[id.Document](), 1)
		b := one.batch(t, d)
		b.Shares = []vault.Share{one.share(id.New[id.Grant](), d, "email")}
		one.put(t, b)
		if err := one.AddSession(t.Context(), one.v, vault.Session{TokenHash: sha256.Sum256([]byte("t")), Credential: []byte("first"), Expires: time.Unix(2e9, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	pending := func(one *shelf) vault.Ceremony {
		return vault.Ceremony{Hash: sha256.Sum256(one.v[:]), Vault: one.v, Data: one.v[:], Expires: time.Unix(2e9, 0)}
	}
	if err := errors.Join(s.KeepCeremony(t.Context(), pending(s)), s.KeepCeremony(t.Context(), pending(neighbour))); err != nil {
		t.Fatal(err)
	}
	erase := func(ctx context.Context, tx sqldb.Tx) error { return vaultdb.Erase(ctx, tx, s.v) }
	if err := s.tx(t, erase); err != nil {
		t.Fatal(err)
	}
	wantErr(t, "erasing again", s.tx(t, erase), vault.ErrNotFound)
	_, err := s.Keyring(t.Context(), s.v)
	wantErr(t, "its keyring", err, vault.ErrNotFound)
	_, err = s.Session(t.Context(), s.v, sha256.Sum256([]byte("t")), time.Unix(1, 0))
	wantErr(t, "its session", err, vault.ErrNotSignedIn)
	_, err = s.TakeCeremony(t.Context(), pending(s).Hash)
	wantErr(t, "its unfinished ceremony", err, vault.ErrNotFound)
	if c, err := s.TakeCeremony(t.Context(), pending(neighbour).Hash); err != nil || c.Vault != neighbour.v {
		t.Errorf("the neighbour's ceremony: %v", err)
	}
	docs, err := s.Documents(t.Context(), s.v)
	if err != nil || len(docs) != 0 || len(s.shares(t)) != 0 {
		t.Errorf("%d documents and %d shares are left, %v", len(docs), len(s.shares(t)), err)
	}
	docs, err = s.Documents(t.Context(), neighbour.v)
	if err != nil || len(docs) != 2 || len(neighbour.shares(t)) != 1 {
		t.Errorf("the neighbour has %d documents and %d shares left, %v", len(docs), len(neighbour.shares(t)), err)
	}
}

// Ids are no authority: the same document and grant ids in two vaults are two.
func testApart(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	other := addShelf(t, s.Store, s.db)
	d, g := id.New[id.Document](), id.New[id.Grant]()
	for _, one := range []*shelf{s, other} {
		doc := one.sealed(t, d, 1)
		one.put(t, one.batch(t, doc))
		err := one.tx(t, func(ctx context.Context, tx sqldb.Tx) error {
			return vaultdb.PutShares(ctx, tx, one.v, []vault.Share{one.share(g, doc, "email")})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := s.tx(t, func(ctx context.Context, tx sqldb.Tx) error { return vaultdb.DropShares(ctx, tx, s.v, g) })
	if err != nil {
		t.Fatal(err)
	}
	b := s.batch(t)
	b.Deletes = []vault.Tombstone{{ID: d, Version: 1}}
	s.put(t, b)
	docs, err := other.Documents(t.Context(), other.v)
	if err != nil || len(docs) != 2 || len(other.shares(t)) != 1 {
		t.Errorf("the other vault has %d documents and %d shares, %v", len(docs), len(other.shares(t)), err)
	}
}

func testSessions(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	other := addShelf(t, s.Store, s.db)
	now := time.Unix(1763720000, 0)
	hash := sha256.Sum256([]byte("token"))
	n := vault.Session{TokenHash: hash, Credential: []byte("first"), Expires: now.Add(time.Hour)}
	if err := s.AddSession(t.Context(), s.v, n); err != nil {
		t.Fatal(err)
	}
	got, err := s.Session(t.Context(), s.v, hash, now)
	if err != nil || string(got.Credential) != "first" {
		t.Fatalf("got %+v, %v", got, err)
	}
	for name, f := range map[string]func() error{
		"another token": func() error { _, err := s.Session(t.Context(), s.v, [32]byte{}, now); return err },
		"another vault": func() error { _, err := s.Session(t.Context(), other.v, hash, now); return err },
		"when it ends":  func() error { _, err := s.Session(t.Context(), s.v, hash, n.Expires); return err },
	} {
		wantErr(t, name, f(), vault.ErrNotSignedIn)
	}
	if err := s.Expire(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), s.v, hash, now); err != nil {
		t.Errorf("expired too early: %v", err)
	}
	if err := s.Expire(t.Context(), n.Expires); err != nil {
		t.Fatal(err)
	}
	_, err = s.Session(t.Context(), s.v, hash, now)
	wantErr(t, "after Expire", err, vault.ErrNotSignedIn)
	if err := errors.Join(s.AddSession(t.Context(), s.v, n), s.EndSession(t.Context(), s.v, hash), s.EndSession(t.Context(), s.v, hash)); err != nil {
		t.Fatalf("ending, twice: %v", err)
	}
	_, err = s.Session(t.Context(), s.v, hash, now)
	wantErr(t, "after its end", err, vault.ErrNotSignedIn)
}

func testCeremonies(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	now := time.Unix(1763720000, 0)
	c := vault.Ceremony{Hash: sha256.Sum256([]byte("c")), Data: []byte("data"), Expires: now.Add(time.Minute)}
	if err := s.KeepCeremony(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			got, err := s.TakeCeremony(t.Context(), c.Hash)
			if errs[i] = err; err == nil && (string(got.Data) != "data" || !got.Expires.Equal(c.Expires)) {
				t.Errorf("took %+v", got)
			}
		})
	}
	wg.Wait()
	taken := 0
	for _, err := range errs {
		if err == nil {
			taken++
		} else {
			wantErr(t, "taking what was taken", err, vault.ErrNotFound)
		}
	}
	if taken != 1 {
		t.Errorf("taken %d times", taken)
	}
	if err := errors.Join(s.KeepCeremony(t.Context(), c), s.Expire(t.Context(), c.Expires)); err != nil {
		t.Fatal(err)
	}
	_, err := s.TakeCeremony(t.Context(), c.Hash)
	wantErr(t, "after Expire", err, vault.ErrNotFound)
}

// Two devices change different documents at the same time: one of them must notice,
// or a manifest would lose what the other wrote.
func testTwoDevices(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	const devices = 8
	batches := make([]vault.Batch, devices)
	for i := range batches {
		batches[i] = s.batch(t, s.sealed(t, id.New[id.Document](), 1))
	}
	var wg sync.WaitGroup
	errs := make([]error, devices)
	for i := range batches {
		wg.Go(func() { errs[i] = s.WriteDocuments(t.Context(), s.v, batches[i]) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantConflict(t, err, seal.ManifestID(s.v), 1)
		}
	}
	docs, err := s.Documents(t.Context(), s.v)
	if err != nil || won != 1 || len(docs) != 2 {
		t.Errorf("%d devices won, %d documents, %v", won, len(docs), err)
	}
}

func testEach(t *testing.T, open Opener) {
	s := newShelf(t, open, admit(nil))
	want := map[id.Vault]bool{s.v: true}
	d := s.sealed(t, id.New[id.Document](), 1)
	b := s.batch(t, d)
	b.Shares = []vault.Share{s.share(id.New[id.Grant](), d, "email")}
	s.put(t, b)
	for range 300 { // more than it reads at a time
		want[addShelf(t, s.Store, s.db).v] = true
	}
	seen := map[id.Vault]bool{}
	err := s.Each(t.Context(), func(v id.Vault, documents []vault.Document, shares []vault.Share, _ []id.Document) error {
		if !want[v] || seen[v] {
			t.Error("a vault that is not, or twice")
		}
		seen[v] = true
		if v == s.v && (len(documents) != 2 || len(shares) != 1) || v != s.v && len(documents)+len(shares) > 0 {
			t.Errorf("%d documents and %d shares", len(documents), len(shares))
		}
		return nil
	})
	if err != nil || len(seen) != len(want) {
		t.Errorf("saw %d of %d vaults, %v", len(seen), len(want), err)
	}
	stop := errors.New("stop")
	wantErr(t, "stopping", s.Each(t.Context(), func(id.Vault, []vault.Document, []vault.Share, []id.Document) error { return stop }), stop)
}
