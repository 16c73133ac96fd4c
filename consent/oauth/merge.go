package oauth

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"coffer/consent"
	"coffer/internal/id"
)

// The actions of Grant Management for OAuth 2.0 that go with a grant_id. They are the
// modes in which a signed request replaces grants: what the client pushes and what the
// shopper reads must be the same.
func replaces(action string) bool {
	return action == string(consent.ReplaceMerge) || action == string(consent.ReplaceAll)
}

var errGrantID = &oauthError{http.StatusBadRequest, "invalid_grant_id", "no grant of this client, or one that has ended"}

// agrees holds the grant_id and the action of a push against what its signed request
// replaces: merge any of the approval's grants, replace all of them that stand.
func (s *Server) agrees(ctx context.Context, name id.Approval, action string, q consent.Request) error {
	if !replaces(action) {
		if q.Replaces != nil {
			return invalidDetails("the request replaces grants; push it with grant_management_action and grant_id")
		}
		return nil
	}
	a, err := s.o.Store.Approval(ctx, q.Iss, name)
	if errors.Is(err, consent.ErrNotFound) || err == nil && (a.Ended != 0 || !a.Stands(s.o.Clock())) {
		return errGrantID
	}
	if err != nil {
		return err
	}
	if q.Replaces == nil || string(q.Replaces.Mode) != action {
		return invalidDetails("the signed request must say the same: replaces, with mode " + action)
	}
	standing := map[id.Grant]bool{}
	for _, g := range a.Grants {
		if g.Stands(s.o.Clock()) {
			standing[g.Grant] = true
		}
	}
	if slices.ContainsFunc(q.Replaces.Grants, func(g id.Grant) bool { return !standing[g] }) {
		return invalidDetails("the request replaces a grant that is not of this grant_id, or has ended")
	}
	if action == string(consent.ReplaceAll) && len(q.Replaces.Grants) != len(standing) {
		return invalidDetails("the request must replace all grants of this grant_id that stand")
	}
	return nil
}
