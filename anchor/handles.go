package anchor

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Digest is the running digest of a handle's entries: it fixes all of them, their
// places in the log and their order. The zero value is that of no entries.
type Digest [32]byte

// Next is the digest with one more entry.
func (d Digest) Next(index uint64, leaf Leaf) Digest {
	var b [72]byte
	copy(b[:], d[:])
	binary.BigEndian.PutUint64(b[32:], index)
	copy(b[40:], leaf[:])
	return sha256.Sum256(b[:])
}

// Place is where a node stands in the map of handles: so many bits of the handles
// below it, the rest zero.
type Place struct {
	Depth  uint16 // 0 to 256
	Prefix [32]byte
}

// HandleNode is a node of the map: one handle with the digest of its entries, or the
// hashes of two halves.
type HandleNode struct {
	Leaf bool
	A, B [32]byte // handle and digest, or left and right
}

// Hash is the node's.
func (n HandleNode) Hash() [32]byte {
	var b [65]byte
	if !n.Leaf {
		b[0] = 1
	}
	copy(b[1:], n.A[:])
	copy(b[33:], n.B[:])
	return sha256.Sum256(b[:])
}

// HandleNodes keep a map of handles: from each handle to the digest of its entries, as
// a binary tree by the bits of the handle in which a handle stands as high as it can
// alone. Its root therefore depends on what is in it and on no order. A place that holds
// nothing has the hash of 32 zero bytes.
type HandleNodes interface {
	// Node gives nil for a place that holds nothing.
	Node(Place) (*HandleNode, error)
	Put(Place, HandleNode) error
}

// Addition is what a block adds to one handle, in log order.
type Addition struct {
	Handle Handle
	Leaves []Placed
}

// Placed is a leaf at its place in the log.
type Placed struct {
	Index uint64
	Leaf  Leaf
}

// AddToHandles adds what a block holds to the map and returns the map's new root. Each
// handle stands in additions once; their order does not matter, and changes.
func AddToHandles(nodes HandleNodes, additions []Addition) ([32]byte, error) {
	slices.SortFunc(additions, func(a, b Addition) int { return slices.Compare(a.Handle[:], b.Handle[:]) })
	todo := make([]pending, len(additions))
	for i, a := range additions {
		todo[i] = pending{a.Handle, Digest{}, a.Leaves}
	}
	return addBelow(nodes, Place{}, todo)
}

// pending is a handle on its way to its place: the digest that it has, and what comes.
type pending struct {
	handle Handle
	digest Digest
	leaves []Placed
}

func (p pending) node() HandleNode {
	for _, l := range p.leaves {
		p.digest = p.digest.Next(l.Index, l.Leaf)
	}
	return HandleNode{Leaf: true, A: p.handle, B: p.digest}
}

func addBelow(nodes HandleNodes, at Place, todo []pending) ([32]byte, error) {
	old, err := nodes.Node(at)
	if err != nil {
		return [32]byte{}, err
	}
	var new HandleNode
	if old != nil && !old.Leaf {
		new = *old
	}
	if old != nil && old.Leaf { // it moves down, unless it is alone with itself
		i, found := slices.BinarySearchFunc(todo, Handle(old.A), func(p pending, h Handle) int { return slices.Compare(p.handle[:], h[:]) })
		if found {
			todo[i].digest = old.B
		} else {
			todo = slices.Insert(slices.Clone(todo), i, pending{handle: old.A, digest: old.B})
		}
	}
	switch {
	case len(todo) == 0 && old == nil:
		return [32]byte{}, nil
	case len(todo) == 1 && (old == nil || old.Leaf):
		new = todo[0].node()
	default:
		split, _ := slices.BinarySearchFunc(todo, true, func(p pending, _ bool) int {
			if bit(p.handle, at.Depth) {
				return 1
			}
			return -1
		})
		for _, half := range []struct {
			todo []pending
			hash *[32]byte
			one  bool
		}{{todo[:split], &new.A, false}, {todo[split:], &new.B, true}} {
			if len(half.todo) == 0 {
				continue
			}
			if *half.hash, err = addBelow(nodes, at.below(half.one), half.todo); err != nil {
				return [32]byte{}, err
			}
		}
	}
	return new.Hash(), nodes.Put(at, new)
}

// bit is bit n of a handle, the most significant first.
func bit(h [32]byte, n uint16) bool { return h[n/8]>>(7-n%8)&1 == 1 }

func (p Place) below(one bool) Place {
	if one {
		p.Prefix[p.Depth/8] |= 1 << (7 - p.Depth%8)
	}
	p.Depth++
	return p
}

// HandlePath shows what a map of handles holds for one of them.
type HandlePath struct {
	Path  [][32]byte  // the other halves, from the handle's place up
	Other *HandleNode // the handle that stands there instead; nil if none does
}

// ProveHandle makes the path of a handle, which need not be in the map.
func ProveHandle(nodes HandleNodes, h Handle) (HandlePath, error) {
	var p HandlePath
	for at := (Place{}); ; {
		n, err := nodes.Node(at)
		if err != nil {
			return HandlePath{}, err
		}
		if n == nil || n.Leaf {
			if n != nil && Handle(n.A) != h {
				p.Other = n
			}
			slices.Reverse(p.Path)
			return p, nil
		}
		one := bit(h, at.Depth)
		if one {
			p.Path = append(p.Path, n.A)
		} else {
			p.Path = append(p.Path, n.B)
		}
		at = at.below(one)
	}
}

// Root is where the path leads if the handle has the digest; ok is false if the path
// could not be one of the handle's.
func (p HandlePath) Root(h Handle, d Digest) (root [32]byte, ok bool) {
	switch {
	case len(p.Path) > 256:
		return root, false
	case d != Digest{}:
		if p.Other != nil {
			return root, false
		}
		root = HandleNode{Leaf: true, A: h, B: d}.Hash()
	case p.Other != nil:
		// Another handle stands alone where this one would: they agree so far.
		if !p.Other.Leaf || Handle(p.Other.A) == h {
			return root, false
		}
		for n := range uint16(len(p.Path)) {
			if bit(p.Other.A, n) != bit(h, n) {
				return root, false
			}
		}
		root = p.Other.Hash()
	}
	for i, sibling := range p.Path {
		n := HandleNode{A: root, B: sibling}
		if bit(h, uint16(len(p.Path)-1-i)) {
			n = HandleNode{A: sibling, B: root}
		}
		root = n.Hash()
	}
	return root, true
}
