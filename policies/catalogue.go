package policies

import (
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"coffer/consent"
)

//go:embed catalogue.json
var catalogueText []byte

// Catalogue lists the attributes a vault may hold and the purposes a business may
// ask for, with what each purpose may ever ask. It does not change once read.
type Catalogue struct {
	text       []byte // as read; its hash is part of a version
	attributes []consent.Attribute
	purposes   []consent.Purpose
	byName     map[string]attribute
	byIRI      map[string]purpose
}

var _ consent.Catalogue = (*Catalogue)(nil)

// attribute is what the catalogue says beyond what consent needs.
type attribute struct {
	consent.Attribute
	labels      Labels
	sensitivity Sensitivity
	category    string // IRI of the special category, or ""
}

type purpose struct {
	consent.Purpose
	labels    Labels
	profiling bool
	maxWeekly int      // messages in seven days, whatever a shopper allows; 0 without contact
	explicit  []string // the special categories that it may use, by explicit consent
}

// Labels are what people read, by language.
type Labels struct {
	EN string `json:"en"`
	DE string `json:"de"`
	FR string `json:"fr"`
}

// In is the label in a language (a BCP 47 tag; its first part decides), English
// where there is none.
func (l Labels) In(language string) string {
	first, _, _ := strings.Cut(strings.ToLower(language), "-")
	switch first {
	case "de":
		return l.DE
	case "fr":
		return l.FR
	}
	return l.EN
}

// Sensitivity says how much care an attribute needs.
type Sensitivity string

const (
	Ordinary  Sensitivity = "ordinary"  // dpv:PersonalData
	Sensitive Sensitivity = "sensitive" // dpv:SensitivePersonalData: the wallet asks twice
	Special   Sensitivity = "special"   // dpv:SpecialCategoryPersonalData (GDPR Art. 9): only with explicit consent
)

var sensitivities = []Sensitivity{Ordinary, Sensitive, Special}

// The kinds an attribute's value can be of; the wallet has an input for each.
var kinds = []string{"text", "email", "phone", "address", "date", "number", "boolean", consent.KindRecord}

// longestDays is the longest of the fixed lengths of a grant (formats.md § 4).
const longestDays = 365

// mostWeekly is more messages in seven days than any purpose may have: one an hour.
const mostWeekly = 7 * 24

var attributeName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// ShippedCatalogue is the catalogue that this program was built with.
func ShippedCatalogue() (*Catalogue, error) { return ParseCatalogue(catalogueText) }

// The shape of catalogue.json; FORMAT.md says what the keys mean.
type (
	attributeJSON struct {
		Name        string      `json:"name"`
		IRI         string      `json:"iri"`
		Label       Labels      `json:"label"`
		Kind        string      `json:"kind"`
		Sensitivity Sensitivity `json:"sensitivity"`
		Category    string      `json:"special_category,omitempty"`
		Derived     string      `json:"derived_from,omitempty"`
	}
	purposeJSON struct {
		IRI        string   `json:"iri"`
		Label      Labels   `json:"label"`
		Marketing  bool     `json:"marketing"`
		Profiling  bool     `json:"profiling"`
		Contact    bool     `json:"contact"`
		MaxDays    int      `json:"max_days"`
		MaxWeekly  int      `json:"max_weekly,omitempty"`
		Attributes []string `json:"attributes"`
		Explicit   []string `json:"explicit_consent,omitempty"`
	}
)

