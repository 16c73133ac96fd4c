package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// Status is what has become of a request.
type Status string

const (
	StatusOpen     Status = "open"
	StatusAnswered Status = "answered"
	StatusExpired  Status = "expired"
)

// Request is a business's request as it came.
type Request struct {
	ID       id.Request
	Business consent.DID
	JWS      string
	Received consent.Unix
	Expires  consent.Unix
	Answered bool

	Cosignatures []string // JWS, one of each joint partner
}

// Status tells what has become of the request at that moment.
func (r Request) Status(at time.Time) Status {
	switch {
	case r.Answered:
		return StatusAnswered
	case at.Unix() >= int64(r.Expires):
		return StatusExpired
	}
	return StatusOpen
}

// PutRequest keeps a verified request with its co-signatures. ErrReplayed if its id was
// seen before, or its nonce from this business; a *consent.Refusal if it does not say
// what the template that it names says, replaces grants that do not stand, or names a
// partner that is not registered, or may not act.
func (s *Store) PutRequest(ctx context.Context, r consent.Request, now time.Time) error {
	return wrap("keeping a request", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		return putRequest(ctx, q, r, now)
	}))
}

func putRequest(ctx context.Context, q *consentsql.Queries, r consent.Request, now time.Time) error {
	nonce := r.Nonce.String()
	seen, err := q.RequestSeen(ctx, consentsql.RequestSeenParams{RequestID: r.ID, Business: r.Iss, Nonce: nonce})
	if err != nil {
		return err
	}
	if seen != 0 {
		return ErrReplayed
	}
	if err := checkPartners(ctx, q, r); err != nil {
		return err
	}
	err = q.PutRequest(ctx, consentsql.PutRequestParams{
		RequestID: r.ID, Business: r.Iss, Nonce: nonce, Jws: r.JWS, Expires: int64(r.Exp), Received: now.Unix(),
		Cosignatures: toJSON(r.Cosignatures),
	})
	if err != nil {
		return err
	}
	return putReferences(ctx, q, r, now)
}

// Request returns a request to a shopper. One that another vault has answered, or that
// replaces another vault's grants, does not exist for this one.
func (s *Store) Request(ctx context.Context, v id.Vault, r id.Request) (out Request, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		row, err := one(q.Request(ctx, r))
		if err != nil {
			return err
		}
		if row.Answered {
			// No row: answered by a vault that is erased now.
			if d, err := one(q.DecisionOf(ctx, r)); err != nil {
				return err
			} else if d.VaultID != v {
				return consent.ErrNotFound
			}
		}
		out = requestOf(row)
		return mayAnswer(ctx, q, v, r)
	})
	return out, wrap("reading a request", err)
}

// Answer is what a business learns of its request. Document is the shopper's
// decision, empty while there is none and after the vault was erased.
type Answer struct {
	Request
	Document string
}

// RequestOf returns a request to the business that made it.
func (s *Store) RequestOf(ctx context.Context, business consent.DID, r id.Request) (out Answer, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		row, err := one(q.Request(ctx, r))
		if err != nil {
			return err
		}
		if row.Business != business {
			return consent.ErrNotFound
		}
		out.Request = requestOf(row)
		if d, err := one(q.DecisionOf(ctx, r)); err == nil {
			k, err := s.key(ctx, d.VaultID)
			if err == nil {
				out.Document, err = k.OpenText(placeOfDecision(r), d.Document)
			}
			if err == consent.ErrNotFound {
				return nil // its vault is being erased
			}
			return err
		} else if err != consent.ErrNotFound {
			return err
		}
		return nil
	})
	return out, wrap("reading a request", err)
}

func requestOf(row consentsql.Request) Request {
	cosignatures, _ := fromJSON(row.Cosignatures) // were it broken, it would count as not co-signed
	return Request{ID: row.RequestID, Business: row.Business, JWS: row.Jws, Received: consent.Unix(row.Received), Expires: consent.Unix(row.Expires), Answered: row.Answered,
		Cosignatures: cosignatures}
}
