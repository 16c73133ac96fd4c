package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/sqldb/sqldbtest"
)

// command runs cofferd in this process.
func command(t *testing.T, args ...string) (said string, status int) {
	t.Helper()
	var out bytes.Buffer
	status = run(t.Context(), args, &out, &out)
	return out.String(), status
}

// mustRun is command that must succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	said, status := command(t, args...)
	if status != 0 {
		t.Fatalf("cofferd %v: status %d: %s", args, status, said)
	}
	return said
}

// keyringOutside puts the keyring where it outlives the folder.
func keyringOutside(w *world) {
	w.config.Heartbeat = Duration(time.Second)
	if w.config.Database == "" {
		w.config.Keyring = filepath.Join(w.TempDir(), "keyring.db")
	}
}

// A restored operator has everything of the backup but what ended since: grants that were
// withdrawn after it stay withdrawn, and a vault that was erased after it is erased.
// Nothing is released before the ledger was asked.
func TestBackupAndRestore(t *testing.T) {
	onFiles(t)
	w := newWorld(t, keyringOutside)
	ctx := t.Context()
	shop := w.shop()
	s, deliver, market := demanding(w, shop)
	erased, gone, _ := demanding(w, shop)
	lostKey := w.keyOf(erased.Vault)
	file := filepath.Join(t.TempDir(), "backup")

	said := mustRun(t, "backup", "--data", w.folder, file) // beside the running daemon
	if !strings.Contains(said, "not in it: the keyring") || !strings.Contains(said, "not in it: the ledger's data") {
		t.Errorf("the backup says: %s", said)
	}
	if said, status := command(t, "backup", "--data", w.folder, file); status != 1 || !strings.Contains(said, "never replaces another") {
		t.Errorf("over another: %d, %s", status, said)
	}
	mustRun(t, "fsck", "--backup", file)
	w.step("the backup holds no key and no value", func() error {
		b, err := os.ReadFile(file)
		for name, secret := range map[string][]byte{"key": lostKey, "key of who stays": w.keyOf(s.Vault)} {
			for how, spelling := range spellings(secret) {
				if bytes.Contains(b, spelling) {
					err = errors.Join(err, fmt.Errorf("%s (%s) is in it", name, how))
				}
			}
		}
		for name, secret := range canaries() {
			if bytes.Contains(b, secret) {
				err = errors.Join(err, fmt.Errorf("%s is in it", name))
			}
		}
		if !bytes.Contains(b, erased.Vault[:]) {
			err = errors.Join(err, errors.New("the vault is not in it: this test shows nothing"))
		}
		return err
	})
	w.step("withdraw and erase after it", func() error {
		if _, err := s.Withdraw(ctx, deliver); err != nil {
			return err
		}
		if err := erased.Erase(ctx); err != nil {
			return err
		}
		entry, err := s.Held[deliver].Given.GrantEntry()
		if err != nil {
			return err
		}
		if _, err := shop.Poll(ctx, nil); err != nil { // so that it knows of later events
			return err
		}
		return eventually(func() (bool, error) {
			g, err := w.o.ledger.Grant(ctx, entry.HandleKey)
			return g.Withdrawn, err
		})
	})
	w.stop()
	old := w.folder
	if said, status := command(t, "restore", file, "--data", old); status != 1 || !strings.Contains(said, "never overwrites") {
		t.Errorf("over the folder: %d, %s", status, said)
	}
	w.folder = filepath.Join(t.TempDir(), "restored")
	mustRun(t, "restore", file, "--data", w.folder, "--ledger", ledgerPath(old))
	config, err := readConfig(w.folder)
	if err != nil || fmt.Sprint(config) != fmt.Sprint(w.config) {
		t.Fatalf("configuration %+v, %v; want %+v", config, err, w.config)
	}
	w.gap.silent.Store(true)
	w.startAgain()
	if _, err := shop.Collect(ctx, market); err == nil || errors.Is(err, consent.Withdrawn) {
		t.Errorf("collecting before the ledger was asked: %v", err)
	}
	if _, err := shop.Collect(ctx, deliver); err == nil {
		t.Errorf("collecting what was withdrawn before the ledger was asked: %v", err)
	}
	w.gap.silent.Store(false)
	if err := eventually(func() (bool, error) { return w.o.consents.CaughtUp(), nil }); err != nil {
		t.Fatal(err)
	}
	w.step("what was withdrawn stays so, what stood stands", func() error {
		if _, err := shop.Collect(ctx, deliver); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("collecting what was withdrawn: %v", err)
		}
		if _, err := shop.Collect(ctx, market); err != nil {
			return fmt.Errorf("collecting what stands: %w", err)
		}
		return w.gone(erased, lostKey, shop, gone)
	})
	w.stop()
	mustRun(t, "fsck", "--data", w.folder)
}

