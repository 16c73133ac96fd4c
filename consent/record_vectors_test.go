package consent_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
)

const (
	warranty = "https://corner.example/terms#Warranty"
	listURL  = "https://corner.example/records/status"
)

type recordCase struct {
	Name     string                `json:"name"`
	Expect   string                `json:"expect"`
	Record   string                `json:"record"`
	Now      int64                 `json:"now"`
	Audience consent.DID           `json:"audience,omitempty"` // of a presentation
	Nonce    string                `json:"nonce,omitempty"`
	Issuer   consent.DID           `json:"issuer,omitempty"`
	Types    []string              `json:"types,omitempty"`
	Subject  string                `json:"subject,omitempty"`
	From     consent.Unix          `json:"from,omitempty"`
	Until    consent.Unix          `json:"until,omitempty"`
	Statuses []consent.StatusEntry `json:"statuses,omitempty"`
	Holder   *consent.HolderKey    `json:"holder,omitempty"`
	Claims   json.RawMessage       `json:"claims,omitempty"`
}

// disclosed is a disclosure with a salt that is the same each time.
func disclosed(parts ...any) string {
	salt := base64.RawURLEncoding.EncodeToString(seed(fmt.Sprint(parts...))[:16])
	return base64.RawURLEncoding.EncodeToString(must(json.Marshal(append([]any{salt}, parts...))))
}

func digestOf(disclosure string) string { return consent.HashOf(disclosure).String() }

// signedAs makes a JWT of any type, whatever it says.
func signedAs(s agent.Signer, typ, claims string) string {
	key, ok := s.Key.(ed25519.PrivateKey)
	if !ok {
		return must(s.SignJWS(typ, []byte(claims)))
	}
	input := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"`+s.KeyID+`","typ":"`+typ+`"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(input)))
}

// parcel is a warranty as an SD-JWT VC, its parts in the open.
type parcel struct {
	issuer      agent.Signer
	typ         string
	claims      map[string]any
	disclosures []string
}

func newParcel() parcel {
	shop, person := businessKey("shop"), personKey("pairwise")
	product, serial, until := disclosed("product", "Walking shoes"), disclosed("serial", "SN-8842-01"), disclosed("guaranteed_until", "2027-11-21")
	place := disclosed("city", "Berlin")
	address := disclosed("shop", map[string]any{"name": "Corner Shop", "_sd": []string{digestOf(place)}})
	second := disclosed("laces")
	parts := disclosed("covers", []any{"soles", map[string]any{"...": digestOf(second)}, map[string]any{"...": digestOf("decoy")}})
	return parcel{shop, consent.TypeSDRecord, map[string]any{
		"iss": shop.DID, "vct": warranty, "nbf": now.Add(-time.Hour).Unix(), "exp": now.Add(24 * time.Hour).Unix(), "_sd_alg": "sha-256",
		"_sd":  sortedTexts(digestOf(product), digestOf(serial), digestOf(until), digestOf(address), digestOf(parts), digestOf("decoy too")),
		"cnf":  map[string]any{"jwk": consent.NewHolderKey(person.Key.Public().(ed25519.PublicKey))},
		"kind": "shoes",
	}, []string{product, serial, until, address, place, parts, second}}
}

func sortedTexts(all ...string) []string { slices.Sort(all); return all }

func (p parcel) jwt() string { return signedAs(p.issuer, p.typ, string(must(json.Marshal(p.claims)))) }

// text is the parcel with the disclosures at those places.
func (p parcel) text(at ...int) string {
	out := p.jwt() + "~"
	for _, i := range at {
		out += p.disclosures[i] + "~"
	}
	return out
}

func (p parcel) whole() string { return p.text(0, 1, 2, 3, 4, 5, 6) }

func with(change func(*parcel)) string { p := newParcel(); change(&p); return p.whole() }

func bound(shown, nonce string, change func(map[string]any)) string {
	s := must(consent.ParseSDJWT(shown))
	claims := map[string]any{"iat": now.Unix(), "aud": businessKey("other shop").DID, "nonce": nonce, "sd_hash": s.Hash()}
	if change != nil {
		change(claims)
	}
	return shown + byHolder(personKey("pairwise"), `{"alg":"EdDSA","typ":"kb+jwt"}`, string(must(json.Marshal(claims))))
}

