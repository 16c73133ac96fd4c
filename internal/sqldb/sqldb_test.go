package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"coffer/internal/sqldb"
)

var notes = sqldb.Schema{Name: "notes", Migrations: fstest.MapFS{
	"0001_note.sql": {Data: []byte(`-- +goose Up
CREATE TABLE shelf (shelf_id BYTEA NOT NULL PRIMARY KEY);
CREATE TABLE note (
  shelf_id BYTEA NOT NULL REFERENCES shelf(shelf_id) ON DELETE CASCADE,
  n BIGINT NOT NULL,
  body BYTEA NOT NULL,
  PRIMARY KEY (shelf_id, n)
);
INSERT INTO shelf VALUES (x'01');
`)},
}}

var books = sqldb.Schema{Name: "books", Migrations: fstest.MapFS{
	"0001_book.sql": {Data: []byte("-- +goose Up\nCREATE TABLE book (title TEXT NOT NULL PRIMARY KEY);\n")},
}}

func create(t testing.TB, schemas ...sqldb.Schema) (*sqldb.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "coffer.db")
	d, err := sqldb.Create(t.Context(), sqldb.Options{Path: path, Schemas: schemas})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d, path
}

func add(ctx context.Context, tx sqldb.Tx, n int, body string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO note (shelf_id, n, body) VALUES (x'01', $1, $2)", n, []byte(body))
	return err
}

func count(t testing.TB, d *sqldb.DB) (n int) {
	t.Helper()
	err := d.Read(t.Context(), func(tx sqldb.Tx) error {
		return tx.QueryRowContext(t.Context(), "SELECT count(*) FROM note").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSeveralStoresInOneFile(t *testing.T) {
	d, path := create(t, notes, books)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes, books}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Read(t.Context(), func(tx sqldb.Tx) error {
		for _, table := range []string{"note", "book", "goose_notes", "goose_books"} {
			var n int
			if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("database may be read by others: %v, %v", fi.Mode(), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	_, err := sqldb.Open(t.Context(), sqldb.Options{Path: filepath.Join(dir, "missing.db")})
	if !errors.Is(err, sqldb.ErrNoDatabase) || !strings.HasSuffix(err.Error(), "run: cofferd init") {
		t.Errorf("missing: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "missing.db")); err == nil {
		t.Error("opening made a database")
	}

	foreign := filepath.Join(dir, "foreign.db")
	db, err := sql.Open("sqlite3", foreign)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE theirs (x)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := sqldb.Open(t.Context(), sqldb.Options{Path: foreign}); !errors.Is(err, sqldb.ErrNotCoffer) {
		t.Errorf("foreign: %v", err)
	}

	_, path := create(t, notes)
	if _, err := sqldb.Create(t.Context(), sqldb.Options{Path: path}); !errors.Is(err, sqldb.ErrExists) {
		t.Errorf("creating twice: %v", err)
	}
}

func TestNewerDatabaseIsRefused(t *testing.T) {
	newer := sqldb.Schema{Name: "notes", Migrations: fstest.MapFS{
		"0001_note.sql":  notes.Migrations.(fstest.MapFS)["0001_note.sql"],
		"0002_later.sql": {Data: []byte("-- +goose Up\nALTER TABLE note ADD COLUMN colour TEXT;\n")},
	}}
	d, path := create(t, notes)
	d.Close()
	d, err := sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{newer}})
	if err != nil {
		t.Fatalf("migrating forward: %v", err)
	}
	d.Close()
	if _, err := sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes}}); !errors.Is(err, sqldb.ErrNewer) {
		t.Fatalf("older program: %v, want ErrNewer", err)
	}
}

func TestGroupCommitUndoesOnlyTheFailing(t *testing.T) {
	d, _ := create(t, notes)
	sorry := errors.New("sorry")
	const n = 600
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			errs[i] = d.Write(t.Context(), func(tx sqldb.Tx) error {
				if err := add(t.Context(), tx, i, "x"); err != nil {
					return err
				}
				switch i % 3 {
				case 1: // fails on its own
					return sorry
				case 2: // fails in SQLite
					return add(t.Context(), tx, i, "x")
				}
				return nil
			})
		})
	}
	wg.Wait()
	for i, err := range errs {
		switch {
		case i%3 == 0 && err != nil:
			t.Fatalf("write %d: %v", i, err)
		case i%3 == 1 && !errors.Is(err, sorry):
			t.Fatalf("write %d: %v, want its own error", i, err)
		case i%3 == 2 && err == nil:
			t.Fatalf("write %d broke a key and succeeded", i)
		}
	}
	if got := count(t, d); got != n/3 {
		t.Fatalf("%d notes, want %d", got, n/3)
	}
}

func TestWriteSurvivesItsCaller(t *testing.T) {
	d, _ := create(t, notes)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach its caller")
			}
		}()
		_ = d.Write(t.Context(), func(tx sqldb.Tx) error {
			_ = add(t.Context(), tx, 1, "x")
			panic("oops")
		})
	}()
	var wg sync.WaitGroup
	wg.Go(func() { // as a test's FailNow does
		_ = d.Write(t.Context(), func(tx sqldb.Tx) error {
			_ = add(t.Context(), tx, 2, "x")
			runtime.Goexit()
			return nil
		})
	})
	wg.Wait()
	if got := count(t, d); got != 0 {
		t.Fatalf("%d notes of writers that never returned", got)
	}
	if err := d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, 3, "x") }); err != nil {
		t.Fatalf("writing afterwards: %v", err)
	}
}

