package consent

import (
	"slices"
	"strings"
)

// check holds one purpose, the i-th, against the rules.
func (a Asked) check(language string, rules ParseRules, i int) error {
	at := func(key string) string { return nth("purposes", i) + "." + key }
	if !nameForm.MatchString(a.ID) {
		return malformed("want 1 to 32 of a-z 0-9 -", at("id"))
	}
	if err := iri(a.Purpose); err != nil {
		return malformed(err.Error(), at("purpose"))
	}
	if err := a.checkText(language, at); err != nil {
		return err
	}
	if err := a.checkAttributes(at); err != nil {
		return err
	}
	if !lasts(a.Days) {
		return refuse(BadLength, at("days"))
	}
	if !retentionForm.MatchString(a.Retention) || a.Retention == "P" {
		return malformed("want an ISO 8601 duration", at("retention"))
	}
	if len(a.Recipients) > 32 {
		return malformed("want at most 32", at("recipients"))
	}
	for j, r := range a.Recipients {
		if !said(r.Name, 120) || !countryForm.MatchString(r.Country) {
			return malformed("want a name and a country", nth(at("recipients"), j))
		}
	}
	if err := iri(a.LawfulBasis); err != nil || !strings.HasPrefix(a.LawfulBasis, "https://w3id.org/dpv") {
		return malformed("want a DPV IRI", at("lawful_basis"))
	}
	if err := a.checkChannels(at); err != nil {
		return err
	}
	if err := a.checkRecords(at); err != nil {
		return err
	}
	return a.checkCatalogue(rules, at)
}

func (a Asked) checkText(language string, at func(string) string) error {
	for l, text := range a.Text {
		if !languageForm.MatchString(l) || !said(text, 2000) {
			return malformed("want texts of at most 2000 bytes by BCP 47 language", at("text"))
		}
	}
	if a.Text[language] == "" {
		return refuse(NoText, at("text"))
	}
	return nil
}

func (a Asked) checkAttributes(at func(string) string) error {
	all := slices.Concat(a.Required, a.Optional)
	for j, name := range all {
		if !nameForm.MatchString(name) {
			return malformed("want an attribute's name", a.place(at, j))
		}
		if slices.Contains(all[:j], name) {
			return refuse(Duplicate, a.place(at, j))
		}
	}
	if len(all) > 64 {
		return malformed("want at most 64 attributes", at("optional"))
	}
	if len(all) == 0 && len(a.Channels) == 0 {
		return refuse(NothingAsked, at("required"))
	}
	return nil
}

// place names the j-th attribute of required and optional together.
func (a Asked) place(at func(string) string, j int) string {
	if j < len(a.Required) {
		return nth(at("required"), j)
	}
	return nth(at("optional"), j-len(a.Required))
}

func (a Asked) checkChannels(at func(string) string) error {
	for j, c := range a.Channels {
		if c != ChannelWallet || j > 0 {
			return refuse(BadChannel, nth(at("channels"), j))
		}
	}
	if (len(a.Channels) > 0) != (a.WeeklyCap > 0) || a.WeeklyCap < 0 || a.WeeklyCap > 70 {
		return refuse(BadChannel, at("weekly_cap"))
	}
	return nil
}

// checkCatalogue holds the purpose against what may be asked at all.
func (a Asked) checkCatalogue(rules ParseRules, at func(string) string) error {
	if rules.Registered != nil && !slices.Contains(rules.Registered, a.Purpose) {
		return refuse(UnregisteredPurpose, at("purpose"))
	}
	if rules.Catalogue == nil {
		return nil
	}
	p, ok := rules.Catalogue.Purpose(a.Purpose)
	if !ok {
		return refuse(UnknownPurpose, at("purpose"))
	}
	for j, name := range slices.Concat(a.Required, a.Optional) {
		known, ok := rules.Catalogue.Attribute(name)
		if !ok {
			return refuse(UnknownAttribute, a.place(at, j)+" "+name)
		}
		if _, wanted := a.Records[name]; wanted != (known.Kind == KindRecord) {
			return malformed("want it in records, if it is one", a.place(at, j)+" "+name)
		}
		if !slices.Contains(p.Attributes, name) {
			return refuse(OverWide, a.place(at, j)+" "+name)
		}
	}
	if a.Days > p.MaxDays {
		return refuse(BadLength, at("days"))
	}
	if p.Contact != (len(a.Channels) > 0) {
		return refuse(BadChannel, at("channels"))
	}
	return nil
}
