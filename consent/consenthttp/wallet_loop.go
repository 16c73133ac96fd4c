package consenthttp

import (
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/internal/id"
)

// walletLoop is what became of a grant after its end, as its shopper sees it. The wallet
// verifies both statements itself.
type walletLoop struct {
	Event           consent.Ending `json:"event"`
	Notified        consent.Unix   `json:"notified"`
	Acknowledged    consent.Unix   `json:"acknowledged"`
	Acknowledgement string         `json:"acknowledgement"`
	AcknowledgeBy   consent.Unix   `json:"acknowledge_by"`
	Stated          consent.Unix   `json:"stated"`
	Statement       string         `json:"statement"`
	StateBy         consent.Unix   `json:"state_by"`
	Overdue         consent.Late   `json:"overdue"`
	Reason          string         `json:"reason"` // of an order to the operator
}

func (wt *wallet) loop(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	name, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	l, over, err := wt.Store.Loop(r.Context(), v, name)
	if err != nil {
		return answer{}, err
	}
	if !over {
		return ok(map[string]any{"loop": nil})
	}
	return ok(map[string]any{"loop": walletLoop{
		Event: l.Event, Notified: l.Notified,
		Acknowledged: l.Acknowledged, Acknowledgement: l.Acknowledgement, AcknowledgeBy: l.AcknowledgeBy(),
		Stated: l.Stated, Statement: l.Statement, StateBy: l.StateBy(),
		Overdue: l.Overdue(wt.Clock()), Reason: l.Reason,
	}})
}

// owedLoop is what a business still owes after a grant's end.
type owedLoop struct {
	Grant           id.Grant       `json:"grant"`
	Event           consent.Ending `json:"event"`
	Notified        consent.Unix   `json:"notified"`
	Acknowledgement string         `json:"acknowledgement"`
	AcknowledgeBy   consent.Unix   `json:"acknowledge_by"`
	StateBy         consent.Unix   `json:"state_by"`
	Overdue         consent.Late   `json:"overdue"`
}

// owed lists what businesses have not yet said, over all grants of the vault. The wallet
// verifies the acknowledgements; a loop that this leaves out is still on its grant's page.
func (wt *wallet) owed(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	all, err := wt.Store.Owed(r.Context(), v)
	if err != nil {
		return answer{}, err
	}
	loops := make([]owedLoop, len(all))
	for i, l := range all {
		loops[i] = owedLoop{
			Grant: l.Grant, Event: l.Event, Notified: l.Notified, Acknowledgement: l.Acknowledgement,
			AcknowledgeBy: l.AcknowledgeBy(), StateBy: l.StateBy(), Overdue: l.Overdue(wt.Clock()),
		}
	}
	return ok(map[string]any{"loops": loops})
}
