package consent

import (
	"slices"

	"coffer/internal/id"
)

// Deletion is a business's statement of what it deleted after a grant's end, and what
// it keeps on which ground, signed (TypeDeletion). It names attributes and never holds
// a value.
type Deletion struct {
	V       int      `json:"v"`
	Iss     DID      `json:"iss"`
	Aud     string   `json:"aud"` // the operator's origin
	Grant   id.Grant `json:"grant"`
	Time    Unix     `json:"time"`
	Deleted []string `json:"deleted"` // attributes of which nothing is left, whether they were ever collected or not
	Kept    []Kept   `json:"kept"`
	Text    string   `json:"text"` // to the shopper, in its own words; may be empty
}

// Kept is one attribute that the law lets, or makes, a business keep.
type Kept struct {
	Attribute string `json:"attribute"`
	Basis     string `json:"basis"` // DPV IRI of the legal basis
	Until     Unix   `json:"until"`
}

// Payload is what the business signs.
func (d Deletion) Payload() []byte {
	d.V, d.Deleted, d.Kept = Version, list(d.Deleted), list(d.Kept)
	return write(d)
}

// ParseDeletion reads the payload of a deletion statement whose signature was verified.
func ParseDeletion(payload []byte, rules StatementRules) (Deletion, error) {
	var d Deletion
	if err := read(payload, maxStatement, &d); err != nil {
		return Deletion{}, err
	}
	if err := rules.hold(d.V, d.Iss, d.Aud, d.Grant, d.Time); err != nil {
		return Deletion{}, err
	}
	if err := once("deleted", d.Deleted); err != nil {
		return Deletion{}, err
	}
	for i, name := range d.Deleted {
		if !nameForm.MatchString(name) {
			return Deletion{}, malformed("want the name of an attribute", nth("deleted", i))
		}
	}
	seen := slices.Clone(d.Deleted)
	for i, k := range d.Kept {
		switch {
		case !nameForm.MatchString(k.Attribute):
			return Deletion{}, malformed("want the name of an attribute", nth("kept", i)+".attribute")
		case slices.Contains(seen, k.Attribute):
			return Deletion{}, refuse(Duplicate, nth("kept", i)+".attribute")
		case iri(k.Basis) != nil:
			return Deletion{}, malformed("want the IRI of a legal basis", nth("kept", i)+".basis")
		case k.Until <= d.Time || k.Until > 1<<40:
			return Deletion{}, malformed("want a time to come", nth("kept", i)+".until")
		}
		seen = append(seen, k.Attribute)
	}
	if d.Text != "" && !said(d.Text, 1000) {
		return Deletion{}, malformed("want a text of at most 1000 bytes", "text")
	}
	return d, nil
}

// Covers holds the statement against the attributes that the grant named: each stands
// once, deleted or kept, and nothing else does.
func (d Deletion) Covers(attributes []string) error {
	named := slices.Clone(d.Deleted)
	for _, k := range d.Kept {
		named = append(named, k.Attribute)
	}
	for _, a := range attributes {
		if !slices.Contains(named, a) {
			return refuse(WrongStatement, "deleted") // says nothing of an attribute
		}
	}
	if len(named) != len(attributes) {
		return refuse(WrongStatement, "deleted") // speaks of what was not given
	}
	return nil
}
