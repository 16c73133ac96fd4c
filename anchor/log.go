package anchor

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math/bits"
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

// AppHash is what a header carries about the log: its root and, big-endian in 8
// bytes, its size. The size is there because a bare root does not fix it.
func AppHash(root [32]byte, size uint64) []byte {
	return binary.BigEndian.AppendUint64(root[:], size)
}

// ParseAppHash reads what AppHash writes.
func ParseAppHash(b []byte) (root [32]byte, size uint64, err error) {
	if len(b) != 40 {
		return root, 0, errors.New("the app hash is not root and size")
	}
	return [32]byte(b), binary.BigEndian.Uint64(b[32:]), nil
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
	split := 1 << (bits.Len(uint(len(items)-1)) - 1)
	return HashChildren(treeRoot(items[:split]), treeRoot(items[split:]))
}
