package agent

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"coffer/consent"
)

// RecordTerms are what an issuer says in a record.
type RecordTerms struct {
	ID      string // of the record: a URI; "" for none
	Type    string // IRI
	Subject string // whom or what it is about: consent.GrantURN of a grant, a shopper's DID; "" for none
	From    time.Time
	Until   time.Time // the zero time: for good

	Claims map[string]any       // what it says
	Status *consent.StatusEntry // where it can be revoked; nil: nowhere
}

// SignRecord signs a record, as a JWT-VC, for issuers: ES256 or EdDSA, as the key is.
func (s Signer) SignRecord(t RecordTerms) (string, error) {
	subject := map[string]any{}
	maps.Copy(subject, t.Claims)
	vc := map[string]any{
		"@context": []string{firstContext}, "type": []string{"VerifiableCredential", t.Type}, "credentialSubject": subject,
	}
	claims := t.dated(map[string]any{"iss": s.DID, "vc": vc})
	if t.Subject != "" {
		claims["sub"], subject["id"] = t.Subject, t.Subject
	}
	if t.Status != nil {
		vc["credentialStatus"] = t.Status.Claim()
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", errors.New("signing a record: its claims are no JSON")
	}
	if _, err := consent.ParseRecord(payload, s.DID); err != nil {
		return "", fmt.Errorf("signing a record: %w", err)
	}
	return s.sign(s.alg(), consent.TypeRecord, payload)
}

func (t RecordTerms) dated(claims map[string]any) map[string]any {
	claims["nbf"] = t.From.Unix()
	if t.ID != "" {
		claims["jti"] = t.ID
	}
	if !t.Until.IsZero() {
		claims["exp"] = t.Until.Unix()
	}
	return claims
}

// SignSDRecord signs a record as an SD-JWT VC of which each claim can be shown on its
// own, and which only the holder can present. It names no subject: that would be shown
// with whatever else is.
func (s Signer) SignSDRecord(t RecordTerms, holder *consent.HolderKey) (string, error) {
	claims := t.dated(map[string]any{"iss": s.DID, "vct": t.Type, "_sd_alg": "sha-256"})
	delete(claims, "jti") // likewise
	var made consent.SDJWT
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		d, err := consent.Disclose(name, t.Claims[name])
		if err != nil {
			return "", fmt.Errorf("signing a record: %w", err)
		}
		made.Disclosures = append(made.Disclosures, d)
	}
	claims["_sd"] = made.Digests()
	if holder != nil {
		claims["cnf"] = map[string]any{"jwk": holder}
	}
	if t.Status != nil {
		claims["credentialStatus"] = t.Status.Claim()
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", errors.New("signing a record: its claims are no JSON")
	}
	if _, err := made.Reveal(payload, s.DID); err != nil {
		return "", fmt.Errorf("signing a record: %w", err)
	}
	if made.JWT, err = s.sign(s.alg(), consent.TypeSDRecord, payload); err != nil {
		return "", err
	}
	if text := made.Text(); len(text) <= consent.MaxRecord {
		return text, nil
	}
	return "", &consent.Refusal{Code: consent.Malformed, Cause: errors.New("too long")}
}

// SignBinding presents a record as its holder: what s shows, to the audience, for the
// nonce. It returns the whole presentation.
func (s Signer) SignBinding(shown consent.SDJWT, audience consent.DID, nonce string, now time.Time) (string, error) {
	shown.Binding = ""
	b := consent.Binding{Iat: consent.UnixAt(now), Aud: audience, Nonce: nonce, Hash: shown.Hash()}
	jwt, err := s.signAs(s.alg(), consent.TypeBinding, "", b.Payload())
	shown.Binding = jwt
	return shown.Text(), err
}

// SignStatusList signs a status list as a credential, for its issuer to publish.
func (s Signer) SignStatusList(l consent.StatusList) (string, error) {
	l.Issuer = s.DID
	return s.sign(s.alg(), consent.TypeRecord, l.Claims())
}

// HolderOf is the key of a shopper's pairwise DID, for a record that only this shopper
// can present.
func HolderOf(pairwise consent.DID) (consent.HolderKey, error) {
	_, key, err := pairwiseKey(KeyID(pairwise))
	return consent.NewHolderKey(key), err
}

func (s Signer) alg() string {
	if _, ok := s.Key.Public().(ed25519.PublicKey); ok {
		return "EdDSA"
	}
	return "ES256"
}
