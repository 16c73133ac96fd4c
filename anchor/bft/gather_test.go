package bft

import (
	"bytes"
	"slices"
	"sync"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// Who came first within a window cannot be told from the log: its order is that of the
// leaves.
func TestABatchForgetsWhoCameFirst(t *testing.T) {
	n, err := Start(t.Context(), Options{Home: newHome(t), Chain: chain, Logger: quietLogger(t), Heartbeat: time.Second, Gather: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	now := anchor.EpochAt(time.Now())
	var grants []anchor.Entry
	for _, name := range []string{"ann", "bob", "cem", "dee", "eva", "fay", "gil", "hal"} {
		grants = append(grants, anchortest.NewRelation(chain, name).Grant(now, 7))
	}
	var wg sync.WaitGroup
	for _, g := range grants {
		wg.Go(func() {
			if err := n.Append(t.Context(), g); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := n.Range(t.Context(), 0, len(grants))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(got, func(a, b anchor.Entry) int {
		x, y := a.Leaf(), b.Leaf()
		return bytes.Compare(x[:], y[:])
	}) {
		t.Error("the log is in another order than that of the leaves")
	}
}
