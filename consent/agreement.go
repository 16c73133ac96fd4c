package consent

import (
	"crypto/ecdh"
	"errors"
)

// AgreementKey is a P-256 public key as a JWK (RFC 7517): letters are encrypted to
// a business's, messages to a shopper's.
type AgreementKey struct {
	Kty string `json:"kty"` // EC
	Crv string `json:"crv"` // P-256
	X   Bytes  `json:"x"`   // 32 bytes
	Y   Bytes  `json:"y"`
}

// NewAgreementKey writes a P-256 public key.
func NewAgreementKey(key *ecdh.PublicKey) AgreementKey {
	p := key.Bytes() // 4 ‖ x ‖ y
	return AgreementKey{Kty: "EC", Crv: "P-256", X: p[1:33], Y: p[33:65]}
}

// Public is the key, if it is a point on the curve.
func (k AgreementKey) Public() (*ecdh.PublicKey, error) {
	if k.Kty != "EC" || k.Crv != "P-256" || len(k.X) != 32 || len(k.Y) != 32 {
		return nil, errors.New("want an EC key on P-256")
	}
	key, err := ecdh.P256().NewPublicKey(append(append([]byte{4}, k.X...), k.Y...))
	if err != nil {
		return nil, errors.New("not a point on P-256")
	}
	return key, nil
}
