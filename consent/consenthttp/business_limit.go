package consenthttp

import (
	"context"
	"errors"
	"net/http"

	"coffer/consent"
	"coffer/consent/oauth"
	"coffer/internal/id"
)

// errLimited answers for what a token that came of one approval is not for.
var errLimited = errors.New("the access token is limited to the grants of one approval")

// forLimited are the routes that take such a token; each asks within about every grant
// that it touches.
var forLimited = map[string]bool{
	"POST /grants/{id}/collect": true, "GET /grants/{id}": true, "POST /permits": true, "POST /messages": true,
	"POST /grants/{id}/evidence": true, "DELETE /grants/{id}": true,
}

// itself serves businesses with a token of their own, and none that is limited to an
// approval.
func (b *business) itself(serve func(http.ResponseWriter, *http.Request, consent.DID) (answer, error)) func(http.ResponseWriter, *http.Request, consent.DID) (answer, error) {
	return func(w http.ResponseWriter, r *http.Request, did consent.DID) (answer, error) {
		if _, limited := oauth.Limited(r.Context()); limited {
			return answer{}, errLimited
		}
		return serve(w, r, did)
	}
}

// within is nil if the request's token is good for the grant: it is limited to no
// approval, or to one that the grant is of. For a limited token no other exists.
func (b *business) within(ctx context.Context, g id.Grant) error {
	under, limited := oauth.Limited(ctx)
	if !limited {
		return nil
	}
	yes, err := b.Store.Approves(ctx, under, g)
	if err == nil && !yes {
		err = consent.ErrNotFound
	}
	return err
}
