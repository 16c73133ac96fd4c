package bft

import (
	"context"
	"fmt"

	"coffer/anchor"
)

// beginning decides whether a member begins from a snapshot of the others: when it has
// nothing and enough of them say that they have one. It also clears up after a start
// that was cut short.
func beginning(ctx context.Context, o Options, h home, app *application, dbs *databases) (fromSnapshot bool, err error) {
	state, err := dbs.state.Load()
	if err != nil {
		return false, err
	}
	blocks := dbs.blocks.Height()
	if blocks == 0 && (app.head.Restored || app.head.V == 0 && state.LastBlockHeight == 0) {
		// A snapshot may have come, but no block after it: whether CometBFT took note of
		// all is not known, and nothing is lost by asking again.
		if err := app.restart(); err != nil {
			return false, err
		}
		if err := dbs.clearComet(); err != nil {
			return false, err
		}
	}
	if app.head.Height > 0 || blocks > 0 || o.Other == nil {
		return false, nil
	}
	urls := o.From
	var register anchor.Register
	if app.withState() {
		if register, err = firstRegister(h.genesis.AppState); err != nil {
			return false, fmt.Errorf("the genesis: %w", err)
		}
	}
	if len(urls) == 0 {
		for _, m := range register.Members {
			if m.Node != string(h.nodeKey.ID()) && !m.Observer {
				urls = append(urls, m.URL)
			}
		}
	}
	var others []Other
	for _, url := range urls {
		others = append(others, o.Other(url))
	}
	footing := newFooting(o.Chain, h.genesis, others, o.Logger)
	height, ok := footing.ahead(ctx)
	if !ok {
		if height > 0 {
			o.Logger.Warn("other members have a ledger, but too few answer to begin from it; beginning with the first block, which they may have forgotten", "needed", footing.needed, "height", height)
		}
		return false, nil
	}
	o.Logger.Info("this member has no ledger yet; it begins from a snapshot of the others", "height", height)
	app.footing = footing
	if app.withState() {
		app.ruling = newRuling(register) // who may connect, until the snapshot says it
	}
	return true, nil
}