// A restore that cannot be right leaves nothing behind, and says what to do.
func TestRestoreRefuses(t *testing.T) {
	onFiles(t)
	w := newWorld(t)
	w.shopper()
	w.stop()
	file := filepath.Join(t.TempDir(), "backup")
	mustRun(t, "backup", "--data", w.folder, file) // with the ledger's data
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bent := filepath.Join(t.TempDir(), "bent")
	whole[bytes.Index(whole, []byte(`"name":"document"`))+400] ^= 1
	if err := os.WriteFile(bent, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	other := newWorld(t, keyringOutside)
	other.stop()
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"damaged":              {[]string{bent, "--keyring", keyringOf(w.folder, w.config)}, "damaged: table "},
		"no keyring named":     {[]string{file}, "--keyring-lost"},
		"no keyring there":     {[]string{file, "--keyring", filepath.Join(t.TempDir(), "none")}, "is not there"},
		"another's keyring":    {[]string{file, "--keyring", other.config.Keyring}, "belongs to another database"},
		"a file of other kind": {[]string{databasePath(w.folder)}, "no backup"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "restored")
			said, status := command(t, slices.Concat([]string{"restore", "--data", folder}, c.args)...)
			if status != 1 || !strings.Contains(said, c.says) {
				t.Errorf("status %d, %s; want %q", status, said, c.says)
			}
			for _, left := range []string{folder, folder + ".restoring"} {
				if _, err := os.Stat(left); err == nil {
					t.Errorf("%s was left behind", left)
				}
			}
		})
	}
}

// Without its keyring an operator has lost its vaults; what is left ends properly.
func TestRestoreWithoutItsKeyring(t *testing.T) {
	onFiles(t)
	w := newWorld(t, func(w *world) { w.config.Heartbeat = Duration(time.Second) })
	shop := w.shop()
	s, deliver, _ := demanding(w, shop)
	key := w.keyOf(s.Vault)
	w.stop()
	file := filepath.Join(t.TempDir(), "backup")
	mustRun(t, "backup", "--data", w.folder, file)
	w.folder = filepath.Join(t.TempDir(), "restored")
	said := mustRun(t, "restore", file, "--data", w.folder, "--keyring-lost")
	if strings.Contains(said, "fetches them from the others") {
		t.Errorf("a whole backup has the ledger: %s", said)
	}
	w.startAgain()
	if err := eventually(func() (bool, error) { return w.o.consents.CaughtUp(), nil }); err != nil {
		t.Fatal(err)
	}
	w.step("every vault is ended", func() error { return w.gone(s, key, shop, deliver) })
	w.step("new ones open", func() error {
		return w.shopper().Set(t.Context(), "shoe-size", "41")
	})
}

