package consent_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// The makers of the vectors. Everything is made from fixed seeds; only the packed
// message cannot be, since aries draws its own ephemeral key: it is kept from the
// file as long as it opens to the same message.

type didCase struct {
	Name   string `json:"name"`
	Expect string `json:"expect"`
	DID    string `json:"did"`
	KeyID  string `json:"key_id,omitempty"`
	Crv    string `json:"crv,omitempty"` // Ed25519 or P-256
	X      string `json:"x,omitempty"`
	Y      string `json:"y,omitempty"`
}

func makeDIDs(t testing.TB) (out []didCase) {
	for _, label := range []string{"shop", "other shop"} {
		s := businessKey(label)
		p := consent.NewAgreementKey(must(s.Key.Public().(*ecdsa.PublicKey).ECDH()))
		out = append(out, didCase{label, "ok", string(s.DID), s.KeyID, "P-256", p.X.String(), p.Y.String()})
	}
	s := personKey("pairwise")
	out = append(out, didCase{"pairwise", "ok", string(s.DID), s.KeyID, "Ed25519", consent.Bytes(s.Key.Public().(ed25519.PublicKey)).String(), ""})
	good := string(out[0].DID)
	for name, d := range map[string]string{
		"cut": good[:len(good)-4], "another multibase": strings.Replace(good, ":z", ":f", 1), "no base58": good[:len(good)-1] + "0",
		"X25519, for no signature": "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
	} {
		out = append(out, didCase{Name: name, Expect: "refused bad-signature", DID: d})
	}
	return sorted(out, func(c didCase) string { return c.Name })
}

type requestCase struct {
	Name     string          `json:"name"`
	Expect   string          `json:"expect"`
	Audience string          `json:"audience"`
	Now      int64           `json:"now"`
	JWS      string          `json:"jws"`
	Signer   consent.DID     `json:"signer,omitempty"`
	Hash     *consent.Hash   `json:"hash,omitempty"`
	Payload  json.RawMessage `json:"payload,omitempty"`
}

