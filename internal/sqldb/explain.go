package sqldb

import (
	"context"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

var (
	// ErrFull means that there was no room to write: nothing of it was written. It passes
	// when there is room, without a restart. Reading goes on meanwhile.
	ErrFull error = full{}

	// ErrDamaged means that a page of the file is not what SQLite wrote. Which of its rows
	// are right is unknown.
	ErrDamaged = errors.New("the database file is damaged; stop cofferd, keep a copy of the folder, and restore the last backup: cofferd restore --help")

	// ErrReadOnly means that the file, or its folder, may not be written.
	ErrReadOnly = errors.New("the database cannot be written; let the user that cofferd runs as write the data folder and all files in it")
)

type full struct{}

func (full) Error() string {
	return "there is no room on the disk, and nothing of this was written; make room, and writing goes on by itself"
}

// NoRoom lets who answers requests tell this failure from others (httpjson.Failure).
func (full) NoRoom() bool { return true }

// explain adds to an error of SQLite what an operator can do about it.
func explain(err error) error {
	var s sqlite3.Error
	if !errors.As(err, &s) {
		return err
	}
	var meaning error
	switch s.Code {
	case sqlite3.ErrFull:
		meaning = ErrFull
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		meaning = ErrDamaged
	case sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm:
		meaning = ErrReadOnly
	}
	if meaning == nil || errors.Is(err, meaning) {
		return err
	}
	return fmt.Errorf("%w (%w)", err, meaning)
}

// Damage reads the whole file and tells what is wrong with its pages and indexes. It
// takes little memory and as long as reading the file. On PostgreSQL it tells nothing: the
// server has its own checksums.
func (d *DB) Damage(ctx context.Context, found func(string)) error {
	if d.postgres {
		return nil
	}
	err := d.Read(ctx, func(tx Tx) error {
		rows, err := tx.QueryContext(ctx, "PRAGMA integrity_check")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var what string
			if err := rows.Scan(&what); err != nil {
				return err
			}
			if what != "ok" {
				found(what)
			}
		}
		return rows.Err()
	})
	if errors.Is(err, ErrDamaged) { // too damaged to be read to its end
		found(err.Error())
		return nil
	}
	return err
}
