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
// minute at last, not before the operator wants to be asked, and goes on asking while it
// is away; give ctx an end. A business with a webhook has no need of it.
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
		if err := b.client.wait(ctx, max(pause, patience(s.AskAgain), patience(askedToWait(err)))); err != nil {
			return s, err
		}
	}
}

// askedToWait is how long the operator wants to be left alone, as a problem says it.
func askedToWait(err error) time.Duration {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.RetryAfter
	}
	return 0
}

// patience is how much of what the operator asks for is waited.
func patience(asked time.Duration) time.Duration { return min(asked, maxPatience) }

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
