// Package sqldb opens, migrates and transacts the one database of an operator: a file
// of SQLite, or a database of PostgreSQL that several daemons share. It is the only
// door to both.
//
// Many goroutines may write at once: they take turns on one connection and share
// one fsync (group commit), each inside a savepoint of its own, so that an error
// undoes its own work and nobody else's. Readers have a pool of their own, which
// cannot write, and see one snapshot for as long as a Read lasts.
//
// On PostgreSQL the same holds: a daemon's writers share one connection and its commits,
// and daemons take turns by a lock that lasts as long as the transaction (see writing in
// postgres.go). So a transaction that writes is alone on either, sees all that was
// acknowledged before it, and never fails because of another.
//
// Several stores may live in one database. Each brings a [Schema]: its migrations,
// embedded, and a name, under which its version is kept (table goose_<name>).
//
// # Trust
//
// The file is trusted to be what SQLite wrote: who can change it can delete and
// roll back, which the wallet notices for documents (vault/seal) and the ledger
// for grants. This package promises two things that others build on. What Write
// acknowledged is on the disk. What was deleted is overwritten (secure_delete),
// and after [DB.Vacuum] it is in no file of the database. What a backup or a
// snapshot of the disk kept, nobody here can take back.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"golang.org/x/sync/semaphore"
)

var (
	// ErrNoDatabase means that there is no database where one is expected.
	// Opening never makes one: a mistyped path must not become an empty vault.
	ErrNoDatabase = errors.New("no database here; run: cofferd init")

	// ErrExists means that Create found a file in its way.
	ErrExists = errors.New("a database exists here already; to use it, run: cofferd serve")

	// ErrNotCoffer means that the file is a database of something else.
	ErrNotCoffer = errors.New("not a Coffer database; check the path")

	// ErrNewer means that a newer program migrated the database. An older one
	// could misread it, so it does not touch it.
	ErrNewer = errors.New("database is newer than this program; run the newer cofferd")

	// ErrClosed is what a DB answers after Close.
	ErrClosed = errors.New("database is closed")

	// ErrLost means that the connection to PostgreSQL went away during a commit.
	// Whether it was made is unknown; writing goes on with a new connection.
	ErrLost = errors.New("connection to the database lost while committing; whether this was written is unknown: ask, or try the same again")

	// ErrBroken means that the disk failed under a commit. Whether that commit
	// is on the disk is unknown, so nothing more is written.
	ErrBroken = errors.New("writing stopped after a disk error; check the disk, then restart cofferd")
)

// Options says where the database is and what lives in it.
type Options struct {
	// Path of the database file. SQLite keeps Path-wal and Path-shm beside it.
	Path string

	// URL of a PostgreSQL database instead, as in postgres://coffer@db.example/coffer
	// (https://www.postgresql.org/docs/15/libpq-connect.html, 34.1.1.2). Then Path is
	// not looked at.
	URL string

	// Namespace is the schema of that database to be in, made by Create; empty for the
	// connection's own.
	Namespace string

	// Schemas of the stores in the file, applied in this order.
	Schemas []Schema

	// Look leaves the schemas as they are: ErrOlder if migrations wait. For whoever opens
	// the database beside a daemon that may be another program.
	Look bool

	// Copy opens a database of PostgreSQL that is being copied into, which others must not.
	Copy bool

	// Readers is the number of reading connections; 0 means two per processor,
	// and no fewer than four.
	Readers int

	// CacheMiB is how much of the file the writing connection keeps in memory, in MiB,
	// taken as it is needed; 0 means 64. A turn finds its index pages there.
	CacheMiB int

	// Wait is how long to wait for a lock that another program holds; 0 means
	// ten seconds. Within one program nobody waits for locks.
	Wait time.Duration

	// Timed is told how long work took; nil if nobody wants to know. It must not block.
	Timed func(Work, time.Duration)
}

// DB is an open database. Its methods may be called from many goroutines.
type DB struct {
	path    string
	wait    time.Duration
	read    *sql.DB
	write   *sql.DB
	conn    *sql.Conn // the one writing connection; only the writer uses it
	readers *semaphore.Weighted
	nread   int64

	gate    sync.RWMutex // held for reading while queueing, for writing by Close
	closed  bool
	queue   chan job
	stopped chan struct{} // closed when the writer has returned
	broken  error         // only the writer touches it, and what follows

	prepared map[string]*sql.Stmt
	pending  string // on PostgreSQL, what goes before the next statement
	folder   *folder

	postgres bool
	timed    func(Work, time.Duration)
}

