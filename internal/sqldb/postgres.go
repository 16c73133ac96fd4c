package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"golang.org/x/sync/semaphore"
)

// Keys of advisory locks (https://www.postgresql.org/docs/15/explicit-locking.html,
// 13.3.5): of whoever writes, and of whoever migrates.
const (
	writingLock   = int64(applicationID)<<16 | 1
	migratingLock = int64(applicationID)<<16 | 2
)

// openPostgres opens a database of Coffer's, or makes an empty one into one.
func openPostgres(ctx context.Context, o Options, create bool) (_ *DB, err error) {
	fail := func(err error) (*DB, error) { return nil, fmt.Errorf("opening the PostgreSQL database: %w", err) }
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return fail(errors.New("its URL does not parse; want postgres://user@host/database")) // err could show a password
	}
	if o.Wait == 0 {
		o.Wait = 10 * time.Second
	}
	config.ConnectTimeout = o.Wait
	// Stores read by key. A planner that has seen a table while it was empty reads all of
	// it instead, for as long as its plan is remembered: minutes in which the gate's
	// turns grow with the access log.
	for _, way := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin"} {
		config.RuntimeParams[way] = "off"
	}
	if o.Namespace != "" {
		config.RuntimeParams["search_path"] = o.Namespace
	}
	n := o.Readers
	if n <= 0 {
		n = max(4, 2*runtime.NumCPU())
	}
	reading := config.Copy()
	reading.RuntimeParams["default_transaction_read_only"] = "on" // also without a transaction
	d := &DB{
		path: config.Database, postgres: true, timed: o.Timed,
		write:   stdlib.OpenDB(*config),
		read:    stdlib.OpenDB(*reading),
		readers: semaphore.NewWeighted(int64(n)),
		nread:   int64(n),
		queue:   make(chan job, groupLimit),
		stopped: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			d.write.Close()
			d.read.Close()
		}
	}()
	d.write.SetMaxOpenConns(2) // the writer's, and one beside it for VACUUM
	d.read.SetMaxOpenConns(n)
	d.read.SetMaxIdleConns(n)
	if d.conn, err = d.write.Conn(ctx); err != nil {
		return fail(fmt.Errorf("%w; is the server running, and may this user connect?", err))
	}
	if create && o.Namespace != "" {
		if _, err := d.conn.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS "+pgx.Identifier{o.Namespace}.Sanitize()); err != nil {
			return fail(err)
		}
	}
	if err := d.setUp(ctx, o, create); err != nil {
		return fail(err)
	}
	if err := d.read.PingContext(ctx); err != nil {
		return fail(err)
	}
	go d.writer()
	return d, nil
}

// setUp stamps an empty database or looks for the stamp, and migrates, alone among
// daemons that start together.
func (d *DB) setUp(ctx context.Context, o Options, create bool) error {
	if _, err := d.conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migratingLock); err != nil {
		return fmt.Errorf("waiting for another daemon to start: %w", err)
	}
	defer func() {
		_, _ = d.conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migratingLock)
	}()
	var synchronous string
	if err := d.conn.QueryRowContext(ctx, "SHOW synchronous_commit").Scan(&synchronous); err != nil {
		return err
	}
	if synchronous == "off" {
		return errors.New("the server acknowledges before its disk does (synchronous_commit is off); turn it on for this database")
	}
	var stamped, empty, half bool
	err := d.conn.QueryRowContext(ctx, `SELECT to_regclass('coffer_database') IS NOT NULL, to_regclass('`+copying+`') IS NOT NULL,
		NOT EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p', 'v') AND relnamespace = current_schema()::regnamespace)`).Scan(&stamped, &half, &empty)
	switch {
	case err != nil:
		return err
	case half && !o.Copy:
		return ErrHalf
	case create && stamped:
		return ErrExists
	case create && !empty:
		return fmt.Errorf("%w: something else has tables in it", ErrNotCoffer)
	case !create && empty:
		return ErrNoDatabase
	case !create && !stamped:
		return ErrNotCoffer
	case create:
		if _, err := d.conn.ExecContext(ctx, "CREATE TABLE coffer_database (made TIMESTAMPTZ NOT NULL DEFAULT now())"); err != nil {
			return err
		}
	}
	for _, s := range o.Schemas {
		if err := s.migrate(ctx, goose.DialectPostgres, d.write, o.Look); err != nil {
			return err
		}
	}
	return nil
}

func (d *DB) beginReading() string {
	if d.postgres {
		return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	return "BEGIN"
}

// beginPostgres begins the writing transaction, and waits for other daemons that write
// to the same database. The lock goes with the transaction, however that ends: also when
// the daemon is killed, since the server then ends it. A connection that was lost
// meanwhile is made anew.
func (d *DB) beginPostgres() error {
	text := fmt.Sprintf("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(%d)", writingLock)
	err := d.execPostgres(text)
	if err == nil || !lost(err) {
		return err
	}
	discard(d.conn)
	d.conn.Close()
	ctx, cancel := context.WithTimeout(background, 10*time.Second)
	defer cancel()
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return err // the closed one stays, so the next turn tries again
	}
	d.conn = conn
	return d.execPostgres(text)
}

// execPostgres runs statements without arguments in one round trip.
func (d *DB) execPostgres(q string) error {
	return d.conn.Raw(func(c any) error {
		pg, ok := c.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("sqldb: a connection of %T", c)
		}
		_, err := pg.Conn().PgConn().Exec(background, q).ReadAll()
		return err
	})
}

// lost reports whether the connection is gone, and with it the transaction.
func lost(err error) bool {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		return refused.Code[:2] == "57" || refused.Code[:2] == "08" // the server goes away, or says it did
	}
	var netErr net.Error
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.As(err, &netErr) || pgconn.SafeToRetry(err)
}

func (d *DB) notePostgres(err error, committing bool) error {
	if committing && lost(err) {
		return fmt.Errorf("%w (%v)", ErrLost, err)
	}
	return err
}
