package consent

import (
	"time"

	"coffer/internal/id"
)

// The deadlines of the withdrawal loop, counted from the moment in which the event
// stood ready for the business. Thirty days is the month of GDPR Art. 12(3).
const (
	AcknowledgeWithin = 72 * time.Hour
	StateWithin       = 30 * 24 * time.Hour
)

// Loop is what became of a grant after its end: the business was told, acknowledged,
// and said what it deleted.
type Loop struct {
	Business        DID
	Grant           id.Grant
	Event           Ending
	Notified        Unix   // since when the event was there to be fetched
	Acknowledged    Unix   // 0 before; the operator's clock, as all three
	Acknowledgement string // JWS (TypeAcknowledgement)
	Stated          Unix   // 0 before
	Statement       string // JWS (TypeDeletion)
}

// Late is what a business owes since before now. The set is closed.
type Late string

const (
	NotLate             Late = ""
	LateAcknowledgement Late = "acknowledgement"
	LateStatement       Late = "statement"
)

// AcknowledgeBy is when the acknowledgement is due.
func (l Loop) AcknowledgeBy() Unix { return l.Notified + Unix(AcknowledgeWithin.Seconds()) }

// StateBy is when the deletion statement is due.
func (l Loop) StateBy() Unix { return l.Notified + Unix(StateWithin.Seconds()) }

// Closed reports whether the business has said all that it owes.
func (l Loop) Closed() bool { return l.Stated != 0 }

// Overdue says what is late at the given moment; the statement weighs more. Who has
// stated what was deleted need not acknowledge any more.
func (l Loop) Overdue(at time.Time) Late {
	switch now := UnixAt(at); {
	case l.Stated != 0:
		return NotLate
	case now > l.StateBy():
		return LateStatement
	case l.Acknowledged == 0 && now > l.AcknowledgeBy():
		return LateAcknowledgement
	}
	return NotLate
}
