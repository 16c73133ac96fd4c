package consent

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"time"
)

// HolderKey is the public key of who may present a record (RFC 7800): Ed25519 or P-256,
// as a JWK.
type HolderKey struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   Bytes  `json:"x"`
	Y   Bytes  `json:"y,omitempty"`
}

// NewHolderKey writes an Ed25519 key, as shoppers have them.
func NewHolderKey(key ed25519.PublicKey) HolderKey {
	return HolderKey{Kty: "OKP", Crv: "Ed25519", X: Bytes(key)}
}

// Public is the key.
func (k HolderKey) Public() (crypto.PublicKey, error) {
	switch {
	case k.Kty == "OKP" && k.Crv == "Ed25519" && len(k.X) == ed25519.PublicKeySize && len(k.Y) == 0:
		return ed25519.PublicKey(k.X), nil
	case k.Kty == "EC" && k.Crv == "P-256" && len(k.X) == 32 && len(k.Y) == 32:
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, k.X...), k.Y...))
		if err == nil {
			return key, nil
		}
	}
	return nil, malformed("want an Ed25519 or a P-256 key", "cnf.jwk")
}

// holderOf reads a cnf claim; nil for none. A way of naming the holder that is not known
// is refused: whoever has such a record could present it.
func holderOf(cnf json.RawMessage) (*HolderKey, error) {
	if len(cnf) == 0 {
		return nil, nil
	}
	var jwk json.RawMessage
	in := open(cnf)
	k := &HolderKey{}
	if in == nil || !in.read("jwk", &jwk) {
		return nil, malformed("want a key as jwk", "cnf")
	}
	if in = open(jwk); in == nil || !in.read("kty", &k.Kty) || !in.read("crv", &k.Crv) || !in.read("x", &k.X) || !in.read("y", &k.Y) {
		return nil, malformed("want a key as jwk", "cnf")
	}
	_, err := k.Public()
	return k, err
}

// Binding is what a holder signs to present a record: to whom, for which question.
type Binding struct {
	Iat   Unix   `json:"iat"`
	Aud   DID    `json:"aud"`   // the business
	Nonce string `json:"nonce"` // of its request
	Hash  Hash   `json:"sd_hash"`
}

// Payload writes what is signed, as TypeBinding.
func (b Binding) Payload() []byte { return write(b) }

// BindingRules are what a presentation is held against.
type BindingRules struct {
	Audience DID
	Nonce    string
	Now      time.Time
}

// ParseBinding reads the payload of a binding that the record's holder signed: it
// presents exactly s, to the audience, for the nonce, and was not made in the future.
// How old it may be is the nonce's to say.
func ParseBinding(payload []byte, s SDJWT, rules BindingRules) (Binding, error) {
	var b Binding
	if err := plainJSON(payload); err != nil {
		return b, err
	}
	in := open(payload)
	if in == nil || !in.read("iat", &b.Iat) || !in.read("aud", &b.Aud) || !in.read("nonce", &b.Nonce) || !in.read("sd_hash", &b.Hash) {
		return b, malformed("want iat, aud, nonce and sd_hash", "binding")
	}
	switch {
	case b.Aud != rules.Audience:
		return b, refuse(WrongBinding, "binding.aud")
	case b.Nonce != rules.Nonce:
		return b, refuse(WrongBinding, "binding.nonce")
	case b.Hash != s.Hash():
		return b, refuse(WrongBinding, "binding.sd_hash")
	case b.Iat <= 0 || b.Iat > UnixAt(rules.Now)+Unix(Skew.Seconds()):
		return b, refuse(WrongBinding, "binding.iat")
	}
	return b, nil
}
