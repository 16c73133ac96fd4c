package consent

import (
	"errors"
	"time"

	"coffer/anchor"
	"coffer/internal/id"
)

// DenialReason says why a business that holds, or once held, a grant may not do
// what it asks. The set is closed.
type DenialReason string

const (
	Withdrawn    DenialReason = "withdrawn"
	Terminated   DenialReason = "terminated"
	Paused       DenialReason = "paused"
	Narrowed     DenialReason = "narrowed" // a successor took its place that gives less, or for less long
	Replaced     DenialReason = "replaced" // a successor took its place
	GrantExpired DenialReason = "expired"
	NotStarted   DenialReason = "not-started"
	NotAnchored  DenialReason = "not-anchored"
	NotCovered   DenialReason = "not-covered" // this attribute or channel was not given
	NoPermit     DenialReason = "no-permit"   // none on the ledger for this hour
	Unfulfilled  DenialReason = "condition"   // the grant's condition is not met
	ByPolicy     DenialReason = "policy"
)

// Denial is the precise answer to a business about its own grant. Whoever has no
// such grant gets ErrNotFound instead.
type Denial struct {
	Reason DenialReason
	What   string // the attribute or channel of NotCovered, the rule's title of ByPolicy and Unfulfilled

	// Again is when the same may be asked again, if a rule says no for some hours only;
	// zero otherwise.
	Again time.Time

	Successor id.Grant // of Narrowed and Replaced: the grant to go on with
}

func (d *Denial) Error() string {
	if d.What != "" {
		return string(d.Reason) + ": " + d.What
	}
	return string(d.Reason)
}

// Is matches any Denial of the same reason: errors.Is(err, consent.Withdrawn).
func (d *Denial) Is(target error) bool {
	r, ok := target.(DenialReason)
	return ok && r == d.Reason
}

// Error makes a DenialReason a target for errors.Is.
func (r DenialReason) Error() string { return string(r) }

// Denied is a policy's ruling as an error; nil when it allows.
func Denied(r Ruling) error {
	if r.Allow {
		return nil
	}
	d := &Denial{Reason: ByPolicy, Again: r.Again}
	if len(r.Reasons) > 0 {
		d.What = r.Reasons[0].Title
		if of := r.Reasons[0].Denial; of != "" {
			d.Reason = of
		}
	}
	return d
}

// DenialOf is the denial that err carries, or nil.
func DenialOf(err error) *Denial {
	d, _ := errors.AsType[*Denial](err)
	return d
}

// Need is what a business wants to do under a grant. With neither attribute nor
// channel the question is only whether the grant is live.
type Need struct {
	Business  DID
	Attribute string // to collect
	Channel   string // to send on
	Permitted bool   // its permit for this is on the ledger, or verified and about to be
}

// Check is the one answer to "is there a live consent?". It returns nil, a
// *Denial, or ErrNotFound for a business whose grant it is not.
func Check(g Grant, at time.Time, n Need) error {
	if n.Business != g.Business || g.ID.IsZero() {
		return ErrNotFound
	}
	switch g.State {
	case StateLive:
	case StatePaused:
		if !g.Expired(at) {
			return &Denial{Reason: Paused}
		}
	case StateReplaced:
		reason := Replaced
		if g.Change == ChangeNarrowed || g.Change == ChangeShortened {
			reason = Narrowed
		}
		return &Denial{Reason: reason, Successor: g.Successor}
	case StateAnchoring:
		return &Denial{Reason: NotAnchored}
	case StateTerminated:
		return &Denial{Reason: Terminated}
	case StateWithdrawn, StateErased: // that the vault is gone is not the business's to know
		return &Denial{Reason: Withdrawn}
	default:
		return ErrNotFound // no state that this program knows
	}
	switch now := anchor.EpochAt(at); {
	case now >= g.End:
		return &Denial{Reason: GrantExpired}
	case now < g.Start:
		return &Denial{Reason: NotStarted}
	}
	if n.Attribute != "" && !g.Covers(n.Attribute) {
		return &Denial{Reason: NotCovered, What: n.Attribute}
	}
	if n.Channel != "" && !g.Reaches(n.Channel) {
		return &Denial{Reason: NotCovered, What: n.Channel}
	}
	if (n.Attribute != "" || n.Channel != "") && !n.Permitted {
		return &Denial{Reason: NoPermit}
	}
	return nil
}
