package consenthttp

import (
	"errors"
	"net/http"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// clock tells a wallet what it told before, so that it speaks only when its clock
// moved, and never when the shopper does not want it told.
func (wt *wallet) clock(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	c, err := wt.Store.Clock(r.Context(), v)
	if err != nil {
		return answer{}, err
	}
	var quarters *int
	if c.Known {
		quarters = &c.Quarters
	}
	return ok(map[string]any{"told": c.Told, "quarters": quarters})
}

// setClock keeps how far the shopper's clock is from UTC, in quarters of an hour, so
// that rules about hours of the day can be kept; null for not to be known.
func (wt *wallet) setClock(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body struct {
		Quarters *int `json:"quarters"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	c := consentdb.Clock{Told: true}
	if body.Quarters != nil {
		c.Known, c.Quarters = true, *body.Quarters
		if c.Quarters < consentdb.FirstClock || c.Quarters > consentdb.LastClock {
			return answer{}, &consent.Refusal{Code: consent.Malformed, At: "quarters", Cause: errors.New("want -48 to 56")}
		}
	}
	if err := wt.Store.SetClock(r.Context(), v, c); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}
