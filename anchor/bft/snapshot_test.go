package bft

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// beside is a member as another one reaches it.
type beside struct{ *Node }

func (b beside) Steps(ctx context.Context, from [32]byte) ([]anchor.Step, error) {
	return b.Succession(ctx, from)
}

// growing is a consortium that takes snapshots every few blocks and forgets blocks at
// once.
func (m *consortium) growing(t testing.TB, i int, log *slog.Logger) Options {
	return Options{Home: m.homes[i], Chain: chain, Listen: "tcp://" + m.listen[i], Peers: m.peers, Heartbeat: time.Second,
		Logger: log, KeepBlocks: time.Nanosecond, snapshotEvery: 10, chunkLevel: 4}
}

func (m *consortium) restart(t testing.TB, i int, o Options) *Node {
	t.Helper()
	n, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	m.nodes[i] = n
	t.Cleanup(func() { n.Close() })
	return n
}

// wipe takes from a home what it can get back from the others. What it must never lose
// is what it signed.
func wipe(t testing.TB, home string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(home, "data", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Base(f) != filepath.Base(signedFile) {
			if err := os.RemoveAll(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// fill appends grants with permits, block by block, until the first node has a log of
// this size and a few snapshots.
func fill(t testing.TB, n *Node, name string, blocks int) (entries []anchor.Entry) {
	t.Helper()
	now := anchor.EpochAt(time.Now())
	for i := range blocks {
		r := anchortest.NewRelation(chain, fmt.Sprint(name, i))
		few := []anchor.Entry{r.Grant(now, 1), r.Permit(now, 0), r.Permit(now, 1)}
		if i%5 == 0 {
			few = append(few, r.Withdraw(now))
		}
		if err := n.Append(t.Context(), few...); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, few...)
	}
	return entries
}

// TestWipedMemberBeginsFromSnapshot: the others have forgotten the first blocks, and one
// of them gives out a chunk that is wrong.
func TestWipedMemberBeginsFromSnapshot(t *testing.T) {
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
	entries := fill(t, m.nodes[0], "first ", 60)
	if err := m.nodes[3].Close(); err != nil {
		t.Fatal(err)
	}
	more := fill(t, m.nodes[0], "second ", 20)
	for i := range 3 {
		if base := m.nodes[i].node.BlockStore().Base(); base < 2 {
			t.Fatalf("member %d has not pruned: base %d at height %d", i, base, m.nodes[i].app.head.Height)
		}
	}
	// What members 1 and 2 say of an entry in each chunk is not what is on the ledger.
	for _, i := range []int{1, 2} {
		for index := uint64(0); index < uint64(len(entries)); index += 16 {
			if err := m.nodes[i].app.store.db.SetSync(numbered(keyEntry, index), more[i].Bytes()); err != nil {
				t.Fatal(err)
			}
		}
	}
	wipe(t, m.homes[3])
	j := &journal{}
	o := m.growing(t, 3, slog.New(slog.NewTextHandler(j, nil)))
	o.Other = func(url string) Other { return beside{m.nodes[url[0]-'0']} }
	o.From = []string{"0", "1", "2"}
	n := m.restart(t, 3, o)
	if n.app.footing == nil {
		t.Fatalf("it does not begin from a snapshot:\n%s", j)
	}
	size := uint64(len(entries) + len(more))
	m.agreed(t, ctx, size, 0, 2, 3)
	for _, says := range []string{"beginning from a snapshot", "refusing a chunk of a snapshot, and its sender", "restored the ledger from a snapshot"} {
		if !strings.Contains(j.String(), says) {
			t.Errorf("it does not say %q:\n%s", says, j)
		}
	}

	// It proves, completes, and takes part.
	set, err := n.Validators(ctx)
	if err != nil {
		t.Fatal(err)
	}
	third := anchortest.NewRelation(chain, "third")
	if err := n.Append(ctx, third.Grant(anchor.EpochAt(time.Now()), 1)); err != nil {
		t.Fatal(err)
	}
	for _, e := range []anchor.Entry{entries[0], more[0], third.Grant(anchor.EpochAt(time.Now()), 1)} {
		p, err := n.Prove(ctx, e.Leaf())
		if err == nil {
			_, err = p.Verify(set)
		}
		if err != nil {
			t.Error(err)
		}
		c, err := n.Complete(ctx, e.Handle())
		if err == nil {
			_, err = c.Verify(set)
		}
		if err != nil {
			t.Error(err)
		}
	}
	// The rule stands on what came: a withdrawn grant is withdrawn, an entry is known.
	first := anchortest.NewRelation(chain, "first 0")
	if err := n.Append(ctx, first.Permit(anchor.EpochAt(time.Now()), 7)); err == nil || !strings.Contains(err.Error(), "withdrawn") {
		t.Errorf("a permit under a withdrawn grant: %v", err)
	}
	m.agreed(t, ctx, size+1, 0, 2, 3)

	// It opens again like any other.
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	o.Other = nil
	n = m.restart(t, 3, o)
	if h, err := n.Head(ctx); err != nil || h.Size != size+1 {
		t.Errorf("after another start it has %d entries, %v", h.Size, err)
	}
	fill(t, n, "fourth ", 40) // long enough to prune on its own
	if base := n.node.BlockStore().Base(); base < 2 {
		t.Errorf("it does not prune: base %d", base)
	}
}
