package policies

import (
	"os"
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
		"clothing-size", "loyalty-card", "language", "product-preference"} {
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
	const attributes = `"attributes":[{"name":"email","iri":"https://a.example#E","label":{"en":"E"},"kind":"email"}]`
	const purposes = `"purposes":[{"iri":"https://a.example#P","label":{"en":"P"},"marketing":false,"contact":true,"max_days":31,"attributes":["email"]}]`
	good := `{"v":1,` + attributes + `,` + purposes + `}`
	if _, err := ParseCatalogue([]byte(good)); err != nil {
		t.Fatal(err)
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
		{`{"en":"E"}`, `{"en":""}`, "label"},
		{`{"en":"E"}`, `{"de":"E"}`, "unknown key"},
		{`{"en":"P"}`, `{"en":""}`, "label"},
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
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "```json\n")
	example, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("FORMAT.md has no example")
	}
	c, err := ParseCatalogue([]byte(example))
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
		if _, err := Load(rulesText, c); err != nil {
			t.Fatalf("a catalogue that reads does not load: %v", err)
		}
	})
}
