package consenthttp

import (
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// deposit takes a record for the shopper of a grant, sealed to the shopper. It asks for
// nothing, so it takes no permit; it stands under the grant, and within its limits.
func (b *business) deposit(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	g, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	var body struct {
		ID     id.Deposit `json:"id"`
		Sealed string     `json:"sealed"`
	}
	if err := httpjson.ReadMax(w, r, &body, messageBody); err != nil {
		return answer{}, err
	}
	if body.ID.IsZero() || body.Sealed == "" || len(body.Sealed) > consent.MaxPacked {
		return answer{}, &consent.Refusal{Code: consent.Malformed, At: "sealed"}
	}
	if err := b.within(r.Context(), g); err != nil {
		return answer{}, err
	}
	kept, err := b.Store.PutDeposit(r.Context(), consentdb.Deposit{ID: body.ID, Grant: g, Business: by.DID, Sealed: body.Sealed}, b.Clock())
	if err != nil {
		return answer{}, err
	}
	return created(depositJSON{kept.ID, kept.State, kept.Received, kept.Settled})
}

func (b *business) deposited(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	g, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	name, err := pathID[id.Deposit](mux.Vars(r)["deposit"])
	if err != nil {
		return answer{}, err
	}
	if err := b.within(r.Context(), g); err != nil {
		return answer{}, err
	}
	kept, err := b.Store.DepositOf(r.Context(), by.DID, g, name)
	if err != nil {
		return answer{}, err
	}
	return ok(depositJSON{kept.ID, kept.State, kept.Received, kept.Settled})
}

type depositJSON struct {
	ID       id.Deposit           `json:"id"`
	State    consent.DepositState `json:"state"`
	Received consent.Unix         `json:"received"`
	Settled  consent.Unix         `json:"settled"` // 0 while it waits
}
