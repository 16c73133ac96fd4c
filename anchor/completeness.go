package anchor

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Completeness shows offline that these are all the entries of one handle up to the
// size of the log that the header fixes: a DPO's question is about all of them, and an
// inclusion proof says nothing of what is left out. No entries shows that there are
// none.
//
// A member that dropped the bytes of permits has their leaves instead. What is dropped
// is shown to be a permit all the same: a handle's entries begin with its grant, and a
// withdrawal is the last of them, so neither the first nor the last may be dropped.
type Completeness struct {
	Handle       Handle
	Entries      []Indexed // in log order
	Dropped      []Placed  // in log order: those whose bytes the member has no more
	Path         HandlePath
	Register     [32]byte // hash of the member register, which the header fixes beside the map
	SignedHeader []byte   // CometBFT's protobuf
}

// ProofIncomplete: these are not all of the handle's entries, or not only its own.
const ProofIncomplete ProofReason = "incomplete"

// Complete is what a verified proof of completeness says: Entries and Dropped together
// are all.
type Complete struct {
	Head    Head
	Entries []Indexed
	Dropped []Placed // permits
}

// Verify checks the proof against a validator set that the caller trusts; it needs no
// network. An error is a *ProofError.
func (c Completeness) Verify(set ValidatorSet) (Complete, error) {
	f, err := verifyHeader(set, c.SignedHeader)
	if err != nil {
		return Complete{}, err
	}
	return c.under(f)
}

// VerifyComplete is Completeness.Verify.
func (v *Verifier) VerifyComplete(c Completeness) (Complete, error) {
	f, err := v.header(c.SignedHeader)
	if err != nil {
		return Complete{}, err
	}
	return c.under(f)
}

func (c Completeness) under(f fixed) (Complete, error) {
	refuse := func(r ProofReason, format string, args ...any) (Complete, error) {
		_, err := refused(r, format, args...)
		return Complete{}, err
	}
	for _, e := range c.Entries {
		if e.Entry == nil || e.Entry.Handle() != c.Handle {
			return refuse(ProofIncomplete, "entry %d is of another handle", e.Index)
		}
	}
	if err := c.fixes(f, c.Places()); err != nil {
		return Complete{}, err
	}
	return Complete{Head{Size: f.size, Root: f.root, Height: f.height, Time: f.time}, c.Entries, c.Dropped}, nil
}

// Places are those of Entries and Dropped together, in log order if both are.
func (c Completeness) Places() []Placed {
	all := make([]Placed, 0, len(c.Entries)+len(c.Dropped))
	dropped := c.Dropped
	for _, e := range c.Entries {
		for len(dropped) > 0 && dropped[0].Index < e.Index {
			all, dropped = append(all, dropped[0]), dropped[1:]
		}
		all = append(all, Placed{e.Index, e.Entry.Leaf()})
	}
	return append(all, dropped...)
}

type completenessJSON struct {
	V            int           `json:"v"`
	Handle       Handle        `json:"handle"`
	Entries      []indexedJSON `json:"entries"`
	Dropped      placedList    `json:"dropped,omitempty"`
	Path         []string      `json:"path"`
	Other        *otherJSON    `json:"other"`
	Register     string        `json:"register"`
	SignedHeader string        `json:"signed_header"`
}

type indexedJSON struct {
	Index uint64 `json:"index"`
	Entry string `json:"entry"`
}

// placedList is not empty: without any it is left out.
type placedList []placedJSON

func (l *placedList) UnmarshalJSON(b []byte) error {
	var out []placedJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		return err
	}
	if len(out) == 0 {
		return malformed("dropped", "none: leave it out")
	}
	*l = out
	return nil
}

type placedJSON struct {
	Index uint64 `json:"index"`
	Leaf  string `json:"leaf"`
}

type otherJSON struct {
	Handle Handle `json:"handle"`
	Digest string `json:"digest"`
}