func TestCancellingEndsOnlyTheWait(t *testing.T) {
	d, _ := create(t, notes)
	ctx, cancel := context.WithCancel(t.Context())
	started, blocked := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { // has its turn when it is cancelled: it is not torn
		err := d.Write(ctx, func(tx sqldb.Tx) error {
			close(started)
			<-blocked
			return add(ctx, tx, 1, "x")
		})
		if err != nil {
			t.Errorf("the running write: %v", err)
		}
	})
	<-started
	wg.Go(func() { // waits behind it
		err := d.Write(ctx, func(tx sqldb.Tx) error { return add(ctx, tx, 2, "x") })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the waiting write: %v, want cancelled", err)
		}
		close(blocked)
	})
	cancel()
	wg.Wait()
	if got := count(t, d); got != 1 {
		t.Fatalf("%d notes, want the running write's one", got)
	}
}

// An interrupted statement would take the other writers' work with it.
func TestCancellingInterruptsNoStatement(t *testing.T) {
	d, _ := create(t, notes)
	ctx, cancel := context.WithCancel(t.Context())
	err := d.Write(ctx, func(tx sqldb.Tx) error {
		// In the middle of the statement, if the machine is not very fast; the
		// test holds at any moment.
		time.AfterFunc(5*time.Millisecond, cancel)
		_, err := tx.ExecContext(ctx, `INSERT INTO note (shelf_id, n, body)
			WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100000) SELECT x'01', n, x'02' FROM c`)
		return err
	})
	if err != nil {
		t.Fatalf("a long statement of a caller who left: %v", err)
	}
	if got := count(t, d); got != 100_000 {
		t.Fatalf("%d notes", got)
	}
}

func TestTxEndsWithItsFunction(t *testing.T) {
	d, _ := create(t, notes)
	var kept []sqldb.Tx
	keep := func(tx sqldb.Tx) error { kept = append(kept, tx); return nil }
	if err := errors.Join(d.Write(t.Context(), keep), d.Read(t.Context(), keep)); err != nil {
		t.Fatal(err)
	}
	for _, tx := range kept {
		if err := add(t.Context(), tx, 1, "x"); err == nil {
			t.Errorf("%T wrote after its end", tx)
		}
		var n int
		if err := tx.QueryRowContext(t.Context(), "SELECT 1").Scan(&n); err == nil {
			t.Errorf("%T read after its end", tx)
		}
	}
}

func TestReadersSeeOneSnapshotAndCannotWrite(t *testing.T) {
	d, _ := create(t, notes)
	number := func(tx sqldb.Tx) (n int) {
		if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM note").Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	began, written := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := d.Read(t.Context(), func(tx sqldb.Tx) error {
			if n := number(tx); n != 0 {
				t.Errorf("%d notes before any", n)
			}
			close(began)
			<-written
			if n := number(tx); n != 0 {
				t.Errorf("the snapshot moved: %d notes", n)
			}
			if err := add(t.Context(), tx, 9, "x"); err == nil {
				t.Error("a reader wrote")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-began
	if err := d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, 1, "x") }); err != nil {
		t.Fatal(err)
	}
	if got := count(t, d); got != 1 {
		t.Errorf("a new reader sees %d notes, want 1", got)
	}
	close(written)
	wg.Wait()
}

func TestReaderThatGivesUpLeavesACleanConnection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coffer.db")
	d, err := sqldb.Create(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes}, Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	ctx, cancel := context.WithCancel(t.Context())
	err = d.Read(ctx, func(tx sqldb.Tx) error {
		cancel()
		var n int
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM note").Scan(&n)
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled read: %v", err)
	}
	if err := d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, 1, "x") }); err != nil {
		t.Fatal(err)
	}
	if got := count(t, d); got != 1 {
		t.Fatalf("the next reader on that connection sees %d notes", got)
	}
}

func TestCloseFinishesWhatIsQueued(t *testing.T) {
	d, path := create(t, notes)
	const n = 50
	acknowledged := make([]bool, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, i, "x") })
			if acknowledged[i] = err == nil; err != nil && !errors.Is(err, sqldb.ErrClosed) {
				t.Errorf("write %d: %v", i, err)
			}
		})
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := d.Close(); err != nil {
		t.Fatalf("closing twice: %v", err)
	}
	d, err := sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	want := 0
	for _, ok := range acknowledged {
		if ok {
			want++
		}
	}
	if got := count(t, d); got != want {
		t.Fatalf("%d notes, %d acknowledged", got, want)
	}
}

// SQLite rolls everything back on some errors (disk full, …). Then the whole group
// is lost, and everybody in it must hear so.
func TestLostTransactionIsAcknowledgedToNobody(t *testing.T) {
	d, _ := create(t, notes)
	const n = 200
	var acknowledged atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := d.Write(t.Context(), func(tx sqldb.Tx) error {
				if i%10 == 9 {
					_, _ = tx.ExecContext(t.Context(), "ROLLBACK")
					return nil
				}
				return add(t.Context(), tx, i, "x")
			})
			switch {
			case err == nil && i%10 == 9:
				t.Errorf("write %d lost the transaction and succeeded", i)
			case err == nil:
				acknowledged.Add(1)
			}
		})
	}
	wg.Wait()
	if got := count(t, d); got != int(acknowledged.Load()) {
		t.Fatalf("%d notes, %d acknowledged", got, acknowledged.Load())
	}
	if err := d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, n, "x") }); err != nil {
		t.Fatalf("writing afterwards: %v", err)
	}
}