func byHolder(s agent.Signer, header, claims string) string {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.Key.(ed25519.PrivateKey), []byte(input)))
}

var bindingRules = consent.BindingRules{Audience: businessKey("other shop").DID, Nonce: "42Wq6RfwPLp6qnnkVS_SuQ", Now: now}

func bindingExample(testing.TB) []byte {
	return consent.Binding{Iat: consent.UnixAt(now), Aud: bindingRules.Audience, Nonce: bindingRules.Nonce, Hash: must(consent.ParseSDJWT(newParcel().text(0, 2))).Hash()}.Payload()
}

func makeRecords(t testing.TB) (out []recordCase) {
	shop, person := businessKey("shop"), personKey("pairwise")
	to, nonce := businessKey("other shop").DID, "42Wq6RfwPLp6qnnkVS_SuQ"
	entry := consent.StatusEntry{Purpose: consent.StatusRevocation, List: listURL, Index: 70123}
	vc := func(s agent.Signer, change func(*agent.RecordTerms)) string {
		terms := agent.RecordTerms{ID: "urn:uuid:card", Type: warranty, Subject: string(person.DID), From: now.Add(-time.Hour), Until: now.Add(time.Hour),
			Claims: map[string]any{"product": "Walking shoes", "pairs": 1}}
		if change != nil {
			change(&terms)
		}
		return must(s.SignRecord(terms))
	}
	p := newParcel()
	two := p.text(0, 2)
	say := func(name, expect, record string, at time.Time) {
		out = append(out, recordCase{Name: name, Expect: expect, Record: record, Now: at.Unix()})
	}
	present := func(name, expect, record string) {
		out = append(out, recordCase{Name: name, Expect: expect, Record: record, Now: now.Unix(), Audience: to, Nonce: nonce})
	}
	say("a JWT-VC", "ok", vc(shop, nil), now)
	say("a JWT-VC under Ed25519", "ok", vc(person, nil), now)
	say("a JWT-VC that can be revoked", "ok", vc(shop, func(r *agent.RecordTerms) { r.Status = &entry }), now)
	say("an SD-JWT, whole", "ok", p.whole(), now)
	say("an SD-JWT under Ed25519", "ok", with(func(p *parcel) { p.issuer = person; p.claims["iss"] = person.DID }), now)
	say("an SD-JWT of the older type", "ok", with(func(p *parcel) { p.typ = consent.TypeOldSDRecord }), now)
	say("an SD-JWT with two claims shown", "ok", two, now)
	say("an SD-JWT with nothing shown", "ok", p.text(), now)
	say("an SD-JWT that can be revoked", "ok", with(func(p *parcel) { p.claims["credentialStatus"] = entry.Claim() }), now)
	say("an SD-JWT that can be revoked and suspended", "ok", with(func(p *parcel) {
		held := entry
		held.Purpose = consent.StatusSuspension
		p.claims["credentialStatus"] = []any{entry.Claim(), held.Claim()}
	}), now)
	say("an SD-JWT for good", "ok", with(func(p *parcel) { delete(p.claims, "exp"); delete(p.claims, "nbf"); delete(p.claims, "_sd_alg") }), now)

	say("an SD-JWT that is over", "refused expired", p.whole(), now.Add(24*time.Hour))
	say("an SD-JWT for later", "refused not-yet", p.whole(), now.Add(-2*time.Hour))
	say("a JWT-VC that is over", "refused expired", vc(shop, nil), now.Add(time.Hour))
	say("a status of another kind", "refused wrong-evidence", with(func(p *parcel) {
		p.claims["status"] = map[string]any{"status_list": map[string]any{"idx": 1, "uri": listURL}}
	}), now)
	say("a status of another purpose", "refused wrong-evidence", with(func(p *parcel) {
		c := entry.Claim()
		c["statusPurpose"] = "message"
		p.claims["credentialStatus"] = c
	}), now)
	say("a status at no number", "refused wrong-evidence", with(func(p *parcel) {
		c := entry.Claim()
		c["statusListIndex"] = "070123"
		p.claims["credentialStatus"] = c
	}), now)
	say("a status that would be fetched in the open", "refused wrong-evidence", with(func(p *parcel) {
		c := entry.Claim()
		c["statusListCredential"] = "http://corner.example/records/status"
		p.claims["credentialStatus"] = c
	}), now)
	say("a disclosure that nobody signed", "refused malformed", p.whole()+disclosed("price", 0)+"~", now)
	say("a disclosure twice", "refused malformed", p.text(0, 0), now)
	say("a disclosure without the one it stands in", "refused malformed", p.text(4), now)
	say("a disclosure that is no base64url", "refused malformed", two+"a+b~", now)
	say("a disclosure in two spellings", "refused malformed", strings.Replace(two, p.disclosures[0], p.disclosures[0]+"=", 1), now)
	for name, d := range map[string]string{
		"a disclosure without a salt":          `[1,"product","x"]`,
		"a disclosure of four":                 `["c2FsdA","product","x",1]`,
		"a disclosure that is a text":          `"product"`,
		"a disclosure named _sd":               `["c2FsdA","_sd",["x"]]`,
		"a disclosure named ...":               `["c2FsdA","...","x"]`,
		"a disclosure that says a thing twice": `["c2FsdA","shop",{"name":"x","name":"y"}]`,
	} {
		text := base64.RawURLEncoding.EncodeToString([]byte(d))
		q := newParcel()
		q.claims["_sd"] = append(q.claims["_sd"].([]string), digestOf(text))
		say(name, "refused malformed", q.jwt()+"~"+text+"~", now)
	}
	hide := func(name string, value any) string {
		return with(func(p *parcel) {
			d := disclosed(name, value)
			delete(p.claims, name)
			p.claims["_sd"] = append(p.claims["_sd"].([]string), digestOf(d))
			p.disclosures[6] = d + "~" + p.disclosures[6]
		})
	}
	say("an end that could be kept back", "refused malformed", hide("exp", now.Add(time.Hour).Unix()), now)
	say("a holder that could be kept back", "refused malformed", hide("cnf", map[string]any{}), now)
	say("a disclosure over a claim", "refused malformed", with(func(p *parcel) { p.claims["product"] = "Other shoes" }), now)
	say("a digest twice", "refused malformed", with(func(p *parcel) { p.claims["_sd"] = append(p.claims["_sd"].([]string), p.claims["_sd"].([]string)[0]) }), now)
	say("a decoy twice", "refused malformed", with(func(p *parcel) { p.claims["_sd"] = append(p.claims["_sd"].([]string), digestOf("decoy too")) }), now)
	say("a digest that is a number", "refused malformed", with(func(p *parcel) { p.claims["_sd"] = []any{1} }), now)
	say("digests by another hash", "refused malformed", with(func(p *parcel) { p.claims["_sd_alg"] = "sha-384" }), now)
	say("an element in the place of a claim", "refused malformed", with(func(p *parcel) {
		p.claims["_sd"] = append(p.claims["_sd"].([]string), digestOf(p.disclosures[6]))
		delete(p.claims, "kind")
	}), now)
	say("an SD-JWT of no type", "refused malformed", with(func(p *parcel) { delete(p.claims, "vct") }), now)
	say("a holder by thumbprint", "refused malformed", with(func(p *parcel) { p.claims["cnf"] = map[string]any{"jkt": "x"} }), now)
	say("an SD-JWT in another's name", "refused wrong-issuer", with(func(p *parcel) { p.claims["iss"] = to }), now)
	say("an SD-JWT with its typ as a JWT-VC's", "refused bad-signature", with(func(p *parcel) { p.typ = consent.TypeRecord }), now)
	cut := strings.Split(p.jwt(), ".")
	swap := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + cut[1] + "." + cut[2] + "~"
	}
	say("an SD-JWT under alg none", "refused bad-signature", swap(`{"alg":"none","kid":"`+shop.KeyID+`","typ":"dc+sd-jwt"}`), now)
	say("an SD-JWT under HS256", "refused bad-signature", swap(`{"alg":"HS256","kid":"`+shop.KeyID+`","typ":"dc+sd-jwt"}`), now)
	say("an SD-JWT under EdDSA by a P-256 key", "refused bad-signature", swap(`{"alg":"EdDSA","kid":"`+shop.KeyID+`","typ":"dc+sd-jwt"}`), now)
	say("an SD-JWT with a key in its header", "refused bad-signature", swap(`{"alg":"ES256","jwk":{},"kid":"`+shop.KeyID+`","typ":"dc+sd-jwt"}`), now)
	say("an SD-JWT without a kid", "refused bad-signature", swap(`{"alg":"ES256","typ":"dc+sd-jwt"}`), now)
	say("an SD-JWT by another's key", "refused bad-signature", swap(`{"alg":"ES256","kid":"`+businessKey("other shop").KeyID+`","typ":"dc+sd-jwt"}`), now)
	say("no tilde at the end", "refused bad-signature", p.jwt(), now)
	say("nothing but tildes", "refused malformed", "~~", now)

	present("presented", "ok", bound(two, nonce, nil))
	present("presented with nothing shown", "ok", bound(p.text(), nonce, nil))
	present("presented without a holder's key", "ok", with(func(p *parcel) { delete(p.claims, "cnf") }))
	present("not bound", "refused wrong-binding", two)
	present("bound to another", "refused wrong-binding", bound(two, nonce, func(c map[string]any) { c["aud"] = shop.DID }))
	present("bound for another request", "refused wrong-binding", bound(two, "AAAAAAAAAAAAAAAAAAAAAA", nil))
	present("bound in the future", "refused wrong-binding", bound(two, nonce, func(c map[string]any) { c["iat"] = now.Unix() + 301 }))
	more := bound(two, nonce, nil)
	present("more shown than was bound", "refused wrong-binding", p.text(0, 1, 2)+more[strings.LastIndex(more, "~")+1:])
	present("less shown than was bound", "refused wrong-binding", p.text(0)+more[strings.LastIndex(more, "~")+1:])
	present("presented by another", "refused wrong-binding", two+byHolder(personKey("somebody"), `{"alg":"EdDSA","typ":"kb+jwt"}`, string(must(base64.RawURLEncoding.DecodeString(strings.Split(more[strings.LastIndex(more, "~")+1:], ".")[1])))))
	present("bound by a JWT of another type", "refused wrong-binding", two+byHolder(person, `{"alg":"EdDSA","typ":"JWT"}`, string(must(base64.RawURLEncoding.DecodeString(strings.Split(more[strings.LastIndex(more, "~")+1:], ".")[1])))))
	for i := range out {
		c := &out[i]
		if c.Expect != "ok" {
			continue
		}
		r, err := signatures.OpenRecord(t.Context(), c.Record)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		c.Issuer, c.Types, c.Subject, c.From, c.Until, c.Statuses, c.Holder = r.Issuer, r.Types, r.Subject, r.From, r.Until, r.Statuses, r.Holder
		c.Claims = must(json.Marshal(r.Claims))
	}
	return sorted(out, func(c recordCase) string { return c.Expect + c.Name })
}

