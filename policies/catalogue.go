package policies

import (
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"

	"coffer/consent"
)

//go:embed catalogue.json
var catalogueText []byte

// Catalogue lists the attributes a vault may hold and the purposes a business may
// ask for, with what each purpose may ever ask. It does not change once read.
type Catalogue struct {
	attributes []consent.Attribute
	purposes   []consent.Purpose
	byName     map[string]consent.Attribute
	byIRI      map[string]consent.Purpose
}

var _ consent.Catalogue = (*Catalogue)(nil)

// The kinds an attribute's value can be of; the wallet has an input for each.
var kinds = []string{"text", "email", "phone", "address", "date", "number", "boolean"}

// longestDays is the longest of the fixed lengths of a grant (formats.md § 4).
const longestDays = 365

var attributeName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// ShippedCatalogue is the catalogue that this program was built with.
func ShippedCatalogue() (*Catalogue, error) { return ParseCatalogue(catalogueText) }

// ParseCatalogue reads a catalogue.json (see FORMAT.md) and refuses what it does
// not know: an unknown or repeated key, a name or an IRI that stands twice, a
// purpose that uses an attribute which is not listed.
func ParseCatalogue(text []byte) (*Catalogue, error) {
	type label struct {
		EN string `json:"en"`
	}
	var file struct {
		V          int `json:"v"`
		Attributes []struct {
			Name      string `json:"name"`
			IRI       string `json:"iri"`
			Label     label  `json:"label"`
			Kind      string `json:"kind"`
			Derived   string `json:"derived_from,omitempty"`
			Sensitive bool   `json:"sensitive,omitempty"`
		} `json:"attributes"`
		Purposes []struct {
			IRI        string   `json:"iri"`
			Label      label    `json:"label"`
			Marketing  bool     `json:"marketing"`
			Contact    bool     `json:"contact"`
			MaxDays    int      `json:"max_days"`
			Attributes []string `json:"attributes"`
		} `json:"purposes"`
	}
	if err := consent.ParseStrict(text, &file); err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	if file.V != 1 {
		return nil, fmt.Errorf("reading the catalogue: version %d is not known, want 1", file.V)
	}
	if len(file.Attributes) == 0 || len(file.Purposes) == 0 {
		return nil, errors.New("reading the catalogue: it lists no attributes or no purposes")
	}

	c := &Catalogue{byName: map[string]consent.Attribute{}, byIRI: map[string]consent.Purpose{}}
	iris := map[string]bool{}
	for i, a := range file.Attributes {
		switch {
		case !attributeName.MatchString(a.Name):
			return nil, fmt.Errorf("reading the catalogue: attribute %d: name %q is not lower-case words with hyphens", i+1, a.Name)
		case c.byName[a.Name].Name != "":
			return nil, fmt.Errorf("reading the catalogue: attribute %s stands twice", a.Name)
		case iris[a.IRI]:
			return nil, fmt.Errorf("reading the catalogue: attribute %s: IRI %s stands twice", a.Name, a.IRI)
		case !isTerm(a.IRI):
			return nil, fmt.Errorf("reading the catalogue: attribute %s: %q is not the IRI of a term", a.Name, a.IRI)
		case a.Label.EN == "":
			return nil, fmt.Errorf("reading the catalogue: attribute %s has no English label", a.Name)
		case !slices.Contains(kinds, a.Kind):
			return nil, fmt.Errorf("reading the catalogue: attribute %s: kind %q is none of %v", a.Name, a.Kind, kinds)
		case a.Derived != "" && c.byName[a.Derived].Name == "":
			return nil, fmt.Errorf("reading the catalogue: attribute %s is derived from %q, which does not stand before it", a.Name, a.Derived)
		}
		iris[a.IRI] = true
		read := consent.Attribute{Name: a.Name, IRI: a.IRI, Label: a.Label.EN, Kind: a.Kind, Derived: a.Derived, Sensitive: a.Sensitive}
		c.attributes, c.byName[a.Name] = append(c.attributes, read), read
	}
	for i, p := range file.Purposes {
		_, twice := c.byIRI[p.IRI]
		switch {
		case !isTerm(p.IRI):
			return nil, fmt.Errorf("reading the catalogue: purpose %d: %q is not the IRI of a term", i+1, p.IRI)
		case twice:
			return nil, fmt.Errorf("reading the catalogue: purpose %s stands twice", p.IRI)
		case p.Label.EN == "":
			return nil, fmt.Errorf("reading the catalogue: purpose %s has no English label", p.IRI)
		case p.MaxDays < 1 || p.MaxDays > longestDays:
			return nil, fmt.Errorf("reading the catalogue: purpose %s: max_days %d is not between 1 and %d", p.IRI, p.MaxDays, longestDays)
		}
		for j, name := range p.Attributes {
			if c.byName[name].Name == "" {
				return nil, fmt.Errorf("reading the catalogue: purpose %s uses %q, which is not an attribute", p.IRI, name)
			}
			if slices.Contains(p.Attributes[:j], name) {
				return nil, fmt.Errorf("reading the catalogue: purpose %s uses %s twice", p.IRI, name)
			}
		}
		read := consent.Purpose{IRI: p.IRI, Label: p.Label.EN, Marketing: p.Marketing, Contact: p.Contact, MaxDays: p.MaxDays, Attributes: p.Attributes}
		c.purposes, c.byIRI[p.IRI] = append(c.purposes, read), read
	}
	return c, nil
}

// Attribute finds an attribute by its name.
func (c *Catalogue) Attribute(name string) (consent.Attribute, bool) {
	a, ok := c.byName[name]
	return a, ok
}

// Purpose finds a purpose by its IRI.
func (c *Catalogue) Purpose(iri string) (consent.Purpose, bool) {
	p, ok := c.byIRI[iri]
	p.Attributes = slices.Clone(p.Attributes)
	return p, ok
}

// Attributes lists all attributes in the catalogue's order.
func (c *Catalogue) Attributes() []consent.Attribute { return slices.Clone(c.attributes) }

// Purposes lists all purposes in the catalogue's order.
func (c *Catalogue) Purposes() []consent.Purpose {
	out := slices.Clone(c.purposes)
	for i := range out {
		out[i].Attributes = slices.Clone(out[i].Attributes)
	}
	return out
}

// isTerm reports whether the IRI names a term of a vocabulary, like DPV's do.
func isTerm(iri string) bool {
	u, err := url.Parse(iri)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.Fragment != ""
}
