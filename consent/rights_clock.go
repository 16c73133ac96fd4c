package consent

import "time"

// The legal clocks. Days are UTC days and public holidays are not known here, so a
// due date may be a day or two early for a business where its last day is one.

// RightsTimes are the moments at which the operator took a rights request and each
// step of the business, 0 for what has not happened. The operator is the witness:
// neither end could set its own clock back.
type RightsTimes struct {
	Sent         Unix `json:"sent"`
	Acknowledged Unix `json:"acknowledged"`
	Extended     Unix `json:"extended"`
	Answered     Unix `json:"answered"`
}

// After these times somebody who cannot read a rights request, as the operator, has to
// ask what became of it: an answer is due after a month under the GDPR and after 45 days
// under the CCPA; after three months and 90 days once the business took longer.
const (
	AskAfter         = 33 * 24 * time.Hour
	AskAfterExtended = 95 * 24 * time.Hour
)

// RightsState is where a rights request stands.
type RightsState string

const (
	StateRightsSent         RightsState = "sent"
	StateRightsAcknowledged RightsState = "acknowledged"
	StateRightsExtended     RightsState = "extended"
	StateRightsAnswered     RightsState = "answered"
	StateRightsOverdue      RightsState = "overdue" // computed: due, and not answered
)

// Extendable reports whether the law gives the business more time if it says why.
// An opt-out has none.
func (q RightsRequest) Extendable() bool { return q.Right != RightOptOut }

// Due is the day, as its first moment in UTC, by whose end the answer is due. An
// extension counts only if the shopper was told of it before the first due day was
// over, and an opt-out has none.
func (q RightsRequest) Due(t RightsTimes) time.Time {
	first := q.deadline(t.Sent, false)
	if t.Extended > 0 && t.Extended.Time().Before(first.AddDate(0, 0, 1)) {
		return q.deadline(t.Sent, true)
	}
	return first
}

// State is where the request stands at that moment.
func (q RightsRequest) State(t RightsTimes, at time.Time) RightsState {
	switch {
	case t.Answered > 0:
		return StateRightsAnswered
	case !at.Before(q.Due(t).AddDate(0, 0, 1)):
		return StateRightsOverdue
	case t.Extended > 0:
		return StateRightsExtended
	case t.Acknowledged > 0:
		return StateRightsAcknowledged
	}
	return StateRightsSent
}

// DaysLeft counts the days from the moment's day to the due day; negative when it is
// over.
func (q RightsRequest) DaysLeft(t RightsTimes, at time.Time) int {
	return int(q.Due(t).Sub(day(at)) / (24 * time.Hour))
}

// deadline counts from the day on which the business could read the request.
func (q RightsRequest) deadline(sent Unix, extended bool) time.Time {
	from := day(sent.Time())
	switch {
	case q.Right == RightOptOut: // 11 CCR § 7026(f): 15 business days
		return workingDays(from, 15)
	case q.Regime == RegimeCCPA && extended: // Cal. Civ. Code § 1798.130(a)(2): 45 days, once 45 more
		return from.AddDate(0, 0, 90)
	case q.Regime == RegimeCCPA:
		return from.AddDate(0, 0, 45)
	case extended: // GDPR art. 12(3): one month, two further months; both from receipt
		return working(months(from, 3))
	}
	return working(months(from, 1))
}

func day(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// months is the same day so many months later, or the last day of that month if it
// has no such day (Regulation 1182/71, art. 3(2)(c)). Go's AddDate would run over.
func months(from time.Time, n int) time.Time {
	y, m, d := from.Date()
	last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC)
	if d > last.Day() {
		return last
	}
	return time.Date(y, m+time.Month(n), d, 0, 0, 0, 0, time.UTC)
}

// working is the day, or the Monday after a weekend (Regulation 1182/71, art. 3(4)).
func working(t time.Time) time.Time {
	for weekend(t) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// workingDays is the n-th Monday to Friday after the day.
func workingDays(from time.Time, n int) time.Time {
	for n > 0 {
		if from = from.AddDate(0, 0, 1); !weekend(from) {
			n--
		}
	}
	return from
}

func weekend(t time.Time) bool {
	return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
}
