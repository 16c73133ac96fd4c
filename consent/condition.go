package consent

import (
	"strings"
	"time"

	"coffer/internal/id"
)

// MaxUses is how many uses a condition may allow.
const MaxUses = 1000

// Condition is what must be so before a business may use what it was given. Exactly
// one of its parts is set.
type Condition struct {
	Record *RecordCondition `json:"record,omitempty"` // this record was presented
	From   *Unix            `json:"from,omitempty"`   // not before this moment
	Uses   *int             `json:"uses,omitempty"`   // no more often than this, releases and messages together
	Event  *EventCondition  `json:"event,omitempty"`  // this party said that it happened
}

// RecordCondition names a record: a JWT-VC of that type by that issuer, about the grant.
type RecordCondition struct {
	Type   string `json:"type"` // IRI
	Issuer DID    `json:"issuer"`
}

// EventCondition names an event and whose word it needs.
type EventCondition struct {
	Party DID    `json:"party"`
	Name  string `json:"name"`
}

// Proven reports whether it takes evidence to meet the condition; others are met by
// the clock, or used up.
func (c *Condition) Proven() bool { return c != nil && (c.Record != nil || c.Event != nil) }

// Text is the condition as it stands in a document; "" for none.
func (c *Condition) Text() string {
	if c == nil {
		return ""
	}
	return string(write(c))
}

// ParseCondition reads what Text wrote; "" is none.
func ParseCondition(text string) (*Condition, error) {
	if text == "" {
		return nil, nil
	}
	var c Condition
	if err := read([]byte(text), maxEvidence, &c); err != nil {
		return nil, err
	}
	return &c, c.checkForm("condition")
}

// checkCondition holds a purpose's condition against the rules: it can come true, and does so
// while the grant may last.
func (a Asked) checkCondition(q Request, at string) error {
	c := a.Condition
	if c == nil {
		return nil
	}
	if err := c.checkForm(at); err != nil {
		return err
	}
	if q.Exp == 0 {
		return nil // a template's, for no time yet
	}
	if last := q.Exp + Unix(a.Days*24*60*60); c.From != nil && (*c.From <= q.Iat || *c.From >= last) {
		return refuse(BadCondition, at+".from")
	}
	return nil
}

func (c *Condition) checkForm(at string) error {
	parts := 0
	if r := c.Record; r != nil {
		parts++
		if iri(r.Type) != nil {
			return refuse(BadCondition, at+".record.type")
		}
		if !didLike(r.Issuer) {
			return refuse(BadCondition, at+".record.issuer")
		}
	}
	if c.From != nil {
		parts++
		if *c.From <= 0 || *c.From > 1<<40 {
			return refuse(BadCondition, at+".from")
		}
	}
	if c.Uses != nil {
		parts++
		if *c.Uses < 1 || *c.Uses > MaxUses {
			return refuse(BadCondition, at+".uses")
		}
	}
	if e := c.Event; e != nil {
		parts++
		if !didLike(e.Party) {
			return refuse(BadCondition, at+".event.party")
		}
		if !nameForm.MatchString(e.Name) {
			return refuse(BadCondition, at+".event.name")
		}
	}
	if parts != 1 {
		return refuse(BadCondition, at)
	}
	return nil
}

func didLike(d DID) bool { return strings.HasPrefix(string(d), "did:") && len(d) <= 500 }

// looser reports whether what meets c need not meet before: the shopper agreed to less.
func (c *Condition) looser(before *Condition) bool {
	switch {
	case c.From != nil && before.From != nil:
		return *c.From < *before.From
	case c.Uses != nil && before.Uses != nil:
		return *c.Uses > *before.Uses
	}
	return true // another record, another event, or a condition of another kind
}

// Standing is how a condition stands.
type Standing struct {
	Met  bool // the record or the event was shown, and holds now
	Used int  // times that the grant was used
}

// NotBefore is when the condition's date is; the zero time where it names none.
func (c *Condition) NotBefore() time.Time {
	if c == nil || c.From == nil {
		return time.Time{}
	}
	return c.From.Time()
}

// grantPrefix makes a URN of a grant's id: the subject of a record about it.
const grantPrefix = "urn:coffer:grant:"

// GrantURN is how a record names a grant as its subject.
func GrantURN(g id.Grant) string { return grantPrefix + g.String() }
