package sqldb_test

import (
	"os"
	"strings"
	"testing"

	"coffer/internal/sqldb"
)

// The write-ahead log begins anew however much is written without a pause, in few
// large turns as in many small ones.
func TestTheLogStaysSmall(t *testing.T) {
	d, path := create(t, notes)
	large, small := strings.Repeat("x", 256<<10), strings.Repeat("x", 3<<10)
	n := 0
	write := func(turns, rows int, body string) {
		for range turns {
			err := d.Write(t.Context(), func(tx sqldb.Tx) error {
				for range rows {
					n++
					if err := add(t.Context(), tx, n, body); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	write(200, 1, large)
	write(1000, 1, small)
	write(40, 1000, small) // faster than it is folded meanwhile
	info, err := os.Stat(path + "-wal")
	if err != nil || info.Size() > 64<<20 {
		t.Errorf("the log has %d MiB, %v", info.Size()>>20, err)
	}
	if have := count(t, d); have != n {
		t.Errorf("%d rows, want %d", have, n)
	}
}
