package audit

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"io"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

const (
	chain = anchor.Chain("coffer-audit-test")
	aud   = "http://localhost:8080"
)

// world is a shop, its shoppers, and a ledger, on one clock.
type world struct {
	t      testing.TB
	now    time.Time
	ledger *anchortest.Memory
	agent  *agent.Agent
	shop   agent.Signer
	lines  []Line // the trail so far
	nonce  int
}

// given is a grant with the keys of both sides.
type given struct {
	id      id.Grant
	keys    anchortest.Relation
	shopper agent.Signer
	receipt consent.Receipt
	entry   anchor.Grant
	opening anchor.Opening
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, now: time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC), agent: agent.New(agent.Options{})}
	w.ledger = anchortest.NewMemory(chain, func() time.Time { return w.now })
	w.shop = w.business("shop")
	w.add(Head{Business: w.shop.DID, Chain: chain, Operator: aud, Created: consent.UnixAt(w.now)})
	return w
}

func seed(label string) []byte { s := sha256.Sum256([]byte("audit test " + label)); return s[:] }

func must[T any](w *world, v T, err error) T {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func (w *world) business(name string) agent.Signer {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed(name))
	key = must(w, key, err)
	s, err := agent.NewSigner(key)
	return must(w, s, err)
}

func (w *world) add(lines ...Line) { w.lines = append(w.lines, lines...) }

// rand draws openings that are the same in every run.
func (w *world) rand() io.Reader {
	w.nonce++
	a, b := sha256.Sum256([]byte{byte(w.nonce), byte(w.nonce >> 8), 1}), sha256.Sum256([]byte{byte(w.nonce), byte(w.nonce >> 8), 2})
	return bytes.NewReader(append(a[:], b[:]...))
}

