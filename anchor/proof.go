package anchor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Proof shows offline that an entry is on the ledger: its place in the log and
// a header, signed by the validators, that fixes the log's root.
type Proof struct {
	Entry        []byte
	Index        uint64
	Path         [][32]byte
	SignedHeader []byte // CometBFT's protobuf
}

// Proven is what a verified proof says.
type Proven struct {
	Entry  Entry
	Index  uint64
	Size   uint64    // of the log that the header fixes
	Height int64     // of that header
	Time   time.Time // of that header: the entry was on the ledger by then
}

// ProofReason says at which step a proof was refused. The set is closed.
type ProofReason string

const (
	ProofFormat     ProofReason = "format"     // a part does not parse
	ProofChain      ProofReason = "chain"      // the header is of another ledger
	ProofHeader     ProofReason = "header"     // the commit is for another header
	ProofValidators ProofReason = "validators" // the header names another validator set
	ProofSignature  ProofReason = "signature"  // a vote is not signed by its validator
	ProofPower      ProofReason = "power"      // two thirds of the power or less signed
	ProofPath       ProofReason = "path"       // the entry is not at this place in the log
)

// ProofError says why a proof shows nothing.
type ProofError struct {
	Reason ProofReason
	Detail string
}

func (e *ProofError) Error() string { return "the proof does not hold: " + e.Detail }

func refused(r ProofReason, format string, args ...any) (Proven, error) {
	return Proven{}, &ProofError{r, fmt.Sprintf(format, args...)}
}

// maxIndex keeps index and size exact in JavaScript's numbers.
const maxIndex = 1<<53 - 1

// Verify checks the proof against a validator set that the caller trusts; it
// needs no network. Every vote for the block must be signed well, and the votes
// must carry more than two thirds of the power. The entry's own signature is not
// checked again: the validators refuse entries without it. An error is a
// *ProofError.
func (p Proof) Verify(set ValidatorSet) (Proven, error) {
	return p.verify(func(signed []byte) (fixed, error) { return verifyHeader(set, signed) })
}

// verify is Verify with some way to learn what a signed header fixes.
func (p Proof) verify(header func(signed []byte) (fixed, error)) (Proven, error) {
	entry, err := ParseEntry(p.Entry)
	if err != nil {
		return refused(ProofFormat, "%v", err)
	}
	f, err := header(p.SignedHeader)
	if err != nil {
		return Proven{}, err
	}
	if got, ok := inclusionRoot(HashLeaf(p.Entry), p.Index, f.size, p.Path); !ok || got != f.root {
		return refused(ProofPath, "the entry is not at index %d of the log of %d entries", p.Index, f.size)
	}
	return Proven{Entry: entry, Index: p.Index, Size: f.size, Height: f.height, Time: f.time}, nil
}

// fixed is what a verified header fixes.
type fixed struct {
	root   [32]byte
	size   uint64
	state  [32]byte // zero on a ledger of the first version
	height int64
	time   time.Time
}

// VerifyHeader checks a signed header, in CometBFT's protobuf, against a set that
// the caller trusts, and returns the log that it fixes. Height and Time are the
// header's. An error is a *ProofError.
func VerifyHeader(set ValidatorSet, signed []byte) (Head, error) {
	f, err := verifyHeader(set, signed)
	return Head{Size: f.size, Root: f.root, Height: f.height, Time: f.time}, err
}

func verifyHeader(set ValidatorSet, b []byte) (fixed, error) {
	refuse := func(r ProofReason, format string, args ...any) (fixed, error) {
		_, err := refused(r, format, args...)
		return fixed{}, err
	}
	signed, err := ParseSignedHeader(b)
	if err != nil {
		return refuse(ProofFormat, "%v", err)
	}
	return verifySigned(set, signed)
}

