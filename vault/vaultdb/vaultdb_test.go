package vaultdb_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"coffer/internal/id"
	"coffer/internal/keyring/keyringtest"
	"coffer/internal/sqldb"
	"coffer/internal/sqldb/sqldbtest"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaultdb"
	"coffer/vault/vaulttest"
)

func TestStore(t *testing.T) { vaulttest.TestStore(t, vaulttest.Open) }

// Every key of a vault's data begins with vault_id, so that the tables can be
// partitioned by it, and no index holds more than ids and digests.
func TestKeysBeginWithTheVault(t *testing.T) {
	db, err := sqldb.Create(t.Context(), sqldb.Options{Path: filepath.Join(t.TempDir(), "coffer.db"), Schemas: []sqldb.Schema{vaultdb.Schema}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	indexed := map[string]bool{"vault_id": true, "document_id": true, "grant_id": true, "credential_id": true, "kind": true, "token_hash": true, "ceremony_hash": true, "locator_hash": true, "place": true, "ring_id": true, "code_hash": true}
	err = db.Read(t.Context(), func(tx sqldb.Tx) error {
		rows, err := tx.QueryContext(t.Context(), `SELECT m.name, i.name, x.seqno, x.name
			FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) x
			WHERE m.type = 'table' AND m.name NOT LIKE 'goose_%' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1, 2, 3`)
		if err != nil {
			return err
		}
		defer rows.Close()
		n := 0
		for ; rows.Next(); n++ {
			var table, index, column string
			var place int
			if err := rows.Scan(&table, &index, &place, &column); err != nil {
				return err
			}
			if place == 0 && column != "vault_id" && table != "ceremony" && table != "keyring" && index != "recovery_by_locator" && index != "pairing_by_code" { // an index, not a key
				t.Errorf("%s of %s begins with %s", index, table, column)
			}
			if !indexed[column] {
				t.Errorf("%s of %s holds %s: only random ids, digests and places may be indexed", index, table, column)
			}
		}
		if n < 10 {
			t.Errorf("looked at %d index columns only", n)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The tables can be spread over machines by vault; ceremonies belong to none, nor does
// the one row about the keyring.
func TestVaultsCanBeSpread(t *testing.T) {
	if ofVaults, others := sqldbtest.Shardable(t, vaultdb.Schema, "ceremony"); ofVaults < 9 || !slices.Equal(others, []string{"keyring"}) {
		t.Errorf("%d tables of vaults; of none: %v", ofVaults, others)
	}
}

// After an erasure and Vacuum, no file of the database has anything of the vault.
func TestEraseLeavesNoTrace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coffer.db")
	db, err := sqldb.Create(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{vaultdb.Schema}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := vaultdb.New(db, nil, keyringtest.New(t))
	v, k := id.New[id.Vault](), seal.VaultKey{1}
	salt := bytes.Repeat([]byte("walrus!"), 5)[:32]
	if err := s.Create(t.Context(), vault.Vault{ID: v, Salt: salt, State: vault.Open, Created: time.Unix(1, 0)}, vaulttest.Passkey("okapi-credential")); err != nil {
		t.Fatal(err)
	}
	sheet := vault.Sheet{LocatorHash: [32]byte([]byte("quokka-locator-hash-quokka-hash!")), Signer: []byte("dugong-signer-dugong-signer-dugo!")[:32]}
	wrap, err := seal.Wrap(rand.Reader, seal.WrapKey{7}, v, vault.RecoveryWrap, nil, k)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutWraps(t.Context(), v, 1, []vault.Wrap{wrap}, &sheet); err != nil {
		t.Fatal(err)
	}
	planted := map[string][]byte{"locator hash": sheet.LocatorHash[:], "vault id": v[:], "salt": salt, "credential": []byte("okapi-credential"), "attribute": []byte("numbat-attribute")}
	for i := range 60 { // enough to split pages
		d := id.New[id.Document]()
		planted[fmt.Sprint("document ", i)] = d[:]
		doc := vault.Document{ID: d, Version: 1}
		if doc.Sealed, err = seal.SealDocument(rand.Reader, k, d, 1, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
		manifest, err := seal.SealDocument(rand.Reader, k, seal.ManifestID(v), int64(i+1), []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		planted[fmt.Sprint("sealed ", i)] = doc.Sealed[200:260]
		err = db.Write(t.Context(), func(tx sqldb.Tx) error {
			b := vault.Batch{Puts: []vault.Document{doc, {ID: seal.ManifestID(v), Version: int64(i + 1), Sealed: manifest}}}
			if err := vaultdb.PutDocuments(t.Context(), tx, v, b); err != nil {
				return err
			}
			share := vault.Share{Grant: id.New[id.Grant](), Document: d, Version: 1, Attribute: "numbat-attribute", EncryptedKey: make([]byte, 40)}
			return vaultdb.PutShares(t.Context(), tx, v, []vault.Share{share})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	found := func() (names []string) {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			if errors.Is(err, os.ErrNotExist) {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			for name, p := range planted {
				if bytes.Contains(b, p) {
					names = append(names, name+" in db"+suffix)
				}
			}
		}
		return names
	}
	if len(found()) < len(planted) {
		t.Fatal("not everything was planted: this test shows nothing")
	}
	// What is sealed under the vault's key of the keyring was never there.
	planted["signer"], planted["wrap"], planted["record"] = sheet.Signer, wrap.Ciphertext, vaulttest.Passkey("okapi-credential").Record
	for _, name := range found() {
		if strings.HasPrefix(name, "signer") || strings.HasPrefix(name, "wrap") || strings.HasPrefix(name, "record") {
			t.Errorf("%s, unsealed", name)
		}
	}
	if err := db.Write(t.Context(), func(tx sqldb.Tx) error { return vaultdb.Erase(t.Context(), tx, v) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Vacuum(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := found(); len(left) > 0 {
		t.Fatalf("left after the erasure: %v", left)
	}
}

// Shares and something of another store stand or fall together.
func TestTransactionOfTheCaller(t *testing.T) {
	s, db := vaulttest.Open(t, nil)
	v, k, d := id.New[id.Vault](), seal.VaultKey{1}, id.New[id.Document]()
	if err := s.Create(t.Context(), vault.Vault{ID: v, Salt: make([]byte, 32), State: vault.Open, Created: time.Unix(1763720000, 0)}, vaulttest.Passkey("p")); err != nil {
		t.Fatal(err)
	}
	put := func(d id.Document) vault.Document {
		b, err := seal.SealDocument(rand.Reader, k, d, 1, []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		return vault.Document{ID: d, Version: 1, Sealed: b}
	}
	changed := errors.New("changed my mind")
	err := db.Write(t.Context(), func(tx sqldb.Tx) error {
		if err := vaultdb.PutDocuments(t.Context(), tx, v, vault.Batch{Puts: []vault.Document{put(d), put(seal.ManifestID(v))}}); err != nil {
			return err
		}
		return changed
	})
	if !errors.Is(err, changed) {
		t.Fatal(err)
	}
	if docs, err := s.Documents(t.Context(), v); err != nil || len(docs) != 0 {
		t.Fatalf("%d documents of an undone transaction, %v", len(docs), err)
	}
}

// BenchmarkRelease is what a gated release asks of the vault: one attribute out of
// six, for one of 1,000 vaults.
func BenchmarkRelease(b *testing.B) {
	s, db := vaulttest.Open(b, nil)
	const vaults = 1000
	type one struct {
		v id.Vault
		g id.Grant
	}
	all := make([]one, vaults)
	k := seal.VaultKey{1}
	for i := range all {
		all[i] = one{id.New[id.Vault](), id.New[id.Grant]()}
		if err := s.Create(b.Context(), vault.Vault{ID: all[i].v, Salt: make([]byte, 32), State: vault.Open}, vaulttest.Passkey("p")); err != nil {
			b.Fatal(err)
		}
		err := db.Write(b.Context(), func(tx sqldb.Tx) error {
			var batch vault.Batch
			for n, d := range []id.Document{seal.ManifestID(all[i].v), id.New[id.Document](), id.New[id.Document](), id.New[id.Document]()} {
				sealed, err := seal.SealDocument(rand.Reader, k, d, 1, []byte(`{}`))
				if err != nil {
					return err
				}
				batch.Puts = append(batch.Puts, vault.Document{ID: d, Version: 1, Sealed: sealed})
				if n > 0 {
					batch.Shares = append(batch.Shares, vault.Share{Grant: all[i].g, Document: d, Version: 1, Attribute: fmt.Sprint("attribute-", n), EncryptedKey: make([]byte, 40)})
				}
			}
			return vaultdb.PutDocuments(b.Context(), tx, all[i].v, batch)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	var n atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			o := all[n.Add(1)%vaults]
			err := db.Read(context.Background(), func(tx sqldb.Tx) error {
				rs, err := vaultdb.Releases(context.Background(), tx, vaultdb.Want{Vault: o.v, Grant: o.g, Attributes: []string{"attribute-2"}})
				if err == nil && len(rs[0]) != 1 {
					err = fmt.Errorf("%d releases", len(rs[0]))
				}
				return err
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "releases/s")
}
