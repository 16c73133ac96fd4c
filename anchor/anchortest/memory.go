// Package anchortest is for tests of and with the ledger: a Ledger in memory,
// people who sign entries, validators who sign headers, and the suite that every
// Ledger passes.
//
// # Trust
//
// None: its keys are derived from their names, so everyone has them. Nothing
// outside tests imports it.
package anchortest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"coffer/anchor"
)

// Memory is a Ledger that lives as long as the process. The same rule as on
// every ledger admits its entries, and its proofs verify against its
// Validators.
type Memory struct {
	chain   anchor.Chain
	now     func() time.Time
	signers Signers
	steps   []anchor.Step // from the signers before
	key     anchor.CheckpointKey

	mu       sync.RWMutex
	down     bool
	height   int64
	time     time.Time
	entries  []anchor.Entry
	index    map[anchor.Leaf]uint64
	grants   map[anchor.Handle]anchor.GrantState
	byHandle map[anchor.Handle][]uint64
	dropped  map[uint64]bool // whose bytes are gone, by index
	frontier *compact.Range
	nodes    map[compact.NodeID][]byte
	handles  handleNodes
	state    [32]byte
}

// handleNodes are the nodes of a map of handles, in memory.
type handleNodes map[anchor.Place]anchor.HandleNode

func (h handleNodes) Node(at anchor.Place) (*anchor.HandleNode, error) {
	if n, ok := h[at]; ok {
		return &n, nil
	}
	return nil, nil
}

func (h handleNodes) Put(at anchor.Place, n anchor.HandleNode) error { h[at] = n; return nil }

// registerHash stands for a member register, which a Memory has none of.
var registerHash = sha256.Sum256([]byte("anchortest register"))

var _ anchor.Ledger = (*Memory)(nil)

// NewMemory begins an empty ledger on a clock of the caller.
func NewMemory(chain anchor.Chain, now func() time.Time) *Memory {
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	key, err := anchor.NewCheckpointKey(chain, Key("checkpoints"))
	if err != nil {
		panic(err) // no chain id has a bad origin
	}
	return &Memory{
		chain: chain, now: now, key: key, signers: NewSigners(chain, 10), height: 1, time: now().UTC(),
		index:    map[anchor.Leaf]uint64{},
		grants:   map[anchor.Handle]anchor.GrantState{},
		byHandle: map[anchor.Handle][]uint64{},
		dropped:  map[uint64]bool{},
		frontier: factory.NewEmptyRange(0),
		nodes:    map[compact.NodeID][]byte{},
		handles:  handleNodes{},
		state:    anchor.StateHash(registerHash, [32]byte{}),
	}
}

// Down makes every answer ErrUnavailable, or ends that.
func (m *Memory) Down(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// Drop drops the bytes of all permits but those that are the last entry of their handle,
// as a member does with old ones: Prove and Entries answer anchor.ErrGone for them, and
// Complete has their leaves. What publishes the log still shows them.
func (m *Memory) Drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, all := range m.byHandle {
		for _, i := range all[:len(all)-1] {
			if m.entries[i].Kind() == anchor.KindPermit {
				m.dropped[i] = true
			}
		}
	}
}

// Chain is the one that NewMemory got.
func (m *Memory) Chain() anchor.Chain { return m.chain }

// available is called with mu held.
func (m *Memory) available(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	}
	if m.down {
		return fmt.Errorf("%w: it was told to be down", anchor.ErrUnavailable)
	}
	return nil
}

// committed is the rule's view of Memory; Memory.mu is held by its user.
type committed struct{ *Memory }

func (c committed) Has(l anchor.Leaf) (bool, error) { _, ok := c.index[l]; return ok, nil }

func (c committed) Grant(h anchor.Handle) (anchor.GrantState, bool, error) {
	g, ok := c.grants[h]
	return g, ok, nil
}

// Append implements anchor.Ledger. Each call is a block.
func (m *Memory) Append(ctx context.Context, entries ...anchor.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.available(ctx); err != nil {
		return err
	}
	m.height++
	m.time = m.now().UTC()
	var first error
	for _, e := range entries {
		view := anchor.NewView(m.chain, committed{m}, anchor.CheckEach)
		err := view.Apply(anchor.EpochAt(m.time), []anchor.Entry{e}, nil)
		var refusal *anchor.Refusal
		if errors.As(err, &refusal) && refusal.Reason == anchor.ReasonDuplicate {
			continue
		}
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		m.commit(e, view)
	}
	return first
}

func (m *Memory) commit(e anchor.Entry, view *anchor.View) {
	index, leaf := uint64(len(m.entries)), e.Leaf()
	m.entries = append(m.entries, e)
	m.index[leaf] = index
	m.byHandle[e.Handle()] = append(m.byHandle[e.Handle()], index)
	for h, g := range view.Grants() {
		m.grants[h] = g
	}
	root, err := anchor.AddToHandles(m.handles, []anchor.Addition{{Handle: e.Handle(), Leaves: []anchor.Placed{{Index: index, Leaf: leaf}}}})
	if err != nil {
		panic(err) // nodes in memory have no errors
	}
	m.state = anchor.StateHash(registerHash, root)
	visit := func(id compact.NodeID, hash []byte) { m.nodes[id] = hash }
	if err := m.frontier.Append(leaf[:], visit); err != nil {
		panic(err) // the range begins at 0 and can always grow
	}
}

// Has implements anchor.Ledger.
func (m *Memory) Has(ctx context.Context, leaf anchor.Leaf) (uint64, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return 0, false, err
	}
	i, ok := m.index[leaf]
	return i, ok, nil
}