// ask makes a request for a delivery (31 days) and for marketing (90 days, two
// messages a week), and writes it into the trail. A test may change it before it is
// signed.
func (w *world) ask(name string, edit ...func(*consent.Request)) consent.Request {
	w.t.Helper()
	key, err := ecdh.P256().NewPrivateKey(seed("agreement"))
	key = must(w, key, err)
	q := consent.Request{
		ID: id.Request(seed(name)[:16]), Iss: w.shop.DID, Aud: aud, Nonce: consent.Nonce(seed(name)[16:]),
		Iat: consent.UnixAt(w.now), Exp: consent.UnixAt(w.now.Add(24 * time.Hour)),
		Controller: consent.Controller{Name: "Corner Shop", Address: "1 High Street", Contact: "privacy@shop.example", DPO: "dpo@shop.example",
			Authority: "BfDI", PrivacyNotice: "https://shop.example/privacy", URL: "https://shop.example"},
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1", AgreementKey: consent.NewAgreementKey(key.PublicKey()),
		Purposes: []consent.Asked{
			{ID: "delivery", Purpose: "https://w3id.org/dpv#DeliveryOfGoods", Text: map[string]string{"en": "To deliver."},
				Required: []string{"name"}, Optional: []string{"phone"}, Days: 31, Retention: "P90D", LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"},
			{ID: "offers", Purpose: "https://w3id.org/dpv#DirectMarketing", Text: map[string]string{"en": "To tell you of offers."},
				Optional: []string{"shoe-size"}, Days: 90, Retention: "P90D", LawfulBasis: "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a",
				Channels: []string{"wallet"}, WeeklyCap: 2},
		},
	}
	for _, e := range edit {
		e(&q)
	}
	jws, err := w.shop.SignJWS(consent.TypeRequest, q.Payload())
	q.JWS = must(w, jws, err)
	w.add(Request{JWS: q.JWS})
	return q
}

// terms is what a shopper agrees to; a test may change the receipt before it is signed.
type terms struct {
	name, purpose        string
	attributes, channels []string
	days                 int
	change               func(*consent.Receipt)

	partner  consent.DID // whom it is given to, under that grant; "" is the business that asks
	onwardOf id.Grant
}

// give anchors a grant and writes it into the trail.
func (w *world) give(q consent.Request, t terms) given {
	w.t.Helper()
	g := w.sign(q, t)
	w.append(g.entry)
	w.add(w.grantLine(g))
	return g
}

// sign makes everything of a grant but its place on the ledger.
func (w *world) sign(q consent.Request, t terms) given {
	w.t.Helper()
	g := given{id: id.Grant(seed("grant " + t.name)[:16]), keys: anchortest.NewRelation(chain, t.name)}
	s, err := agent.NewSigner(ed25519.NewKeyFromSeed(seed("shopper " + t.name)))
	g.shopper = must(w, s, err)
	r, err := consent.NewReceipt(q, consent.Terms{Grant: g.id, Record: id.Receipt(seed("record " + t.name)[:16]), Shopper: g.shopper.DID,
		Purpose: t.purpose, Attributes: t.attributes, Channels: t.channels, Days: t.days, Time: consent.UnixAt(w.now),
		Partner: t.partner, OnwardOf: t.onwardOf}, nil)
	g.receipt = must(w, r, err)
	for i := range g.receipt.Purposes[0].Information {
		g.receipt.Purposes[0].Information[i].Type = "https://w3id.org/dpv/pd#Name"
	}
	if t.change != nil {
		t.change(&g.receipt)
	}
	jwt, err := g.shopper.SignReceipt(g.receipt)
	g.receipt.JWT = must(w, jwt, err)
	c, o, err := anchor.Commit(w.rand(), []byte(g.receipt.JWT))
	if err != nil {
		w.t.Fatal(err)
	}
	g.opening = o
	start := anchor.EpochAt(w.now)
	g.entry = anchor.Grant{Scheme: o.Scheme, Start: start, End: start + anchor.Epoch(t.days*24), HandleKey: g.keys.Handle(), Commitment: c}.Sign(chain, g.keys.Wallet)
	return g
}

func (w *world) grantLine(g given) Grant {
	return Grant{Grant: g.id, Receipt: g.receipt.JWT, Opening: g.opening, Entry: g.entry.Bytes(), Proof: w.prove(g.entry)}
}

func (w *world) append(e anchor.Entry) {
	w.t.Helper()
	if err := w.ledger.Append(context.Background(), e); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) prove(e anchor.Entry) anchor.Proof {
	w.t.Helper()
	p, err := w.ledger.Prove(context.Background(), e.Leaf())
	return must(w, p, err)
}

// permit makes a permit's line, without its proof.
func (w *world) permit(g given, d consent.PermitDocument) (Permit, anchor.Permit) {
	w.t.Helper()
	text := d.Bytes()
	c, o, err := anchor.Commit(w.rand(), text)
	if err != nil {
		w.t.Fatal(err)
	}
	e := anchor.Permit{Scheme: o.Scheme, Epoch: d.Epoch, Commitment: c}.Sign(chain, g.keys.Secret)
	return Permit{Grant: g.id, Document: string(text), Opening: o, Entry: e.Bytes()}, e
}

// proven anchors a permit and gives its line the proof.
func (w *world) proven(p Permit, e anchor.Permit) Permit {
	w.append(e)
	proof := w.prove(e)
	p.Proof = &proof
	return p
}

// collect posts the hour's permit and collects.
func (w *world) collect(g given, attributes ...string) {
	w.t.Helper()
	hour := anchor.EpochAt(w.now)
	p, e := w.permit(g, consent.NewCollectPermit(g.id, hour, consent.LogHead{}))
	w.add(w.proven(p, e), Collect{Grant: g.id, Epoch: hour, Time: consent.UnixAt(w.now), Attributes: attributes, Log: consent.HashOf("head")})
}

// collectAll is collect for several grants, whose permits share a block.
func (w *world) collectAll(grants []given, attributes ...string) {
	w.t.Helper()
	hour := anchor.EpochAt(w.now)
	lines, entries := make([]Permit, len(grants)), make([]anchor.Entry, len(grants))
	for i, g := range grants {
		lines[i], entries[i] = w.permit(g, consent.NewCollectPermit(g.id, hour, consent.LogHead{}))
	}
	if err := w.ledger.Append(context.Background(), entries...); err != nil {
		w.t.Fatal(err)
	}
	for i, g := range grants {
		proof := w.prove(entries[i])
		lines[i].Proof = &proof
		w.add(lines[i], Collect{Grant: g.id, Epoch: hour, Time: consent.UnixAt(w.now), Attributes: attributes, Log: consent.HashOf("head")})
	}
}

// write makes a message and its permit's document.
func (w *world) write(g given, subject string) (Message, consent.PermitDocument) {
	w.t.Helper()
	m := consent.NewMessage(w.shop.DID, g.shopper.DID, consent.MessageBody{Grant: g.id, Subject: subject, Text: "Boots are cheaper this week."}, w.now)
	jws, err := w.shop.SignJWS(consent.TypeMessage, m.Payload())
	jws = must(w, jws, err)
	return Message{Grant: g.id, ID: m.ID, JWS: jws}, consent.NewMessagePermit(g.id, anchor.EpochAt(w.now), "wallet", m.ID, consent.HashOf(jws))
}

// send posts a message's permit and sends it.
func (w *world) send(g given, subject string) {
	w.t.Helper()
	line, d := w.write(g, subject)
	p, e := w.permit(g, d)
	line.Permit = e.Leaf()
	w.add(w.proven(p, e), line)
}

func (w *world) withdraw(g given) {
	w.t.Helper()
	e := anchor.Withdraw{Epoch: g.entry.Start, HandleKey: g.keys.Handle()}.Sign(chain, g.keys.Wallet)
	w.append(e)
	jwt, err := g.shopper.SignReceipt(g.receipt.Withdrawal(id.Receipt(seed("end " + g.id.String())[:16]), consent.UnixAt(w.now)))
	proof := w.prove(e)
	w.add(Withdrawal{Grant: g.id, Entry: e.Bytes(), Receipt: must(w, jwt, err), Proof: &proof})
}

// good is a trail with everything in it: two grants, collections in two hours, three
// messages, a withdrawal. It returns the grants.
func (w *world) good() (delivery, offers given) {
	q := w.ask("first")
	delivery = w.give(q, terms{name: "delivery", purpose: "delivery", attributes: []string{"name", "phone"}, days: 31})
	offers = w.give(q, terms{name: "offers", purpose: "offers", attributes: []string{"shoe-size"}, channels: []string{"wallet"}, days: 90})
	w.collect(delivery, "name", "phone")
	w.send(offers, "Boots")
	w.now = w.now.Add(2 * time.Hour)
	w.collect(delivery, "name")
	w.send(offers, "Socks")
	w.now = w.now.Add(8 * 24 * time.Hour)
	w.send(offers, "Hats")
	w.withdraw(delivery)
	return delivery, offers
}

// short is a trail that is audited quickly: one grant, one collection.
func (w *world) short() {
	g := w.give(w.ask("first"), terms{name: "delivery", purpose: "delivery", attributes: []string{"name"}, days: 31})
	w.collect(g, "name")
}

// trail writes lines with a chain and an end.
func (w *world) trail(lines ...Line) []byte {
	w.t.Helper()
	var b bytes.Buffer
	var l links
	for _, line := range lines {
		if err := l.write(&b, line); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := l.write(&b, End{Count: l.count}); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

func (w *world) options() Options {
	set, err := w.ledger.Validators(context.Background())
	return Options{Validators: must(w, set, err), Signatures: w.agent}
}

func (w *world) audit(trail []byte) Report {
	w.t.Helper()
	r, err := Run(context.Background(), bytes.NewReader(trail), w.options())
	return must(w, r, err)
}

func relation(name string) anchortest.Relation { return anchortest.NewRelation(chain, name) }
