package consentdb

import (
	"context"
	"errors"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// BulkLimit is how many grants pass the gate in one turn at most.
const BulkLimit = doorLimit

// Bulk is a business's wish to collect what changed under its grants of one purpose.
type Bulk struct {
	Business consent.DID
	Purpose  string
	Cursor   ChangeCursor
	Until    int64 // go no further than this change; 0 is no bound
	At       time.Time
	Judge    func(consent.Business, consent.Grant, string) error // as in Attempt
}

// Gathered is what came of one grant.
type Gathered struct {
	Grant id.Grant
	Collection
	Denied error        // if nothing was released: a *consent.Denial, or what failed
	Cursor ChangeCursor // this grant is behind it
}

// Due is one grant that a stream would come to.
type Due struct {
	Grant     id.Grant
	Permitted bool // this hour's permit is anchored
}

// CollectChanges takes the next grants of which something changed, BulkLimit at most,
// through the same gate as Collect, each with an access row of its own, in one turn
// of the writer. Grants that are not live are passed over. next is where to go on;
// complete is true if nothing was left when it looked. Nothing is held when it
// returns: a withdrawal that returns before the next call ends what is released under
// its grant. ErrCursor, ErrSuspended, ErrPending; only attempts under a grant are
// logged.
func (s *Store) CollectChanges(ctx context.Context, b Bulk) (out []Gathered, next ChangeCursor, complete bool, err error) {
	var page []change
	err = s.read(ctx, func(q *consentsql.Queries) error {
		var newest int64
		if page, newest, err = changes(ctx, q, b, BulkLimit); err != nil {
			return err
		}
		switch {
		case len(page) == BulkLimit:
			next = page[len(page)-1].cursor
		case b.Until != 0:
			next = ChangeCursor{b.Cursor.Since, b.Until}
		default:
			next, complete = ChangeCursor{newest, newest}, true
		}
		return nil
	})
	if err != nil || len(page) == 0 {
		return nil, next, complete, wrap("collecting changes", err)
	}
	var passings []*passing
	for _, c := range page {
		if len(c.attributes) == 0 {
			continue // what changed is not granted any more
		}
		p := &passing{facts: c.facts, Attempt: Attempt{Business: b.Business, Grant: c.grant.ID, Attributes: c.attributes, At: b.At, Judge: b.Judge}}
		p.learn(c.facts)
		passings = append(passings, p)
		out = append(out, Gathered{Grant: p.Grant, Cursor: c.cursor})
	}
	err = s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error { return s.admit(ctx, q, tx, passings...) })
	if err != nil && ctx.Err() == nil {
		s.admitAlone(ctx, passings)
		err = nil
	}
	if err == nil {
		s.said(passings...)
	}
	for i, p := range passings {
		if err == nil && (errors.Is(p.denied, ErrSuspended) || errors.Is(p.denied, ErrPending)) {
			err = p.denied
		}
		out[i].Collection, out[i].Denied = p.out, p.denied
		if p.err != nil {
			out[i].Collection, out[i].Denied = Collection{}, p.err
		}
	}
	if err != nil {
		return nil, b.Cursor, false, wrap("collecting changes", err)
	}
	return out, next, complete, nil
}

// DueChanges lists the grants that CollectChanges would come to from the cursor, most
// at most, so that their permits can be posted before. It decides and logs nothing.
// complete is true if there are none: everything up to next has been collected.
func (s *Store) DueChanges(ctx context.Context, b Bulk, most int) (due []Due, next ChangeCursor, complete bool, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		page, newest, err := changes(ctx, q, b, most)
		if err != nil {
			return err
		}
		for _, c := range page {
			n, err := q.Permitted(ctx, consentsql.PermittedParams{VaultID: c.grant.Vault, GrantID: c.grant.ID, Epoch: int64(anchor.EpochAt(b.At))})
			if err != nil {
				return err
			}
			if next = c.cursor; len(c.attributes) > 0 {
				due = append(due, Due{c.grant.ID, n > 0})
			}
		}
		if complete = len(page) == 0; complete {
			next = ChangeCursor{newest, newest}
		}
		return nil
	})
	return due, next, complete, wrap("listing changes", err)
}

// change is one grant of a page.
type change struct {
	facts
	attributes []string // that changed
	cursor     ChangeCursor
}

// changes reads the next page, and the newest change that it could see.
func changes(ctx context.Context, q *consentsql.Queries, b Bulk, most int) (page []change, newest int64, err error) {
	if newest, err = q.LatestChange(ctx, b.Business); err != nil {
		return nil, 0, err
	}
	if b.Cursor.At > newest || b.Until > newest {
		return nil, 0, ErrCursor
	}
	until := newest
	if b.Until != 0 {
		until = b.Until
	}
	by, err := one(q.Business(ctx, b.Business))
	if err != nil {
		return nil, 0, err
	}
	business := consent.Business{DID: b.Business, State: consent.BusinessState(by.State)}
	if business.Purposes, err = fromJSON(by.Purposes); err != nil {
		return nil, 0, err
	}
	rows, err := q.ChangesAfter(ctx, consentsql.ChangesAfterParams{
		Business: b.Business, After: b.Cursor.At, Until: until, Purpose: b.Purpose, Epoch: int64(anchor.EpochAt(b.At)), Most: int32(most),
	})
	if err != nil {
		return nil, 0, err
	}
	for _, row := range rows {
		c := change{facts: facts{business: business, purposes: by.Purposes}, cursor: ChangeCursor{b.Cursor.Since, row.Latest}}
		if c.grant, err = bareGrant(row.GrantRecord); err != nil {
			return nil, 0, err
		}
		if c.grant, err = withTerms(c.grant, row.Jurisdictions, row.Destinations, row.HangsOn); err != nil {
			return nil, 0, err
		}
		if c.attributes, err = changedSince(row, c.grant.Attributes, b.Cursor.Since); err != nil {
			return nil, 0, err
		}
		page = append(page, c)
	}
	return page, newest, nil
}
