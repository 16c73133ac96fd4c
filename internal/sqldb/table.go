package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/mattn/go-sqlite3"
)

// Kind is what a column holds; both databases agree on these.
type Kind string

const (
	Bytes   Kind = "bytes"
	Text    Kind = "text"
	Integer Kind = "integer"
	Boolean Kind = "boolean"
)

// kinds are the types of columns that migrations may use.
var kinds = map[string]Kind{"BYTEA": Bytes, "TEXT": Text, "BIGINT": Integer, "BOOLEAN": Boolean}

// Column of a table.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// Table is a store's table as the database has it: whatever migrations make is found, so
// that a backup cannot forget a new one.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	parents []string
}

func (t Table) columns() (names []string) {
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

func (t Table) String() string { return t.Name }

// Same reports whether a row of one fits the other.
func (t Table) Same(o Table) bool { return t.Name == o.Name && slices.Equal(t.Columns, o.Columns) }

// Tables lists the tables of all stores, those that others refer to first.
func (d *DB) Tables(ctx context.Context) (all []Table, err error) {
	err = d.Read(ctx, func(tx Tx) error {
		if d.postgres {
			all, err = postgresTables(ctx, tx)
		} else {
			all, err = sqliteTables(ctx, tx)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", err)
	}
	slices.SortFunc(all, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
	return parentsFirst(all)
}

func parentsFirst(all []Table) (sorted []Table, err error) {
	placed := map[string]bool{}
	for len(sorted) < len(all) {
		before := len(sorted)
		for _, t := range all {
			if !placed[t.Name] && !slices.ContainsFunc(t.parents, func(p string) bool { return p != t.Name && !placed[p] }) {
				placed[t.Name] = true
				sorted = append(sorted, t)
			}
		}
		if len(sorted) == before {
			return nil, errors.New("tables refer to each other in a circle")
		}
	}
	return sorted, nil
}

const (
	sqliteColumns = `SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'goose\_%' ESCAPE '\' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\' AND m.name NOT LIKE 'coffer\_%' ESCAPE '\' ORDER BY m.name, c.cid`
	sqliteParents = `SELECT DISTINCT m.name, k."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'`

	// What a database of PostgreSQL keeps about itself is not a store's.
	postgresColumns = `SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
		AND c.relname NOT LIKE 'goose\_%' AND c.relname NOT LIKE 'coffer\_%' ORDER BY c.relname, a.attnum`
	postgresParents = `SELECT DISTINCT c.relname, p.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid
		WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace`
)

func sqliteTables(ctx context.Context, tx Tx) ([]Table, error) {
	return tables(ctx, tx, sqliteColumns, sqliteParents)
}

func postgresTables(ctx context.Context, tx Tx) ([]Table, error) {
	return tables(ctx, tx, postgresColumns, postgresParents)
}

func tables(ctx context.Context, tx Tx, columns, parents string) (all []Table, err error) {
	rows, err := tx.QueryContext(ctx, columns)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	byName := map[string]int{}
	for rows.Next() {
		var table, column, kind string
		if err := rows.Scan(&table, &column, &kind); err != nil {
			return nil, err
		}
		n, known := byName[table]
		if !known {
			n = len(all)
			byName[table] = n
			all = append(all, Table{Name: table})
		}
		k, ok := kinds[strings.ToUpper(kind)]
		if !ok {
			return nil, fmt.Errorf("column %s of %s has the type %s, which sqldb does not know", column, table, kind)
		}
		all[n].Columns = append(all[n].Columns, Column{column, k})
	}
	for i := range all {
		// In the order of their names: adding and dropping columns leaves another order
		// in each database.
		slices.SortFunc(all[i].Columns, func(a, b Column) int { return cmp.Compare(a.Name, b.Name) })
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	links, err := tx.QueryContext(ctx, parents)
	if err != nil {
		return nil, err
	}
	defer links.Close()
	for links.Next() {
		var child, parent string
		if err := links.Scan(&child, &parent); err != nil {
			return nil, err
		}
		if n, ok := byName[child]; ok {
			all[n].parents = append(all[n].parents, parent)
		}
	}
	return all, links.Err()
}

// Snapshot is the whole database as it was at one moment, while others write. On SQLite
// its log grows meanwhile.
type Snapshot struct {
	d    *DB
	conn *sql.Conn
}

// Snapshot calls f with the database as it is now.
func (d *DB) Snapshot(ctx context.Context, f func(*Snapshot) error) error {
	return d.Read(ctx, func(tx Tx) error {
		conn, ok := tx.(*sql.Conn)
		if !ok {
			return fmt.Errorf("sqldb: a snapshot on %T", tx)
		}
		// SQLite takes its snapshot at the first read.
		var one int
		if err := conn.QueryRowContext(ctx, "SELECT 1 FROM "+d.anyTable()).Scan(&one); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("taking a snapshot: %w", err)
		}
		return f(&Snapshot{d, conn})
	})
}

func (d *DB) anyTable() string {
	if d.postgres {
		return "pg_class LIMIT 1"
	}
	return "sqlite_master LIMIT 1"
}

// Rows calls f with every row of a table, its values in the order of the columns: nil,
// []byte, string, int64 or bool by the columns' kinds, good until f returns. place tells
// where it is, in ascending order, for RowsAfter; on PostgreSQL it is 0.
func (s *Snapshot) Rows(ctx context.Context, t Table, f func(place int64, values []any) error) error {
	return s.RowsAfter(ctx, t, -1<<63, f)
}

// RowsAfter is Rows behind a place. On SQLite only.
func (s *Snapshot) RowsAfter(ctx context.Context, t Table, after int64, f func(place int64, values []any) error) error {
	err := s.conn.Raw(func(c any) error {
		switch c := c.(type) {
		case *sqlite3.SQLiteConn:
			return sqliteRows(ctx, c, t, after, f)
		case *stdlib.Conn:
			return postgresRows(ctx, c.Conn(), t, f)
		default:
			return fmt.Errorf("sqldb: a connection of %T", c)
		}
	})
	if err != nil {
		return fmt.Errorf("reading table %s: %w", t.Name, err)
	}
	return nil
}

func sqliteRows(ctx context.Context, c *sqlite3.SQLiteConn, t Table, after int64, f func(int64, []any) error) error {
	text := fmt.Sprintf("SELECT rowid, %s FROM %s WHERE rowid > ? ORDER BY rowid", quoted(t.columns()), quoted([]string{t.Name}))
	rows, err := c.Query(text, []driver.Value{after})
	if err != nil {
		return err
	}
	defer rows.Close()
	got, out := make([]driver.Value, len(t.Columns)+1), make([]any, len(t.Columns))
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := rows.Next(got); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		place, _ := got[0].(int64)
		for i, c := range t.Columns {
			if out[i], err = c.Kind.value(got[i+1]); err != nil {
				return fmt.Errorf("column %s: %w", c.Name, err)
			}
		}
		if err := f(place, out); err != nil {
			return err
		}
	}
}

func postgresRows(ctx context.Context, c *pgx.Conn, t Table, f func(int64, []any) error) error {
	rows, err := c.Query(ctx, fmt.Sprintf("SELECT %s FROM %s", quoted(t.columns()), quoted([]string{t.Name})))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		for i, c := range t.Columns {
			if values[i], err = c.Kind.value(values[i]); err != nil {
				return fmt.Errorf("column %s: %w", c.Name, err)
			}
		}
		if err := f(0, values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// value is what a driver gave, as the column's kind says. SQLite stores what it is given:
// an empty default stands as text in a column of bytes.
func (k Kind) value(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch k {
	case Bytes:
		switch v := v.(type) {
		case []byte:
			return v, nil
		case string:
			return []byte(v), nil
		}
	case Text:
		switch v := v.(type) {
		case string:
			return v, nil
		case []byte:
			return string(v), nil
		}
	case Integer:
		if n, ok := v.(int64); ok {
			return n, nil
		}
	case Boolean:
		switch v := v.(type) {
		case bool:
			return v, nil
		case int64:
			return v != 0, nil
		}
	}
	return nil, fmt.Errorf("a %T where %s belongs", v, k)
}

func quoted(names []string) string { return `"` + strings.Join(names, `", "`) + `"` }

// Load puts rows into a table in one durable transaction, with whatever else happens in
// it. For a database that nobody else writes to: rows refer to others that are there.
func (d *DB) Load(ctx context.Context, t Table, rows [][]any, also func(Tx) error) error {
	err := d.Write(ctx, func(tx Tx) error {
		w, ok := tx.(*writeTx)
		if !ok {
			return fmt.Errorf("sqldb: loading on %T", tx)
		}
		if d.postgres {
			err := w.conn.Raw(func(c any) error {
				_, err := c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.Name}, t.columns(), pgx.CopyFromRows(rows))
				return err
			})
			if err != nil {
				return err
			}
		} else if err := w.insert(ctx, t, rows); err != nil {
			return err
		}
		if also == nil {
			return nil
		}
		return also(tx)
	})
	if err != nil {
		return fmt.Errorf("loading table %s: %w", t.Name, err)
	}
	return nil
}

func (w *writeTx) insert(ctx context.Context, t Table, rows [][]any) error {
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(t.Columns)), ", ")
	s, err := w.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quoted([]string{t.Name}), quoted(t.columns()), marks))
	if err != nil {
		return err
	}
	defer s.Close()
	for _, row := range rows {
		if _, err := s.ExecContext(ctx, row...); err != nil {
			return err
		}
		w.rows++
	}
	return nil
}

// Clear empties a table: what migrations put there is not what is loaded.
func (d *DB) Clear(ctx context.Context, t Table) error {
	return d.Write(ctx, func(tx Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+quoted([]string{t.Name}))
		return err
	})
}

// Versions are those of the schemas, by name.
func (d *DB) Versions(ctx context.Context, schemas ...Schema) (map[string]int64, error) {
	out := map[string]int64{}
	err := d.Read(ctx, func(tx Tx) error {
		for _, s := range schemas {
			var n int64
			if err := tx.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_"+s.Name).Scan(&n); err != nil {
				return fmt.Errorf("reading version of %s: %w", s.Name, err)
			}
			out[s.Name] = n
		}
		return nil
	})
	return out, err
}
