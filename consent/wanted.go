package consent

import (
	"maps"
	"slices"
)

// KindRecord is the kind of an attribute that is given by showing a record.
const KindRecord = "record"

// Wanted is which record a purpose asks for under one attribute, and what of it.
type Wanted struct {
	Type     string   `json:"type"`     // of an SD-JWT VC its vct, of a JWT-VC one of its types
	Required []string `json:"required"` // claims
	Optional []string `json:"optional"` // claims
}

// Met holds a record that was shown against what was wanted: WrongEvidence for another
// type, MissingRequired for a claim that it does not show.
func (w Wanted) Met(r Record) error {
	if !slices.Contains(r.Types, w.Type) {
		return refuse(WrongEvidence, "record.type")
	}
	for i, claim := range w.Required {
		if _, shown := r.Claims[claim]; !shown {
			return refuse(MissingRequired, nth("required", i))
		}
	}
	return nil
}

const maxClaims = 32

// checkRecords holds what a purpose says of records against itself: each belongs to an
// attribute that it asks for, and goes to the business alone. What is presented to one
// cannot be presented by another, so a partner asks with a request of its own.
func (a Asked) checkRecords(at func(string) string) error {
	for _, name := range slices.Sorted(maps.Keys(a.Records)) {
		w, place := a.Records[name], at("records")+"."+name
		if !a.Asks(name) {
			return refuse(OverWide, place)
		}
		if !said(w.Type, 200) {
			return malformed("want a type of 1 to 200 bytes", place+".type")
		}
		claims := slices.Concat(w.Required, w.Optional)
		if len(claims) > maxClaims {
			return malformed("want at most 32 claims", place)
		}
		for _, claim := range claims {
			if !said(claim, 100) {
				return malformed("want claims of 1 to 100 bytes", place)
			}
		}
		if err := once(place, claims); err != nil {
			return err
		}
		for j, p := range a.Partners {
			if p.Asks(name) {
				return refuse(BadPartner, nth(at("partners"), j)+".attributes")
			}
		}
	}
	if a.Records != nil && len(a.Records) == 0 {
		return malformed("want at least one", at("records"))
	}
	return nil
}

// lines are what is asked, line by line: the attributes, and of a record its type and each
// claim as well.
func (a Asked) lines() (required, optional []string) {
	required, optional = slices.Clone(a.Required), slices.Clone(a.Optional)
	for _, name := range slices.Sorted(maps.Keys(a.Records)) {
		w := a.Records[name]
		required = append(required, name+"."+w.Type)
		for _, claim := range w.Required {
			required = append(required, name+"."+claim)
		}
		for _, claim := range w.Optional {
			optional = append(optional, name+"."+claim)
		}
	}
	return required, optional
}
