package coffer

import (
	"coffer/consent"
	"coffer/consent/business"
)

// ChannelWallet is the wallet's inbox, the channel that Send writes to. A purpose that
// lists it has a WeeklyCap.
const ChannelWallet = consent.ChannelWallet

// Sent names a message that was delivered.
type Sent = business.Sent