// Grant implements anchor.Ledger.
func (m *Memory) Grant(ctx context.Context, h anchor.Handle) (anchor.GrantState, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return anchor.GrantState{}, err
	}
	g, ok := m.grants[h]
	if !ok {
		return g, anchor.ErrNotFound
	}
	return g, nil
}

// Entries implements anchor.Ledger.
func (m *Memory) Entries(ctx context.Context, h anchor.Handle) ([]anchor.Indexed, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return nil, err
	}
	var out []anchor.Indexed
	for _, i := range m.byHandle[h] {
		if m.dropped[i] {
			return nil, anchor.ErrGone
		}
		out = append(out, anchor.Indexed{Index: i, Entry: m.entries[i]})
	}
	return out, nil
}

// Validators implements anchor.Ledger.
func (m *Memory) Validators(ctx context.Context) (anchor.ValidatorSet, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.signers.Set, m.available(ctx)
}

// Head implements anchor.Ledger.
func (m *Memory) Head(ctx context.Context) (anchor.Head, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return anchor.Head{}, err
	}
	return m.head(), nil
}

func (m *Memory) head() anchor.Head {
	h := anchor.Head{Size: uint64(len(m.entries)), Root: anchor.EmptyRoot(), Height: m.height, Time: m.time}
	if h.Size > 0 {
		root, err := m.frontier.GetRootHash(nil)
		if err != nil {
			panic(err) // a range that begins at 0 has a root
		}
		h.Root = [32]byte(root)
	}
	return h
}

// Prove implements anchor.Ledger: as if the next block had just been signed.
func (m *Memory) Prove(ctx context.Context, leaf anchor.Leaf) (anchor.Proof, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return anchor.Proof{}, err
	}
	index, ok := m.index[leaf]
	if !ok {
		return anchor.Proof{}, anchor.ErrNotFound
	}
	if m.dropped[index] {
		return anchor.Proof{}, anchor.ErrGone
	}
	head := m.head()
	nodes, err := proof.Inclusion(index, head.Size)
	if err != nil {
		return anchor.Proof{}, fmt.Errorf("making the path: %w", err)
	}
	path, err := m.path(nodes)
	if err != nil {
		return anchor.Proof{}, err
	}
	return anchor.Proof{Entry: m.entries[index].Bytes(), Index: index, Path: path, SignedHeader: m.header()}, nil
}

// header is called with mu held.
func (m *Memory) header() []byte {
	head := m.head()
	return m.signers.Sign(head.Height+1, head.Time, anchor.AppHash(head.Root, head.Size, m.state)).Bytes()
}

// ProveAll implements anchor.Ledger, as Prove does.
func (m *Memory) ProveAll(ctx context.Context, leaves []anchor.Leaf) (anchor.MultiProof, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return anchor.MultiProof{}, err
	}
	var indices []uint64
	for _, leaf := range leaves {
		i, ok := m.index[leaf]
		if !ok {
			return anchor.MultiProof{}, anchor.ErrNotFound
		}
		if m.dropped[i] {
			return anchor.MultiProof{}, anchor.ErrGone
		}
		indices = append(indices, i)
	}
	slices.Sort(indices)
	p := anchor.MultiProof{SignedHeader: m.header()}
	indices = slices.Compact(indices)
	for _, i := range indices {
		p.Entries = append(p.Entries, anchor.Indexed{Index: i, Entry: m.entries[i]})
	}
	var err error
	p.Nodes, err = anchor.ProveEntries(indices, uint64(len(m.entries)), m.subtree)
	return p, err
}

// subtree is called with mu held.
func (m *Memory) subtree(from, to uint64) ([32]byte, error) {
	r := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(from)
	for _, e := range m.entries[from:to] {
		leaf := e.Leaf()
		if err := r.Append(leaf[:], nil); err != nil {
			return [32]byte{}, err
		}
	}
	hashes := r.Hashes()
	root := hashes[len(hashes)-1]
	for i := len(hashes) - 2; i >= 0; i-- {
		root = rfc6962.DefaultHasher.HashChildren(hashes[i], root)
	}
	return [32]byte(root), nil
}

// Complete implements anchor.Ledger, as Prove does.
func (m *Memory) Complete(ctx context.Context, h anchor.Handle) (anchor.Completeness, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return anchor.Completeness{}, err
	}
	c := anchor.Completeness{Handle: h, Register: registerHash, SignedHeader: m.header()}
	for _, i := range m.byHandle[h] {
		if m.dropped[i] {
			c.Dropped = append(c.Dropped, anchor.Placed{Index: i, Leaf: m.entries[i].Leaf()})
			continue
		}
		c.Entries = append(c.Entries, anchor.Indexed{Index: i, Entry: m.entries[i]})
	}
	var err error
	c.Path, err = anchor.ProveHandle(m.handles, h)
	return c, err
}

// Consistency implements anchor.Ledger.
func (m *Memory) Consistency(ctx context.Context, from, to uint64) (anchor.Consistency, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return anchor.Consistency{}, err
	}
	if from > to || to > uint64(len(m.entries)) {
		return anchor.Consistency{}, anchor.ErrNotFound
	}
	nodes, err := proof.Consistency(from, to)
	if err != nil {
		return anchor.Consistency{}, fmt.Errorf("making the path: %w", err)
	}
	path, err := m.path(nodes)
	return anchor.Consistency{From: from, To: to, Path: path}, err
}

// path is called with mu held.
func (m *Memory) path(nodes proof.Nodes) ([][32]byte, error) {
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		hashes[i] = slices.Clone(m.nodes[id])
	}
	hashes, err := nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
	if err != nil {
		return nil, fmt.Errorf("making the path: %w", err)
	}
	path := make([][32]byte, len(hashes))
	for i, h := range hashes {
		path[i] = [32]byte(h)
	}
	return path, nil
}
