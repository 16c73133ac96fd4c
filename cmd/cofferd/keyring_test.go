package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/internal/sqldb/sqldbtest"
	"coffer/internal/wallettest"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

// onFiles skips a test that handles SQLite's files.
func onFiles(t *testing.T) {
	if sqldbtest.OnPostgres() {
		t.Skip("copies SQLite's file about; TestMigrateAndBack is about PostgreSQL")
	}
}

// keyOf is the bytes of a vault's key.
func (w *world) keyOf(v id.Vault) (key []byte) {
	w.Helper()
	db, err := sqldb.Open(w.Context(), sqldb.Options{Path: keyringOf(w.folder, w.config)})
	if err != nil {
		w.Fatal(err)
	}
	defer db.Close()
	if err := db.Read(w.Context(), func(tx sqldb.Tx) error {
		return tx.QueryRowContext(w.Context(), "SELECT vault_key FROM vault_key WHERE vault_id = $1", v[:]).Scan(&key)
	}); err != nil {
		w.Fatal(err)
	}
	return key
}

// startAgain starts a stopped operator.
func (w *world) startAgain() {
	w.Helper()
	l, err := net.Listen("tcp", w.config.Listen)
	if err != nil {
		w.Fatal(err)
	}
	w.start(l)
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o600)
}

// gone holds that nothing of a vault is at the operator, and that its business knows.
func (w *world) gone(s *wallettest.Wallet, key []byte, shop *business.Business, g id.Grant) error {
	secrets := ids(s)
	secrets["key"] = key
	if found, files, err := w.search(secrets); err != nil || len(found) > 0 || files < 10 {
		return fmt.Errorf("left: %v in %d files: %v", found, files, err)
	}
	if _, err := shop.Collect(w.Context(), g); !errors.Is(err, consent.Withdrawn) {
		return fmt.Errorf("collecting: %v, want withdrawn", err)
	}
	told := 0
	if _, err := shop.Poll(w.Context(), func(_ context.Context, e business.Event) error {
		if e.Type == business.EventErased && e.Grant == g {
			told++
		}
		return nil
	}); err != nil || told == 0 {
		return fmt.Errorf("the business was told %d times, %v", told, err)
	}
	entry, err := s.Held[g].Given.GrantEntry()
	if err != nil {
		return err
	}
	return eventually(func() (bool, error) {
		state, err := w.o.ledger.Grant(w.Context(), entry.HandleKey)
		return state.Withdrawn, err
	})
}

