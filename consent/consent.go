// Package consent is what shopper and business agree on: requests, decisions,
// grants, receipts, letters, permits, messages, rights requests and the log of
// accesses, and Check, the one answer to "is there a live consent?". The bytes are
// specified in FORMAT.md; vectors shared with TypeScript are in testdata/vectors.
//
// A business signs a Request. The shopper answers each purpose on its own with a
// Decision, which is never wider than the request. What is given becomes one Grant
// per purpose, each with a Receipt that repeats the request's terms word for word,
// an entry on the ledger that commits to the receipt, and a Letter that hands the
// business its keys. Later a Change narrows, shortens, renews, pauses or resumes it: the
// old grant ends, and a successor that gives no more begins. Before it acts the business posts a permit, which commits to a
// PermitDocument.
//
// Parse functions accept one spelling of one meaning: every key of the format
// once, no other key, nothing behind it. What they refuse they refuse with a
// *Refusal that names the rule and the place. Documents that were hashed or signed
// travel as the exact string; nothing here is ever serialized a second time.
//
// # Trust
//
// The package believes the clock it is handed, and that a signature was verified
// (Signatures) before a payload reaches it. It holds no key and keeps no state:
// that a request, a permit or a message was not seen before is the store's to
// know. If Within or Check were wrong, a business could collect what nobody gave
// it, until an audit compares receipts with permits. The package cannot read an
// attribute value: only names pass through it.
package consent

import "time"

// Version is the version of every format of this package, its key "v".
const Version = 1

// Sizes beyond which nothing is read. A request is the payload, not the JWS.
const (
	MaxRequest   = 32 << 10
	MaxDecision  = 64 << 10
	MaxChange    = 16 << 10
	MaxReceipt   = 32 << 10 // the JWT
	MaxMessage   = 24 << 10 // the plaintext
	MaxPacked    = 64 << 10 // the JWE that carries a message
	MaxRow       = 8 << 10  // of the access log
	MaxRights    = 48 << 10 // a rights request or a reply to one, its JWS
	maxLetter    = 64 << 10
	maxPermit    = 1 << 10
	maxCard      = 8 << 10
	maxStatement = 16 << 10 // of the withdrawal loop, and a webhook
)

// Skew is how far two honest clocks may be apart.
const Skew = 5 * time.Minute
