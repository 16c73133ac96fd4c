package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
)

// Tx is what a store's queries run on: the DBTX of code that sqlc writes. It is
// good only inside the function it was handed to.
type Tx interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// errEnded is what a Tx answers that was kept after its function returned.
var errEnded = errors.New("transaction used after its function returned")

// Read calls f with one snapshot of the database, which cannot be written. It
// waits for a free connection until the context is done. Do not write, vacuum or
// read again inside f: they may wait for each other.
func (d *DB) Read(ctx context.Context, f func(Tx) error) error {
	return d.reading(ctx, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, d.beginReading()); err != nil {
			return fmt.Errorf("starting to read: %w", err)
		}
		defer func() {
			// Not with ctx: a snapshot must end although its reader gave up.
			if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
				discard(conn)
			}
		}()
		return f(conn) // which answers sql.ErrConnDone once it is closed
	})
}

// ReadOne is Read for one statement, which is a snapshot by itself: without a
// transaction around it, it costs half, and on PostgreSQL one round trip instead of
// three.
func (d *DB) ReadOne(ctx context.Context, f func(Tx) error) error {
	return d.reading(ctx, func(conn *sql.Conn) error { return f(&oneTx{conn: conn}) })
}

// reading calls f with a free connection that cannot write.
func (d *DB) reading(ctx context.Context, f func(*sql.Conn) error) (err error) {
	defer func() { err = explain(err) }()
	if err := d.readers.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("waiting to read: %w", err)
	}
	defer d.readers.Release(1)
	conn, err := d.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("starting to read: %w", err)
	}
	defer conn.Close()
	return f(conn)
}

// errSecond is what a second statement gets where there is no snapshot for both.
var errSecond = errors.New("a second statement, or one that writes, where one reads: use Read")

// oneTx takes one statement that reads.
type oneTx struct {
	conn  *sql.Conn
	asked bool
}

func (t *oneTx) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	return nil, errSecond
}

func (t *oneTx) PrepareContext(context.Context, string) (*sql.Stmt, error) { return nil, errSecond }

func (t *oneTx) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if t.asked {
		return nil, errSecond
	}
	t.asked = true
	return t.conn.QueryContext(ctx, q, args...)
}

func (t *oneTx) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	if t.asked {
		return t.conn.QueryRowContext(endedContext, q)
	}
	t.asked = true
	return t.conn.QueryRowContext(ctx, q, args...)
}

// writeTx is a writer's turn. Cancelling is left out of its contexts: SQLite
// answers an interrupted statement by rolling back the whole transaction, which
// other writers share.
type writeTx struct {
	conn  *sql.Conn
	ended atomic.Bool // then the connection serves somebody else
	rows  int64       // changed
}

func (t *writeTx) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	if t.ended.Load() {
		return nil, errEnded
	}
	r, err := t.conn.ExecContext(context.WithoutCancel(ctx), q, args...)
	if err == nil {
		n, _ := r.RowsAffected() // never fails with SQLite
		t.rows += n
	}
	return r, err
}

func (t *writeTx) PrepareContext(ctx context.Context, q string) (*sql.Stmt, error) {
	if t.ended.Load() {
		return nil, errEnded
	}
	return t.conn.PrepareContext(context.WithoutCancel(ctx), q)
}

func (t *writeTx) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if t.ended.Load() {
		return nil, errEnded
	}
	return t.conn.QueryContext(context.WithoutCancel(ctx), q, args...)
}

func (t *writeTx) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	if t.ended.Load() {
		return t.conn.QueryRowContext(endedContext, q)
	}
	return t.conn.QueryRowContext(context.WithoutCancel(ctx), q, args...)
}

// endedContext makes a sql.Row that carries an error: there is no other way to
// make one from outside database/sql.
var endedContext = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
