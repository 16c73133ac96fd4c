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
	var denied *consent.Denial
	err = s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		b, g, permitted, err := gate(ctx, q, a)
		if err != nil {
			return err
		}
		asked := a.Attributes
		if len(asked) == 0 {
			asked = g.Attributes
		}
		var allowed []string
		if denied = consent.DenialOf(consent.Check(g, a.At, consent.Need{Business: a.Business})); denied == nil {
			allowed, c.Refused = sift(a, b, g, asked, permitted)
		}
		if len(allowed) > 0 {
			if c.Releases, err = s.keeper.Releases(ctx, tx, g.Vault, g.ID, allowed); err != nil {
				return err
			}
		}
		given := make([]string, len(c.Releases))
		for i, r := range c.Releases {
			given[i] = r.Attribute
		}
		for _, name := range allowed { // changed since it was shared, and not shared again
			if !slices.Contains(given, name) {
				c.Refused = append(c.Refused, RefusedAttribute{name, &consent.Denial{Reason: consent.NotCovered, What: name}})
			}
		}
		noted := denied
		if noted == nil && len(c.Refused) > 0 {
			noted = c.Refused[0].Denial
			if len(given) == 0 {
				denied = noted
			}
		}
		c.Log, err = note(ctx, q, g, a.At, asked, given, noted)
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

// gate reads in one query all that a collection is judged by.
func gate(ctx context.Context, q *consentsql.Queries, a Attempt) (consent.Business, consent.Grant, bool, error) {
	row, err := one(q.Gate(ctx, consentsql.GateParams{Epoch: int64(anchor.EpochAt(a.At)), GrantID: a.Grant}))
	if errors.Is(err, consent.ErrNotFound) {
		g, err := erasedGrant(ctx, q, a.Business, a.Grant)
		if err == nil {
			err = consent.Check(g, a.At, consent.Need{Business: a.Business})
		}
		return consent.Business{}, consent.Grant{}, false, err // there is no log left to note it in
	}
	if err != nil {
		return consent.Business{}, consent.Grant{}, false, err
	}
	if row.GrantRecord.Business != a.Business {
		return consent.Business{}, consent.Grant{}, false, consent.ErrNotFound
	}
	g, err := bareGrant(row.GrantRecord)
	if err != nil {
		return consent.Business{}, consent.Grant{}, false, err
	}
	b, err := businessOf(row.Business)
	return b, g, row.Permitted, err
}

// sift asks for each attribute: is it covered, is there a permit, what says the
// policy?
func sift(a Attempt, b consent.Business, g consent.Grant, asked []string, permitted bool) (allowed []string, refused []RefusedAttribute) {
	// One question for all where the answer is yes, which it nearly always is.
	all := permitted && a.Judge(b, g, "") == nil
	for _, name := range asked {
		err := consent.Check(g, a.At, consent.Need{Business: a.Business, Attribute: name, Permitted: permitted})
		if err == nil && !all {
			err = a.Judge(b, g, name)
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
func note(ctx context.Context, q *consentsql.Queries, g consent.Grant, at time.Time, asked, given []string, denied *consent.Denial) (head consent.LogHead, err error) {
	seq, head, err := lastAccess(ctx, q, g.Vault, g.ID)
	if err != nil {
		return head, err
	}
	line := consent.NewAccess(g.ID, at, asked, given, denied).Row()
	head = head.Next(line)
	err = q.PutAccess(ctx, consentsql.PutAccessParams{
		VaultID: g.Vault, GrantID: g.ID, Seq: seq + 1, Happened: at.Unix(), Line: line, Head: head[:],
	})
	if err != nil {
		return head, fmt.Errorf("noting an access: %w", err)
	}
	return head, nil
}

func lastAccess(ctx context.Context, q *consentsql.Queries, v id.Vault, g id.Grant) (seq int64, head consent.LogHead, err error) {
	last, err := one(q.LastAccess(ctx, consentsql.LastAccessParams{VaultID: v, GrantID: g}))
	if errors.Is(err, consent.ErrNotFound) {
		return 0, head, nil
	}
	if err == nil && len(last.Head) != len(head) {
		err = fmt.Errorf("head of %d bytes", len(last.Head))
	}
	if err != nil {
		return 0, head, fmt.Errorf("reading the access log: %w", err)
	}
	return last.Seq, consent.LogHead(last.Head), nil
}
