package business

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"coffer/consent"
)

// Register introduces the business to the operator with a signed card: its name,
// contact and the purposes it will ask for. It may be repeated; a newer card
// replaces an older. A pending business waits for the operator's approval.
func (b *Business) Register(ctx context.Context) (consent.BusinessState, error) {
	p := b.profile
	var answer struct {
		State consent.BusinessState `json:"state"`
	}
	for ahead := range consent.Unix(3) {
		card := consent.Card{
			Iss: b.keys.did, Aud: p.Operator, Iat: consent.UnixAt(b.now()) + ahead,
			Name: p.Name, Contact: p.Contact, URL: p.URL, Purposes: p.Purposes,
		}
		jws, err := b.keys.signer.SignJWS(consent.TypeCard, card.Payload())
		if err != nil {
			return "", fmt.Errorf("signing the card: %w", err)
		}
		err = b.client.callOpenly(ctx, http.MethodPost, "/business/v1/registrations", map[string]string{"card": jws}, &answer)
		// Cards are told apart by the second. One of this second is there already,
		// perhaps this one, whose answer was lost: the next second's replaces it.
		if stale := (*Problem)(nil); errors.As(err, &stale) && stale.Code == "stale" && ahead < 2 {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("registering: %w", err)
		}
		break
	}
	return answer.State, nil
}
