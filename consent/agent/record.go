package agent

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/hyperledger/aries-framework-go/pkg/doc/signature/verifier"
	"github.com/hyperledger/aries-framework-go/pkg/doc/verifiable"
	"github.com/hyperledger/aries-framework-go/pkg/kms"

	"coffer/consent"
)

// VerifyRecord verifies a JWT-VC of anyone; see consent.Signatures. The key decides
// which algorithm counts, and the header must say the same.
func (a *Agent) VerifyRecord(_ context.Context, jwt string) (consent.Record, error) {
	h, payload, err := open(jwt, "ES256", consent.TypeRecord)
	if err != nil {
		h, payload, err = open(jwt, "EdDSA", consent.TypeRecord)
	}
	if err != nil {
		return consent.Record{}, refuse("header", errors.New("want a JWT-VC under ES256 or EdDSA, with typ JWT and a kid"))
	}
	signer, public, err := a.keyOf(h.Kid)
	if err != nil {
		return consent.Record{}, refuse("header.kid", err)
	}
	var key verifier.PublicKey
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() || h.Alg != "ES256" {
			return consent.Record{}, refuse("header.alg", errors.New("want the algorithm of the key"))
		}
		p, err := k.ECDH()
		if err != nil {
			return consent.Record{}, refuse("header.kid", errors.New("no point on its curve"))
		}
		key = verifier.PublicKey{Type: string(kms.ECDSAP256TypeIEEEP1363), Value: p.Bytes()}
	case ed25519.PublicKey:
		if h.Alg != "EdDSA" {
			return consent.Record{}, refuse("header.alg", errors.New("want the algorithm of the key"))
		}
		key = verifier.PublicKey{Type: string(kms.ED25519Type), Value: k}
	default:
		return consent.Record{}, refuse("header.kid", errors.New("want a P-256 or an Ed25519 key"))
	}
	signed, err := jose.ParseSignedCompact(jwt, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(h.Alg)})
	if err != nil {
		return consent.Record{}, refuse("", errors.New("want a compact JWS"))
	}
	if verified, err := signed.Verify(public); err != nil || string(verified) != string(payload) {
		return consent.Record{}, refuse("signature", errors.New("does not fit"))
	}
	r, err := consent.ParseRecord(payload, signer)
	if err != nil {
		return consent.Record{}, err
	}
	return r, wellFormed(jwt, payload, r, key)
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

// RecordTerms are what an issuer says of a grant.
type RecordTerms struct {
	ID      string // of the record: a URI; "" for none
	Type    string // IRI
	Subject string // consent.GrantURN of a grant
	From    time.Time
	Until   time.Time // the zero time: for good
}

// SignRecord signs a record, as a JWT-VC, for issuers: ES256 or EdDSA, as the key is.
func (s Signer) SignRecord(t RecordTerms) (string, error) {
	claims := map[string]any{
		"iss": s.DID, "sub": t.Subject, "nbf": t.From.Unix(),
		"vc": map[string]any{
			"@context": []string{firstContext}, "type": []string{"VerifiableCredential", t.Type},
			"credentialSubject": map[string]any{"id": t.Subject},
		},
	}
	if t.ID != "" {
		claims["jti"] = t.ID
	}
	if !t.Until.IsZero() {
		claims["exp"] = t.Until.Unix()
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	if _, err := consent.ParseRecord(payload, s.DID); err != nil {
		return "", fmt.Errorf("signing a record: %w", err)
	}
	alg := "ES256"
	if _, ok := s.Key.Public().(ed25519.PublicKey); ok {
		alg = "EdDSA"
	}
	return s.sign(alg, consent.TypeRecord, payload)
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
