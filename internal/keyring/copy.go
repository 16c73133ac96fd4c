package keyring

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"coffer/internal/backup"
	"coffer/internal/sqldb"
)

// ErrOther means that another keyring is where this one is to be copied.
var ErrOther = errors.New("another keyring is there already; name an empty database")

// Copy copies a keyring to where there is none, or where a copy of it was cut off, and
// compares the two. Nobody may use either meanwhile.
func Copy(ctx context.Context, from *Ring, at string) (err error) {
	o := options(at)
	o.Copy = true
	to, err := sqldb.Create(ctx, o)
	if errors.Is(err, sqldb.ErrExists) {
		to, err = sqldb.Open(ctx, o)
	}
	if err != nil {
		return fmt.Errorf("the new keyring: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	var have []byte
	err = to.Read(ctx, func(tx sqldb.Tx) error { return tx.QueryRowContext(ctx, "SELECT ring_id FROM ring").Scan(&have) })
	if errors.Is(err, sql.ErrNoRows) {
		have, err = from.id[:], nil
	}
	if err == nil && string(have) != string(from.id[:]) {
		err = ErrOther
	}
	if err == nil {
		_, err = backup.Copy(ctx, from.db, to, nil)
	}
	if err == nil {
		err = to.EndCopy(ctx)
	}
	if err != nil {
		return fmt.Errorf("copying the keyring: %w", err)
	}
	return nil
}
