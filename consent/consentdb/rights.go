package consentdb

import (
	"context"
	"slices"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// maxOpenRights bounds what one shopper has open at one business.
const maxOpenRights = 20

// Rights is a rights request on its way: what it demands is sealed.
type Rights struct {
	ID       id.Rights
	Vault    id.Vault
	Business consent.DID
	Grants   []id.Grant
	Sealed   string // JWE to the business
	Sent     consent.Unix
	Replies  []RightsReply // oldest first
}

// RightsReply is one step of the business, sealed to the shopper.
type RightsReply struct {
	Step     consent.RightsStep
	Sealed   string // JWE
	Received consent.Unix
}

// Times are what the legal clock is reckoned from.
func (r Rights) Times() consent.RightsTimes {
	return consent.RightsTimes{Sent: r.Sent, Acknowledged: r.at(consent.RightsAcknowledged), Extended: r.at(consent.RightsExtended), Answered: r.at(consent.RightsAnswered)}
}

func (r Rights) at(step consent.RightsStep) consent.Unix {
	if i := slices.IndexFunc(r.Replies, func(p RightsReply) bool { return p.Step == step }); i >= 0 {
		return r.Replies[i].Received
	}
	return 0
}

// SendRights keeps a rights request with the wallet's own sealed copy, and tells the
// business, in one transaction. The same again changes nothing and returns what is
// kept. consent.ErrNotFound unless every grant it names is the vault's, under this
// business, over or not; ErrReplayed for an id seen before with other content;
// ErrTooMany; or what the Keeper says of the documents.
func (s *Store) SendRights(ctx context.Context, r Rights, documents []Document, now time.Time) (kept Rights, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		if before, err := rightsByID(ctx, q, r.ID); err == nil {
			if before.Vault != r.Vault || before.Sealed != r.Sealed || before.Business != r.Business {
				return ErrReplayed
			}
			kept = before
			return nil
		} else if err != consent.ErrNotFound {
			return err
		}
		var about consent.Grant
		for _, name := range r.Grants {
			row, err := one(q.GrantByID(ctx, name))
			if err != nil {
				return err
			}
			if row.VaultID != r.Vault || row.Business != r.Business {
				return consent.ErrNotFound
			}
			if about, err = bareGrant(row); err != nil {
				return err
			}
		}
		open, err := q.OpenRights(ctx, consentsql.OpenRightsParams{VaultID: r.Vault, Business: r.Business})
		if err != nil {
			return err
		}
		if open >= maxOpenRights {
			return ErrTooMany
		}
		if err := s.keeper.PutDocuments(ctx, tx, r.Vault, documents); err != nil {
			return err
		}
		names := make([]string, len(r.Grants))
		for i, g := range r.Grants {
			names[i] = g.String()
		}
		kept, kept.Sent = r, consent.UnixAt(now)
		err = q.PutRights(ctx, consentsql.PutRightsParams{
			VaultID: r.Vault, RightsID: r.ID, Business: r.Business, Grants: toJSON(names), Sealed: r.Sealed, Sent: int64(kept.Sent),
		})
		if err != nil {
			return err
		}
		// The grant stands for it: the event outlives the vault, and must not hold more.
		return tell(ctx, q, r.Business, Event{Kind: EventRights, Request: about.Request, Grant: about.ID, At: kept.Sent})
	})
	return kept, wrap("keeping a rights request", err)
}

// RightsOf lists a vault's rights requests, newest first.
func (s *Store) RightsOf(ctx context.Context, v id.Vault) (all []Rights, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.RightsOfVault(ctx, v)
		if err != nil {
			return err
		}
		all, err = rightsOf(ctx, q, rows)
		return err
	})
	return all, wrap("listing rights requests", err)
}

// Rights returns one rights request of a vault.
func (s *Store) Rights(ctx context.Context, v id.Vault, name id.Rights) (out Rights, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		if out, err = rightsByID(ctx, q, name); err == nil && out.Vault != v {
			err = consent.ErrNotFound
		}
		return err
	})
	return out, wrap("reading a rights request", err)
}

// RightsCursor is a place in a business's list; its zero value is the beginning.
type RightsCursor struct {
	Sent consent.Unix
	ID   id.Rights
}

