// Package consenttest is for tests of and with consent at the operator: shops that
// ask and act, shoppers that decide, and the vault behind a store. What they make is
// signed with real keys; what the operator cannot open (letters, sealed documents,
// messages) is random bytes in the right shape.
//
// # Trust
//
// None: it skips what a wallet must do for its shopper's sake. Nothing outside tests
// imports it.
package consenttest

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

const (
	Chain    = anchor.Chain("consenttest")
	Operator = "https://operator.example"
)

// Purposes that a shop registers.
const (
	Delivery  = "https://w3id.org/dpv#DeliveryOfGoods"
	Marketing = "https://w3id.org/dpv#DirectMarketing"
)

// Clock is a clock that tests turn.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins in the middle of an hour.
func NewClock() *Clock { return &Clock{now: time.Unix(1_763_721_000, 0)} }

func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add turns the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// must is for what only a broken machine makes fail.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// Shop is a business with keys of its own.
type Shop struct {
	agent.Signer
	Agreement *ecdh.PrivateKey
	Now       func() time.Time
}

// NewShop makes a shop on a clock.
func NewShop(now func() time.Time) *Shop {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	return &Shop{Signer: must(agent.NewSigner(key)), Agreement: must(ecdh.P256().GenerateKey(rand.Reader)), Now: now}
}

// Card introduces the shop.
func (s *Shop) Card(edit ...func(*consent.Card)) (consent.Card, string) {
	c := consent.Card{Iss: s.DID, Aud: Operator, Iat: consent.UnixAt(s.Now()), Name: "Corner Shop", Contact: "privacy@corner.example",
		URL: "http://localhost:8081", Purposes: []string{Delivery, Marketing}}
	for _, e := range edit {
		e(&c)
	}
	return c, must(s.SignJWS(consent.TypeCard, c.Payload()))
}

// Request asks for two purposes: delivery (name, postal-address; phone optional) and
// marketing (shoe-size optional, and the wallet's inbox twice a week).
func (s *Shop) Request(edit ...func(*consent.Request)) consent.Request {
	now := s.Now()
	q := consent.Request{
		ID: id.New[id.Request](), Iss: s.DID, Aud: Operator, Iat: consent.UnixAt(now), Exp: consent.UnixAt(now.Add(24 * time.Hour)),
		Nonce: consent.NewNonce(),
		Controller: consent.Controller{Name: "Corner Shop", Address: "1 High Street, 10115 Berlin", Contact: "privacy@corner.example",
			DPO: "dpo@corner.example", Authority: "Berlin", PrivacyNotice: "https://corner.example/privacy", URL: "http://localhost:8081"},
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1",
		AgreementKey: consent.NewAgreementKey(s.Agreement.PublicKey()), ReturnURL: "http://localhost:8081/orders/1",
		Purposes: []consent.Asked{
			{ID: "delivery", Purpose: Delivery, Text: map[string]string{"en": "We bring you what you ordered."},
				Required: []string{"name", "postal-address"}, Optional: []string{"phone"}, Days: 31, Retention: "P90D",
				Recipients:  []consent.Recipient{{Name: "Parcel Co", Country: "DE"}},
				LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"},
			{ID: "marketing", Purpose: Marketing, Text: map[string]string{"en": "We write to you about shoes that fit."},
				Optional: []string{"shoe-size"}, Days: 90, Retention: "P1Y",
				LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a", Channels: []string{consent.ChannelWallet}, WeeklyCap: 2},
		},
	}
	for _, e := range edit {
		e(&q)
	}
	q.JWS = must(s.SignJWS(consent.TypeRequest, q.Payload()))
	return q
}

// Partner is the shop as a partner of another's purpose.
func (s *Shop) Partner(role consent.PartnerRole, attributes ...string) consent.Partner {
	return consent.Partner{DID: s.DID, Name: "Corner Partner", Address: "2 Harbour Road, 20457 Hamburg", Contact: "privacy@partner.example", Country: "NL",
		AgreementKey: consent.NewAgreementKey(s.Agreement.PublicKey()), Role: role, Attributes: attributes}
}

// Cosign co-signs another's request.
func (s *Shop) Cosign(q consent.Request) string {
	return must(s.SignJWS(consent.TypeCosignature, consent.NewCosignature(q, s.DID).Payload()))
}

// Assertion is a client assertion for an access token.
func (s *Shop) Assertion(edit ...func(map[string]any)) string {
	now := s.Now().Unix()
	claims := map[string]any{"iss": s.DID, "sub": s.DID, "aud": Operator, "iat": now, "exp": now + 60, "jti": rand.Text()}
	for _, e := range edit {
		e(claims)
	}
	return must(s.SignJWS(consent.TypeAssertion, must(json.Marshal(claims))))
}

// SignUntyped signs claims as an OAuth library does that leaves "typ" out.
func (s *Shop) SignUntyped(claims map[string]any) string {
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: s.Signer.Key, KeyID: s.KeyID}}, nil))
	return must(must(signer.Sign(must(json.Marshal(claims)))).CompactSerialize())
}

