package consent_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
)

func TestRequest(t *testing.T) {
	f := newFixture(t)
	q, err := consent.OpenRequest(t.Context(), signatures, f.request.JWS, rules(t))
	if err != nil {
		t.Fatal(err)
	}
	if string(q.Payload()) != string(f.request.Payload()) || q.Hash() != consent.HashOf(f.request.JWS) {
		t.Error("read back another request")
	}
	if a, ok := q.Purpose("marketing"); !ok || !a.Asks("shoe-size") || a.Asks("name") {
		t.Errorf("marketing asks %v", a.Optional)
	}
}

// Every rule that a request can break, and the code it is refused with.
func TestRequestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*consent.Request)
		code   consent.Code
	}{
		"a later version":         {func(q *consent.Request) {}, consent.WrongVersion}, // the payload is edited below
		"another issuer":          {func(q *consent.Request) { q.Iss = "did:web:other.example" }, consent.WrongIssuer},
		"another operator":        {func(q *consent.Request) { q.Aud = "https://other.example" }, consent.WrongAudience},
		"audience with a path":    {func(q *consent.Request) { q.Aud += "/" }, consent.WrongAudience},
		"expired":                 {func(q *consent.Request) { q.Iat, q.Exp = q.Iat-100, q.Iat-0 }, consent.Expired},
		"not yet":                 {func(q *consent.Request) { q.Iat += 301 }, consent.NotYet},
		"ends before it starts":   {func(q *consent.Request) { q.Exp = q.Iat }, consent.Malformed},
		"open too long":           {func(q *consent.Request) { q.Exp = q.Iat + 7*24*3600 + 1 }, consent.OverLong},
		"nobody responsible":      {func(q *consent.Request) { q.Controller.Name = " " }, consent.NoController},
		"no authority":            {func(q *consent.Request) { q.Controller.Authority = "" }, consent.NoController},
		"control characters":      {func(q *consent.Request) { q.Controller.Name = "Corner\x1b[2JShop" }, consent.NoController},
		"notice without TLS":      {func(q *consent.Request) { q.Controller.PrivacyNotice = "http://corner.example/privacy" }, consent.BadURL},
		"script as URL":           {func(q *consent.Request) { q.Controller.URL = "javascript:alert(1)" }, consent.BadURL},
		"URL with a password":     {func(q *consent.Request) { q.Controller.URL, q.ReturnURL = "https://a:b@corner.example", "" }, consent.BadURL},
		"return elsewhere":        {func(q *consent.Request) { q.ReturnURL = "https://other.example/" }, consent.BadURL},
		"return to a look-alike":  {func(q *consent.Request) { q.ReturnURL = "http://localhost:8081@other.example/" }, consent.BadURL},
		"key not on the curve":    {func(q *consent.Request) { q.AgreementKey.Y = make(consent.Bytes, 32) }, consent.BadKey},
		"key of another curve":    {func(q *consent.Request) { q.AgreementKey.Crv = "P-384" }, consent.BadKey},
		"no purpose":              {func(q *consent.Request) { q.Purposes = nil }, consent.NoPurpose},
		"nine purposes":           {func(q *consent.Request) { q.Purposes = append(q.Purposes, slices.Repeat(q.Purposes[1:], 7)...) }, consent.TooManyPurposes},
		"a purpose twice":         {func(q *consent.Request) { q.Purposes[1].ID = "delivery" }, consent.Duplicate},
		"a purpose with a space":  {func(q *consent.Request) { q.Purposes[0].ID = "de livery" }, consent.Malformed},
		"unknown purpose":         {func(q *consent.Request) { q.Purposes[0].Purpose = "https://w3id.org/dpv#Nothing" }, consent.UnknownPurpose},
		"no text":                 {func(q *consent.Request) { q.Language = "fr" }, consent.NoText},
		"empty text":              {func(q *consent.Request) { q.Purposes[0].Text["de"] = "" }, consent.Malformed},
		"no such attribute":       {func(q *consent.Request) { q.Purposes[0].Required[0] = "dna" }, consent.UnknownAttribute},
		"asked twice":             {func(q *consent.Request) { q.Purposes[0].Optional[0] = "name" }, consent.Duplicate},
		"over-wide":               {func(q *consent.Request) { q.Purposes[0].Optional[0] = "birth-date" }, consent.OverWide},
		"nothing asked":           {func(q *consent.Request) { q.Purposes[0].Required, q.Purposes[0].Optional = nil, nil }, consent.NothingAsked},
		"thirty days":             {func(q *consent.Request) { q.Purposes[0].Days = 30 }, consent.BadLength},
		"longer than the purpose": {func(q *consent.Request) { q.Purposes[0].Days = 365 }, consent.BadLength},
		"kept for ever":           {func(q *consent.Request) { q.Purposes[0].Retention = "P" }, consent.Malformed},
		"recipient nowhere":       {func(q *consent.Request) { q.Purposes[0].Recipients[0].Country = "Germany" }, consent.Malformed},
		"basis of one's own":      {func(q *consent.Request) { q.Purposes[0].LawfulBasis = "https://corner.example/because" }, consent.Malformed},
		"delivery that writes":    {func(q *consent.Request) { q.Purposes[0].Channels, q.Purposes[0].WeeklyCap = []string{"wallet"}, 1 }, consent.BadChannel},
		"marketing without cap":   {func(q *consent.Request) { q.Purposes[1].WeeklyCap = 0 }, consent.BadChannel},
		"cap without channel":     {func(q *consent.Request) { q.Purposes[1].Channels = nil }, consent.BadChannel},
		"unknown channel":         {func(q *consent.Request) { q.Purposes[1].Channels = []string{"fax"} }, consent.BadChannel},
		"no jurisdiction":         {func(q *consent.Request) { q.Jurisdictions = nil }, consent.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			q := f.request
			c.change(&q)
			payload := q.Payload()
			if c.code == consent.WrongVersion {
				payload = edit(t, payload, `"v":1`, `"v":2`)
			}
			r := rules(t)
			r.Issuer = f.shop.DID
			_, err := consent.ParseRequest(payload, r)
			code(t, err, c.code)
		})
	}
}

