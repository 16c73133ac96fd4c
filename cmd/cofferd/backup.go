package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"coffer/internal/backup"
	"coffer/internal/crash"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

// What a backup says of itself (backup.Header.About).
const (
	aboutOrigin = "origin"
	aboutChain  = "chain"
	aboutRing   = "keyring" // the id of the keyring that it needs, in hexadecimal digits
	aboutLedger = "ledger"  // whether the ledger's data are in it: "yes" or "no"
)

func newBackup() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a backup of the operator into one file, while the daemon runs",
		Long: `Writes the database, as it is at one moment, and the folder's configuration and keys into
one new file, with a checksum for every piece. The daemon may run. What is not in it:

The keyring. Each vault's secrets are sealed under a key of its own there, so that an
erasure, which destroys the key, reaches every backup that was ever made. Mirror the
keyring (a mirrored disk, a PostgreSQL replica); never archive it: who has an old copy of
it and an old backup can undo the erasures in between. Who loses it has lost all vaults.

The ledger's data, while the daemon runs. Other members of the ledger have them. If this
operator runs its ledger alone, stop the daemon for a backup now and then, which then has
them, or keep the folder ledger on a disk with snapshots.

Check a backup with: cofferd fsck --backup FILE. Exit status 0: it is whole and on the
disk; 1: it is not, and there is no file.`,
		Example: `  cofferd backup --data /var/lib/coffer /backup/coffer-2026-11-21
  cofferd fsck --backup /backup/coffer-2026-11-21
  cofferd restore /backup/coffer-2026-11-21 --data /var/lib/coffer --keyring /keys/keyring.db`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			return writeBackup(c.Context(), folder, args[0], c.OutOrStdout(), reporting(c.ErrOrStderr()))
		},
	}
	c.Flags().StringVar(&folder, "data", defaultFolder, "data folder")
	return c
}

// oneFile makes anything but one argument a usage error.
func oneFile(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s wants one file, as in: %s", c.CommandPath(), strings.TrimSpace(strings.SplitN(c.Example, "\n", 2)[0]))}
	}
	return nil
}

// reporting prints how far something long has come, every two seconds.
func reporting(w io.Writer) backup.Progress {
	began := time.Now()
	return backup.Progress(func(part string, bytes int64) {
		if past := time.Since(began); past > time.Second {
			fmt.Fprintf(w, "%s: %d MiB so far, %.0f MB/s\n", part, bytes>>20, float64(bytes)/1e6/past.Seconds())
		}
	}).Every(2 * time.Second)
}

func writeBackup(ctx context.Context, folder, path string, out io.Writer, progress backup.Progress) (err error) {
	config, err := readConfig(folder)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s exists; a backup never replaces another, choose a new name", path)
	}
	// With the lock no daemon runs on the folder, and the ledger's files stand still.
	unlock, err := lock(folder)
	still := err == nil
	if still {
		defer unlock()
	} else if !errors.Is(err, errInUse) {
		return err
	}
	o := databaseOf(folder, config)
	o.Look = true
	db, err := sqldb.Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ring, _, err := vaultdb.Bound(ctx, db)
	if errors.Is(err, vault.ErrNotFound) {
		return errors.New("this database is from before there were keyrings; run cofferd serve once, which makes one")
	} else if err != nil {
		return err
	}
	versions, err := db.Versions(ctx, schemas()...)
	if err != nil {
		return err
	}
	files, err := filesOf(folder, still)
	if err != nil {
		return err
	}
	h := backup.Header{Made: time.Now().Unix(), Program: version(), Versions: versions, About: map[string]string{
		aboutOrigin: config.Origin, aboutChain: string(config.Chain), aboutRing: hex.EncodeToString(ring[:]), aboutLedger: yes(still),
	}}
	m, size, err := writeWhole(path, func(w io.Writer) (backup.Manifest, error) { return backup.Write(ctx, w, db, h, files, progress) })
	if err != nil {
		return err
	}
	var rows int64
	for _, p := range m.Parts {
		rows += p.Rows
	}
	if err := noteBackup(folder, size, time.Now()); err != nil {
		fmt.Fprintf(out, "the backup is whole, but the daemon's numbers will not tell of it: %v\n", err)
	}
	fmt.Fprintf(out, "wrote %s: %d parts, %d rows, %d MiB\n", path, len(m.Parts), rows, size>>20)
	if !still && config.LedgerListen == "" {
		fmt.Fprintln(out, "not in it: the ledger's data, since the daemon runs and no other member has them; cofferd backup --help says what to do")
	}
	fmt.Fprintf(out, "not in it: the keyring (%s), which must be mirrored and never archived\n", shown(keyringOf(folder, config)))
	return nil
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// shown is where something is, without a URL that could hold a password.
func shown(at string) string {
	if isPostgres(at) {
		return "in PostgreSQL"
	}
	return at
}

