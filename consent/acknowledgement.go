package consent

import (
	"time"

	"coffer/internal/id"
)

// Acknowledgement is a business's word that it knows of a grant's end and has stopped,
// signed (TypeAcknowledgement).
type Acknowledgement struct {
	V     int      `json:"v"`
	Iss   DID      `json:"iss"`
	Aud   string   `json:"aud"` // the operator's origin
	Grant id.Grant `json:"grant"`
	Event Ending   `json:"event"` // of which it was told
	Time  Unix     `json:"time"`
}

// StatementRules are what acknowledgements and deletion statements are held against.
type StatementRules struct {
	Issuer   DID    // who signed it
	Audience string // the operator's origin
	Now      time.Time
}

// Payload is what the business signs.
func (a Acknowledgement) Payload() []byte { a.V = Version; return write(a) }

// ParseAcknowledgement reads the payload of an acknowledgement whose signature was
// verified. That the grant is the business's, and over, is the store's to see.
func ParseAcknowledgement(payload []byte, rules StatementRules) (Acknowledgement, error) {
	var a Acknowledgement
	if err := read(payload, maxStatement, &a); err != nil {
		return Acknowledgement{}, err
	}
	if err := rules.hold(a.V, a.Iss, a.Aud, a.Grant, a.Time); err != nil {
		return Acknowledgement{}, err
	}
	if !IsEnding(string(a.Event)) {
		return Acknowledgement{}, malformed("want the event that ended the grant", "event")
	}
	return a, nil
}

// hold checks what both statements of the loop begin with. They have no end: one that
// was signed while the operator was away counts when it arrives.
func (r StatementRules) hold(v int, iss DID, aud string, g id.Grant, at Unix) error {
	if err := version(v); err != nil {
		return err
	}
	switch {
	case iss == "" || iss != r.Issuer:
		return refuse(WrongIssuer, "iss")
	case aud != r.Audience:
		return refuse(WrongAudience, "aud")
	case g.IsZero():
		return malformed("want a grant", "grant")
	case at <= 0:
		return malformed("want a time", "time")
	case at > UnixAt(r.Now.Add(Skew)):
		return refuse(NotYet, "time")
	}
	return nil
}
