package consent_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

var example = regexp.MustCompile("(?s)```json ([a-z-]+)\n(.*?)```")

// examples are the documents of FORMAT.md: those of the vectors.
func examples(t testing.TB) map[string][]byte {
	f := newFixture(t)
	decode := func(part string) []byte { return must(base64.RawURLEncoding.DecodeString(part)) }
	g := ident[id.Grant]("grant")
	letter := f.letter
	letter.Receipt = letter.Receipt[:16] + "…"
	jws := fixedMessage(t)
	q := must(f.person.SignRights(demand(f)))
	narrowed, _ := newHeld(t).change(t, consent.ChangeNarrowed, fewer, left)
	return map[string][]byte{
		"rights":          bytes.TrimSpace(q.Payload()), // without its padding
		"acknowledgement": acknowledgement(f).Payload(),
		"deletion":        deletion(f).Payload(),
		"webhook":         consent.Webhook{Iss: f.shop.DID, Aud: operator, Iat: consent.UnixAt(now), URL: "https://corner.example/hooks/coffer"}.Payload(),
		"event":           fmt.Appendf(nil, `{"v":1,"id":"7","type":"withdrawn","request":"%s","grant":"%s","time":%d}`, f.request.ID, g, consent.UnixAt(now)),
		"template":        template(f).Payload(),
		"difference":      differenceExample(t),
		"rights-reply":    bytes.TrimSpace(reply(q).Payload()),
		"header":          decode(strings.Split(f.request.JWS, ".")[0]),
		"request":         f.request.Payload(),
		"card":            consent.Card{Iss: f.shop.DID, Aud: operator, Iat: consent.UnixAt(now), Name: "Corner Shop", Contact: "privacy@corner.example", URL: "http://localhost:8081", Purposes: []string{"https://w3id.org/dpv#DeliveryOfGoods", "https://w3id.org/dpv#DirectMarketing"}}.Payload(),
		"decision":        f.decision.Bytes(),
		"change":          narrowed.Bytes(),
		"receipt":         f.receipt.Claims(),
		"letter":          letter.Bytes(),
		"permit-collect":  consent.NewCollectPermit(g, thisHour, consent.LogHead{}).Bytes(),
		"permit-message":  consent.NewMessagePermit(g, thisHour, "wallet", ident[id.Message]("message"), consent.HashOf(jws)).Bytes(),
		"message":         decode(strings.Split(jws, ".")[1]),
		"access":          []byte(consent.NewAccess(g, now, []string{"name", "shoe-size"}, []string{"name"}, nil).Row()),

		"condition": []byte(byRecord("landlord").Text()),
		"happened":  consent.Happened{Iss: businessKey("carrier").DID, Grant: g, Name: "handed-over", Time: consent.UnixAt(now)}.Payload(),

		"binding":     bindingExample(t),
		"deposit":     depositExample(f, "eyJ0eXAiOiJkYytzZC1qd3QifQ…~").Payload(),
		"wanted":      must(json.Marshal(wantedExample())),
		"partner":     must(json.Marshal(newPartnered(t).carrier)),
		"cosignature": consent.NewCosignature(newPartnered(t).request, newPartnered(t).warehouse.DID).Payload(),

		"countersignature": consent.NewCountersignature(f.receipt, consent.UnixAt(now.Add(time.Hour))).Payload(),
	}
}

