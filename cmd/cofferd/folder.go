package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"coffer/anchor"
	"coffer/anchor/bft"
	"coffer/consent/oauth"
	"coffer/internal/crash"
	"coffer/internal/sqldb"
)

// The data folder:
//
//	cofferd.json   the configuration
//	coffer.db      vaults and consent (SQLite), with its -wal and -shm; not with a database of PostgreSQL
//	keyring.db     a key per vault (SQLite), apart from all backups; not with a database of PostgreSQL
//	ledger/        this member's keys and copy of the ledger
//	member.json    how it takes part in a ledger with others, if it does (ledger init)
//	operator.key   signs access tokens for businesses
//	policies/      the operator's own rules (*.cedar) and decision tables (*.txt), if any
//	decisions/     what the rules said to each question, for trying changes of the rules
//	backups.json   how many backups were written, and when the last
//	lock           held while a daemon or fsck works on the folder
func databasePath(folder string) string { return filepath.Join(folder, "coffer.db") }
func ledgerPath(folder string) string   { return filepath.Join(folder, "ledger") }
func tokenKeyPath(folder string) string { return filepath.Join(folder, "operator.key") }
func policyPath(folder string) string   { return filepath.Join(folder, "policies") }
func decisionPath(folder string) string { return filepath.Join(folder, "decisions") }

// databaseOf is where vaults and consent are.
func databaseOf(folder string, c Config) sqldb.Options {
	if c.Database != "" {
		return sqldb.Options{URL: c.Database, Schemas: schemas()}
	}
	return sqldb.Options{Path: databasePath(folder), Schemas: schemas(), CacheMiB: c.CacheMiB}
}

// errInUse says that another process works on the folder.
var errInUse = errors.New("another cofferd is working on this data folder; stop it first")

// lock takes the folder for this process; the returned function gives it back.
func lock(folder string) (func(), error) {
	f, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("locking the data folder: %w; let the user that cofferd runs as write the folder and all files in it", err)
	} else if err != nil {
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", folder, errInUse)
		}
		return nil, fmt.Errorf("locking the data folder: %w", err)
	}
	return func() { f.Close() }, nil
}

// create makes a data folder. The configuration is written last: a folder that has
// one is whole, and an interrupted init can be run again.
func create(folder string, c Config) error {
	member, joined, err := joinedLedger(folder)
	if err != nil {
		return err
	}
	if joined {
		if c.Chain != "" && c.Chain != member.Chain {
			return usageError{fmt.Errorf("the folder has joined the ledger %q, not %q; leave --chain out", member.Chain, c.Chain)}
		}
		c.Chain, c.LedgerListen, c.LedgerConfig = member.Chain, member.LedgerListen, member.LedgerConfig
	}
	if c.Chain == "" {
		c.Chain = anchor.Chain("coffer-" + rand.Text()[:8])
	}
	if err := c.Check(); err != nil {
		return usageError{err}
	}
	if _, err := os.Stat(filepath.Join(folder, configFile)); err == nil {
		return fmt.Errorf("%s already holds a Coffer; choose another folder, or run: cofferd serve --data %s", folder, folder)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	unlock, err := lock(folder)
	if err != nil {
		return err
	}
	defer unlock()
	if !joined {
		if err := bft.Init(ledgerPath(folder), c.Chain); err != nil {
			return fmt.Errorf("making the ledger: %w", err)
		}
	}
	if err := createStore(databaseOf(folder, c), keyringOf(folder, c)); err != nil {
		return fmt.Errorf("making the database: %w", err)
	}
	// One that is there was copied from another daemon on the same database, so that
	// tokens of either are good at both.
	if _, err := os.Stat(tokenKeyPath(folder)); errors.Is(err, os.ErrNotExist) {
		if err := oauth.CreateKey(tokenKeyPath(folder)); err != nil {
			return fmt.Errorf("making the token key: %w", err)
		}
	}
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return writeDurably(filepath.Join(folder, configFile), append(b, '\n'))
}

// joinedLedger reports whether the folder is a ledger member's that is to keep vaults too.
func joinedLedger(folder string) (MemberConfig, bool, error) {
	if _, err := os.Stat(filepath.Join(folder, memberConfigFile)); errors.Is(err, os.ErrNotExist) {
		return MemberConfig{}, false, nil
	}
	m, err := readMemberConfig(folder)
	if err != nil {
		return m, false, err
	}
	if !bft.Joined(ledgerPath(folder)) {
		return m, false, fmt.Errorf("%s has a member's keys and no ledger yet; run: cofferd ledger join genesis.json --data %s", folder, folder)
	}
	return m, true, nil
}

// writeDurably replaces a file so that a crash leaves either the old or the new one.
func writeDurably(path string, b []byte) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	crash.Here(crash.FileWritten)
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
