package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// UseProof remembers a DPoP proof, by the digest of its key and jti, until it could
// not be used any more. first is false if it was used before. Several daemons on one
// database share this memory.
func (s *Store) UseProof(ctx context.Context, proof consent.Hash, expires time.Time) (first bool, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		n, err := q.UseProof(ctx, consentsql.UseProofParams{Digest: proof[:], Expires: expires.Unix()})
		first = n == 1
		return err
	})
	return first, wrap("remembering a proof", err)
}

// RevokeToken makes an access token worth nothing; it is remembered for as long as it
// would have been good.
func (s *Store) RevokeToken(ctx context.Context, token consent.Hash, expires time.Time) error {
	return wrap("revoking a token", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		return q.Revoke(ctx, consentsql.RevokeParams{Digest: token[:], Expires: expires.Unix()})
	}))
}

// TokenEnded reports whether an access token was revoked, or the approval that it is
// under has ended; the zero approval is none.
func (s *Store) TokenEnded(ctx context.Context, token consent.Hash, under id.Approval) (ended bool, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		found, err := q.TokenEnded(ctx, consentsql.TokenEndedParams{Digest: token[:], ApprovalID: under})
		ended = found.Bool
		return err
	})
	return ended, wrap("looking at a token", err)
}

// keptUsed is how long a code is remembered after its time, so that its reuse is seen.
const keptUsed = time.Hour

// prunedAtOnce bounds how long Expire keeps the writer: a proof comes with every request
// of a business, and a million of them can be over together.
const prunedAtOnce = 2000

// Expire removes proofs, pushed requests, codes, approvals and revocations whose time
// is over. Nobody can use one meanwhile.
func (s *Store) Expire(ctx context.Context, now time.Time) error {
	at := now.Unix()
	for _, prune := range []func(context.Context, *consentsql.Queries) (int64, error){
		func(ctx context.Context, q *consentsql.Queries) (int64, error) {
			return q.PruneProofs(ctx, consentsql.PruneProofsParams{Expires: at, Limit: prunedAtOnce})
		},
		func(ctx context.Context, q *consentsql.Queries) (int64, error) {
			return q.PruneAssertions(ctx, consentsql.PruneAssertionsParams{Expires: at, Limit: prunedAtOnce})
		},
	} {
		for n := int64(prunedAtOnce); n == prunedAtOnce; { // each turn lets others write
			err := s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) (err error) {
				n, err = prune(ctx, q)
				return err
			})
			if err != nil {
				return wrap("removing what is over", err)
			}
		}
	}
	return wrap("removing what is over", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		for _, prune := range []func(context.Context, int64) error{q.PrunePushed, q.PruneApprovals, q.PruneRevoked} {
			if err := prune(ctx, at); err != nil {
				return err
			}
		}
		if err := q.PruneErasedReceipts(ctx, now.Add(-consent.StateWithin).Unix()); err != nil {
			return err
		}
		return q.PruneCodes(ctx, now.Add(-keptUsed).Unix())
	}))
}
