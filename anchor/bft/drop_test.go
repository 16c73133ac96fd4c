package bft

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// TestDroppedEntries: what a member dropped it cannot show, and says so; everything else
// is proved as before, at a member that begins from it, too.
func TestDroppedEntries(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	m := newConsortium(t, 4)
	for i := range m.nodes {
		if err := m.nodes[i].Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range m.nodes {
		m.restart(t, i, m.growing(t, i, nil))
	}
	// Of the hour before: a grant with four permits, one with a permit that is its last
	// entry, and one that is withdrawn.
	before := anchor.EpochAt(time.Now()) - 1
	anna, berta, carla := anchortest.NewRelation(chain, "anna"), anchortest.NewRelation(chain, "berta"), anchortest.NewRelation(chain, "carla")
	entries := []anchor.Entry{anna.Grant(before, 7), anna.Permit(before, 0), anna.Permit(before, 1), anna.Permit(before, 2), anna.Permit(before, 3),
		berta.Grant(before, 7), berta.Permit(before, 0), carla.Grant(before, 7), carla.Permit(before, 0), carla.Withdraw(before)}
	if err := m.nodes[0].Append(ctx, entries...); err != nil {
		t.Fatal(err)
	}
	older, err := m.nodes[0].Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	more := fill(t, m.nodes[0], "first ", 40)
	size := uint64(len(entries) + len(more))
	m.agreed(t, ctx, size, 0, 1, 2, 3)
	for _, i := range []int{0, 1, 2} {
		m.nodes[i].app.retention.entries = time.Nanosecond
		if count, err := m.nodes[i].drop(ctx); err != nil || count != 4 {
			t.Fatalf("member %d dropped %d entries, %v; want anna's first three permits and carla's", i, count, err)
		}
		if count, err := m.nodes[i].drop(ctx); err != nil || count != 0 {
			t.Fatalf("member %d dropped %d entries again, %v", i, count, err)
		}
	}
	// A member that has nothing begins on these three.
	if err := m.nodes[3].Close(); err != nil {
		t.Fatal(err)
	}
	wipe(t, m.homes[3])
	j := &journal{}
	o := m.growing(t, 3, slog.New(slog.NewTextHandler(j, nil)))
	o.Other = func(url string) Other { return beside{m.nodes[url[0]-'0']} }
	o.From, o.KeepBlocks = []string{"0", "1", "2"}, KeepAll
	m.restart(t, 3, o)
	m.agreed(t, ctx, size, 0, 3)
	if !strings.Contains(j.String(), "restored the ledger") {
		t.Fatalf("it did not begin from a snapshot:\n%s", j)
	}
	if !strings.Contains(j.String(), "does not hold all") {
		t.Errorf("an archive does not say what it lacks:\n%s", j)
	}
	for _, i := range []int{0, 3} {
		n := m.nodes[i]
		set, err := n.Validators(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for k, e := range entries {
			p, err := n.Prove(ctx, e.Leaf())
			if gone := k == 1 || k == 2 || k == 3 || k == 8; gone {
				if !errors.Is(err, anchor.ErrGone) || errors.Is(err, anchor.ErrUnavailable) {
					t.Errorf("member %d: a proof of dropped entry %d: %v", i, k, err)
				}
				continue
			}
			if err == nil {
				_, err = p.Verify(set)
			}
			if err != nil {
				t.Errorf("member %d: entry %d: %v", i, k, err)
			}
		}
		for _, who := range []struct {
			handle anchor.Handle
			gone   []anchor.Entry
		}{{anna.Handle(), entries[1:4]}, {berta.Handle(), nil}, {carla.Handle(), entries[8:9]}, {more[0].Handle(), nil}} {
			c, err := n.Complete(ctx, who.handle)
			if err != nil {
				t.Fatal(err)
			}
			all, err := c.Verify(set)
			if err != nil || len(all.Dropped) != len(who.gone) {
				t.Fatalf("member %d: completeness with %d dropped: %v", i, len(all.Dropped), err)
			}
			for k, e := range who.gone {
				if all.Dropped[k].Leaf != e.Leaf() {
					t.Errorf("member %d: dropped entry %d has the leaf %s", i, k, all.Dropped[k].Leaf)
				}
			}
			_, err = n.Entries(ctx, who.handle)
			if errors.Is(err, anchor.ErrGone) != (len(who.gone) > 0) || err != nil && len(who.gone) == 0 {
				t.Errorf("member %d: entries: %v", i, err)
			}
		}
		if w, err := anchor.FindWithdrawal(ctx, n, carla.Handle()); err != nil || w != entries[9] {
			t.Errorf("member %d: carla's withdrawal: %v", i, err)
		}
		if _, err := anchor.FindWithdrawal(ctx, n, anna.Handle()); !errors.Is(err, anchor.ErrNotFound) {
			t.Errorf("member %d: anna's withdrawal: %v", i, err)
		}
		if _, err := n.Range(ctx, 0, 5); !errors.Is(err, anchor.ErrGone) {
			t.Errorf("member %d: a bundle with dropped entries: %v", i, err)
		}
		hashes, err := n.Subtrees(ctx, 0, 0, len(entries))
		if err != nil {
			t.Fatal(err)
		}
		for k, e := range entries {
			if at, _, err := n.Has(ctx, e.Leaf()); err != nil || hashes[at] != e.Leaf() {
				t.Errorf("member %d: the tile of leaves has not entry %d: %v", i, k, err)
			}
		}
		c, err := n.Consistency(ctx, older.Size, size)
		if err != nil {
			t.Fatal(err)
		}
		h, err := n.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Verify(older.Root, h.Root); err != nil {
			t.Errorf("member %d: %v", i, err)
		}
		if g, err := n.Grant(ctx, carla.Handle()); err != nil || !g.Withdrawn {
			t.Errorf("member %d: carla's grant is %+v, %v", i, g, err)
		}
	}
	// A dropped entry is still known, and its grant still stands.
	if err := m.nodes[3].Append(ctx, entries[1], anna.Permit(before+1, 9)); err != nil {
		t.Fatal(err)
	}
	m.agreed(t, ctx, size+1, 0, 3)
}
