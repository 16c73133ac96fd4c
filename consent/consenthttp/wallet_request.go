package consenthttp

import (
	"net/http"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
)

// waitingJSON is a request that waits for this shopper without a link.
type waitingJSON struct {
	ID       id.Request   `json:"id"`
	Request  string       `json:"request"`
	Business party        `json:"business"`
	Received consent.Unix `json:"received"`
	Expires  consent.Unix `json:"expires"`
}

// requests lists the open requests that replace grants of this vault. Those of a
// business that may not act now wait until it may.
func (wt *wallet) requests(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	waiting, err := wt.Store.Waiting(r.Context(), v, wt.Clock())
	if err != nil {
		return answer{}, err
	}
	list := []waitingJSON{}
	for _, q := range waiting {
		b, err := wt.Store.Business(r.Context(), q.Business)
		if err != nil {
			return answer{}, err
		}
		if consentdb.Active(b) == nil {
			list = append(list, waitingJSON{q.ID, q.JWS, party{DID: b.DID, Name: b.Name, State: b.State}, q.Received, q.Expires})
		}
	}
	return ok(map[string]any{"requests": list})
}
