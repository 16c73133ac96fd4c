package agent

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/hyperledger/aries-framework-go/pkg/doc/signature/verifier"
	"github.com/hyperledger/aries-framework-go/pkg/doc/verifiable"
	"github.com/hyperledger/aries-framework-go/pkg/kms"

	"coffer/consent"
)

// VerifyRecord verifies a JWT-VC of anyone; see consent.Signatures. The key decides
// which algorithm counts, and the header must say the same.
func (a *Agent) VerifyRecord(_ context.Context, jwt string) (consent.Record, error) {
	signed, err := a.verifyAny(jwt, consent.TypeRecord)
	if err != nil {
		return consent.Record{}, err
	}
	r, err := consent.ParseRecord(signed.payload, signed.by)
	if err != nil {
		return consent.Record{}, err
	}
	return r, wellFormed(jwt, signed.payload, r, signed.key)
}

// OpenRecord verifies a record of either form: a JWT-VC, or an SD-JWT VC with whatever
// of it is shown. Whether it counts now (Record.At), was revoked (CheckStatus) or is
// presented by its holder (OpenPresentation) are other questions.
func (a *Agent) OpenRecord(ctx context.Context, text string) (consent.Record, error) {
	if !consent.IsSDJWT(text) {
		return a.VerifyRecord(ctx, text)
	}
	s, err := consent.ParseSDJWT(text)
	if err != nil {
		return consent.Record{}, err
	}
	signed, err := a.verifyAny(s.JWT, consent.TypeSDRecord, consent.TypeOldSDRecord)
	if err != nil {
		return consent.Record{}, err
	}
	return s.Reveal(signed.payload, signed.by)
}

// OpenPresentation verifies a record as a shopper presents it: OpenRecord, that it counts
// now and was not revoked, and, if it names its holder, that the holder presents exactly
// this to the audience for the nonce. A JWT-VC cannot be bound: its holder is whom it is
// about, and whoever has it can show it.
func (a *Agent) OpenPresentation(ctx context.Context, text string, rules consent.BindingRules) (consent.Record, error) {
	r, err := a.OpenRecord(ctx, text)
	if err != nil {
		return consent.Record{}, err
	}
	if err := r.At(rules.Now); err != nil {
		return consent.Record{}, err
	}
	if r.Holder != nil {
		s, err := consent.ParseSDJWT(text)
		if err != nil {
			return consent.Record{}, err
		}
		if err := verifyBinding(s, *r.Holder, rules); err != nil {
			return consent.Record{}, err
		}
	}
	return r, a.CheckStatus(ctx, r)
}

func verifyBinding(s consent.SDJWT, holder consent.HolderKey, rules consent.BindingRules) error {
	no := func(cause string) error {
		return &consent.Refusal{Code: consent.WrongBinding, At: "binding", Cause: errors.New(cause)}
	}
	public, err := holder.Public()
	if err != nil {
		return err
	}
	h, payload, err := openAny(s.Binding, false, consent.TypeBinding)
	if err != nil || h.Alg != algOf(public) {
		return no("want a JWT by the holder's key")
	}
	if err := verified(s.Binding, h.Alg, public, payload); err != nil {
		return no("the holder did not sign it")
	}
	_, err = consent.ParseBinding(payload, s, rules)
	return err
}

// signedAny is what somebody signed, under either algorithm.
type signedAny struct {
	by      consent.DID
	payload []byte
	key     verifier.PublicKey
}

func (a *Agent) verifyAny(jwt string, types ...string) (signedAny, error) {
	none := func(at, cause string) (signedAny, error) { return signedAny{}, refuse(at, errors.New(cause)) }
	h, payload, err := openAny(jwt, true, types...)
	if err != nil {
		return none("header", "want a JWT under ES256 or EdDSA, with typ "+types[0]+" and a kid")
	}
	signer, public, err := a.keyOf(h.Kid)
	if err != nil {
		return signedAny{}, refuse("header.kid", err)
	}
	if h.Alg != algOf(public) {
		return none("header.alg", "want the algorithm of the key")
	}
	if err := verified(jwt, h.Alg, public, payload); err != nil {
		return signedAny{}, err
	}
	s := signedAny{by: signer, payload: payload}
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		p, err := k.ECDH()
		if err != nil {
			return none("header.kid", "no point on its curve")
		}
		s.key = verifier.PublicKey{Type: string(kms.ECDSAP256TypeIEEEP1363), Value: p.Bytes()}
	case ed25519.PublicKey:
		s.key = verifier.PublicKey{Type: string(kms.ED25519Type), Value: k}
	}
	return s, nil
}

// openAny takes a JWT of one of the types apart, under either algorithm.
func openAny(jwt string, kid bool, types ...string) (h header, payload []byte, err error) {
	for _, typ := range types {
		for _, alg := range []string{"ES256", "EdDSA"} {
			if h, payload, err = open(jwt, alg, typ, kid); err == nil {
				return h, payload, nil
			}
		}
	}
	return h, nil, err
}

// algOf is the one algorithm that a key signs under; "" for a key that signs under none.
func algOf(public crypto.PublicKey) string {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return "ES256"
		}
	case ed25519.PublicKey:
		return "EdDSA"
	}
	return ""
}

func verified(jwt, alg string, public crypto.PublicKey, payload []byte) error {
	signed, err := jose.ParseSignedCompact(jwt, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		return refuse("", errors.New("want a compact JWS"))
	}
	if text, err := signed.Verify(public); err != nil || string(text) != string(payload) {
		return refuse("signature", errors.New("does not fit"))
	}
	return nil
}

// firstContext is that of the data model (VC Data Model 1.1, § 4.1).
const firstContext = "https://www.w3.org/2018/credentials/v1"

// wellFormed asks aries, too, whether it is a credential, and the same one. It reaches
// no network: contexts are not fetched, since nothing here is read through them.
func wellFormed(jwt string, payload []byte, r consent.Record, key verifier.PublicKey) (err error) {
	defer func() {
		if recover() != nil {
			err = refuse("", errors.New("no credential"))
		}
	}()
	var claims struct {
		VC struct {
			Context any `json:"@context"`
		} `json:"vc"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return refuse("vc", errors.New("no credential"))
	}
	var contexts []string
	list, _ := claims.VC.Context.([]any)
	for _, c := range list {
		name, _ := c.(string) // what stands in place explains no more than its own keys
		contexts = append(contexts, name)
	}
	if len(contexts) == 0 || contexts[0] != firstContext {
		return refuse("vc.@context", errors.New("want W3C's first"))
	}
	vc, err := verifiable.ParseCredential([]byte(jwt),
		verifiable.WithBaseContextExtendedValidation(contexts, r.Types), verifiable.WithNoCustomSchemaCheck(),
		verifiable.WithPublicKeyFetcher(func(string, string) (*verifier.PublicKey, error) { return &key, nil }))
	if err != nil {
		return refuse("vc", errors.New("no W3C credential (VC Data Model 1.1)")) // aries' error could quote it
	}
	if vc.Issuer.ID != string(r.Issuer) {
		return refuse("vc", errors.New("is another credential"))
	}
	return nil
}

// SignEvent signs that something happened, for the party that a condition names.
func (s Signer) SignEvent(h consent.Happened) (string, error) {
	h.Iss = s.DID
	payload := h.Payload()
	if _, err := consent.ParseHappened(payload, s.DID); err != nil {
		return "", fmt.Errorf("signing an event: %w", err)
	}
	return s.SignJWS(consent.TypeEvent, payload)
}
