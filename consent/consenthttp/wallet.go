package consenthttp

import (
	"net/http"

	"github.com/gorilla/mux"
	"golang.org/x/time/rate"

	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// wallet serves wallets.
type wallet struct {
	Options
	lookups *rate.Limiter
}

// Wallet registers the routes of wallets.
func Wallet(r *mux.Router, o Options) {
	if o.Sessions == nil || o.Confirm == nil {
		panic("consenthttp: Options.Sessions or Options.Confirm is not set")
	}
	wt := &wallet{o.check(), newLookups()}
	own := httpjson.SameOrigin(o.Origin)
	const under = "/wallet/v1"
	r = r.PathPrefix(under).Subrouter()
	for _, route := range []struct {
		method, path string
		serve        func(http.ResponseWriter, *http.Request, id.Vault) (answer, error)
	}{
		{http.MethodGet, "/requests", wt.requests},
		{http.MethodGet, "/requests/{id}", wt.request},
		{http.MethodPost, "/decisions/start", wt.startDecision},
		{http.MethodPost, "/decisions", wt.decide},
		{http.MethodGet, "/grants", wt.grants},
		{http.MethodGet, "/grants/{id}/proof", wt.grantProof},
		{http.MethodGet, "/grants/{id}/withdrawal-proof", wt.withdrawalProof},
		{http.MethodPost, "/grants/{id}/withdraw", wt.withdraw},
		{http.MethodPost, "/grants/{id}/change/start", wt.startChange},
		{http.MethodPost, "/grants/{id}/change", wt.change},
		{http.MethodPost, "/grants/{id}/expired", wt.expired},
		{http.MethodGet, "/grants/{id}/loop", wt.loop},
		{http.MethodGet, "/loops", wt.owed},
		{http.MethodGet, "/reminders", wt.reminders},
		{http.MethodGet, "/accesses", wt.accesses},
		{http.MethodGet, "/messages", wt.inbox},
		{http.MethodGet, "/messages/{id}/proof", wt.messageProof},
		{http.MethodPost, "/messages/{id}/read", wt.readMessage},
		{http.MethodDelete, "/messages/{id}", wt.deleteMessage},
		{http.MethodGet, "/deposits", wt.deposits},
		{http.MethodPost, "/deposits/{id}", wt.answerDeposit},
		{http.MethodPost, "/published", wt.published},
		{http.MethodPost, "/rights", wt.sendRights},
		{http.MethodGet, "/rights", wt.allRights},
		{http.MethodGet, "/rights/{id}", wt.oneRights},
		{http.MethodGet, "/clock", wt.clock},
		{http.MethodPut, "/clock", wt.setClock},
		{http.MethodPost, "/erase/start", wt.startErase},
		{http.MethodPost, "/erase", wt.erase},
	} {
		name := route.method + " " + under + route.path
		r.Handle(route.path, own(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var a answer
			v, err := wt.Sessions.Vault(r)
			if err == nil {
				a, err = route.serve(w, r, v)
			}
			wt.reply(w, r, name, a, err)
		}))).Methods(route.method)
	}
}

func (wt *wallet) names() *names { return &names{store: wt.Store} }

func (wt *wallet) request(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	name, err := pathID[id.Request](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	q, err := wt.Store.Request(r.Context(), v, name)
	if err != nil {
		return answer{}, err
	}
	b, err := wt.Store.Business(r.Context(), q.Business)
	if err != nil {
		return answer{}, err
	}
	optedOut, err := wt.optedOut(r, q.JWS)
	if err != nil {
		return answer{}, err
	}
	partners, err := wt.partners(r.Context(), q.JWS)
	if err != nil {
		return answer{}, err
	}
	return ok(struct {
		Request      string           `json:"request"`
		Status       consentdb.Status `json:"status"`
		Business     party            `json:"business"`
		OptedOut     []string         `json:"opted_out"`
		Partners     []party          `json:"partners"`
		Cosignatures []string         `json:"cosignatures"`
	}{q.JWS, q.Status(wt.Clock()), party{DID: b.DID, Name: b.Name, State: b.State}, optedOut, partners, list(q.Cosignatures)})
}
