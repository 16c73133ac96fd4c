package consenthttp

import (
	"net/http"

	"coffer/consent"
)

// optedOut names the purposes of a request that the shopper's browser opts out of: all
// that the catalogue calls marketing, when it sends Sec-GPC: 1 (Global Privacy Control;
// 11 CCR § 7025). The wallet shows them as opted out; to decide otherwise about one
// request is left to the shopper, so nothing is refused here. The wallet's own switch
// is sealed in the vault, and the operator does not know it.
func (wt *wallet) optedOut(r *http.Request, jws string) ([]string, error) {
	out := []string{}
	if r.Header.Get("Sec-GPC") != "1" {
		return out, nil
	}
	q, err := consent.OpenRequest(r.Context(), wt.Signatures, jws, consent.ParseRules{})
	if err != nil {
		return nil, err
	}
	for _, asked := range q.Purposes {
		if p, ok := wt.Catalogue.Purpose(asked.Purpose); ok && p.Marketing {
			out = append(out, asked.ID)
		}
	}
	return out, nil
}
