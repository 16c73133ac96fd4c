package bft

import (
	"encoding/binary"
	"errors"
	"sync"

	dbm "github.com/cometbft/cometbft-db"

	"coffer/anchor"
)

// handles is the map of handles as a block changes it: what it writes, on top of what is
// committed. It remembers what it wrote over, so that the map can be shown as it was
// before: a header fixes the map of the block before it.
type handles struct {
	store store
	top   *topNodes
	root  [32]byte
	wrote map[anchor.Place]anchor.HandleNode
	over  map[anchor.Place]*anchor.HandleNode // what stood where it wrote; nil for nothing
}

// Node implements anchor.HandleNodes.
func (h *handles) Node(at anchor.Place) (*anchor.HandleNode, error) {
	if n, ok := h.wrote[at]; ok {
		return &n, nil
	}
	n, err := h.top.node(h.store, at)
	if err == nil {
		h.over[at] = n
	}
	return n, err
}

// Put implements anchor.HandleNodes.
func (h *handles) Put(at anchor.Place, n anchor.HandleNode) error {
	h.wrote[at] = n
	return nil
}

func (h *handles) write(to dbm.Batch) error {
	for at, n := range h.wrote {
		if err := to.Set(placeKey(at), nodeBytes(n)); err != nil {
			return err
		}
	}
	return nil
}

// before is the map as it was before the block was committed, read after that.
type before struct {
	store store
	top   *topNodes
	over  map[anchor.Place]*anchor.HandleNode
}

func (b before) Node(at anchor.Place) (*anchor.HandleNode, error) {
	if n, ok := b.over[at]; ok {
		return n, nil
	}
	return b.top.node(b.store, at)
}

func (before) Put(anchor.Place, anchor.HandleNode) error {
	return errors.New("the past is not written")
}

// topDepth bounds the nodes that stay in memory: those above it are read for every entry.
const topDepth = 13

// topNodes remembers the nodes near the root.
type topNodes struct {
	mu    sync.RWMutex
	nodes map[anchor.Place]anchor.HandleNode
}

func (t *topNodes) node(s store, at anchor.Place) (*anchor.HandleNode, error) {
	if at.Depth < topDepth {
		t.mu.RLock()
		n, ok := t.nodes[at]
		t.mu.RUnlock()
		if ok {
			return &n, nil
		}
	}
	b, err := s.db.Get(placeKey(at))
	if err != nil || b == nil {
		return nil, err
	}
	if len(b) != 65 || b[0] > 1 {
		return nil, errors.New("a node of the map of handles is damaged")
	}
	return &anchor.HandleNode{Leaf: b[0] == 1, A: [32]byte(b[1:]), B: [32]byte(b[33:])}, nil
}

// committed takes over what a block wrote.
func (t *topNodes) committed(wrote map[anchor.Place]anchor.HandleNode) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for at, n := range wrote {
		if at.Depth < topDepth {
			t.nodes[at] = n
		}
	}
}

// clear forgets all.
func (t *topNodes) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.nodes)
}

func placeKey(at anchor.Place) []byte {
	b := binary.BigEndian.AppendUint16([]byte{keyPlace}, at.Depth)
	return append(b, at.Prefix[:(at.Depth+7)/8]...)
}

func nodeBytes(n anchor.HandleNode) []byte {
	b := make([]byte, 1, 65)
	if n.Leaf {
		b[0] = 1
	}
	return append(append(b, n.A[:]...), n.B[:]...)
}
