package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"coffer/consent/consentdb"
	"coffer/internal/backup"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/vault/vaultdb"
)

// restoring is what an operator says about a restore.
type restoring struct {
	folder   string
	keyring  string // where it is
	lost     bool   // it is gone for good
	database string // of PostgreSQL, to restore into
	ledger   string // a ledger's folder that survived
}

func newRestore() *cobra.Command {
	var r restoring
	c := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a data folder from a backup",
		Long: `Makes a new data folder, and its database, from what cofferd backup wrote. It checks the
whole file before it makes anything, touches nothing that exists, and leaves no folder if
it fails.

The keyring is not in a backup. --keyring says where it is: a file, or a PostgreSQL
database. Vaults that were erased after the backup have no key there any more: when the
daemon starts it ends their grants again, tells their businesses and deletes what the
backup had of them. If the keyring is lost for good, no vault can be opened any more by
anybody; --keyring-lost makes a new one, and then the daemon ends all vaults so.

The ledger is newer than the backup. With other members it fetches what is missing from
them. If this operator runs it alone, --ledger says where its folder survived; else the
backup must have been made while the daemon was stopped. Before the daemon releases
anything it asks the ledger which grants were withdrawn since the backup, and ends them.

What happened between the backup and now is lost but for what the ledger shows: new
vaults, changed attributes and new grants of that time. Businesses keep their own trail.`,
		Example: `  cofferd restore /backup/coffer-2026-11-21 --data /var/lib/coffer --keyring /keys/keyring.db
  cofferd restore /backup/coffer-2026-11-21 --data /srv/coffer --keyring /keys/keyring.db --ledger /old/coffer/ledger
  cofferd restore /backup/coffer-2026-11-21 --data /srv/coffer --database postgres://coffer@db.example/coffer --keyring postgres://coffer@keys.example/keys`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			return r.restore(c.Context(), args[0], c.OutOrStdout(), reporting(c.ErrOrStderr()))
		},
	}
	f := c.Flags()
	f.StringVar(&r.folder, "data", defaultFolder, "data folder to make")
	f.StringVar(&r.keyring, "keyring", "", "where the keyring is (default: as in the backup's configuration, if that is outside of the folder)")
	f.BoolVar(&r.lost, "keyring-lost", false, "the keyring is lost for good: end all vaults")
	f.StringVar(&r.database, "database", "", "restore into this PostgreSQL database, which must be empty (default: as in the backup's configuration)")
	f.StringVar(&r.ledger, "ledger", "", "the ledger's folder, if it survived")
	return c
}

func (r restoring) restore(ctx context.Context, path string, out io.Writer, progress backup.Progress) (err error) {
	if err := empty(r.folder); err != nil {
		return err
	}
	h, err := checkBackup(path, out, progress)
	if err != nil {
		return err
	}
	ring, err := ringOf(h)
	if err != nil {
		return err
	}
	if h.About[aboutLedger] != "yes" && r.ledger == "" {
		fmt.Fprintln(out, "the ledger's data are not in it: this member fetches them from the others when it starts")
	}
	made := filepath.Clean(r.folder) + ".restoring"
	if err := os.RemoveAll(made); err != nil { // of a restore that was cut off
		return fmt.Errorf("restoring: %w", err)
	}
	if err := os.MkdirAll(made, 0o700); err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(made))
		}
	}()
	config, err := r.files(path, made)
	if err != nil {
		return err
	}
	if err := r.findKeyring(ctx, &config, ring); err != nil {
		return err
	}
	if err := r.load(ctx, path, made, config, h, ring, progress); err != nil {
		return err
	}
	if r.ledger != "" {
		to := ledgerPath(made)
		if err := errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(r.ledger))); err != nil {
			return fmt.Errorf("copying the ledger: %w", err)
		}
	}
	b, err := json.MarshalIndent(config, "", "  ")
	if err == nil {
		err = writeDurably(filepath.Join(made, configFile), append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	if err := errors.Join(os.Rename(made, filepath.Clean(r.folder)), syncFolder(filepath.Dir(filepath.Clean(r.folder)))); err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	fmt.Fprintf(out, "restored %s\nnext: cofferd serve --data %s\n", r.folder, r.folder)
	return nil
}

// empty holds that nothing is where a folder is to be made.
func empty(folder string) error {
	all, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("restoring: %w", err)
	}
	if len(all) > 0 {
		return fmt.Errorf("%s is not empty; restore never overwrites: choose another folder, or move this one away", folder)
	}
	return nil
}

