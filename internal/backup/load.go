package backup

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"coffer/internal/sqldb"
)

// ErrDiffers means that what was written into a database is not what is in it.
var ErrDiffers = errors.New("the copy differs from what it was made of")

// Sum is what a table's rows come to, in whatever order: how many, and the sum of their
// digests.
type Sum struct {
	Rows   int64
	digest [4]uint64
}

func (s *Sum) add(row []byte) {
	d := sha256.Sum256(row)
	var carry uint64
	for i := range s.digest {
		n := binary.BigEndian.Uint64(d[8*(3-i):])
		sum := s.digest[i] + n
		next := uint64(0)
		if sum < n {
			next = 1
		}
		sum += carry
		if sum < carry {
			next = 1
		}
		s.digest[i], carry = sum, next
	}
	s.Rows++
}

func (s Sum) String() string {
	return fmt.Sprintf("%d rows, digest %016x", s.Rows, s.digest[3]^s.digest[2]^s.digest[1]^s.digest[0])
}

// SumOf reads a whole table.
func SumOf(ctx context.Context, db *sqldb.DB, t sqldb.Table, each func(bytes int)) (sum Sum, err error) {
	var b []byte
	err = db.Snapshot(ctx, func(s *sqldb.Snapshot) error {
		sum = Sum{}
		return s.Rows(ctx, t, func(_ int64, values []any) (err error) {
			if b, err = AppendRow(b[:0], values); err == nil {
				sum.add(b)
				each(len(b))
			}
			return err
		})
	})
	return sum, err
}

// Load reads a backup into a database that was made for it and that nobody else uses,
// files through file, and holds what the database has afterwards against the backup. The
// database's tables are those of the backup's versions.
func Load(ctx context.Context, from io.Reader, db *sqldb.DB, file func(name string, data []byte, end bool) error, progress Progress) error {
	if progress == nil {
		progress = func(string, int64) {}
	}
	tables, err := db.Tables(ctx)
	if err != nil {
		return err
	}
	want := map[string]Sum{}
	var sum Sum
	_, err = Read(from, Handler{
		Begin: func(p Part) error {
			if p.Kind != PartTable {
				return nil
			}
			sum = Sum{}
			n := slices.IndexFunc(tables, func(t sqldb.Table) bool { return t.Same(sqldb.Table{Name: p.Name, Columns: p.Columns}) })
			if n < 0 {
				return fmt.Errorf("%v: there is no such table at the backup's versions", p)
			}
			return db.Clear(ctx, tables[n])
		},
		Data: func(p Part, data []byte) error {
			if p.Kind != PartTable {
				return file(p.Name, data, false)
			}
			rows, err := Rows(p, data)
			if err != nil {
				return err
			}
			for rest := data; len(rest) > 0; {
				n := 4 + binary.BigEndian.Uint32(rest) // Rows has been over it
				sum.add(rest[:n])
				rest = rest[n:]
			}
			return db.Load(ctx, sqldb.Table{Name: p.Name, Columns: p.Columns}, rows, nil)
		},
		End: func(p Part) error {
			if p.Kind != PartTable {
				return file(p.Name, nil, true)
			}
			if sum.Rows != p.Rows {
				return fmt.Errorf("%v: %d rows of %d: %w", p, sum.Rows, p.Rows, ErrDamaged)
			}
			want[p.Name] = sum
			return nil
		},
	}, nil, progress)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if _, there := want[t.Name]; !there {
			return fmt.Errorf("table %s is not in the backup: %w", t.Name, ErrDamaged)
		}
	}
	var read int64
	for _, t := range tables {
		have, err := SumOf(ctx, db, t, func(n int) { read += int64(n); progress("checking table "+t.Name, read) })
		if err != nil {
			return err
		}
		if have != want[t.Name] {
			return fmt.Errorf("table %s has %v, the backup %v: %w", t.Name, have, want[t.Name], ErrDiffers)
		}
	}
	return nil
}

// Copied is what became of one table.
type Copied struct {
	Table string
	Sum   Sum
}

// Copy copies all tables of one database, of SQLite, into another of the same versions.
// Nobody else may use either. It is durable piece by piece: after a kill it goes on where
// it was. At the end every table of both is read again and compared.
func Copy(ctx context.Context, from, to *sqldb.DB, progress Progress) (all []Copied, err error) {
	if progress == nil {
		progress = func(string, int64) {}
	}
	tables, err := from.Tables(ctx)
	if err != nil {
		return nil, err
	}
	theirs, err := to.Tables(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		if !slices.ContainsFunc(theirs, t.Same) {
			return nil, fmt.Errorf("table %s is another in the new database; use one program for both", t.Name)
		}
	}
	if err := to.BeginCopy(ctx); err != nil {
		return nil, err
	}
	var bytes int64
	for _, t := range tables {
		if err := copyTable(ctx, from, to, t, &bytes, progress); err != nil {
			return nil, err
		}
	}
	return Compare(ctx, from, to, progress)
}

// Compare reads every table of both databases. ErrDiffers names the first that is not
// the same in both.
func Compare(ctx context.Context, from, to *sqldb.DB, progress Progress) (all []Copied, err error) {
	tables, err := from.Tables(ctx)
	if err != nil {
		return nil, err
	}
	var bytes int64
	for _, t := range tables {
		read := func(n int) { bytes += int64(n); progress("checking table "+t.Name, bytes) }
		want, err := SumOf(ctx, from, t, read)
		if err != nil {
			return nil, err
		}
		have, err := SumOf(ctx, to, t, read)
		if err != nil {
			return nil, err
		}
		if have != want {
			return nil, fmt.Errorf("table %s has %v, its copy %v: %w", t.Name, want, have, ErrDiffers)
		}
		all = append(all, Copied{t.Name, want})
	}
	return all, nil
}

func copyTable(ctx context.Context, from, to *sqldb.DB, t sqldb.Table, bytes *int64, progress Progress) error {
	place, begun, err := to.CopiedTo(ctx, t)
	if err != nil {
		return err
	}
	if !begun {
		if err := to.Clear(ctx, t); err != nil {
			return err
		}
		place = -1 << 63
	}
	var rows [][]any
	size, last := 0, place
	flush := func() error {
		if len(rows) == 0 {
			return nil
		}
		err := to.Load(ctx, t, rows, to.Copying(ctx, t, last))
		rows, size = rows[:0], 0
		progress("table "+t.Name, *bytes)
		return err
	}
	err = from.Snapshot(ctx, func(s *sqldb.Snapshot) error {
		return s.RowsAfter(ctx, t, place, func(at int64, values []any) error {
			rows = append(rows, slices.Clone(values))
			for _, v := range values {
				switch v := v.(type) {
				case []byte:
					size += len(v)
				case string:
					size += len(v)
				default:
					size += 8
				}
			}
			last = at
			if size < piece {
				return nil
			}
			*bytes += int64(size)
			return flush()
		})
	})
	if err != nil {
		return err
	}
	*bytes += int64(size)
	return flush()
}

// Every calls p no more often than that, and when the part changes.
func (p Progress) Every(pause time.Duration) Progress {
	var last time.Time
	var before string
	return func(part string, bytes int64) {
		if now := time.Now(); part != before || now.Sub(last) >= pause {
			last, before = now, part
			p(part, bytes)
		}
	}
}
