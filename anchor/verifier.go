package anchor

import (
	"crypto/sha256"
	"sync"
)

// Verifier verifies many proofs against one validator set and those that came after it
// (Follow), as an audit does. What a
// signed header fixes it works out once: the proofs of an exported trail share one.
// It is safe for concurrent use.
type Verifier struct {
	mu     sync.RWMutex
	reigns []reign            // the set that is trusted first, and those that it made way for
	seen   map[[32]byte]fixed // by the hash of the signed header's bytes; only good ones
}

// maxSeen bounds a Verifier's memory: about 100 bytes each.
const maxSeen = 4096

// NewVerifier makes a verifier for a set that the caller trusts.
func NewVerifier(set ValidatorSet) *Verifier {
	return &Verifier{reigns: []reign{{set: set}}, seen: map[[32]byte]fixed{}}
}

// Verify is Proof.Verify.
func (v *Verifier) Verify(p Proof) (Proven, error) { return p.verify(v.header) }

func (v *Verifier) header(signed []byte) (fixed, error) {
	key := sha256.Sum256(signed)
	v.mu.RLock()
	f, ok := v.seen[key]
	v.mu.RUnlock()
	if ok {
		return f, nil
	}
	parsed, err := ParseSignedHeader(signed)
	if err != nil {
		_, err = refused(ProofFormat, "%v", err)
		return fixed{}, err
	}
	v.mu.RLock()
	set := v.setAt(parsed.Header.Height)
	v.mu.RUnlock()
	if f, err = verifySigned(set, parsed); err != nil {
		return fixed{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.seen) >= maxSeen {
		clear(v.seen) // whoever has so many headers has them in order
	}
	v.seen[key] = f
	return f, nil
}
