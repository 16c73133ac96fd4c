package consenttest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
	"coffer/vault/vaultdb"
)

// Shopper decides about requests. One pairwise key serves for all businesses.
type Shopper struct {
	Vault     id.Vault
	Pairwise  agent.Signer
	Catalogue consent.Catalogue
	Now       func() time.Time

	LeaveOut []consent.DID // partners that nothing is given to

	vaults *vaultdb.Store // once it has moved in
}

// NewShopper makes a shopper with a vault id; the vault itself is the Keeper's.
func NewShopper(now func() time.Time, c consent.Catalogue) *Shopper {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return &Shopper{Vault: id.New[id.Vault](), Pairwise: must(agent.NewSigner(key)), Catalogue: c, Now: now}
}

// Held is a grant with the keys of both sides.
type Held struct {
	consent.Given
	Purpose   consent.Asked
	Entry     anchor.Grant
	Wallet    ed25519.PrivateKey // the shopper's
	Handle    ed25519.PrivateKey // the business's
	Receipt   consent.Receipt
	Pause     *consent.Receipt // nil while it is not paused
	Letter    string
	Ahead     anchor.Withdraw
	Documents []consentdb.Document
	Shares    []consent.Share
	First     *Held // of a partner's: the grant that it is under
}

// Answer is a decision with all that comes with it.
type Answer struct {
	consent.Decision
	shopper *Shopper
	Request consent.Request
	Held    []*Held
	Ends    []any // of the grants that the request replaces; see Ending
}

// Ending adds what ends grants that the request replaces.
func (a *Answer) Ending(held ...*Held) *Answer {
	for _, h := range held {
		entry := h.Withdraw(anchor.EpochAt(a.shopper.Now()))
		a.Ends = append(a.Ends, map[string]any{"grant": h.Grant, "entry": consent.Bytes(entry.Bytes()), "receipt": a.shopper.WithdrawalReceipt(h)})
	}
	return a
}

// Choice is which attributes are given for which purpose; a purpose that is not in it
// is refused.
type Choice map[string][]string

// Both gives what the Request of a Shop requires, and the shoe size.
var Both = Choice{"delivery": {"name", "postal-address"}, "marketing": {"shoe-size"}}

// Decide answers a request.
func (p *Shopper) Decide(q consent.Request, choice Choice) *Answer {
	a := &Answer{Request: q, shopper: p}
	var refuse []string
	for _, asked := range q.Purposes {
		if attributes, ok := choice[asked.ID]; ok {
			first := p.give(q, asked, attributes)
			a.Held = append(a.Held, first)
			for _, partner := range asked.Partners {
				if names := partner.Of(attributes); len(names) > 0 && !slices.Contains(p.LeaveOut, partner.DID) {
					a.Held = append(a.Held, p.giveOnward(q, asked, partner, first, names))
				}
			}
		} else {
			refuse = append(refuse, asked.ID)
		}
	}
	a.Decision = consent.NewDecision(q, nil, refuse, p.Now())
	return a.Seal()
}

// Seal puts what is held into the decision, after a change.
func (a *Answer) Seal() *Answer {
	a.Give = nil
	for _, h := range a.Held {
		a.Give = append(a.Give, h.Given)
	}
	return a
}

func (p *Shopper) give(q consent.Request, asked consent.Asked, attributes []string) *Held {
	now := p.Now()
	h := &Held{Purpose: asked}
	h.Given = consent.Given{Grant: id.New[id.Grant](), Purpose: asked.ID, Attributes: attributes, Days: asked.Days, Channels: asked.Channels}
	h.Receipt = must(consent.NewReceipt(q, consent.Terms{
		Grant: h.Grant, Record: id.New[id.Receipt](), Shopper: p.Pairwise.DID, Purpose: asked.ID,
		Attributes: attributes, Channels: asked.Channels, Days: asked.Days, Time: consent.UnixAt(now),
	}, p.Catalogue))
	_, h.Wallet, _ = ed25519.GenerateKey(rand.Reader)
	_, h.Handle, _ = ed25519.GenerateKey(rand.Reader)
	h.Letter = fmt.Sprintf("%s.%s.%s.%s.%s", b64(random(60)), b64(random(40)), b64(random(12)), b64(random(900)), b64(random(16)))
	for _, name := range attributes {
		d := SealedDocument(id.New[id.Document](), 1)
		h.Documents = append(h.Documents, d)
		h.Shares = append(h.Shares, consent.Share{Grant: h.Grant, Document: d.ID, Version: 1, Attribute: name, EncryptedKey: random(40)})
	}
	p.Sign(h, anchor.EpochAt(now))
	return h
}

// giveOnward gives a partner some of what the first was given: the same documents, with
// keys of its own.
func (p *Shopper) giveOnward(q consent.Request, asked consent.Asked, to consent.Partner, first *Held, attributes []string) *Held {
	now := p.Now()
	h := &Held{Purpose: asked, First: first}
	h.Given = consent.Given{Grant: id.New[id.Grant](), Purpose: asked.ID, Attributes: attributes, Days: asked.Days, Partner: to.DID}
	h.Receipt = must(consent.NewReceipt(q, consent.Terms{
		Grant: h.Grant, Record: id.New[id.Receipt](), Shopper: p.Pairwise.DID, Purpose: asked.ID,
		Attributes: attributes, Days: asked.Days, Time: consent.UnixAt(now), Partner: to.DID, OnwardOf: first.Grant,
	}, p.Catalogue))
	_, h.Wallet, _ = ed25519.GenerateKey(rand.Reader)
	_, h.Handle, _ = ed25519.GenerateKey(rand.Reader)
	h.Letter = fmt.Sprintf("%s.%s.%s.%s.%s", b64(random(60)), b64(random(40)), b64(random(12)), b64(random(900)), b64(random(16)))
	for _, s := range first.Shares {
		if slices.Contains(attributes, s.Attribute) {
			h.Shares = append(h.Shares, consent.Share{Grant: h.Grant, Document: s.Document, Version: s.Version, Attribute: s.Attribute, EncryptedKey: random(40)})
		}
	}
	p.Sign(h, anchor.EpochAt(now))
	return h
}

