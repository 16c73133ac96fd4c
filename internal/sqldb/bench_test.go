package sqldb_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"coffer/internal/sqldb"
)

func background() context.Context { return context.Background() }

// negative is the number of a write's other half.
func negative(n string) string {
	if rest, ok := strings.CutPrefix(n, "-"); ok {
		return rest
	}
	return "-" + n
}

// BenchmarkWrite is the durable write of 1 KiB by 64 clients that share commits.
func BenchmarkWrite(b *testing.B) {
	d, _ := create(b, notes)
	body := strings.Repeat("x", 1024)
	var n atomic.Int64
	b.SetParallelism(64 / 2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := d.Write(b.Context(), func(tx sqldb.Tx) error { return add(b.Context(), tx, int(n.Add(1)), body) })
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// BenchmarkRead is one row of 1 KiB out of 100,000, each in its own snapshot.
func BenchmarkRead(b *testing.B) {
	d, _ := create(b, notes)
	const rows = 100_000
	body := strings.Repeat("x", 1024)
	err := d.Write(b.Context(), func(tx sqldb.Tx) error {
		for i := range rows {
			if err := add(b.Context(), tx, i, body); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	b.SetParallelism(16 / 2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := d.Read(b.Context(), func(tx sqldb.Tx) error {
				var got []byte
				i := n.Add(1) * 7919 % rows
				return tx.QueryRowContext(b.Context(), "SELECT body FROM note WHERE shelf_id = x'01' AND n = $1", i).Scan(&got)
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reads/s")
}
