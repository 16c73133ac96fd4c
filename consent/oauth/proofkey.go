package oauth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
)

// maxProofKeys bounds the memory of proof headers: under a kilobyte each.
const maxProofKeys = 4096

// proofKey is what a proof's header says, once it was found good.
type proofKey struct {
	key   any // *ecdsa.PublicKey of P-256, or ed25519.PublicKey
	thumb string
}

// proofKeys remembers the headers of good proofs. A client's header is the same in all
// its proofs, byte for byte, so that it is read once; the signature is verified each time.
type proofKeys struct {
	mu    sync.RWMutex
	known map[string]proofKey
}

func (k *proofKeys) get(header string) (proofKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, ok := k.known[header]
	return key, ok
}

func (k *proofKeys) put(header string, key proofKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = map[string]proofKey{}
	}
	for old := range k.known { // whichever the map gives first: reading it again costs little
		if len(k.known) < maxProofKeys {
			break
		}
		delete(k.known, old)
	}
	k.known[strings.Clone(header)] = key
}

// open verifies a proof by the key that it carries.
func (k *proofKeys) open(compact string) (thumb string, payload []byte, err error) {
	header, rest, _ := strings.Cut(compact, ".")
	key, ok := k.get(header)
	if !ok {
		if key, payload, err = openProof(compact); err != nil {
			return "", nil, err
		}
		k.put(header, key)
		return key.thumb, payload, nil
	}
	body, signature, _ := strings.Cut(rest, ".")
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !key.verify(compact[:len(header)+1+len(body)], sig) {
		return "", nil, badProof("not signed by its key")
	}
	if payload, err = base64.RawURLEncoding.DecodeString(body); err != nil {
		return "", nil, badProof("want a compact JWS of ES256 or EdDSA")
	}
	return key.thumb, payload, nil
}

// verify holds a signature as JOSE writes it (RFC 7518 section 3.4, RFC 8037 section 3.1).
func (k proofKey) verify(signed string, signature []byte) bool {
	switch key := k.key.(type) {
	case *ecdsa.PublicKey:
		if len(signature) != 64 {
			return false
		}
		digest := sha256.Sum256([]byte(signed))
		return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
	case ed25519.PublicKey:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(key, []byte(signed), signature)
	}
	return false
}
