package backup_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"coffer/internal/backup"
	"coffer/internal/sqldb"
	"coffer/internal/sqldb/sqldbtest"
)

var schema = sqldb.Schema{Name: "things", Migrations: fstest.MapFS{
	"0001_thing.sql": {Data: []byte(`-- +goose Up
CREATE TABLE parent (parent_id BYTEA NOT NULL PRIMARY KEY, seen BIGINT NULL);
CREATE TABLE a_child (
  parent_id BYTEA   NOT NULL REFERENCES parent (parent_id),
  n         BIGINT  NOT NULL,
  flag      BOOLEAN NOT NULL,
  note      TEXT    NULL,
  body      BYTEA   NOT NULL DEFAULT '',
  PRIMARY KEY (parent_id, n)
);
INSERT INTO parent VALUES ('', 0); -- which a backup replaces
`)},
}}

func create(t testing.TB, url string) *sqldb.DB {
	t.Helper()
	d, err := sqldb.Create(t.Context(), sqldb.Options{Path: filepath.Join(t.TempDir(), "things.db"), URL: url, Schemas: []sqldb.Schema{schema}, Copy: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// fill puts children of so many bytes each under a few parents.
func fill(t testing.TB, d *sqldb.DB, children, size int) {
	t.Helper()
	body := make([]byte, size)
	rand.Read(body)
	for from := 0; from < children; from += 1000 {
		err := d.Write(t.Context(), func(tx sqldb.Tx) error {
			for n := from; n < min(from+1000, children); n++ {
				parent := []byte{1, byte(n % 7)}
				if _, err := tx.ExecContext(t.Context(), "INSERT INTO parent VALUES ($1, NULL) ON CONFLICT DO NOTHING", parent); err != nil {
					return err
				}
				var note any
				if n%3 > 0 {
					note = fmt.Sprintf("note %d, “quoted” \n", n)
				}
				if _, err := tx.ExecContext(t.Context(), "INSERT INTO a_child (parent_id, n, flag, note, body) VALUES ($1, $2, $3, $4, $5)", parent, n, n%2 == 0, note, body); err != nil {
					return err
				}
			}
			_, err := tx.ExecContext(t.Context(), "INSERT INTO a_child (parent_id, n, flag) VALUES ($1, $2, TRUE)", []byte{1, 0}, -from-1)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func sums(t testing.TB, d *sqldb.DB) string {
	t.Helper()
	tables, err := d.Tables(t.Context())
	if err != nil || len(tables) != 2 || tables[0].Name != "parent" {
		t.Fatal(tables, err)
	}
	var out []string
	for _, table := range tables {
		s, err := backup.SumOf(t.Context(), d, table, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, table.Name+" "+s.String())
	}
	return strings.Join(out, "; ")
}

var settings = []backup.File{{Name: "settings/a.json", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("{}")), nil }}}

func write(t testing.TB, d *sqldb.DB) []byte {
	t.Helper()
	var b bytes.Buffer
	h := backup.Header{Made: 1763742000, Program: "test", Versions: map[string]int64{"things": 1}, About: map[string]string{"origin": "here"}}
	m, err := backup.Write(t.Context(), &b, d, h, settings, nil)
	if err != nil || len(m.Parts) != 3 {
		t.Fatal(m, err)
	}
	return b.Bytes()
}

// What a backup holds comes back the same, in either database, from either.
func TestThereAndBack(t *testing.T) {
	stores := map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return sqldbtest.Postgres(t) }}
	for from, at := range stores {
		for to, there := range stores {
			t.Run(from+" to "+to, func(t *testing.T) {
				d := create(t, at())
				fill(t, d, 5000, 700)
				b := write(t, d)
				back := create(t, there())
				files := map[string]string{}
				err := backup.Load(t.Context(), bytes.NewReader(b), back, func(name string, data []byte, _ bool) error {
					files[name] += string(data)
					return nil
				}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if want, have := sums(t, d), sums(t, back); have != want || !strings.Contains(have, "a_child 5005 rows") {
					t.Errorf("have %s, want %s", have, want)
				}
				if len(files) != 1 || files["settings/a.json"] != "{}" {
					t.Errorf("files %q", files)
				}
			})
		}
	}
}

// A backup is of one moment, whatever is written meanwhile.
func TestOneMoment(t *testing.T) {
	d := create(t, "")
	fill(t, d, 3000, 500)
	before := sums(t, d)
	var b bytes.Buffer
	once := false
	_, err := backup.Write(t.Context(), &b, d, backup.Header{}, nil, func(string, int64) {
		if !once {
			once = true
			fill(t, d, 0, 0)
			if err := d.Write(t.Context(), func(tx sqldb.Tx) error {
				_, err := tx.ExecContext(t.Context(), "DELETE FROM a_child")
				return err
			}); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || !once {
		t.Fatal(once, err)
	}
	back := create(t, "")
	if err := backup.Load(t.Context(), &b, back, nil, nil); err != nil {
		t.Fatal(err)
	}
	if have := sums(t, back); have != before {
		t.Errorf("have %s, want %s", have, before)
	}
}

// Whatever is changed, cut or added, it is noticed, and named.
func TestDamageHasAName(t *testing.T) {
	d := create(t, "")
	fill(t, d, 5000, 700)
	whole := write(t, d)
	read := func(b []byte) (found []string, err error) {
		_, err = backup.Read(bytes.NewReader(b), backup.Handler{}, func(d backup.Damage) { found = append(found, d.String()) }, nil)
		return found, err
	}
	if found, err := read(whole); err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
	middle := len(whole) / 2
	for name, c := range map[string]struct {
		bend func([]byte) []byte
		part string
	}{
		"a byte of a table": {func(b []byte) []byte { b[middle] ^= 1; return b }, "table a_child"},
		"a byte of a file":  {func(b []byte) []byte { b[bytes.Index(b, []byte("{}"))] ^= 1; return b }, "file settings/a.json"},
		"the header":        {func(b []byte) []byte { b[30] ^= 1; return b }, "the header"},
		"a length": {func(b []byte) []byte {
			b[bytes.LastIndex(b[:middle], []byte{0xcf, 0xbf, 0x0d, 0x0a})+6] ^= 0x40
			return b
		}, "table a_child"},
		"a kibibyte of zeroes": {func(b []byte) []byte { clear(b[middle : middle+1024]); return b }, "table a_child"},
		"cut in the middle":    {func(b []byte) []byte { return b[:middle] }, "table a_child"},
		"cut at the end":       {func(b []byte) []byte { return b[:len(b)-1] }, "behind table a_child"},
		"cut between pieces":   {func(b []byte) []byte { return b[:bytes.LastIndex(b[:middle], []byte{0xcf, 0xbf, 0x0d, 0x0a})] }, "table a_child"},
		"a piece left out": {func(b []byte) []byte {
			at := bytes.LastIndex(b[:middle], []byte{0xcf, 0xbf, 0x0d, 0x0a, 'D'})
			next := at + 1 + bytes.Index(b[at+1:], []byte{0xcf, 0xbf, 0x0d, 0x0a})
			return append(b[:at:at], b[next:]...)
		}, "table a_child"},
	} {
		t.Run(name, func(t *testing.T) {
			bent := c.bend(bytes.Clone(whole))
			found, err := read(bent)
			if err != nil || len(found) == 0 || !strings.HasPrefix(found[0], c.part) {
				t.Errorf("found %q, %v; want %s", found, err, c.part)
			}
			err = backup.Load(t.Context(), bytes.NewReader(bent), create(t, ""), func(string, []byte, bool) error { return nil }, nil)
			if !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("loading it: %v, want damaged", err)
			}
		})
	}
	if _, err := read([]byte("SQLite format 3\x00 and so on")); !errors.Is(err, backup.ErrNot) {
		t.Errorf("another file: %v", err)
	}
	if _, err := read(append([]byte("coffer backup 2\n"), whole[16:]...)); !errors.Is(err, backup.ErrNewer) {
		t.Errorf("a newer one: %v", err)
	}
}

// A copy that was cut off goes on where it was; one that differs is found.
func TestCopyGoesOn(t *testing.T) {
	from := create(t, "")
	fill(t, from, 5000, 2000)
	url := sqldbtest.Postgres(t)
	to := create(t, url)
	ctx, cut := context.WithCancel(t.Context())
	pieces := 0
	_, err := backup.Copy(ctx, from, to, func(part string, _ int64) {
		if pieces++; pieces == 4 {
			cut()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(pieces, err)
	}
	o := sqldb.Options{URL: url, Schemas: []sqldb.Schema{schema}}
	if _, err := sqldb.Open(t.Context(), o); !errors.Is(err, sqldb.ErrHalf) {
		t.Fatalf("opening a half copy: %v", err)
	}
	pieces = 0
	all, err := backup.Copy(t.Context(), from, to, func(part string, _ int64) {
		if strings.HasPrefix(part, "table") {
			pieces++
		}
	})
	if err != nil || len(all) != 2 || pieces > 8 {
		t.Fatalf("%v after %d pieces more, %v", all, pieces, err)
	}
	if have, want := sums(t, to), sums(t, from); have != want {
		t.Errorf("have %s, want %s", have, want)
	}
	sqldbtest.SQL(t, url, "UPDATE a_child SET flag = NOT flag WHERE n = 1234")
	if _, err := backup.Compare(t.Context(), from, to, func(string, int64) {}); !errors.Is(err, backup.ErrDiffers) {
		t.Errorf("one bit more or less: %v", err)
	}
	if err := to.EndCopy(t.Context()); err != nil {
		t.Fatal(err)
	}
	d, err := sqldb.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
}

// BenchmarkWrite is a backup of a vault's usual rows: documents of a kibibyte.
func BenchmarkWrite(b *testing.B) {
	d := create(b, "")
	fill(b, d, 200_000, 1024)
	b.ResetTimer()
	for range b.N {
		var n count
		if _, err := backup.Write(b.Context(), &n, d, backup.Header{}, nil, nil); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(n))
	}
}

type count int64

func (c *count) Write(b []byte) (int, error) { *c += count(len(b)); return len(b), nil }