// files writes the backup's files into the folder and returns its configuration as this
// restore has it.
func (r restoring) files(path, made string) (c Config, err error) {
	in, err := os.Open(path)
	if err != nil {
		return c, fmt.Errorf("restoring: %w", err)
	}
	defer in.Close()
	var to *os.File
	_, err = backup.Read(in, backup.Handler{
		Begin: func(p backup.Part) error {
			if p.Kind != backup.PartFile {
				return nil
			}
			if !filepath.IsLocal(filepath.FromSlash(p.Name)) {
				return fmt.Errorf("%v: %w: it leads out of the folder", p, backup.ErrDamaged)
			}
			name := filepath.Join(made, filepath.FromSlash(p.Name))
			if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
				return err
			}
			var err error
			to, err = os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			return err
		},
		Data: func(p backup.Part, b []byte) error {
			if p.Kind != backup.PartFile {
				return nil
			}
			_, err := to.Write(b)
			return err
		},
		End: func(p backup.Part) error {
			if p.Kind != backup.PartFile {
				return nil
			}
			return errors.Join(to.Sync(), to.Close())
		},
	}, nil, nil)
	if err != nil {
		return c, fmt.Errorf("restoring files: %w", err)
	}
	if c, err = readConfig(made); err != nil {
		return c, err
	}
	if r.database != "" {
		c.Database = r.database
	}
	return c, c.Check()
}

// findKeyring puts into the configuration where the keyring is, after a look at it.
func (r restoring) findKeyring(ctx context.Context, c *Config, want keyring.ID) (err error) {
	const say = "say where it is with --keyring, or --keyring-lost if it is gone for good"
	if r.keyring != "" {
		c.Keyring = r.keyring
		if !isPostgres(r.keyring) {
			if c.Keyring, err = filepath.Abs(r.keyring); err != nil {
				return err
			}
		}
	}
	inside := c.Keyring == "" && c.Database == "" || c.Keyring != "" && !isPostgres(c.Keyring) && !filepath.IsAbs(c.Keyring)
	if r.lost {
		if inside {
			return nil // made with the database
		}
		return errors.Join(replaceKeyring(ctx, keyringOf(r.folder, *c), want), c.Check())
	}
	if inside {
		return fmt.Errorf("the keyring was inside the folder; %s", say)
	}
	ring, err := keyring.Open(ctx, keyringOf(r.folder, *c))
	if errors.Is(err, keyring.ErrNone) {
		return fmt.Errorf("%w; %s", errNoKeyring, say)
	} else if err != nil {
		return err
	}
	err = c.Check()
	if ring.ID() != want {
		err = fmt.Errorf("%w; %s", errOtherKeyring, say)
	}
	return errors.Join(err, ring.Close())
}

// replaceKeyring makes an empty keyring that takes a lost one's place.
func replaceKeyring(ctx context.Context, at string, lost keyring.ID) error {
	ring, err := keyring.Create(ctx, at, lost)
	if err != nil {
		return fmt.Errorf("making a keyring in the place of the lost one: %w", err)
	}
	return ring.Close()
}

// load makes the database as the backup's program had it, fills it, and brings it up to
// date.
func (r restoring) load(ctx context.Context, path, made string, c Config, h backup.Header, ring keyring.ID, progress backup.Progress) (err error) {
	o := databaseOf(made, c)
	o.Copy = true
	o.Schemas = nil
	for _, s := range schemas() {
		v, ok := h.Versions[s.Name]
		if !ok {
			return fmt.Errorf("restoring the database: %w: it has no version of %s", backup.ErrDamaged, s.Name)
		}
		s.Until = v
		o.Schemas = append(o.Schemas, s)
	}
	db, err := sqldb.Create(ctx, o)
	if err != nil {
		return err
	}
	have, err := db.Versions(ctx, o.Schemas...)
	for name, v := range h.Versions {
		if err == nil && have[name] != v {
			err = fmt.Errorf("restoring the database: %w", backup.ErrNewer)
		}
	}
	in, e := os.Open(path)
	if err = errors.Join(err, e); err != nil {
		return errors.Join(err, db.Close())
	}
	defer in.Close()
	if err = db.BeginCopy(ctx); err == nil {
		err = backup.Load(ctx, in, db, func(string, []byte, bool) error { return nil }, progress)
	}
	if err == nil {
		err = db.EndCopy(ctx)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	// Now as this program has it.
	if db, err = sqldb.Open(ctx, databaseOf(made, c)); err != nil {
		return err
	}
	if r.lost && c.Keyring == "" && c.Database == "" {
		err = replaceKeyring(ctx, keyringOf(made, c), ring)
	}
	if err == nil {
		err = consentdb.New(db, keeper{}, nil).MarkRestored(ctx, time.Now())
	}
	if err == nil {
		err = vaultdb.Unsettle(ctx, db)
	}
	return errors.Join(err, db.Close())
}
