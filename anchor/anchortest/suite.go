package anchortest

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"sync"
	"testing"
	"time"

	"coffer/anchor"
)

// Harness is a fresh, empty ledger under test.
type Harness struct {
	Ledger anchor.Ledger
	Now    func() time.Time     // the ledger's clock
	Pass   func(time.Duration)  // moves the clock; nil if it is the real one
	Reopen func() anchor.Ledger // closes and opens the ledger; nil if it forgets
}

// TestLedger runs the suite that every anchor.Ledger passes. begin makes a
// fresh ledger and registers its own clean-up.
func TestLedger(t *testing.T, begin func(*testing.T) Harness) {
	for _, test := range []struct {
		name string
		run  func(*scene)
	}{
		{"an empty ledger answers", emptyAnswers},
		{"a grant, its permits and its withdrawal are kept in order", lifeOfAGrant},
		{"proofs verify, and are made again as the log grows", proofs},
		{"many are proved at once", together},
		{"all entries of a handle are shown to be all", complete},
		{"the log only grows, and proves it", growing},
		{"the log is published", published},
		{"the same entry counts once", idempotent},
		{"the rule refuses", refusals},
		{"time ends grants and ages entries", passing},
		{"a refused entry takes nobody else down", bystanders},
		{"many at once are all there", crowd},
		{"more than a batch at once", bulk},
		{"a caller who gave up may come again", givenUp},
		{"closing and opening keeps everything", reopened},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := begin(t)
			s := &scene{T: t, Harness: h, ctx: t.Context(), relations: map[string]Relation{}}
			test.run(s)
			s.invariants()
		})
	}
}

// scene is one test with its ledger and who appears in it.
type scene struct {
	*testing.T
	Harness
	ctx context.Context

	mu        sync.Mutex
	relations map[string]Relation
}

func (s *scene) epoch() anchor.Epoch { return anchor.EpochAt(s.Now()) }

func (s *scene) relation(name string) Relation {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := NewRelation(s.Ledger.Chain(), name)
	s.relations[name] = r
	return r
}

func (s *scene) append(entries ...anchor.Entry) {
	s.Helper()
	if err := s.Ledger.Append(s.ctx, entries...); err != nil {
		s.Fatalf("appending: %v", err)
	}
}

func (s *scene) refused(want anchor.Reason, e anchor.Entry) {
	s.Helper()
	before := s.head()
	err := s.Ledger.Append(s.ctx, e)
	var refusal *anchor.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != want || refusal.Entry != e.Leaf() {
		s.Fatalf("appending a %s that breaks the rule: %v, want a refusal with %s", e.Kind(), err, want)
	}
	if after := s.head(); after.Size != before.Size || after.Root != before.Root {
		s.Fatal("a refused entry changed the log")
	}
	if _, ok := s.has(e); ok {
		s.Fatal("a refused entry is on the ledger")
	}
}

func (s *scene) head() anchor.Head {
	s.Helper()
	h, err := s.Ledger.Head(s.ctx)
	if err != nil {
		s.Fatalf("reading the head: %v", err)
	}
	return h
}

func (s *scene) has(e anchor.Entry) (uint64, bool) {
	s.Helper()
	i, ok, err := s.Ledger.Has(s.ctx, e.Leaf())
	if err != nil {
		s.Fatalf("asking for an entry: %v", err)
	}
	return i, ok
}

func (s *scene) prove(e anchor.Entry) anchor.Proof {
	s.Helper()
	p, err := s.Ledger.Prove(s.ctx, e.Leaf())
	if err != nil {
		s.Fatalf("proving: %v", err)
	}
	s.verify(p)
	if got, _ := anchor.ParseEntry(p.Entry); got != e {
		s.Fatal("the proof is of another entry")
	}
	return p
}

func (s *scene) verify(p anchor.Proof) anchor.Proven {
	s.Helper()
	set, err := s.Ledger.Validators(s.ctx)
	if err != nil {
		s.Fatalf("reading the validators: %v", err)
	}
	proven, err := p.Verify(set)
	if err != nil {
		s.Fatalf("verifying: %v", err)
	}
	return proven
}

// invariants hold after every scene: the log is exactly the entries of all
// handles, its root is the head's, and no permit stands without a live grant.
func (s *scene) invariants() {
	s.Helper()
	log := map[uint64]anchor.Entry{}
	for name, r := range s.relations {
		entries, err := s.Ledger.Entries(s.ctx, r.Handle())
		if err != nil {
			s.Fatalf("reading the entries of %s: %v", name, err)
		}
		var grant *anchor.Grant
		withdrawn := false
		for i, e := range entries {
			if i > 0 && entries[i-1].Index >= e.Index {
				s.Errorf("the entries of %s are not in log order", name)
			}
			if other := log[e.Index]; other != nil {
				s.Errorf("index %d has two entries", e.Index)
			}
			log[e.Index] = e.Entry
			switch e := e.Entry.(type) {
			case anchor.Grant:
				if grant != nil {
					s.Errorf("%s has two grants", name)
				}
				grant = &e
			case anchor.Withdraw:
				if grant == nil || withdrawn {
					s.Errorf("%s withdrew what was not given", name)
				}
				withdrawn = true
			case anchor.Permit:
				if grant == nil || withdrawn || e.Epoch < grant.Start || e.Epoch >= grant.End {
					s.Errorf("a permit of %s stands without a live grant", name)
				}
			}
			if err := anchor.Verify(s.Ledger.Chain(), e.Entry, r.walletKey()); err != nil {
				s.Errorf("an entry of %s: %v", name, err)
			}
		}
	}
	head := s.head()
	if head.Size != uint64(len(log)) {
		s.Fatalf("the log has %d entries, the handles have %d", head.Size, len(log))
	}
	leaves := make([][32]byte, head.Size)
	for i := range leaves {
		if log[uint64(i)] == nil {
			s.Fatalf("index %d has no entry", i)
		}
		leaves[i] = log[uint64(i)].Leaf()
	}
	if root(leaves) != head.Root {
		s.Error("the head's root is not that of the entries")
	}
}

func (r Relation) walletKey() anchor.WalletKey {
	return r.Grant(0, 1).WalletKey
}

// root is RFC 6962's definition, word for word.
func root(leaves [][32]byte) [32]byte {
	switch len(leaves) {
	case 0:
		return anchor.EmptyRoot()
	case 1:
		return leaves[0]
	}
	k := 1 << (bits.Len(uint(len(leaves)-1)) - 1)
	return anchor.HashChildren(root(leaves[:k]), root(leaves[k:]))
}

func names(prefix string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s %d", prefix, i)
	}
	return out
}
