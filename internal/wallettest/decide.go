package wallettest

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// Held is what the wallet keeps of one grant (FORMAT.md of wallet-web/src/core).
type Held struct {
	Given   consent.Given
	Request consent.Request
	Key     seal.GrantKey
	Handle  ed25519.PrivateKey
	Receipt consent.Receipt
	Opening anchor.Opening
	Over    bool
	Shown   map[string]id.Document // presentations, by attribute
	Pause   *consent.Receipt       // of its pause; nil while it is not paused
}

// Business is whom the grant is to: the business that asked, or its partner.
func (h Held) Business() consent.DID {
	if h.Given.Partner != "" {
		return h.Given.Partner
	}
	return h.Request.Iss
}

// AgreementKey is what letters and demands to that business are encrypted to.
func (h Held) AgreementKey() consent.AgreementKey {
	asked, _ := h.Request.Purpose(h.Given.Purpose)
	if p, ok := asked.Partner(h.Given.Partner); ok {
		return p.AgreementKey
	}
	return h.Request.AgreementKey
}

// Choice is a shopper's answer to one purpose; a purpose without one is refused.
type Choice struct {
	Attributes []string
	Days       int // 0: as asked
	Channels   []string
	LeaveOut   []consent.DID   // partners that nothing is given to
	Show       map[string]Show // by the attributes that are given by showing a record
}

// Request fetches and verifies what a business asks.
func (w *Wallet) Request(ctx context.Context, request id.Request) (consent.Request, error) {
	var answer struct {
		Request      string   `json:"request"`
		Status       string   `json:"status"`
		Cosignatures []string `json:"cosignatures"`
	}
	if err := w.Do(ctx, "GET", "/requests/"+request.String(), nil, &answer); err != nil {
		return consent.Request{}, err
	}
	signatures := agent.New(agent.Options{})
	q, err := consent.OpenRequest(ctx, signatures, answer.Request, consent.ParseRules{Audience: w.Origin, Now: w.Now()})
	if err == nil {
		err = q.Cosigned(ctx, signatures, answer.Cosignatures)
	}
	return q, err
}

// give is what the operator gets of one purpose beside the decision.
type give struct {
	Grant    id.Grant `json:"grant"`
	Receipt  string   `json:"receipt"`
	Letter   string   `json:"letter"`
	Shares   []share  `json:"shares"` // their grant is left out: it stands above
	Withdraw string   `json:"withdraw"`
}

// Answer is a decision ready to be confirmed; tests change it to lie.
type Answer struct {
	Decision  consent.Decision
	Text      string // of the decision; "" writes Decision
	Give      []give
	Held      []Held
	Ends      []ending
	Documents map[id.Document][]byte // sealed beside it: the wallet's own copy of what it gave
}

// GrantState is how the operator speaks of a grant.
type GrantState struct {
	Grant    id.Grant      `json:"grant"`
	State    consent.State `json:"state"`
	Anchored bool          `json:"anchored"`

	// As the operator lists it; "" while there is none.
	Countersignature  string `json:"countersignature"`
	WithdrawalReceipt string `json:"withdrawal_receipt"`

	Change      consent.ChangeKind `json:"change"`
	Successor   string             `json:"successor"`
	Predecessor string             `json:"predecessor"`
	Receipts    []string           `json:"receipts"`
}

// Prepare makes all that a decision needs; nothing is sent yet. The catalogue names
// the attributes' types in the receipts.
func (w *Wallet) Prepare(q consent.Request, choices map[string]Choice, minor bool, c consent.Catalogue) (Answer, error) {
	a := Answer{Documents: map[id.Document][]byte{}}
	refuse := []string{}
	for _, asked := range q.Purposes {
		choice, ok := choices[asked.ID]
		if !ok {
			refuse = append(refuse, asked.ID)
			continue
		}
		if choice.Days == 0 {
			choice.Days = asked.Days
		}
		if choice.Channels == nil {
			choice.Channels = []string{}
		}
		first, err := w.give(&a, q, asked, choice, "", id.Grant{}, c)
		if err != nil {
			return a, err
		}
		for _, p := range asked.Partners {
			own := Choice{Attributes: p.Of(choice.Attributes), Days: choice.Days, Channels: []string{}}
			if len(own.Attributes) == 0 || slices.Contains(choice.LeaveOut, p.DID) {
				continue
			}
			if _, err := w.give(&a, q, asked, own, p.DID, first, c); err != nil {
				return a, err
			}
		}
	}
	var given []consent.Given
	for _, h := range a.Held {
		given = append(given, h.Given)
	}
	a.Decision = consent.NewDecision(q, given, refuse, w.Now())
	a.Decision.Minor = minor
	return a, w.endings(&a, q)
}

