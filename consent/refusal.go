package consent

import (
	"errors"
	"fmt"
)

// ErrNotFound answers for what does not exist and for what the asker may not
// know: another business's grant, another shopper's request.
var ErrNotFound = errors.New("not found")

// Code names the one rule that a document broke. The set is closed; the codes are
// the same in Go, in TypeScript and in problem details.
type Code string

// Codes of any document.
const (
	Malformed    Code = "malformed"     // not the format: JSON, keys, types, spellings, sizes
	WrongVersion Code = "wrong-version" // a version this program does not know
	BadSignature Code = "bad-signature" // not signed by who it says
	WrongIssuer  Code = "wrong-issuer"  // signed by another than it names
)

// Codes of a request.
const (
	WrongAudience       Code = "wrong-audience"
	Expired             Code = "expired"
	NotYet              Code = "not-yet"              // made in the future
	OverLong            Code = "over-long"            // open for more than MaxOpen
	OverWide            Code = "over-wide"            // asks what its purpose may never ask
	UnknownAttribute    Code = "unknown-attribute"    // not in the catalogue
	UnknownPurpose      Code = "unknown-purpose"      // not in the catalogue
	UnregisteredPurpose Code = "unregistered-purpose" // not registered by this business
	Duplicate           Code = "duplicate"            // named twice
	NoPurpose           Code = "no-purpose"
	TooManyPurposes     Code = "too-many-purposes"
	NothingAsked        Code = "nothing-asked" // a purpose without attribute and channel
	BadLength           Code = "bad-length"    // days not one of the fixed lengths, or more than the purpose may last
	NoText              Code = "no-text"       // no text in the request's own language
	BadChannel          Code = "bad-channel"
	BadKey              Code = "bad-key"
	BadURL              Code = "bad-url"
	BadCondition        Code = "bad-condition"   // none that can come true
	NoController        Code = "no-controller"   // who asks is not fully said
	WrongTemplate       Code = "wrong-template"  // says other words than the template it names
	WrongGrants         Code = "wrong-grants"    // replaces grants that do not stand, or not of one shopper
	BadPartner          Code = "bad-partner"     // who asks too is not fully said, or in no known role
	UnknownPartner      Code = "unknown-partner" // not registered at this operator, or not active
	NotCosigned         Code = "not-cosigned"    // without the signature of each joint partner, or with another
)

// Codes of a decision, a change, a receipt and a letter.
const (
	WrongRequest     Code = "wrong-request"      // answers another request
	Undecided        Code = "undecided"          // a purpose neither given nor refused
	DecidedTwice     Code = "decided-twice"      // a purpose in two places
	WiderThanRequest Code = "wider-than-request" // gives what was not asked
	MissingRequired  Code = "missing-required"   // gives without what the purpose needs
	BadEntry         Code = "bad-entry"          // the ledger entry is none, or another grant's
	StaleDecision    Code = "stale-decision"     // not made now
	WrongReceipt     Code = "wrong-receipt"      // the receipt says other terms
	WrongOpening     Code = "wrong-opening"      // the commitment is not to this document
	WrongEvidence    Code = "wrong-evidence"     // not what the grant's condition names, or with a status nobody can ask
	BrokenChain      Code = "broken-chain"       // the access log does not lead to its head
	WiderThanGrant   Code = "wider-than-grant"   // gives what the grant before it did not
	WrongChange      Code = "wrong-change"       // of another grant, or of another kind than it says
	WrongStatement   Code = "wrong-statement"    // a deletion statement about other attributes than the grant's
)

// Codes of a record.
const (
	Revoked      Code = "revoked"       // its issuer took it back, or suspended it
	BadStatus    Code = "bad-status"    // the list that should say so is none, is another, or is old
	WrongBinding Code = "wrong-binding" // not presented by its holder, to this business, now
)

// Codes of a rights request and of the replies to it.
const (
	BadRight    Code = "bad-right"    // its law does not know this right
	WrongRights Code = "wrong-rights" // a reply to another one, or about a grant that is not the signer's
)

// Refusal says which rule a document broke, and where. At is a place such as
// purposes[1].required[0], never a value.
type Refusal struct {
	Code  Code
	At    string
	Cause error // may be nil; explains Malformed
}

func (r *Refusal) Error() string {
	s := string(r.Code)
	if r.At != "" {
		s += " at " + r.At
	}
	if r.Cause != nil {
		s += ": " + r.Cause.Error()
	}
	return s
}

func (r *Refusal) Unwrap() error { return r.Cause }

// Is matches a Refusal of the same code, so that errors.Is(err, consent.Expired)
// is the question "was it refused because it is expired?".
func (r *Refusal) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == r.Code
}

// Error makes a Code a target for errors.Is.
func (c Code) Error() string { return string(c) }

// CodeOf is the code that err carries, or "" when it is no refusal.
func CodeOf(err error) Code {
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Code
	}
	return ""
}

func refuse(c Code, at string) error { return &Refusal{Code: c, At: at} }

func malformed(cause, at string) error {
	return &Refusal{Code: Malformed, At: at, Cause: errors.New(cause)}
}

// nth is the place of a list's i-th member.
func nth(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
