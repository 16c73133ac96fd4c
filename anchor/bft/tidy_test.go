package bft

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	cmttypes "github.com/cometbft/cometbft/types"
)

func TestOldLogsGo(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"wal", "wal.997", "wal.998", "wal.999", "wal.1000", "wal.1001", "wal.1002"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := trimLogs(dir); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(dir, "*"))
	for i := range left {
		left[i] = filepath.Base(left[i])
	}
	if want := []string{"wal", "wal.1000", "wal.1001", "wal.1002", "wal.999"}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	if err := trimLogs(filepath.Join(dir, "none")); err != nil {
		t.Errorf("without a log: %v", err)
	}
}

// TestSweep: headers that CometBFT keeps as long as a double vote could be shown with them
// go once it could not.
func TestSweep(t *testing.T) {
	home := newHome(t)
	doc, err := cmttypes.GenesisDocFromFile(filepath.Join(home, genesisFile))
	if err != nil {
		t.Fatal(err)
	}
	doc.ConsensusParams.Evidence.MaxAgeNumBlocks, doc.ConsensusParams.Evidence.MaxAgeDuration = 150, time.Nanosecond
	if err := doc.SaveAs(filepath.Join(home, genesisFile)); err != nil {
		t.Fatal(err)
	}
	n, err := Start(t.Context(), Options{Home: home, Chain: chain, Logger: quietLogger(t), KeepBlocks: time.Nanosecond, snapshotEvery: 10, chunkLevel: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	fill(t, n, "some ", 160)
	has := func(what string, height int64) bool {
		db := "blockstore"
		if what == "validatorsKey" {
			db = "state"
		}
		ok, err := n.dbs.comet[db].Has(fmt.Appendf(nil, "%s:%d", what, height))
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	state, err := n.dbs.state.Load()
	if err != nil {
		t.Fatal(err)
	}
	base, old := n.node.BlockStore().Base(), state.LastBlockHeight-150
	if base < 100 || old < 100 || !has("H", 90) || !has("C", 90) {
		t.Fatalf("nothing is left to sweep: base %d, height %d", base, state.LastBlockHeight)
	}
	for range 2 {
		if err := n.sweep(); err != nil {
			t.Fatal(err)
		}
	}
	for _, what := range []string{"H", "C", "validatorsKey"} {
		for height := int64(2); height < min(base, old); height++ {
			if has(what, height) {
				t.Errorf("%s of height %d is left; swept should be what is below %d", what, height, min(base, old))
			}
		}
		if !has(what, base+1) {
			t.Errorf("%s of height %d is gone, which is above the base", what, base+1)
		}
	}
	fill(t, n, "more ", 5)
}
