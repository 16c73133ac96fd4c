package sqldb

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
)

const (
	// logPages is how many pages of write-ahead log make the writer itself fold what is
	// left of it into the file, while everybody waits, and begin it anew.
	logPages = 8192

	// foldRows is after how many changed rows, of about a page each, they are folded in
	// by another connection meanwhile, so that little is left then.
	foldRows = 1024
)

// folder folds the write-ahead log into the file while writing goes on.
type folder struct {
	db      *sql.DB
	changed int64 // since it was last called; the writer's
	call    chan struct{}
	stopped chan struct{}
	long    atomic.Bool // the log is: the writer has to wait for it

	// held while folding, and by who must find the log unused: SQLite would not wait.
	held sync.Mutex
}

func newFolder(c connector) *folder {
	f := &folder{db: sql.OpenDB(c), call: make(chan struct{}, 1), stopped: make(chan struct{})}
	f.db.SetMaxOpenConns(1)
	return f
}

func (f *folder) run() {
	defer close(f.stopped)
	for range f.call {
		f.held.Lock()
		var busy, logged, moved int
		// Passive: it waits for nobody, and what it cannot do the writer does. So it
		// does not matter why it fails, either: the writer finds out.
		err := f.db.QueryRowContext(context.Background(), passively).Scan(&busy, &logged, &moved)
		f.long.Store(err == nil && logged > logPages)
		f.held.Unlock()
	}
}

const passively = "PRAGMA wal_checkpoint(PASSIVE)"

// shorten is for the writer, between its transactions: while it folds what is left,
// nothing is added, so that the log begins anew.
func (d *DB) shorten() {
	if !d.folder.long.Swap(false) {
		return
	}
	d.folder.held.Lock()
	defer d.folder.held.Unlock()
	var busy, logged, moved int
	// If it fails, the log is long still: the next pass says so.
	_ = d.conn.QueryRowContext(background, passively).Scan(&busy, &logged, &moved)
}

// wrote counts rows that were committed, and calls for folding in time.
func (f *folder) wrote(rows int64) {
	if f.changed += rows; f.changed < foldRows {
		return
	}
	select {
	case f.call <- struct{}{}:
		f.changed = 0
	default: // at work
	}
}

// close is for when nothing is written any more.
func (f *folder) close() error {
	close(f.call)
	<-f.stopped
	return f.db.Close()
}
