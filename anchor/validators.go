package anchor

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Validator is one member that signs blocks.
type Validator struct {
	PublicKey ValidatorKey `json:"public_key"`
	Power     int64        `json:"power"`
}

// ValidatorSet is who signs the blocks of a chain, in CometBFT's order. A set
// that a verifier trusts is the root of all it can verify: take it from the
// members, not from whom the proofs come.
type ValidatorSet struct {
	Chain      Chain
	Validators []Validator
}

// Hash is what a header calls validators_hash.
func (s ValidatorSet) Hash() [32]byte {
	items := make([][]byte, len(s.Validators))
	for i, v := range s.Validators {
		// SimpleValidator{pub_key: PublicKey{ed25519: key}, voting_power}
		key := appendBytes(nil, 1, v.PublicKey[:])
		items[i] = appendVarint(appendBytes(nil, 1, key), 2, uint64(v.Power))
	}
	return treeRoot(items)
}

// Validate refuses a set that could be counted wrongly: without validators,
// with a key twice, with a power below one, or with more power than CometBFT
// allows.
func (s ValidatorSet) Validate() error {
	if err := s.Chain.Validate(); err != nil {
		return err
	}
	if len(s.Validators) == 0 {
		return malformed("validators", "none")
	}
	seen := make(map[ValidatorKey]bool, len(s.Validators))
	for i, v := range s.Validators {
		if seen[v.PublicKey] {
			return malformed("validators", "validator %d has the key of another", i)
		}
		seen[v.PublicKey] = true
		if v.Power < 1 {
			return malformed("validators", "validator %d has power %d, want at least 1", i, v.Power)
		}
	}
	if _, ok := s.total(); !ok {
		return malformed("validators", "more than %d power in total", maxPower)
	}
	return nil
}

// maxPower is CometBFT's MaxTotalVotingPower.
const maxPower = (1<<63 - 1) / 8

func (s ValidatorSet) total() (sum int64, ok bool) {
	for _, v := range s.Validators {
		if v.Power > maxPower-sum {
			return 0, false
		}
		sum += v.Power
	}
	return sum, true
}

// Address is how headers name the validator.
func (k ValidatorKey) Address() [20]byte {
	sum := sha256.Sum256(k[:])
	return [20]byte(sum[:20])
}

type validatorSetJSON struct {
	V          int         `json:"v"`
	ChainID    Chain       `json:"chain_id"`
	Validators []Validator `json:"validators"`
}

// MarshalJSON writes {"v":1,"chain_id":…,"validators":[{"public_key":…,"power":…}]}.
func (s ValidatorSet) MarshalJSON() ([]byte, error) {
	return json.Marshal(validatorSetJSON{1, s.Chain, s.Validators})
}

// UnmarshalJSON reads what MarshalJSON writes and validates it.
func (s *ValidatorSet) UnmarshalJSON(b []byte) error {
	var j validatorSetJSON
	if err := decodeDeep(b, &j, 3, "v", "chain_id", "validators"); err != nil {
		return fmt.Errorf("parsing validator set: %w", err)
	}
	if j.V != 1 {
		return fmt.Errorf("parsing validator set: %w", malformed("version", "%d, this program knows 1", j.V))
	}
	set := ValidatorSet{j.ChainID, j.Validators}
	if err := set.Validate(); err != nil {
		return fmt.Errorf("parsing validator set: %w", err)
	}
	*s = set
	return nil
}
