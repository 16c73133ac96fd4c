package bft

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/transparency-dev/merkle/compact"

	"coffer/anchor"
)

// A snapshot costs a member next to nothing: the log only grows, so a snapshot is what
// the ledger says of itself at a height, and its chunks are the log's entries, read when
// somebody asks for them.
const (
	snapshotFormat = 1
	snapshotPrefix = "coffer-snapshot"

	// snapshotEvery is after how many blocks there is a snapshot. All members need the
	// same, since whoever begins from one asks several for its hash.
	snapshotEvery = 100
	// snapshotsKept is how many are offered; blocks are kept from the oldest on.
	snapshotsKept = 10
	// chunkLevel says how many entries a chunk has: 2^14, which are 2.8 MB at most.
	chunkLevel = 14
	// maxChunkLevel is the largest that fits into CometBFT's messages of 16 MB.
	maxChunkLevel = 16
)

// snapshot is what the ledger says of itself after the block of a height. But for the
// motions and the registers before the newest, the AppHash fixes it.
type snapshot struct {
	Height    int64
	Time      time.Time
	Size      uint64
	Handles   [32]byte   // root of the map of handles
	Level     uint8      // a chunk has 2^Level entries
	Roots     [][32]byte // of each chunk's entries
	Registers [][]byte   // all there were; the last is in force
	Motions   [][]byte   // open ones, by hash
}

// Bytes is the snapshot's one spelling, see FORMAT.md.
func (s snapshot) Bytes() []byte {
	b := append([]byte(snapshotPrefix), snapshotFormat)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Height))
	b = binary.BigEndian.AppendUint64(b, uint64(s.Time.Unix()))
	b = binary.BigEndian.AppendUint32(b, uint32(s.Time.Nanosecond()))
	b = binary.BigEndian.AppendUint64(b, s.Size)
	b = append(b, s.Handles[:]...)
	b = append(b, s.Level)
	for _, r := range s.Roots {
		b = append(b, r[:]...)
	}
	for _, list := range [][][]byte{s.Registers, s.Motions} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(list)))
		for _, item := range list {
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(item))), item...)
		}
	}
	return b
}

// parseSnapshot reads what Bytes writes, and only that.
func parseSnapshot(b []byte) (s snapshot, on *ruling, err error) {
	const front = len(snapshotPrefix) + 1 + 8 + 8 + 4 + 8 + 32 + 1
	bad := func(format string, args ...any) (snapshot, *ruling, error) {
		return snapshot{}, nil, fmt.Errorf("parsing a snapshot: "+format, args...)
	}
	if !bytes.HasPrefix(b, []byte(snapshotPrefix)) || len(b) < front {
		return bad("it is none, or cut")
	}
	rest := b[len(snapshotPrefix):]
	if rest[0] != snapshotFormat {
		return bad("format %d, this program knows %d", rest[0], snapshotFormat)
	}
	rest = rest[1:]
	seconds, nanos := int64(binary.BigEndian.Uint64(rest[8:])), binary.BigEndian.Uint32(rest[16:])
	s = snapshot{Height: int64(binary.BigEndian.Uint64(rest)), Size: binary.BigEndian.Uint64(rest[20:]), Handles: [32]byte(rest[28:]), Level: rest[60]}
	rest = rest[61:]
	if s.Height < 1 || s.Size < 1 || s.Level > maxChunkLevel || nanos >= 1e9 || seconds < 0 || seconds >= 253402300800 {
		return bad("a number in it is out of range")
	}
	s.Time = time.Unix(seconds, int64(nanos)).UTC()
	chunks := s.chunks()
	if uint64(len(rest))/32 < chunks {
		return bad("it has not the %d chunks that its size needs", chunks)
	}
	for range chunks {
		s.Roots, rest = append(s.Roots, [32]byte(rest)), rest[32:]
	}
	for _, list := range []*[][]byte{&s.Registers, &s.Motions} {
		if *list, rest, err = parseList(rest); err != nil {
			return bad("%w", err)
		}
	}
	if len(rest) > 0 {
		return bad("something stands after its end")
	}
	on, err = s.ruling()
	if err != nil {
		return bad("%w", err)
	}
	return s, on, nil
}

