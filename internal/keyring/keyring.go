// Package keyring holds one random key per vault, apart from the database that holds the
// vaults and outside of every backup. What an operator stores of a vault's secrets is
// sealed under its key at the storage door. Destroying the key is the erasure that
// reaches what nobody can reach any more: copies of the database on tapes and in
// snapshots hold random bytes afterwards.
//
// It is a database of its own: a file of SQLite, or a schema or database of PostgreSQL
// where several daemons share one. (Not to be confused with vault.Keyring, by which a
// wallet gets into its vault.) The sealed bytes are in FORMAT.md.
//
// # Trust
//
// Whoever copies the keyring and an old backup can undo erasures that came after the
// copy, and still opens no document: that takes the shopper's passkey or words. So a
// copy of the keyring must never be older than the last erasure: mirror it, do not
// archive it. Whoever loses it has lost all vaults. A key's bytes are overwritten and its
// file rewritten before Destroy returns; what a disk's own wear levelling, a snapshot
// below the file system or PostgreSQL's WAL kept, nobody here can take back.
package keyring

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"coffer/internal/crash"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

var schema = sqldb.Schema{Name: "keyring", Migrations: func() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // only for a malformed path
	}
	return sub
}()}

var (
	// ErrGone means that the vault has no key: it was erased, or never was.
	ErrGone = errors.New("the vault's key is gone")

	// ErrNone means that there is no keyring where one is expected.
	ErrNone = errors.New("there is no keyring here")
)

// namespace is where a keyring is that shares PostgreSQL's database with the vaults, so
// that a dump can leave it out (pg_dump --exclude-schema=coffer_keyring).
const namespace = "coffer_keyring"

// ID tells keyrings apart, so that none is used with another's database.
type ID [16]byte

// Ring is an open keyring. It is safe for concurrent use.
type Ring struct {
	db *sqldb.DB
	id ID
}

// options are those of a keyring at a path or a URL of PostgreSQL.
func options(at string) sqldb.Options {
	o := sqldb.Options{Path: at, Schemas: []sqldb.Schema{schema}, CacheMiB: 16}
	if strings.HasPrefix(at, "postgres://") || strings.HasPrefix(at, "postgresql://") {
		o.Path, o.URL, o.Namespace = "", at, namespace
	}
	return o
}

// Open opens the keyring at a path, or in the schema coffer_keyring of the PostgreSQL
// database of a URL. ErrNone if there is none.
func Open(ctx context.Context, at string) (*Ring, error) {
	db, err := sqldb.Open(ctx, options(at))
	if errors.Is(err, sqldb.ErrNoDatabase) {
		return nil, ErrNone
	}
	return begin(ctx, db, err, ID{})
}

// Create makes an empty keyring, or opens the one that another daemon made meanwhile in
// PostgreSQL. With an id that is not zero it takes the place of one that was lost: all
// vaults of that one's database count as erased.
func Create(ctx context.Context, at string, lost ID) (*Ring, error) {
	db, err := sqldb.Create(ctx, options(at))
	if errors.Is(err, sqldb.ErrExists) && lost == (ID{}) {
		return Open(ctx, at)
	}
	return begin(ctx, db, err, lost)
}

