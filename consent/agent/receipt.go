package agent

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"

	"github.com/hyperledger/aries-framework-go/pkg/doc/jwt"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/fingerprint"

	"coffer/consent"
)

// VerifyReceipt verifies a receipt's JWT-VC, offline; see consent.Signatures. The
// receipt's JWT is set. It returns a *consent.Refusal.
func (a *Agent) VerifyReceipt(_ context.Context, jwt string) (consent.Receipt, error) {
	return VerifyReceipt(jwt)
}

// VerifyReceipt is the same without an Agent: a receipt takes no configuration.
func VerifyReceipt(compact string) (consent.Receipt, error) {
	h, payload, err := open(compact, "EdDSA", consent.TypeReceipt, true)
	if err != nil {
		return consent.Receipt{}, err
	}
	signer, public, err := pairwiseKey(h.Kid)
	if err != nil {
		return consent.Receipt{}, err
	}
	r, err := consent.ParseReceipt(payload, signer)
	if err != nil {
		return consent.Receipt{}, err
	}
	if err := verifyJWT(compact, public); err != nil {
		return consent.Receipt{}, err
	}
	r.JWT = compact
	return r, nil
}

// pairwiseKey is the one key of the did:key that kid names: Ed25519, or none.
func pairwiseKey(kid string) (consent.DID, ed25519.PublicKey, error) {
	name, _, _ := strings.Cut(kid, "#")
	signer := consent.DID(name)
	if !keyForm.MatchString(name) || kid != KeyID(signer) {
		return "", nil, refuse("header.kid", errors.New("want the key of a did:key"))
	}
	key, err := fingerprint.PubKeyFromDIDKey(name)
	public := ed25519.PublicKey(key)
	// Named again from the key, so that a key of another kind is no Ed25519 key.
	if again, _ := KeyDID(public); err != nil || len(key) != ed25519.PublicKeySize || again != signer {
		return "", nil, refuse("header.kid", errors.New("want an Ed25519 key"))
	}
	return signer, public, nil
}

// verifyJWT checks a JWT's signature by aries. What a credential must be beside
// signed, ParseReceipt holds it to, more narrowly than aries reads it; that aries' own
// credential parser takes it too is for a test, since it costs four times as much.
func verifyJWT(compact string, public ed25519.PublicKey) (err error) {
	defer func() {
		if recover() != nil {
			err = refuse("", errors.New("no credential"))
		}
	}()
	v, err := jwt.NewEd25519Verifier(public)
	if err == nil {
		_, _, err = jwt.Parse(compact, jwt.WithSignatureVerifier(v), jwt.WithIgnoreClaimsMapDecoding(true))
	}
	if err != nil {
		return refuse("signature", errors.New("does not fit")) // aries' error could quote the receipt
	}
	return nil
}
