package consent_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coffer/consent"
)

// differenceCase is two versions of a template and all that differs.
type differenceCase struct {
	Name        string               `json:"name"`
	Expect      string               `json:"expect"` // material, immaterial or same
	Before      json.RawMessage      `json:"before"` // payloads of templates
	After       json.RawMessage      `json:"after"`
	Differences []consent.Difference `json:"differences"`
}

func template(f fixture) consent.Template {
	q := f.request
	return consent.Template{Name: "order", Version: 1, Iss: q.Iss, Aud: q.Aud, Iat: q.Iat, Controller: q.Controller,
		Jurisdictions: q.Jurisdictions, Language: q.Language, NoticeVersion: q.NoticeVersion, Purposes: q.Purposes}
}

type differenceChange struct {
	name   string
	kinds  string // the kinds that come of it, in order
	change func(*consent.Template)
}

var differenceChanges = []differenceChange{
	{"nothing", "", func(*consent.Template) {}},
	{"attributes in another order", "", func(t *consent.Template) { slices.Reverse(t.Purposes[0].Required) }},
	{"another key", "controller-changed", func(t *consent.Template) { t.Iss = businessKey("other shop").DID }},
	{"another name", "controller-changed", func(t *consent.Template) { t.Controller.Name = "Corner Shop GmbH" }},
	{"moved", "contact-changed contact-changed", func(t *consent.Template) {
		t.Controller.Address, t.Controller.Contact = "2 High Street, 10115 Berlin", "data@corner.example"
	}},
	{"another officer, authority, notice and page", "contact-changed contact-changed contact-changed contact-changed", func(t *consent.Template) {
		t.Controller.DPO, t.Controller.Authority, t.Controller.PrivacyNotice, t.Controller.URL = "", "CNIL", "https://corner.example/data", "https://corner.example"
	}},
	{"also used elsewhere", "jurisdiction-added", func(t *consent.Template) { t.Jurisdictions = []string{"DE", "US-CA"} }},
	{"used elsewhere instead", "jurisdiction-added jurisdiction-removed", func(t *consent.Template) { t.Jurisdictions = []string{"FR"} }},
	{"new notice version", "notice-version-changed", func(t *consent.Template) { t.NoticeVersion = "2" }},
	{"new wording", "text-changed", func(t *consent.Template) { t.Purposes[0].Text["en"] = "Parcel Co brings you what you ordered." }},
	{"a language more", "text-added", func(t *consent.Template) {
		t.Purposes[0].Text["fr"] = "Nous vous apportons ce que vous avez commandé."
	}},
	{"a language fewer", "text-removed", func(t *consent.Template) { delete(t.Purposes[0].Text, "de") }},
	{"another text rules", "language-changed text-added", func(t *consent.Template) {
		t.Language = "de"
		t.Purposes[1].Text["de"] = "Wir schreiben Ihnen über Schuhe, die passen."
	}},
	{"a purpose more", "purpose-added", func(t *consent.Template) {
		a := t.Purposes[0]
		a.ID = "returns"
		t.Purposes = append(t.Purposes, a)
	}},
	{"a purpose fewer", "purpose-removed", func(t *consent.Template) { t.Purposes = t.Purposes[:1] }},
	{"another purpose under the name", "purpose-changed", func(t *consent.Template) { t.Purposes[0].Purpose = "https://w3id.org/dpv#CustomerCare" }},
	{"another basis", "basis-changed", func(t *consent.Template) {
		t.Purposes[0].LawfulBasis = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-f"
	}},
	{"asks more", "attribute-added attribute-added", func(t *consent.Template) {
		t.Purposes[0].Required = append(t.Purposes[0].Required, "email")
		t.Purposes[1].Optional = append(t.Purposes[1].Optional, "clothing-size")
	}},
	{"asks less", "attribute-removed attribute-removed", func(t *consent.Template) {
		t.Purposes[0].Required, t.Purposes[0].Optional = []string{"postal-address"}, nil
	}},
	{"what was optional is required", "attribute-required", func(t *consent.Template) {
		t.Purposes[0].Required, t.Purposes[0].Optional = append(t.Purposes[0].Required, "phone"), nil
	}},
	{"what was required is optional", "attribute-optional", func(t *consent.Template) {
		t.Purposes[0].Required, t.Purposes[0].Optional = []string{"postal-address"}, []string{"phone", "name"}
	}},
	{"for longer", "days-longer", func(t *consent.Template) { t.Purposes[0].Days = 90 }},
	{"for less long", "days-shorter", func(t *consent.Template) { t.Purposes[0].Days = 7 }},
	{"kept longer", "retention-longer", func(t *consent.Template) { t.Purposes[0].Retention = "P91D" }},
	{"kept less long", "retention-shorter", func(t *consent.Template) { t.Purposes[0].Retention = "P2M" }},
	{"kept for three months, perhaps longer", "retention-longer", func(t *consent.Template) { t.Purposes[0].Retention = "P3M" }},
	{"kept for a year by another name", "retention-respelt", func(t *consent.Template) { t.Purposes[1].Retention = "P12M" }},
	{"kept for less than a year", "retention-shorter", func(t *consent.Template) { t.Purposes[1].Retention = "P11M1W" }},
	{"kept for no certain order", "retention-longer", func(t *consent.Template) { t.Purposes[1].Retention = "P11M29D" }},
	{"passed on to another here", "recipient-added", func(t *consent.Template) {
		t.Purposes[0].Recipients = append(t.Purposes[0].Recipients, consent.Recipient{Name: "Bike Co", Country: "DE"})
	}},
	{"passed on abroad", "recipient-added recipient-removed country-added country-removed", func(t *consent.Template) {
		t.Purposes[0].Recipients = []consent.Recipient{{Name: "Parcel Co", Country: "US"}}
	}},
	{"passed on to nobody", "recipient-removed country-removed", func(t *consent.Template) { t.Purposes[0].Recipients = nil }},
	{"writes more often", "weekly-cap-raised", func(t *consent.Template) { t.Purposes[1].WeeklyCap = 3 }},
	{"writes less often", "weekly-cap-lowered", func(t *consent.Template) { t.Purposes[1].WeeklyCap = 1 }},
	{"writes no more", "channel-removed weekly-cap-lowered", func(t *consent.Template) {
		t.Purposes[1].Channels, t.Purposes[1].WeeklyCap = nil, 0
	}},
	{"writes now", "channel-added weekly-cap-raised", func(t *consent.Template) {
		t.Purposes[0].Channels, t.Purposes[0].WeeklyCap = []string{"wallet"}, 1
	}},
	{"a partner joins", "partner-added", func(t *consent.Template) { t.Purposes[0].Partners = []consent.Partner{bikes("partner")} }},
	{"on a condition now", "condition-added", func(t *consent.Template) { t.Purposes[0].Condition = byEvent("carrier") }},
	{"narrower here and wider there", "attribute-removed days-longer", func(t *consent.Template) {
		t.Purposes[0].Optional, t.Purposes[1].Days = nil, 365
	}},
}

