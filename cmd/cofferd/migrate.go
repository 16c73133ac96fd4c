package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"coffer/internal/backup"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

func newMigrate() *cobra.Command {
	var folder, to, keys string
	c := &cobra.Command{
		Use:   "migrate --to URL",
		Short: "Move an operator from SQLite to PostgreSQL",
		Long: `Copies every table of coffer.db, and the keyring, into an empty database of PostgreSQL,
reads both again and compares them row by row, and only then writes the new database into
cofferd.json. The daemon must be stopped. Killed at any moment, run it again: it goes on
where it was, and until the end the folder still serves from SQLite.

Afterwards the folder has cofferd.json.before, coffer.db.moved and keyring.db.moved, which
are not served. To undo it, stop the daemon and put the three back under their old names:
what was decided since is then missing, and what was erased since is ended again only with
the keyring in PostgreSQL. When you are sure, delete them: as long as the old keyring and
the old database exist, an erasure does not reach them.`,
		Example: `  cofferd migrate --data /var/lib/coffer --to postgres://coffer@db.example/coffer
  cofferd migrate --data /var/lib/coffer --to postgres://coffer@db.example/coffer --keyring-to postgres://coffer@keys.example/keys`,
		RunE: func(c *cobra.Command, _ []string) error {
			if !isPostgres(to) || keys != "" && !isPostgres(keys) {
				return usageError{errors.New("--to and --keyring-to want postgres://user@host/database")}
			}
			return migrate(c.Context(), folder, to, keys, c.OutOrStdout(), reporting(c.ErrOrStderr()))
		},
	}
	c.Flags().StringVar(&folder, "data", defaultFolder, "data folder")
	c.Flags().StringVar(&to, "to", "", "the PostgreSQL database to move to, as in postgres://coffer@db.example/coffer; empty, or of a migration that was cut off")
	c.Flags().StringVar(&keys, "keyring-to", "", "another PostgreSQL database for the keyring (default: its own schema in the same)")
	return c
}

func migrate(ctx context.Context, folder, to, keys string, out io.Writer, progress backup.Progress) (err error) {
	config, err := readConfig(folder)
	if err != nil {
		return err
	}
	if config.Database != "" {
		return fmt.Errorf("%s is on PostgreSQL already; only an operator on SQLite moves", folder)
	}
	moved := config
	moved.Database, moved.Keyring = to, keys
	if err := moved.Check(); err != nil {
		return err
	}
	unlock, err := lock(folder)
	if err != nil {
		return err
	}
	defer unlock()
	from, err := sqldb.Open(ctx, databaseOf(folder, config))
	if err != nil {
		return err
	}
	defer func() {
		if from != nil {
			err = errors.Join(err, from.Close())
		}
	}()
	// One of before there were keyrings gets its own first.
	ring, err := openKeyring(ctx, keyringOf(folder, config), from, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	err = keyring.Copy(ctx, ring, keyringOf(folder, moved))
	if err = errors.Join(err, ring.Close()); err != nil {
		return err
	}
	all, err := copyStore(ctx, from, databaseOf(folder, moved), progress)
	if err != nil {
		return err
	}
	for _, c := range all {
		fmt.Fprintf(out, "%-20s %v\n", c.Table, c.Sum)
	}
	err = from.Close()
	from = nil
	if err != nil {
		return err
	}
	if err := switchTo(folder, config, moved); err != nil {
		return err
	}
	fmt.Fprintf(out, "moved %s to PostgreSQL; every table is the same in both\nnext: cofferd serve --data %s; cofferd migrate --help says how to undo it and what to delete\n", folder, folder)
	return nil
}

// copyStore fills a database of PostgreSQL, or goes on filling it, and lets others at it
// when it is the same.
func copyStore(ctx context.Context, from *sqldb.DB, o sqldb.Options, progress backup.Progress) (all []backup.Copied, err error) {
	o.Copy = true
	to, err := sqldb.Create(ctx, o)
	if err == nil {
		err = to.BeginCopy(ctx)
	} else if errors.Is(err, sqldb.ErrExists) {
		to, err = sqldb.Open(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if half, err := to.Half(ctx); err != nil {
		return nil, err
	} else if !half {
		return whole(ctx, from, to, progress)
	}
	if all, err = backup.Copy(ctx, from, to, progress); err != nil {
		return nil, err
	}
	return all, to.EndCopy(ctx)
}

// whole is for a database that exists and is not being copied into: one that a migration
// had just made when it was cut off, or had just finished.
func whole(ctx context.Context, from, to *sqldb.DB, progress backup.Progress) ([]backup.Copied, error) {
	_, _, err := vaultdb.Bound(ctx, to)
	if errors.Is(err, vault.ErrNotFound) { // made, and never opened by a daemon
		all, err := backup.Copy(ctx, from, to, progress)
		return all, errors.Join(err, to.EndCopy(ctx))
	} else if err != nil {
		return nil, err
	}
	all, err := backup.Compare(ctx, from, to, progress)
	if errors.Is(err, backup.ErrDiffers) {
		err = errServed
	}
	return all, err
}

// errServed says that the new database is somebody's already.
var errServed = errors.New("that database holds another operator's vaults; nothing was changed: name an empty one")

// switchTo makes the folder serve from the new database. The configuration is what
// counts: it changes in one step.
func switchTo(folder string, before, after Config) error {
	for _, c := range []struct {
		name   string
		config Config
	}{{configFile + ".before", before}, {configFile, after}} {
		b, err := json.MarshalIndent(c.config, "", "  ")
		if err == nil {
			err = writeDurably(filepath.Join(folder, c.name), append(b, '\n'))
		}
		if err != nil {
			return fmt.Errorf("changing the configuration: %w", err)
		}
	}
	for _, path := range []string{databasePath(folder), keyringOf(folder, before)} {
		for _, suffix := range []string{"-wal", "-shm"} { // empty since the files were closed
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		if err := os.Rename(path, path+".moved"); err != nil {
			return fmt.Errorf("putting the old database aside: %w", err)
		}
	}
	return syncFolder(folder)
}
