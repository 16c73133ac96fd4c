package consent_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"coffer/consent"
	"coffer/internal/id"
)

func receiptSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(consent.ReceiptSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("receipt", document); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("receipt")
}

// conforms reports what the schema says of claims, or of a JWT's.
func conforms(t testing.TB, s *jsonschema.Schema, claims []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(claims))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func claimsOf(t testing.TB, jwt string) []byte {
	t.Helper()
	return must(base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1]))
}

// Every receipt that stands is one by the published schema, and so is every one that
// is refused for what no schema can see.
func TestReceiptsFollowTheSchema(t *testing.T) {
	s, seen := receiptSchema(t), 0
	for _, c := range readVectors[receiptCase](t, "receipt.json") {
		parts := strings.Split(c.JWT, ".")
		if len(parts) != 3 || c.Expect == "refused bad-condition" {
			continue // cut before its claims end, or none by the schema either
		}
		seen++
		if err := conforms(t, s, claimsOf(t, c.JWT)); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	for _, c := range readVectors[withdrawalCase](t, "withdrawal.json") {
		seen++
		if err := conforms(t, s, claimsOf(t, c.Withdrawn)); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	for _, c := range readVectors[successorCase](t, "successor.json") {
		if c.Expect != "ok" {
			continue
		}
		seen++
		if err := conforms(t, s, claimsOf(t, c.JWT)); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	for _, c := range readVectors[closingCase](t, "closing.json") {
		seen++
		if err := conforms(t, s, claimsOf(t, c.JWT)); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	if seen < 24 {
		t.Errorf("only %d receipts were looked at", seen)
	}
}

// What breaks the format breaks the schema: each key left out, each key twice as
// much, each value of another kind, and each rule that the parser has.
func TestTheSchemaRefuses(t *testing.T) {
	s, f := receiptSchema(t), newFixture(t)
	for name, c := range map[string]struct{ old, new string }{
		"another profile":              {"#receipt-eu-gdpr", "#receipt-record"},
		"a record without a name":      {`"record_id":"urn:coffer:receipt:`, `"record_id":"urn:coffer:receipt:-`},
		"a name of 22 wrong letters":   {`"jti":"` + f.receipt.RecordID, `"jti":"` + f.receipt.RecordID[:len(f.receipt.RecordID)-1] + "B"},
		"a business as the shopper":    {`"iss":"did:key:z6Mk`, `"iss":"did:key:zDna`},
		"a grant that ends none":       {`"predecessor":null`, `"predecessor":"` + f.receipt.RecordID + `"`},
		"a withdrawal of nothing":      {`"event_state":"given"`, `"event_state":"withdrawn"`},
		"a state that is none":         {`"event_state":"given"`, `"event_state":"assumed"`},
		"no explicit act":              {`"event_type":"explicit"`, `"event_type":"implied"`},
		"a length of one's own":        {`"P31D"`, `"P32D"`},
		"hours that were given":        {`"P31D"`, `"PT744H"`},
		"a successor of nothing":       {`"event_state":"given"`, `"event_state":"narrowed"`},
		"two purposes":                 {`"purposes":[`, `"purposes":[{},`},
		"a necessity that is none":     {`"necessity":"required"`, `"necessity":"nice"`},
		"a basis of nobody":            {"https://w3id.org/dpv/legal", "https://elsewhere.example/legal"},
		"retention for ever":           {`"P90D"`, `"P"`},
		"a country":                    {`"country":"DE"`, `"country":"Germany"`},
		"a fraction of a second":       {`"event_time":1763720060`, `"event_time":1763720060.5`},
		"time as text":                 {`"nbf":1763720060`, `"nbf":"1763720060"`},
		"another credential":           {`"type":["VerifiableCredential"]`, `"type":["VerifiableCredential","More"]`},
		"a context of another meaning": {`"dpv":"https://w3id.org/dpv#"`, `"dpv":"https://elsewhere.example#"`},
		"a context too many":           {`"https://www.w3.org/2018/credentials/v1"`, `"https://www.w3.org/2018/credentials/v1","https://elsewhere.example"`},
		"no processor":                 {`"type":"controller"`, `"type":"processor"`},
		"a channel":                    {`"channels":[]`, `"channels":["mail"]`},
	} {
		if conforms(t, s, edit(t, f.receipt.Claims(), c.old, c.new)) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

// Schema and parser know the same keys: neither does without one, neither takes one
// more.
func TestSchemaAndParserKnowTheSameKeys(t *testing.T) {
	p := newPartnered(t)
	for _, r := range []consent.Receipt{p.fixture.receipt, p.receipts[1]} {
		sameKeys(t, r)
	}
}

func sameKeys(t *testing.T, r consent.Receipt) {
	s := receiptSchema(t)
	var whole any
	if err := json.Unmarshal(r.Claims(), &whole); err != nil {
		t.Fatal(err)
	}
	tried := 0
	try := func(what string) {
		t.Helper()
		tried++
		claims := must(json.Marshal(whole))
		if conforms(t, s, claims) == nil {
			t.Errorf("%s: the schema takes it", what)
		}
		if _, err := consent.ParseReceipt(claims, r.ID); err == nil {
			t.Errorf("%s: the parser takes it", what)
		}
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			v["more"] = "x"
			try(at + " with a key more")
			delete(v, "more")
			for _, key := range slices.Sorted(maps.Keys(v)) {
				had := v[key]
				delete(v, key)
				try(at + " without " + key)
				v[key] = map[string]any{}
				try(at + " with an object for " + key)
				v[key] = had
				walk(at+"."+key, had)
			}
		case []any:
			for _, x := range v {
				walk(at+"[]", x)
			}
		}
	}
	walk("receipt", whole)
	if tried < 150 {
		t.Errorf("only %d were tried", tried)
	}
	if conforms(t, s, must(json.Marshal(whole))) != nil {
		t.Error("the walk did not put everything back")
	}
}

// A receipt of the first form, without the DPV context, stands for good.
func TestTheFirstReceipts(t *testing.T) {
	var kept struct {
		V                           int
		Request                     string
		Given                       consent.Given
		Receipt, Claims, Withdrawal string
	}
	file, err := os.ReadFile("testdata/v1/receipt.json")
	if err == nil {
		err = json.Unmarshal(file, &kept)
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := signatures.VerifyReceipt(t.Context(), kept.Receipt)
	if err == nil {
		err = r.Matches(openAny(t, kept.Request), kept.Given, theCatalogue(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(r.Claims()) != kept.Claims || strings.Contains(kept.Claims, "w3id.org/dpv#hasPurpose") {
		t.Error("read another receipt, or one of the second form")
	}
	w, err := signatures.VerifyReceipt(t.Context(), kept.Withdrawal)
	if err == nil {
		err = w.Ends(r)
	}
	if err != nil {
		t.Error(err)
	}
	s := receiptSchema(t)
	for _, claims := range [][]byte{[]byte(kept.Claims), claimsOf(t, kept.Withdrawal)} {
		if err := conforms(t, s, claims); err != nil {
			t.Error(err)
		}
	}
	// What ends it today is of today's form.
	if end := r.Withdrawal(ident[id.Receipt]("end"), r.Events[0].Time); conforms(t, s, end.Claims()) != nil || !bytes.Contains(end.Claims(), []byte("dpv#")) {
		t.Error("a withdrawal of an old receipt is not of today's form")
	}
}
