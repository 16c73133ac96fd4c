package consenthttp

import (
	"context"
	"slices"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
)

// endsJSON is what comes with one grant that a decision replaces: as with a withdrawal,
// so that its end has an entry and a receipt of its own.
type endsJSON struct {
	Grant   id.Grant      `json:"grant"`
	Entry   consent.Bytes `json:"entry"` // empty for a paused grant, which is off the ledger
	Receipt string        `json:"receipt"`

	Partners []withdrawalJSON `json:"partners"` // of the grants under it; may be left out
}

// readEnds reads the ends of the grants that the decision replaces: exactly those that
// stand. One that ended a moment ago on another device makes it refused; the wallet
// looks again.
func (wt *wallet) readEnds(ctx context.Context, v id.Vault, d decided, came []endsJSON) (out []consentdb.Replaced, err error) {
	malformed := &consent.Refusal{Code: consent.Malformed, At: "ends"}
	if d.request.Replaces == nil {
		if len(came) > 0 {
			return nil, malformed
		}
		return nil, nil
	}
	held, err := wt.Store.Grants(ctx, v)
	if err != nil {
		return nil, err
	}
	all := make([]consent.Grant, len(held))
	for i, g := range held {
		all[i] = g.Grant
	}
	now := wt.Clock()
	want := d.decision.Replacements(d.request, all, now)
	if len(want) != len(came) {
		return nil, malformed
	}
	for _, r := range want {
		n := slices.IndexFunc(came, func(e endsJSON) bool { return e.Grant == r.Old })
		if n < 0 {
			return nil, malformed
		}
		g := held[slices.IndexFunc(held, func(g consentdb.Grant) bool { return g.ID == r.Old })]
		end := consentdb.Replaced{Replacement: r, Kind: d.request.Replaces.Mode.Kind(), Receipt: came[n].Receipt}
		if g.State != consent.StatePaused {
			if end.Entry, err = wt.endingNow(g, came[n].Entry); err != nil {
				return nil, err
			}
		} else if len(came[n].Entry) > 0 {
			return nil, &consent.Refusal{Code: consent.BadEntry, At: "ends.entry"}
		}
		if err := wt.ends(ctx, g, came[n].Receipt); err != nil {
			return nil, err
		}
		if end.Partners, err = wt.readOnward(ctx, g, came[n].Partners); err != nil {
			return nil, err
		}
		out = append(out, end)
	}
	return out, nil
}

// endingNow reads a withdrawal of this moment that ends the grant.
func (wt *wallet) endingNow(g consentdb.Grant, bytes consent.Bytes) (anchor.Withdraw, error) {
	entry, err := consent.Given{Entry: g.Entry}.GrantEntry()
	if err != nil {
		return anchor.Withdraw{}, err
	}
	return wt.withdrawalNow(bytes, entry, "ends.entry")
}
