package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"coffer/internal/crash"
)

// groupLimit is how many writes share one commit at most, so that the first of
// them does not wait long for the last.
const groupLimit = 256

var background = context.Background()

// Write calls f with the writing transaction and returns when what f wrote is on
// the disk. If f returns an error, what f wrote is undone and Write returns that
// error; others that happen to share the commit are not touched. Any other error
// means that nothing of f was written, unless it is [ErrBroken].
//
// Cancelling ends the wait for a turn, never the turn itself. f runs in the
// caller's goroutine, alone among writers: keep it short, and do not call Read,
// Write or Vacuum in it.
func (d *DB) Write(ctx context.Context, f func(Tx) error) error {
	return explain(d.writeTurn(ctx, f))
}

func (d *DB) writeTurn(ctx context.Context, f func(Tx) error) error {
	defer d.took(Writing)()
	t := &turn{begin: make(chan *writeTx, 1), end: make(chan error, 1), outcome: make(chan error, 1)}
	if err := d.enqueue(ctx, t); err != nil {
		return fmt.Errorf("waiting to write: %w", err)
	}
	select {
	case tx := <-t.begin:
		return t.take(tx, f)
	case err := <-t.outcome: // no turn: the group could not begin
		return err
	case <-ctx.Done():
		// The writer skips a turn whose caller has left, or undoes it (nothing)
		// if it has just begun.
		t.end <- errLeft
		return fmt.Errorf("waiting to write: %w", context.Cause(ctx))
	}
}

// errLeft marks a turn that nobody will take.
var errLeft = errors.New("caller left")

// job is what the writer does next: a turn in a group commit, or work that needs
// the connection outside of a transaction.
type job interface{ isJob() }

// turn is one Write. The writer hands the transaction over on begin, takes the
// caller's verdict from end, and sends outcome when it is on the disk or undone.
type turn struct {
	begin   chan *writeTx
	end     chan error
	outcome chan error
}

// alone is work on the writing connection outside of a transaction.
type alone struct {
	ctx     context.Context
	do      func(context.Context, *sql.Conn) error
	outcome chan error
}

func (*turn) isJob()  {}
func (*alone) isJob() {}

