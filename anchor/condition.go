package anchor

import "time"

// AlarmKind is what a member's operator must look at. The set is closed.
type AlarmKind string

const (
	// AlarmStopped: the node stopped for good and says why.
	AlarmStopped AlarmKind = "stopped"
	// AlarmStandstill: no block can be decided, because too few members vote.
	AlarmStandstill AlarmKind = "standstill"
	// AlarmBehind: the member does not come as far as the others, or reaches none of them.
	AlarmBehind AlarmKind = "behind"
	// AlarmClock: a member's clock is not that of the others.
	AlarmClock AlarmKind = "clock"
	// AlarmDoubleVote: a member signed two votes where it may sign one.
	AlarmDoubleVote AlarmKind = "double-vote"
	// AlarmSplit: a member's checkpoint is not of the log that the validators signed.
	AlarmSplit AlarmKind = "split"
)

// Alarm is one thing that is wrong. Its text names members, never anything of a shopper,
// and ends with what to do.
type Alarm struct {
	Kind     AlarmKind
	Since    time.Time
	Detail   string
	Evidence string // name of a file in the member's folder of evidence; empty if there is none
}

// Sight is what a member sees when it compares another member's checkpoint with its own
// log.
type Sight string

const (
	SightSame    Sight = "same"    // the checkpoint is of one's own log
	SightAnother Sight = "another" // it is not
	SightSilent  Sight = "silent"  // the member does not answer
)

// Seen is when and how a member was last seen.
type Seen struct {
	Member MemberKey
	Name   string
	Sight  Sight
	Size   uint64    // of its newest checkpoint, while it answers
	At     time.Time // when it last answered; zero if it never did
}

// Condition is how a member is by its own account.
type Condition struct {
	Height  int64
	Time    time.Time // of the newest block
	Alarms  []Alarm
	Members []Seen // the others
}
