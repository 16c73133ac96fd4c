package consent

import (
	"slices"
	"time"

	"coffer/anchor"
	"coffer/internal/id"
)

// State is where a grant is in its life. That it is expired is computed, never
// stored.
type State string

const (
	StateAnchoring  State = "anchoring" // decided and durable, not yet on the ledger: no release
	StateLive       State = "live"
	StatePaused     State = "paused"     // by the shopper; it may be resumed
	StateReplaced   State = "replaced"   // by its successor
	StateWithdrawn  State = "withdrawn"  // by the shopper, or because the vault was erased
	StateTerminated State = "terminated" // by the business
	StateErased     State = "erased"     // nothing of it is left but this word
)

// Grant is one shopper × one business × one purpose, as the operator keeps it:
// the atomic unit that is given and withdrawn alone.
type Grant struct {
	ID         id.Grant
	Vault      id.Vault
	Request    id.Request
	Business   DID
	Purpose    string // IRI
	PurposeID  string // the request's name for it
	Attributes []string
	Channels   []string
	WeeklyCap  int          // messages in seven days
	Start, End anchor.Epoch // End is when it ends; its entry may last longer
	State      State
	Minor      bool // the shopper is under age: nothing of marketing
	Given      Unix
	Withdrawn  Unix // when it was withdrawn, paused or replaced; 0 before
	Handle     anchor.Handle

	// What the request says of where the data goes, for rules to look at; nil where it
	// is not known, because the grant is older than the note of it.
	Jurisdictions []string // ISO 3166-1: whose law the request names
	Destinations  []string // ISO 3166-1: see Request.Destinations

	Condition *Condition // what must be so before it may be used; nil: nothing
	Standing  Standing   // of the condition, as it was when the grant was read for a use

	Entry   Bytes  // the ledger entry, anchor.GrantSize
	Receipt string // JWT
	Letter  string // JWE for the business

	Change    ChangeKind // what paused or replaced it; "" if nothing did
	Successor id.Grant   // the grant that took its place; zero if none did

	OnwardOf id.Grant // of a partner's grant: the one it is under; zero otherwise
}

// Onward reports whether the grant is a partner's, under the one to the business that
// asked: it ends with that one.
func (g Grant) Onward() bool { return !g.OnwardOf.IsZero() }

// Covers reports whether the grant names the attribute.
func (g Grant) Covers(attribute string) bool { return slices.Contains(g.Attributes, attribute) }

// Reaches reports whether messages may travel on the channel.
func (g Grant) Reaches(channel string) bool { return slices.Contains(g.Channels, channel) }

// Expired reports whether the grant's time is over.
func (g Grant) Expired(at time.Time) bool { return anchor.EpochAt(at) >= g.End }

// Stands reports whether the grant gives something at the given moment, or will once it
// is anchored or resumed.
func (g Grant) Stands(at time.Time) bool {
	return (g.State == StateAnchoring || g.State == StateLive || g.State == StatePaused) && !g.Expired(at)
}

// Live reports whether the grant stands at the given moment.
func (g Grant) Live(at time.Time) bool { return Check(g, at, Need{Business: g.Business}) == nil }