func parseList(b []byte) (list [][]byte, rest []byte, err error) {
	number := func() uint32 {
		if len(b) < 4 {
			err = errors.New("it is cut")
			return 0
		}
		n := binary.BigEndian.Uint32(b)
		b = b[4:]
		return n
	}
	for n := number(); n > 0 && err == nil; n-- {
		length := number()
		if uint64(length) > uint64(len(b)) {
			return nil, nil, errors.New("it is cut")
		}
		list, b = append(list, b[:length:length]), b[length:]
	}
	return list, b, err
}

// chunks is how many the log of this size has.
func (s snapshot) chunks() uint64 {
	return (s.Size-1)>>s.Level + 1
}

// entries is which of the log's entries a chunk has.
func (s snapshot) entries(chunk uint32) (from, to uint64) {
	from = uint64(chunk) << s.Level
	return from, min(from+1<<s.Level, s.Size)
}

// ruling reads who the members are and what they vote on; nil if there are no registers.
func (s snapshot) ruling() (*ruling, error) {
	if len(s.Registers) == 0 {
		if len(s.Motions) > 0 || s.Handles != ([32]byte{}) {
			return nil, errors.New("it has a state and no members")
		}
		return nil, nil
	}
	r := &ruling{open: map[[32]byte]motion{}}
	for i, b := range s.Registers {
		next, err := anchor.ParseRegister(b)
		if err != nil {
			return nil, err
		}
		if i > 0 && next.Number != r.register.Number+1 {
			return nil, errors.New("its registers do not follow each other")
		}
		r.register = next
	}
	r.hash = r.register.Hash()
	var last [32]byte
	for i, b := range s.Motions {
		var m motion
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("a motion: %w", err)
		}
		p, err := anchor.ParseProposal(m.Proposal)
		if err != nil {
			return nil, err
		}
		hash := p.Hash()
		if again, err := json.Marshal(m); err != nil || !bytes.Equal(again, b) || i > 0 && bytes.Compare(last[:], hash[:]) >= 0 {
			return nil, errors.New("a motion is not written the one way in which it is written")
		}
		r.open[hash], last = m, hash
	}
	return r, nil
}

// appHash is what the header after the snapshot's block must say.
func (s snapshot) appHash(r *ruling) []byte {
	var state [32]byte
	if r != nil {
		state = anchor.StateHash(r.hash, s.Handles)
	}
	return anchor.AppHash(fold(s.Roots), s.Size, state)
}

// fold is the root of a log whose chunks have these roots: all are complete subtrees of
// one size, but the last.
func fold(roots [][32]byte) [32]byte {
	if len(roots) == 1 {
		return roots[0]
	}
	middle := 1
	for 2*middle < len(roots) {
		middle *= 2
	}
	return anchor.HashChildren(fold(roots[:middle]), fold(roots[middle:]))
}

// take makes the snapshot of the committed state.
func (a *application) take() (snapshot, error) {
	a.mu.RLock()
	head, ruling := a.head, a.ruling
	a.mu.RUnlock()
	s := snapshot{Height: head.Height, Time: head.Time, Size: head.Size, Handles: head.Handles, Level: a.chunkLevel}
	for i := range s.chunks() {
		from, to := s.entries(uint32(i))
		root, err := a.store.subtree(from, to)
		if err != nil {
			return snapshot{}, err
		}
		s.Roots = append(s.Roots, root)
	}
	if ruling == nil {
		return s, nil
	}
	registers, err := a.store.registers()
	if err != nil {
		return snapshot{}, err
	}
	for _, r := range registers {
		s.Registers = append(s.Registers, r.Bytes())
	}
	for _, hash := range slices.SortedFunc(maps.Keys(ruling.open), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }) {
		b, err := json.Marshal(ruling.open[hash])
		if err != nil {
			return snapshot{}, err
		}
		s.Motions = append(s.Motions, b)
	}
	return s, nil
}

