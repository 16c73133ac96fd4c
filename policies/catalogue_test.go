package policies

import (
	"slices"
	"strings"
	"testing"
)

func TestTheShippedCatalogue(t *testing.T) {
	c, err := ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"name", "email", "phone", "postal-address", "birth-date", "age-over-18", "shoe-size",
		"clothing-size", "loyalty-card", "language", "product-preference", "glasses-prescription", "food-intolerance"} {
		if a, ok := c.Attribute(name); !ok || a.Name != name {
			t.Errorf("%s is not in the catalogue", name)
		}
	}
	for _, a := range c.Attributes() {
		if !strings.HasPrefix(a.IRI, "https://w3id.org/dpv/pd#") && !strings.HasPrefix(a.IRI, "https://coffer.example/terms#") {
			t.Errorf("%s has the foreign IRI %s", a.Name, a.IRI)
		}
	}
	for _, p := range c.Purposes() {
		if !strings.HasPrefix(p.IRI, "https://w3id.org/dpv#") && !strings.HasPrefix(p.IRI, "https://coffer.example/terms#") {
			t.Errorf("the foreign purpose %s", p.IRI)
		}
		if slices.Contains(p.Attributes, "birth-date") {
			t.Errorf("%s asks for the birth date: what leaves a vault is derived from it", p.IRI)
		}
		if p.Marketing && !p.Contact && len(p.Attributes) == 0 {
			t.Errorf("%s does nothing", p.IRI)
		}
	}
	if a, _ := c.Attribute("age-over-18"); a.Derived != "birth-date" || a.Kind != "boolean" {
		t.Errorf("age-over-18 is %+v", a)
	}
	if p, ok := c.Purpose("https://w3id.org/dpv#DirectMarketing"); !ok || !p.Marketing || !p.Contact {
		t.Errorf("direct marketing is %+v", p)
	}
}

// Nobody may find out by surprise that health is sold: what is special stays with
// the purposes that say so.
func TestSpecialCategoriesAreForExplicitConsentOnly(t *testing.T) {
	c, _ := ShippedCatalogue()
	special := 0
	for _, a := range c.Attributes() {
		level, category := c.Sensitivity(a.Name)
		if a.Sensitive != (level != Ordinary) {
			t.Errorf("%s is %s and sensitive=%t", a.Name, level, a.Sensitive)
		}
		if level != Special {
			continue
		}
		special++
		uses := c.Uses(a.Name)
		if len(uses) == 0 || category != "https://w3id.org/dpv/pd#MedicalHealth" {
			t.Errorf("%s of %s is used by %v", a.Name, category, uses)
		}
		for _, iri := range uses {
			if p := c.byIRI[iri]; p.Marketing || p.profiling || !slices.Contains(p.explicit, category) {
				t.Errorf("%s uses %s", iri, a.Name)
			}
		}
	}
	if special == 0 {
		t.Error("no attribute is of a special category: the rules for them are untried")
	}
	if level, _ := c.Sensitivity("no-such"); level != Special {
		t.Errorf("what nobody knows is %s", level)
	}
}

func TestLabelsInEveryLanguage(t *testing.T) {
	c, _ := ShippedCatalogue()
	for language, want := range map[string]string{"en": "Shoe size", "de": "Schuhgröße", "de-AT": "Schuhgröße", "FR-ca": "Pointure", "it": "Shoe size", "": "Shoe size"} {
		if l, ok := c.Labels("shoe-size"); !ok || l.In(language) != want {
			t.Errorf("%q: %s, want %s", language, l.In(language), want)
		}
	}
	if l, ok := c.Labels("https://w3id.org/dpv#DeliveryOfGoods"); !ok || l.In("fr") != "Livrer une commande" {
		t.Errorf("delivery is %+v", l)
	}
	if _, ok := c.Labels("no-such"); ok {
		t.Error("a label for nothing")
	}
}

func TestNobodyChangesTheCatalogue(t *testing.T) {
	c, _ := ShippedCatalogue()
	iri := c.Purposes()[0].IRI
	c.Attributes()[0].Name = "x"
	c.Purposes()[0].Attributes[0] = "x"
	p, _ := c.Purpose(iri)
	p.Attributes[0] = "x"
	if again, _ := c.Purpose(iri); again.Attributes[0] == "x" || c.Attributes()[0].Name == "x" || c.Purposes()[0].Attributes[0] == "x" {
		t.Error("a caller changed the catalogue")
	}
}

