package anchorhttp_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"coffer/anchor"
)

// forgetful is a member that has dropped what it is asked for.
type forgetful struct{ anchor.Ledger }

func (forgetful) Prove(context.Context, anchor.Leaf) (anchor.Proof, error) {
	return anchor.Proof{}, anchor.ErrGone
}

func (forgetful) Range(context.Context, uint64, int) ([]anchor.Entry, error) {
	return nil, anchor.ErrGone
}

// What was dropped is not "not found": who asks learns that it was there, and where else
// to look.
func TestDroppedEntriesAreGone(t *testing.T) {
	m, _, entries := memory(t)
	c := serve(t, forgetful{m})
	if _, err := c.Prove(t.Context(), entries[0].Leaf()); !errors.Is(err, anchor.ErrGone) || errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("the client says %v", err)
	}
	for path, want := range map[string]int{"/ledger/v1/tile/entries/000.p/1": http.StatusGone, "/ledger/v1/tile/0/000.p/1": http.StatusOK} {
		r, err := c.HTTP.Get(c.Origin + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, r.StatusCode, want)
		}
	}
}