func TestRecordVectors(t *testing.T) {
	judge(t, "record.json", makeRecords(t), func(c recordCase) (string, string, error) {
		at := time.Unix(c.Now, 0)
		var r consent.Record
		var err error
		if c.Audience != "" {
			r, err = signatures.OpenPresentation(t.Context(), c.Record, consent.BindingRules{Audience: c.Audience, Nonce: c.Nonce, Now: at})
		} else if r, err = signatures.OpenRecord(t.Context(), c.Record); err == nil {
			err = r.At(at)
		}
		if err == nil {
			if have, want := string(must(json.Marshal(r.Claims))), string(c.Claims); r.Issuer != c.Issuer || !slices.Equal(r.Types, c.Types) || !equalJSON(have, want) {
				t.Errorf("%s: read %+v", c.Name, r)
			}
		}
		return c.Name, c.Expect, err
	})
}

func equalJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

// What a holder chooses is shown, with what stands within it, and nothing else.
func TestChoosingClaims(t *testing.T) {
	s := must(consent.ParseSDJWT(newParcel().whole()))
	for _, c := range []struct {
		names []string
		want  string
	}{
		{nil, `{"kind":"shoes"}`},
		{[]string{"product"}, `{"kind":"shoes","product":"Walking shoes"}`},
		{[]string{"shop", "serial"}, `{"kind":"shoes","serial":"SN-8842-01","shop":{"city":"Berlin","name":"Corner Shop"}}`},
		{[]string{"covers", "covers"}, `{"covers":["soles","laces"],"kind":"shoes"}`},
		{[]string{"city", "nothing"}, `{"kind":"shoes"}`},
	} {
		r, err := signatures.OpenRecord(t.Context(), s.Only(c.names...).Text())
		if err != nil {
			t.Fatalf("%v: %v", c.names, err)
		}
		if have := string(must(json.Marshal(r.Claims))); have != c.want {
			t.Errorf("%v: shows %s, want %s", c.names, have, c.want)
		}
	}
}

