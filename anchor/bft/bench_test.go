package bft

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// BenchmarkCommit is a shopper now and then: one permit on a ledger at rest.
func BenchmarkCommit(b *testing.B) { commits(b, start(b, newHome(b)), true) }

// BenchmarkCommitBackToBack is one caller who appends one permit right after the
// other, so that each waits for the block that proves the one before.
func BenchmarkCommitBackToBack(b *testing.B) { commits(b, start(b, newHome(b)), false) }

// BenchmarkCommitFourMembers is BenchmarkCommit at one of four members, all on this
// machine.
func BenchmarkCommitFourMembers(b *testing.B) { commits(b, newConsortium(b, 4).nodes[0], true) }

func commits(b *testing.B, n *Node, rest bool) {
	anna := anchortest.NewRelation(chain, "anna")
	now := anchor.EpochAt(time.Now())
	if err := n.Append(b.Context(), anna.Grant(now, 1)); err != nil {
		b.Fatal(err)
	}
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		p := anna.Permit(now, i)
		at := time.Now()
		if err := n.Append(b.Context(), p); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(at))
		if rest {
			b.StopTimer()
			if _, err := n.Prove(b.Context(), p.Leaf()); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	slices.Sort(took)
	ms := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1000 }
	b.ReportMetric(ms(0.5), "ms/p50")
	b.ReportMetric(ms(0.99), "ms/p99")
}

// BenchmarkAppendBatch is 16 callers who append 256 permits at a time, each
// under its own grant; signing is not counted.
func BenchmarkAppendBatch(b *testing.B) { appendBatches(b, start(b, newHome(b))) }

// BenchmarkFourMembers is the same at one of four members, all on this machine.
func BenchmarkFourMembers(b *testing.B) { appendBatches(b, newConsortium(b, 4).nodes[0]) }

func appendBatches(b *testing.B, n *Node) {
	const callers, each = 16, 256
	now := anchor.EpochAt(time.Now())
	people := make([]anchortest.Relation, callers)
	for i := range people {
		people[i] = anchortest.NewRelation(chain, fmt.Sprint("caller ", i))
		if err := n.Append(b.Context(), people[i].Grant(now, 1)); err != nil {
			b.Fatal(err)
		}
	}
	entries := 0
	for b.Loop() {
		b.StopTimer()
		work := make([][]anchor.Entry, callers)
		for i := range work {
			for k := range each {
				work[i] = append(work[i], people[i].Permit(now, entries+k))
			}
		}
		b.StartTimer()
		var wg sync.WaitGroup
		for i := range work {
			wg.Go(func() {
				if err := n.Append(b.Context(), work[i]...); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		entries += each
	}
	b.ReportMetric(float64(entries*callers)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkVerifyProof is the offline verifier, on a real header.
func BenchmarkVerifyProof(b *testing.B) {
	n := start(b, newHome(b))
	anna := anchortest.NewRelation(chain, "anna")
	g := anna.Grant(anchor.EpochAt(time.Now()), 1)
	if err := n.Append(b.Context(), g); err != nil {
		b.Fatal(err)
	}
	p, err := n.Prove(b.Context(), g.Leaf())
	if err != nil {
		b.Fatal(err)
	}
	set, err := n.Validators(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Verify(set); err != nil {
			b.Fatal(err)
		}
	}
}
