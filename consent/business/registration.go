package business

import (
	"context"
	"fmt"
	"net/http"

	"coffer/consent"
)

// Register introduces the business to the operator with a signed card: its name,
// contact and the purposes it will ask for. It may be repeated; a newer card
// replaces an older. A pending business waits for the operator's approval.
func (b *Business) Register(ctx context.Context) (consent.BusinessState, error) {
	p := b.profile
	card := consent.Card{
		Iss: b.keys.did, Aud: p.Operator, Iat: consent.UnixAt(b.now()),
		Name: p.Name, Contact: p.Contact, URL: p.URL, Purposes: p.Purposes,
	}
	jws, err := b.keys.signer.SignJWS(consent.TypeCard, card.Payload())
	if err != nil {
		return "", fmt.Errorf("signing the card: %w", err)
	}
	var answer struct {
		State consent.BusinessState `json:"state"`
	}
	err = b.client.callOpenly(ctx, http.MethodPost, "/business/v1/registrations", map[string]string{"card": jws}, &answer)
	if err != nil {
		return "", fmt.Errorf("registering: %w", err)
	}
	return answer.State, nil
}