// writeWhole makes a file durably, or none.
func writeWhole(path string, f func(io.Writer) (backup.Manifest, error)) (m backup.Manifest, size int64, err error) {
	tmp := path + ".new"
	file, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return m, 0, fmt.Errorf("making the backup: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(tmp)
		}
	}()
	crash.Here(crash.BackupBegun)
	if m, err = f(file); err == nil {
		err = file.Sync()
	}
	crash.Here(crash.BackupWritten)
	if info, e := file.Stat(); e == nil {
		size = info.Size()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return m, 0, err
	}
	// Link fails where a rename would replace what somebody made meanwhile.
	if err := os.Link(tmp, path); err != nil {
		return m, 0, fmt.Errorf("making the backup: %w", err)
	}
	crash.Here(crash.BackupNamed)
	if err := os.Remove(tmp); err != nil {
		return m, 0, err
	}
	return m, size, syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// filesOf are the files of a data folder that belong in a backup: never the keyring, nor
// what another process makes anew.
func filesOf(folder string, still bool) (files []backup.File, err error) {
	add := func(name string) {
		files = append(files, backup.File{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(filepath.Join(folder, filepath.FromSlash(name))) }})
	}
	for _, name := range []string{configFile, memberConfigFile, filepath.Base(tokenKeyPath(folder))} {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			add(name)
		}
	}
	ledger := "ledger/config"
	if still {
		ledger = "ledger"
	}
	for _, top := range []string{"policies", ledger} {
		err := filepath.WalkDir(filepath.Join(folder, top), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() || d.Name() == "LOCK" {
				return err
			}
			rel, err := filepath.Rel(folder, path)
			add(filepath.ToSlash(rel))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("listing files: %w", err)
		}
	}
	slices.SortFunc(files, func(a, b backup.File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// checkBackup reads a whole backup and tells everything that is wrong with it.
func checkBackup(path string, out io.Writer, progress backup.Progress) (h backup.Header, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, fmt.Errorf("reading the backup: %w", err)
	}
	defer f.Close()
	damages := 0
	m, err := backup.Read(f, backup.Handler{Header: func(got backup.Header) error { h = got; return nil }},
		func(d backup.Damage) {
			damages++
			fmt.Fprintf(out, "damaged: %v\n", d)
		}, progress)
	if err != nil {
		return h, err
	}
	if damages > 0 {
		return h, fmt.Errorf("%s: %w in %d places; use another one, or the folder", path, backup.ErrDamaged, damages)
	}
	var rows int64
	for _, p := range m.Parts {
		rows += p.Rows
	}
	fmt.Fprintf(out, "%s is whole: %s of %s, made %s, %d parts, %d rows; its ledger's data are in it: %s\n",
		path, h.About[aboutChain], h.About[aboutOrigin], time.Unix(h.Made, 0).UTC().Format(time.DateTime), len(m.Parts), rows, h.About[aboutLedger])
	return h, nil
}

// ringOf is the keyring that a backup needs.
func ringOf(h backup.Header) (ring keyring.ID, err error) {
	b, err := hex.DecodeString(h.About[aboutRing])
	if err != nil || len(b) != len(ring) {
		return ring, fmt.Errorf("%w: it does not say which keyring it needs", backup.ErrDamaged)
	}
	return keyring.ID(b), nil
}
