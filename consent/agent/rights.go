package agent

import (
	"context"
	"crypto/ed25519"
	"errors"

	jose "github.com/go-jose/go-jose/v4"

	"coffer/consent"
)

// SignRights signs a rights request as a shopper (EdDSA) and sets its JWS. The request
// must name this signer.
func (s Signer) SignRights(q consent.RightsRequest) (consent.RightsRequest, error) {
	if _, ok := s.Key.Public().(ed25519.PublicKey); !ok {
		return q, errors.New("signing a rights request: want an Ed25519 key")
	}
	payload := q.Payload()
	if _, err := consent.ParseRightsRequest(payload, s.DID); err != nil {
		return q, err
	}
	jws, err := s.sign("EdDSA", consent.TypeRights, payload)
	q.JWS = jws
	return q, err
}

// VerifyRights implements consent.Signatures.
func (a *Agent) VerifyRights(_ context.Context, jws string) (consent.RightsRequest, error) {
	return VerifyRights(jws)
}

// VerifyRights verifies a rights request's pairwise signature, offline, and parses
// it; its JWS is set. It returns a *consent.Refusal. Whether the signer is behind the
// grants is for RightsRequest.From to say.
func VerifyRights(jws string) (consent.RightsRequest, error) {
	h, payload, err := open(jws, "EdDSA", consent.TypeRights, true)
	if err != nil {
		return consent.RightsRequest{}, err
	}
	signer, public, err := pairwiseKey(h.Kid)
	if err != nil {
		return consent.RightsRequest{}, err
	}
	signed, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return consent.RightsRequest{}, refuse("", errors.New("want a compact JWS"))
	}
	if verified, err := signed.Verify(public); err != nil || string(verified) != string(payload) {
		return consent.RightsRequest{}, refuse("signature", errors.New("does not fit"))
	}
	q, err := consent.ParseRightsRequest(payload, signer)
	if err != nil {
		return consent.RightsRequest{}, err
	}
	q.JWS = jws
	return q, nil
}

// VerifyReply verifies and parses a business's reply to a rights request; its JWS is
// set.
func (a *Agent) VerifyReply(ctx context.Context, jws string) (consent.RightsReply, error) {
	signer, payload, err := a.VerifyJWS(ctx, jws, consent.TypeReply)
	if err != nil {
		return consent.RightsReply{}, err
	}
	r, err := consent.ParseRightsReply(payload, signer)
	if err != nil {
		return consent.RightsReply{}, err
	}
	r.JWS = jws
	return r, nil
}
