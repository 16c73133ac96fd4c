// Package coffer is what a shop imports to ask shoppers for data, collect what they
// gave, write to them, and prove that they agreed:
//
//	b, err := coffer.Create("shop", profile)          // once: keys, and who asks
//	state, err := b.Register(ctx)                     // introduce yourself to the operator
//	asked, err := b.Request(ctx, coffer.Ask{…})       // asked.Link: as a link, a QR code, a redirect
//	status, err := b.Wait(ctx, asked.ID)              // or b.WebhookHandler, b.Watch
//	got, err := b.Collect(ctx, status.Purposes[0].Grant)
//
// Everything a Business knows lies in one folder of its own; [Open] opens it again.
// What it can do, by what you are after:
//
//   - ask: Request, Status, Wait; [ReadPurposes] and [QR]; Returned, when the browser comes
//     back by an OAuth redirect; RegisterTemplate, Behind and AskAgain, to ask many the same
//     and to ask them again when it changes
//   - collect: Collect (one grant, or single attributes of it), CollectAll (a stream of
//     every grant of a purpose, or of what changed since a cursor), CollectHourly (the same
//     for a job that can wait, so that its permits do not tell when), Permit, OpenLetter
//   - write: Send
//   - attest: IssueRecord and Deposit hand the shopper a record; RevokeRecord takes it back,
//     once the StatusList is published at StatusURL; CheckRecord verifies one that
//     somebody shows
//   - learn what happened: WebhookHandler and SetWebhook, or Poll and Watch. Keys of
//     withdrawn grants are deleted, and the end is acknowledged, before your [Handler]
//     is told; delete your copies there, then say so with StateDeletion
//   - end what you want no more of: GiveUp
//   - answer shoppers who claim a right: Rights, ReplyRights; also while you are suspended
//   - prove: Bundle (one receipt), ExportTrail (for the DPO; see coffer audit)
//
// The types here are those of coffer/consent/business, whose documentation has every
// method. Errors are typed: what a shopper's decision, the ledger or a policy denies is
// a [Denial], to be asked for its reason with errors.Is(err, coffer.Withdrawn); any
// other no of the operator is a [Problem]; [ErrUnreachable] passes, and what was sent
// may be sent again.
//
// # Trust
//
// The package believes its folder, and neither the operator nor the ledger's members
// without a proof; coffer/consent/business says what that leaves them. A Value is the
// shopper's data in the clear: from there the law binds you, not cryptography.
package coffer

import (
	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

// Business is one business with its folder open. It is safe for concurrent use.
type Business = business.Business

// Profile is what a business says of itself; shoppers read it in every request.
type Profile = business.Profile

// Option changes how a business works; the zero set is right outside tests.
type Option = business.Option

// Create makes a business in a folder: fresh keys, and the profile. ErrExists when
// there is one.
func Create(dir string, p Profile, with ...Option) (*Business, error) {
	return business.Create(dir, p, with...)
}

// Open opens the business in a folder and locks it until Close. ErrNoFolder when there
// is none, ErrInUse when another process has it open.
func Open(dir string, with ...Option) (*Business, error) { return business.Open(dir, with...) }

// ReadProfile reads a profile from a JSON file.
func ReadProfile(path string) (Profile, error) { return business.ReadProfile(path) }

// Options of Create and Open.
var (
	WithLogger = business.WithLogger // where to log; never a value, a key or a text
	WithHTTP   = business.WithHTTP   // another client, such as one that goes through a proxy
	WithClock  = business.WithClock  // another clock, for tests
	WithWait   = business.WithWait   // other pauses, for tests
)

// How an operator takes a business.
const (
	BusinessPending   = consent.BusinessPending // registered, not yet approved by the operator
	BusinessActive    = consent.BusinessActive
	BusinessSuspended = consent.BusinessSuspended
)

// Names of things, each of its own type; as text they have 22 characters.
type (
	DID       = consent.DID
	RequestID = id.Request
	GrantID   = id.Grant
	MessageID = id.Message
	RightsID  = id.Rights
)

// ParseGrant reads a grant's id, as from a form.
func ParseGrant(text string) (GrantID, error) { return id.Parse[id.Grant](text) }

// ParseRequest reads a request's id.
func ParseRequest(text string) (RequestID, error) { return id.Parse[id.Request](text) }

// ParseRights reads the id of a rights request.
func ParseRights(text string) (RightsID, error) { return id.Parse[id.Rights](text) }

// Unix is a moment in whole seconds; Epoch is a whole hour, as the ledger counts.
type (
	Unix  = consent.Unix
	Epoch = anchor.Epoch
)

// UnixAt and EpochAt turn a moment into either.
var (
	UnixAt  = consent.UnixAt
	EpochAt = anchor.EpochAt
)
