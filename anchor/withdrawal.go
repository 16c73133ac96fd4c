package anchor

import (
	"context"
	"errors"
	"fmt"
)

// Lister lists the entries of a handle: a Ledger, or the client of one.
type Lister interface {
	Entries(ctx context.Context, handle Handle) ([]Indexed, error)
	Complete(ctx context.Context, handle Handle) (Completeness, error)
}

// FindWithdrawal looks for the entry that withdrew a grant, also at a member that has
// dropped permits under it: a withdrawal is never dropped. ErrNotFound if there is none.
// It is as the member gives it: Verify holds it against the grant's wallet key.
func FindWithdrawal(ctx context.Context, l Lister, h Handle) (Withdraw, error) {
	entries, err := l.Entries(ctx, h)
	if errors.Is(err, ErrGone) {
		var c Completeness
		c, err = l.Complete(ctx, h)
		entries = c.Entries
	}
	if err != nil {
		return Withdraw{}, fmt.Errorf("looking for a withdrawal: %w", err)
	}
	for _, e := range entries {
		if w, ok := e.Entry.(Withdraw); ok && w.HandleKey == h {
			return w, nil
		}
	}
	return Withdraw{}, fmt.Errorf("looking for a withdrawal: %w", ErrNotFound)
}
