package coffer

import (
	"coffer/consent"
	"coffer/consent/business"
)

// Grant is what you hold of one grant; it has no secret in it.
type Grant = business.Grant

// State is where a grant stands.
type State = consent.State

// States of a grant.
const (
	StateAnchoring  = consent.StateAnchoring
	StateLive       = consent.StateLive
	StatePaused     = consent.StatePaused
	StateReplaced   = consent.StateReplaced
	StateWithdrawn  = consent.StateWithdrawn
	StateTerminated = consent.StateTerminated
	StateErased     = consent.StateErased
)

// Collection is what came of one collection; Value is one attribute in the clear,
// which never prints itself.
type (
	Collection = business.Collection
	Value      = business.Value
)

// Line is one thing that CollectAll has to tell.
type Line = business.Line