func makeRequests(t testing.TB) []requestCase {
	f := newFixture(t)
	signed := func(payload []byte) string { return must(f.shop.SignJWS(consent.TypeRequest, payload)) }
	payload := f.request.Payload()
	with := func(change func(*consent.Request)) string {
		q := newFixture(t).request
		change(&q)
		return signed(q.Payload())
	}
	cut := strings.Split(f.request.JWS, ".")
	header := func(h string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(h)) + "." + cut[1] + "." + cut[2]
	}
	hash := f.request.Hash()
	out := []requestCase{{"request", "ok", operator, now.Unix(), f.request.JWS, f.shop.DID, &hash, payload}}
	named := newFixture(t).request
	named.Template, named.Replaces = signedTemplate(f).Ref(), replaces("grant", "x")
	named.JWS = signed(named.Payload())
	namedHash := named.Hash()
	out = append(out, requestCase{"by a template, replacing grants", "ok", operator, now.Unix(), named.JWS, f.shop.DID, &namedHash, named.Payload()})
	warranty := warrantyAsked(t)
	warrantyHash := warranty.Hash()
	out = append(out, requestCase{"for a record", "ok", operator, now.Unix(), warranty.JWS, f.shop.DID, &warrantyHash, warranty.Payload()})
	wants := func(change func(*consent.Asked)) string {
		q := warrantyAsked(t)
		change(&q.Purposes[2])
		return signed(q.Payload())
	}
	record := func(change func(*consent.Wanted)) string {
		return wants(func(a *consent.Asked) { w := a.Records["warranty"]; change(&w); a.Records["warranty"] = w })
	}
	for _, c := range []struct {
		name, code, jws string
		at              time.Time
	}{
		{"a record that is not said", "malformed", wants(func(a *consent.Asked) { a.Records = nil }), now},
		{"a name as a record", "malformed", wants(func(a *consent.Asked) { a.Records["name"] = a.Records["warranty"] }), now},
		{"a record that is not asked", "over-wide", wants(func(a *consent.Asked) { a.Required = []string{"name"} }), now},
		{"records null", "malformed", signed(edit(t, payload, `"weekly_cap":2`, `"weekly_cap":2,"records":null`)), now},
		{"no record", "malformed", signed(edit(t, payload, `"weekly_cap":2`, `"weekly_cap":2,"records":{}`)), now},
		{"a record of no type", "malformed", record(func(w *consent.Wanted) { w.Type = "" }), now},
		{"a claim of no name", "malformed", record(func(w *consent.Wanted) { w.Optional = []string{" "} }), now},
		{"a claim twice", "duplicate", record(func(w *consent.Wanted) { w.Optional = []string{"product"} }), now},
		{"a record for a partner", "bad-partner", wants(func(a *consent.Asked) {
			a.Partners = []consent.Partner{partnerOf("carrier", consent.Onward, "warranty")}
		}), now},
		{"expired", "expired", f.request.JWS, now.Add(24 * time.Hour)},
		{"not yet", "not-yet", f.request.JWS, now.Add(-301 * time.Second)},
		{"open too long", "over-long", with(func(q *consent.Request) { q.Exp += 7 * 24 * 3600 }), now},
		{"another operator", "wrong-audience", with(func(q *consent.Request) { q.Aud = "https://other.example" }), now},
		{"signed by another", "wrong-issuer", must(businessKey("other shop").SignJWS(consent.TypeRequest, payload)), now},
		{"signed as a message", "bad-signature", must(f.shop.SignJWS(consent.TypeMessage, payload)), now},
		{"truncated", "bad-signature", f.request.JWS[:len(f.request.JWS)-3], now},
		{"changed payload", "bad-signature", cut[0] + "." + base64.RawURLEncoding.EncodeToString(edit(t, payload, `"days":31`, `"days":90`)) + "." + cut[2], now},
		{"swapped kid", "bad-signature", header(`{"alg":"ES256","kid":"` + businessKey("other shop").KeyID + `","typ":"coffer-request+jwt"}`), now},
		{"alg none", "bad-signature", header(`{"alg":"none","kid":"` + f.shop.KeyID + `","typ":"coffer-request+jwt"}`), now},
		{"crit in the header", "bad-signature", header(`{"alg":"ES256","kid":"` + f.shop.KeyID + `","typ":"coffer-request+jwt","crit":["b64"],"b64":true}`), now},
		{"over-wide", "over-wide", with(func(q *consent.Request) { q.Purposes[0].Optional[0] = "birth-date" }), now},
		{"no such attribute", "unknown-attribute", with(func(q *consent.Request) { q.Purposes[0].Optional[0] = "dna" }), now},
		{"no such purpose", "unknown-purpose", with(func(q *consent.Request) { q.Purposes[0].Purpose = "https://w3id.org/dpv#Nothing" }), now},
		{"asked twice", "duplicate", with(func(q *consent.Request) { q.Purposes[0].Optional[0] = "name" }), now},
		{"thirty days", "bad-length", with(func(q *consent.Request) { q.Purposes[0].Days = 30 }), now},
		{"no text in its language", "no-text", with(func(q *consent.Request) { q.Language = "fr" }), now},
		{"marketing without a cap", "bad-channel", with(func(q *consent.Request) { q.Purposes[1].WeeklyCap = 0 }), now},
		{"nobody responsible", "no-controller", with(func(q *consent.Request) { q.Controller.Contact = "" }), now},
		{"return elsewhere", "bad-url", with(func(q *consent.Request) { q.ReturnURL = "https://other.example/" }), now},
		{"key not on the curve", "bad-key", with(func(q *consent.Request) { q.AgreementKey.Y = make(consent.Bytes, 32) }), now},
		{"unknown key", "malformed", signed(edit(t, payload, `"language"`, `"colour":1,"language"`)), now},
		{"key twice", "malformed", signed(edit(t, payload, `"language"`, `"language":"de","language"`)), now},
		{"missing key", "malformed", signed(edit(t, payload, `"language":"en",`, ``)), now},
		{"later version", "wrong-version", signed(edit(t, payload, `"v":1`, `"v":2`)), now},
		{"a template without version", "malformed", with(func(q *consent.Request) { q.Template = &consent.TemplateRef{Name: "order"} }), now},
		{"a template of no name", "malformed", with(func(q *consent.Request) { q.Template = &consent.TemplateRef{Name: "The order", Version: 1} }), now},
		{"a template null", "malformed", signed(edit(t, payload, `"purposes"`, `"template":null,"purposes"`)), now},
		{"replaces nothing", "malformed", with(func(q *consent.Request) { q.Replaces = replaces() }), now},
		{"replaces one twice", "duplicate", with(func(q *consent.Request) { q.Replaces = replaces("grant", "grant") }), now},
		{"replaces how", "malformed", with(func(q *consent.Request) { q.Replaces = replaces("grant"); q.Replaces.Mode = "update" }), now},
	} {
		out = append(out, requestCase{Name: c.name, Expect: "refused " + c.code, Audience: operator, Now: c.at.Unix(), JWS: c.jws})
	}
	return out
}