// The example of RFC 9901, § 4.2.3.
func TestDigestOfTheStandard(t *testing.T) {
	s := must(consent.ParseSDJWT("e.y.J~WyI2cU1RdlJMNWhhaiIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0~"))
	if d := s.Digests(); d[0] != "uutlBuYeMDyjLLTpf6Jxi7yNkEF35jdyWMn9U7b_RYY" || s.Disclosures[0].Name != "family_name" || string(s.Disclosures[0].Value) != `"Möbius"` {
		t.Errorf("%v, %+v", d, s.Disclosures)
	}
}

type statusCase struct {
	Name   string              `json:"name"`
	Expect string              `json:"expect"`
	Issuer consent.DID         `json:"issuer"`
	Entry  consent.StatusEntry `json:"entry"`
	List   string              `json:"list"` // JWT
	Now    int64               `json:"now"`
}

func makeStatuses(t testing.TB) (out []statusCase) {
	shop := businessKey("shop")
	list := consent.NewStatusList(listURL, shop.DID, consent.StatusRevocation)
	list.From, list.Until = consent.UnixAt(now.Add(-time.Hour)), consent.UnixAt(now.Add(time.Hour))
	for _, i := range []int{0, 7, 8, 70123, consent.MinStatuses - 1} {
		list.Put(i, true)
	}
	jwt := must(shop.SignStatusList(list))
	claims := string(must(base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])))
	edit := func(old, next string) string {
		if !strings.Contains(claims, old) {
			t.Fatalf("no %s in %s", old, claims)
		}
		return signed(shop, strings.Replace(claims, old, next, 1))
	}
	at := func(i int) consent.StatusEntry {
		return consent.StatusEntry{Purpose: consent.StatusRevocation, List: listURL, Index: i}
	}
	say := func(name, expect string, e consent.StatusEntry, jwt string) {
		out = append(out, statusCase{name, expect, shop.DID, e, jwt, now.Unix()})
	}
	for _, i := range []int{1, 6, 9, 70122, 70124, consent.MinStatuses - 2} {
		say(fmt.Sprintf("not set at %d", i), "ok", at(i), jwt)
	}
	for _, i := range []int{0, 7, 8, 70123, consent.MinStatuses - 1} {
		say(fmt.Sprintf("set at %d", i), "refused revoked", at(i), jwt)
	}
	held := at(1)
	held.Purpose = consent.StatusSuspension
	say("a list of another purpose", "refused bad-status", held, jwt)
	say("beyond the list", "refused bad-status", at(consent.MinStatuses), jwt)
	elsewhere := at(1)
	elsewhere.List = listURL + "/2"
	say("a list of another address", "refused bad-status", elsewhere, jwt)
	say("a list by another", "refused bad-status", at(1), must(businessKey("other shop").SignStatusList(list)))
	say("a list in another's name", "refused bad-status", at(1), signed(businessKey("other shop"), claims))
	say("a list that is over", "refused bad-status", at(1), edit(fmt.Sprintf(`"exp":%d`, list.Until), fmt.Sprintf(`"exp":%d`, now.Unix())))
	say("a list for later", "refused bad-status", at(1), edit(fmt.Sprintf(`"nbf":%d`, list.From), fmt.Sprintf(`"nbf":%d`, now.Unix()+301)))
	say("no list", "refused bad-status", at(1), edit(`"BitstringStatusListCredential"`, `"Other"`))
	say("a list of another kind", "refused bad-status", at(1), edit(`"type":"BitstringStatusList"`, `"type":"StatusList2021"`))
	say("a list that does not unpack", "refused bad-status", at(1), edit(`"encodedList":"u`, `"encodedList":"uAAAA`))
	say("a list in another spelling", "refused bad-status", at(1), edit(`"encodedList":"u`, `"encodedList":"z`))
	say("a list too short to hide in", "refused bad-status", at(1), edit(encodedOf(claims), "u"+zipped(t, make([]byte, consent.MinStatuses/8-1))))
	say("a list that unpacks to much", "refused bad-status", at(1), edit(encodedOf(claims), "u"+zipped(t, make([]byte, 1<<20+1))))
	say("a list that is no JWT", "refused bad-status", at(1), "<html>")
	return sorted(out, func(c statusCase) string { return c.Expect + c.Name })
}

