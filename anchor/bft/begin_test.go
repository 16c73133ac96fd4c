package bft

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
)

// TestAdmittedMemberBeginsFromSnapshot: who is admitted after the others have forgotten
// the first blocks gets the genesis of the first members, and from the snapshot all that
// was decided since; what is being voted on, too. It then votes and signs like any other.
func TestAdmittedMemberBeginsFromSnapshot(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var people []person
	for i := range 4 {
		people = append(people, newPerson(t, fmt.Sprint("member ", i)))
	}
	genesis, err := Genesis(chain, registerOf(t, people...).Members, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var nodes []*Node
	run := func(p person, log *slog.Logger, from ...string) *Node {
		t.Helper()
		if err := Join(p.dir, genesis); err != nil {
			t.Fatal(err)
		}
		o := Options{Home: p.dir, Chain: chain, Listen: "tcp://" + p.Address, Heartbeat: time.Second, Logger: log,
			KeepBlocks: time.Nanosecond, snapshotEvery: 10, chunkLevel: 4, From: from}
		if from != nil {
			o.Other = func(url string) Other { return beside{nodes[url[0]-'0']} }
		}
		n, err := Start(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		return n
	}
	for _, p := range people {
		nodes = append(nodes, run(p, nil))
	}
	first, err := nodes[0].Validators(ctx)
	if err != nil {
		t.Fatal(err)
	}
	vote := func(p anchor.Proposal, voters ...int) {
		t.Helper()
		all, err := nodes[0].Registers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		p.Register = all[len(all)-1].Hash()
		for _, i := range voters {
			if err := nodes[i].Vote(ctx, people[i].ballot(t, p, true)); err != nil {
				t.Fatalf("member %d votes: %v", i, err)
			}
		}
	}
	five := newPerson(t, "five")
	people = append(people, five)
	vote(anchor.Proposal{Kind: anchor.Admit, Member: five.Member}, 0, 1, 2)
	fill(t, nodes[0], "first ", 40)
	moved := people[3].Member
	moved.Contact = "somebody else"
	change := anchor.Proposal{Kind: anchor.Change, Replaces: people[3].Key, Member: moved}
	vote(change, 0)
	entries := fill(t, nodes[0], "second ", 40)
	if base := nodes[0].node.BlockStore().Base(); base < 10 {
		t.Fatalf("the others have not pruned: base %d", base)
	}
	j := &journal{}
	n := run(five, slog.New(slog.NewTextHandler(j, nil)), "0", "1", "2", "3")
	nodes = append(nodes, n)
	if _, err := n.app.until(ctx, func(h head) bool { return h.Height > 0 && !h.Restored }); err != nil || !strings.Contains(j.String(), "restored the ledger") {
		t.Fatalf("it did not begin from a snapshot: %v\n%s", err, j)
	}
	if all, err := n.Registers(ctx); err != nil || len(all) != 2 || len(all[1].Members) != 5 {
		t.Errorf("it has %d registers, %v", len(all), err)
	}
	if motions, err := n.Motions(ctx); err != nil || len(motions) != 1 {
		t.Errorf("it knows of %d motions, %v", len(motions), err)
	}
	steps, err := n.Succession(ctx, first.Hash())
	if err != nil {
		t.Fatal(err)
	}
	newest, err := first.Succeed(steps)
	if set, err2 := n.Validators(ctx); err != nil || err2 != nil || len(set.Validators) != 5 || newest.Hash() != set.Hash() {
		t.Errorf("the succession leads to %d validators, %v, %v", len(newest.Validators), err, err2)
	}
	// Its vote decides, and the ledger goes on with it where it would not without.
	vote(change, 1, 2, 4)
	if _, err := n.app.until(ctx, func(h head) bool { return h.Register == 3 }); err != nil {
		t.Fatal("the change is not decided:", err)
	}
	if err := nodes[3].Close(); err != nil {
		t.Fatal(err)
	}
	more := fill(t, n, "third ", 3)
	c, err := n.Complete(ctx, entries[0].Handle())
	if err == nil {
		_, err = c.Verify(newest)
	}
	if err != nil {
		t.Error(err)
	}
	p, err := nodes[1].Prove(ctx, more[0].Leaf())
	if err == nil {
		_, err = p.Verify(newest)
	}
	if err != nil {
		t.Error(err)
	}
}
