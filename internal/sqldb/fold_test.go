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
	write := func(turns int, body string) {
		for range turns {
			n++
			if err := d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, n, body) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(200, large)
	write(3000, small)
	info, err := os.Stat(path + "-wal")
	if err != nil || info.Size() > 40<<20 {
		t.Errorf("the log has %d MiB, %v", info.Size()>>20, err)
	}
	if have := count(t, d); have != n {
		t.Errorf("%d rows, want %d", have, n)
	}
}
