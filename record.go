package coffer

import (
	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

// RecordTerms are what you attest to a shopper: a loyalty card, a warranty, a certificate.
// Issued is what you remember of it.
type (
	RecordTerms = business.RecordTerms
	RecordForm  = business.RecordForm
	Issued      = business.Issued
)

// Forms of a record.
const (
	RecordInParts = business.RecordInParts // SD-JWT VC: the shopper chooses what to show
	RecordWhole   = business.RecordWhole   // JWT-VC: shown whole
)

// Deposited names a deposit, and how it stands.
type (
	Deposited    = business.Deposited
	DepositID    = id.Deposit
	DepositState = consent.DepositState
)

// States of a deposit.
const (
	DepositWaiting  = consent.DepositWaiting
	DepositAccepted = consent.DepositAccepted
	DepositDeclined = consent.DepositDeclined
)
