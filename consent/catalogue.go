package consent

// Attribute is one attribute of the catalogue: what a vault may hold and a
// business may ask for.
type Attribute struct {
	Name      string // as in requests: "shoe-size"
	IRI       string // DPV-PD, or an extension of this project
	Label     string // English
	Kind      string // text, email, phone, address, date, number, boolean or record
	Derived   string // the attribute it is computed from, or ""
	Sensitive bool
}

// Purpose is one purpose of the catalogue.
type Purpose struct {
	IRI        string // DPV, or an extension of this project
	Label      string // English
	Marketing  bool
	Contact    bool     // under it messages may be sent, so it has channels and a weekly cap
	MaxDays    int      // the longest grant
	Attributes []string // all that it may ever ask
}

// Catalogue is what may be asked at all. Package policies has the one in force.
type Catalogue interface {
	Attribute(name string) (Attribute, bool)
	Purpose(iri string) (Purpose, bool)
	Attributes() []Attribute // in the catalogue's order
	Purposes() []Purpose
}
