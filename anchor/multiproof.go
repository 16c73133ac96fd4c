package anchor

import (
	"encoding/json"
	"fmt"
	"math/bits"
)

// MultiProof shows offline that several entries are on the ledger: one header, and
// each hash that several paths would share only once.
type MultiProof struct {
	Entries      []Indexed  // by index, each once
	Nodes        [][32]byte // of the largest subtrees without one of the entries, left to right
	SignedHeader []byte     // CometBFT's protobuf
}

// Verify checks the proof against a validator set that the caller trusts; it needs no
// network. An error is a *ProofError.
func (p MultiProof) Verify(set ValidatorSet) (Head, error) {
	f, err := verifyHeader(set, p.SignedHeader)
	if err != nil {
		return Head{}, err
	}
	return p.under(f)
}

// VerifyAll is MultiProof.Verify.
func (v *Verifier) VerifyAll(p MultiProof) (Head, error) {
	f, err := v.header(p.SignedHeader)
	if err != nil {
		return Head{}, err
	}
	return p.under(f)
}

func (p MultiProof) under(f fixed) (Head, error) {
	refuse := func(r ProofReason, format string, args ...any) (Head, error) {
		_, err := refused(r, format, args...)
		return Head{}, err
	}
	if len(p.Entries) == 0 {
		return refuse(ProofFormat, "it proves nothing")
	}
	for i, e := range p.Entries {
		if e.Entry == nil || e.Index >= f.size || i > 0 && e.Index <= p.Entries[i-1].Index {
			return refuse(ProofFormat, "the entries are not in the order of a log of %d", f.size)
		}
	}
	m := multi{entries: p.Entries, nodes: p.Nodes}
	if root, ok := m.root(0, f.size); !ok || len(m.nodes) > 0 || root != f.root {
		return refuse(ProofPath, "the entries are not at these places in the log of %d entries", f.size)
	}
	return Head{Size: f.size, Root: f.root, Height: f.height, Time: f.time}, nil
}

// multi consumes entries and nodes from left to right.
type multi struct {
	entries []Indexed
	nodes   [][32]byte
}

// root is that of the subtree over the entries from … to-1, as RFC 6962 § 2.1 splits it.
func (m *multi) root(from, to uint64) (root [32]byte, ok bool) {
	if len(m.entries) == 0 || m.entries[0].Index >= to {
		if len(m.nodes) == 0 {
			return root, false
		}
		root, m.nodes = m.nodes[0], m.nodes[1:]
		return root, true
	}
	if to-from == 1 {
		root, m.entries = m.entries[0].Entry.Leaf(), m.entries[1:]
		return root, true
	}
	middle := from + split(to-from)
	left, ok := m.root(from, middle)
	if !ok {
		return root, false
	}
	right, ok := m.root(middle, to)
	return HashChildren(left, right), ok
}

// split is the largest power of two below n, which is at least 2.
func split(n uint64) uint64 { return 1 << (bits.Len64(n-1) - 1) }

// ProveEntries makes the nodes of a MultiProof: root must give the hash of any subtree
// over the entries from … to-1 of a log that has size entries. The indices ascend.
func ProveEntries(indices []uint64, size uint64, root func(from, to uint64) ([32]byte, error)) (nodes [][32]byte, err error) {
	var walk func(from, to uint64) error
	walk = func(from, to uint64) error {
		switch {
		case len(indices) == 0 || indices[0] >= to:
			hash, err := root(from, to)
			nodes = append(nodes, hash)
			return err
		case to-from == 1:
			indices = indices[1:]
			return nil
		}
		middle := from + split(to-from)
		if err := walk(from, middle); err != nil {
			return err
		}
		return walk(middle, to)
	}
	return nodes, walk(0, size)
}

type multiProofJSON struct {
	V            int           `json:"v"`
	Entries      []indexedJSON `json:"entries"`
	Nodes        []string      `json:"nodes"`
	SignedHeader string        `json:"signed_header"`
}

// MarshalJSON writes {"v":1,"entries":[{"index":…,"entry":…}],"nodes":[…],
// "signed_header":…} with bytes as base64url.
func (p MultiProof) MarshalJSON() ([]byte, error) {
	return json.Marshal(multiProofJSON{1, indexedText(p.Entries), pathText(p.Nodes), b64.EncodeToString(p.SignedHeader)})
}

// UnmarshalJSON reads what MarshalJSON writes. It checks the shape only; Verify checks
// the rest.
func (p *MultiProof) UnmarshalJSON(b []byte) error {
	fail := func(err error) error { return fmt.Errorf("parsing multi-proof: %w", err) }
	var j multiProofJSON
	if err := decodeDeep(b, &j, 4, "v", "entries", "nodes", "signed_header"); err != nil {
		return fail(err)
	}
	if j.V != 1 {
		return fail(malformed("version", "%d, this program knows 1", j.V))
	}
	var out MultiProof
	var err error
	if out.Entries, err = parseIndexed(j.Entries); err != nil {
		return fail(err)
	}
	if out.Nodes, err = parseHashes("nodes", j.Nodes, 64*maxProven); err != nil {
		return fail(err)
	}
	if out.SignedHeader, err = b64.DecodeString(j.SignedHeader); err != nil {
		return fail(malformed("signed_header", "%v", err))
	}
	*p = out
	return nil
}
