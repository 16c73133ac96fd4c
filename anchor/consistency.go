package anchor

import (
	"encoding/json"
	"fmt"
	"math/bits"
)

// Consistency shows offline that a log only grew: the log of From entries is
// how the log of To entries begins. Nothing was changed, dropped or put between.
type Consistency struct {
	From, To uint64
	Path     [][32]byte // RFC 9162 § 2.1.4; none if From is 0 or To
}

// Verify checks the proof against the roots of both logs. An error is a
// *ProofError with ProofFormat or ProofPath.
func (c Consistency) Verify(from, to [32]byte) error {
	refuse := func(r ProofReason, format string, args ...any) error {
		_, err := refused(r, format, args...)
		return err
	}
	if c.From > c.To {
		return refuse(ProofFormat, "a log of %d entries cannot grow to %d", c.From, c.To)
	}
	if !c.leads(from, to) {
		return refuse(ProofPath, "the log of %d entries is not how the log of %d entries begins", c.From, c.To)
	}
	return nil
}

// leads is RFC 9162 § 2.1.4.2, and what it leaves open: a log grows from nothing
// and to itself without a path.
func (c Consistency) leads(from, to [32]byte) bool {
	switch {
	case c.From == c.To:
		return len(c.Path) == 0 && from == to && (c.From > 0 || from == EmptyRoot())
	case c.From == 0:
		return len(c.Path) == 0 && from == EmptyRoot()
	}
	// The largest subtree that ends both at From and at a node of the new tree:
	// the path begins with it, unless it is the old tree.
	level := bits.TrailingZeros64(c.From)
	node, last := (c.From-1)>>level, (c.To-1)>>level
	path := c.Path
	start := from
	if node != 0 {
		if len(path) == 0 {
			return false
		}
		start, path = path[0], path[1:]
	}
	older, newer := start, start
	for _, sibling := range path {
		if last == 0 {
			return false
		}
		if node&1 == 1 || node == last {
			older, newer = HashChildren(sibling, older), HashChildren(sibling, newer)
			// Levels at which the node is the last and alone have no sibling.
			for node&1 == 0 && node != 0 {
				node, last = node>>1, last>>1
			}
		} else {
			newer = HashChildren(newer, sibling)
		}
		node, last = node>>1, last>>1
	}
	return last == 0 && older == from && newer == to
}

type consistencyJSON struct {
	V    int      `json:"v"`
	From uint64   `json:"from"`
	To   uint64   `json:"to"`
	Path []string `json:"path"`
}

// MarshalJSON writes {"v":1,"from":…,"to":…,"path":[…]} with hashes as base64url.
func (c Consistency) MarshalJSON() ([]byte, error) {
	return json.Marshal(consistencyJSON{1, c.From, c.To, pathText(c.Path)})
}

// UnmarshalJSON reads what MarshalJSON writes. It checks the shape only; Verify
// checks the rest.
func (c *Consistency) UnmarshalJSON(b []byte) error {
	fail := func(err error) error { return fmt.Errorf("parsing consistency proof: %w", err) }
	var j consistencyJSON
	if err := decodeStrict(b, &j, "v", "from", "to", "path"); err != nil {
		return fail(err)
	}
	if j.V != 1 {
		return fail(malformed("version", "%d, this program knows 1", j.V))
	}
	if j.From > j.To || j.To > maxIndex {
		return fail(malformed("size", "from %d to %d is out of range", j.From, j.To))
	}
	path, err := parsePath(j.Path)
	if err != nil {
		return fail(err)
	}
	*c = Consistency{j.From, j.To, path}
	return nil
}

func pathText(path [][32]byte) []string {
	out := make([]string, len(path))
	for i, h := range path {
		out[i] = b64.EncodeToString(h[:])
	}
	return out
}

func parsePath(path []string) ([][32]byte, error) { return parseHashes("path", path, 64) }

func parseHashes(field string, hashes []string, most int) ([][32]byte, error) {
	if len(hashes) > most {
		return nil, malformed(field, "%d hashes, at most %d make sense", len(hashes), most)
	}
	out := make([][32]byte, len(hashes))
	for i, h := range hashes {
		if err := parse32(&out[i], field, []byte(h)); err != nil {
			return nil, malformed(field, "%v", err)
		}
	}
	return out, nil
}
