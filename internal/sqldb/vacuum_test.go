package sqldb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"coffer/internal/sqldb"
)

// traces counts how often planted occurs in the database's files.
func traces(t *testing.T, path, planted string) (n int) {
	t.Helper()
	for _, suffix := range []string{"", "-wal", "-journal"} {
		b, err := os.ReadFile(path + suffix)
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(b, []byte(planted))
	}
	return n
}

// Index pages keep copies of what moved when they split, and secure_delete does
// not know of them.
func TestVacuumLeavesNoTrace(t *testing.T) {
	const planted = "zanzibar-marmalade-7731"
	d, path := create(t, books)
	r := rand.New(rand.NewPCG(1, 2)) // the same pages every time
	title := func(word string) string {
		return fmt.Sprintf("%08x-%s-%s", r.Uint32(), word, strings.Repeat("x", r.IntN(300)))
	}
	insert := func(tx sqldb.Tx, title string) error {
		_, err := tx.ExecContext(t.Context(), "INSERT INTO book VALUES ($1)", title)
		return err
	}
	err := d.Write(t.Context(), func(tx sqldb.Tx) error {
		for i := range 2000 {
			if err := insert(tx, title(planted)); err != nil {
				return err
			}
			if i%3 == 0 { // what stays
				if err := insert(tx, title("another")); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Write(t.Context(), func(tx sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), "DELETE FROM book WHERE title LIKE $1", "%"+planted+"%")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if traces(t, path, planted) == 0 {
		t.Fatal("nothing is left for Vacuum to remove: this test shows nothing")
	}
	if err := d.Vacuum(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := traces(t, path, planted); n != 0 {
		t.Fatalf("%d traces after Vacuum", n)
	}
	if traces(t, path, "another") == 0 {
		t.Fatal("what stays is gone")
	}
}

func TestCheckpointLeavesNoTraceOfBodies(t *testing.T) {
	const planted = "quagga-semaphore-1185"
	d, path := create(t, notes)
	for _, q := range []string{"INSERT INTO note VALUES (x'01', 1, $1)", "DELETE FROM note WHERE body = $1"} {
		err := d.Write(t.Context(), func(tx sqldb.Tx) error {
			_, err := tx.ExecContext(t.Context(), q, bytes.Repeat([]byte(planted), 2000))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := traces(t, path, planted); n != 0 {
		t.Fatalf("%d traces after Checkpoint", n)
	}
}

// An open snapshot keeps the log: Vacuum waits for ours and gives up at its
// deadline, with everything working afterwards.
func TestVacuumWaitsForReaders(t *testing.T) {
	d, _ := create(t, notes)
	err := d.Read(t.Context(), func(tx sqldb.Tx) error {
		var n int
		if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM note").Scan(&n); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := d.Vacuum(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Vacuum beside a reader: %v, want its deadline", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Vacuum(t.Context()); err != nil {
		t.Fatalf("Vacuum after the reader left: %v", err)
	}
}

// A reader of another program cannot be waited for; it is named.
func TestVacuumNamesAnotherProgramsReader(t *testing.T) {
	mine, path := create(t, notes)
	mine.Close()
	open := func(wait time.Duration) *sqldb.DB {
		d, err := sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes}, Wait: wait})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	d, other := open(10*time.Millisecond), open(0)
	err := other.Read(t.Context(), func(tx sqldb.Tx) error {
		if n := 0; tx.QueryRowContext(t.Context(), "SELECT count(*) FROM note").Scan(&n) != nil {
			return errors.New("no snapshot")
		}
		if err := d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, 1, "x") }); err != nil {
			return err
		}
		if err := d.Checkpoint(t.Context()); !errors.Is(err, sqldb.ErrReading) {
			t.Errorf("Checkpoint: %v, want ErrReading", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