// warrantyAsked is the fixture's request with a purpose more, for which a warranty is to
// be shown.
func warrantyAsked(t testing.TB) consent.Request {
	f := newFixture(t)
	q := f.request
	q.Purposes = append(q.Purposes, careAsked())
	q.JWS = must(f.shop.SignJWS(consent.TypeRequest, q.Payload()))
	return q
}

func careAsked() consent.Asked {
	return consent.Asked{ID: "care", Purpose: "https://w3id.org/dpv#CustomerCare", Text: map[string]string{"en": "We repair what broke."},
		Required: []string{"name", "warranty"}, Days: 90, Retention: "P1Y", LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
		Channels: []string{consent.ChannelWallet}, WeeklyCap: 2, Records: map[string]consent.Wanted{"warranty": wantedExample()}}
}

func wantedExample() consent.Wanted {
	return consent.Wanted{Type: warranty, Required: []string{"product"}, Optional: []string{"serial"}}
}

type decisionCase struct {
	Name      string        `json:"name"`
	Expect    string        `json:"expect"`
	Request   string        `json:"request"` // JWS
	Now       int64         `json:"now"`
	Decision  string        `json:"decision"` // exact bytes
	Challenge consent.Bytes `json:"challenge"`
}

func makeDecisions(t testing.TB) (out []decisionCase) {
	for _, c := range []struct {
		name, expect string
		change       func(*consent.Decision)
	}{
		{"delivery given, marketing refused", "ok", func(*consent.Decision) {}},
		{"everything refused", "ok", func(d *consent.Decision) { d.Give, d.Refuse = nil, []string{"delivery", "marketing"} }},
		{"an attribute not asked", "refused wider-than-request", func(d *consent.Decision) { d.Give[0].Attributes = append(d.Give[0].Attributes, "email") }},
		{"longer than asked", "refused wider-than-request", func(d *consent.Decision) { d.Give[0].Days, d.Give[0].Entry = 90, entry("x", thisHour, 90*24) }},
		{"a channel not asked", "refused wider-than-request", func(d *consent.Decision) { d.Give[0].Channels = []string{"wallet"} }},
		{"without what is needed", "refused missing-required", func(d *consent.Decision) { d.Give[0].Attributes = []string{"name"} }},
		{"a purpose left open", "refused undecided", func(d *consent.Decision) { d.Refuse = nil }},
		{"given and refused", "refused decided-twice", func(d *consent.Decision) { d.Refuse = append(d.Refuse, "delivery") }},
		{"entry outlives its days", "refused bad-entry", func(d *consent.Decision) { d.Give[0].Entry = entry("x", thisHour, 90*24) }},
		{"another request", "refused wrong-request", func(d *consent.Decision) { d.RequestHash[0] ^= 1 }},
		{"decided an hour ago", "refused stale-decision", func(d *consent.Decision) { d.Time -= 3600 }},
	} {
		f := newFixture(t)
		d := f.decision
		c.change(&d)
		challenge := consent.Challenge(d.Bytes())
		out = append(out, decisionCase{c.name, c.expect, f.request.JWS, now.Add(3 * time.Minute).Unix(), string(d.Bytes()), challenge[:]})
	}
	return out
}

