package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrHalf means that a copy into the database was begun and not finished.
var ErrHalf = errors.New("a migration into this database was not finished; finish it with the command that began it, or drop the database")

// copying is the table that says how far a copy has come, while it is made.
const copying = "coffer_copying"

// BeginCopy marks a database as one that is being copied into: until EndCopy, only who
// copies opens it.
func (d *DB) BeginCopy(ctx context.Context) error {
	return d.Write(ctx, func(tx Tx) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+copying+" (name TEXT NOT NULL PRIMARY KEY, place BIGINT NOT NULL)")
		return err
	})
}

// Half reports whether a copy into the database was begun and not finished.
func (d *DB) Half(ctx context.Context) (half bool, err error) {
	err = d.Read(ctx, func(tx Tx) error {
		text := "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = '" + copying + "')"
		if d.postgres {
			text = "SELECT to_regclass('" + copying + "') IS NOT NULL"
		}
		return tx.QueryRowContext(ctx, text).Scan(&half)
	})
	return half, err
}

// EndCopy unmarks it.
func (d *DB) EndCopy(ctx context.Context) error {
	return d.Write(ctx, func(tx Tx) error {
		_, err := tx.ExecContext(ctx, "DROP TABLE "+copying)
		return err
	})
}

// CopiedTo is the place in the source to which a table was copied.
func (d *DB) CopiedTo(ctx context.Context, t Table) (place int64, begun bool, err error) {
	err = d.Read(ctx, func(tx Tx) error {
		return tx.QueryRowContext(ctx, "SELECT place FROM "+copying+" WHERE name = $1", t.Name).Scan(&place)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	} else if err != nil {
		return 0, false, fmt.Errorf("asking how far the copy came: %w", err)
	}
	return place, true, nil
}

// Copying notes in the transaction of a piece how far it reaches.
func (d *DB) Copying(ctx context.Context, t Table, place int64) func(Tx) error {
	return func(tx Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO "+copying+" (name, place) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET place = excluded.place", t.Name, place)
		return err
	}
}
