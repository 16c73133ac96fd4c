package consent

import (
	"crypto/sha256"
	"time"

	"coffer/internal/id"
)

// Access is one row of a grant's access log: a collection, or an attempt that was
// refused. It names attributes and never holds a value. Rows are chained, and the
// head of the chain is committed by the next hour's permit, so that neither
// operator nor business can rewrite what happened.
type Access struct {
	V         int      `json:"v"`
	Grant     id.Grant `json:"grant"`
	Time      Unix     `json:"time"`
	Requested []string `json:"requested"`
	Given     []string `json:"given"`
	Refused   string   `json:"refused"` // "" or a DenialReason
}

// NewAccess notes what was asked and what was given under a grant; refused is nil
// or the denial.
func NewAccess(g id.Grant, now time.Time, requested, given []string, refused *Denial) Access {
	a := Access{V: Version, Grant: g, Time: UnixAt(now), Requested: list(requested), Given: list(given)}
	if refused != nil {
		a.Refused = string(refused.Reason)
	}
	return a
}

// Row writes the access: the exact text that is stored and chained.
func (a Access) Row() string {
	a.V, a.Requested, a.Given = Version, list(a.Requested), list(a.Given)
	return string(write(a))
}

// ParseAccess reads a row.
func ParseAccess(row string) (Access, error) {
	var a Access
	if err := read([]byte(row), MaxRow, &a); err != nil {
		return Access{}, err
	}
	if err := version(a.V); err != nil {
		return Access{}, err
	}
	if a.Grant.IsZero() || a.Time <= 0 {
		return Access{}, malformed("want a grant and a time", "grant")
	}
	if a.Refused != "" && !nameForm.MatchString(a.Refused) {
		return Access{}, malformed("want a reason", "refused")
	}
	return a, nil
}

// LogHead sums up a grant's access log so far. The zero head is that of no rows.
type LogHead [sha256.Size]byte

func (h LogHead) String() string                { return Hash(h).String() }
func (h LogHead) MarshalText() ([]byte, error)  { return Hash(h).MarshalText() }
func (h *LogHead) UnmarshalText(t []byte) error { return (*Hash)(h).UnmarshalText(t) }

// Next is the head after one more row: SHA-256(head ‖ row).
func (h LogHead) Next(row string) LogHead {
	return sha256.Sum256(append(h[:], row...))
}

// VerifyLog reads the rows of one grant from the first, and holds them against
// the head that they must lead to.
func VerifyLog(rows []string, grant id.Grant, head LogHead) ([]Access, error) {
	var h LogHead
	log := make([]Access, len(rows))
	for i, row := range rows {
		a, err := ParseAccess(row)
		if err != nil {
			return nil, err
		}
		if a.Grant != grant {
			return nil, refuse(BrokenChain, nth("rows", i))
		}
		log[i], h = a, h.Next(row)
	}
	if h != head {
		return nil, refuse(BrokenChain, "head")
	}
	return log, nil
}