func bikes(label string) consent.Partner {
	return consent.Partner{DID: businessKey(label).DID, Name: "Bike Co", Address: "3 Low Road, 10115 Berlin", Contact: "privacy@bike.example", Country: "DE",
		AgreementKey: public(agreementKey(label)), Role: consent.Onward, Attributes: []string{"name"}}
}

// partnerChanges start from a template that names a partner.
var partnerChanges = []struct {
	name   string
	kinds  string
	change func(*consent.Partner)
}{
	{"a partner's new key", "", func(p *consent.Partner) { p.AgreementKey = public(agreementKey("x")) }},
	{"a partner moves house", "contact-changed contact-changed", func(p *consent.Partner) { p.Address, p.Contact = "4 Low Road, 10115 Berlin", "data@bike.example" }},
	{"a partner moves abroad", "partner-changed", func(p *consent.Partner) { p.Country = "US" }},
	{"a partner decides, too, under another name", "partner-changed partner-changed", func(p *consent.Partner) { p.Name, p.Role = "Bikes Inc", consent.Joint }},
	{"a partner gets more and other", "partner-attribute-added partner-attribute-removed", func(p *consent.Partner) { p.Attributes = []string{"postal-address"} }},
	{"another partner instead", "partner-added partner-removed", func(p *consent.Partner) { p.DID = businessKey("other shop").DID }},
	{"a partner leaves", "partner-removed", nil},
}

// recordChanges are of a template whose last purpose wants a warranty, its product and, if
// the shopper likes, its serial.
var recordChanges = []struct {
	name, kinds string
	change      func(*consent.Wanted)
}{
	{"one claim more of a record", "attribute-added", func(w *consent.Wanted) { w.Optional = append(w.Optional, "bought") }},
	{"a claim of a record is needed", "attribute-required", func(w *consent.Wanted) { w.Required, w.Optional = []string{"product", "serial"}, nil }},
	{"a claim of a record may be left out", "attribute-optional attribute-removed", func(w *consent.Wanted) { w.Required, w.Optional = nil, []string{"product"} }},
	{"another record", "attribute-added attribute-removed", func(w *consent.Wanted) { w.Type = "https://corner.example/terms#Card" }},
	{"the same record", "", func(*consent.Wanted) {}},
}

