package agent

import (
	"context"
	"errors"
	"strings"

	"github.com/hyperledger/aries-framework-go/pkg/doc/verifiable"
	"github.com/hyperledger/aries-framework-go/pkg/vdr"
	"github.com/hyperledger/aries-framework-go/pkg/vdr/key"

	"coffer/consent"
)

// pairwiseOnly resolves did:key and nothing else: verifying a receipt reaches no
// network.
var pairwiseOnly = vdr.New(vdr.WithVDR(key.New()))

// VerifyReceipt verifies a receipt's JWT-VC, offline; see consent.Signatures. The
// receipt's JWT is set. It returns a *consent.Refusal.
func (a *Agent) VerifyReceipt(_ context.Context, jwt string) (consent.Receipt, error) {
	return VerifyReceipt(jwt)
}

// VerifyReceipt is the same without an Agent: a receipt takes no configuration.
func VerifyReceipt(jwt string) (consent.Receipt, error) {
	h, payload, err := open(jwt, "EdDSA", consent.TypeReceipt)
	if err != nil {
		return consent.Receipt{}, err
	}
	name, _, _ := strings.Cut(h.Kid, "#")
	signer := consent.DID(name)
	if !keyForm.MatchString(name) || h.Kid != KeyID(signer) {
		return consent.Receipt{}, refuse("header.kid", errors.New("want the key of a did:key"))
	}
	r, err := consent.ParseReceipt(payload, signer)
	if err != nil {
		return consent.Receipt{}, err
	}
	// Aries takes the key from the issuer, which ParseReceipt holds to be signer.
	if err := verifyCredential(jwt, r); err != nil {
		return consent.Receipt{}, err
	}
	r.JWT = jwt
	return r, nil
}

func verifyCredential(jwt string, r consent.Receipt) (err error) {
	defer func() {
		if recover() != nil {
			err = refuse("", errors.New("no credential"))
		}
	}()
	vc, err := verifiable.ParseCredential([]byte(jwt),
		verifiable.WithPublicKeyFetcher(verifiable.NewVDRKeyResolver(pairwiseOnly).PublicKeyFetcher()))
	if err != nil {
		return refuse("signature", errors.New("does not fit")) // aries' error could quote the receipt
	}
	if vc.Issuer.ID != string(r.ID) || vc.ID != r.RecordID {
		return refuse("vc", errors.New("is another credential"))
	}
	return nil
}
