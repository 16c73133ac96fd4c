package consentdb

import (
	"context"
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
	// that the grant covers if it is "". It must be pure: it may be asked inside the
	// transaction, and its answer counts for the same business and grant.
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
// too, and durable when its *consent.Denial, ErrSuspended or ErrPending is returned.
// consent.ErrNotFound, which is not logged, for a grant that is not this business's.
func (s *Store) Collect(ctx context.Context, a Attempt) (Collection, error) {
	f, err := s.facts.of(ctx, s, a.Grant)
	if err == consent.ErrNotFound {
		// There is no log left to note it in.
		err = s.read(ctx, func(q *consentsql.Queries) error {
			return notHeld(ctx, q, a.Business, a.Grant, a.At, consent.ErrNotFound)
		})
	}
	if err == nil && f.grant.Business != a.Business {
		err = consent.ErrNotFound
	}
	if err != nil {
		return Collection{}, wrap("collecting", err)
	}
	// The policy is asked before the turn, about the grant as it is if all is well.
	// In the turn its answer counts only if that is how it is.
	p := &passing{Attempt: a, facts: f, done: make(chan struct{}), lead: make(chan struct{}, 1)}
	p.agreed = f.business.State == consent.BusinessActive && a.Judge(f.business, f.grant, "") == nil
	s.door.pass(ctx, s, p)
	if p.err == nil {
		p.err = p.denied
	}
	if p.err != nil {
		return Collection{}, wrap("collecting", p.err)
	}
	return p.out, nil
}

// gated is all that a collection is judged by, as it is in the transaction.
type gated struct {
	consent.Grant
	business  consent.Business
	agreed    bool // the policy allows all that the grant covers
	permitted bool
	seq       int64 // of the last row in the access log, and its head
	head      consent.LogHead
}

// admit lets one attempt through the gate, or notes why not. An error is ours.
func (s *Store) admit(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, p *passing) error {
	row, err := one(q.Gate(ctx, consentsql.GateParams{
		Epoch: int64(anchor.EpochAt(p.At)), VaultID: p.facts.grant.Vault, GrantID: p.Grant,
	}))
	if err == consent.ErrNotFound { // erased since
		s.facts.forget(p.Grant)
		p.denied = notHeld(ctx, q, p.Business, p.Grant, p.At, err)
		return nil
	} else if err != nil {
		return err
	}
	g := gated{Grant: p.facts.grant, business: p.facts.business, permitted: row.Permitted, seq: row.Seq}
	copy(g.head[:], row.Head)
	g.State = consent.State(row.State)
	if row.BusinessState == string(g.business.State) && row.BusinessPurposes == p.facts.purposes {
		g.agreed = p.agreed && g.State == consent.StateLive
	} else {
		s.facts.forget(p.Grant)
		g.business.State = consent.BusinessState(row.BusinessState)
		if g.business.Purposes, err = fromJSON(row.BusinessPurposes); err != nil {
			return err
		}
	}
	p.out, p.denied, err = s.pass(ctx, q, tx, p.Attempt, g)
	return err
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
	for _, name := range asked {
		err := consent.Check(g.Grant, a.At, consent.Need{Business: a.Business, Attribute: name, Permitted: g.permitted})
		if err == nil && !g.agreed {
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
