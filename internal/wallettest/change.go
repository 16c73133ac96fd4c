package wallettest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// To is what a successor shall be; what is left out is as it was.
type To struct {
	Attributes, Channels []string
	Hours                int // from now; 0: as long as the old one, or as was asked by renewing
}

// Changed is a change ready to be sent; tests change it to lie.
type Changed struct {
	Change    consent.Change
	Text      string // of the change; "" writes Change
	Receipt   consent.Receipt
	Letter    string
	Ahead     anchor.Withdraw
	Shares    []share
	Next      *Held // nil for a pause
	Documents map[id.Document][]byte
}

// standing is the receipt that the next one follows.
func (h Held) standing() consent.Receipt {
	if h.Pause != nil {
		return *h.Pause
	}
	return h.Receipt
}

// Until is when the grant ends.
func (h Held) Until() (anchor.Epoch, error) {
	entry, err := h.Given.GrantEntry()
	return h.Receipt.Until(entry), err
}

// PrepareChange makes all that a change of a grant needs; nothing is sent yet.
func (w *Wallet) PrepareChange(g id.Grant, kind consent.ChangeKind, to To, c consent.Catalogue) (Changed, error) {
	h, now := w.Held[g], w.Now()
	start := anchor.EpochAt(now)
	pairwise, err := agent.NewSigner(seal.PairwiseKey(w.Seed, string(h.Business())))
	if err != nil {
		return Changed{}, err
	}
	old := consent.Grant{ID: g, Receipt: h.Receipt.JWT}
	if kind == consent.ChangePaused {
		out := Changed{Change: consent.NewChange(old, kind, nil, now), Shares: []share{}}
		out.Receipt = h.standing().Closing(id.New[id.Receipt](), consent.EventPaused, consent.UnixAt(now))
		out.Receipt.JWT, err = pairwise.SignReceipt(out.Receipt)
		return out, err
	}
	asked, _ := h.Request.Purpose(h.Given.Purpose)
	if to.Attributes == nil {
		to.Attributes = h.Given.Attributes
	}
	if to.Channels == nil {
		to.Channels = h.Given.Channels
	}
	if to.Hours == 0 {
		until, err := h.Until()
		if err != nil {
			return Changed{}, err
		}
		to.Hours = int(until) - int(start)
		if kind == consent.ChangeRenewed {
			to.Hours = asked.Days * 24
		}
	}
	next := Held{Request: h.Request, Given: consent.Given{Grant: id.New[id.Grant](), Purpose: asked.ID,
		Attributes: to.Attributes, Channels: to.Channels, Days: consent.DaysFor(to.Hours)}, Shown: h.Shown}
	next.Receipt, err = h.standing().Successor(h.Request, kind, consent.Terms{
		Grant: next.Given.Grant, Record: id.New[id.Receipt](), Shopper: pairwise.DID, Purpose: asked.ID,
		Attributes: to.Attributes, Channels: to.Channels, Hours: to.Hours, Time: consent.UnixAt(now),
	}, c)
	if err != nil {
		return Changed{}, err
	}
	if next.Receipt.JWT, err = pairwise.SignReceipt(next.Receipt); err != nil {
		return Changed{}, err
	}
	out := Changed{Documents: map[id.Document][]byte{}, Receipt: next.Receipt, Shares: []share{}}
	if out.Ahead, err = w.enter(&next, start); err != nil {
		return Changed{}, err
	}
	out.Change = consent.NewChange(old, kind, &consent.Successor{Grant: next.Given.Grant, Attributes: to.Attributes, Channels: to.Channels,
		Days: next.Given.Days, Until: start + anchor.Epoch(to.Hours), Entry: next.Given.Entry, ReceiptHash: next.Given.ReceiptHash}, now)
	if out.Letter, err = w.letter(next); err != nil {
		return Changed{}, err
	}
	for _, name := range to.Attributes {
		d, shown := next.Shown[name]
		if !shown {
			d = w.Named[name]
		}
		s, err := w.share(next, w.Documents[d])
		if err != nil {
			return Changed{}, fmt.Errorf("sharing %s: %w", name, err)
		}
		s.Attribute, s.Grant = name, nil
		out.Shares = append(out.Shares, s)
	}
	secret, err := json.Marshal(map[string]any{"v": 1, "kind": "grant", "grant": next.Given.Grant, "business": h.Request.Iss,
		"grant_key": b64.EncodeToString(next.Key[:]), "receipt": next.Receipt.JWT, "opening": next.Opening})
	out.Documents[id.New[id.Document]()], out.Next = secret, &next
	return out, err
}