type terms struct {
	Grant      id.Grant     `json:"grant"`
	Record     id.Receipt   `json:"record"`
	Shopper    consent.DID  `json:"shopper"`
	Purpose    string       `json:"purpose"`
	Attributes []string     `json:"attributes"`
	Channels   []string     `json:"channels"`
	Days       int          `json:"days"`
	Language   string       `json:"language"`
	Time       consent.Unix `json:"time"`
	Hours      int          `json:"hours,omitempty"`
	Partner    consent.DID  `json:"partner,omitempty"`
	OnwardOf   id.Grant     `json:"onward_of,omitzero"`
}

type receiptCase struct {
	Name    string        `json:"name"`
	Expect  string        `json:"expect"`
	Request string        `json:"request"` // JWS
	Given   consent.Given `json:"given"`   // of the decision
	JWT     string        `json:"jwt"`
	Seed    consent.Bytes `json:"pairwise_seed,omitempty"` // Ed25519; signs the claims
	Terms   *terms        `json:"terms,omitempty"`         // make the claims from these and the request
	Claims  string        `json:"claims,omitempty"`        // the payload as signed
}

func makeReceipts(t testing.TB) (out []receiptCase) {
	f := newFixture(t)
	tm := terms(f.receipt.Terms())
	out = append(out, receiptCase{"receipt", "ok", f.request.JWS, f.decision.Give[0], f.receipt.JWT, seed("pairwise"), &tm, string(f.receipt.Claims())})
	cut := strings.Split(f.receipt.JWT, ".")
	for _, c := range []struct{ name, code, jwt string }{
		{"truncated", "bad-signature", f.receipt.JWT[:len(f.receipt.JWT)-5]},
		{"cut in half", "bad-signature", f.receipt.JWT[:len(f.receipt.JWT)/2]},
		{"changed term", "bad-signature", cut[0] + "." + base64.RawURLEncoding.EncodeToString(edit(t, f.receipt.Claims(), "P31D", "P90D")) + "." + cut[2]},
		{"alg none", "bad-signature", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"`+f.person.KeyID+`","typ":"JWT"}`)) + "." + cut[1] + "." + cut[2]},
		{"swapped kid", "wrong-issuer", base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","kid":"`+personKey("x").KeyID+`","typ":"JWT"}`)) + "." + cut[1] + "." + cut[2]},
	} {
		g := f.decision.Give[0]
		g.ReceiptHash = consent.HashOf(c.jwt)
		out = append(out, receiptCase{Name: c.name, Expect: "refused " + c.code, Request: f.request.JWS, Given: g, JWT: c.jwt})
	}
	for _, c := range []struct {
		name   string
		change func(*consent.Receipt, *consent.Given)
	}{
		{"another controller's name", func(r *consent.Receipt, _ *consent.Given) { r.Parties[0].Name = "Another Shop" }},
		{"another notice", func(r *consent.Receipt, _ *consent.Given) { r.NoticeHash[0] ^= 1 }},
		{"longer than decided", func(r *consent.Receipt, _ *consent.Given) { r.Events[0].Validity = "P90D" }},
		{"another grant", func(_ *consent.Receipt, g *consent.Given) { g.Grant = ident[id.Grant]("x") }},
	} {
		r, g := newFixture(t).receipt, newFixture(t).decision.Give[0]
		c.change(&r, &g)
		jwt := must(f.person.SignReceipt(r))
		g.ReceiptHash = consent.HashOf(jwt)
		out = append(out, receiptCase{Name: c.name, Expect: "refused wrong-receipt", Request: f.request.JWS, Given: g, JWT: jwt})
	}
	return out
}

type withdrawalCase struct {
	Name      string `json:"name"`
	Expect    string `json:"expect"`
	Given     string `json:"given"`     // JWT of the receipt that is ended
	Withdrawn string `json:"withdrawn"` // JWT
}