// keepSnapshot writes the snapshot of the committed state with the block that comes
// next, if it is time for one, and forgets the oldest.
func (a *application) keepSnapshot(to dbm.Batch) error {
	if a.head.Height < 1 || a.head.Size < 1 || a.head.Height%a.snapshotEvery != 0 || a.head.Restored {
		return nil // of what came as a snapshot the header is not here
	}
	s, err := a.take()
	if err != nil {
		return fmt.Errorf("taking a snapshot: %w", err)
	}
	if err := to.Set(numbered(keySnapshot, uint64(s.Height)), s.Bytes()); err != nil {
		return err
	}
	heights, err := a.store.snapshots()
	if err != nil {
		return err
	}
	for len(heights) >= snapshotsKept {
		if err := to.Delete(numbered(keySnapshot, uint64(heights[0]))); err != nil {
			return err
		}
		heights = heights[1:]
	}
	return nil
}

// snapshots are the heights of those that are kept, the newest last.
func (s store) snapshots() (heights []int64, err error) {
	it, err := s.db.Iterator([]byte{keySnapshot}, []byte{keySnapshot + 1})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		if len(it.Key()) != 9 {
			return nil, errors.New("a snapshot is damaged")
		}
		heights = append(heights, int64(binary.BigEndian.Uint64(it.Key()[1:])))
	}
	return heights, it.Error()
}

// snapshot is the kept one of a height, ErrNotFound if there is none.
func (s store) snapshot(height int64) (snapshot, []byte, error) {
	b, err := s.db.Get(numbered(keySnapshot, uint64(height)))
	if err != nil {
		return snapshot{}, nil, err
	}
	if b == nil {
		return snapshot{}, nil, anchor.ErrNotFound
	}
	kept, _, err := parseSnapshot(b)
	return kept, b, err
}

// chunk is entries of the log as they travel: each as it is, or 0 ‖ leaf ‖ handle for
// one whose bytes this member dropped.
func (s store) chunk(from, to uint64) ([]byte, error) {
	it, err := s.db.Iterator(numbered(keyEntry, from), numbered(keyEntry, to))
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var out []byte
	for index := from; index < to; index++ {
		if !it.Valid() || binary.BigEndian.Uint64(it.Key()[1:]) != index {
			return nil, fmt.Errorf("entry %d is missing", index)
		}
		if b := it.Value(); b[0] != 0 {
			out = append(out, b...)
		} else {
			leaf, err := s.node(compact.NewNodeID(0, index))
			if err != nil {
				return nil, err
			}
			out = append(append(append(out, 0), leaf...), b[1:]...)
		}
		it.Next()
	}
	return out, it.Error()
}

// ListSnapshots tells a peer what it could begin from. A snapshot counts once two blocks
// stand on it: whoever begins needs their headers.
func (a *application) ListSnapshots(context.Context, *abci.RequestListSnapshots) (*abci.ResponseListSnapshots, error) {
	heights, err := a.offered()
	if err != nil {
		return nil, err
	}
	out := &abci.ResponseListSnapshots{}
	for _, height := range heights {
		s, b, err := a.store.snapshot(height)
		if errors.Is(err, anchor.ErrNotFound) {
			continue // a newer one took its place just now
		}
		if err != nil {
			return nil, err
		}
		hash := sha256.Sum256(b)
		out.Snapshots = append(out.Snapshots, &abci.Snapshot{Height: uint64(height), Format: snapshotFormat, Chunks: uint32(len(s.Roots)), Hash: hash[:], Metadata: b})
	}
	return out, nil
}

// offered are the heights of snapshots that two blocks stand on.
func (a *application) offered() ([]int64, error) {
	a.mu.RLock()
	height := a.head.Height
	a.mu.RUnlock()
	heights, err := a.store.snapshots()
	for len(heights) > 0 && heights[len(heights)-1]+2 > height {
		heights = heights[:len(heights)-1]
	}
	return heights, err
}

// LoadSnapshotChunk reads a chunk for a peer; nothing if there is no such one.
func (a *application) LoadSnapshotChunk(_ context.Context, r *abci.RequestLoadSnapshotChunk) (*abci.ResponseLoadSnapshotChunk, error) {
	s, _, err := a.store.snapshot(int64(r.Height))
	if errors.Is(err, anchor.ErrNotFound) || err == nil && (r.Format != snapshotFormat || uint64(r.Chunk) >= s.chunks()) {
		return &abci.ResponseLoadSnapshotChunk{}, nil
	}
	if err != nil {
		return nil, err
	}
	from, to := s.entries(r.Chunk)
	b, err := a.store.chunk(from, to)
	return &abci.ResponseLoadSnapshotChunk{Chunk: b}, err
}
