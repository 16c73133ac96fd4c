package coffer

import (
	"coffer/consent"
	"coffer/consent/business"
)

// Ask is what a request is made of; Asked is the request once the operator has it.
type (
	Ask   = business.Ask
	Asked = business.Asked
)

// Purpose is one thing you ask for, which the shopper gives or refuses on its own.
// Wanted is the record that a purpose asks for, and what of it. Recipient is a third party
// that gets the data too.
type (
	Purpose   = consent.Asked
	Wanted    = consent.Wanted
	Recipient = consent.Recipient
)

// ByConsent is the LawfulBasis of a purpose that rests on consent: GDPR, Article
// 6(1)(a), in the terms of DPV.
const ByConsent = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"

// MaxOpen is how long a request may wait for its answer.
const MaxOpen = consent.MaxOpen

// ReadPurposes reads what to ask from a JSON file, as coffer request does.
func ReadPurposes(path string) ([]Purpose, error) { return business.ReadPurposes(path) }

// Status is what became of a request; Outcome is the answer to one purpose.
type (
	Status       = business.Status
	RequestState = business.RequestState
	Outcome      = business.Outcome
)

// States of a request.
const (
	RequestOpen     = business.RequestOpen
	RequestAnswered = business.RequestAnswered
	RequestExpired  = business.RequestExpired
)
