package consenthttp

import (
	"errors"
	"net/http"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
)

var errTooMany = errors.New("too many requests")

// row is one line of the table: which error, said how.
type row struct {
	err    error
	code   string
	status int
	title  string
}

// table is the only place where errors become problem details. What is not in it is
// ours: it is logged, and answered with 500 and no detail.
var table = []row{
	{consent.ErrNotFound, "not-found", http.StatusNotFound, "There is no such thing here"},
	{consent.ErrUnreachable, "did-unreachable", http.StatusServiceUnavailable, "The DID's host does not answer"},
	{consentdb.ErrReplayed, "replayed", http.StatusConflict, "Seen before"},
	{consentdb.ErrAnswered, "already-answered", http.StatusConflict, "The request was answered already"},
	{consentdb.ErrExpired, "expired", http.StatusGone, "The request is expired"},
	{consentdb.ErrTooMany, "too-many", http.StatusTooManyRequests, "Too many are waiting for an answer"},
	{consentdb.ErrStale, "stale", http.StatusConflict, "A newer card is known"},
	{consentdb.ErrNotOver, "not-over", http.StatusConflict, "The grant has not ended so"},
	{consentdb.ErrCursor, "unknown-cursor", http.StatusConflict, "Not a cursor of this purpose, or ahead of it; begin anew with an empty one"},
	{consentdb.ErrMismatch, "mismatch", http.StatusConflict, "Something else has this id"},
	{anchor.ErrUnavailable, "ledger-unavailable", http.StatusServiceUnavailable, "The ledger does not answer; try again"},
	{anchor.ErrNotFound, "not-anchored", http.StatusNotFound, "Not on the ledger yet"},
	{consentdb.ErrSuspended, "business-suspended", http.StatusForbidden, "This business is suspended"},
	{consentdb.ErrPending, "business-pending", http.StatusForbidden, "This business is not approved yet"},
	{errLimited, "limited-token", http.StatusForbidden, "This access token is for the grants of one approval only"},
	{errTooMany, "too-many", http.StatusTooManyRequests, "Too many requests; slow down"},

	// Why a business gets nothing under a grant that it holds, or held.
	{consent.Withdrawn, "withdrawn", http.StatusForbidden, "The grant is withdrawn"},
	{consent.Terminated, "terminated", http.StatusForbidden, "The grant is terminated"},
	{consent.Paused, "paused", http.StatusForbidden, "The shopper has paused the grant"},
	{consent.Narrowed, "narrowed", http.StatusForbidden, "A grant that gives less took its place"},
	{consent.Replaced, "replaced", http.StatusForbidden, "Another grant took its place"},
	{consent.GrantExpired, "expired", http.StatusForbidden, "The grant is expired"},
	{consent.NotStarted, "not-started", http.StatusForbidden, "The grant has not started"},
	{consent.NotAnchored, "not-anchored", http.StatusForbidden, "The grant is not on the ledger yet"},
	{consent.NotCovered, "not-covered", http.StatusForbidden, "The grant does not cover this"},
	{consent.NoPermit, "no-permit", http.StatusForbidden, "No permit for this hour is on the ledger"},
	{consent.Unfulfilled, "condition", http.StatusForbidden, "What the grant hangs on is not met"},
	{consent.ByPolicy, "policy", http.StatusForbidden, "A rule forbids it"},

	// Which rule a document broke. The code is that of package consent.
	{consent.Malformed, "malformed", http.StatusBadRequest, "Not in the format"},
	{consent.WrongVersion, "wrong-version", http.StatusBadRequest, "A version this operator does not know"},
	{consent.BadSignature, "bad-signature", http.StatusUnprocessableEntity, "Not signed by who it says"},
	{consent.WrongIssuer, "wrong-issuer", http.StatusUnprocessableEntity, "Signed by another than it names"},
	{consent.WrongAudience, "wrong-audience", http.StatusUnprocessableEntity, "Made for another operator"},
	{consent.Expired, "expired", http.StatusGone, "The request is expired"},
	{consent.NotYet, "not-yet", http.StatusUnprocessableEntity, "Made in the future; check the clock"},
	{consent.OverLong, "over-long", http.StatusUnprocessableEntity, "Open for too long"},
	{consent.OverWide, "over-wide", http.StatusUnprocessableEntity, "Asks what its purpose may never ask"},
	{consent.UnknownAttribute, "unknown-attribute", http.StatusUnprocessableEntity, "Not an attribute of the catalogue"},
	{consent.UnknownPurpose, "unknown-purpose", http.StatusUnprocessableEntity, "Not a purpose of the catalogue"},
	{consent.UnregisteredPurpose, "unregistered-purpose", http.StatusUnprocessableEntity, "A purpose that the business has not registered"},
	{consent.Duplicate, "duplicate", http.StatusUnprocessableEntity, "Named twice"},
	{consent.NoPurpose, "no-purpose", http.StatusUnprocessableEntity, "Without a purpose"},
	{consent.TooManyPurposes, "too-many-purposes", http.StatusUnprocessableEntity, "Too many purposes"},
	{consent.NothingAsked, "nothing-asked", http.StatusUnprocessableEntity, "A purpose that asks for nothing"},
	{consent.BadLength, "bad-length", http.StatusUnprocessableEntity, "Not one of the lengths a grant may have"},
	{consent.NoText, "no-text", http.StatusUnprocessableEntity, "Without a text in its own language"},
	{consent.BadChannel, "bad-channel", http.StatusUnprocessableEntity, "Not a channel it may use"},
	{consent.BadKey, "bad-key", http.StatusUnprocessableEntity, "Not a P-256 key"},
	{consent.BadURL, "bad-url", http.StatusUnprocessableEntity, "Not an address it may name"},
	{consent.NoController, "no-controller", http.StatusUnprocessableEntity, "Does not fully say who asks"},
	{consent.WrongTemplate, "wrong-template", http.StatusUnprocessableEntity, "Not the words of the template it names"},
	{consent.WrongGrants, "wrong-grants", http.StatusUnprocessableEntity, "Replaces grants that do not stand, or not of one shopper"},
	{consent.BadPartner, "bad-partner", http.StatusUnprocessableEntity, "Does not fully say who a partner is"},
	{consent.UnknownPartner, "unknown-partner", http.StatusUnprocessableEntity, "A partner that is not registered here, or may not act"},
	{consent.NotCosigned, "not-cosigned", http.StatusUnprocessableEntity, "Not co-signed by each joint partner"},
	{consent.WrongRequest, "wrong-request", http.StatusUnprocessableEntity, "Answers another request"},
	{consent.Undecided, "undecided", http.StatusUnprocessableEntity, "A purpose is neither given nor refused"},
	{consent.DecidedTwice, "decided-twice", http.StatusUnprocessableEntity, "A purpose is decided twice"},
	{consent.WiderThanRequest, "wider-than-request", http.StatusUnprocessableEntity, "Gives what was not asked"},
	{consent.MissingRequired, "missing-required", http.StatusUnprocessableEntity, "Lacks what the purpose needs"},
	{consent.BadEntry, "bad-entry", http.StatusUnprocessableEntity, "Not the ledger entry it should be"},
	{consent.StaleDecision, "stale-decision", http.StatusUnprocessableEntity, "Not decided just now"},
	{consent.WrongReceipt, "wrong-receipt", http.StatusUnprocessableEntity, "The receipt says other terms"},
	{consent.BadCondition, "bad-condition", http.StatusUnprocessableEntity, "Hangs on what cannot come true"},
	{consent.Revoked, "revoked", http.StatusUnprocessableEntity, "The record was revoked by its issuer"},
	{consent.BadStatus, "bad-status", http.StatusUnprocessableEntity, "The record's status list does not say whether it was revoked"},
	{consent.WrongEvidence, "wrong-evidence", http.StatusUnprocessableEntity, "Not the evidence that the grant's condition names"},
	{consent.WrongOpening, "wrong-opening", http.StatusUnprocessableEntity, "The commitment is not to this document"},
	{consent.WiderThanGrant, "wider-than-grant", http.StatusUnprocessableEntity, "Gives what the grant before it did not"},
	{consent.WrongChange, "wrong-change", http.StatusUnprocessableEntity, "Not such a change of this grant"},
	{consent.WrongStatement, "wrong-statement", http.StatusUnprocessableEntity, "Not about exactly what the grant named"},
	{consent.BadRight, "bad-right", http.StatusUnprocessableEntity, "Its law does not know this right"},
	{consent.WrongRights, "wrong-rights", http.StatusUnprocessableEntity, "About another rights request"},
	{consent.BrokenChain, "broken-chain", http.StatusUnprocessableEntity, "The log does not lead to its head"},
}

