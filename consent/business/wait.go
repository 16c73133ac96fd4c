package business

import (
	"context"
	"errors"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

const (
	// askAgain is how soon Wait asks a second time; the pauses grow from there.
	askAgain = time.Second
	maxAsk   = 30 * time.Second
)

// Wait returns once the shopper has decided and everything that was given stands on the
// ledger, its letters opened: Collect works from then on. It returns as well when the
// request's time is over; Status.State says which. It asks ever more seldom, every half
// minute at last, and goes on asking while the operator is away; give ctx an end. A
// business with a webhook has no need of it.
func (b *Business) Wait(ctx context.Context, r id.Request) (Status, error) {
	for pause := askAgain; ; pause = min(pause*3/2, maxAsk) {
		s, err := b.Status(ctx, r)
		settled := err == nil && s.State != RequestOpen
		if settled {
			settled, err = b.opened(ctx, s)
		}
		if settled || ctx.Err() != nil || err != nil && !comesAgain(ctx, err) {
			return s, errors.Join(err, ctx.Err())
		}
		if err := b.client.wait(ctx, pause); err != nil {
			return s, err
		}
	}
}

// opened opens the letters of what was given. false: one is not on the ledger yet.
func (b *Business) opened(ctx context.Context, s Status) (bool, error) {
	for _, o := range s.Purposes {
		if !o.Given {
			continue
		}
		_, err := b.OpenLetter(ctx, o.Grant)
		switch {
		case errors.Is(err, consent.NotAnchored):
			return false, nil
		case consent.DenialOf(err) != nil: // withdrawn since: collecting says so
		case err != nil:
			return false, err
		}
	}
	return true, nil
}
