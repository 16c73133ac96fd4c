package anchor

import (
	"sync"

	"github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
)

// keyring remembers validators' keys in the form in which signatures are checked fastest:
// decoding a point takes as long as a fifth of a check. A set's keys are few and the same
// for years.
type keyring struct {
	mu   sync.RWMutex
	keys map[ValidatorKey]*ed25519.ExpandedPublicKey
}

// maxKeys bounds a keyring: about 1.5 kB each, and no ledger has as many validators.
const maxKeys = 512

var validatorKeys = keyring{keys: map[ValidatorKey]*ed25519.ExpandedPublicKey{}}

// strictly is how Go's crypto/ed25519 checks: without the cofactor, as WebCrypto does.
var strictly = &ed25519.Options{Verify: ed25519.VerifyOptionsStdLib}

// signed reports whether the validator signed the bytes (RFC 8032).
func (k ValidatorKey) signed(message, signature []byte) bool {
	key := validatorKeys.expand(k)
	return key != nil && ed25519.VerifyExpandedWithOptions(key, message, signature, strictly)
}

// expand gives nil for bytes that are no key.
func (r *keyring) expand(k ValidatorKey) *ed25519.ExpandedPublicKey {
	r.mu.RLock()
	key := r.keys[k]
	r.mu.RUnlock()
	if key != nil {
		return key
	}
	key, err := ed25519.NewExpandedPublicKey(k[:])
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) >= maxKeys {
		clear(r.keys)
	}
	r.keys[k] = key
	return key
}