// RightsTo lists the rights requests to a business after the cursor, oldest first.
func (s *Store) RightsTo(ctx context.Context, business consent.DID, after RightsCursor, limit int) (all []Rights, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.RightsOfBusiness(ctx, consentsql.RightsOfBusinessParams{Business: business, Sent: int64(after.Sent), RightsID: after.ID, Limit: int32(limit)})
		if err != nil {
			return err
		}
		all, err = rightsOf(ctx, q, rows)
		return err
	})
	return all, wrap("listing rights requests", err)
}

// RightsFor returns one rights request to the business that it is for.
func (s *Store) RightsFor(ctx context.Context, business consent.DID, name id.Rights) (out Rights, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		if out, err = rightsByID(ctx, q, name); err == nil && out.Business != business {
			err = consent.ErrNotFound
		}
		return err
	})
	return out, wrap("reading a rights request", err)
}

// Unanswered is a rights request without an answer, as its operator sees it: neither the
// right nor the law.
type Unanswered struct {
	ID       id.Rights
	Business consent.DID
	Sent     consent.Unix
}

// Unanswered lists the rights requests that no business answered in the time that a law
// gives at most, the oldest first.
func (s *Store) Unanswered(ctx context.Context, now time.Time, limit int) (all []Unanswered, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.UnansweredRights(ctx, consentsql.UnansweredRightsParams{
			First: now.Add(-consent.AskAfter).Unix(), Extended: now.Add(-consent.AskAfterExtended).Unix(), Most: int32(limit),
		})
		for _, row := range rows {
			all = append(all, Unanswered{row.RightsID, row.Business, consent.Unix(row.Sent)})
		}
		return err
	})
	return all, wrap("listing rights requests without an answer", err)
}

// ReplyRights keeps one step of the business. The same again changes nothing.
// ErrAnswered after the answer; ErrReplayed for a step that was taken with other
// content; consent.ErrNotFound for a rights request to another business, and once the
// vault is erased.
func (s *Store) ReplyRights(ctx context.Context, business consent.DID, name id.Rights, reply RightsReply, now time.Time) (out Rights, err error) {
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		if out, err = rightsByID(ctx, q, name); err != nil {
			return err
		}
		if out.Business != business {
			return consent.ErrNotFound
		}
		for _, before := range out.Replies {
			switch {
			case before.Step == reply.Step && before.Sealed == reply.Sealed:
				return nil
			case before.Step == reply.Step && reply.Step != consent.RightsAnswered:
				return ErrReplayed
			case before.Step == consent.RightsAnswered:
				return ErrAnswered
			}
		}
		reply.Received = consent.UnixAt(now)
		out.Replies = append(out.Replies, reply)
		return q.PutRightsReply(ctx, consentsql.PutRightsReplyParams{
			VaultID: out.Vault, RightsID: name, Step: string(reply.Step), Sealed: reply.Sealed, Received: int64(reply.Received),
		})
	})
	return out, wrap("keeping a reply to a rights request", err)
}

func rightsByID(ctx context.Context, q *consentsql.Queries, name id.Rights) (Rights, error) {
	row, err := one(q.RightsByID(ctx, name))
	if err != nil {
		return Rights{}, err
	}
	all, err := rightsOf(ctx, q, []consentsql.Right{row})
	if err != nil {
		return Rights{}, err
	}
	return all[0], nil
}

func rightsOf(ctx context.Context, q *consentsql.Queries, rows []consentsql.Right) (all []Rights, err error) {
	for _, row := range rows {
		r := Rights{ID: row.RightsID, Vault: row.VaultID, Business: row.Business, Sealed: row.Sealed, Sent: consent.Unix(row.Sent)}
		names, err := fromJSON(row.Grants)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			g, err := id.Parse[id.Grant](name)
			if err != nil {
				return nil, wrap("reading a stored rights request", err)
			}
			r.Grants = append(r.Grants, g)
		}
		replies, err := q.RightsReplies(ctx, consentsql.RightsRepliesParams{VaultID: row.VaultID, RightsID: row.RightsID})
		if err != nil {
			return nil, err
		}
		for _, reply := range replies {
			r.Replies = append(r.Replies, RightsReply{Step: consent.RightsStep(reply.Step), Sealed: reply.Sealed, Received: consent.Unix(reply.Received)})
		}
		all = append(all, r)
	}
	return all, nil
}
