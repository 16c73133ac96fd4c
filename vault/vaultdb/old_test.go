package vaultdb_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"coffer/internal/id"
	"coffer/internal/keyring/keyringtest"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaultdb"
	"coffer/vault/vaulttest"
)

var makeOld = flag.Bool("make-old", false, "write testdata/v1/coffer.db; once per version of the schema, then never again")

// What version 1 wrote is one vault with one attribute, shared under one grant.
var old = struct {
	v  id.Vault
	d  id.Document
	g  id.Grant
	k  seal.VaultKey
	gk seal.GrantKey
}{id.Vault{1}, id.Document{2}, id.Grant{3}, seal.VaultKey{4}, seal.GrantKey{5}}

func TestOldDatabaseOpens(t *testing.T) {
	const kept = "testdata/v1/coffer.db"
	if *makeOld {
		writeOld(t, kept)
	}
	b, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "coffer.db") // a migration must not change what is kept
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{vaultdb.Schema}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ring := keyringtest.New(t)
	s := vaultdb.New(db, nil, ring)
	if err := s.SealAll(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	k, err := s.Keyring(t.Context(), old.v)
	if err != nil || k.Vault.State != vault.Open || len(k.Passkeys) != 1 || len(k.Wraps) != 2 {
		t.Fatalf("keyring %+v, %v", k, err)
	}
	if k.Recovery {
		t.Error("a sheet from before recovery signs in")
	}
	sheet := vault.Sheet{LocatorHash: [32]byte{1}, Signer: make([]byte, 32)}
	if err := s.PutWraps(t.Context(), old.v, 1, k.Wraps[1:], &sheet); err != nil {
		t.Errorf("registering the sheet of an old vault: %v", err)
	}
	if k, err = s.Keyring(t.Context(), old.v); err != nil || !k.Recovery {
		t.Errorf("after registering: %v, %v", k.Recovery, err)
	}
	docs, err := s.Documents(t.Context(), old.v)
	if err != nil || len(docs) != 2 {
		t.Fatalf("%d documents, %v", len(docs), err)
	}
	for _, d := range docs {
		if d.ID != seal.ManifestID(old.v) {
			continue
		}
		m, err := seal.OpenManifest(old.k, old.v, d, 1)
		if err != nil {
			t.Fatal(err)
		}
		if ds := m.Compare(old.v, docs); len(ds) > 0 {
			t.Errorf("documents differ from the manifest: %v", ds)
		}
	}
	err = db.Read(t.Context(), func(tx sqldb.Tx) error {
		rs, err := vaultdb.Releases(t.Context(), tx, vaultdb.Want{Vault: old.v, Grant: old.g})
		if err != nil || len(rs[0]) != 1 {
			t.Fatalf("%d releases, %v", len(rs[0]), err)
		}
		o, err := seal.OpenRelease(old.gk, old.g, rs[0][0].Sealed)
		if err != nil || !bytes.Contains(o.Plaintext, []byte(`"41"`)) {
			t.Errorf("release opens to %s, %v", o.Plaintext, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func writeOld(t *testing.T, path string) {
	db, err := sqldb.Create(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{vaultdb.Schema}})
	if err != nil {
		t.Fatal(err)
	}
	s := vaultdb.New(db, nil, keyringtest.New(t))
	random := bytes.NewReader(bytes.Repeat([]byte("not random at all"), 100))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Create(t.Context(), vault.Vault{ID: old.v, Salt: make([]byte, 32), State: vault.Opening, Created: time.Unix(1763720000, 0)}, vaulttest.Passkey("passkey")))
	one, err1 := seal.Wrap(random, seal.WrapKey{6}, old.v, vault.PasskeyWrap, []byte("passkey"), old.k)
	two, err2 := seal.Wrap(random, seal.WrapKey{7}, old.v, vault.RecoveryWrap, nil, old.k)
	must(errors.Join(err1, err2))
	must(s.PutWraps(t.Context(), old.v, 1, []vault.Wrap{one, two}, nil))
	must(s.Finish(t.Context(), old.v))
	doc := vault.Document{ID: old.d, Version: 1}
	doc.Sealed, err = seal.SealDocument(random, old.k, old.d, 1, []byte(`{"v":1,"kind":"attribute","name":"shoe-size","value":"41","updated":1763720000}`))
	must(err)
	m, err := seal.List(0, []vault.Document{doc})
	must(err)
	manifest, err := m.Seal(random, old.k, old.v)
	must(err)
	cek, err := seal.DocumentKey(old.k, doc.Sealed)
	must(err)
	must(db.Write(t.Context(), func(tx sqldb.Tx) error {
		return vaultdb.PutDocuments(t.Context(), tx, old.v, vault.Batch{
			Puts:   []vault.Document{doc, manifest},
			Shares: []vault.Share{{Grant: old.g, Document: old.d, Version: 1, Attribute: "shoe-size", EncryptedKey: seal.Share(old.gk, cek)}},
		})
	}))
	must(db.Vacuum(t.Context()))
	must(db.Close())
}