// problem says what an error looks like from outside. known is false for what is
// ours.
func (o *Options) problem(err error) (p httpjson.Problem, known bool) {
	if p, ok := errors.AsType[httpjson.Problem](err); ok {
		return p, true
	}
	if r, ok := errors.AsType[*anchor.Refusal](err); ok {
		return httpjson.Problem{
			Code: "permit-refused", Title: "The ledger refuses the permit", Status: http.StatusUnprocessableEntity,
			Detail: r.Error(), More: map[string]any{"reason": r.Reason, "leaf": r.Entry},
		}, true
	}
	if n, ok := errors.AsType[*consentdb.NotNext](err); ok {
		return httpjson.Problem{
			Code: "not-next", Title: "Versions of a template follow one another and never change", Status: http.StatusConflict,
			More: map[string]any{"next": n.Next},
		}, true
	}
	for _, row := range table {
		if errors.Is(err, row.err) {
			return httpjson.Problem{Code: row.code, Title: row.title, Status: row.status, Detail: detail(err), More: more(err)}, true
		}
	}
	if p, ok := o.Translate(err); ok {
		return p, true
	}
	return httpjson.Failure(err), false
}

// more names the grant to go on with.
func more(err error) map[string]any {
	if d := consent.DenialOf(err); d != nil && !d.Successor.IsZero() {
		return map[string]any{"successor": d.Successor}
	}
	return nil
}

// detail adds what the sender may know and a title cannot say: the place in its own
// document, the attribute it asked for, the rule's title. Never a value.
func detail(err error) string {
	if d := consent.DenialOf(err); d != nil {
		return d.What
	}
	if r, ok := errors.AsType[*consent.Refusal](err); ok && r.At != "" {
		return "at " + r.At
	}
	return ""
}