func TestRequestUnregistered(t *testing.T) {
	f := newFixture(t)
	r := rules(t)
	r.Registered = []string{"https://w3id.org/dpv#DeliveryOfGoods"}
	_, err := consent.ParseRequest(f.request.Payload(), r)
	code(t, err, consent.UnregisteredPurpose)
	r.Registered = append(r.Registered, "https://w3id.org/dpv#DirectMarketing")
	if _, err := consent.ParseRequest(f.request.Payload(), r); err != nil {
		t.Error(err)
	}
}

// The last second counts, the next does not.
func TestRequestClock(t *testing.T) {
	f := newFixture(t)
	at := func(u consent.Unix) error {
		r := rules(t)
		r.Now = u.Time()
		_, err := consent.ParseRequest(f.request.Payload(), r)
		return err
	}
	if err := at(f.request.Exp - 1); err != nil {
		t.Errorf("in its last second: %v", err)
	}
	code(t, at(f.request.Exp), consent.Expired)
	if err := at(f.request.Iat - 300); err != nil {
		t.Errorf("a clock five minutes behind: %v", err)
	}
	code(t, at(f.request.Iat-301), consent.NotYet)
}

// An auditor reads old requests without a clock and without a catalogue.
func TestRequestForAuditor(t *testing.T) {
	f := newFixture(t)
	if _, err := consent.ParseRequest(f.request.Payload(), consent.ParseRules{}); err != nil {
		t.Error(err)
	}
	// Which operator is open to him; that it is an origin is not.
	_, err := consent.ParseRequest(edit(t, f.request.Payload(), operator, operator+"/path"), consent.ParseRules{})
	code(t, err, consent.WrongAudience)
}

func TestStrict(t *testing.T) {
	f := newFixture(t)
	good := f.request.Payload()
	for name, c := range map[string]struct {
		payload []byte
		at      string
	}{
		"unknown key":        {edit(t, good, `"language"`, `"colour":1,"language"`), "colour"},
		"unknown key inside": {edit(t, good, `"kty"`, `"d":"x","kty"`), "agreement_key.d"},
		"key in capitals":    {edit(t, good, `"language"`, `"LANGUAGE"`), "LANGUAGE"},
		"key twice":          {edit(t, good, `"language"`, `"language":"de","language"`), "language"},
		"text twice":         {edit(t, good, `{"de":`, `{"de":"x","de":`), "purposes[0].text.de"},
		"missing key":        {edit(t, good, `"language":"en",`, ``), "language"},
		"missing list":       {edit(t, good, `"channels":[],`, ``), "purposes[0].channels"},
		"line end in bytes":  {edit(t, good, f.request.Nonce.String(), f.request.Nonce.String()+`\n`), "nonce"},
		"null list":          {edit(t, good, `"channels":[]`, `"channels":null`), "purposes[0].channels"},
		"number as text":     {edit(t, good, `"days":31`, `"days":"31"`), "purposes[0].days"},
		"fraction":           {edit(t, good, `"days":31`, `"days":31.0`), "purposes[0].days"},
		"exponent":           {edit(t, good, `"days":31`, `"days":1e1`), "purposes[0].days"},
		"too large":          {edit(t, good, `"days":31`, `"days":99999999999999999999`), ""},
		"text as number":     {edit(t, good, `"language":"en"`, `"language":7`), "language"},
		"list as object":     {edit(t, good, `"jurisdictions":["DE"]`, `"jurisdictions":{"0":"DE"}`), "jurisdictions"},
		"object as list":     {edit(t, good, `"text":{"en"`, `"text":[],"x":{"en"`), "purposes[1].text"},
		"id with padding":    {edit(t, good, f.request.ID.String(), f.request.ID.String()+"=="), "id"},
		"id not canonical":   {edit(t, good, f.request.ID.String(), f.request.ID.String()[:21]+"_"), "id"},
		"more behind":        {append(append([]byte{}, good...), '{', '}'), ""},
		"cut":                {good[:len(good)-1], ""},
		"invalid UTF-8":      {edit(t, good, "Corner", "Corn\xff"), ""},
		"nested deep":        {edit(t, good, `"language":"en"`, `"language":`+strings.Repeat("[", 99)+strings.Repeat("]", 99)), "language"},
		"empty":              {nil, ""},
		"too long":           {append(append([]byte{}, good...), strings.Repeat(" ", consent.MaxRequest)...), ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := consent.ParseRequest(c.payload, rules(t))
			code(t, err, consent.Malformed)
			var r *consent.Refusal
			if errors.As(err, &r); r.At != c.at {
				t.Errorf("at %q, want %q: %v", r.At, c.at, err)
			}
		})
	}
	if _, err := consent.ParseRequest(append([]byte(" \n"), good...), rules(t)); err != nil {
		t.Errorf("space in front: %v", err)
	}
}

