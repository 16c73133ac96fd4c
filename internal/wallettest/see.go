package wallettest

import (
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"fmt"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// ecdsaPublic is the same P-256 point as the type that go-jose wants.
func ecdsaPublic(k *ecdh.PublicKey) (*ecdsa.PublicKey, error) {
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), k.Bytes())
}

func handleOf(h Held) anchor.Handle { return anchor.Handle(h.Handle.Public().(ed25519.PublicKey)) }

// Received is a message as it lies in the inbox.
type Received struct {
	ID     id.Message `json:"id"`
	Grant  id.Grant   `json:"grant"`
	Sealed string     `json:"sealed"`
	Permit struct {
		Entry    consent.Bytes  `json:"entry"`
		Document string         `json:"document"`
		Opening  anchor.Opening `json:"opening"`
	} `json:"permit"`
}

// Inbox lists the messages, still sealed.
func (w *Wallet) Inbox(ctx context.Context) ([]Received, error) {
	var answer struct {
		Messages []Received `json:"messages"`
	}
	err := w.Do(ctx, "GET", "/messages", nil, &answer)
	return answer.Messages, err
}

// Read opens a message and verifies all that the pages do: who signed it, that its
// permit binds this very text, and that the permit is on the ledger under the grant.
func (w *Wallet) Read(ctx context.Context, m Received) (consent.Message, error) {
	var none consent.Message
	h, ours := w.Held[m.Grant]
	if !ours {
		return none, fmt.Errorf("message under a grant that this wallet did not give")
	}
	key, err := w.agreement(h.Request.Iss)
	if err != nil {
		return none, err
	}
	message, jws, err := agent.New(agent.Options{}).OpenMessage(ctx, m.Sealed, key)
	if err != nil {
		return none, err
	}
	permit, err := consent.ParsePermit([]byte(m.Permit.Document))
	if err != nil {
		return none, err
	}
	if message.From != h.Request.Iss || permit.Grant != m.Grant || permit.Message != m.ID || permit.Digest != consent.HashOf(jws) {
		return none, fmt.Errorf("the permit is for another message")
	}
	parsed, err := anchor.ParseEntry(m.Permit.Entry)
	if err != nil {
		return none, err
	}
	entry, ok := parsed.(anchor.Permit)
	if !ok || entry.HandleKey != handleOf(h) {
		return none, fmt.Errorf("the permit is under another grant")
	}
	if err := m.Permit.Opening.Verify(entry.Commitment, []byte(m.Permit.Document)); err != nil {
		return none, err
	}
	var proof anchor.Proof
	if err := w.Do(ctx, "GET", "/messages/"+m.ID.String()+"/proof", nil, &proof); err != nil {
		return none, err
	}
	return message, w.proves(proof, entry)
}

// Proof fetches the proof of a grant's entry and verifies it.
func (w *Wallet) Proof(ctx context.Context, g id.Grant) (anchor.Proof, error) {
	var proof anchor.Proof
	if err := w.Do(ctx, "GET", "/grants/"+g.String()+"/proof", nil, &proof); err != nil {
		return proof, err
	}
	entry, err := w.Held[g].Given.GrantEntry()
	if err != nil {
		return proof, err
	}
	return proof, w.proves(proof, entry)
}

// Bundle is the receipt file that the shopper keeps, with the business's answer to it
// and its end once there are.
func (w *Wallet) Bundle(ctx context.Context, g id.Grant) ([]byte, error) {
	proof, err := w.Proof(ctx, g)
	if err != nil {
		return nil, err
	}
	b := consent.Bundle{V: 1, Receipt: w.Held[g].Receipt.JWT, Opening: w.Held[g].Opening, Proof: proof}
	all, err := w.Grants(ctx)
	if err != nil {
		return nil, err
	}
	for _, state := range all {
		if state.Grant != g {
			continue
		}
		b.Countersignature = state.Countersignature
		if state.State == consent.StateWithdrawn {
			b.Withdrawal = &consent.BundledWithdrawal{Receipt: state.WithdrawalReceipt}
			if err := w.Do(ctx, "GET", "/grants/"+g.String()+"/withdrawal-proof", nil, &b.Withdrawal.Proof); err != nil {
				return nil, err
			}
		}
	}
	return b.Bytes(), nil
}

func (w *Wallet) proves(p anchor.Proof, want anchor.Entry) error {
	proven, err := p.Verify(w.Ledger)
	if err != nil {
		return err
	}
	if proven.Entry.Leaf() != want.Leaf() {
		return fmt.Errorf("the proof is of another entry")
	}
	return nil
}

// Accesses reads the access log of one grant and verifies its chain.
func (w *Wallet) Accesses(ctx context.Context, g id.Grant) ([]consent.Access, error) {
	var rows []string
	var head consent.LogHead
	for after := ""; ; {
		var page struct {
			Accesses []struct {
				Row  string          `json:"row"`
				Head consent.LogHead `json:"head"`
			} `json:"accesses"`
			Next string `json:"next"`
		}
		if err := w.Do(ctx, "GET", "/accesses?grant="+g.String()+"&after="+after, nil, &page); err != nil {
			return nil, err
		}
		for _, a := range page.Accesses { // newest first
			if len(rows) == 0 {
				head = a.Head
			}
			rows = append([]string{a.Row}, rows...)
		}
		if after = page.Next; after == "" {
			return consent.VerifyLog(rows, g, head)
		}
	}
}

// Grants is how the operator lists this shopper's grants.
func (w *Wallet) Grants(ctx context.Context) ([]GrantState, error) {
	var answer struct {
		Grants []GrantState `json:"grants"`
	}
	err := w.Do(ctx, "GET", "/grants", nil, &answer)
	return answer.Grants, err
}
