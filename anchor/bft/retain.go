package bft

import "time"

// retention says what a member keeps.
type retention struct {
	blocks  time.Duration // for how long; all if negative
	entries time.Duration // for how long their bytes; for ever if 0
}

// KeepAll, as Options.KeepBlocks, makes an archival member.
const KeepAll time.Duration = -1

// defaultKeepBlocks lets a member be away for as long and still catch up block by block.
const defaultKeepBlocks = 7 * 24 * time.Hour

// pruneEvery is after how many blocks old ones are looked for, and pruneAtMost how many
// go at a time.
const (
	pruneEvery  = 10
	pruneAtMost = 500
)

// retain is the height below which CometBFT may forget blocks, 0 to leave it. Those since
// the oldest snapshot stay, whatever their age: whoever begins from it needs them.
func (a *application) retain() int64 {
	if a.blocks == nil || a.retention.blocks < 0 || a.head.Height%pruneEvery != 0 {
		return 0
	}
	heights, err := a.offered()
	if err != nil || len(heights) == 0 {
		return 0
	}
	base := a.blocks.Base()
	if base == 0 {
		return 0
	}
	old := a.head.Time.Add(-a.retention.blocks)
	to := base
	for ; to < heights[0] && to < base+pruneAtMost; to++ {
		if meta := a.blocks.LoadBlockMeta(to); meta != nil && meta.Header.Time.After(old) {
			break
		}
	}
	if to == base {
		return 0
	}
	return to
}
