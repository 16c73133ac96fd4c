package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// Pushed is a request that came as a pushed authorization request (RFC 9126), with
// what the client wants to be sent back with.
type Pushed struct {
	Request     id.Request
	Business    consent.DID
	RedirectURI string
	State       string
	Challenge   string       // PKCE, S256
	Key         string       // thumbprint of the DPoP key that the code is bound to; "" for none
	Until       consent.Unix // of the request_uri
	Approval    id.Approval  // that the answer merges into or replaces; zero for a new one
}

// Push keeps a verified request that was pushed, under the digest of its request_uri.
// ErrReplayed as PutRequest.
func (s *Store) Push(ctx context.Context, r consent.Request, uri consent.Hash, p Pushed, now time.Time) error {
	return wrap("keeping a pushed request", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		if err := putRequest(ctx, q, r, now); err != nil {
			return err
		}
		return q.PutPushed(ctx, consentsql.PutPushedParams{
			RequestID: r.ID, Digest: uri[:], Business: r.Iss, RedirectUri: p.RedirectURI, State: p.State,
			Challenge: p.Challenge, Jkt: p.Key, Until: int64(p.Until), Expires: int64(r.Exp),
			Target: bytesOf(p.Approval),
		})
	}))
}

// PushedAs returns what was pushed under a request_uri. consent.ErrNotFound if there
// is none, or if somebody has answered it.
func (s *Store) PushedAs(ctx context.Context, uri consent.Hash) (p Pushed, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		row, err := one(q.PushedAs(ctx, uri[:]))
		p = pushedOf(row)
		return err
	})
	return p, wrap("reading a pushed request", err)
}

// IssueCode turns a pushed request that was answered into a code, and returns what
// was pushed. With a nil code (nothing was given) it only forgets the push. Either
// happens once: consent.ErrNotFound afterwards, and for a request that was not pushed.
func (s *Store) IssueCode(ctx context.Context, r id.Request, code *consent.Hash, expires time.Time) (p Pushed, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, err := one(q.PushedRequest(ctx, r))
		if err != nil {
			return err
		}
		p = pushedOf(row)
		if err := q.DropPushed(ctx, r); err != nil || code == nil {
			return err
		}
		return q.PutCode(ctx, consentsql.PutCodeParams{
			Digest: code[:], RequestID: r, Business: p.Business, RedirectUri: p.RedirectURI,
			Challenge: p.Challenge, Jkt: p.Key, Expires: expires.Unix(),
			Target: bytesOf(p.Approval),
		})
	})
	return p, wrap("issuing a code", err)
}

func pushedOf(row consentsql.Pushed) Pushed {
	p := Pushed{
		Request: row.RequestID, Business: row.Business, RedirectURI: row.RedirectUri, State: row.State,
		Challenge: row.Challenge, Key: row.Jkt, Until: consent.Unix(row.Until),
	}
	copy(p.Approval[:], row.Target)
	return p
}