// A migration that is killed wherever it may be goes on when it is run again, and until
// its end nothing else opens what it fills.
func TestMigrateKilled(t *testing.T) {
	onFiles(t)
	w := newWorld(t)
	shop := w.shop()
	_, _, market := demanding(w, shop)
	w.stop()
	url := sqldbtest.Postgres(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for after := 30 * time.Millisecond; ; after += after / 2 {
		cmd := exec.Command(self, "migrate", "--data", w.folder, "--to", url)
		cmd.Env = append(os.Environ(), "COFFERD_TEST=cofferd")
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(after, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		kill.Stop()
		if err == nil {
			break
		}
		if cmd.ProcessState.ExitCode() != -1 { // it ended by itself
			t.Fatalf("after %d kills: %v: %s", killed, err, said.String())
		}
		killed++
		config, err := readConfig(w.folder)
		if err != nil {
			t.Fatal(err)
		}
		if config.Database != "" { // killed at the very end
			break
		}
	}
	if killed < 3 {
		t.Errorf("it was killed %d times only", killed)
	}
	if w.config, err = readConfig(w.folder); err != nil {
		t.Fatal(err)
	}
	w.startAgain()
	w.step("everything is there", func() error { return collects(w, shop, market, 1) })
}

// collects reads what a business may under a grant.
func collects(w *world, shop *business.Business, g id.Grant, want int) error {
	c, err := shop.Collect(w.Context(), g)
	if err == nil && len(c.Values) != want {
		err = fmt.Errorf("collected %d values, want %d", len(c.Values), want)
	}
	return err
}

// An operator moves to PostgreSQL, and a backup from there becomes one on SQLite again.
func TestMigrateAndBack(t *testing.T) {
	onFiles(t)
	w := newWorld(t, func(w *world) { w.config.Heartbeat = Duration(time.Second) })
	ctx := t.Context()
	shop := w.shop()
	s, deliver, market := demanding(w, shop)
	if said, status := command(t, "migrate", "--data", w.folder, "--to", sqldbtest.Postgres(t)); status != 1 || !strings.Contains(said, "stop it first") {
		t.Errorf("beside the daemon: %d, %s", status, said)
	}
	w.stop()
	url := sqldbtest.Postgres(t)
	said := mustRun(t, "migrate", "--data", w.folder, "--to", url)
	if !strings.Contains(said, "grant_record") || !strings.Contains(said, "the same in both") {
		t.Errorf("it says: %s", said)
	}
	for _, left := range []string{"coffer.db", "keyring.db"} {
		if _, err := os.Stat(filepath.Join(w.folder, left)); err == nil {
			t.Errorf("%s could still be served", left)
		}
	}
	if said, status := command(t, "migrate", "--data", w.folder, "--to", url); status != 1 || !strings.Contains(said, "on PostgreSQL already") {
		t.Errorf("again: %d, %s", status, said)
	}
	var err error
	if w.config, err = readConfig(w.folder); err != nil || w.config.Database != url {
		t.Fatalf("%+v, %v", w.config, err)
	}
	w.startAgain()
	w.step("everything works on PostgreSQL", func() error {
		if _, err := s.Withdraw(ctx, deliver); err != nil {
			return err
		}
		return collects(w, shop, market, 1)
	})
	file := filepath.Join(t.TempDir(), "backup")
	w.stop()
	mustRun(t, "backup", "--data", w.folder, file)

	// The keyring stays in PostgreSQL for an operator on SQLite.
	w.folder = filepath.Join(t.TempDir(), "restored")
	other := sqldbtest.Postgres(t)
	mustRun(t, "restore", file, "--data", w.folder, "--database", other, "--keyring", url)
	if w.config, err = readConfig(w.folder); err != nil || w.config.Database != other || w.config.Keyring != url {
		t.Fatalf("%+v, %v", w.config, err)
	}
	w.startAgain()
	if err := eventually(func() (bool, error) { return w.o.consents.CaughtUp(), nil }); err != nil {
		t.Fatal(err)
	}
	w.step("everything works in another database", func() error {
		if _, err := shop.Collect(ctx, deliver); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("collecting what was withdrawn: %v", err)
		}
		if err := collects(w, shop, market, 1); err != nil {
			return err
		}
		return s.Erase(ctx)
	})
}