// Where a format leaves a value open, nesting is still bounded.
func TestStrictDepth(t *testing.T) {
	var v struct {
		X any `json:"x"`
	}
	nested := func(n int) []byte { return []byte(`{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`) }
	if err := consent.ParseStrict(nested(9), &v); err != nil {
		t.Error(err)
	}
	code(t, consent.ParseStrict(nested(20), &v), consent.Malformed)
	code(t, consent.ParseStrict([]byte(`{"x":{"a":1,"a":2}}`), &v), consent.Malformed)
}

// What somebody typed does not come back in an error.
func TestRefusalsQuoteNothing(t *testing.T) {
	f := newFixture(t)
	good := string(f.request.Payload())
	for _, canary := range []string{"canary value 5512", "canary\x07"} {
		quoted, _ := json.Marshal(canary)
		for _, old := range []string{`"en"`, `"P90D"`, `"delivery"`, `"name"`, `"DE"`, `1763720000`, `"wallet"`, `"language"`, `"1"`, `"` + f.request.ID.String() + `"`} {
			_, err := consent.ParseRequest(edit(t, []byte(good), old, string(quoted)), rules(t))
			if err == nil || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", old, err)
			}
		}
	}
}

func TestCard(t *testing.T) {
	f := newFixture(t)
	card := consent.Card{Iss: f.shop.DID, Aud: operator, Iat: consent.UnixAt(now), Name: "Corner Shop", Contact: "privacy@corner.example",
		URL: "http://localhost:8081", Purposes: []string{"https://w3id.org/dpv#DeliveryOfGoods"}}
	rules := consent.CardRules{Issuer: f.shop.DID, Audience: operator, Now: now, Catalogue: theCatalogue(t)}
	if got, err := consent.ParseCard(card.Payload(), rules); err != nil || string(got.Payload()) != string(card.Payload()) {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*consent.Card)
		code   consent.Code
	}{
		"another's":        {func(c *consent.Card) { c.Iss = "did:web:x.example" }, consent.WrongIssuer},
		"another operator": {func(c *consent.Card) { c.Aud = "https://x.example" }, consent.WrongAudience},
		"old":              {func(c *consent.Card) { c.Iat -= 24 * 3600 }, consent.Expired},
		"of the future":    {func(c *consent.Card) { c.Iat += 301 }, consent.NotYet},
		"no name":          {func(c *consent.Card) { c.Name = "" }, consent.NoController},
		"no URL":           {func(c *consent.Card) { c.URL = "corner" }, consent.BadURL},
		"no purpose":       {func(c *consent.Card) { c.Purposes = nil }, consent.NoPurpose},
		"unknown purpose":  {func(c *consent.Card) { c.Purposes = []string{"https://w3id.org/dpv#X"} }, consent.UnknownPurpose},
		"purpose twice":    {func(c *consent.Card) { c.Purposes = append(c.Purposes, c.Purposes[0]) }, consent.Duplicate},
	} {
		bad := card
		bad.Purposes = append([]string{}, card.Purposes...)
		c.change(&bad)
		if _, err := consent.ParseCard(bad.Payload(), rules); !errors.Is(err, c.code) {
			t.Errorf("%s: want %s, have %v", name, c.code, err)
		}
	}
	rules.Now = now.Add(24*time.Hour - time.Second)
	if _, err := consent.ParseCard(card.Payload(), rules); err != nil {
		t.Errorf("in its last second: %v", err)
	}
}
