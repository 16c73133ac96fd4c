package consent

import "time"

// Action is what a policy is asked about.
type Action string

const (
	ActionGive    Action = "give"    // before a decision is stored
	ActionCollect Action = "collect" // before each release
	ActionMessage Action = "message" // before each delivery
)

// Question is one attempt, with all that a policy may look at.
type Question struct {
	Action        Action
	Business      Business
	Grant         Grant
	Attribute     string // of ActionGive and ActionCollect; "" asks for the grant as a whole
	Channel       string // of ActionMessage
	SentLast7Days int    // messages under this grant
	Now           time.Time
	Zone          *time.Location // of ActionMessage: where the shopper is; nil: not known
}

// AtHour is the question asked where it is that hour of the day now.
func (q Question) AtHour(hour int) Question {
	q.Zone = time.FixedZone("", (hour-q.Now.UTC().Hour())*60*60)
	return q
}

// LocalHour is the hour of the day where the shopper is, if that is known.
func (q Question) LocalHour() (hour int, known bool) {
	if q.Zone == nil {
		return 0, false
	}
	return q.Now.In(q.Zone).Hour(), true
}

// Ruling is a policy's answer. It denies unless Allow is set.
type Ruling struct {
	Allow   bool
	Reasons []Reason // in a stable order: the rules that denied, or that permitted
	Version string   // hash of the policy set

	// Again is when a message that is denied now would be allowed, if time alone
	// makes the difference; zero otherwise.
	Again time.Time
}

// Reason is one rule that decided.
type Reason struct {
	ID     string
	Title  string       // for people
	Denial DenialReason // what a denial by it is called; "" is ByPolicy
}

// Policy decides. Package policies has the one in force. It never fails: what it
// cannot judge it denies.
type Policy interface {
	Decide(Question) Ruling
}