// Permit permits collecting under a grant in the hour that is now.
func (s *Shop) Permit(h *Held, log consent.LogHead) anchor.Permit {
	epoch := anchor.EpochAt(s.Now())
	c, _, err := anchor.CommitHMAC(rand.Reader, consent.NewCollectPermit(h.Grant, epoch, log).Bytes())
	if err != nil {
		panic(err)
	}
	return anchor.Permit{Scheme: anchor.SchemeHMAC, Epoch: epoch, Commitment: c}.Sign(Chain, h.Handle)
}

// Countersign answers the receipt of a grant.
func (s *Shop) Countersign(h *Held, edit ...func(*consent.Countersignature)) string {
	c := consent.NewCountersignature(h.Receipt, consent.UnixAt(s.Now()))
	for _, e := range edit {
		e(&c)
	}
	return must(s.SignJWS(consent.TypeCountersignature, c.Payload()))
}

// Sent is a message with its permit, as it is posted.
type Sent struct {
	ID       id.Message
	Grant    id.Grant
	Sealed   string
	Entry    anchor.Permit
	Document consent.PermitDocument
	Text     string // of the document
	Opening  anchor.Opening
}

// Message makes a message under a grant. It is sealed for nobody.
func (s *Shop) Message(h *Held) Sent {
	m := Sent{ID: id.New[id.Message](), Grant: h.Grant, Sealed: fmt.Sprintf("%s.%s.%s.%s.%s", b64(random(9)), b64(random(9)), b64(random(9)), b64(random(90)), b64(random(9)))}
	m.Document = consent.NewMessagePermit(h.Grant, anchor.EpochAt(s.Now()), consent.ChannelWallet, m.ID, consent.HashOf(random(9)))
	return s.Sign(m, h)
}

// Sign commits to the message's document and signs the permit, after a change.
func (s *Shop) Sign(m Sent, h *Held) Sent {
	m.Text = string(m.Document.Bytes())
	c, o, err := anchor.Commit(rand.Reader, []byte(m.Text))
	if err != nil {
		panic(err)
	}
	m.Opening = o
	m.Entry = anchor.Permit{Scheme: o.Scheme, Epoch: m.Document.Epoch, Commitment: c}.Sign(Chain, h.Handle)
	return m
}

// Body is the message as JSON.
func (m Sent) Body() map[string]any {
	return map[string]any{"id": m.ID, "grant": m.Grant, "sealed": m.Sealed,
		"permit": map[string]any{"entry": consent.Bytes(m.Entry.Bytes()), "document": m.Text, "opening": m.Opening}}
}

// HandleOf is the handle of a handle key.
func HandleOf(key ed25519.PrivateKey) anchor.Handle {
	return anchor.Handle(key.Public().(ed25519.PublicKey))
}

// Template is a version of what Request asks.
func (s *Shop) Template(version int, edit ...func(*consent.Template)) consent.Template {
	q := s.Request()
	t := consent.Template{Name: "order", Version: version, Iss: s.DID, Aud: Operator, Iat: q.Iat, Controller: q.Controller,
		Jurisdictions: q.Jurisdictions, Language: q.Language, NoticeVersion: q.NoticeVersion, Purposes: q.Purposes}
	for _, e := range edit {
		e(&t)
	}
	t.JWS = must(s.SignJWS(consent.TypeTemplate, t.Payload()))
	return t
}

// Repeating makes a Request repeat a template.
func Repeating(t consent.Template) func(*consent.Request) {
	return func(q *consent.Request) {
		q.Template, q.NoticeVersion, q.Purposes, q.Controller = t.Ref(), t.NoticeVersion, t.Purposes, t.Controller
	}
}

// Replacing makes a Request replace grants.
func Replacing(mode consent.ReplaceMode, grants ...id.Grant) func(*consent.Request) {
	return func(q *consent.Request) { q.Replaces = &consent.Replaces{Mode: mode, Grants: grants} }
}
