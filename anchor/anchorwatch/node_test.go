package anchorwatch_test

import (
	"context"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/anchor/bft"
)

// TestWatchingANode: a real node, looked at while it makes blocks and after it
// was opened again, never breaks a promise.
func TestWatchingANode(t *testing.T) {
	home := t.TempDir()
	if err := bft.Init(home, chain); err != nil {
		t.Fatal(err)
	}
	start := func() *bft.Node {
		n, err := bft.Start(context.Background(), bft.Options{Home: home, Chain: chain})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := start()
	defer func() { n.Close() }()
	s := begin(t, &member{Ledger: n})
	anna, now := anchortest.NewRelation(chain, "anna"), anchor.EpochAt(time.Now())
	if err := n.Append(t.Context(), anna.Grant(now, 1)); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if err := n.Append(t.Context(), anna.Permit(now, i)); err != nil {
			t.Fatal(err)
		}
		var err error
		if s, _, err = s.Look(t.Context(), &member{Ledger: n}); err != nil {
			t.Fatalf("after permit %d: %v", i, err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	n = start()
	if _, err := n.Prove(t.Context(), anna.Permit(now, 39).Leaf()); err != nil {
		t.Fatal(err)
	}
	if _, step, err := s.Look(t.Context(), &member{Ledger: n}); err != nil || step.Checkpoint != 41 {
		t.Errorf("after the restart: %+v, %v", step, err)
	}
}