func verifySigned(set ValidatorSet, signed SignedHeader) (fixed, error) {
	refuse := func(r ProofReason, format string, args ...any) (fixed, error) {
		_, err := refused(r, format, args...)
		return fixed{}, err
	}
	header, commit := signed.Header, signed.Commit
	root, size, state, err := ParseAppHash(header.AppHash)
	if err != nil {
		return refuse(ProofFormat, "%v", err)
	}
	if header.Chain != set.Chain {
		return refuse(ProofChain, "it is of the ledger %q, not of %q", header.Chain, set.Chain)
	}
	if hash := header.Hash(); !bytes.Equal(commit.Block.Hash, hash[:]) || commit.Height != header.Height {
		return refuse(ProofHeader, "the commit is for another header")
	}
	if err := verifyVotes(set, header, commit); err != nil {
		return fixed{}, err
	}
	return fixed{root, size, state, header.Height, header.Time}, nil
}

func verifyVotes(set ValidatorSet, header Header, commit BlockCommit) error {
	refuse := func(r ProofReason, format string, args ...any) error {
		_, err := refused(r, format, args...)
		return err
	}
	if err := set.Validate(); err != nil {
		return refuse(ProofValidators, "%v", err)
	}
	if hash := set.Hash(); !bytes.Equal(header.ValidatorsHash, hash[:]) || len(commit.Votes) != len(set.Validators) {
		return refuse(ProofValidators, "the header names another validator set")
	}
	var got int64
	for i, v := range commit.Votes {
		if v.Flag != VoteForBlock {
			continue
		}
		val := set.Validators[i]
		if address := val.PublicKey.Address(); !bytes.Equal(v.Validator, address[:]) {
			return refuse(ProofSignature, "vote %d is by another validator", i)
		}
		if !val.PublicKey.signed(commit.SignedBytes(set.Chain, i), v.Signature) {
			return refuse(ProofSignature, "the signature of vote %d is wrong", i)
		}
		got += val.Power
	}
	// Validate bounded the sum by maxPower, so both products fit an int64.
	if total, _ := set.total(); got*3 <= total*2 {
		return refuse(ProofPower, "%d of %d power signed, more than two thirds are needed", got, total)
	}
	return nil
}

type proofJSON struct {
	V            int      `json:"v"`
	Entry        string   `json:"entry"`
	Index        uint64   `json:"index"`
	Path         []string `json:"path"`
	SignedHeader string   `json:"signed_header"`
}

// MarshalJSON writes {"v":1,"entry":…,"index":…,"path":[…],"signed_header":…}
// with bytes as base64url.
func (p Proof) MarshalJSON() ([]byte, error) {
	return json.Marshal(proofJSON{1, b64.EncodeToString(p.Entry), p.Index, pathText(p.Path), b64.EncodeToString(p.SignedHeader)})
}

// UnmarshalJSON reads what MarshalJSON writes. It checks the shape only; Verify
// checks the rest.
func (p *Proof) UnmarshalJSON(b []byte) error {
	var j proofJSON
	if err := decodeStrict(b, &j, "v", "entry", "index", "path", "signed_header"); err != nil {
		return fmt.Errorf("parsing proof: %w", err)
	}
	if j.V != 1 {
		return fmt.Errorf("parsing proof: %w", malformed("version", "%d, this program knows 1", j.V))
	}
	if j.Index > maxIndex {
		return fmt.Errorf("parsing proof: %w", malformed("index", "%d is out of range", j.Index))
	}
	out := Proof{Index: j.Index}
	var err error
	if out.Entry, err = b64.DecodeString(j.Entry); err != nil {
		return fmt.Errorf("parsing proof: %w", malformed("entry", "%v", err))
	}
	if out.SignedHeader, err = b64.DecodeString(j.SignedHeader); err != nil {
		return fmt.Errorf("parsing proof: %w", malformed("signed_header", "%v", err))
	}
	if out.Path, err = parsePath(j.Path); err != nil {
		return fmt.Errorf("parsing proof: %w", err)
	}
	*p = out
	return nil
}
