package business

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

var (
	// ErrNoFolder says that there is no business in the folder.
	ErrNoFolder = errors.New("no business here; run: coffer key new")
	// ErrExists says that the folder holds a business already; its keys are never
	// overwritten.
	ErrExists = errors.New("a business is here already; choose another folder")
	// ErrInUse says that another process has the folder open.
	ErrInUse = errors.New("another coffer works with this folder; stop it first")
	// ErrUnreachable says that the operator or the ledger gave no answer. What was
	// being sent may have arrived: send the same again, it counts once.
	ErrUnreachable = errors.New("no answer")
	// ErrNotFound says that there is no such request or grant of this business.
	ErrNotFound = errors.New("not found")
	// ErrOtherLedger says that the ledger is not, or no longer, the one whose validators
	// are pinned: others sign it, and those did not agree to them.
	ErrOtherLedger = errors.New("the ledger's validators are not those that are pinned")
)

// Problem is an answer of the operator that says no (RFC 9457) and is no denial
// under a grant; those come as *consent.Denial.
type Problem struct {
	Status     int
	Code       string // the problem type after urn:coffer:problem:, or ""
	Title      string
	Detail     string
	Attribute  string
	Reason     string
	Successor  string // the grant that took the place of one, or ""
	RetryAfter time.Duration
	ClockOff   time.Duration // how far our clock is ahead of the operator's, where that could be why
}

func (p *Problem) Error() string {
	s := p.Title
	if p.Detail != "" {
		s += ": " + p.Detail
	}
	switch {
	case p.ClockOff > 0:
		s += fmt.Sprintf("; the clock here is %v ahead of the operator's, set it", p.ClockOff)
	case p.ClockOff < 0:
		s += fmt.Sprintf("; the clock here is %v behind the operator's, set it", -p.ClockOff)
	}
	if p.Code != "" {
		return fmt.Sprintf("the operator answers %q: %s", p.Code, s)
	}
	return fmt.Sprintf("the operator answers %d: %s", p.Status, s)
}

// denials are the problem types that say precisely why a grant does not carry
// what was asked. A code outside the set stays a Problem.
var denials = map[string]consent.DenialReason{
	"withdrawn":    consent.Withdrawn,
	"terminated":   consent.Terminated,
	"paused":       consent.Paused,
	"narrowed":     consent.Narrowed,
	"replaced":     consent.Replaced,
	"expired":      consent.GrantExpired,
	"not-started":  consent.NotStarted,
	"not-anchored": consent.NotAnchored,
	"not-covered":  consent.NotCovered,
	"no-permit":    consent.NoPermit,
	"condition":    consent.Unfulfilled,
	"policy":       consent.ByPolicy,
}

// ledgerReasons are what a refused permit says, in the words of a denial.
var ledgerReasons = map[string]consent.DenialReason{
	"withdrawn":     consent.Withdrawn,
	"ended":         consent.GrantExpired,
	"not-started":   consent.NotStarted,
	"unknown-grant": consent.NotAnchored,
}

// denial turns the operator's no under a grant into a *consent.Denial, or
// ErrNotFound; any other error stays what it is.
func denial(err error) error {
	var p *Problem
	if !errors.As(err, &p) {
		return err
	}
	if p.Code == "permit-refused" {
		if r, ok := ledgerReasons[p.Reason]; ok {
			return &consent.Denial{Reason: r}
		}
		if r, ok := denials[p.Reason]; ok {
			return &consent.Denial{Reason: r}
		}
		return err
	}
	if r, ok := denials[p.Code]; ok && p.Status == http.StatusForbidden {
		what := p.Attribute
		if what == "" {
			what = p.Detail
		}
		d := &consent.Denial{Reason: r, What: what}
		d.Successor, _ = id.Parse[id.Grant](p.Successor) // none is zero
		if p.RetryAfter > 0 {
			d.Again = time.Now().Add(p.RetryAfter)
		}
		return d
	}
	if p.Status == http.StatusNotFound && p.Code != "" { // and no stranger's 404
		return ErrNotFound
	}
	return err
}
