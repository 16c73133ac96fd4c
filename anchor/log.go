package anchor

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/bits"
	"slices"
)

// HashLeaf is the RFC 6962 leaf hash of an entry's bytes.
func HashLeaf(entry []byte) Leaf {
	// One call on one buffer is faster than a streaming hash, and entries are
	// short.
	var buf [1 + GrantSize]byte
	if len(entry) > GrantSize {
		return sha256.Sum256(append([]byte{0}, entry...))
	}
	n := copy(buf[1:], entry)
	return sha256.Sum256(buf[:1+n])
}

// HashChildren is the RFC 6962 hash of an inner node.
func HashChildren(left, right [32]byte) [32]byte {
	var b [65]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}

// EmptyRoot is the root of a log without entries.
func EmptyRoot() [32]byte { return sha256.Sum256(nil) }

// AppHash is what a header carries about the ledger: the log's root, its size in 8
// bytes, because a bare root does not fix it, and what is known beside the log (see
// StateHash). A ledger of the first version has no state, which is then zero.
func AppHash(root [32]byte, size uint64, state [32]byte) []byte {
	b := binary.BigEndian.AppendUint64(root[:], size)
	if state == ([32]byte{}) {
		return b
	}
	return append(b, state[:]...)
}

// ParseAppHash reads what AppHash writes.
func ParseAppHash(b []byte) (root [32]byte, size uint64, state [32]byte, err error) {
	if len(b) != 40 && len(b) != 72 {
		return root, 0, state, errors.New("the app hash is not root, size and state")
	}
	copy(state[:], b[40:])
	if len(b) == 72 && state == ([32]byte{}) {
		return root, 0, state, errors.New("the app hash has a state that is none")
	}
	return [32]byte(b), binary.BigEndian.Uint64(b[32:]), state, nil
}

// StateHash fixes what a ledger knows beside its log: its members (Register.Hash), and
// the map from handles to the digests of their entries.
func StateHash(register, handles [32]byte) [32]byte {
	return sha256.Sum256(slices.Concat([]byte("coffer/v1 state\x00"), register[:], handles[:]))
}

// Holds reports whether a log of a size has n complete subtrees of 2^level
// entries, of which the first is number from; level 0 are the entries.
func Holds(size uint64, level uint, from uint64, n int) bool {
	have := uint64(0)
	if level < 64 {
		have = size >> level
	}
	return n >= 0 && from <= have && uint64(n) <= have-from
}

// inclusionRoot is the root that an inclusion path leads to (RFC 9162 § 2.1.3.2,
// with the two parts of the path counted instead of walked); ok is false if the
// path has not the one length that fits index and size.
func inclusionRoot(leaf Leaf, index, size uint64, path [][32]byte) (root [32]byte, ok bool) {
	if index >= size {
		return root, false
	}
	// Below this level the path has a sibling for every bit of index; above, only
	// where index has a one, and then on the left.
	inner := bits.Len64(index ^ (size - 1))
	if len(path) != inner+bits.OnesCount64(index>>inner) {
		return root, false
	}
	root = leaf
	for i, sibling := range path {
		if i < inner && index>>i&1 == 0 {
			root = HashChildren(root, sibling)
		} else {
			root = HashChildren(sibling, root)
		}
	}
	return root, true
}

// treeRoot is the RFC 6962 root of a short list of byte strings, as CometBFT
// hashes headers and validator sets.
func treeRoot(items [][]byte) [32]byte {
	switch len(items) {
	case 0:
		return EmptyRoot()
	case 1:
		return HashLeaf(items[0])
	}
	middle := split(uint64(len(items)))
	return HashChildren(treeRoot(items[:middle]), treeRoot(items[middle:]))
}
