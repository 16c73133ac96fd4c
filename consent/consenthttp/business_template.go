package consenthttp

import (
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// behindPage bounds how many grants one look for those behind goes through.
const behindPage = 500

// putTemplate keeps a version of a template, and says at once what it means for the
// grants that stand: what differs, and how many need consent anew.
func (b *business) putTemplate(w http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var body struct {
		Template string `json:"template"`
	}
	if err := httpjson.ReadMax(w, r, &body, requestBody); err != nil {
		return answer{}, err
	}
	t, err := consent.OpenTemplate(r.Context(), b.Signatures, body.Template, b.rules(by))
	if err == nil && t.Iss != by.DID {
		err = &consent.Refusal{Code: consent.WrongIssuer, At: "iss"}
	}
	if err != nil {
		return answer{}, err
	}
	got, err := b.Store.PutTemplate(r.Context(), t, b.Clock())
	if err != nil {
		return answer{}, err
	}
	return created(struct {
		templateVersion
		Name   string `json:"template"`
		Older  int    `json:"older"`
		Behind int    `json:"behind"`
	}{versionOf(t, got.Differences), t.Name, got.Older, got.Behind})
}

// templateVersion is one version of a template, and what it says differently from the
// one before.
type templateVersion struct {
	Version     int                  `json:"version"`
	Hash        consent.Hash         `json:"hash"`
	Issued      consent.Unix         `json:"issued"`
	Material    bool                 `json:"material"`
	Differences []consent.Difference `json:"differences"`
}

func versionOf(t consent.Template, all []consent.Difference) templateVersion {
	if all == nil {
		all = []consent.Difference{}
	}
	return templateVersion{t.Version, t.Hash(), t.Iat, consent.IsMaterial(all), all}
}

func (b *business) templates(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	latest, err := b.Store.Templates(r.Context(), by.DID)
	return answer{http.StatusOK, map[string]any{"templates": latest}}, err
}

func (b *business) template(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	name := mux.Vars(r)["name"]
	all, err := b.Store.TemplateVersions(r.Context(), by.DID, name)
	if err != nil {
		return answer{}, err
	}
	list := []templateVersion{}
	for i, t := range all {
		var differences []consent.Difference
		if i > 0 {
			differences = consent.Differences(all[i-1].Asks(), t.Asks())
		}
		list = append(list, versionOf(t, differences))
	}
	return ok(map[string]any{"template": name, "versions": list})
}

// templateVersion answers with the signed text.
func (b *business) templateVersion(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	all, err := b.Store.TemplateVersions(r.Context(), by.DID, mux.Vars(r)["name"])
	n, bad := strconv.Atoi(mux.Vars(r)["version"])
	if err == nil && (bad != nil || n < 1 || n > len(all)) {
		err = consent.ErrNotFound
	}
	if err != nil {
		return answer{}, err
	}
	return ok(map[string]any{"template": all[n-1].JWS, "version": n, "hash": all[n-1].Hash()})
}

// behindJSON is one grant that needs consent anew.
type behindJSON struct {
	Grant   id.Grant   `json:"grant"`
	Request id.Request `json:"request"`
	Purpose string     `json:"purpose_id"`
	Version int        `json:"version"`
	Asked   *askedJSON `json:"asked"`
}

// askedJSON is the request that asks for it, and what became of that.
type askedJSON struct {
	Request id.Request `json:"request"`
	Status  string     `json:"status"`
}

func (b *business) behind(_ http.ResponseWriter, r *http.Request, by consent.Business) (answer, error) {
	var after id.Grant
	if cursor := r.URL.Query().Get("after"); cursor != "" {
		var err error
		if after, err = id.Parse[id.Grant](cursor); err != nil {
			return answer{}, &consent.Refusal{Code: consent.Malformed, At: "after"}
		}
	}
	now := b.Clock()
	found, next, err := b.Store.Behind(r.Context(), by.DID, mux.Vars(r)["name"], after, behindPage, now)
	if err != nil {
		return answer{}, err
	}
	list := []behindJSON{}
	for _, g := range found {
		line := behindJSON{g.Grant, g.Request, g.Purpose, g.Version, nil}
		if g.Asked != nil {
			line.Asked = &askedJSON{g.Asked.ID, string(g.Asked.Status(now))}
		}
		list = append(list, line)
	}
	cursor := ""
	if !next.IsZero() {
		cursor = next.String()
	}
	return ok(map[string]any{"grants": list, "next": cursor})
}