func TestParseCatalogueRefuses(t *testing.T) {
	const attributes = `"attributes":[{"name":"email","iri":"https://a.example#E","label":{"en":"E","de":"Ed","fr":"Ef"},"kind":"email","sensitivity":"ordinary"}]`
	const purposes = `"purposes":[{"iri":"https://a.example#P","label":{"en":"P","de":"Pd","fr":"Pf"},"marketing":false,"profiling":false,"contact":true,"max_days":31,"max_weekly":7,"attributes":["email"]}]`
	good := `{"v":1,` + attributes + `,` + purposes + `}`
	if _, err := ParseCatalogue([]byte(good)); err != nil {
		t.Fatal(err)
	}
	const special = `"sensitivity":"special","special_category":"https://a.example#H"`
	withHealth := strings.NewReplacer(`"sensitivity":"ordinary"`, special, `["email"]`, `["email"],"explicit_consent":["https://a.example#H"]`).Replace(good)
	if _, err := ParseCatalogue([]byte(withHealth)); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		`"marketing":false`: `"marketing":true`, `"profiling":false`: `"profiling":true`, `["https://a.example#H"]`: `["https://a.example#H","https://a.example#H"]`,
	} {
		if _, err := ParseCatalogue([]byte(strings.Replace(withHealth, from, to, 1))); err == nil || !strings.Contains(err.Error(), "explicit_consent") {
			t.Errorf("a special category with %s: %v", to, err)
		}
	}
	one := strings.TrimSuffix(strings.TrimPrefix(attributes, `"attributes":[`), `]`)
	for _, x := range []struct{ from, to, want string }{
		{`"v":1`, `"v":2`, "version 2"},
		{`"v":1`, `"v":1,"colour":"red"`, "unknown key"},
		{`"v":1`, `"v":1,"v":1`, "key twice"},
		{`"kind":"email"`, `"kind":"email","kind":"email"`, "key twice"},
		{`"kind":"email"`, `"kind":"email","unit":"cm"`, "unknown key"},
		{`"kind":"email"`, `"kind":"colour"`, "kind"},
		{`"kind":"email"`, `"kind":"email","derived_from":"age"`, "derived"},
		{`"kind":"email"`, `"kind":"email","derived_from":"email"`, "derived"},
		{one, one + "," + one, "attribute email stands twice"},
		{one, one + "," + strings.Replace(one, `"email"`, `"mail"`, 1), "IRI https://a.example#E stands twice"},
		{`"name":"email"`, `"name":"E-Mail"`, "lower-case"},
		{`"name":"email"`, `"name":""`, "lower-case"},
		{`https://a.example#E`, `http://a.example#E`, "IRI"},
		{`https://a.example#E`, `https://a.example/E`, "IRI"},
		{`"en":"E"`, `"en":""`, "no English label"},
		{`"de":"Ed"`, `"de":""`, "no German label"},
		{`"fr":"Pf"`, `"fr":""`, "no French label"},
		{`"de":"Ed",`, ``, "missing key"},
		{`"de":"Ed"`, `"de":"Ed","it":"Ei"`, "unknown key"},
		{`"sensitivity":"ordinary"`, `"sensitivity":"secret"`, "sensitivity"},
		{`,"sensitivity":"ordinary"`, ``, "missing key"},
		{`"sensitivity":"ordinary"`, `"sensitivity":"special"`, "special_category"},
		{`"sensitivity":"ordinary"`, `"sensitivity":"ordinary","special_category":"https://a.example#H"`, "special_category"},
		{`"sensitivity":"ordinary"`, `"sensitivity":"special","special_category":"health"`, "not the IRI"},
		{`"sensitivity":"ordinary"`, special, "under explicit_consent"},
		{`"max_weekly":7`, `"max_weekly":0`, "max_weekly"},
		{`"max_weekly":7`, `"max_weekly":169`, "max_weekly"},
		{`,"max_weekly":7`, ``, "max_weekly"},
		{`"contact":true`, `"contact":false`, "max_weekly is for"},
		{`"profiling":false,`, ``, "missing key"},
		{`["email"]`, `["email"],"explicit_consent":["https://a.example#H"]`, "none of its attributes"},
		{`["email"]`, `["email"],"explicit_consent":[""]`, "none of its attributes"},
		{`"marketing":false,`, ``, "missing key"},
		{`"contact":true,`, ``, "missing key"},
		{`"max_days":31`, `"max_days":0`, "max_days"},
		{`"max_days":31`, `"max_days":366`, "max_days"},
		{`["email"]`, `["email","email"]`, "twice"},
		{`["email"]`, `["phone"]`, "not an attribute"},
		{purposes, strings.Replace(purposes, `]}]`, `]},`+strings.TrimPrefix(purposes, `"purposes":[`), 1), "stands twice"},
		{purposes, `"purposes":[]`, "no purposes"},
		{good, good + "{}", "more behind"},
		{good, "", "not JSON"},
		{good, "[", "unexpected list"},
		{good, "null", "null"},
	} {
		bad := strings.Replace(good, x.from, x.to, 1)
		if bad == good {
			t.Fatalf("%s is not in the good one", x.from)
		}
		if _, err := ParseCatalogue([]byte(bad)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s for %s: %v, want an error with %q", x.to, x.from, err, x.want)
		}
	}
}

func TestTheExampleInFORMAT(t *testing.T) {
	c, err := ParseCatalogue([]byte(example(t, "json")))
	if err != nil {
		t.Fatal(err)
	}
	shipped, _ := ShippedCatalogue()
	for _, a := range c.Attributes() {
		if have, _ := shipped.Attribute(a.Name); have != a {
			t.Errorf("the example's %s is not the shipped one", a.Name)
		}
	}
}

func FuzzParseCatalogue(f *testing.F) {
	f.Add(catalogueText)
	f.Add([]byte(`{"v":1,"attributes":[],"purposes":[]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseCatalogue(text)
		if err != nil {
			return
		}
		for _, p := range c.Purposes() {
			for _, name := range p.Attributes {
				if _, ok := c.Attribute(name); !ok {
					t.Fatalf("%s uses %q, which nothing describes", p.IRI, name)
				}
			}
		}
		if _, err := Load(c, Shipped()); err != nil {
			t.Fatalf("a catalogue that reads does not load: %v", err)
		}
	})
}