// An old copy of the database does not bring back a vault that was erased since: its key
// is gone, so its grants end again and its rows go, before anything is served. A vault
// that was not erased is there.
func TestAnOldCopyBringsNothingBack(t *testing.T) {
	onFiles(t)
	w := newWorld(t)
	ctx := t.Context()
	shop := w.shop()
	s, deliver, _ := demanding(w, shop)
	stays, kept, _ := demanding(w, shop)
	key := w.keyOf(s.Vault)
	copied := filepath.Join(t.TempDir(), "copy.db")

	w.stop()
	if err := copyFile(databasePath(w.folder), copied); err != nil {
		t.Fatal(err)
	}
	w.startAgain()
	if found, _, err := w.search(map[string][]byte{"key": key}); err != nil || len(found) != 1 || found[0] != "key (raw) in keyring.db" {
		t.Fatalf("the key is in %v, %v; want the keyring and nothing else", found, err)
	}
	w.step("erase", func() error {
		if err := s.Erase(ctx); err != nil {
			return err
		}
		return w.gone(s, key, shop, deliver)
	})
	w.stop()
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(databasePath(w.folder) + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if err := copyFile(copied, databasePath(w.folder)); err != nil {
		t.Fatal(err)
	}
	w.startAgain()
	w.step("start on the old copy", func() error {
		if err := w.gone(s, key, shop, deliver); err != nil {
			return err
		}
		if _, err := s.Grants(ctx); err == nil {
			return errors.New("the erased vault answers")
		}
		if _, err := shop.Collect(ctx, kept); err != nil {
			return fmt.Errorf("the vault that stays: %w", err)
		}
		_, err := stays.Grants(ctx)
		return err
	})
}

// An erasure that was cut off after the key was destroyed is finished at the next start,
// or within a minute.
func TestAnErasureThatWasCutOff(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	shop := w.shop()
	s, deliver, _ := demanding(w, shop)
	other, market, _ := demanding(w, shop)
	if _, err := w.o.ring.Destroy(ctx, s.Vault); err != nil {
		t.Fatal(err)
	}
	if _, err := w.o.vaults.Keyring(ctx, s.Vault); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("a vault without its key: %v", err)
	}
	w.restart()
	w.step("finished at the start", func() error { return w.gone(s, s.Vault[:], shop, deliver) })
	if _, err := w.o.ring.Destroy(ctx, other.Vault); err != nil {
		t.Fatal(err)
	}
	w.step("finished while running", func() error {
		if err := w.o.reconcile(ctx); err != nil {
			return err
		}
		_, counted, err := vaultdb.Bound(ctx, w.o.db)
		if n, e := w.o.ring.Destroyed(ctx); err != nil || e != nil || n != counted || n != 2 {
			return fmt.Errorf("%d keys were destroyed, and the database counts %d: %w", n, counted, errors.Join(err, e))
		}
		return w.gone(other, other.Vault[:], shop, market)
	})
}

// Without its own keyring a database is not touched: a disk that is not mounted must not
// become an erasure of everything.
func TestAKeyringThatIsNotThere(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.Database, w.config.Keyring = "", filepath.Join(w.TempDir(), "keys.db") })
	s := w.shopper()
	w.stop()
	opening := func() error {
		o, err := open(t.Context(), w.folder, w.config, slog.New(slog.DiscardHandler))
		if err == nil {
			err = o.close()
		}
		return err
	}
	own := w.config.Keyring
	w.config.Keyring += ".elsewhere"
	if err := opening(); !errors.Is(err, errNoKeyring) {
		t.Errorf("without the keyring: %v", err)
	}
	if _, err := os.Stat(w.config.Keyring); err == nil {
		t.Error("a keyring was made")
	}
	r, err := keyring.Create(t.Context(), w.config.Keyring, keyring.ID{})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	if err := opening(); !errors.Is(err, errOtherKeyring) {
		t.Errorf("with another keyring: %v", err)
	}
	w.config.Keyring = own
	w.startAgain()
	if _, err := s.Grants(t.Context()); err != nil {
		t.Errorf("with its own again: %v", err)
	}
}

// A folder of before there were keyrings gets one at its first start; nothing that lay
// open does so afterwards, and everything works.
func TestAFolderFromBeforeKeyrings(t *testing.T) {
	onFiles(t)
	w := newWorld(t)
	ctx := t.Context()
	shop := w.shop()
	s, deliver, _ := demanding(w, shop)
	w.step("withdraw one, so that there are receipts of all kinds", func() error { _, err := s.Withdraw(ctx, deliver); return err })
	before, err := w.o.consents.Grants(ctx, s.Vault)
	if err != nil {
		t.Fatal(err)
	}
	w.stop()
	layOpen(w, s.Vault)
	receipt := before[0].Receipt
	open := map[string][]byte{"receipt": []byte(receipt[len(receipt)-40:])}
	if found, _, err := w.search(open); err != nil || len(found) == 0 {
		t.Fatalf("the receipt does not lie open: %v", err)
	}
	w.startAgain()
	w.step("everything is there, sealed", func() error {
		after, err := w.o.consents.Grants(ctx, s.Vault)
		if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
			return fmt.Errorf("the grants differ, or: %w", err)
		}
		if found, _, err := w.search(open); err != nil || len(found) > 0 {
			return fmt.Errorf("open: %v, %w", found, err)
		}
		if _, err := w.o.vaults.Passkeys(ctx, s.Vault); err != nil {
			return err
		}
		return s.Erase(ctx) // with the passkey
	})
}

