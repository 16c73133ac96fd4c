package consenthttp

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// present takes what a business shows for the condition of its grant. The operator
// verifies it, and keeps the paper for the shopper.
func (b *business) present(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	name, err := pathID[id.Grant](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	var body struct {
		Evidence string `json:"evidence"`
	}
	if err := httpjson.ReadMax(w, r, &body, 2*smallBody); err != nil {
		return answer{}, err
	}
	if err := b.within(r.Context(), name); err != nil {
		return answer{}, err
	}
	now := b.Clock()
	h, err := b.Store.Hanging(r.Context(), by.DID, name, now)
	if err != nil {
		return answer{}, err
	}
	e, err := consent.OpenEvidence(r.Context(), b.Signatures, body.Evidence, h.Condition, h.About, now)
	if errors.Is(err, consent.Revoked) {
		err = errors.Join(err, b.Store.EndEvidence(r.Context(), by.DID, name, body.Evidence, now))
	}
	if err != nil {
		return answer{}, err
	}
	if err := b.Store.PutEvidence(r.Context(), by.DID, name, e, now); err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"hash": e.Hash(), "until": e.Until})
}

// shownJSON is evidence as the shopper sees it.
type shownJSON struct {
	Evidence string       `json:"evidence"` // as it was presented
	By       consent.DID  `json:"by"`
	From     consent.Unix `json:"from"`  // it counts from then; 0: from the beginning
	Until    consent.Unix `json:"until"` // and before then; 0: for good
	Received consent.Unix `json:"received"`
}

// standingJSON is how the condition of a grant stands.
type standingJSON struct {
	Met      bool        `json:"met"`  // of a record or an event: evidence counts now
	Used     int         `json:"used"` // of uses
	Evidence []shownJSON `json:"evidence"`
}

func standingOf(s consentdb.Shown) *standingJSON {
	out := &standingJSON{Met: s.Met, Used: s.Used, Evidence: []shownJSON{}}
	for _, e := range s.Evidence {
		out.Evidence = append(out.Evidence, shownJSON{e.Text, e.By, e.From, e.Until, e.Received})
	}
	return out
}