func makeWithdrawals(t testing.TB) []withdrawalCase {
	f := newFixture(t)
	at := consent.UnixAt(now.Add(time.Hour))
	w := f.receipt.Withdrawal(ident[id.Receipt]("withdrawal"), at)
	early := f.receipt.Withdrawal(ident[id.Receipt]("withdrawal"), consent.UnixAt(now.Add(-time.Hour)))
	other := w
	other.Grant = ident[id.Grant]("x")
	return []withdrawalCase{
		{"withdrawal", "ok", f.receipt.JWT, must(f.person.SignReceipt(w))},
		{"before it was given", "refused wrong-receipt", f.receipt.JWT, must(f.person.SignReceipt(early))},
		{"of another grant", "refused wrong-receipt", f.receipt.JWT, must(f.person.SignReceipt(other))},
		{"no withdrawal", "refused wrong-receipt", f.receipt.JWT, f.receipt.JWT},
	}
}

type letterCase struct {
	Name      string `json:"name"`
	Expect    string `json:"expect"`
	Request   string `json:"request"`   // JWS
	Plaintext string `json:"plaintext"` // the letter, opened
}

func makeLetters(t testing.TB) (out []letterCase) {
	for _, c := range []struct {
		name, expect string
		change       func(*consent.Letter)
	}{
		{"letter", "ok", func(*consent.Letter) {}},
		{"another handle secret", "refused bad-entry", func(l *consent.Letter) { l.HandleSecret[0] ^= 1 }},
		{"another opening", "refused wrong-opening", func(l *consent.Letter) { l.Opening.R = append([]byte{}, l.Opening.R...); l.Opening.R[0] ^= 1 }},
		{"another shopper", "refused wrong-receipt", func(l *consent.Letter) { l.Pairwise = personKey("x").DID }},
		{"another grant", "refused wrong-receipt", func(l *consent.Letter) { l.Grant = ident[id.Grant]("x") }},
	} {
		f := newFixture(t)
		c.change(&f.letter)
		out = append(out, letterCase{c.name, c.expect, f.request.JWS, string(f.letter.Bytes())})
	}
	return out
}

type permitCase struct {
	Name       string            `json:"name"`
	Expect     string            `json:"expect"`
	Document   string            `json:"document"` // exact bytes
	Commitment anchor.Commitment `json:"commitment"`
	Opening    anchor.Opening    `json:"opening"`
}

func makePermits(t testing.TB) (out []permitCase) {
	g := ident[id.Grant]("grant")
	collect := consent.NewCollectPermit(g, thisHour, consent.LogHead(seed("log"))).Bytes()
	message := consent.NewMessagePermit(g, thisHour, "wallet", ident[id.Message]("message"), consent.HashOf(fixedMessage(t))).Bytes()
	for _, c := range []struct {
		name, expect string
		committed    []byte
		shown        []byte
	}{
		{"collect", "ok", collect, collect},
		{"message", "ok", message, message},
		{"another document", "refused wrong-opening", collect, edit(t, collect, `"epoch":`, `"epoch": `)},
		{"message without digest", "refused malformed", collect, edit(t, collect, `"collect"`, `"message"`)},
		{"later version", "refused wrong-version", collect, edit(t, collect, `"v":1`, `"v":2`)},
	} {
		commitment, opening, err := anchor.Commit(stream("permit "+c.name), c.committed)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, permitCase{c.name, c.expect, string(c.shown), commitment, opening})
	}
	return out
}

// fixedMessage is the signed message of the vectors.
func fixedMessage(t testing.TB) string {
	f := newFixture(t)
	m := consent.NewMessage(f.shop.DID, f.person.DID, consent.MessageBody{Grant: f.letter.Grant, Subject: "Your parcel", Text: "It comes on Friday.\nCorner Shop"}, now)
	m.ID, m.Nonce = ident[id.Message]("message"), consent.Secret(seed("message nonce"))
	return must(f.shop.SignJWS(consent.TypeMessage, m.Payload()))
}

type privateJWK struct {
	consent.AgreementKey
	D consent.Bytes `json:"d"`
}

func private(k *ecdh.PrivateKey) privateJWK { return privateJWK{public(k), k.Bytes()} }

