package consent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

func acknowledgement(f fixture) consent.Acknowledgement {
	return consent.Acknowledgement{Iss: f.shop.DID, Aud: operator, Grant: ident[id.Grant]("grant"), Event: consent.EndWithdrawn, Time: consent.UnixAt(now)}
}

func deletion(f fixture) consent.Deletion {
	return consent.Deletion{Iss: f.shop.DID, Aud: operator, Grant: ident[id.Grant]("grant"), Time: consent.UnixAt(now), Deleted: []string{"postal-address"},
		Kept: []consent.Kept{{Attribute: "name", Basis: lawfulBasis, Until: 2079339200}}, Text: "The invoice stays for ten years."}
}

// loopCase is a statement of the withdrawal loop, as a wallet checks it.
type loopCase struct {
	Name       string      `json:"name"`
	Expect     string      `json:"expect"`
	Kind       string      `json:"kind"` // acknowledgement or deletion
	JWS        string      `json:"jws"`
	Business   consent.DID `json:"business"`
	Audience   string      `json:"audience"`
	Now        int64       `json:"now"`
	Grant      id.Grant    `json:"grant"`
	Attributes []string    `json:"attributes"` // that the grant names
}

func makeLoop(t testing.TB) (out []loopCase) {
	f := newFixture(t)
	add := func(name, expect, kind, jws string) {
		out = append(out, loopCase{name, expect, kind, jws, f.shop.DID, operator, now.Unix(), ident[id.Grant]("grant"), []string{"name", "postal-address"}})
	}
	acknowledged := func(edit func(*consent.Acknowledgement)) string {
		a := acknowledgement(f)
		edit(&a)
		return must(f.shop.SignJWS(consent.TypeAcknowledgement, a.Payload()))
	}
	deleted := func(edit func(*consent.Deletion)) string {
		d := deletion(f)
		edit(&d)
		return must(f.shop.SignJWS(consent.TypeDeletion, d.Payload()))
	}
	good, stated := acknowledged(func(*consent.Acknowledgement) {}), deleted(func(*consent.Deletion) {})
	add("acknowledged", "ok", "acknowledgement", good)
	for _, e := range consent.Endings[1:] {
		add("acknowledged as "+string(e), "ok", "acknowledgement", acknowledged(func(a *consent.Acknowledgement) { a.Event = e }))
	}
	add("of another grant", "refused wrong-statement", "acknowledgement", acknowledged(func(a *consent.Acknowledgement) { a.Grant = ident[id.Grant]("x") }))
	add("of no end", "refused malformed", "acknowledgement", acknowledged(func(a *consent.Acknowledgement) { a.Event = "live" }))
	add("for another operator", "refused wrong-audience", "acknowledgement", acknowledged(func(a *consent.Acknowledgement) { a.Aud = "https://elsewhere.example" }))
	add("from the future", "refused not-yet", "acknowledgement", acknowledged(func(a *consent.Acknowledgement) { a.Time += 3600 }))
	stranger := acknowledgement(f)
	other := businessKey("other shop")
	stranger.Iss = other.DID
	add("by another business", "refused wrong-issuer", "acknowledgement", must(other.SignJWS(consent.TypeAcknowledgement, stranger.Payload())))
	add("a statement for it", "refused bad-signature", "acknowledgement", stated)
	add("another's signature", "refused bad-signature", "acknowledgement", good[:strings.LastIndex(good, ".")]+stated[strings.LastIndex(stated, "."):])

	add("deleted and kept", "ok", "deletion", stated)
	add("all deleted, without words", "ok", "deletion", deleted(func(d *consent.Deletion) { d.Deleted, d.Kept, d.Text = []string{"postal-address", "name"}, nil, "" }))
	add("one left unsaid", "refused wrong-statement", "deletion", deleted(func(d *consent.Deletion) { d.Kept = nil }))
	add("one never given", "refused wrong-statement", "deletion", deleted(func(d *consent.Deletion) { d.Deleted = append(d.Deleted, "phone") }))
	add("one twice", "refused duplicate", "deletion", deleted(func(d *consent.Deletion) { d.Deleted = append(d.Deleted, "name") }))
	add("kept without a ground", "refused malformed", "deletion", deleted(func(d *consent.Deletion) { d.Kept[0].Basis = "our interest" }))
	add("kept until yesterday", "refused malformed", "deletion", deleted(func(d *consent.Deletion) { d.Kept[0].Until = d.Time }))
	add("an escape in the text", "refused malformed", "deletion", deleted(func(d *consent.Deletion) { d.Text = "gone\x1b[2J" }))
	add("an acknowledgement for it", "refused bad-signature", "deletion", good)
	return out
}

func TestLoopVectors(t *testing.T) {
	signatures := agent.New(agent.Options{})
	judge(t, "loop.json", makeLoop(t), func(c loopCase) (string, string, error) {
		rules := consent.StatementRules{Issuer: c.Business, Audience: c.Audience, Now: time.Unix(c.Now, 0)}
		typ := map[string]string{"acknowledgement": consent.TypeAcknowledgement, "deletion": consent.TypeDeletion}[c.Kind]
		_, payload, err := signatures.VerifyJWS(t.Context(), c.JWS, typ)
		if err != nil {
			return c.Name, c.Expect, err
		}
		var grant id.Grant
		if c.Kind == "deletion" {
			var d consent.Deletion
			if d, err = consent.ParseDeletion(payload, rules); err == nil {
				err = d.Covers(c.Attributes)
			}
			grant = d.Grant
		} else {
			var a consent.Acknowledgement
			a, err = consent.ParseAcknowledgement(payload, rules)
			grant = a.Grant
		}
		if err == nil && grant != c.Grant {
			err = &consent.Refusal{Code: consent.WrongStatement, At: "grant"}
		}
		return c.Name, c.Expect, err
	})
}

// Reading and writing again gives the same bytes, whatever was read.
func FuzzStatements(f *testing.F) {
	x := newFixture(f)
	f.Add(acknowledgement(x).Payload())
	f.Add(deletion(x).Payload())
	f.Add([]byte(`{"v":1,"iss":"a","aud":"b","grant":"AAAAAAAAAAAAAAAAAAAAAQ","time":1,"deleted":[],"kept":[],"text":""}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		rules := consent.StatementRules{Issuer: x.shop.DID, Audience: operator, Now: now}
		if a, err := consent.ParseAcknowledgement(b, rules); err == nil {
			if again, err := consent.ParseAcknowledgement(a.Payload(), rules); err != nil || again != a {
				t.Fatalf("read again: %+v, %v", again, err)
			}
		}
		if d, err := consent.ParseDeletion(b, rules); err == nil {
			again, err := consent.ParseDeletion(d.Payload(), rules)
			if err != nil || !slices.Equal(again.Deleted, d.Deleted) || !slices.Equal(again.Kept, d.Kept) || again.Text != d.Text {
				t.Fatalf("read again: %+v, %v", again, err)
			}
		}
	})
}
