package business

import (
	"context"
	"fmt"
	"net/http"

	"coffer/consent"
	"coffer/internal/id"
)

// GiveUp ends a grant that the business wants no more of, at once and for good, and with
// it the grants to partners under it. Its keys are deleted when GiveUp returns; the
// event that tells of the end comes as any other does, and starts what is owed after
// one: delete your copies, then say so with StateDeletion. A grant that is over stays as
// it ended. It returns the grant that was given up: another one if that took the place
// of the one named. ErrNotFound for a grant that the business never held.
func (b *Business) GiveUp(ctx context.Context, g id.Grant) (id.Grant, error) {
	return following(ctx, b, g, func(g id.Grant) (id.Grant, error) { return g, b.giveUp(ctx, g) })
}

func (b *Business) giveUp(ctx context.Context, g id.Grant) error {
	defer b.hold(g)()
	err := b.client.call(ctx, http.MethodDelete, "/business/v1/grants/"+g.String(), nil, nil)
	if err != nil {
		return fmt.Errorf("giving up a grant: %w", denial(err))
	}
	if answer, err := b.askGrant(ctx, g); err == nil && answer.State != consent.StateTerminated {
		return nil // how it ended before, its own event says
	}
	return b.end(ctx, g, consent.StateTerminated, consent.UnixAt(b.now()))
}
