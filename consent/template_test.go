package consent_test

import (
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

// templateCase is a template and, where the case is about it, a request that names it.
type templateCase struct {
	Name     string        `json:"name"`
	Expect   string        `json:"expect"`
	Audience string        `json:"audience"`
	Now      int64         `json:"now"`
	JWS      string        `json:"jws"`
	Hash     *consent.Hash `json:"hash,omitempty"`
	Request  string        `json:"request,omitempty"` // JWS
}

func signedTemplate(f fixture) consent.Template {
	t := template(f)
	t.JWS = must(f.shop.SignJWS(consent.TypeTemplate, t.Payload()))
	return t
}

func makeTemplates(t testing.TB) (out []templateCase) {
	f := newFixture(t)
	whole := signedTemplate(f)
	hash := whole.Hash()
	out = append(out, templateCase{"template", "ok", operator, now.Unix(), whole.JWS, &hash, ""})
	with := func(change func(*consent.Template)) string {
		t := template(newFixture(t))
		change(&t)
		return must(f.shop.SignJWS(consent.TypeTemplate, t.Payload()))
	}
	for _, c := range []struct {
		name, code, jws string
		at              time.Time
	}{
		{"version zero", "malformed", with(func(t *consent.Template) { t.Version = 0 }), now},
		{"a name in capitals", "malformed", with(func(t *consent.Template) { t.Name = "Order" }), now},
		{"from the future", "not-yet", whole.JWS, now.Add(-301 * time.Second)},
		{"for another operator", "wrong-audience", with(func(t *consent.Template) { t.Aud = "https://other.example" }), now},
		{"signed by another", "wrong-issuer", must(businessKey("other shop").SignJWS(consent.TypeTemplate, whole.Payload())), now},
		{"signed as a request", "bad-signature", must(f.shop.SignJWS(consent.TypeRequest, whole.Payload())), now},
		{"asks too much", "over-wide", with(func(t *consent.Template) { t.Purposes[0].Optional[0] = "birth-date" }), now},
		{"nobody responsible", "no-controller", with(func(t *consent.Template) { t.Controller.Contact = "" }), now},
		{"no purpose", "no-purpose", with(func(t *consent.Template) { t.Purposes = nil }), now},
		{"a purpose twice", "duplicate", with(func(t *consent.Template) { t.Purposes[1].ID = "delivery" }), now},
		{"unknown key", "malformed", must(f.shop.SignJWS(consent.TypeTemplate, edit(t, whole.Payload(), `"language"`, `"colour":1,"language"`))), now},
		{"later format", "wrong-version", must(f.shop.SignJWS(consent.TypeTemplate, edit(t, whole.Payload(), `"v":1`, `"v":2`))), now},
	} {
		out = append(out, templateCase{c.name, "refused " + c.code, operator, c.at.Unix(), c.jws, nil, ""})
	}
	old := now.Add(400 * 24 * time.Hour) // a template does not grow old
	out = append(out, templateCase{"made last year", "ok", operator, old.Unix(), whole.JWS, &hash, ""})
	for _, c := range []struct {
		name, expect string
		change       func(*consent.Request)
	}{
		{"word for word", "ok", func(*consent.Request) {}},
		{"a purpose left out", "ok", func(q *consent.Request) { q.Purposes = q.Purposes[1:] }},
		{"replacing a grant", "ok", func(q *consent.Request) { q.Replaces = replaces("grant") }},
		{"a purpose more", "refused wrong-template", func(q *consent.Request) {
			q.Purposes = append(q.Purposes, q.Purposes[0])
			q.Purposes[2].ID = "returns"
		}},
		{"for longer", "refused wrong-template", func(q *consent.Request) { q.Purposes[1].Days = 365 }},
		{"for less long", "refused wrong-template", func(q *consent.Request) { q.Purposes[1].Days = 31 }},
		{"another wording", "refused wrong-template", func(q *consent.Request) { q.Purposes[1].Text["en"] += " Often." }},
		{"another contact", "refused wrong-template", func(q *consent.Request) { q.Controller.Contact = "x@corner.example" }},
		{"elsewhere", "refused wrong-template", func(q *consent.Request) { q.Jurisdictions = []string{"DE", "FR"} }},
		{"another notice version", "refused wrong-template", func(q *consent.Request) { q.NoticeVersion = "2" }},
		{"another language rules", "refused wrong-template", func(q *consent.Request) { q.Language, q.Purposes = "de", q.Purposes[:1] }},
		{"another version", "refused wrong-template", func(q *consent.Request) { q.Template.Version = 2 }},
		{"another hash", "refused wrong-template", func(q *consent.Request) { q.Template.Hash[0] ^= 1 }},
		{"no template", "refused wrong-template", func(q *consent.Request) { q.Template = nil }},
	} {
		q := newFixture(t).request
		q.Template = whole.Ref()
		c.change(&q)
		out = append(out, templateCase{c.name, c.expect, operator, now.Unix(), whole.JWS, nil, must(f.shop.SignJWS(consent.TypeRequest, q.Payload()))})
	}
	other := newFixture(t).request
	other.Iss, other.Template = businessKey("other shop").DID, whole.Ref()
	return append(out, templateCase{"of another business", "refused wrong-template", operator, now.Unix(), whole.JWS, nil, must(businessKey("other shop").SignJWS(consent.TypeRequest, other.Payload()))})
}

func replaces(grants ...string) *consent.Replaces {
	r := &consent.Replaces{Mode: consent.ReplaceMerge, Grants: []id.Grant{}}
	for _, g := range grants {
		r.Grants = append(r.Grants, ident[id.Grant](g))
	}
	return r
}

func TestTemplateVectors(t *testing.T) {
	judge(t, "template.json", makeTemplates(t), func(c templateCase) (string, string, error) {
		r := consent.ParseRules{Audience: c.Audience, Now: time.Unix(c.Now, 0), Catalogue: theCatalogue(t)}
		whole, err := consent.OpenTemplate(t.Context(), signatures, c.JWS, r)
		if err == nil && c.Hash != nil && whole.Hash() != *c.Hash {
			t.Errorf("%s: another hash", c.Name)
		}
		if err == nil && c.Request != "" {
			err = openAny(t, c.Request).Repeats(whole)
		}
		return c.Name, c.Expect, err
	})
}

func FuzzTemplate(f *testing.F) {
	x := newFixture(f)
	r := rules(f)
	f.Add(template(x).Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		parse := func(b []byte) (consent.Template, error) { return consent.ParseTemplate(b, r) }
		again(t, in, parse, consent.Template.Payload)
		if whole, err := parse(in); err == nil {
			all := consent.Differences(template(x).Asks(), whole.Asks())
			if back := consent.Differences(whole.Asks(), template(x).Asks()); len(all) != len(back) {
				t.Fatalf("%d differences one way, %d the other", len(all), len(back))
			}
		}
	})
}
