package consenthttp

import (
	"context"
	"net/http"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// walletRights is a rights request as its shopper sees it. What it demands is in the
// wallet's own sealed copy.
type walletRights struct {
	Rights   id.Rights     `json:"rights"`
	Business party         `json:"business"`
	Grants   []id.Grant    `json:"grants"`
	Sent     consent.Unix  `json:"sent"`
	Replies  []rightsReply `json:"replies"`
}

type rightsReply struct {
	Step     consent.RightsStep `json:"step"`
	Sealed   string             `json:"sealed"`
	Received consent.Unix       `json:"received"`
}

// sendRights hands a sealed rights request to a business. That the shopper is signed
// in suffices: demanding a right must not be harder than giving.
func (wt *wallet) sendRights(w http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	var body struct {
		Rights    id.Rights   `json:"rights"`
		Business  consent.DID `json:"business"`
		Grants    []id.Grant  `json:"grants"`
		Sealed    string      `json:"sealed"`
		Documents struct {
			Puts []consentdb.Document `json:"puts"`
		} `json:"documents"`
	}
	if err := httpjson.ReadMax(w, r, &body, decisionBody); err != nil {
		return answer{}, err
	}
	if err := sealedRights(body.Sealed); err != nil {
		return answer{}, err
	}
	if body.Rights.IsZero() || len(body.Grants) == 0 || len(body.Grants) > consent.MaxRightsGrants {
		return answer{}, &consent.Refusal{Code: consent.Malformed, At: "grants"}
	}
	kept, err := wt.Store.SendRights(r.Context(), consentdb.Rights{
		ID: body.Rights, Vault: v, Business: body.Business, Grants: body.Grants, Sealed: body.Sealed,
	}, body.Documents.Puts, wt.Clock())
	if err != nil {
		return answer{}, err
	}
	return created(map[string]any{"rights": kept.ID, "sent": kept.Sent})
}

// sealedRights is all that the operator can check of an envelope.
func sealedRights(sealed string) error {
	if sealed == "" || len(sealed) > maxSealedRights {
		return &consent.Refusal{Code: consent.Malformed, At: "sealed"}
	}
	return nil
}

// maxSealedRights is the largest JWS in base64url once more.
const maxSealedRights = 2 * consent.MaxRights

func (wt *wallet) allRights(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	found, err := wt.Store.RightsOf(r.Context(), v)
	if err != nil {
		return answer{}, err
	}
	names, out := wt.names(), []walletRights{}
	for _, one := range found {
		shown, err := walletRightsOf(r.Context(), names, one)
		if err != nil {
			return answer{}, err
		}
		out = append(out, shown)
	}
	return ok(map[string]any{"rights": out})
}

func (wt *wallet) oneRights(_ http.ResponseWriter, r *http.Request, v id.Vault) (answer, error) {
	name, err := pathID[id.Rights](mux.Vars(r)["id"])
	if err != nil {
		return answer{}, err
	}
	found, err := wt.Store.Rights(r.Context(), v, name)
	if err != nil {
		return answer{}, err
	}
	shown, err := walletRightsOf(r.Context(), wt.names(), found)
	if err != nil {
		return answer{}, err
	}
	return ok(shown)
}

func walletRightsOf(ctx context.Context, names *names, r consentdb.Rights) (walletRights, error) {
	by, err := names.of(ctx, r.Business)
	out := walletRights{Rights: r.ID, Business: by, Grants: r.Grants, Sent: r.Sent, Replies: []rightsReply{}}
	for _, reply := range r.Replies {
		out.Replies = append(out.Replies, rightsReply(reply))
	}
	return out, err
}
