package coffer

import (
	"errors"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/business"
)

// Denial says why something cannot be done under a grant of yours.
type Denial = consent.Denial

// DenialReason is the reason of a Denial, and a target for errors.Is.
type DenialReason = consent.DenialReason

// Reasons of a Denial, as in errors.Is(err, coffer.Withdrawn).
const (
	Withdrawn   = consent.Withdrawn    // by the shopper
	Terminated  = consent.Terminated   // by the business, by an order, or refused by the ledger
	Expired     = consent.GrantExpired // its time is over: ask anew
	NotStarted  = consent.NotStarted   // its time has not begun
	NotAnchored = consent.NotAnchored  // not on the ledger yet: wait a moment
	NotCovered  = consent.NotCovered   // it does not name this attribute or channel
	Paused      = consent.Paused       // by the shopper, who may resume it
	Narrowed    = consent.Narrowed     // a grant that gives less took its place: Denial.Successor
	Replaced    = consent.Replaced     // another grant took its place: Denial.Successor
	NoPermit    = consent.NoPermit     // no permit of this hour is on the ledger
	Condition   = consent.Unfulfilled  // what the grant hangs on is not met; Denial.What says what
	Policy      = consent.ByPolicy     // a rule of the operator; Denial.What names it
)

// DenialOf is the denial that err carries, or nil.
func DenialOf(err error) *Denial { return consent.DenialOf(err) }

// Problem is any other answer of the operator that says no (RFC 9457).
type Problem = business.Problem

// Refusal says what is wrong with something you wrote: a request, a message, a reply.
type Refusal = consent.Refusal

// RefusalOf is the refusal that err carries, or nil.
func RefusalOf(err error) *Refusal {
	r, _ := errors.AsType[*Refusal](err)
	return r
}

var (
	ErrNoFolder    = business.ErrNoFolder    // no business in the folder
	ErrExists      = business.ErrExists      // there is one already
	ErrInUse       = business.ErrInUse       // another process has the folder open
	ErrUnreachable = business.ErrUnreachable // the operator gave no answer; send the same again
	ErrLedger      = anchor.ErrUnavailable   // the ledger gave no answer
	ErrNotFound    = business.ErrNotFound    // no such request or grant of this business
	ErrOtherLedger = business.ErrOtherLedger // others sign the ledger than those pinned, who did not agree to it
	ErrLetter      = business.ErrLetter      // a grant's letter does not stand: the grant is of no use
	ErrReturned    = business.ErrReturned    // what a browser brought back is no answer of ours
	ErrNotOver     = business.ErrNotOver     // the grant has not ended
	ErrAnswered    = business.ErrAnswered    // the rights request has its answer
	ErrFinal       = business.ErrFinal       // the record was issued for good
	ErrNoMoreTime  = business.ErrNoMoreTime  // the law gives no more time for a rights request
)
