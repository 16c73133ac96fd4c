package agent

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	ariesjose "github.com/hyperledger/aries-framework-go/pkg/doc/jose"

	"coffer/consent"
)

// Signer signs as a DID. The key may live in hardware: only its Public and Sign
// are used.
type Signer struct {
	DID   consent.DID
	KeyID string // DID URL
	Key   crypto.Signer
}

// NewSigner signs as the key's own did:key: P-256 for a business, Ed25519 for a
// shopper's pairwise identity.
func NewSigner(key crypto.Signer) (Signer, error) {
	d, err := KeyDID(key.Public())
	if err != nil {
		return Signer{}, err
	}
	return Signer{DID: d, KeyID: KeyID(d), Key: key}, nil
}

// SignJWS signs the payload's exact bytes, for businesses (ES256).
func (s Signer) SignJWS(typ string, payload []byte) (string, error) {
	if k, ok := s.Key.Public().(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
		return "", errors.New("signing a JWS: want a P-256 key")
	}
	return s.sign("ES256", typ, payload)
}

// SignReceipt signs a receipt as a JWT-VC, for shoppers (EdDSA). The receipt must
// name this signer as its subject.
func (s Signer) SignReceipt(r consent.Receipt) (string, error) {
	if _, ok := s.Key.Public().(ed25519.PublicKey); !ok {
		return "", errors.New("signing a receipt: want an Ed25519 key")
	}
	claims := r.Claims()
	if _, err := consent.ParseReceipt(claims, s.DID); err != nil {
		return "", fmt.Errorf("signing a receipt: %w", err)
	}
	return s.sign("EdDSA", consent.TypeReceipt, claims)
}

func (s Signer) sign(alg, typ string, payload []byte) (string, error) {
	return s.signAs(alg, typ, s.KeyID, payload)
}

// signAs names the key only where kid is set.
func (s Signer) signAs(alg, typ, kid string, payload []byte) (string, error) {
	headers := ariesjose.Headers{ariesjose.HeaderType: typ}
	if kid != "" {
		headers[ariesjose.HeaderKeyID] = kid
	}
	jws, err := ariesjose.NewJWS(headers, nil, payload, algSigner{alg, s.Key})
	if err != nil {
		return "", errors.New("signing: the key refused") // aries' error could quote the payload
	}
	compact, err := jws.SerializeCompact(false)
	if err != nil {
		return "", errors.New("signing: no JWS")
	}
	return compact, nil
}

// algSigner is one key under one algorithm, as aries wants it.
type algSigner struct {
	alg string
	key crypto.Signer
}

func (a algSigner) Headers() ariesjose.Headers {
	return ariesjose.Headers{ariesjose.HeaderAlgorithm: a.alg}
}

func (a algSigner) Sign(input []byte) ([]byte, error) {
	if a.alg == "EdDSA" {
		return a.key.Sign(rand.Reader, input, crypto.Hash(0))
	}
	digest := sha256.Sum256(input)
	der, err := a.key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var rs struct{ R, S *big.Int }
	if rest, err := asn1.Unmarshal(der, &rs); err != nil || len(rest) > 0 || rs.R.Sign() < 0 || rs.S.Sign() < 0 || rs.R.BitLen() > 256 || rs.S.BitLen() > 256 {
		return nil, errors.New("not an ECDSA signature")
	}
	out := make([]byte, 64) // RFC 7518, § 3.4
	rs.R.FillBytes(out[:32])
	rs.S.FillBytes(out[32:])
	return out, nil
}
