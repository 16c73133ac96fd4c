package anchor

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
)

// Foundation is what a member that has nothing begins on: the hash of a snapshot of the
// ledger at a height, and the headers and validators around it. The headers verify; the
// snapshot's hash and the validators' turns are a member's word, so compare what several
// say (Digest).
type Foundation struct {
	Height   int64
	Snapshot [32]byte  // SHA-256 of what the snapshot says of itself
	Headers  [3][]byte // signed headers of Height and the two after it, CometBFT's protobuf
	Turns    [3][]Turn // who validates these heights, in CometBFT's order
}

// Turn is a validator and where it stands in the order of proposers, which no header
// fixes.
type Turn struct {
	PublicKey ValidatorKey `json:"public_key"`
	Power     int64        `json:"power"`
	Priority  int64        `json:"priority"`
}

// Validators is the set that signs header i.
func (f Foundation) Validators(c Chain, i int) ValidatorSet {
	set := ValidatorSet{Chain: c}
	for _, t := range f.Turns[i] {
		set.Validators = append(set.Validators, Validator{t.PublicKey, t.Power})
	}
	return set
}

// Verify checks the headers against a validator set that the caller trusts and the steps
// from it to the newest, as Membership.Succession gives them. An error wraps
// a *ProofError.
func (f Foundation) Verify(trusted ValidatorSet, steps []Step) error {
	reigns := []reign{{set: trusted}}
	for i, step := range steps {
		var err error
		if reigns, err = succeed(reigns, step); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	// A later change is none of its business: the header before it says who follows.
	set := reigns[slices.IndexFunc(reigns, func(r reign) bool { return r.until == 0 || r.until >= f.Height })].set
	var before Header
	for i, b := range f.Headers {
		own := f.Validators(trusted.Chain, i)
		hash := own.Hash()
		expected := set.Hash()
		if i > 0 {
			copy(expected[:], before.NextValidatorsHash)
		}
		if hash != expected {
			return &ProofError{ProofValidators, fmt.Sprintf("the validators of height %d are not those that follow from the trusted ones", f.Height+int64(i))}
		}
		if _, err := verifyHeader(own, b); err != nil {
			return err
		}
		signed, err := ParseSignedHeader(b)
		if err != nil {
			return &ProofError{ProofFormat, err.Error()}
		}
		last := before.Hash()
		if signed.Header.Height != f.Height+int64(i) || i > 0 && !bytes.Equal(signed.Header.LastBlock.Hash, last[:]) {
			return &ProofError{ProofHeader, fmt.Sprintf("header %d is not of height %d, or does not follow the one before", i, f.Height+int64(i))}
		}
		before = signed.Header
	}
	return nil
}

// Digest is the same at every honest member, whatever votes each saw: two members that
// say different ones contradict each other.
func (f Foundation) Digest() [32]byte {
	f.Headers = [3][]byte{}
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // it holds numbers and bytes
	}
	return sha256.Sum256(b)
}

type foundationJSON struct {
	V          int       `json:"v"`
	Height     int64     `json:"height"`
	Snapshot   Leaf      `json:"snapshot"`
	Headers    [3]string `json:"headers"`
	Validators [3][]Turn `json:"validators"`
}

// MarshalJSON writes {"v":1,"height":…,"snapshot":…,"headers":[…],"validators":[[{
// "public_key":…,"power":…,"priority":…}]]} with bytes as base64url.
func (f Foundation) MarshalJSON() ([]byte, error) {
	j := foundationJSON{V: 1, Height: f.Height, Snapshot: f.Snapshot, Validators: f.Turns}
	for i, h := range f.Headers {
		j.Headers[i] = b64.EncodeToString(h)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes. It checks the shape only; Verify checks
// the rest.
func (f *Foundation) UnmarshalJSON(b []byte) error {
	fail := func(err error) error { return fmt.Errorf("parsing foundation: %w", err) }
	var j struct {
		foundationJSON
		Headers    []string `json:"headers"`
		Validators [][]Turn `json:"validators"`
	}
	if err := decodeDeep(b, &j, 5, "v", "height", "snapshot", "headers", "validators"); err != nil {
		return fail(err)
	}
	if j.V != 1 {
		return fail(malformed("version", "%d, this program knows 1", j.V))
	}
	if j.Height < 1 || j.Height > maxIndex {
		return fail(malformed("height", "%d is out of range", j.Height))
	}
	if len(j.Headers) != 3 || len(j.Validators) != 3 {
		return fail(malformed("headers", "%d headers and %d sets of validators, want three each", len(j.Headers), len(j.Validators)))
	}
	out := Foundation{Height: j.Height, Snapshot: j.Snapshot, Turns: [3][]Turn(j.Validators)}
	for i, h := range j.Headers {
		var err error
		if out.Headers[i], err = b64.DecodeString(h); err != nil {
			return fail(malformed("headers", "%v", err))
		}
	}
	*f = out
	return nil
}