// give makes one grant of an answer: to the business that asks, or to a partner under
// the first grant.
func (w *Wallet) give(a *Answer, q consent.Request, asked consent.Asked, choice Choice, partner consent.DID, first id.Grant, c consent.Catalogue) (id.Grant, error) {
	none := func(err error) (id.Grant, error) { return id.Grant{}, err }
	now := w.Now()
	h := Held{Request: q, Given: consent.Given{Grant: id.New[id.Grant](), Purpose: asked.ID,
		Attributes: choice.Attributes, Days: choice.Days, Channels: choice.Channels, Partner: partner}}
	pairwise, err := agent.NewSigner(seal.PairwiseKey(w.Seed, string(h.Business())))
	if err != nil {
		return none(err)
	}
	shown, err := w.presentations(&h, q, choice.Show)
	if err != nil {
		return none(err)
	}
	h.Receipt, err = consent.NewReceipt(q, consent.Terms{
		Grant: h.Given.Grant, Record: id.New[id.Receipt](), Shopper: pairwise.DID, Purpose: asked.ID,
		Attributes: choice.Attributes, Channels: choice.Channels, Days: choice.Days, Time: consent.UnixAt(now),
		Partner: partner, OnwardOf: first,
	}, c)
	if err != nil {
		return none(err)
	}
	if h.Receipt.JWT, err = pairwise.SignReceipt(h.Receipt); err != nil {
		return none(err)
	}
	ahead, err := w.enter(&h, anchor.EpochAt(now))
	if err != nil {
		return none(err)
	}
	letter, err := w.letter(h)
	if err != nil {
		return none(err)
	}
	shares := []share{}
	for _, name := range choice.Attributes {
		if _, later := h.Shown[name]; later {
			continue // Send seals it
		}
		s, err := w.share(h, w.Documents[w.Named[name]])
		if err != nil {
			return none(fmt.Errorf("sharing %s: %w", name, err))
		}
		s.Attribute, s.Grant = name, nil
		shares = append(shares, s)
	}
	secret, err := json.Marshal(map[string]any{"v": 1, "kind": "grant", "grant": h.Given.Grant, "business": h.Business(),
		"grant_key": b64.EncodeToString(h.Key[:]), "receipt": h.Receipt.JWT, "opening": h.Opening})
	if err != nil {
		return none(err)
	}
	maps.Copy(a.Documents, shown)
	a.Held = append(a.Held, h)
	a.Documents[id.New[id.Document]()] = secret
	a.Give = append(a.Give, give{h.Given.Grant, h.Receipt.JWT, letter, shares, b64.EncodeToString(ahead.Bytes())})
	return h.Given.Grant, nil
}

func (w *Wallet) letter(h Held) (string, error) {
	to, err := h.AgreementKey().Public()
	if err != nil {
		return "", err
	}
	public, err := ecdsaPublic(to)
	if err != nil {
		return "", err
	}
	mine, err := seal.AgreementKey(w.Seed, string(h.Business())).ECDH()
	if err != nil {
		return "", err
	}
	l := consent.Letter{V: 1, Grant: h.Given.Grant, GrantKey: consent.Secret(h.Key), HandleSecret: consent.Secret(h.Handle.Seed()),
		Receipt: h.Receipt.JWT, Opening: h.Opening, Entry: h.Given.Entry,
		Pairwise: h.Receipt.Principal, AgreementKey: consent.NewAgreementKey(mine.PublicKey())}
	return seal.SealLetter(public, l.Bytes())
}

// sharing lists the live grants that name a document's attribute.
func (w *Wallet) sharing(d id.Document) (out []Held) {
	for _, h := range w.Held {
		if !h.Over && slices.Contains(h.Given.Attributes, w.nameOf(d)) {
			out = append(out, h)
		}
	}
	return out
}

