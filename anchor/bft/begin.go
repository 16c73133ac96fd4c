package bft

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

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
	footing, register, err := footingOf(o, h)
	if err != nil {
		return false, err
	}
	height, ok := footing.ahead(ctx)
	if !ok {
		if height > 0 {
			o.Logger.Warn("other members have a ledger, but too few answer to begin from it; beginning with the first block, which they may have forgotten", "needed", footing.needed, "height", height)
		}
		return false, nil
	}
	o.Logger.Info("this member has no ledger yet; it begins from a snapshot of the others", "height", height)
	app.footing = footing
	if len(register.Members) > 0 {
		app.ruling = newRuling(register) // who may connect, until the snapshot says it
	}
	return true, nil
}

// footingOf reads whom to ask, and the genesis's register; it is empty on a ledger of the
// first version.
func footingOf(o Options, h home) (*footing, anchor.Register, error) {
	var register anchor.Register
	if h.genesis.ConsensusParams.Version.App >= versionWithState {
		var err error
		if register, err = firstRegister(h.genesis.AppState); err != nil {
			return nil, register, fmt.Errorf("the genesis: %w", err)
		}
	}
	urls := o.From
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
	return newFooting(o.Chain, h.genesis, others, o.Logger), register, nil
}

// Forget takes from a home what it can get back from the other members, if enough of
// them have a snapshot to begin from, and returns its height. Keys and what the validator
// has signed stay. No node may run on the home.
func Forget(ctx context.Context, o Options) (height int64, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	h, err := openHome(o.Home, o.Chain)
	if err != nil {
		return 0, err
	}
	footing, _, err := footingOf(o, h)
	if err != nil {
		return 0, err
	}
	height, ok := footing.ahead(ctx)
	if !ok {
		return 0, fmt.Errorf("too few other members tell of a snapshot to begin from, %d of %d are needed: nothing was changed; see that their published addresses can be reached, or set ledger_from", footing.needed, len(footing.others))
	}
	files, err := os.ReadDir(filepath.Join(o.Home, "data"))
	if err != nil {
		return 0, fmt.Errorf("forgetting the ledger at %s: %w", o.Home, err)
	}
	for _, f := range files {
		if f.Name() == filepath.Base(signedFile) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(o.Home, "data", f.Name())); err != nil {
			return 0, fmt.Errorf("forgetting the ledger at %s: %w; run it again", o.Home, err)
		}
	}
	return height, nil
}