// parsed reads an example as its format.
func parsed(t testing.TB, name string, text []byte) error {
	f := newFixture(t)
	var err error
	switch name {
	case "header":
		var h struct {
			Alg string `json:"alg"`
			Kid string `json:"kid"`
			Typ string `json:"typ"`
		}
		err = consent.ParseStrict(text, &h)
	case "request":
		_, err = consent.ParseRequest(text, rules(t))
	case "template":
		_, err = consent.ParseTemplate(text, rules(t))
	case "difference":
		var all []consent.Difference
		err = json.Unmarshal(text, &all) // written by operators, and read by nobody's program here
	case "card":
		_, err = consent.ParseCard(text, consent.CardRules{Issuer: f.shop.DID, Audience: operator, Now: now, Catalogue: theCatalogue(t)})
	case "decision":
		var d consent.Decision
		if d, err = consent.ParseDecision(text); err == nil {
			err = d.Within(f.request)
		}
	case "change":
		_, err = consent.ParseChange(text)
	case "receipt":
		_, err = consent.ParseReceipt(text, f.person.DID)
	case "letter":
		_, err = consent.ParseLetter(text)
	case "countersignature":
		_, err = consent.ParseCountersignature(text, f.shop.DID)
	case "partner":
		var p consent.Partner
		err = consent.ParseStrict(text, &p)
	case "wanted":
		var w consent.Wanted
		err = consent.ParseStrict(text, &w)
	case "cosignature":
		_, err = consent.ParseCosignature(text, newPartnered(t).warehouse.DID)
	case "condition":
		var c consent.Condition
		err = consent.ParseStrict(text, &c)
	case "deposit":
		_, err = consent.ParseDeposit(text, f.shop.DID)
	case "binding":
		_, err = consent.ParseBinding(text, must(consent.ParseSDJWT(newParcel().text(0, 2))), bindingRules)
	case "happened":
		_, err = consent.ParseHappened(text, businessKey("carrier").DID)
	case "permit-collect", "permit-message":
		_, err = consent.ParsePermit(text)
	case "message":
		_, err = consent.ParseMessage(text, f.shop.DID)
	case "rights":
		_, err = consent.ParseRightsRequest(text, f.person.DID)
	case "rights-reply":
		_, err = consent.ParseRightsReply(text, f.shop.DID)
	case "acknowledgement":
		_, err = consent.ParseAcknowledgement(text, consent.StatementRules{Issuer: f.shop.DID, Audience: operator, Now: now})
	case "deletion":
		_, err = consent.ParseDeletion(text, consent.StatementRules{Issuer: f.shop.DID, Audience: operator, Now: now})
	case "webhook":
		_, err = consent.ParseWebhook(text, consent.WebhookRules{Issuer: f.shop.DID, Audience: operator, Now: now})
	case "event": // consentdb writes it, and a test there holds it to this
		var e struct {
			V       int          `json:"v"`
			ID      string       `json:"id"`
			Type    string       `json:"type"`
			Request id.Request   `json:"request"`
			Grant   id.Grant     `json:"grant"`
			Time    consent.Unix `json:"time"`
		}
		err = consent.ParseStrict(text, &e)
	case "access":
		_, err = consent.ParseAccess(string(text))
	default:
		t.Errorf("FORMAT.md has an example %q that nobody reads", name)
	}
	return err
}

func TestFormat(t *testing.T) {
	made := examples(t)
	doc, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		doc = example.ReplaceAllFunc(doc, func(block []byte) []byte {
			name := string(example.FindSubmatch(block)[1])
			return []byte("```json " + name + "\n" + pretty(t, made[name]) + "\n```")
		})
		if err := os.WriteFile("FORMAT.md", doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for _, m := range example.FindAllSubmatch(doc, -1) {
		name := string(m[1])
		seen++
		if err := parsed(t, name, bytes.TrimSpace(m[2])); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !json.Valid(m[2]) || !bytes.Equal(compact(t, m[2]), made[name]) {
			t.Errorf("%s is not what is made today; run: go test ./consent -update", name)
		}
	}
	if seen != len(made) {
		t.Errorf("%d examples, want %d", seen, len(made))
	}
}

var flat = regexp.MustCompile(`([\[{])\n\s+([^\[\]{}]*?)\n\s+([\]}])`)

// pretty indents, and keeps short lists and objects on one line.
func pretty(t testing.TB, doc []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, doc, "", " "); err != nil {
		t.Fatal(err)
	}
	return flat.ReplaceAllStringFunc(b.String(), func(s string) string {
		m := flat.FindStringSubmatch(s)
		if one := m[1] + regexp.MustCompile(`\n\s*`).ReplaceAllString(m[2], " ") + m[3]; len(one) < 110 {
			return one
		}
		return s
	})
}

// Every code and every reason that the package knows is explained, and no other.
func TestFormatNamesCodes(t *testing.T) {
	doc := must(os.ReadFile("FORMAT.md"))
	_, table, _ := strings.Cut(string(doc), "## Codes")
	listed := map[string]bool{}
	for _, line := range strings.Split(table, "\n") {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			for _, m := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(cells[1], -1) {
				listed[m[1]] = true
			}
		}
	}
	codes := constants(t, "refusal.go", "Code")
	for _, c := range codes {
		if !listed[c] {
			t.Errorf("code %s is not in FORMAT.md", c)
		}
	}
	if len(listed) != len(codes) || len(codes) < 20 {
		t.Errorf("%d codes listed, %d known", len(listed), len(codes))
	}
	for _, r := range constants(t, "check.go", "DenialReason") {
		if !strings.Contains(string(doc), "`"+r+"`") {
			t.Errorf("reason %s is not in FORMAT.md", r)
		}
	}
}

// constants are the values of a file's constants of one string type.
func constants(t testing.TB, file, typ string) (out []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if name, ok := v.Type.(*ast.Ident); ok && name.Name == typ {
			out = append(out, must(strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)))
		}
		return true
	})
	return out
}
