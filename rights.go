package coffer

import (
	"coffer/consent"
	"coffer/consent/business"
)

// RightsCase is a right that a shopper claims, and what you did with it.
type (
	RightsCase    = business.RightsCase
	RightsRequest = consent.RightsRequest
	RightsKind    = consent.RightsKind
	RightsState   = consent.RightsState
	RightsStep    = consent.RightsStep
	RightsOutcome = consent.RightsOutcome
)

// Rights of the GDPR, and of the CCPA.
const (
	RightAccess        = consent.RightAccess
	RightRectification = consent.RightRectification
	RightErasure       = consent.RightErasure
	RightRestriction   = consent.RightRestriction
	RightPortability   = consent.RightPortability
	RightObjection     = consent.RightObjection

	RightKnow    = consent.RightKnow
	RightDelete  = consent.RightDelete
	RightCorrect = consent.RightCorrect
	RightOptOut  = consent.RightOptOut
)

// Steps of ReplyRights, and the outcomes that go with the last.
const (
	RightsAcknowledged = consent.RightsAcknowledged
	RightsExtended     = consent.RightsExtended
	RightsAnswered     = consent.RightsAnswered

	OutcomeDone    = consent.OutcomeDone
	OutcomePartly  = consent.OutcomePartly
	OutcomeRefused = consent.OutcomeRefused
)

// Where a rights request stands.
const (
	RightsStateSent         = consent.StateRightsSent
	RightsStateAcknowledged = consent.StateRightsAcknowledged
	RightsStateExtended     = consent.StateRightsExtended
	RightsStateAnswered     = consent.StateRightsAnswered
	RightsStateOverdue      = consent.StateRightsOverdue
)
