package consentdb

import (
	"context"
	"time"

	"coffer/consent"
	"coffer/internal/id"
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
	p := &passing{Attempt: a, done: make(chan struct{}), lead: make(chan struct{}, 1)}
	if f, known := s.facts.of(a.Grant); known {
		// The policy is asked before the turn, about the grant as it is if all is well.
		// In the turn its answer counts only if that is how it is.
		p.learn(f)
	}
	s.door.pass(ctx, s, p)
	s.said(p)
	if p.err == nil {
		p.err = p.denied
	}
	if p.err != nil {
		return Collection{}, wrap("collecting", p.err)
	}
	return p.out, nil
}
