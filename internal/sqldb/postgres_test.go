package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"

	"coffer/internal/sqldb"
	"coffer/internal/sqldb/sqldbtest"
)

var counted = sqldb.Schema{Name: "counted", Migrations: fstest.MapFS{
	"0001_count.sql": {Data: []byte("-- +goose Up\nCREATE TABLE count (name TEXT NOT NULL PRIMARY KEY, n BIGINT NOT NULL);\nINSERT INTO count VALUES ('shared', 0);\n")},
}}

func onPostgres(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	o := sqldb.Options{URL: url, Schemas: []sqldb.Schema{counted}}
	d, err := sqldb.Create(t.Context(), o)
	if errors.Is(err, sqldb.ErrExists) {
		d, err = sqldb.Open(t.Context(), o)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// next reads and writes the number, which another daemon between the two would spoil.
func next(ctx context.Context, tx sqldb.Tx) error {
	var n int
	if err := tx.QueryRowContext(ctx, "SELECT n FROM count WHERE name = $1", "shared").Scan(&n); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE count SET n = $1 WHERE name = $2", n+1, "shared")
	return err
}

func reached(t *testing.T, d *sqldb.DB) (n int) {
	t.Helper()
	err := d.Read(t.Context(), func(tx sqldb.Tx) error {
		return tx.QueryRowContext(t.Context(), "SELECT n FROM count WHERE name = 'shared'").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Writers of two daemons take turns, each alone; an error undoes its own work only.
func TestDaemonsTakeTurns(t *testing.T) {
	url := sqldbtest.Postgres(t)
	daemons := []*sqldb.DB{onPostgres(t, url), onPostgres(t, url)}
	undone := errors.New("undone")
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for range 25 {
				if err := daemons[i%2].Write(t.Context(), func(tx sqldb.Tx) error { return next(t.Context(), tx) }); err != nil {
					t.Error(err)
				}
				err := daemons[i%2].Write(t.Context(), func(tx sqldb.Tx) error {
					if err := next(t.Context(), tx); err != nil {
						return err
					}
					return undone
				})
				if !errors.Is(err, undone) {
					t.Error(err)
				}
				// A statement that fails ends its turn, not the others'.
				err = daemons[i%2].Write(t.Context(), func(tx sqldb.Tx) error {
					_, err := tx.ExecContext(t.Context(), "INSERT INTO count VALUES ('shared', 0)")
					return err
				})
				if err == nil {
					t.Error("a key twice is accepted")
				}
			}
		})
	}
	all.Wait()
	if n := reached(t, daemons[1]); n != 400 {
		t.Errorf("counted %d, want 400", n)
	}
}

// A connection that is cut fails who was under way, who may ask again; nothing that was
// acknowledged is gone, and nothing counts twice.
func TestConnectionsAreMadeAnew(t *testing.T) {
	url := sqldbtest.Postgres(t)
	d := onPostgres(t, url)
	acknowledged, unknown := 0, 0
	for round := range 60 {
		if round%10 == 5 {
			sqldbtest.Cut(t, url)
		}
		err := d.Write(t.Context(), func(tx sqldb.Tx) error {
			if round%10 == 7 {
				sqldbtest.Cut(t, url) // in the middle
			}
			return next(t.Context(), tx)
		})
		switch {
		case err == nil:
			acknowledged++
		case errors.Is(err, sqldb.ErrLost):
			unknown++
		}
	}
	for range 20 { // readers' connections were cut, too
		if err := d.Read(t.Context(), func(tx sqldb.Tx) error { return nil }); err == nil {
			break
		}
	}
	if n := reached(t, d); n < acknowledged || n > acknowledged+unknown || acknowledged < 40 {
		t.Errorf("counted %d; %d were acknowledged, of %d it is unknown", n, acknowledged, unknown)
	}
}

func TestReadingCannotWriteToPostgres(t *testing.T) {
	d := onPostgres(t, sqldbtest.Postgres(t))
	if err := d.Read(t.Context(), func(tx sqldb.Tx) error { return next(t.Context(), tx) }); err == nil {
		t.Error("a reader wrote")
	}
	if err := errors.Join(d.Checkpoint(t.Context()), d.Vacuum(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestPostgresRefuses(t *testing.T) {
	empty, foreign, newer := sqldbtest.Postgres(t), sqldbtest.Postgres(t), sqldbtest.Postgres(t)
	sqldbtest.SQL(t, foreign, "CREATE TABLE theirs (n INT)")
	onPostgres(t, newer)
	sqldbtest.SQL(t, newer, "INSERT INTO goose_counted (version_id, is_applied) VALUES (99, true)")
	slow := sqldbtest.Postgres(t)
	sqldbtest.SQL(t, slow, fmt.Sprintf("ALTER DATABASE %s SET synchronous_commit = off", sqldbtest.SQL(t, slow, "SELECT current_database()")))
	for name, c := range map[string]struct {
		url  string
		open func(context.Context, sqldb.Options) (*sqldb.DB, error)
		want error
	}{
		"opening what is empty":        {empty, sqldb.Open, sqldb.ErrNoDatabase},
		"opening what is another's":    {foreign, sqldb.Open, sqldb.ErrNotCoffer},
		"making one where another's":   {foreign, sqldb.Create, sqldb.ErrNotCoffer},
		"making one twice":             {newer, sqldb.Create, sqldb.ErrExists},
		"opening a newer one":          {newer, sqldb.Open, sqldb.ErrNewer},
		"a server that is not durable": {slow, sqldb.Create, nil},
		"no server":                    {"postgres://nobody@/none?host=/nonexistent", sqldb.Open, nil},
		"no URL":                       {"postgres://a b", sqldb.Open, nil},
	} {
		d, err := c.open(t.Context(), sqldb.Options{URL: c.url, Schemas: []sqldb.Schema{counted}})
		if err == nil {
			d.Close()
		}
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// One statement is a snapshot by itself; a second would see another, so it is refused,
// and so is any that writes.
func TestReadOneTakesOneStatementThatReads(t *testing.T) {
	lite, _ := create(t, counted)
	for name, d := range map[string]*sqldb.DB{"sqlite": lite, "postgres": onPostgres(t, sqldbtest.Postgres(t))} {
		err := d.ReadOne(t.Context(), func(tx sqldb.Tx) error {
			var n int
			if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM count").Scan(&n); n != 1 || err != nil {
				t.Errorf("%s: %d numbers, %v", name, n, err)
			}
			if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM count").Scan(&n); err == nil {
				t.Errorf("%s: a second statement", name)
			}
			if _, err := tx.QueryContext(t.Context(), "SELECT n FROM count"); err == nil {
				t.Errorf("%s: a third statement", name)
			}
			if err := next(t.Context(), tx); err == nil {
				t.Errorf("%s: a reader wrote", name)
			}
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		err = d.ReadOne(t.Context(), func(tx sqldb.Tx) error {
			var n int
			return tx.QueryRowContext(t.Context(), "DELETE FROM count WHERE name = $1 RETURNING n", "shared").Scan(&n)
		})
		if err == nil || reached(t, d) != 0 {
			t.Errorf("%s: a reader deleted", name)
		}
	}
}
