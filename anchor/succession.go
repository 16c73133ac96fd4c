package anchor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Step is one change of the validators.
type Step struct {
	SignedHeader []byte       // signed by the set before
	Next         ValidatorSet // that its next_validators_hash names
}

// Succession leads from a validator set to the newest: who trusts the first learns whom
// it made way for. As a file it is {"v":1,"from":set,"steps":[{"signed_header","next"}]}.
type Succession struct {
	From  ValidatorSet
	Steps []Step
}

// reign is a set with the last height that it signs; 0 while nothing came after.
type reign struct {
	set   ValidatorSet
	until int64
}

// succeed verifies the next step after some reigns, the last of which has no end yet.
func succeed(reigns []reign, step Step) ([]reign, error) {
	signed, err := ParseSignedHeader(step.SignedHeader)
	if err != nil {
		_, err = refused(ProofFormat, "%v", err)
		return reigns, err
	}
	last := len(reigns) - 1
	if last > 0 && signed.Header.Height <= reigns[last-1].until {
		_, err := refused(ProofFormat, "it is of height %d, and the step before of %d", signed.Header.Height, reigns[last-1].until)
		return reigns, err
	}
	if _, err := verifySigned(reigns[last].set, signed); err != nil {
		return reigns, err
	}
	if err := step.Next.Validate(); err != nil {
		_, err = refused(ProofValidators, "%v", err)
		return reigns, err
	}
	if hash := step.Next.Hash(); string(signed.Header.NextValidatorsHash) != string(hash[:]) || step.Next.Chain != reigns[last].set.Chain {
		_, err := refused(ProofValidators, "the header names another set as the next")
		return reigns, err
	}
	reigns = slices.Clone(reigns)
	reigns[last].until = signed.Header.Height
	return append(reigns, reign{set: step.Next}), nil
}

// Succeed follows steps from a set that the caller trusts to the newest. An error wraps a
// *ProofError.
func (s ValidatorSet) Succeed(steps []Step) (ValidatorSet, error) {
	reigns := []reign{{set: s}}
	for i, step := range steps {
		var err error
		if reigns, err = succeed(reigns, step); err != nil {
			return reigns[len(reigns)-1].set, fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return reigns[len(reigns)-1].set, nil
}

// Newest is the last set, once every step held. An error wraps a *ProofError.
func (s Succession) Newest() (ValidatorSet, error) { return s.From.Succeed(s.Steps) }

// Follow learns of changes of the validators, which go on from the newest set that the
// verifier knows; a change that it knows already is passed over. From then on it takes
// headers of each set for the heights at which that set signed, and no others: those who
// left cannot sign on. An error wraps a *ProofError, and steps before it count.
func (v *Verifier) Follow(steps ...Step) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, step := range steps {
		if v.knows(step) {
			continue
		}
		reigns, err := succeed(v.reigns, step)
		if err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
		v.reigns = reigns
		clear(v.seen)
	}
	return nil
}

func (v *Verifier) knows(step Step) bool {
	signed, err := ParseSignedHeader(step.SignedHeader)
	if err != nil {
		return false
	}
	for i, r := range v.reigns[:len(v.reigns)-1] {
		if r.until == signed.Header.Height && v.reigns[i+1].set.Hash() == step.Next.Hash() {
			return true
		}
	}
	return false
}

// Newest is the newest set that the verifier knows.
func (v *Verifier) Newest() ValidatorSet {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.reigns[len(v.reigns)-1].set
}

// Header is VerifyHeader under the set that signed at that height.
func (v *Verifier) Header(signed []byte) (Head, error) {
	f, err := v.header(signed)
	return Head{Size: f.size, Root: f.root, Height: f.height, Time: f.time}, err
}

// At is the set that signs at the height of a header; the header is not verified.
func (v *Verifier) At(signed []byte) ValidatorSet {
	header, err := ParseSignedHeader(signed)
	if err != nil {
		return v.Newest()
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.setAt(header.Header.Height)
}

// setAt is the set that signs a height; v.mu is held.
func (v *Verifier) setAt(height int64) ValidatorSet {
	for _, r := range v.reigns {
		if r.until == 0 || height <= r.until {
			return r.set
		}
	}
	panic("the last reign has no end")
}

type stepJSON struct {
	SignedHeader string       `json:"signed_header"`
	Next         ValidatorSet `json:"next"`
}

type successionJSON struct {
	V     int          `json:"v"`
	From  ValidatorSet `json:"from"`
	Steps []Step       `json:"steps"`
}

// MarshalJSON writes {"signed_header":…,"next":…} with bytes as base64url.
func (s Step) MarshalJSON() ([]byte, error) {
	return json.Marshal(stepJSON{b64.EncodeToString(s.SignedHeader), s.Next})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Step) UnmarshalJSON(b []byte) error {
	var j stepJSON
	if err := decodeDeep(b, &j, 2, "signed_header", "next"); err != nil {
		return fmt.Errorf("parsing a change of validators: %w", err)
	}
	header, err := b64.DecodeString(j.SignedHeader)
	if err != nil {
		return fmt.Errorf("parsing a change of validators: %w", malformed("signed_header", "%v", err))
	}
	*s = Step{header, j.Next}
	return nil
}

// maxSteps bounds a succession: members change a few times a year.
const maxSteps = 4096

// MarshalJSON writes the file that UnmarshalJSON reads.
func (s Succession) MarshalJSON() ([]byte, error) {
	if s.Steps == nil {
		s.Steps = []Step{}
	}
	return json.Marshal(successionJSON{1, s.From, s.Steps})
}

// UnmarshalJSON reads what MarshalJSON writes. It checks the shape only; Newest checks
// the rest.
func (s *Succession) UnmarshalJSON(b []byte) error {
	var j successionJSON
	if err := decodeDeep(b, &j, 3, "v", "from", "steps"); err != nil {
		return fmt.Errorf("parsing succession: %w", err)
	}
	switch {
	case j.V != 1:
		return fmt.Errorf("parsing succession: %w", malformed("version", "%d, this program knows 1", j.V))
	case j.Steps == nil || len(j.Steps) > maxSteps:
		return fmt.Errorf("parsing succession: %w", malformed("steps", "%d, want a list of at most %d", len(j.Steps), maxSteps))
	}
	*s = Succession{j.From, j.Steps}
	return nil
}

// OtherValidators reports whether a proof was refused because others signed it than those
// the verifier trusts: then a succession may show whether these made way for them.
func OtherValidators(err error) bool {
	refusal, ok := errors.AsType[*ProofError](err)
	return ok && refusal.Reason == ProofValidators
}

// MemberPower is that of every validator: members have equal votes.
const MemberPower = 10

// Validators is the set of those of the register who vote, in CometBFT's order.
func (r Register) Validators(chain Chain) ValidatorSet {
	set := ValidatorSet{Chain: chain}
	for _, m := range r.Members {
		if !m.Observer {
			set.Validators = append(set.Validators, Validator{m.Validator, MemberPower})
		}
	}
	slices.SortFunc(set.Validators, func(a, b Validator) int {
		x, y := a.PublicKey.Address(), b.PublicKey.Address()
		return bytes.Compare(x[:], y[:])
	})
	return set
}
