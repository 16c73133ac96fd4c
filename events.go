package coffer

import (
	"coffer/consent"
	"coffer/consent/business"
)

// Event is something that happened at the operator; a Handler is told of it, after the
// business has done its own part.
type (
	Event     = business.Event
	EventType = business.EventType
	Handler   = business.Handler
	DeadEvent = business.DeadEvent // one that the operator gave up delivering to the webhook
)

// Types of events; there may be more with a later operator.
const (
	EventAnswered   = business.EventAnswered   // the shopper decided a request
	EventLive       = business.EventLive       // a grant can be collected under
	EventWithdrawn  = business.EventWithdrawn  // the shopper ended a grant
	EventErased     = business.EventErased     // the shopper erased the vault
	EventTerminated = business.EventTerminated // the business, the ledger or an order ended a grant
	EventExpired    = business.EventExpired    // a grant's time is over
	EventSuspended  = business.EventSuspended  // the business is suspended; the grant stands
	EventPaused     = business.EventPaused     // the shopper paused a grant, and may resume it
	EventNarrowed   = business.EventNarrowed   // a grant that names less took its place
	EventShortened  = business.EventShortened  // one that ends earlier did
	EventRenewed    = business.EventRenewed    // one that ends later did
	EventResumed    = business.EventResumed    // one took the place of a paused grant
	EventMerged     = business.EventMerged     // one of a newer request did
	EventReplaced   = business.EventReplaced   // likewise
	EventDeposited  = business.EventDeposited  // the shopper accepted a record that you deposited
	EventDeclined   = business.EventDeclined   // the shopper declined one
	EventRights     = business.EventRights     // a shopper claims a right
)

// Statement is what you say you did after a grant's end, for StateDeletion; Kept is
// what you must keep, on which ground and until when. Loop is what you owe after it.
type (
	Statement = business.Statement
	Kept      = consent.Kept
	Loop      = business.Loop
	Late      = consent.Late
)

// NotLate says that nothing is overdue.
const NotLate = consent.NotLate