func expected(all []consent.Difference) string {
	switch {
	case consent.IsMaterial(all):
		return "material"
	case len(all) > 0:
		return "immaterial"
	}
	return "same"
}

// conditionChanges are of a template whose first purpose has that condition.
var conditionChanges = []struct {
	name, kinds   string
	before, after *consent.Condition
}{
	{"on no condition any more", "condition-dropped", byEvent("carrier"), nil},
	{"on the same condition", "", byEvent("carrier"), byEvent("carrier")},
	{"on another's word", "condition-looser", byEvent("carrier"), byEvent("shop")},
	{"on another kind of condition", "condition-looser", byEvent("carrier"), byRecord("carrier")},
	{"earlier", "condition-looser", &consent.Condition{From: unixOf(now.Add(2 * time.Hour))}, &consent.Condition{From: unixOf(now.Add(time.Hour))}},
	{"later", "condition-stricter", &consent.Condition{From: unixOf(now.Add(time.Hour))}, &consent.Condition{From: unixOf(now.Add(2 * time.Hour))}},
	{"more often", "condition-looser", &consent.Condition{Uses: times(3)}, &consent.Condition{Uses: times(4)}},
	{"less often", "condition-stricter", &consent.Condition{Uses: times(3)}, &consent.Condition{Uses: times(2)}},
}

func makeDifferences(t testing.TB) (out []differenceCase) {
	for _, c := range differenceChanges {
		before, after := template(newFixture(t)), template(newFixture(t))
		after.Version = 2
		c.change(&after)
		all := append([]consent.Difference{}, consent.Differences(before.Asks(), after.Asks())...) // never null
		out = append(out, differenceCase{c.name, expected(all), before.Payload(), after.Payload(), all})
	}
	for _, c := range conditionChanges {
		before, after := template(newFixture(t)), template(newFixture(t))
		before.Purposes[0].Condition, after.Purposes[0].Condition, after.Version = c.before, c.after, 2
		all := append([]consent.Difference{}, consent.Differences(before.Asks(), after.Asks())...)
		out = append(out, differenceCase{c.name, expected(all), before.Payload(), after.Payload(), all})
	}
	for _, c := range recordChanges {
		before, after := template(newFixture(t)), template(newFixture(t))
		before.Purposes, after.Purposes, after.Version = append(before.Purposes, careAsked()), append(after.Purposes, careAsked()), 2
		w := wantedExample()
		c.change(&w)
		after.Purposes[2].Records = map[string]consent.Wanted{"warranty": w}
		all := append([]consent.Difference{}, consent.Differences(before.Asks(), after.Asks())...)
		out = append(out, differenceCase{c.name, expected(all), before.Payload(), after.Payload(), all})
	}
	for _, c := range partnerChanges {
		before, after := template(newFixture(t)), template(newFixture(t))
		before.Purposes[0].Partners, after.Version = []consent.Partner{bikes("partner")}, 2
		if p := bikes("partner"); c.change != nil {
			c.change(&p)
			after.Purposes[0].Partners = []consent.Partner{p}
		}
		all := append([]consent.Difference{}, consent.Differences(before.Asks(), after.Asks())...)
		out = append(out, differenceCase{c.name, expected(all), before.Payload(), after.Payload(), all})
	}
	return out
}

