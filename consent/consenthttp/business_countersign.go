package consenthttp

import (
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// countersign takes a business's answer to a receipt. What was taken once is not
// replaced: the answer says which one stands.
func (b *business) countersign(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	name, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Countersignature string `json:"countersignature"`
	}
	if err := httpjson.ReadMax(w, r, &body, smallBody); err != nil {
		return answer{}, err
	}
	g, err := b.Store.GrantOf(r.Context(), by.DID, name)
	if err != nil {
		return answer{}, err
	}
	switch {
	case g.State == consent.StateErased:
		return answer{}, &consent.Denial{Reason: consent.Withdrawn}
	case !g.Anchored: // its letter was not handed over yet
		return answer{}, &consent.Denial{Reason: consent.NotAnchored}
	}
	receipt, err := b.Signatures.VerifyReceipt(r.Context(), g.Receipt)
	if err != nil {
		return answer{}, err
	}
	c, err := consent.OpenCountersignature(r.Context(), b.Signatures, body.Countersignature, receipt)
	if err != nil {
		return answer{}, err
	}
	now := b.Clock()
	if c.Time > consent.UnixAt(now.Add(consent.Skew)) {
		return answer{}, &consent.Refusal{Code: consent.NotYet, At: "time"}
	}
	stands, err := b.Store.PutCountersignature(r.Context(), by.DID, name, body.Countersignature, now)
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]string{"countersignature": stands})
}