// Sign signs receipt, entry and withdrawal, after a change.
func (p *Shopper) Sign(h *Held, start anchor.Epoch) {
	h.Receipt.JWT = must(p.Pairwise.SignReceipt(h.Receipt))
	c, o, err := anchor.CommitHMAC(rand.Reader, []byte(h.Receipt.JWT))
	if err != nil {
		panic(err)
	}
	h.Entry = anchor.Grant{Scheme: o.Scheme, Start: start, End: start + anchor.Epoch(24*h.Days), HandleKey: HandleOf(h.Handle), Commitment: c}.
		Sign(Chain, h.Wallet)
	h.Given.Entry, h.Given.ReceiptHash = h.Entry.Bytes(), consent.HashOf(h.Receipt.JWT)
	h.Ahead = h.Withdraw(start)
}

// Withdraw is the entry that ends the grant.
func (h *Held) Withdraw(e anchor.Epoch) anchor.Withdraw {
	return anchor.Withdraw{Epoch: e, HandleKey: h.Entry.HandleKey}.Sign(Chain, h.Wallet)
}

// WithdrawalReceipt is the receipt that ends the grant's.
func (p *Shopper) WithdrawalReceipt(h *Held) string {
	before := h.Receipt
	if h.Pause != nil {
		before = *h.Pause
	}
	return must(p.Pairwise.SignReceipt(before.Withdrawal(id.New[id.Receipt](), consent.UnixAt(p.Now()))))
}

// Body is the decision as it is posted; ceremony and credential are the caller's.
func (a *Answer) Body() map[string]any {
	give := []any{}
	for _, h := range a.Held {
		shares := []any{}
		for _, s := range h.Shares {
			shares = append(shares, map[string]any{"document": s.Document, "version": s.Version, "attribute": s.Attribute, "encrypted_key": consent.Bytes(s.EncryptedKey)})
		}
		give = append(give, map[string]any{"grant": h.Grant, "receipt": h.Receipt.JWT, "letter": h.Letter, "shares": shares, "withdraw": consent.Bytes(h.Ahead.Bytes())})
	}
	body := map[string]any{"decision": string(a.Bytes()), "give": give, "documents": map[string]any{"puts": a.documents()}}
	if len(a.Ends) > 0 {
		body["ends"] = a.Ends
	}
	return body
}

// Stored is the decision as a store takes it, once it was checked.
func (p *Shopper) Stored(a *Answer) consentdb.Decision {
	d := consentdb.Decision{Vault: p.Vault, Request: a.Request.ID, Business: a.Request.Iss, Document: string(a.Bytes()), At: p.Now()}
	for _, h := range a.Held {
		by, first := a.Request.Iss, id.Grant{}
		if h.First != nil {
			by, first = h.Partner, h.First.Grant
		}
		d.Given = append(d.Given, consentdb.Given{
			Grant: consent.Grant{ID: h.Grant, Vault: p.Vault, Request: a.Request.ID, Business: by, OnwardOf: first, Purpose: h.Purpose.Purpose,
				PurposeID: h.Purpose.ID, Attributes: h.Attributes, Channels: h.Channels, WeeklyCap: h.Purpose.WeeklyCap, Condition: h.Purpose.Condition,
				Start: h.Entry.Start, End: h.Entry.End, Minor: a.Minor, Handle: h.Entry.HandleKey, Entry: h.Given.Entry,
				Receipt: h.Receipt.JWT, Letter: h.Letter},
			Withdraw: h.Ahead, Shares: h.Shares,
		})
	}
	d.Documents = a.documents()
	return d
}

// documents are those of all that is given, and the manifest that names them.
func (a *Answer) documents() []consentdb.Document {
	all := []consentdb.Document{}
	for _, h := range a.Held {
		all = append(all, h.Documents...)
	}
	if len(all) > 0 {
		all = append(all, a.shopper.Manifest())
	}
	return all
}

// Manifest is the next version of the vault's manifest.
func (p *Shopper) Manifest() consentdb.Document {
	next := int64(1)
	if p.vaults != nil {
		for _, d := range must(p.vaults.Documents(context.Background(), p.Vault)) {
			if d.ID == id.Document(p.Vault) {
				next = d.Version + 1
			}
		}
	}
	return SealedDocument(id.Document(p.Vault), next)
}

// SealedDocument has the shape of a sealed document of about one kilobyte.
func SealedDocument(d id.Document, version int64) consentdb.Document {
	header := must(json.Marshal(map[string]any{"enc": "A256GCM", "typ": "coffer-doc+json", "doc": d, "ver": version}))
	sealed := fmt.Sprintf(`{"protected":"%s","recipients":[{"header":{"alg":"A256KW","kid":"vault"},"encrypted_key":"%s"}],"iv":"%s","ciphertext":"%s","tag":"%s"}`,
		b64(header), b64(random(40)), b64(random(12)), b64(random(256)), b64(random(16)))
	return consentdb.Document{ID: d, Version: version, Sealed: json.RawMessage(sealed)}
}
