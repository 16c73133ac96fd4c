package vault

import (
	"fmt"
	"time"
)

// Retention is what becomes of vaults that nobody signs in to. The zero value keeps them
// for ever.
type Retention struct {
	Months int // without anybody signed in, after which a vault is warned; 0 for never
	Days   int // from its warning until a vault is erased, if still nobody signed in
}

// Check reports what cannot be meant. A warning that nobody can see in time is none.
func (r Retention) Check() error {
	if r.Months != 0 && (r.Months < 3 || r.Months > 240) {
		return fmt.Errorf("%d months: want 0 (never) or 3 to 240", r.Months)
	}
	if r.Months != 0 && (r.Days < 30 || r.Days > 730) {
		return fmt.Errorf("%d days of warning: want 30 to 730", r.Days)
	}
	return nil
}

// On reports whether any vault is ever inactive.
func (r Retention) On() bool { return r.Months > 0 }

// Inactive says how a vault stands.
type Inactive string

const (
	Active    Inactive = "active"
	Uncounted Inactive = "uncounted" // nobody knows when somebody was signed in last
	ToWarn    Inactive = "to-warn"
	Warned    Inactive = "warned"
	ToErase   Inactive = "to-erase"
)

// Of is how a vault stands at a moment: somebody was signed in until then, which may be
// zero for unknown, and it was warned at a moment, or never.
func (r Retention) Of(until, warned, now time.Time) Inactive {
	switch {
	case until.IsZero():
		return Uncounted
	case !r.On() || until.After(r.Until(now)):
		return Active
	case !warned.After(until):
		return ToWarn
	case warned.After(r.WarnedUntil(now)):
		return Warned
	default:
		return ToErase
	}
}

// Until is when a vault that is inactive now had its last session at the latest.
func (r Retention) Until(now time.Time) time.Time { return now.AddDate(0, -r.Months, 0) }

// WarnedUntil is when a vault that is to be erased now was warned at the latest.
func (r Retention) WarnedUntil(now time.Time) time.Time { return now.AddDate(0, 0, -r.Days) }