// Send confirms an answer with the passkey and hands it to the operator.
func (w *Wallet) Send(ctx context.Context, a Answer) ([]GrantState, error) {
	if a.Text == "" {
		a.Text = string(a.Decision.Bytes())
	}
	body := map[string]any{"decision": a.Text, "ceremony": "", "credential": nil, "give": []give{}, "ends": a.Ends, "documents": map[string]any{"puts": []any{}}}
	var sealed []vault.Document
	if len(a.Give) > 0 {
		var o options
		if err := w.Do(ctx, "POST", "/decisions/start", map[string]string{"decision": a.Text}, &o); err != nil {
			return nil, err
		}
		credential, _, err := w.Device.Get(o.PublicKey)
		if err != nil {
			return nil, err
		}
		if sealed, err = w.Puts(a.Documents); err != nil {
			return nil, err
		}
		for i, h := range a.Held {
			shares, err := w.showing(h, sealed)
			if err != nil {
				return nil, err
			}
			a.Give[i].Shares = append(a.Give[i].Shares, shares...)
		}
		body["ceremony"], body["credential"], body["give"] = o.Ceremony, credential, a.Give
		body["documents"] = map[string]any{"puts": vaulttest.PutsJSON(sealed)}
	}
	var answer struct {
		Grants    []GrantState `json:"grants"`
		ReturnURL string       `json:"return_url"`
	}
	if err := w.Do(ctx, "POST", "/decisions", body, &answer); err != nil {
		return nil, err
	}
	w.Returned = answer.ReturnURL
	w.Accepted(sealed)
	for _, h := range a.Held {
		w.Held[h.Given.Grant] = h
	}
	for _, e := range a.Ends {
		for _, g := range append(e.under, e.Grant) {
			old := w.Held[g]
			old.Over = true
			w.Held[g] = old
		}
	}
	return answer.Grants, nil
}

// Decide prepares and sends in one go.
func (w *Wallet) Decide(ctx context.Context, q consent.Request, choices map[string]Choice, minor bool, c consent.Catalogue) ([]GrantState, error) {
	a, err := w.Prepare(q, choices, minor, c)
	if err != nil {
		return nil, err
	}
	return w.Send(ctx, a)
}

// Withdraw ends a grant and those of partners under it, each with its receipt and its
// entry.
func (w *Wallet) Withdraw(ctx context.Context, g id.Grant) (GrantState, error) {
	body, err := w.ending(g)
	if err != nil {
		return GrantState{}, err
	}
	partners, under, err := w.under(g)
	if err != nil {
		return GrantState{}, err
	}
	ended := append([]id.Grant{g}, partners...)
	if len(under) > 0 {
		body["partners"] = under
	}
	var state GrantState
	err = w.Do(ctx, "POST", "/grants/"+g.String()+"/withdraw", body, &state)
	if err == nil {
		for _, g := range ended {
			h := w.Held[g]
			h.Over = true
			w.Held[g] = h
		}
	}
	return state, err
}

// under is what ends the grants of partners under one.
func (w *Wallet) under(first id.Grant) (ended []id.Grant, ends []any, err error) {
	for other, h := range w.Held {
		if h.Over || h.Receipt.OnwardOf == nil || *h.Receipt.OnwardOf != first {
			continue
		}
		one, err := w.ending(other)
		if err != nil {
			return nil, nil, err
		}
		one["grant"] = other
		ended, ends = append(ended, other), append(ends, one)
	}
	return ended, ends, nil
}

// ending is what ends one grant.
func (w *Wallet) ending(g id.Grant) (map[string]any, error) {
	h := w.Held[g]
	jwt, err := w.closing(h, consent.EventWithdrawn, consent.UnixAt(w.Now()))
	if err != nil {
		return nil, err
	}
	body := map[string]any{"entry": nil, "receipt": jwt}
	if h.Pause == nil { // a paused grant is off the ledger
		body["entry"] = b64.EncodeToString(w.withdrawal(h).Bytes())
	}
	return body, nil
}

// Erase ends the vault, confirmed with the passkey.
func (w *Wallet) Erase(ctx context.Context) error {
	var o options
	if err := w.Do(ctx, "POST", "/erase/start", struct{}{}, &o); err != nil {
		return err
	}
	credential, _, err := w.Device.Get(o.PublicKey)
	if err != nil {
		return err
	}
	receipts := []map[string]any{}
	all, err := w.Grants(ctx)
	if err != nil {
		return err
	}
	for _, state := range all {
		g, h := state.Grant, w.Held[state.Grant]
		if h.Receipt.JWT == "" || state.State != consent.StateLive && state.State != consent.StateAnchoring && state.State != consent.StatePaused {
			continue
		}
		jwt, err := w.closing(h, consent.EventErased, consent.UnixAt(w.Now()))
		if err != nil {
			return err
		}
		receipts = append(receipts, map[string]any{"grant": g, "receipt": jwt})
	}
	var done struct {
		Erasure string `json:"erasure"`
	}
	err = w.Do(ctx, "POST", "/erase", map[string]any{"ceremony": o.Ceremony, "credential": credential, "withdraws": []string{}, "receipts": receipts}, &done)
	w.Erasure = done.Erasure
	return err
}

// agreement is the key that a business's messages open with.
func (w *Wallet) agreement(business consent.DID) (*ecdh.PrivateKey, error) {
	return seal.AgreementKey(w.Seed, string(business)).ECDH()
}
