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
}

// Ruling is a policy's answer. It denies unless Allow is set.
type Ruling struct {
	Allow   bool
	Reasons []Reason // in a stable order: the rules that denied, or that permitted
	Version string   // hash of the policy set
}

// Reason is one rule that decided.
type Reason struct {
	ID    string
	Title string // for people
}

// Policy decides. Package policies has the one in force. It never fails: what it
// cannot judge it denies.
type Policy interface {
	Decide(Question) Ruling
}
