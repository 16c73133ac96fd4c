package consenthttp

import (
	"context"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
)

// partners are those that a stored request names, each once, as they stand here: one
// that may not act any more is given nothing.
func (wt *wallet) partners(ctx context.Context, jws string) ([]party, error) {
	q, err := consent.ReadRequest(jws)
	if err != nil {
		return nil, err
	}
	seen, out := map[consent.DID]bool{}, []party{}
	for _, a := range q.Purposes {
		for _, p := range a.Partners {
			if seen[p.DID] {
				continue
			}
			seen[p.DID] = true
			b, err := wt.Store.Business(ctx, p.DID)
			if err != nil {
				return nil, err
			}
			out = append(out, party{DID: b.DID, Name: b.Name, State: b.State})
		}
	}
	return out, nil
}

// withdrawalJSON is what the wallet makes to end one grant.
type withdrawalJSON struct {
	Grant   id.Grant      `json:"grant"`
	Entry   consent.Bytes `json:"entry"`
	Receipt string        `json:"receipt"`
}

// readWithdrawal holds what ends a grant against it.
func (wt *wallet) readWithdrawal(ctx context.Context, g consentdb.Grant, came withdrawalJSON, at string) (consentdb.Withdrawal, error) {
	now := wt.Clock()
	w := consentdb.Withdrawal{Vault: g.Vault, Grant: g.ID, Receipt: came.Receipt, At: now}
	entry, err := consent.Given{Entry: g.Entry}.GrantEntry()
	if err != nil {
		return w, err
	}
	if g.State != consent.StatePaused || came.Entry != nil { // a paused one is off the ledger
		if w.Entry, err = wt.withdrawalNow(came.Entry, entry, at); err != nil {
			return w, err
		}
	}
	return w, wt.ends(ctx, g, came.Receipt)
}

// readOnward reads what the wallet made to end the partners' grants under one. The
// store takes what was signed ahead for those that are not there.
func (wt *wallet) readOnward(ctx context.Context, first consentdb.Grant, came []withdrawalJSON) (out []consentdb.Withdrawal, err error) {
	for _, c := range came {
		g, err := wt.Store.Grant(ctx, first.Vault, c.Grant)
		if err == nil && g.OnwardOf != first.ID {
			err = consent.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		if g.State != consent.StateAnchoring && g.State != consent.StateLive {
			continue // it ended before
		}
		w, err := wt.readWithdrawal(ctx, g, c, "partners.entry")
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}
