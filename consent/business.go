package consent

import "time"

// BusinessState says what a business may do.
type BusinessState string

const (
	BusinessPending   BusinessState = "pending"   // registered, not yet approved by the operator
	BusinessActive    BusinessState = "active"    // may ask, collect and send
	BusinessSuspended BusinessState = "suspended" // may do nothing
)

// Business is a registered business as the operator knows it.
type Business struct {
	DID      DID
	Name     string
	Contact  string
	URL      string
	State    BusinessState
	Purposes []string // IRIs it registered
	Updated  Unix     // iat of the newest card
}

// Card is how a business introduces itself to an operator, signed (TypeCard).
type Card struct {
	V        int      `json:"v"`
	Iss      DID      `json:"iss"`
	Aud      string   `json:"aud"`
	Iat      Unix     `json:"iat"`
	Name     string   `json:"name"`
	Contact  string   `json:"contact"`
	URL      string   `json:"url"`
	Purposes []string `json:"purposes"`
}

// CardRules are what a card is held against.
type CardRules struct {
	Issuer    DID    // who signed it
	Audience  string // the operator's origin
	Now       time.Time
	Catalogue Catalogue
}

// Payload is what the business signs as a TypeCard.
func (c Card) Payload() []byte { c.V, c.Purposes = Version, list(c.Purposes); return write(c) }

// ParseCard reads the payload of a card whose signature was verified. A card is
// taken for a day after it was made; a newer one replaces an older, which is the
// store's to see.
func ParseCard(payload []byte, rules CardRules) (Card, error) {
	var c Card
	if err := read(payload, maxCard, &c); err != nil {
		return Card{}, err
	}
	if err := version(c.V); err != nil {
		return Card{}, err
	}
	if c.Iss != rules.Issuer {
		return Card{}, refuse(WrongIssuer, "iss")
	}
	if c.Aud != rules.Audience {
		return Card{}, refuse(WrongAudience, "aud")
	}
	if err := fresh(c.Iat, c.Iat+Unix((24*time.Hour).Seconds()), rules.Now); err != nil {
		return Card{}, err
	}
	if !said(c.Name, 120) || !said(c.Contact, 200) {
		return Card{}, refuse(NoController, "name, contact")
	}
	if _, err := origin(c.URL); err != nil {
		return Card{}, refuse(BadURL, "url")
	}
	if len(c.Purposes) == 0 {
		return Card{}, refuse(NoPurpose, "purposes")
	}
	if err := once("purposes", c.Purposes); err != nil {
		return Card{}, err
	}
	for i, iri := range c.Purposes {
		if _, ok := rules.Catalogue.Purpose(iri); !ok {
			return Card{}, refuse(UnknownPurpose, nth("purposes", i))
		}
	}
	return c, nil
}