// layOpen makes a stopped operator's folder one of before there were keyrings.
func layOpen(w *world, v id.Vault) {
	w.Helper()
	ctx := w.Context()
	ring, err := keyring.Open(ctx, keyringOf(w.folder, w.config))
	if err != nil {
		w.Fatal(err)
	}
	k, err := ring.Key(ctx, v)
	db, err2 := sqldb.Open(ctx, databaseOf(w.folder, w.config))
	if err := errors.Join(err, err2, ring.Close()); err != nil {
		w.Fatal(err)
	}
	defer db.Close()
	type cell struct {
		query, set string
		place      func(key []byte, kind string) string
		text       bool
	}
	for _, c := range []cell{
		{"SELECT credential_id, kind, ciphertext FROM wrap", "UPDATE wrap SET ciphertext = $1 WHERE credential_id = $2 AND kind = $3",
			func(key []byte, kind string) string { return "wrap\x00" + kind + "\x00" + string(key) }, false},
		{"SELECT credential_id, '', record FROM passkey", "UPDATE passkey SET record = $1 WHERE credential_id = $2 AND '' = $3",
			func(key []byte, _ string) string { return "passkey\x00" + string(key) }, false},
		{"SELECT vault_id, '', signer FROM recovery", "UPDATE recovery SET signer = $1 WHERE vault_id = $2 AND '' = $3",
			func([]byte, string) string { return "signer" }, false},
		{"SELECT grant_id, 'given', receipt FROM grant_paper", "UPDATE grant_paper SET receipt = $1 WHERE grant_id = $2 AND 'given' = $3",
			func(key []byte, kind string) string { return "receipt\x00" + string(key) + kind }, true},
		{"SELECT grant_id, 'withdrawn', withdrawal_receipt FROM grant_paper WHERE withdrawal_receipt <> ''", "UPDATE grant_paper SET withdrawal_receipt = $1 WHERE grant_id = $2 AND 'withdrawn' = $3",
			func(key []byte, kind string) string { return "receipt\x00" + string(key) + kind }, true},
		{"SELECT grant_id, '', letter FROM grant_paper", "UPDATE grant_paper SET letter = $1 WHERE grant_id = $2 AND '' = $3",
			func(key []byte, _ string) string { return "letter\x00" + string(key) }, true},
		{"SELECT request_id, '', document FROM decision", "UPDATE decision SET document = $1 WHERE request_id = $2 AND '' = $3",
			func(key []byte, _ string) string { return "decision\x00" + string(key) }, true},
	} {
		n := 0
		err := db.Write(ctx, func(tx sqldb.Tx) error {
			rows, err := tx.QueryContext(ctx, c.query)
			if err != nil {
				return err
			}
			type row struct {
				key    []byte
				kind   string
				stored []byte
			}
			var all []row
			for rows.Next() {
				var r row
				if err := rows.Scan(&r.key, &r.kind, &r.stored); err != nil {
					return err
				}
				all = append(all, r)
			}
			rows.Close()
			for _, r := range all {
				var plain any
				if c.text {
					plain, err = k.OpenText(c.place(r.key, r.kind), string(r.stored))
				} else {
					plain, err = k.Open(c.place(r.key, r.kind), r.stored)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", c.query, err)
				}
				if _, err := tx.ExecContext(ctx, c.set, plain, r.key, r.kind); err != nil {
					return err
				}
				n++
			}
			return nil
		})
		if err != nil || n == 0 {
			w.Fatalf("%s: %d, %v", c.query, n, err)
		}
	}
	err = db.Write(ctx, func(tx sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM keyring")
		return err
	})
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if e := os.Remove(keyringOf(w.folder, w.config) + suffix); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = e
		}
	}
	if err != nil {
		w.Fatal(err)
	}
}
