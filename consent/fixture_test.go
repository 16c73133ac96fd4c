package consent_test

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// One shopper and one shop, the same bytes on every run.

const (
	chain    = anchor.Chain("coffer-vectors")
	operator = "http://localhost:8080"
)

var (
	signatures = agent.New(agent.Options{})
	now        = time.Unix(1_763_720_000, 0)
	thisHour   = anchor.EpochAt(now)
)

func seed(label string) []byte { s := sha256.Sum256([]byte("coffer vectors " + label)); return s[:] }

func stream(label string) io.Reader {
	return bytes.NewReader(append(seed(label), seed(label+", more")...))
}

func ident[I ~[16]byte](label string) I { return I(seed("id " + label)[:16]) }

// fixed signs without randomness (RFC 6979).
type fixed struct{ *ecdsa.PrivateKey }

func (f fixed) Sign(_ io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return f.PrivateKey.Sign(nil, digest, o)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func businessKey(label string) agent.Signer {
	return must(agent.NewSigner(fixed{must(ecdsa.ParseRawPrivateKey(elliptic.P256(), seed(label)))}))
}

func personKey(label string) agent.Signer {
	return must(agent.NewSigner(ed25519.NewKeyFromSeed(seed(label))))
}

func agreementKey(label string) *ecdh.PrivateKey {
	return must(ecdh.P256().NewPrivateKey(seed(label)))
}

func public(k *ecdh.PrivateKey) consent.AgreementKey { return consent.NewAgreementKey(k.PublicKey()) }

// catalogue is the project's own, read without package policies.
type catalogue struct {
	V    int `json:"v"`
	List []struct {
		Name, IRI, Kind string
		Label           map[string]string
	} `json:"attributes"`
	All []struct {
		IRI                string
		Marketing, Contact bool
		MaxDays            int `json:"max_days"`
		Attributes         []string
	} `json:"purposes"`
}

func theCatalogue(t testing.TB) consent.Catalogue {
	t.Helper()
	var c catalogue
	file, err := os.ReadFile("../policies/catalogue.json")
	if err == nil {
		err = json.Unmarshal(file, &c)
	}
	if err != nil || len(c.List) == 0 || len(c.All) == 0 {
		t.Fatalf("reading the catalogue: %v", err)
	}
	return c
}

func (c catalogue) Attributes() (out []consent.Attribute) {
	for _, a := range c.List {
		out = append(out, consent.Attribute{Name: a.Name, IRI: a.IRI, Label: a.Label["en"], Kind: a.Kind})
	}
	return out
}

func (c catalogue) Purposes() (out []consent.Purpose) {
	for _, p := range c.All {
		out = append(out, consent.Purpose{IRI: p.IRI, Marketing: p.Marketing, Contact: p.Contact, MaxDays: p.MaxDays, Attributes: p.Attributes})
	}
	return out
}

func (c catalogue) Attribute(name string) (consent.Attribute, bool) {
	for _, a := range c.Attributes() {
		if a.Name == name {
			return a, true
		}
	}
	return consent.Attribute{}, false
}

func (c catalogue) Purpose(iri string) (consent.Purpose, bool) {
	for _, p := range c.Purposes() {
		if p.IRI == iri {
			return p, true
		}
	}
	return consent.Purpose{}, false
}

// fixture is the whole of one consent.
type fixture struct {
	shop, person agent.Signer
	shopAgree    *ecdh.PrivateKey
	personAgree  *ecdh.PrivateKey
	request      consent.Request // JWS set
	receipt      consent.Receipt // of delivery; JWT set
	entry        anchor.Grant
	opening      anchor.Opening
	decision     consent.Decision
	letter       consent.Letter
}

func ask(shop consent.DID, to *ecdh.PrivateKey) consent.Request {
	return consent.Request{
		V: 1, ID: ident[id.Request]("request"), Iss: shop, Aud: operator,
		Iat: consent.UnixAt(now), Exp: consent.UnixAt(now.Add(24 * time.Hour)), Nonce: consent.Nonce(ident[id.Request]("nonce")),
		Controller: consent.Controller{Name: "Corner Shop", Address: "1 High Street, 10115 Berlin", Contact: "privacy@corner.example",
			DPO: "dpo@corner.example", Authority: "Berliner Beauftragte für Datenschutz", PrivacyNotice: "https://corner.example/privacy", URL: "http://localhost:8081"},
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1",
		AgreementKey: public(to), ReturnURL: "http://localhost:8081/orders/1",
		Purposes: []consent.Asked{
			{ID: "delivery", Purpose: "https://w3id.org/dpv#DeliveryOfGoods",
				Text:     map[string]string{"en": "We bring you what you ordered.", "de": "Wir bringen Ihnen, was Sie bestellt haben."},
				Required: []string{"name", "postal-address"}, Optional: []string{"phone"}, Days: 31, Retention: "P90D",
				Recipients:  []consent.Recipient{{Name: "Parcel Co", Country: "DE"}},
				LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"},
			{ID: "marketing", Purpose: "https://w3id.org/dpv#DirectMarketing",
				Text:     map[string]string{"en": "We write to you about shoes that fit."},
				Optional: []string{"shoe-size"}, Days: 90, Retention: "P1Y",
				LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", Channels: []string{consent.ChannelWallet}, WeeklyCap: 2},
		},
	}
}

func newFixture(t testing.TB) fixture {
	t.Helper()
	f := fixture{shop: businessKey("shop"), person: personKey("pairwise"), shopAgree: agreementKey("shop agreement"), personAgree: agreementKey("person agreement")}
	f.request = ask(f.shop.DID, f.shopAgree)
	f.request.JWS = must(f.shop.SignJWS(consent.TypeRequest, f.request.Payload()))

	grant := ident[id.Grant]("grant")
	f.receipt = must(consent.NewReceipt(f.request, consent.Terms{Grant: grant, Record: ident[id.Receipt]("receipt"), Shopper: f.person.DID,
		Purpose: "delivery", Attributes: []string{"name", "postal-address"}, Days: 31, Time: consent.UnixAt(now.Add(time.Minute))}, theCatalogue(t)))
	f.receipt.JWT = must(f.person.SignReceipt(f.receipt))

	c, o, err := anchor.Commit(stream("opening"), []byte(f.receipt.JWT))
	if err != nil {
		t.Fatal(err)
	}
	handle := ed25519.NewKeyFromSeed(seed("handle"))
	f.opening = o
	f.entry = anchor.Grant{Scheme: o.Scheme, Start: thisHour, End: thisHour + 31*24,
		HandleKey: anchor.Handle(handle.Public().(ed25519.PublicKey)), Commitment: c}.Sign(chain, ed25519.NewKeyFromSeed(seed("wallet")))

	f.decision = consent.NewDecision(f.request, []consent.Given{{
		Grant: grant, Purpose: "delivery", Attributes: []string{"name", "postal-address"}, Days: 31,
		Entry: f.entry.Bytes(), ReceiptHash: consent.HashOf(f.receipt.JWT),
	}}, []string{"marketing"}, now.Add(2*time.Minute))
	f.decision.Nonce = consent.Nonce(ident[id.Request]("decision"))

	f.letter = consent.Letter{V: 1, Grant: grant, GrantKey: consent.Secret(seed("grant key")), HandleSecret: consent.Secret(seed("handle")),
		Receipt: f.receipt.JWT, Opening: o, Entry: f.entry.Bytes(), Pairwise: f.person.DID, AgreementKey: public(f.personAgree)}
	return f
}

func rules(t testing.TB) consent.ParseRules {
	return consent.ParseRules{Audience: operator, Now: now, Catalogue: theCatalogue(t)}
}

// code fails the test unless err carries the code.
func code(t testing.TB, err error, want consent.Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("want %s, have %v", want, err)
	}
}

// edit changes one document's JSON text; the old text must be there.
func edit(t testing.TB, document []byte, old, new string) []byte {
	t.Helper()
	if !strings.Contains(string(document), old) {
		t.Fatalf("no %s to change", old)
	}
	return []byte(strings.Replace(string(document), old, new, 1))
}