// Open opens a database that Create made, and brings its schemas up to date.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.URL != "" {
		return openPostgres(ctx, o, false)
	}
	if _, err := os.Stat(o.Path); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("opening %s: %w", o.Path, ErrNoDatabase)
	} else if err != nil {
		return nil, fmt.Errorf("opening database: %w", err)
	}
	return open(ctx, o)
}

// Create makes a new database and opens it. It refuses to touch a file that is
// there. Only init and development mode call it.
func Create(ctx context.Context, o Options) (*DB, error) {
	if o.URL != "" {
		return openPostgres(ctx, o, true)
	}
	// Readable by nobody else; SQLite gives -wal and -shm the same mode.
	f, err := os.OpenFile(o.Path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("creating %s: %w", o.Path, ErrExists)
	} else if err != nil {
		return nil, fmt.Errorf("creating database: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("creating database: %w", err)
	}
	if err := stamp(ctx, o.Path); err != nil {
		os.Remove(o.Path)
		return nil, fmt.Errorf("creating database: %w", err)
	}
	d, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	// The file's name must outlive a power cut as surely as its content.
	if err := syncDir(filepath.Dir(o.Path)); err != nil {
		d.Close()
		return nil, fmt.Errorf("creating database: %w", err)
	}
	return d, nil
}

func open(ctx context.Context, o Options) (_ *DB, err error) {
	defer func() { err = explain(err) }()
	if o.Wait == 0 {
		o.Wait = 10 * time.Second
	}
	if o.CacheMiB == 0 {
		o.CacheMiB = 64
	}
	// Splitting index pages, SQLite gives one for a moment the number of the page at
	// 1 GiB (PENDING_BYTE). In a smaller file each commit after that looks through its
	// whole cache for pages to drop: there a large cache costs more than it saves.
	if info, err := os.Stat(o.Path); err == nil && info.Size() < 1<<30 {
		o.CacheMiB = min(o.CacheMiB, 32)
	}
	n := o.Readers
	if n <= 0 {
		n = max(4, 2*runtime.NumCPU())
	}
	d := &DB{
		path:    o.Path,
		wait:    o.Wait,
		write:   sql.OpenDB(connector{path: o.Path, write: true, wait: o.Wait, cache: o.CacheMiB << 10}),
		read:    sql.OpenDB(connector{path: o.Path, wait: o.Wait}),
		readers: semaphore.NewWeighted(int64(n)),
		nread:   int64(n),
		queue:   make(chan job, groupLimit),
		stopped: make(chan struct{}),

		prepared: map[string]*sql.Stmt{},
		timed:    o.Timed,
		folder:   newFolder(connector{path: o.Path, write: true, wait: o.Wait}),
	}
	defer func() {
		if err != nil {
			d.write.Close()
			d.read.Close()
			d.folder.db.Close()
		}
	}()
	d.write.SetMaxOpenConns(1)
	d.read.SetMaxOpenConns(n)
	d.read.SetMaxIdleConns(n)

	var stamped int
	if err := d.write.QueryRowContext(ctx, "PRAGMA application_id").Scan(&stamped); err != nil {
		return nil, fmt.Errorf("opening %s: %w", o.Path, err)
	}
	if stamped != applicationID {
		return nil, fmt.Errorf("opening %s: %w", o.Path, ErrNotCoffer)
	}
	for _, s := range o.Schemas {
		if err := s.migrate(ctx, goose.DialectSQLite3, d.write, o.Look); err != nil {
			// A damaged index can look like anything.
			var what string
			if e := d.write.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&what); e == nil && what != "ok" {
				err = fmt.Errorf("%w (%w)", err, ErrDamaged)
			}
			return nil, fmt.Errorf("opening %s: %w", o.Path, err)
		}
	}
	if d.conn, err = d.write.Conn(ctx); err != nil {
		return nil, fmt.Errorf("opening %s: %w", o.Path, err)
	}
	// One reader now, so that what is wrong with reading is known at the start.
	if err := d.read.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("opening %s: %w", o.Path, err)
	}
	go d.writer()
	go d.folder.run()
	return d, nil
}

// Close lets every queued write finish, folds the log into the file and closes.
func (d *DB) Close() error {
	d.gate.Lock()
	if d.closed {
		d.gate.Unlock()
		return nil
	}
	d.closed = true
	close(d.queue)
	d.gate.Unlock()

	<-d.stopped
	err := d.read.Close()
	if !d.postgres {
		err = errors.Join(err, d.folder.close())
	}
	for _, s := range d.prepared {
		err = errors.Join(err, s.Close())
	}
	// SQLite checkpoints when the last connection of the last process closes.
	return errors.Join(err, d.conn.Close(), d.write.Close())
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