func zipped(t testing.TB, bits []byte) string {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(bits); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(packed.Bytes())
}

func encodedOf(claims string) string {
	_, rest, _ := strings.Cut(claims, `"encodedList":"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

func TestStatusVectors(t *testing.T) {
	judge(t, "status.json", makeStatuses(t), func(c statusCase) (string, string, error) {
		l, err := signatures.OpenStatusList(c.List, c.Entry.List)
		if err == nil {
			err = l.Says(c.Entry, c.Issuer, time.Unix(c.Now, 0))
		}
		return c.Name, c.Expect, err
	})
}

// A list that was written is read with the same bits, however many are set, and stays
// small enough to be fetched.
func TestAStatusListIsKept(t *testing.T) {
	shop, random := businessKey("shop"), rand.New(rand.NewSource(1))
	for _, set := range []int{0, 1, 1000, consent.MinStatuses / 2} {
		l := consent.NewStatusList(listURL, shop.DID, consent.StatusRevocation)
		want := map[int]bool{}
		for range set {
			i := random.Intn(l.Len())
			l.Put(i, true)
			want[i] = true
		}
		back, err := signatures.OpenStatusList(must(shop.SignStatusList(l)), listURL)
		if err != nil {
			t.Fatalf("%d set: %v", set, err)
		}
		for i := range back.Len() {
			if back.Set(i) != want[i] {
				t.Fatalf("%d set: another bit at %d", set, i)
			}
		}
		l.Put(5, true)
		if l.Put(5, false); l.Set(5) {
			t.Error("not taken back")
		}
	}
}

// A presentation is taken apart and written as it was, and what it shows has its digest
// in what was signed.
func FuzzSDJWT(f *testing.F) {
	p := newParcel()
	payload := string(must(base64.RawURLEncoding.DecodeString(strings.Split(p.jwt(), ".")[1])))
	f.Add(p.whole(), payload)
	f.Add(p.text(), payload)
	f.Add("a~WyJhIiwiYiJd~", `{"iss":"x","vct":"y","a":[{"...":"z"}]}`)
	f.Fuzz(func(t *testing.T, text, payload string) {
		s, err := consent.ParseSDJWT(text)
		if err != nil {
			if consent.CodeOf(err) == "" {
				t.Fatalf("refused without a code: %v", err)
			}
			return
		}
		if s.Text() != text {
			t.Fatalf("%q became %q", text, s.Text())
		}
		by := businessKey("shop").DID
		r, err := s.Reveal([]byte(payload), by)
		if err != nil {
			if consent.CodeOf(err) == "" {
				t.Fatalf("refused without a code: %v", err)
			}
			return
		}
		for _, d := range s.Disclosures {
			if !strings.Contains(payload, digestOf(d.Text)) && !slices.ContainsFunc(s.Disclosures, func(o consent.Disclosure) bool { return strings.Contains(string(o.Value), digestOf(d.Text)) }) {
				t.Fatal("shows what was not signed")
			}
		}
		if r.Issuer != by || len(r.Types) != 1 {
			t.Fatalf("read %+v", r)
		}
		if _, err := s.Only().Reveal([]byte(payload), by); err != nil {
			t.Fatalf("with nothing shown it is refused: %v", err)
		}
	})
}
