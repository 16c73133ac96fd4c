package oauth

import (
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

// detailsType is the one type of authorization_details (RFC 9396) that we know.
const detailsType = "coffer_request"

// wished is the one element of authorization_details that we know.
type wished struct {
	Type         string   `json:"type"`
	Request      string   `json:"request"`                // signed
	Cosignatures []string `json:"cosignatures,omitempty"` // of its joint partners; may be left out without any
}

// readDetails wants one element of our type.
func readDetails(text string) (wished, error) {
	var list []wished
	// What we do not know we must not pass over (RFC 9396 section 5).
	if err := httpjson.Parse([]byte(text), &list); err != nil || len(list) != 1 || list[0].Type != detailsType || list[0].Request == "" {
		return wished{}, invalidDetails(`want [{"type":"` + detailsType + `","request":"<signed request>"}]`)
	}
	return list[0], nil
}

func invalidDetails(detail string) error {
	return &oauthError{400, "invalid_authorization_details", detail}
}

// approved is what became of such an element.
type approved struct {
	Type    string     `json:"type"`
	Request id.Request `json:"request_id"`
	Grants  []granted  `json:"grants"`
}

type granted struct {
	Purpose string        `json:"purpose_id"`
	Grant   id.Grant      `json:"grant"`
	State   consent.State `json:"state"`
}

// details are the grants of an approval as they stand: in the place of one that the
// shopper changed is its successor.
func details(a consentdb.Approval) []approved {
	out := approved{Type: detailsType, Request: a.Request, Grants: []granted{}}
	for _, g := range a.Grants {
		if g.State == consent.StateReplaced {
			continue
		}
		out.Grants = append(out.Grants, granted{g.Purpose, g.Grant, g.State})
	}
	return []approved{out}
}
