package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"coffer/internal/crash"
)

// ErrReading means that another program holds a snapshot open, so that the log
// cannot be emptied.
var ErrReading = errors.New("another program is reading the database; end it and try again")

// Checkpoint folds the write-ahead log into the file and empties it. What was
// deleted is gone from every row afterwards; index pages may keep copies of
// indexed columns until Vacuum. Cheap enough to follow every erasure.
//
// On PostgreSQL it does nothing: the server folds its log in by itself. What its log and
// its pages keep until then is ciphertext whose key is gone.
func (d *DB) Checkpoint(ctx context.Context) error {
	if d.postgres {
		return nil
	}
	return d.undisturbed(ctx, d.checkpoint)
}

// Size is how large the database's file is; 0 on PostgreSQL, where rewriting waits for
// nobody.
func (d *DB) Size() (int64, error) {
	if d.postgres {
		return 0, nil
	}
	info, err := os.Stat(d.path)
	if err != nil {
		return 0, fmt.Errorf("measuring the database: %w", err)
	}
	return info.Size(), nil
}

// largeFile is from where on a rewritten file does not fit in memory meanwhile.
const largeFile = 256 << 20

// Vacuum rewrites the file, so that what was deleted is in no file of the
// database any more. It takes time in proportion to what is left, and reads and
// writes wait for it: call it in a quiet window, with a deadline.
//
// PostgreSQL's VACUUM frees the space of what was deleted for reuse, waits for nobody, and
// looks at what the tables hold now;
// what is not overwritten yet is ciphertext whose key is gone.
func (d *DB) Vacuum(ctx context.Context) error {
	defer d.took(Rewriting)()
	if d.postgres {
		if _, err := d.write.ExecContext(ctx, "VACUUM (ANALYZE)"); err != nil {
			return fmt.Errorf("vacuuming: %w", err)
		}
		return nil
	}
	return d.undisturbed(ctx, func(ctx context.Context, conn *sql.Conn) error {
		if err := d.checkpoint(ctx, conn); err != nil {
			return err
		}
		size, err := d.Size()
		if err != nil {
			return err
		}
		if size > largeFile {
			if _, err := conn.ExecContext(ctx, "PRAGMA temp_store = FILE"); err != nil {
				return fmt.Errorf("vacuuming: %w", err)
			}
			defer func() { _, _ = conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA temp_store = MEMORY") }()
		}
		crash.Here(crash.Rewriting)
		if _, err := conn.ExecContext(ctx, "VACUUM"); err != nil {
			return fmt.Errorf("vacuuming: %w", err)
		}
		crash.Here(crash.Rewritten)
		return d.checkpoint(ctx, conn)
	})
}

// undisturbed runs f on the writing connection while no reader of ours has a
// snapshot: an open snapshot keeps the log from being emptied.
func (d *DB) undisturbed(ctx context.Context, f func(context.Context, *sql.Conn) error) error {
	j := &alone{ctx: ctx, outcome: make(chan error, 1)}
	j.do = func(ctx context.Context, conn *sql.Conn) error {
		if err := d.readers.Acquire(ctx, d.nread); err != nil {
			return fmt.Errorf("waiting for readers: %w", err)
		}
		defer d.readers.Release(d.nread)
		d.folder.held.Lock()
		defer d.folder.held.Unlock()
		return f(ctx, conn)
	}
	if err := d.enqueue(ctx, j); err != nil {
		return fmt.Errorf("waiting to write: %w", err)
	}
	return explain(<-j.outcome)
}

// patience is how long the writer, and with it everybody, waits for another program's
// snapshot to end.
const patience = 250 * time.Millisecond

func (d *DB) checkpoint(ctx context.Context, conn *sql.Conn) error {
	wait := func(t time.Duration) error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", t.Milliseconds()))
		return err
	}
	if err := wait(min(d.wait, patience)); err != nil {
		return fmt.Errorf("emptying the log: %w", err)
	}
	defer func() { _ = wait(d.wait) }() // it is a number in memory
	defer d.took(Folding)()
	crash.Here(crash.Folding)
	var busy, logged, moved int
	if err := conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &logged, &moved); err != nil {
		return fmt.Errorf("emptying the log: %w", err)
	}
	crash.Here(crash.Folded)
	if busy != 0 {
		return fmt.Errorf("emptying the log: %w", ErrReading)
	}
	return nil
}