// enter draws a grant's keys and signs its entry, and the withdrawal of it ahead.
func (w *Wallet) enter(h *Held, start anchor.Epoch) (ahead anchor.Withdraw, err error) {
	if h.Key, err = seal.NewKey[seal.GrantKey](rand.Reader); err != nil {
		return ahead, err
	}
	handle, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return ahead, err
	}
	commitment, opening, err := anchor.Commit(rand.Reader, []byte(h.Receipt.JWT))
	if err != nil {
		return ahead, err
	}
	h.Handle, h.Opening = secret, opening
	walletKey := seal.GrantWalletKey(w.Seed, h.Given.Grant)
	entry := anchor.Grant{Scheme: opening.Scheme, Start: start, End: start + anchor.Epoch(24*h.Given.Days),
		HandleKey: anchor.Handle(handle), WalletKey: anchor.WalletKey(walletKey.Public().(ed25519.PublicKey)),
		Commitment: commitment}.Sign(w.Ledger.Chain, walletKey)
	h.Given.Entry, h.Given.ReceiptHash = entry.Bytes(), consent.HashOf(h.Receipt.JWT)
	return anchor.Withdraw{Epoch: start, HandleKey: entry.HandleKey}.Sign(w.Ledger.Chain, walletKey), nil
}

// SendChange confirms a change, if it must be, and hands it to the operator. It returns
// the grant that stands then, or the one that is paused.
func (w *Wallet) SendChange(ctx context.Context, c Changed) (id.Grant, error) {
	if c.Text == "" {
		c.Text = string(c.Change.Bytes())
	}
	old := w.Held[c.Change.Grant]
	path := "/grants/" + c.Change.Grant.String() + "/change"
	body := map[string]any{"change": c.Text, "withdraw": nil, "receipt": c.Receipt.JWT, "letter": nil, "ahead": nil, "shares": c.Shares,
		"ceremony": "", "credential": nil, "documents": map[string]any{"puts": []any{}}}
	partners, under, err := w.under(c.Change.Grant)
	if err != nil {
		return id.Grant{}, err
	}
	if len(under) > 0 {
		body["partners"] = under
	}
	if old.Pause == nil {
		body["withdraw"] = b64.EncodeToString(w.withdrawal(old).Bytes())
	}
	if c.Change.Confirmed() {
		var o options
		if err := w.Do(ctx, "POST", path+"/start", map[string]string{"change": c.Text}, &o); err != nil {
			return id.Grant{}, err
		}
		credential, _, err := w.Device.Get(o.PublicKey)
		if err != nil {
			return id.Grant{}, err
		}
		body["ceremony"], body["credential"] = o.Ceremony, credential
	}
	var sealed []vault.Document
	if c.Next != nil {
		var err error
		if sealed, err = w.Puts(c.Documents); err != nil {
			return id.Grant{}, err
		}
		body["letter"], body["ahead"] = c.Letter, b64.EncodeToString(c.Ahead.Bytes())
		body["documents"] = map[string]any{"puts": vaulttest.PutsJSON(sealed)}
	}
	var answer GrantState
	if err := w.Do(ctx, "POST", path, body, &answer); err != nil {
		return id.Grant{}, err
	}
	w.Accepted(sealed)
	for _, g := range partners {
		h := w.Held[g]
		h.Over = true
		w.Held[g] = h
	}
	if old.Over = true; c.Next == nil {
		old.Pause = &c.Receipt
	} else {
		w.Held[c.Next.Given.Grant] = *c.Next
	}
	w.Held[c.Change.Grant] = old
	return answer.Grant, nil
}

// Change prepares and sends in one go.
func (w *Wallet) Change(ctx context.Context, g id.Grant, kind consent.ChangeKind, to To, c consent.Catalogue) (id.Grant, error) {
	made, err := w.PrepareChange(g, kind, to, c)
	if err != nil {
		return id.Grant{}, err
	}
	return w.SendChange(ctx, made)
}

// withdrawal is the entry that ends a grant now.
func (w *Wallet) withdrawal(h Held) anchor.Withdraw {
	return anchor.Withdraw{Epoch: anchor.EpochAt(w.Now()), HandleKey: handleOf(h)}.Sign(w.Ledger.Chain, seal.GrantWalletKey(w.Seed, h.Given.Grant))
}

// closing signs the receipt of a grant's end.
func (w *Wallet) closing(h Held, state string, at consent.Unix) (string, error) {
	pairwise, err := agent.NewSigner(seal.PairwiseKey(w.Seed, string(h.Business())))
	if err != nil {
		return "", err
	}
	return pairwise.SignReceipt(h.standing().Closing(id.New[id.Receipt](), state, at))
}

// SignClosing signs the receipt of an end at the moment of a grant's own.
func (w *Wallet) SignClosing(h Held, state string) (string, error) {
	until, err := h.Until()
	if err != nil {
		return "", err
	}
	return w.closing(h, state, consent.UnixAt(until.Time()))
}

// NoteExpiry signs that a grant's time is over, as a wallet does when it opens.
func (w *Wallet) NoteExpiry(ctx context.Context, g id.Grant) error {
	jwt, err := w.SignClosing(w.Held[g], consent.EventExpired)
	if err != nil {
		return err
	}
	return w.Do(ctx, "POST", "/grants/"+g.String()+"/expired", map[string]string{"receipt": jwt}, nil)
}

// Reminders are the grants that end soon.
func (w *Wallet) Reminders(ctx context.Context) (soon []id.Grant, err error) {
	var answer struct {
		Reminders []struct {
			Grant id.Grant `json:"grant"`
		} `json:"reminders"`
	}
	err = w.Do(ctx, "GET", "/reminders", nil, &answer)
	for _, r := range answer.Reminders {
		soon = append(soon, r.Grant)
	}
	return soon, err
}
