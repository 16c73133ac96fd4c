package anchor_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// The order of a batch must depend on what is in it alone: not on who came first.
func TestMixForgetsTheOrder(t *testing.T) {
	var entries []anchor.Entry
	for _, name := range []string{"ann", "bob", "cem", "dee", "eva"} {
		r := anchortest.NewRelation("mix", name)
		entries = append(entries, r.Grant(1000, 7), r.Permit(1000, 0), r.Withdraw(1001))
	}
	mixed := anchor.Mix(entries)
	place := func(in []anchor.Entry, e anchor.Entry) int {
		return slices.IndexFunc(in, func(x anchor.Entry) bool { return x.Leaf() == e.Leaf() })
	}
	for i := 0; i < len(entries); i += 3 {
		g, p, w := place(mixed, entries[i]), place(mixed, entries[i+1]), place(mixed, entries[i+2])
		if g < 0 || p < g || w < p {
			t.Fatalf("a grant is at %d, its permit at %d, its withdrawal at %d", g, p, w)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		// Callers come in any order; what one handle did keeps its own.
		order := random.Perm(5)
		var other []anchor.Entry
		for step := range 3 {
			for _, who := range order {
				other = append(other, entries[3*who+step])
			}
		}
		again := anchor.Mix(other)
		for i := range mixed {
			if mixed[i].Leaf() != again[i].Leaf() {
				t.Fatalf("place %d depends on who came first", i)
			}
		}
	}
	if len(anchor.Mix(nil)) != 0 {
		t.Fatal("nothing became something")
	}
}