type messageCase struct {
	Name    string          `json:"name"`
	Expect  string          `json:"expect"`
	Key     privateJWK      `json:"key"`
	Packed  string          `json:"packed"`        // JWE
	JWS     string          `json:"jws,omitempty"` // what is inside
	Digest  *consent.Hash   `json:"digest,omitempty"`
	Message json.RawMessage `json:"message,omitempty"`
}

func makeMessages(t testing.TB) []messageCase {
	f := newFixture(t)
	kept := map[string]string{}
	if _, err := os.Stat(vectorDir + "/message.json"); err == nil {
		for _, c := range readVectors[messageCase](t, "message.json") {
			kept[c.Name] = c.Packed
		}
	}
	pack := func(name, jws string) string {
		if have, err := agent.UnpackMessage(kept[name], f.personAgree); err == nil && have == jws {
			return kept[name]
		}
		return must(agent.PackMessage(jws, public(f.personAgree)))
	}
	jws := fixedMessage(t)
	digest := consent.HashOf(jws)
	payload := must(base64.RawURLEncoding.DecodeString(strings.Split(jws, ".")[1]))
	good := pack("message", jws)
	cut := strings.Split(good, ".")
	flipped := must(base64.RawURLEncoding.DecodeString(cut[3]))
	flipped[0] ^= 1
	cut[3] = base64.RawURLEncoding.EncodeToString(flipped)
	key := private(f.personAgree)
	return []messageCase{
		{"message", "ok", key, good, jws, &digest, payload},
		{Name: "one bit changed", Expect: "refused", Key: key, Packed: strings.Join(cut, ".")},
		{Name: "truncated", Expect: "refused", Key: key, Packed: good[:len(good)-4]},
		{Name: "another's key", Expect: "refused", Key: private(agreementKey("x")), Packed: good},
		{Name: "signed by another", Expect: "refused wrong-issuer", Key: key, Packed: pack("signed by another", must(businessKey("other shop").SignJWS(consent.TypeMessage, payload)))},
		{Name: "signed as a request", Expect: "refused bad-signature", Key: key, Packed: pack("signed as a request", must(f.shop.SignJWS(consent.TypeRequest, payload)))},
		{Name: "not signed", Expect: "refused bad-signature", Key: key, Packed: pack("not signed", string(payload))},
	}
}

type accessCase struct {
	Name   string            `json:"name"`
	Expect string            `json:"expect"`
	Grant  id.Grant          `json:"grant"`
	Rows   []string          `json:"rows"` // exact text
	Heads  []consent.LogHead `json:"heads,omitempty"`
	Head   consent.LogHead   `json:"head"`
}

func makeAccesses(t testing.TB) []accessCase {
	g := ident[id.Grant]("grant")
	rows := []string{
		consent.NewAccess(g, now, []string{"name", "postal-address"}, []string{"name", "postal-address"}, nil).Row(),
		consent.NewAccess(g, now.Add(time.Minute), []string{"shoe-size"}, nil, &consent.Denial{Reason: consent.NotCovered}).Row(),
		consent.NewAccess(g, now.Add(time.Hour), []string{"name"}, nil, &consent.Denial{Reason: consent.Withdrawn}).Row(),
	}
	var head consent.LogHead
	var heads []consent.LogHead
	for _, row := range rows {
		head = head.Next(row)
		heads = append(heads, head)
	}
	return []accessCase{
		{"three rows", "ok", g, rows, heads, head},
		{"no rows", "ok", g, []string{}, nil, consent.LogHead{}},
		{"a row dropped", "refused broken-chain", g, rows[1:], nil, head},
		{"rows swapped", "refused broken-chain", g, []string{rows[1], rows[0], rows[2]}, nil, head},
		{"a space added", "refused broken-chain", g, []string{rows[0], rows[1], rows[2] + " "}, nil, head},
		{"another grant's", "refused broken-chain", ident[id.Grant]("x"), rows, nil, head},
		{"no row", "refused malformed", g, []string{`{"v":1}`}, nil, head},
	}
}
