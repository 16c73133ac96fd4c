package consenttest

import (
	"crypto/ed25519"
	"crypto/rand"
	"slices"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
)

// Changed is a change with all that comes with it.
type Changed struct {
	consent.Change
	Old, Next *Held // Next is nil for a pause
	Receipt   consent.Receipt
	Withdraw  anchor.Withdraw
	shopper   *Shopper
}

// To is what a successor shall be; what is left out is as it was.
type To struct {
	Attributes, Channels []string
	Hours                int // from now; 0: as long as the old one, or as was asked by renewing
}

// Change changes a grant in the way of a well-behaved wallet, unless To says otherwise.
func (p *Shopper) Change(q consent.Request, h *Held, kind consent.ChangeKind, to To) *Changed {
	now := p.Now()
	start := anchor.EpochAt(now)
	old := consent.Grant{ID: h.Grant, Receipt: h.Receipt.JWT}
	c := &Changed{Old: h, shopper: p, Withdraw: h.Withdraw(start)}
	if kind == consent.ChangePaused {
		c.Change = consent.NewChange(old, kind, nil, now)
		c.Receipt = h.Receipt.Closing(id.New[id.Receipt](), consent.EventPaused, consent.UnixAt(now))
		c.Receipt.JWT = must(p.Pairwise.SignReceipt(c.Receipt))
		h.Pause = &c.Receipt
		return c
	}
	if to.Attributes == nil {
		to.Attributes = h.Attributes
	}
	if to.Channels == nil {
		to.Channels = h.Channels
	}
	if to.Hours == 0 {
		to.Hours = int(h.Until() - start)
		if kind == consent.ChangeRenewed {
			to.Hours = h.Purpose.Days * 24
		}
	}
	before := h.Receipt
	if h.Pause != nil {
		before = *h.Pause
	}
	next := &Held{Purpose: h.Purpose}
	next.Given = consent.Given{Grant: id.New[id.Grant](), Purpose: h.Given.Purpose, Attributes: to.Attributes, Days: consent.DaysFor(to.Hours), Channels: to.Channels}
	next.Receipt = must(before.Successor(q, kind, consent.Terms{Grant: next.Grant, Record: id.New[id.Receipt](), Shopper: p.Pairwise.DID,
		Purpose: h.Given.Purpose, Attributes: to.Attributes, Channels: to.Channels, Hours: to.Hours, Time: consent.UnixAt(now)}, p.Catalogue))
	_, next.Wallet, _ = ed25519.GenerateKey(rand.Reader)
	_, next.Handle, _ = ed25519.GenerateKey(rand.Reader)
	next.Letter = h.Letter
	for _, s := range h.Shares {
		if slices.Contains(to.Attributes, s.Attribute) {
			s.Grant, s.EncryptedKey = next.Grant, random(40)
			next.Shares = append(next.Shares, s)
		}
	}
	p.Sign(next, start)
	c.Next, c.Receipt = next, next.Receipt
	c.Change = consent.NewChange(old, kind, &consent.Successor{Grant: next.Grant, Attributes: to.Attributes, Channels: to.Channels, Days: next.Days,
		Until: start + anchor.Epoch(to.Hours), Entry: next.Given.Entry, ReceiptHash: next.ReceiptHash}, now)
	return c
}

// Until is when the grant ends.
func (h *Held) Until() anchor.Epoch { return h.Receipt.Until(h.Entry) }

// Body is the change as it is posted; ceremony and credential are the caller's.
func (c *Changed) Body() map[string]any {
	body := map[string]any{"change": string(c.Bytes()), "withdraw": nil, "receipt": c.Receipt.JWT, "letter": nil, "ahead": nil,
		"shares": []any{}, "ceremony": "", "credential": nil, "documents": map[string]any{"puts": []any{}}}
	if c.Kind != consent.ChangeResumed {
		body["withdraw"] = consent.Bytes(c.Withdraw.Bytes())
	}
	if c.Next == nil {
		return body
	}
	body["letter"], body["ahead"] = c.Next.Letter, consent.Bytes(c.Next.Ahead.Bytes())
	shares := []any{}
	for _, s := range c.Next.Shares {
		shares = append(shares, map[string]any{"document": s.Document, "version": s.Version, "attribute": s.Attribute, "encrypted_key": consent.Bytes(s.EncryptedKey)})
	}
	body["shares"] = shares
	return body
}

// Stored is the change as a store takes it, once it was checked.
func (c *Changed) Stored(q consent.Request) consentdb.Change {
	p := c.shopper
	out := consentdb.Change{Vault: p.Vault, Grant: c.Grant, Kind: c.Kind, Withdraw: c.Withdraw, At: p.Now()}
	if c.Next == nil {
		out.Pause = c.Receipt.JWT
		return out
	}
	n := c.Next
	weekly := n.Purpose.WeeklyCap
	if len(n.Channels) == 0 {
		weekly = 0
	}
	out.Next = &consentdb.Given{
		Grant: consent.Grant{ID: n.Grant, Vault: p.Vault, Request: q.ID, Business: q.Iss, Purpose: n.Purpose.Purpose, PurposeID: n.Purpose.ID,
			Attributes: n.Attributes, Channels: n.Channels, WeeklyCap: weekly, Start: n.Entry.Start, End: n.Until(), Handle: n.Entry.HandleKey,
			Entry: n.Given.Entry, Receipt: n.Receipt.JWT, Letter: n.Letter},
		Withdraw: n.Ahead, Shares: n.Shares,
	}
	return out
}
