package wallettest

import (
	"context"
	"encoding/json"
	"fmt"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
	"coffer/vault/vaulttest"
)

// Handed is a deposit as it waits, sealed.
type Handed struct {
	ID     id.Deposit `json:"id"`
	Grant  id.Grant   `json:"grant"`
	Sealed string     `json:"sealed"`
}

// Deposits lists what waits.
func (w *Wallet) Deposits(ctx context.Context) ([]Handed, error) {
	var answer struct {
		Deposits []Handed `json:"deposits"`
	}
	err := w.Do(ctx, "GET", "/deposits", nil, &answer)
	return answer.Deposits, err
}

// OpenDeposit opens a deposit and verifies what the pages do: that the business of the
// grant handed it to this shopper, and that its record was signed by its issuer.
func (w *Wallet) OpenDeposit(ctx context.Context, d Handed) (consent.Deposit, consent.Record, error) {
	var none consent.Record
	h, ours := w.Held[d.Grant]
	if !ours {
		return consent.Deposit{}, none, fmt.Errorf("deposit under a grant that this wallet did not give")
	}
	key, err := w.agreement(h.Request.Iss)
	if err != nil {
		return consent.Deposit{}, none, err
	}
	a := agent.New(agent.Options{})
	opened, err := a.OpenDeposit(ctx, d.Sealed, key)
	if err != nil {
		return opened, none, err
	}
	if opened.ID != d.ID || opened.Grant != d.Grant || opened.From != h.Request.Iss || opened.To != h.Receipt.Principal {
		return opened, none, fmt.Errorf("it is another deposit, or for another")
	}
	r, err := a.OpenRecord(ctx, opened.Record)
	return opened, r, err
}

// AcceptDeposit puts the record into the vault, and says so.
func (w *Wallet) AcceptDeposit(ctx context.Context, d consent.Deposit) error {
	content, err := json.Marshal(map[string]any{
		"v": 1, "kind": "record", "record": d.Record, "business": d.From, "business_name": "Corner Shop", "deposit": d.ID, "received": w.Now().Unix(),
	})
	if err != nil {
		return err
	}
	puts, err := w.Puts(map[id.Document][]byte{id.New[id.Document](): content})
	if err != nil {
		return err
	}
	if err := w.Do(ctx, "POST", "/documents", map[string]any{"puts": vaulttest.PutsJSON(puts), "shares": []share{}}, nil); err != nil {
		return err
	}
	w.Accepted(puts)
	return w.Do(ctx, "POST", "/deposits/"+d.ID.String(), map[string]any{"accept": true}, nil)
}

// DeclineDeposit declines one.
func (w *Wallet) DeclineDeposit(ctx context.Context, d id.Deposit) error {
	return w.Do(ctx, "POST", "/deposits/"+d.String(), map[string]any{"accept": false}, nil)
}

// Published has the operator fetch what an issuer publishes.
func (w *Wallet) Published(ctx context.Context, address string) (string, error) {
	var answer struct {
		Text string `json:"text"`
	}
	err := w.Do(ctx, "POST", "/published", map[string]string{"address": address}, &answer)
	return answer.Text, err
}