// ParseCatalogue reads a catalogue.json (see FORMAT.md) and refuses what it does
// not know: an unknown or repeated key, a name or an IRI that stands twice, a
// purpose that uses an attribute which is not listed, or a special category without
// explicit consent.
func ParseCatalogue(text []byte) (*Catalogue, error) {
	var file struct {
		V          int             `json:"v"`
		Attributes []attributeJSON `json:"attributes"`
		Purposes   []purposeJSON   `json:"purposes"`
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
	c := &Catalogue{text: slices.Clone(text), byName: map[string]attribute{}, byIRI: map[string]purpose{}}
	for i, a := range file.Attributes {
		if err := c.addAttribute(i, a); err != nil {
			return nil, fmt.Errorf("reading the catalogue: %w", err)
		}
	}
	for i, p := range file.Purposes {
		if err := c.addPurpose(i, p); err != nil {
			return nil, fmt.Errorf("reading the catalogue: %w", err)
		}
	}
	return c, nil
}

func (c *Catalogue) addAttribute(i int, a attributeJSON) error {
	_, twice := c.byName[a.Name]
	switch {
	case !attributeName.MatchString(a.Name):
		return fmt.Errorf("attribute %d: name %q is not lower-case words with hyphens", i+1, a.Name)
	case twice:
		return fmt.Errorf("attribute %s stands twice", a.Name)
	case slices.ContainsFunc(c.attributes, func(b consent.Attribute) bool { return b.IRI == a.IRI }):
		return fmt.Errorf("attribute %s: IRI %s stands twice", a.Name, a.IRI)
	case !isTerm(a.IRI):
		return fmt.Errorf("attribute %s: %q is not the IRI of a term", a.Name, a.IRI)
	case !slices.Contains(kinds, a.Kind):
		return fmt.Errorf("attribute %s: kind %q is none of %v", a.Name, a.Kind, kinds)
	case !slices.Contains(sensitivities, a.Sensitivity):
		return fmt.Errorf("attribute %s: sensitivity %q is none of %v", a.Name, a.Sensitivity, sensitivities)
	case (a.Sensitivity == Special) != (a.Category != ""):
		return fmt.Errorf("attribute %s: special_category is for attributes of sensitivity special, and they need one", a.Name)
	case a.Category != "" && !isTerm(a.Category):
		return fmt.Errorf("attribute %s: special_category %q is not the IRI of a term", a.Name, a.Category)
	case a.Derived != "" && c.byName[a.Derived].Name == "":
		return fmt.Errorf("attribute %s is derived from %q, which does not stand before it", a.Name, a.Derived)
	}
	if err := a.Label.check(); err != nil {
		return fmt.Errorf("attribute %s: %w", a.Name, err)
	}
	known := consent.Attribute{Name: a.Name, IRI: a.IRI, Label: a.Label.EN, Kind: a.Kind, Derived: a.Derived, Sensitive: a.Sensitivity != Ordinary}
	c.attributes = append(c.attributes, known)
	c.byName[a.Name] = attribute{Attribute: known, labels: a.Label, sensitivity: a.Sensitivity, category: a.Category}
	return nil
}

func (c *Catalogue) addPurpose(i int, p purposeJSON) error {
	_, twice := c.byIRI[p.IRI]
	switch {
	case !isTerm(p.IRI):
		return fmt.Errorf("purpose %d: %q is not the IRI of a term", i+1, p.IRI)
	case twice:
		return fmt.Errorf("purpose %s stands twice", p.IRI)
	case p.MaxDays < 1 || p.MaxDays > longestDays:
		return fmt.Errorf("purpose %s: max_days %d is not between 1 and %d", p.IRI, p.MaxDays, longestDays)
	case p.Contact && (p.MaxWeekly < 1 || p.MaxWeekly > mostWeekly):
		return fmt.Errorf("purpose %s contacts shoppers: max_weekly %d is not between 1 and %d", p.IRI, p.MaxWeekly, mostWeekly)
	case !p.Contact && p.MaxWeekly != 0:
		return fmt.Errorf("purpose %s: max_weekly is for purposes that contact shoppers", p.IRI)
	case len(p.Explicit) > 0 && (p.Marketing || p.Profiling):
		return fmt.Errorf("purpose %s: marketing and profiling never use special categories, so explicit_consent is not for it", p.IRI)
	}
	if err := p.Label.check(); err != nil {
		return fmt.Errorf("purpose %s: %w", p.IRI, err)
	}
	var used []string
	for j, name := range p.Attributes {
		a, ok := c.byName[name]
		switch {
		case !ok:
			return fmt.Errorf("purpose %s uses %q, which is not an attribute", p.IRI, name)
		case slices.Contains(p.Attributes[:j], name):
			return fmt.Errorf("purpose %s uses %s twice", p.IRI, name)
		case a.category != "" && !slices.Contains(p.Explicit, a.category):
			return fmt.Errorf("purpose %s uses %s, which is of a special category: name %s under explicit_consent", p.IRI, name, a.category)
		}
		used = append(used, a.category)
	}
	for j, category := range p.Explicit {
		if !slices.Contains(used, category) || category == "" || slices.Contains(p.Explicit[:j], category) {
			return fmt.Errorf("purpose %s: explicit_consent %q stands twice, or none of its attributes is of it", p.IRI, category)
		}
	}
	known := consent.Purpose{IRI: p.IRI, Label: p.Label.EN, Marketing: p.Marketing, Contact: p.Contact, MaxDays: p.MaxDays, Attributes: p.Attributes}
	c.purposes = append(c.purposes, known)
	c.byIRI[p.IRI] = purpose{Purpose: known, labels: p.Label, profiling: p.Profiling, maxWeekly: p.MaxWeekly, explicit: p.Explicit}
	return nil
}

// check wants every language, so that no shopper reads another one by surprise.
func (l Labels) check() error {
	switch "" {
	case l.EN:
		return errors.New("it has no English label")
	case l.DE:
		return errors.New("it has no German label")
	case l.FR:
		return errors.New("it has no French label")
	}
	return nil
}

// Attribute finds an attribute by its name.
func (c *Catalogue) Attribute(name string) (consent.Attribute, bool) {
	a, ok := c.byName[name]
	return a.Attribute, ok
}

// Purpose finds a purpose by its IRI.
func (c *Catalogue) Purpose(iri string) (consent.Purpose, bool) {
	p, ok := c.byIRI[iri]
	p.Attributes = slices.Clone(p.Attributes)
	return p.Purpose, ok
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

// Labels are those of an attribute, by its name, or of a purpose, by its IRI.
func (c *Catalogue) Labels(nameOrIRI string) (Labels, bool) {
	if a, ok := c.byName[nameOrIRI]; ok {
		return a.labels, true
	}
	p, ok := c.byIRI[nameOrIRI]
	return p.labels, ok
}

// Sensitivity of an attribute, and the IRI of its special category, if it is of one.
// What the catalogue does not have is taken to be special, of no category.
func (c *Catalogue) Sensitivity(name string) (s Sensitivity, category string) {
	a, ok := c.byName[name]
	if !ok {
		return Special, ""
	}
	return a.sensitivity, a.category
}

// Uses lists the purposes that may ever ask for the attribute, in the catalogue's
// order.
func (c *Catalogue) Uses(name string) (iris []string) {
	for _, p := range c.purposes {
		if slices.Contains(p.Attributes, name) {
			iris = append(iris, p.IRI)
		}
	}
	return iris
}

// categories lists the special categories among attributes. What the catalogue does
// not have is of none; no purpose may use it.
func (c *Catalogue) categories(attributes []string) (out []string) {
	for _, name := range attributes {
		if of := c.byName[name].category; of != "" && !slices.Contains(out, of) {
			out = append(out, of)
		}
	}
	return out
}

// isTerm reports whether the IRI names a term of a vocabulary, like DPV's do.
func isTerm(iri string) bool {
	u, err := url.Parse(iri)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.Fragment != ""
}
