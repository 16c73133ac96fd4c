package consentdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// Attempt is a business's wish to collect under one grant.
type Attempt struct {
	Business   consent.DID
	Grant      id.Grant
	Attributes []string // none means all that the grant covers
	At         time.Time

	// Judge is the policy: nil or a *consent.Denial for one attribute, or for all
	// that the grant covers if it is "". It is called inside the transaction: it
	// must be pure and quick.
	Judge func(consent.Business, consent.Grant, string) error
}

// Collection is the outcome of an attempt that was not denied as a whole.
type Collection struct {
	Releases []consent.Release
	Refused  []RefusedAttribute
	Log      consent.LogHead // with this attempt in it
}

// RefusedAttribute is one attribute that was asked for and not released.
type RefusedAttribute struct {
	Attribute string
	Denial    *consent.Denial
}

// Collect is the one door to releases. It decides, logs and reads the ciphertext in
// one transaction of the one writer: what it returns was live when it was logged,
// and after Withdraw has returned it returns nothing. A refused attempt is logged
// too, and durable when its *consent.Denial is returned. consent.ErrNotFound, which
// is not logged, for a grant that is not this business's.
func (s *Store) Collect(ctx context.Context, a Attempt) (c Collection, err error) {
	var denied error
	err = s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		g, err := gate(ctx, q, a)
		if err != nil {
			return err
		}
		c, denied, err = s.pass(ctx, q, tx, a, g)
		return err
	})
	if err != nil {
		return Collection{}, wrap("collecting", err)
	}
	if denied != nil {
		return Collection{}, denied
	}
	return c, nil
}

// gated is all that a collection is judged by.
type gated struct {
	consent.Grant
	business  consent.Business
	permitted bool
	seq       int64 // of the last row in the access log, and its head
	head      consent.LogHead
}

// gate reads it in one query.
func gate(ctx context.Context, q *consentsql.Queries, a Attempt) (g gated, err error) {
	row, err := one(q.Gate(ctx, consentsql.GateParams{Epoch: int64(anchor.EpochAt(a.At)), GrantID: a.Grant}))
	if errors.Is(err, consent.ErrNotFound) {
		return g, notHeld(ctx, q, a.Business, a.Grant, a.At, err) // there is no log left to note it in
	}
	if err != nil {
		return g, err
	}
	if row.GrantRecord.Business != a.Business {
		return g, consent.ErrNotFound
	}
	if g.Grant, err = bareGrant(row.GrantRecord); err != nil {
		return g, err
	}
	g.business = consent.Business{DID: a.Business, Name: row.Name, State: consent.BusinessState(row.BusinessState)}
	if g.business.Purposes, err = fromJSON(row.BusinessPurposes); err != nil {
		return g, err
	}
	g.permitted, g.seq = row.Permitted, row.Seq
	copy(g.head[:], row.Head)
	return g, nil
}

// pass releases what may be released and notes the attempt.
func (s *Store) pass(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, a Attempt, g gated) (c Collection, denied, err error) {
	asked := a.Attributes
	if len(asked) == 0 {
		asked = g.Attributes
	}
	var allowed, given []string
	var noted *consent.Denial
	if denied = Active(g.business); denied != nil {
		noted = &consent.Denial{Reason: consent.ByPolicy}
	} else if denied = consent.Check(g.Grant, a.At, consent.Need{Business: a.Business}); denied != nil {
		noted = consent.DenialOf(denied)
	} else {
		allowed, c.Refused = sift(a, g, asked)
	}
	if len(allowed) > 0 {
		if c.Releases, err = s.keeper.Releases(ctx, tx, g.Vault, g.ID, allowed); err != nil {
			return c, nil, err
		}
	}
	for _, r := range c.Releases {
		given = append(given, r.Attribute)
	}
	for _, name := range allowed { // changed since it was shared, and not shared again
		if !slices.Contains(given, name) {
			c.Refused = append(c.Refused, RefusedAttribute{name, &consent.Denial{Reason: consent.NotCovered, What: name}})
		}
	}
	if denied == nil && len(c.Refused) > 0 {
		noted = c.Refused[0].Denial
		if len(given) == 0 {
			denied = noted
		}
	}
	c.Log, err = note(ctx, q, g, a.At, asked, given, noted)
	return c, denied, err
}

// sift asks for each attribute: is it covered, is there a permit, what says the
// policy?
func sift(a Attempt, g gated, asked []string) (allowed []string, refused []RefusedAttribute) {
	// One question for all where the answer is yes, which it nearly always is.
	all := g.permitted && a.Judge(g.business, g.Grant, "") == nil
	for _, name := range asked {
		err := consent.Check(g.Grant, a.At, consent.Need{Business: a.Business, Attribute: name, Permitted: g.permitted})
		if err == nil && !all {
			err = a.Judge(g.business, g.Grant, name)
		}
		if err == nil {
			allowed = append(allowed, name)
			continue
		}
		d := consent.DenialOf(err)
		if d == nil { // no judge of ours: refuse, and say no more
			d = &consent.Denial{Reason: consent.ByPolicy}
		}
		refused = append(refused, RefusedAttribute{name, d})
	}
	return allowed, refused
}

// note appends to the grant's access log and returns its new head.
func note(ctx context.Context, q *consentsql.Queries, g gated, at time.Time, asked, given []string, denied *consent.Denial) (consent.LogHead, error) {
	line := consent.NewAccess(g.ID, at, asked, given, denied).Row()
	head := g.head.Next(line)
	err := q.PutAccess(ctx, consentsql.PutAccessParams{
		VaultID: g.Vault, GrantID: g.ID, Seq: g.seq + 1, Happened: at.Unix(), Line: line, Head: head[:],
	})
	if err != nil {
		return head, fmt.Errorf("noting an access: %w", err)
	}
	return head, nil
}
