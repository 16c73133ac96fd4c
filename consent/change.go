package consent

import (
	"crypto/sha256"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/internal/id"
)

// ChangeKind says how a grant was changed, and with what a closed grant was
// replaced. The set is closed.
type ChangeKind string

const (
	ChangeNarrowed  ChangeKind = "narrowed"  // fewer attributes or channels, perhaps also for less long
	ChangeShortened ChangeKind = "shortened" // the same for less long
	ChangeRenewed   ChangeKind = "renewed"   // again for at most as long as was asked
	ChangePaused    ChangeKind = "paused"    // nothing until it is resumed
	ChangeResumed   ChangeKind = "resumed"   // what was paused, for not longer than it would have lasted
	ChangeMerged    ChangeKind = "merged"    // a newer request of the same business took its place
	ChangeReplaced  ChangeKind = "replaced"  // likewise, and ended all that went before
)

// ByChange reports whether a Change can be of this kind; the others come of a Decision
// about a newer request.
func (k ChangeKind) ByChange() bool {
	return k == ChangeNarrowed || k == ChangeShortened || k == ChangeRenewed || k == ChangePaused || k == ChangeResumed
}

// Change is what a shopper makes of one grant that stands, or is paused. A grant
// itself never changes: the old one ends and a successor begins, with an entry, a
// receipt and keys of its own; only a pause has no successor. The bytes are made by the
// wallet and carried as they are.
type Change struct {
	V       int        `json:"v"`
	Grant   id.Grant   `json:"grant"` // the old one
	Kind    ChangeKind `json:"kind"`
	Receipt Hash       `json:"receipt"` // of the JWT that began the old grant
	Time    Unix       `json:"time"`
	Nonce   Nonce      `json:"nonce"`
	Next    *Successor `json:"next"` // null for a pause
}

// Successor is the grant that follows a changed one.
type Successor struct {
	Grant       id.Grant     `json:"grant"`
	Attributes  []string     `json:"attributes"`
	Channels    []string     `json:"channels"`
	Days        int          `json:"days"`  // of the entry: the smallest fixed length that reaches Until
	Until       anchor.Epoch `json:"until"` // when it ends: at the entry's end, or before
	Entry       Bytes        `json:"entry"`
	ReceiptHash Hash         `json:"receipt_hash"`
}

// NewChange changes a grant. Bytes of it are what counts.
func NewChange(g Grant, kind ChangeKind, next *Successor, now time.Time) Change {
	return Change{V: Version, Grant: g.ID, Kind: kind, Receipt: HashOf(g.Receipt), Time: UnixAt(now), Nonce: NewNonce(), Next: next}
}

// Bytes writes the change: the exact bytes that are confirmed and kept.
func (c Change) Bytes() []byte {
	if c.Next != nil {
		next := *c.Next
		next.Attributes, next.Channels = list(next.Attributes), list(next.Channels)
		c.Next = &next
	}
	return write(c)
}

// Confirmed reports whether the change needs a fresh passkey assertion, as giving
// does. What only takes away is as easy as withdrawing.
func (c Change) Confirmed() bool { return c.Kind == ChangeRenewed || c.Kind == ChangeResumed }

// ChangeChallenge is what the passkey signs to confirm a change with these exact
// bytes.
func ChangeChallenge(change []byte) [32]byte {
	return sha256.Sum256(append([]byte("coffer/v1 change\x00"), change...))
}

// DaysFor is the smallest length of a ledger entry that lasts so many hours; 0 if none
// does.
func DaysFor(hours int) int {
	for _, d := range Days {
		if hours > 0 && hours <= d*24 {
			return d
		}
	}
	return 0
}

// GrantEntry is the successor's ledger entry.
func (s Successor) GrantEntry() (anchor.Grant, error) { return Given{Entry: s.Entry}.GrantEntry() }

// rights are what the successor gives, in hours from its entry's start.
func (s Successor) rights(start anchor.Epoch, purpose string) Rights {
	return rightsOf(purpose, s.Attributes, s.Channels, int(s.Until)-int(start))
}

func rightsOf(purpose string, attributes, channels []string, hours int) Rights {
	r := Rights{}
	for _, name := range attributes {
		r.add(Right{Purpose: purpose, Attribute: name}, hours)
	}
	for _, c := range channels {
		r.add(Right{Purpose: purpose, Channel: c}, hours)
	}
	return r
}