func begin(ctx context.Context, db *sqldb.DB, err error, lost ID) (*Ring, error) {
	if err != nil {
		return nil, fmt.Errorf("the keyring: %w", err)
	}
	r := &Ring{db: db}
	err = db.Write(ctx, func(tx sqldb.Tx) error {
		fresh := lost
		if fresh == (ID{}) {
			rand.Read(fresh[:])
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO ring (name, ring_id, destroyed, complete) VALUES ('ring', $1, 0, $2) ON CONFLICT (name) DO NOTHING", fresh[:], lost != ID{})
		if err != nil {
			return err
		}
		var have []byte
		if err := tx.QueryRowContext(ctx, "SELECT ring_id FROM ring").Scan(&have); err != nil {
			return err
		}
		copy(r.id[:], have)
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the keyring: %w", err), db.Close())
	}
	return r, nil
}

// ID is which keyring this is.
func (r *Ring) ID() ID { return r.id }

// Close closes it.
func (r *Ring) Close() error { return r.db.Close() }

// Make makes keys for vaults that have none. They are on the disk when it returns.
func (r *Ring) Make(ctx context.Context, vaults ...id.Vault) error {
	crash.Here(crash.KeyMaking)
	err := r.db.Write(ctx, func(tx sqldb.Tx) error {
		for _, v := range vaults {
			var k Key
			rand.Read(k.bytes[:])
			if _, err := tx.ExecContext(ctx, "INSERT INTO vault_key (vault_id, vault_key) VALUES ($1, $2) ON CONFLICT (vault_id) DO NOTHING", v[:], k.bytes[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("making a vault's key: %w", err)
	}
	crash.Here(crash.KeyMade)
	return nil
}

// Key is a vault's key; ErrGone if it was destroyed.
func (r *Ring) Key(ctx context.Context, v id.Vault) (Key, error) {
	k := Key{vault: v}
	var have []byte
	err := r.db.Read(ctx, func(tx sqldb.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT vault_key FROM vault_key WHERE vault_id = $1", v[:]).Scan(&have)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Key{}, ErrGone
	} else if err != nil {
		return Key{}, fmt.Errorf("reading a vault's key: %w", err)
	}
	if copy(k.bytes[:], have) != len(have) || len(have) != len(k.bytes) {
		return Key{}, errors.New("reading a vault's key: it has the wrong length; the keyring is damaged")
	}
	return k, nil
}

// Destroy destroys vaults' keys and returns how many there were. Afterwards no file of
// the keyring has them.
func (r *Ring) Destroy(ctx context.Context, vaults ...id.Vault) (n int64, err error) {
	// Not with ctx once it begins: half an erasure is none.
	ctx = context.WithoutCancel(ctx)
	crash.Here(crash.KeyDestroying)
	err = r.db.Write(ctx, func(tx sqldb.Tx) error {
		n = 0
		for _, v := range vaults {
			gone, err := tx.ExecContext(ctx, "DELETE FROM vault_key WHERE vault_id = $1", v[:])
			if err != nil {
				return err
			}
			one, err := gone.RowsAffected()
			if err != nil {
				return err
			}
			n += one
		}
		_, err := tx.ExecContext(ctx, "UPDATE ring SET destroyed = destroyed + $1", n)
		return err
	})
	if err == nil && n > 0 {
		// Index pages and pages that were split keep copies until then. The file is
		// small, and only who signs in waits for it.
		crash.Here(crash.KeyDestroyed)
		err = r.db.Vacuum(ctx)
		crash.Here(crash.KeyGone)
	}
	if err != nil {
		return n, fmt.Errorf("destroying a vault's key: %w", err)
	}
	return n, nil
}

// Complete reports whether every vault of the keyring's database had its key once, so
// that one without is erased.
func (r *Ring) Complete(ctx context.Context) (complete bool, err error) {
	err = r.db.Read(ctx, func(tx sqldb.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT complete FROM ring").Scan(&complete)
	})
	return complete, wrap(err)
}

// MarkComplete says so.
func (r *Ring) MarkComplete(ctx context.Context) error {
	return wrap(r.db.Write(ctx, func(tx sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE ring SET complete = TRUE")
		return err
	}))
}

// Destroyed is how many keys were destroyed since the keyring was made. A database that
// knows of fewer is older than the keyring: some of its vaults are erased.
func (r *Ring) Destroyed(ctx context.Context) (n int64, err error) {
	err = r.db.Read(ctx, func(tx sqldb.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT destroyed FROM ring").Scan(&n)
	})
	return n, wrap(err)
}

// Count is how many keys there are.
func (r *Ring) Count(ctx context.Context) (n int64, err error) {
	err = r.db.Read(ctx, func(tx sqldb.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM vault_key").Scan(&n)
	})
	return n, wrap(err)
}

// Missing returns which of the vaults have no key. They are in ascending order, as a
// page of all vaults is.
func (r *Ring) Missing(ctx context.Context, vaults []id.Vault) (missing []id.Vault, err error) {
	if len(vaults) == 0 {
		return nil, nil
	}
	err = r.db.Read(ctx, func(tx sqldb.Tx) error {
		first, last := vaults[0], vaults[len(vaults)-1]
		rows, err := tx.QueryContext(ctx, "SELECT vault_id FROM vault_key WHERE vault_id >= $1 AND vault_id <= $2 ORDER BY vault_id", first[:], last[:])
		if err != nil {
			return err
		}
		defer rows.Close()
		left := vaults
		for rows.Next() {
			var b sql.RawBytes
			if err := rows.Scan(&b); err != nil {
				return err
			}
			for len(left) > 0 && string(left[0][:]) < string(b) {
				missing, left = append(missing, left[0]), left[1:]
			}
			if len(left) > 0 && string(left[0][:]) == string(b) {
				left = left[1:]
			}
		}
		missing = append(missing, left...)
		return rows.Err()
	})
	return missing, wrap(err)
}

func wrap(err error) error {
	if err != nil {
		return fmt.Errorf("reading the keyring: %w", err)
	}
	return nil
}
