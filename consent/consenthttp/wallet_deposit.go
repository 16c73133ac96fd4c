package consenthttp

import (
	"net/http"

	"github.com/gorilla/mux"
	"golang.org/x/time/rate"

	"coffer/consent"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

type walletDeposit struct {
	ID       id.Deposit   `json:"id"`
	Grant    id.Grant     `json:"grant"`
	Business party        `json:"business"`
	Received consent.Unix `json:"received"`
	Sealed   string       `json:"sealed"`
}

func (wt *wallet) deposits(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	found, err := wt.Store.Deposits(r.Context(), v)
	if err != nil {
		return answer{}, err
	}
	names, out := wt.names(), []walletDeposit{}
	for _, d := range found {
		by, err := names.of(r.Context(), d.Business)
		if err != nil {
			return answer{}, err
		}
		out = append(out, walletDeposit{d.ID, d.Grant, by, d.Received, d.Sealed})
	}
	return ok(map[string]any{"deposits": out})
}

// answerDeposit takes the shopper's word. The wallet has put an accepted record into the
// vault before it says so: twice is better than never.
func (wt *wallet) answerDeposit(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	name, err := pathID[id.Deposit](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Accept bool `json:"accept"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	to := consent.DepositDeclined
	if body.Accept {
		to = consent.DepositAccepted
	}
	return answer{status: http.StatusNoContent}, wt.Store.SettleDeposit(r.Context(), v, name, to, wt.Clock())
}

// What wallets have looked up leaves this machine, to where strangers say.
const (
	lookupRate  = 10
	lookupBurst = 100
)

func newLookups() *rate.Limiter { return rate.NewLimiter(lookupRate, lookupBurst) }

// published fetches for a wallet what an issuer publishes: a status list, or the document
// of a did:web. The page may speak to its operator only; the operator learns which issuer
// interests the shopper, and the issuer that somebody here asks.
func (wt *wallet) published(w http.ResponseWriter, r *http.Request, _ id.Vault) (answer, error) {
	var body struct {
		Address string `json:"address"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	if !wt.lookups.Allow() {
		w.Header().Set("Retry-After", "1")
		return answer{}, errTooMany
	}
	text, err := wt.Signatures.Published(r.Context(), body.Address)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"text": text})
}