func (d *DB) enqueue(ctx context.Context, j job) error {
	d.gate.RLock()
	defer d.gate.RUnlock()
	if d.closed {
		return ErrClosed
	}
	select {
	case d.queue <- j:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// take runs f and hands the transaction back however f ends, panics and
// runtime.Goexit (a test's FailNow) included.
func (t *turn) take(tx *writeTx, f func(Tx) error) error {
	verdict := errors.New("writing function did not return")
	func() {
		defer func() {
			tx.ended.Store(true)
			t.end <- verdict
		}()
		verdict = f(tx)
	}()
	return <-t.outcome
}

// writer owns the writing connection. It ends when the queue is closed and empty.
func (d *DB) writer() {
	defer close(d.stopped)
	var next job
	for {
		if next == nil {
			var ok bool
			if next, ok = <-d.queue; !ok {
				return
			}
		}
		switch j := next.(type) {
		case *alone:
			next = nil
			j.outcome <- d.lone(j)
		case *turn:
			next = d.group(j)
		}
	}
}

func (d *DB) lone(j *alone) error {
	if d.broken != nil {
		return d.broken
	}
	return j.do(j.ctx, d.conn)
}

// group commits first and whoever is queued behind it. It returns the job that
// did not fit in, if any.
func (d *DB) group(first *turn) (next job) {
	if d.broken != nil {
		first.outcome <- d.broken
		return nil
	}
	if err := d.begin(); err != nil {
		first.outcome <- fmt.Errorf("starting to write: %w", d.note(err, false))
		return nil
	}
	crash.Here(crash.Begun)
	var members []*turn // who succeeded so far, and stands or falls with the commit
	var lost error      // why the transaction is gone, if it is
	for t, n := first, 1; ; n++ {
		var joined bool
		if joined, lost = d.serve(t); joined {
			members = append(members, t)
		}
		if lost != nil || n == groupLimit {
			break
		}
		if t, next = d.waiting(); t == nil {
			break
		}
	}
	committing := lost == nil
	if committing {
		crash.Here(crash.Committing)
		took := d.took(Committing)
		lost = d.exec("COMMIT")
		took()
		crash.Here(crash.Committed)
	}
	if lost != nil {
		lost = fmt.Errorf("committing: %w", d.note(lost, committing))
		// Fails if SQLite rolled back already, which is just as well.
		_ = d.exec("ROLLBACK")
	}
	for _, t := range members {
		t.outcome <- lost
	}
	if lost == nil && !d.postgres {
		d.shorten()
	}
	return next
}

// waiting returns the next turn if one is queued now, or the job that is queued
// and is no turn.
func (d *DB) waiting() (*turn, job) {
	select {
	case j := <-d.queue: // nil when closed and empty
		if t, ok := j.(*turn); ok {
			return t, nil
		}
		return nil, j
	default:
		return nil, nil
	}
}

// serve gives one turn. joined tells whether its work is in the transaction; lost
// is why there is no transaction any more.
func (d *DB) serve(t *turn) (joined bool, lost error) {
	select {
	case <-t.end: // errLeft
		return false, nil
	default:
	}
	if err := d.exec("SAVEPOINT turn"); err != nil {
		t.outcome <- fmt.Errorf("starting to write: %w", err)
		return false, err
	}
	crash.Here(crash.Saved)
	tx := &writeTx{conn: d.conn}
	t.begin <- tx
	verdict := <-t.end
	if verdict == nil {
		// Fails if a statement of f made the database roll back (disk full, …) and f
		// did not say so.
		if err := d.release(); err != nil {
			t.outcome <- fmt.Errorf("writing: %w", err)
			return false, err
		}
		crash.Here(crash.Released)
		if !d.postgres {
			d.folder.wrote(tx.rows)
		}
		return true, nil
	}
	if err := d.exec("ROLLBACK TO turn"); err != nil {
		t.outcome <- verdict
		if errors.Is(explain(verdict), ErrFull) { // which made SQLite undo all
			err = ErrFull
		}
		return false, err
	}
	err := d.exec("RELEASE turn")
	t.outcome <- verdict
	return false, err
}

// release takes a turn's work into the transaction: on PostgreSQL with the statement
// that comes next, which saves each turn a round trip.
func (d *DB) release() error {
	if d.postgres {
		d.pending = "RELEASE turn; "
		return nil
	}
	return d.exec("RELEASE turn")
}

// exec runs one of the statements that make turns, each of which stays prepared.
func (d *DB) exec(q string) (err error) {
	if d.postgres {
		q, d.pending = d.pending+q, ""
		return d.execPostgres(q)
	}
	s := d.prepared[q]
	if s == nil {
		if s, err = d.conn.PrepareContext(background, q); err != nil {
			return err
		}
		d.prepared[q] = s
	}
	_, err = s.ExecContext(background)
	return err
}

// begin begins the writing transaction.
func (d *DB) begin() error {
	if d.postgres {
		return d.beginPostgres()
	}
	return d.exec("BEGIN IMMEDIATE")
}

// note remembers an error that ends all writing, and says what a lost connection
// leaves unknown.
func (d *DB) note(err error, committing bool) error {
	if d.postgres {
		return d.notePostgres(err, committing)
	}
	var s sqlite3.Error
	if errors.As(err, &s) && (s.Code == sqlite3.ErrIoErr || s.Code == sqlite3.ErrCorrupt || s.Code == sqlite3.ErrNotADB) {
		// Fatal. After a failed fsync it is unknown which of the frames that
		// were written reached the disk, and asking again may answer yes
		// although they did not.
		d.broken = fmt.Errorf("%w (%v)", ErrBroken, explain(err))
		return d.broken
	}
	return err
}

// discard drops a connection that is in an unknown state from its pool.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}
