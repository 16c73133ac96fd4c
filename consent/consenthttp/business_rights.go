package consenthttp

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

const rightsPage = 100

// businessRights is a rights request as its business sees it; Sealed is left out of
// lists.
type businessRights struct {
	Rights       id.Rights    `json:"rights"`
	Grants       []id.Grant   `json:"grants"`
	Sent         consent.Unix `json:"sent"`
	Acknowledged consent.Unix `json:"acknowledged"` // 0 while it is not
	Extended     consent.Unix `json:"extended"`
	Answered     consent.Unix `json:"answered"`
	Sealed       string       `json:"sealed,omitempty"`
}

func businessRightsOf(r consentdb.Rights) businessRights {
	t := r.Times()
	return businessRights{Rights: r.ID, Grants: r.Grants, Sent: t.Sent, Acknowledged: t.Acknowledged, Extended: t.Extended, Answered: t.Answered}
}

func (b *business) allRights(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	after, err := parseRightsCursor(r.URL.Query().Get("after"))
	if err != nil {
		return answer{}, err
	}
	found, err := b.Store.RightsTo(r.Context(), by.DID, after, rightsPage)
	if err != nil {
		return answer{}, err
	}
	out, next := []businessRights{}, ""
	for _, one := range found {
		out = append(out, businessRightsOf(one))
	}
	if len(found) == rightsPage {
		last := found[rightsPage-1]
		next = base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(nil, uint64(last.Sent)), last.ID[:]...))
	}
	return ok(map[string]any{"rights": out, "next": next})
}

// parseRightsCursor reads a place in the list: time 8 ‖ id 16.
func parseRightsCursor(text string) (c consentdb.RightsCursor, err error) {
	if text == "" {
		return c, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != 24 {
		return c, &consent.Refusal{Code: consent.Malformed, At: "after"}
	}
	return consentdb.RightsCursor{Sent: consent.Unix(binary.BigEndian.Uint64(b)), ID: id.Rights(b[8:])}, nil
}

func (b *business) oneRights(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	name, err := pathID[id.Rights](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	found, err := b.Store.RightsFor(r.Context(), by.DID, name)
	if err != nil {
		return answer{}, err
	}
	out := businessRightsOf(found)
	out.Sealed = found.Sealed
	return ok(out)
}

// replyRights takes one step of the business, sealed to the shopper. When it came is
// what counts for the clock.
func (b *business) replyRights(step consent.RightsStep) func(http.ResponseWriter, *http.Request, consent.Business) (answer, error) {
	return func(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
		name, err := pathID[id.Rights](mux.Vars(r)["id"])
		if err != nil {
			return answer{}, err
		}
		var body struct {
			Sealed string `json:"sealed"`
		}
		if err := httpjson.ReadMax(w, r, &body, smallBody+maxSealedRights); err != nil {
			return answer{}, err
		}
		if err := sealedRights(body.Sealed); err != nil {
			return answer{}, err
		}
		kept, err := b.Store.ReplyRights(r.Context(), by.DID, name, consentdb.RightsReply{Step: step, Sealed: body.Sealed}, b.Clock())
		if err != nil {
			return answer{}, err
		}
		return ok(businessRightsOf(kept))
	}
}