// MarshalJSON writes {"v":1,"handle":…,"entries":[{"index":…,"entry":…}],"path":[…],
// "other":null or {"handle":…,"digest":…},"register":…,"signed_header":…} with bytes as
// base64url, and behind the entries "dropped":[{"index":…,"leaf":…}] if there are any.
func (c Completeness) MarshalJSON() ([]byte, error) {
	j := completenessJSON{V: 1, Handle: c.Handle, Entries: indexedText(c.Entries), Path: pathText(c.Path.Path),
		Register: b64.EncodeToString(c.Register[:]), SignedHeader: b64.EncodeToString(c.SignedHeader)}
	if o := c.Path.Other; o != nil {
		j.Other = &otherJSON{o.A, b64.EncodeToString(o.B[:])}
	}
	for _, d := range c.Dropped {
		j.Dropped = append(j.Dropped, placedJSON{d.Index, b64.EncodeToString(d.Leaf[:])})
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes. It checks the shape only; Verify checks
// the rest.
func (c *Completeness) UnmarshalJSON(b []byte) error {
	fail := func(err error) error { return fmt.Errorf("parsing completeness proof: %w", err) }
	var j completenessJSON
	if err := decodeDeep(b, &j, 7, "v", "handle", "entries", "path", "other", "register", "signed_header", "dropped"); err != nil {
		return fail(err)
	}
	if j.V != 1 {
		return fail(malformed("version", "%d, this program knows 1", j.V))
	}
	out := Completeness{Handle: j.Handle}
	var err error
	if out.Entries, err = parseIndexed(j.Entries); err != nil {
		return fail(err)
	}
	if out.Dropped, err = parsePlaced(j.Dropped); err != nil {
		return fail(err)
	}
	if out.Path.Path, err = parseHashes("path", j.Path, 256); err != nil {
		return fail(err)
	}
	if j.Other != nil {
		out.Path.Other = &HandleNode{Leaf: true, A: j.Other.Handle}
		if err := parse32(&out.Path.Other.B, "other.digest", []byte(j.Other.Digest)); err != nil {
			return fail(err)
		}
	}
	if err := parse32(&out.Register, "register", []byte(j.Register)); err != nil {
		return fail(err)
	}
	if out.SignedHeader, err = b64.DecodeString(j.SignedHeader); err != nil {
		return fail(malformed("signed_header", "%v", err))
	}
	*c = out
	return nil
}

func indexedText(entries []Indexed) []indexedJSON {
	out := make([]indexedJSON, len(entries))
	for i, e := range entries {
		out[i] = indexedJSON{e.Index, b64.EncodeToString(e.Entry.Bytes())}
	}
	return out
}

// maxProven bounds the entries of one proof.
const maxProven = 1 << 16

func parseIndexed(entries []indexedJSON) ([]Indexed, error) {
	if len(entries) > maxProven {
		return nil, malformed("entries", "%d, at most %d fit into one proof", len(entries), maxProven)
	}
	out := make([]Indexed, len(entries))
	for i, e := range entries {
		if e.Index > maxIndex {
			return nil, malformed("entries", "index %d is out of range", e.Index)
		}
		raw, err := b64.DecodeString(e.Entry)
		if err != nil {
			return nil, malformed("entries", "%v", err)
		}
		entry, err := ParseEntry(raw)
		if err != nil {
			return nil, err
		}
		out[i] = Indexed{e.Index, entry}
	}
	return out, nil
}

func parsePlaced(dropped []placedJSON) ([]Placed, error) {
	if len(dropped) > maxProven {
		return nil, malformed("dropped", "%d, at most %d fit into one proof", len(dropped), maxProven)
	}
	var out []Placed
	for _, d := range dropped {
		p := Placed{Index: d.Index}
		if d.Index > maxIndex {
			return nil, malformed("dropped", "index %d is out of range", d.Index)
		}
		if err := parse32((*[32]byte)(&p.Leaf), "dropped", []byte(d.Leaf)); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// VerifyPlaces is VerifyComplete for who has the entries elsewhere: it shows that all, by
// their leaves and in log order, are the handle's entries up to the header's size. The
// proof's own Entries count for nothing; what it has in Dropped is a permit, if it is
// among all.
func (v *Verifier) VerifyPlaces(c Completeness, all []Placed) (Head, error) {
	f, err := v.header(c.SignedHeader)
	if err != nil {
		return Head{}, err
	}
	if err := c.fixes(f, all); err != nil {
		return Head{}, err
	}
	return Head{Size: f.size, Root: f.root, Height: f.height, Time: f.time}, nil
}

// fixes reports whether the header's state has exactly these under the handle.
func (c Completeness) fixes(f fixed, all []Placed) error {
	refuse := func(r ProofReason, format string, args ...any) error {
		_, err := refused(r, format, args...)
		return err
	}
	if f.state == ([32]byte{}) {
		return refuse(ProofFormat, "the header is of a ledger that keeps no map of handles")
	}
	for _, d := range c.Dropped {
		if len(all) == 0 || d.Index <= all[0].Index || d.Index >= all[len(all)-1].Index {
			return refuse(ProofIncomplete, "the entry at index %d is dropped, and may be a grant or a withdrawal", d.Index)
		}
	}
	var d Digest
	for i, e := range all {
		if e.Index >= f.size || i > 0 && e.Index <= all[i-1].Index {
			return refuse(ProofFormat, "the entries are not in the order of a log of %d", f.size)
		}
		d = d.Next(e.Index, e.Leaf)
	}
	root, ok := c.Path.Root(c.Handle, d)
	if !ok || StateHash(c.Register, root) != f.state {
		return refuse(ProofIncomplete, "these %d are not all the handle's entries up to the size %d", len(all), f.size)
	}
	return nil
}