// ParseChange reads a change and holds it against itself: a known kind, a successor
// unless it is a pause, and an entry of the length that reaches its end. Changes holds
// it against the grant.
func ParseChange(change []byte) (Change, error) {
	var c Change
	if err := read(change, MaxChange, &c); err != nil {
		return Change{}, err
	}
	if err := version(c.V); err != nil {
		return Change{}, err
	}
	if c.Grant.IsZero() || c.Time <= 0 || !c.Kind.ByChange() {
		return Change{}, malformed("want a grant, a time and a known kind", "kind")
	}
	if (c.Next == nil) != (c.Kind == ChangePaused) {
		return Change{}, malformed("a pause has no successor, any other change has one", "next")
	}
	if c.Next == nil {
		return c, nil
	}
	return c, c.Next.check(c.Grant)
}

func (s Successor) check(old id.Grant) error {
	g := Given{Grant: s.Grant, Attributes: s.Attributes, Channels: s.Channels, Days: s.Days, Entry: s.Entry}
	if err := g.check("next"); err != nil {
		return err
	}
	if s.Grant == old {
		return refuse(Duplicate, "next.grant")
	}
	entry, _ := s.GrantEntry() // check parsed it
	if s.Until <= entry.Start || DaysFor(int(s.Until)-int(entry.Start)) != s.Days {
		return refuse(BadLength, "next.until")
	}
	return nil
}

// Changes holds a change that arrived now against the grant that it changes and the
// request which that grant answered: made just now, of a grant that stands (of a
// paused one if it resumes), of the kind that it says, and with no effective right
// that the old grant did not give. A renewal alone may last longer, as long as was
// asked. The grant has its Entry and Receipt. A *Denial says that the grant is over or
// not yet live.
func (c Change) Changes(g Grant, q Request, now time.Time) error {
	if c.Grant != g.ID || c.Receipt != HashOf(g.Receipt) {
		return refuse(WrongChange, "receipt")
	}
	if q.JWS == "" || q.ID != g.Request {
		return refuse(WrongRequest, "request")
	}
	if g.Onward() {
		return refuse(WrongChange, "grant") // it is withdrawn alone, and changes with the one that it is under
	}
	if off := UnixAt(now) - c.Time; off > Unix(MaxDeciding.Seconds()) || off < -Unix(Skew.Seconds()) {
		return refuse(StaleDecision, "time")
	}
	err := Check(g, now, Need{Business: g.Business})
	if c.Kind == ChangeResumed {
		if err == nil {
			return refuse(WrongChange, "kind") // it is not paused
		}
		if d := DenialOf(err); d != nil && d.Reason == Paused {
			err = nil
		}
	}
	if err != nil || c.Next == nil {
		return err
	}
	return c.Next.follows(g, q, c.Kind, now)
}

func (s Successor) follows(g Grant, q Request, kind ChangeKind, now time.Time) error {
	asked, ok := q.Purpose(g.PurposeID)
	if !ok {
		return refuse(WrongRequest, "request")
	}
	old, err := Given{Entry: g.Entry}.GrantEntry()
	if err != nil {
		return err
	}
	entry, err := s.GrantEntry()
	if err != nil {
		return err
	}
	if entry.HandleKey == old.HandleKey || entry.WalletKey == old.WalletKey || entry.Commitment == old.Commitment {
		return refuse(Duplicate, "next.entry")
	}
	// The ledger allows an hour to either side of its own clock.
	if now := anchor.EpochAt(now); entry.Start+1 < now || entry.Start > now+1 || s.Until <= now {
		return refuse(BadEntry, "next.entry")
	}
	hours := int(s.Until) - int(entry.Start)
	given := Given{Grant: s.Grant, Purpose: g.PurposeID, Attributes: s.Attributes, Channels: s.Channels, Days: (hours + 23) / 24}
	if err := given.within(q, "next"); err != nil {
		return err
	}
	// The two comparisons that count: with what was asked, and with what was given.
	rights := s.rights(entry.Start, g.PurposeID)
	if _, beyond := rights.Beyond(q.Rights()); beyond {
		return refuse(WiderThanRequest, "next")
	}
	left := int(g.End) - int(entry.Start)
	if kind == ChangeRenewed {
		left = asked.Days * 24
	}
	if _, beyond := rights.Beyond(rightsOf(g.PurposeID, g.Attributes, g.Channels, left)); beyond {
		return refuse(WiderThanGrant, "next")
	}
	fewer := len(s.Attributes)+len(s.Channels) < len(g.Attributes)+len(g.Channels)
	is := map[ChangeKind]bool{
		ChangeNarrowed:  fewer,
		ChangeShortened: !fewer && s.Until < g.End,
		ChangeRenewed:   s.Until > g.End,
		ChangeResumed:   !fewer,
	}[kind]
	if !is {
		return refuse(WrongChange, "kind")
	}
	return nil
}

// Dropped are the attributes that a grant named and its successor does not: the ones
// that a business must delete.
func Dropped(old, next []string) (out []string) {
	for _, name := range old {
		if !slices.Contains(next, name) {
			out = append(out, name)
		}
	}
	return out
}
