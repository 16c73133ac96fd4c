package bft

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// tidyEvery is how often what CometBFT leaves lying is cleared away.
const tidyEvery = time.Minute

// keptLogs is how many files of its write-ahead log stay, of 10 MB each, beside the one
// that is written. It would keep 1 GB; after a crash it reads the newest block's messages.
const keptLogs = 4

// sweepAtOnce bounds what one round deletes.
const sweepAtOnce = 20_000

// tidying clears away what CometBFT leaves lying, until ctx ends.
func (n *Node) tidying(ctx context.Context, home string) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		if err := errors.Join(trimLogs(filepath.Join(home, "data", "cs.wal")), n.sweep()); err != nil {
			n.logger.Error("clearing away old files of the ledger", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// trimLogs removes the oldest files of a write-ahead log: wal.000, wal.001 and so on are
// closed, wal is written.
func trimLogs(dir string) error {
	closed, err := filepath.Glob(filepath.Join(dir, "wal.*"))
	if err != nil {
		return err
	}
	// After 999 comes 1000: a longer name is newer.
	slices.SortFunc(closed, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	var errs []error
	for _, name := range closed[:max(0, len(closed)-keptLogs)] {
		errs = append(errs, os.Remove(name))
	}
	return errors.Join(errs...)
}

// sweep deletes what pruning leaves: CometBFT keeps headers, commits and the names of
// validators for as long as evidence against one counts, and then forgets to delete them.
func (n *Node) sweep() error {
	state, err := n.dbs.state.Load()
	if err != nil || state.IsEmpty() {
		return err
	}
	b, err := n.app.store.db.Get([]byte{keySwept})
	if err != nil {
		return err
	}
	from := int64(1)
	if len(b) == 8 {
		from = int64(binary.BigEndian.Uint64(b))
	}
	evidence := state.ConsensusParams.Evidence
	blocks, states := n.dbs.comet["blockstore"].NewBatch(), n.dbs.comet["state"].NewBatch()
	defer blocks.Close()
	defer states.Close()
	height, base := from, n.app.blocks.Base()
	for ; height < min(base, state.LastBlockHeight-evidence.MaxAgeNumBlocks, from+sweepAtOnce); height++ {
		meta := n.app.blocks.LoadBlockMeta(height)
		if meta == nil {
			continue // pruning took it
		}
		if state.LastBlockTime.Sub(meta.Header.Time) <= evidence.MaxAgeDuration {
			break
		}
		if err := errors.Join(blocks.Delete(fmt.Appendf(nil, "H:%d", height)), blocks.Delete(fmt.Appendf(nil, "C:%d", height))); err != nil {
			return err
		}
		// A short value only points to the height at which the set is written out.
		key := fmt.Appendf(nil, "validatorsKey:%d", height)
		if v, err := n.dbs.comet["state"].Get(key); err != nil {
			return err
		} else if len(v) < 16 {
			if err := states.Delete(key); err != nil {
				return err
			}
		}
	}
	if height == from {
		return nil
	}
	return errors.Join(blocks.Write(), states.Write(), n.app.store.db.Set([]byte{keySwept}, binary.BigEndian.AppendUint64(nil, uint64(height))))
}
