package business

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// Grant is what the business knows of one grant. It holds no secret; those are in
// the letter.
type Grant struct {
	V          int           `json:"v"`
	ID         id.Grant      `json:"grant"`
	Request    id.Request    `json:"request"`
	PurposeID  string        `json:"purpose_id"`
	Attributes []string      `json:"attributes"`
	Channels   []string      `json:"channels"`
	Start      anchor.Epoch  `json:"start"`
	End        anchor.Epoch  `json:"end"`
	State      consent.State `json:"state"`
	Entry      consent.Bytes `json:"entry"` // its entry on the ledger
	Receipt    string        `json:"receipt"`

	// OnwardOf is, of a partner's grant, the one to the business that asked.
	OnwardOf id.Grant `json:"onward_of,omitzero"`

	// Log is the head of the access log as the operator last told it; the next
	// hour's permit commits to it.
	Log    consent.LogHead `json:"log"`
	Permit *hourPermit     `json:"permit,omitempty"`
	Ahead  *hourPermit     `json:"ahead,omitempty"` // of the next hour; Posted once it waits at the operator
	// Seen is the newest version collected of each document: an older one later is
	// a document rolled back.
	Seen map[string]seen `json:"seen,omitempty"`

	// Countersigned is the business's answer to the receipt, made when it first
	// collected.
	Countersigned *countersigned `json:"countersigned,omitempty"`

	// What paused it or replaced it, and the grant that took its place.
	Change    consent.ChangeKind `json:"change,omitempty"`
	Successor id.Grant           `json:"successor,omitzero"`
	// Closings are the receipts of its pause and its end that the trail has.
	Closings []string `json:"closings,omitempty"`

	Withdrawn consent.Unix `json:"withdrawn,omitempty"` // when the business learned of it
	// WithdrawalKnown is set once the withdrawal's entry is in the trail.
	WithdrawalKnown bool `json:"withdrawal_known,omitempty"`
}

// hourPermit is the permit to collect within one hour.
type hourPermit struct {
	Epoch  anchor.Epoch  `json:"epoch"`
	Entry  consent.Bytes `json:"entry"`
	Posted bool          `json:"posted"` // the operator says it is on the ledger
}

type seen struct {
	Document id.Document `json:"document"`
	Version  int64       `json:"version"`
}

// Live reports whether, as far as the business knows, the grant stands.
func (g Grant) Live(at time.Time) bool {
	e := anchor.EpochAt(at)
	return g.State == consent.StateLive && g.Start <= e && e < g.End
}

// over reports whether the grant has ended for good.
func (g Grant) over() bool {
	return g.State == consent.StateReplaced || g.State == consent.StateWithdrawn || g.State == consent.StateTerminated || g.State == consent.StateErased
}

// Grant returns what the folder holds of a grant; ErrNotFound when its letter was
// never opened.
func (b *Business) Grant(g id.Grant) (Grant, error) {
	var grant Grant
	err := b.folder.read(&grant, "grants", g.String()+".json")
	if errors.Is(err, fs.ErrNotExist) {
		return Grant{}, fmt.Errorf("reading a grant: %w", ErrNotFound)
	}
	return grant, err
}

// Grants returns every grant in the folder, in no order.
func (b *Business) Grants() ([]Grant, error) {
	names, err := b.folder.names("grants")
	if err != nil {
		return nil, err
	}
	var grants []Grant
	for _, name := range names {
		g, err := id.Parse[id.Grant](name)
		if err != nil {
			return nil, fmt.Errorf("reading grants: %s.json is not named by a grant; move it away", name)
		}
		grant, err := b.Grant(g)
		if err != nil {
			return nil, err
		}
		grants = append(grants, grant)
	}
	return grants, nil
}

func (b *Business) keepGrant(g Grant) error {
	if err := b.folder.write(g, "grants", g.ID.String()+".json"); err != nil {
		return fmt.Errorf("keeping a grant: %w", err)
	}
	return nil
}