func TestDifferenceVectors(t *testing.T) {
	made := makeDifferences(t)
	want, err := json.MarshalIndent(vectors[differenceCase]{1, made}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	path := vectorDir + "/difference.json"
	if *update {
		if err := os.WriteFile(path, append(want, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(path); err != nil || string(have) != string(want)+"\n" {
		t.Errorf("difference.json is not what is made today (%v); run: go test ./consent -update", err)
	}
	var wanted []string
	for _, c := range differenceChanges {
		wanted = append(wanted, c.kinds)
	}
	for _, c := range conditionChanges {
		wanted = append(wanted, c.kinds)
	}
	for _, c := range recordChanges {
		wanted = append(wanted, c.kinds)
	}
	for _, c := range partnerChanges {
		wanted = append(wanted, c.kinds)
	}
	seen, kinds := map[string]int{}, map[string]bool{}
	for i, c := range readVectors[differenceCase](t, "difference.json") {
		seen[c.Expect]++
		var have []string
		for _, d := range c.Differences {
			have = append(have, string(d.Kind))
			kinds[string(d.Kind)] = true
			if d.Material != d.Kind.Material() {
				t.Errorf("%s: %s", c.Name, d.Kind)
			}
		}
		if strings.Join(have, " ") != wanted[i] {
			t.Errorf("%s: %v", c.Name, have)
		}
	}
	if seen["material"] == 0 || seen["immaterial"] == 0 || seen["same"] == 0 {
		t.Errorf("want some of each outcome: %v", seen)
	}
	doc := string(must(os.ReadFile("FORMAT.md")))
	for _, k := range constants(t, "difference.go", "DifferenceKind") {
		if !kinds[k] {
			t.Errorf("no vector has %s", k)
		}
		if !strings.Contains(doc, "`"+k+"`") {
			t.Errorf("%s is not in FORMAT.md", k)
		}
	}
}

// anyTerms draws terms that differ in much or in little.
func anyTerms(t *rapid.T, label string) consent.Request {
	q := consent.Request{Iss: "did:key:a", Controller: consent.Controller{Name: rapid.SampledFrom([]string{"A", "B"}).Draw(t, label)},
		Jurisdictions: some(t, []string{"DE", "FR"}, label), Language: "en", NoticeVersion: rapid.SampledFrom([]string{"1", "2"}).Draw(t, label)}
	for _, name := range some(t, purposes[:2], label) {
		a := consent.Asked{ID: name, Text: map[string]string{"en": rapid.SampledFrom([]string{"x", "y"}).Draw(t, label)},
			Days: rapid.SampledFrom(days).Draw(t, label), Retention: rapid.SampledFrom([]string{"P1M", "P30D", "P1Y", "P12M", "P366D"}).Draw(t, label),
			Channels: some(t, []string{"wallet"}, label), WeeklyCap: rapid.IntRange(0, 2).Draw(t, label)}
		for _, n := range some(t, names, label) {
			if rapid.Bool().Draw(t, label) {
				a.Required = append(a.Required, n)
			} else {
				a.Optional = append(a.Optional, n)
			}
		}
		for _, n := range some(t, []string{"P", "Q"}, label) {
			a.Recipients = append(a.Recipients, consent.Recipient{Name: n, Country: rapid.SampledFrom([]string{"DE", "US"}).Draw(t, label)})
		}
		q.Purposes = append(q.Purposes, a)
	}
	return q
}

// No difference means the same terms; no material one means no right, reader or day more.
func TestDifferencesMissNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, next := anyTerms(t, "old"), anyTerms(t, "next")
		if d := consent.Differences(old, old); len(d) != 0 {
			t.Fatalf("differs from itself: %v", d)
		}
		all := consent.Differences(old, next)
		if same := string(old.Payload()) == string(next.Payload()); same != (len(all) == 0) {
			t.Fatalf("same %v, %v", same, all)
		}
		if back := consent.Differences(next, old); len(back) != len(all) {
			t.Fatalf("%v one way, %v the other", all, back)
		}
		if consent.IsMaterial(all) {
			return
		}
		if right, beyond := next.Rights().Beyond(old.Rights()); beyond {
			t.Fatalf("a right more: %v", right)
		}
		for _, a := range next.Purposes {
			b, _ := old.Purpose(a.ID)
			for _, r := range a.Recipients {
				if !slices.Contains(b.Recipients, r) {
					t.Fatalf("a reader more: %v", r)
				}
			}
			for _, name := range a.Required {
				if !slices.Contains(b.Required, name) {
					t.Fatalf("required now: %s", name)
				}
			}
		}
	})
}

func TestDifferenceNamesItsPurpose(t *testing.T) {
	for at, want := range map[string]string{"purposes.delivery.text.en": "delivery", "purposes.x": "x", "controller.name": ""} {
		if have := (consent.Difference{At: at}).Purpose(); have != want {
			t.Errorf("%s: %q", at, have)
		}
	}
	q := newFixture(t).request
	if only := q.Only("marketing"); len(only.Purposes) != 1 || only.Purposes[0].ID != "marketing" || len(q.Purposes) != 2 {
		t.Errorf("%d of %d", len(only.Purposes), len(q.Purposes))
	}
}

// differenceExample is FORMAT.md's: one material difference, and one that is not.
func differenceExample(t testing.TB) []byte {
	before, after := template(newFixture(t)), template(newFixture(t))
	after.Purposes[0].Recipients = append(after.Purposes[0].Recipients, consent.Recipient{Name: "Bike Co", Country: "DE"})
	after.NoticeVersion = "2"
	return must(json.Marshal(consent.Differences(before.Asks(), after.Asks())))
}
