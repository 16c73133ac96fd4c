package wallettest

import (
	"context"
	"encoding/json"
	"fmt"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// Show is which record a shopper shows, and which of its claims. Issuer is the business
// that handed it over: its pairwise key is the holder's.
type Show struct {
	Record string
	Issuer consent.DID
	Claims []string
}

// Present makes the record as one business gets it, for its request.
func (w *Wallet) Present(s Show, q consent.Request) (string, error) {
	if !consent.IsSDJWT(s.Record) {
		return s.Record, nil
	}
	parts, err := consent.ParseSDJWT(s.Record)
	if err != nil {
		return "", err
	}
	holder, err := agent.NewSigner(seal.PairwiseKey(w.Seed, string(s.Issuer)))
	if err != nil {
		return "", err
	}
	return holder.SignBinding(parts.Only(s.Claims...), q.Iss, q.Nonce.String(), w.Now())
}

// presentations are the documents of what a grant shows.
func (w *Wallet) presentations(h *Held, q consent.Request, all map[string]Show) (map[id.Document][]byte, error) {
	out := map[id.Document][]byte{}
	for name, s := range all {
		text, err := w.Present(s, q)
		if err != nil {
			return nil, fmt.Errorf("presenting a record: %w", err)
		}
		value, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		content, err := json.Marshal(seal.Attribute{V: 1, Kind: seal.KindPresentation, Name: name, Value: value, Updated: w.Now().Unix(),
			Request: q.ID.String(), Purpose: h.Given.Purpose})
		if err != nil {
			return nil, err
		}
		if h.Shown == nil {
			h.Shown = map[string]id.Document{}
		}
		d := id.New[id.Document]()
		h.Shown[name], out[d] = d, content
	}
	return out, nil
}

// showing shares what a grant shows, once it is sealed.
func (w *Wallet) showing(h Held, sealed []vault.Document) (out []share, err error) {
	for name, d := range h.Shown {
		for _, one := range sealed {
			if one.ID != d {
				continue
			}
			s, err := w.share(h, one)
			if err != nil {
				return nil, err
			}
			s.Attribute, s.Grant = name, nil
			out = append(out, s)
		}
	}
	return out, nil
}

// Forget deletes what a grant showed, as the pages do once it is over.
func (w *Wallet) Forget(ctx context.Context, g id.Grant) error {
	deletes := []map[string]any{}
	for _, d := range w.Held[g].Shown {
		deletes = append(deletes, map[string]any{"id": d, "version": w.Documents[d].Version})
		delete(w.Documents, d)
	}
	puts, err := w.Puts(nil)
	if err != nil {
		return err
	}
	if err := w.Do(ctx, "POST", "/documents", map[string]any{"puts": vaulttest.PutsJSON(puts), "deletes": deletes, "shares": []share{}}, nil); err != nil {
		return err
	}
	w.Accepted(puts)
	return nil
}
