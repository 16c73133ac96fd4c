package consent

import (
	"crypto/sha256"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/internal/id"
)

// Decision is a shopper's answer to one request: each purpose given or refused.
// Its bytes are made by the wallet and carried as they are; a passkey signs their
// Challenge.
type Decision struct {
	V           int        `json:"v"`
	Request     id.Request `json:"request"`
	RequestHash Hash       `json:"request_hash"`
	Time        Unix       `json:"time"`
	Nonce       Nonce      `json:"nonce"`
	Minor       bool       `json:"minor"` // the wallet derives it from the birth date
	Give        []Given    `json:"give"`
	Refuse      []string   `json:"refuse"` // purposes, by the request's names
}

// Given is one purpose that was given: what becomes a grant.
type Given struct {
	Grant       id.Grant `json:"grant"`
	Purpose     string   `json:"purpose"` // the request's name for it
	Attributes  []string `json:"attributes"`
	Days        int      `json:"days"`
	Channels    []string `json:"channels"`
	Entry       Bytes    `json:"entry"`             // the ledger's, anchor.GrantSize
	ReceiptHash Hash     `json:"receipt_hash"`      // of the JWT
	Partner     DID      `json:"partner,omitempty"` // whom it is given to; "" is the business that asks
}

// NewDecision answers a request. Bytes of it are what counts.
func NewDecision(q Request, give []Given, refuse []string, now time.Time) Decision {
	return Decision{V: Version, Request: q.ID, RequestHash: q.Hash(), Time: UnixAt(now), Nonce: NewNonce(), Give: give, Refuse: refuse}
}

// Bytes writes the decision: the exact bytes that are confirmed and kept.
func (d Decision) Bytes() []byte {
	d.Give, d.Refuse = slices.Clone(list(d.Give)), list(d.Refuse)
	for i, g := range d.Give {
		d.Give[i].Attributes, d.Give[i].Channels = list(g.Attributes), list(g.Channels)
	}
	return write(d)
}

// Challenge is what the passkey signs to confirm the decision with these exact
// bytes.
func Challenge(decision []byte) [32]byte {
	return sha256.Sum256(append([]byte("coffer/v1 decision\x00"), decision...))
}

// GrantEntry is the ledger entry of what was given.
func (g Given) GrantEntry() (anchor.Grant, error) {
	e, err := anchor.ParseEntry(g.Entry)
	if err != nil {
		return anchor.Grant{}, &Refusal{Code: BadEntry, At: "entry", Cause: err}
	}
	entry, ok := e.(anchor.Grant)
	if !ok {
		return anchor.Grant{}, refuse(BadEntry, "entry")
	}
	return entry, nil
}

// ParseDecision reads a decision and holds it against itself: nothing is decided
// twice, every entry is a grant of the days it says, no key or id serves two
// grants. Answers holds it against the request.
func ParseDecision(decision []byte) (Decision, error) {
	var d Decision
	if err := read(decision, MaxDecision, &d); err != nil {
		return Decision{}, err
	}
	if err := version(d.V); err != nil {
		return Decision{}, err
	}
	decided := map[string]bool{}
	for i, name := range d.Refuse {
		if decided[name] {
			return Decision{}, refuse(DecidedTwice, nth("refuse", i))
		}
		decided[name] = true
	}
	seen := map[any]bool{}
	for i, g := range d.Give {
		at := nth("give", i)
		if decided[g.name()] {
			return Decision{}, refuse(DecidedTwice, at)
		}
		decided[g.name()] = true
		if err := g.check(at); err != nil {
			return Decision{}, err
		}
		entry, _ := g.GrantEntry() // check parsed it
		for _, key := range []any{g.Grant, entry.HandleKey, entry.WalletKey, g.ReceiptHash, entry.Commitment} {
			if seen[key] {
				return Decision{}, refuse(Duplicate, at)
			}
			seen[key] = true
		}
	}
	return d, nil
}

// name is the purpose and whom it is given to. No purpose has a space in its name.
func (g Given) name() string {
	if g.Partner == "" {
		return g.Purpose
	}
	return g.Purpose + " " + string(g.Partner)
}

// First is what the decision gives to the business itself for a purpose: what stands
// above what it gives to that business's partners.
func (d Decision) First(purpose string) (Given, bool) {
	i := slices.IndexFunc(d.Give, func(g Given) bool { return g.Purpose == purpose && g.Partner == "" })
	if i < 0 {
		return Given{}, false
	}
	return d.Give[i], true
}

func (g Given) check(at string) error {
	if g.Grant.IsZero() {
		return malformed("zero id", at+".grant")
	}
	if err := once(at+".attributes", g.Attributes); err != nil {
		return err
	}
	if err := once(at+".channels", g.Channels); err != nil {
		return err
	}
	if !lasts(g.Days) {
		return refuse(BadLength, at+".days")
	}
	entry, err := g.GrantEntry()
	if err != nil {
		return &Refusal{Code: BadEntry, At: at + ".entry"}
	}
	if entry.End < entry.Start || int(entry.End-entry.Start) != g.Days*24 {
		return refuse(BadEntry, at+".entry")
	}
	return nil
}

// Answers holds a decision that arrived now against the request it answers:
// that request and no other, still open, decided just now, and Within it.
func (d Decision) Answers(q Request, now time.Time) error {
	at := UnixAt(now)
	if at >= q.Exp {
		return refuse(Expired, "request")
	}
	if off := at - d.Time; off > Unix(MaxDeciding.Seconds()) || off < -Unix(Skew.Seconds()) {
		return refuse(StaleDecision, "time")
	}
	for i, g := range d.Give {
		entry, err := g.GrantEntry()
		if err != nil {
			return err
		}
		// The ledger allows an hour to either side of its own clock.
		if now := anchor.EpochAt(now); entry.Start+1 < now || entry.Start > now+1 {
			return refuse(BadEntry, nth("give", i)+".entry")
		}
	}
	return d.Within(q)
}

// MaxDeciding is how old a decision may be when it arrives: the passkey's prompt
// lies between.
const MaxDeciding = 15 * time.Minute
