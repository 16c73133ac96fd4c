package anchortest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"coffer/anchor"
)

func emptyAnswers(s *scene) {
	h := s.head()
	if h.Size != 0 || h.Root != anchor.EmptyRoot() {
		s.Errorf("an empty ledger has head %+v", h)
	}
	anna := s.relation("anna")
	e := anna.Grant(s.epoch(), 1)
	if _, ok := s.has(e); ok {
		s.Error("an empty ledger has an entry")
	}
	if _, err := s.Ledger.Prove(s.ctx, e.Leaf()); !errors.Is(err, anchor.ErrNotFound) {
		s.Errorf("proving nothing: %v, want ErrNotFound", err)
	}
	if _, err := s.Ledger.Grant(s.ctx, anna.Handle()); !errors.Is(err, anchor.ErrNotFound) {
		s.Errorf("asking for no grant: %v, want ErrNotFound", err)
	}
	if entries, err := s.Ledger.Entries(s.ctx, anna.Handle()); err != nil || len(entries) != 0 {
		s.Errorf("the entries of nobody: %v, %v", entries, err)
	}
	set, err := s.Ledger.Validators(s.ctx)
	if err != nil || set.Validate() != nil || set.Chain != s.Ledger.Chain() {
		s.Errorf("the validators are %+v, %v", set, err)
	}
	if err := s.Ledger.Append(s.ctx); err != nil {
		s.Errorf("appending nothing: %v", err)
	}
}

func lifeOfAGrant(s *scene) {
	now := s.epoch()
	anna := s.relation("anna")
	story := []anchor.Entry{anna.Grant(now, 31), anna.Permit(now, 0), anna.Permit(now, 1), anna.Withdraw(now)}
	for i, e := range story {
		s.append(e)
		if index, ok := s.has(e); !ok || index != uint64(i) {
			s.Fatalf("entry %d is at %d, %t", i, index, ok)
		}
		g, err := s.Ledger.Grant(s.ctx, anna.Handle())
		want := anchor.GrantState{Start: now, End: now + 31*24, Wallet: anna.walletKey(), Withdrawn: i == 3}
		if err != nil || g != want {
			s.Fatalf("after entry %d the grant is %+v, %v, want %+v", i, g, err, want)
		}
	}
	entries, err := s.Ledger.Entries(s.ctx, anna.Handle())
	if err != nil || len(entries) != len(story) {
		s.Fatalf("%d entries, %v, want %d", len(entries), err, len(story))
	}
	for i, e := range entries {
		if e.Entry != story[i] || e.Index != uint64(i) {
			s.Errorf("entry %d is not what was appended", i)
		}
	}
}

func growing(s *scene) {
	now := s.epoch()
	anna := s.relation("anna")
	heads := []anchor.Head{s.head()}
	s.append(anna.Grant(now, 7))
	for n := range 9 {
		heads = append(heads, s.head())
		s.append(anna.Permit(now, n))
	}
	heads = append(heads, s.head())
	for i, from := range heads {
		for _, to := range heads[i:] {
			p, err := s.Ledger.Consistency(s.ctx, from.Size, to.Size)
			if err != nil {
				s.Fatalf("proving that %d grew to %d: %v", from.Size, to.Size, err)
			}
			if err := p.Verify(from.Root, to.Root); err != nil {
				s.Errorf("from %d to %d: %v", from.Size, to.Size, err)
			}
		}
	}
	size := s.head().Size
	for _, never := range [][2]uint64{{0, size + 1}, {size, size + 1}, {2, 1}} {
		if _, err := s.Ledger.Consistency(s.ctx, never[0], never[1]); !errors.Is(err, anchor.ErrNotFound) {
			s.Errorf("proving that %d grew to %d: %v, want ErrNotFound", never[0], never[1], err)
		}
	}
}

func published(s *scene) {
	now := s.epoch()
	anna := s.relation("anna")
	s.checkpoint()
	s.append(anna.Grant(now, 7))
	var last uint64
	for n := range 12 {
		s.append(anna.Permit(now, n))
		head := s.checkpoint()
		if head.Size < last {
			s.Fatalf("the checkpoint shrank from %d to %d", last, head.Size)
		}
		last = head.Size
	}
	// A proof waits for the header that covers the entry; after it, the checkpoint does.
	s.prove(anna.Permit(now, 11))
	if head := s.checkpoint(); head != s.checkpoint() || head.Size != 13 {
		s.Fatalf("the checkpoint has %d entries, want 13", head.Size)
	}
	entries, err := s.Ledger.Range(s.ctx, 0, 13)
	if err != nil {
		s.Fatalf("reading the log: %v", err)
	}
	leaves := make([][32]byte, len(entries))
	for i, e := range entries {
		leaves[i] = e.Leaf()
	}
	for level := range uint(5) {
		n := 13 >> level
		for from := range n + 1 {
			got, err := s.Ledger.Subtrees(s.ctx, level, uint64(from), n-from)
			if err != nil {
				s.Fatalf("reading %d subtrees of level %d: %v", n-from, level, err)
			}
			for i, h := range got {
				at := (from + i) << level
				if h != root(leaves[at:at+1<<level]) {
					s.Errorf("subtree %d of level %d is another", from+i, level)
				}
			}
		}
		if _, err := s.Ledger.Subtrees(s.ctx, level, 0, n+1); !errors.Is(err, anchor.ErrNotFound) {
			s.Errorf("reading %d subtrees of level %d: %v, want ErrNotFound", n+1, level, err)
		}
	}
	for _, none := range []struct {
		from uint64
		n    int
	}{{0, 14}, {13, 1}, {14, 0}, {1 << 63, 1}, {0, -1}} {
		if _, err := s.Ledger.Range(s.ctx, none.from, none.n); !errors.Is(err, anchor.ErrNotFound) {
			s.Errorf("reading %d entries from %d: %v, want ErrNotFound", none.n, none.from, err)
		}
		if _, err := s.Ledger.Subtrees(s.ctx, 64, none.from, 1); !errors.Is(err, anchor.ErrNotFound) {
			s.Errorf("reading level 64: %v, want ErrNotFound", err)
		}
	}
}

// checkpoint reads the newest one and holds it to the header that comes after.
func (s *scene) checkpoint() anchor.Head {
	s.Helper()
	signed, err := s.Ledger.Checkpoint(s.ctx)
	if err != nil {
		s.Fatalf("reading the checkpoint: %v", err)
	}
	c, err := anchor.OpenCheckpoint(signed, s.Ledger.CheckpointKey())
	if err != nil || c.Origin != s.Ledger.Chain().Origin() {
		s.Fatalf("the checkpoint is of %q, %v", c.Origin, err)
	}
	header, err := s.Ledger.SignedHeader(s.ctx)
	if err != nil {
		s.Fatalf("reading the header: %v", err)
	}
	set, err := s.Ledger.Validators(s.ctx)
	if err != nil {
		s.Fatalf("reading the validators: %v", err)
	}
	head, err := anchor.VerifyHeader(set, header)
	if err != nil || head.Size < c.Size {
		s.Fatalf("the header fixes %d entries, the checkpoint %d, %v", head.Size, c.Size, err)
	}
	grown, err := s.Ledger.Consistency(s.ctx, c.Size, head.Size)
	if err != nil {
		s.Fatalf("proving that the checkpoint grew: %v", err)
	}
	if err := grown.Verify(c.Root, head.Root); err != nil {
		s.Fatalf("the checkpoint is not what validators signed: %v", err)
	}
	return anchor.Head{Size: c.Size, Root: c.Root}
}

func proofs(s *scene) {
	now := s.epoch()
	anna, ben := s.relation("anna"), s.relation("ben")
	first := anna.Grant(now, 7)
	s.append(first)
	old := s.prove(first)
	for n := range 9 {
		s.append(anna.Permit(now, n))
	}
	s.append(ben.Grant(now, 7), ben.Permit(now, 0))
	if proven := s.verify(old); proven.Size < 1 || proven.Index != 0 || proven.Entry != anchor.Entry(first) {
		s.Errorf("the old proof says %+v", proven)
	}
	newer := s.prove(first)
	if a, b := s.verify(old), s.verify(newer); b.Height <= a.Height || b.Size <= a.Size {
		s.Error("an old entry is not proved under the newest header")
	}
	for n := range 9 {
		p := s.prove(anna.Permit(now, n))
		if p.Index != uint64(n+1) {
			s.Errorf("permit %d is proved at %d", n, p.Index)
		}
	}
	s.prove(ben.Permit(now, 0))
}

func idempotent(s *scene) {
	now := s.epoch()
	anna := s.relation("anna")
	g, p := anna.Grant(now, 1), anna.Permit(now, 0)
	s.append(g, p, g, p)
	s.append(g)
	s.append(p, anna.Permit(now, 1), p)
	if h := s.head(); h.Size != 3 {
		s.Errorf("the log has %d entries, want 3", h.Size)
	}
	s.append(anna.Withdraw(now))
	s.append(anna.Withdraw(now))
	s.append(p) // a replay of what stands changes nothing
	if h := s.head(); h.Size != 4 {
		s.Errorf("the log has %d entries, want 4", h.Size)
	}
}

func refusals(s *scene) {
	now := s.epoch()
	anna, ben, carl := s.relation("anna"), s.relation("ben"), s.relation("carl")
	elsewhere := NewRelation("another-chain", "dora")
	s.relation("dora")

	s.refused(anchor.ReasonUnknownGrant, anna.Permit(now, 0))
	s.refused(anchor.ReasonUnknownGrant, anna.Withdraw(now))
	for _, days := range []int{0, 2, 30, 366} {
		s.refused(anchor.ReasonDuration, anna.Grant(now, days))
	}
	backwards := anna.Grant(now, 1)
	backwards.Start, backwards.End = now, now-1
	s.refused(anchor.ReasonDuration, backwards.Sign(anna.Chain, anna.Wallet))
	s.refused(anchor.ReasonEpoch, anna.Grant(now-2, 1))
	s.refused(anchor.ReasonEpoch, anna.Grant(now+2, 1))
	s.refused(anchor.ReasonSignature, elsewhere.Grant(now, 1))
	unsigned := anna.Grant(now, 1)
	unsigned.Commitment[0] ^= 1
	s.refused(anchor.ReasonSignature, unsigned)

	s.append(anna.Grant(now, 31), ben.Grant(now+1, 1))
	s.refused(anchor.ReasonHandleReused, anna.Grant(now, 7))
	taken := carl.Grant(now, 31)
	taken.HandleKey = anna.Handle()
	s.refused(anchor.ReasonHandleReused, taken.Sign(carl.Chain, carl.Wallet))

	s.refused(anchor.ReasonEpoch, anna.Permit(now-2, 0))
	s.refused(anchor.ReasonEpoch, anna.Permit(now+2, 0))
	s.refused(anchor.ReasonNotStarted, anna.Permit(now-1, 0))
	s.refused(anchor.ReasonNotStarted, ben.Permit(now, 0))
	s.append(ben.Permit(now+1, 0))
	forged := carl.Permit(now, 0) // somebody else's key under anna's grant
	forged.HandleKey = anna.Handle()
	s.refused(anchor.ReasonSignature, forged)
	stolen := Relation{anna.Chain, anna.Secret, anna.Secret}.Withdraw(now) // the business withdraws
	s.refused(anchor.ReasonSignature, stolen)
	s.refused(anchor.ReasonEpoch, anna.Withdraw(now+2))
	s.refused(anchor.ReasonNotStarted, anna.Withdraw(now-1))

	s.append(anna.Withdraw(now))
	s.refused(anchor.ReasonWithdrawn, anna.Permit(now, 7))
	s.refused(anchor.ReasonWithdrawn, anna.Withdraw(now+1))
	s.refused(anchor.ReasonHandleReused, anna.Grant(now, 90))
}

func passing(s *scene) {
	if s.Pass == nil {
		return // on a real clock; the ledger's own tests give it block times
	}
	start := s.epoch()
	anna, ben := s.relation("anna"), s.relation("ben")
	ahead := ben.Withdraw(start)
	s.append(anna.Grant(start, 1), ben.Grant(start, 1))
	s.Pass(22 * time.Hour)
	s.refused(anchor.ReasonEpoch, anna.Permit(start, 0))
	s.append(anna.Permit(start+22, 0))
	s.append(anna.Permit(start+23, 0))
	s.refused(anchor.ReasonEpoch, anna.Permit(start+24, 0))
	s.Pass(time.Hour)
	s.refused(anchor.ReasonEnded, anna.Permit(start+24, 0))
	s.append(anna.Permit(start+23, 1))
	s.Pass(time.Hour)
	s.refused(anchor.ReasonEnded, anna.Permit(start+23, 2)) // the hour was good, the moment is late
	s.append(ahead)                                         // signed at the start, used at the end
	s.append(anna.Permit(start+23, 1))
}

func bystanders(s *scene) {
	now := s.epoch()
	var wg sync.WaitGroup
	for i, name := range names("shopper", 40) {
		r := s.relation(name)
		wg.Go(func() {
			if i%4 == 0 { // a permit without a grant
				var refusal *anchor.Refusal
				if err := s.Ledger.Append(s.ctx, r.Permit(now, 0)); !errors.As(err, &refusal) || refusal.Reason != anchor.ReasonUnknownGrant {
					s.Errorf("%s: %v, want a refusal", name, err)
				}
				return
			}
			if err := s.Ledger.Append(s.ctx, r.Grant(now, 1), r.Permit(now, 0)); err != nil {
				s.Errorf("%s: %v", name, err)
			}
		})
	}
	wg.Wait()
	if h := s.head(); h.Size != 60 {
		s.Errorf("the log has %d entries, want 60", h.Size)
	}
}

func crowd(s *scene) {
	now := s.epoch()
	var wg sync.WaitGroup
	for _, name := range names("shopper", 16) {
		r := s.relation(name)
		for range 2 { // two devices send the same
			wg.Go(func() {
				if err := s.Ledger.Append(s.ctx, r.Grant(now, 90)); err != nil {
					s.Errorf("%s: %v", name, err)
				}
				for n := range 8 {
					e := r.Permit(now, n)
					if err := s.Ledger.Append(s.ctx, e); err != nil {
						s.Errorf("%s: %v", name, err)
						continue
					}
					if _, ok := s.has(e); !ok {
						s.Errorf("%s: an acknowledged entry is not there", name)
					}
				}
			})
		}
	}
	wg.Wait()
	if h := s.head(); h.Size != 16*9 {
		s.Errorf("the log has %d entries, want %d", h.Size, 16*9)
	}
}

func bulk(s *scene) {
	now := s.epoch()
	anna := s.relation("anna")
	entries := []anchor.Entry{anna.Grant(now, 1)}
	for n := range anchor.MaxBatch + 10 {
		entries = append(entries, anna.Permit(now, n))
	}
	entries = append(entries, anna.Withdraw(now))
	s.append(entries...)
	for i, e := range entries {
		if index, ok := s.has(e); !ok || index != uint64(i) {
			s.Fatalf("entry %d is at %d, %t", i, index, ok)
		}
	}
}

func givenUp(s *scene) {
	now := s.epoch()
	anna := s.relation("anna")
	gone, cancel := context.WithCancel(s.ctx)
	cancel()
	if err := s.Ledger.Append(gone, anna.Grant(now, 1)); !errors.Is(err, anchor.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		s.Errorf("appending for nobody: %v, want ErrUnavailable and Canceled", err)
	}
	s.append(anna.Grant(now, 1))
	if h := s.head(); h.Size != 1 {
		s.Errorf("the log has %d entries, want 1", h.Size)
	}
}

func reopened(s *scene) {
	if s.Reopen == nil {
		return // it is meant to forget
	}
	now := s.epoch()
	anna := s.relation("anna")
	entries := []anchor.Entry{anna.Grant(now, 1)}
	s.append(entries...)
	proof := s.prove(entries[0])
	for n := range 2 {
		before := s.head()
		s.Ledger = s.Reopen()
		if after := s.head(); after.Size != before.Size || after.Root != before.Root {
			s.Fatalf("the log had %d entries and has %d", before.Size, after.Size)
		}
		s.verify(proof)
		for i, e := range entries {
			if index, ok := s.has(e); !ok || index != uint64(i) {
				s.Fatalf("entry %d is at %d, %t", i, index, ok)
			}
			s.prove(e)
		}
		if g, err := s.Ledger.Grant(s.ctx, anna.Handle()); err != nil || g.Start != now {
			s.Fatalf("the grant is %+v, %v", g, err)
		}
		more := anna.Permit(now, n)
		s.append(entries[len(entries)-1], more)
		entries = append(entries, more)
	}
	s.append(anna.Withdraw(now))
}

func together(s *scene) {
	var all []anchor.Entry
	for i := range 11 {
		all = append(all, s.relation("one of many "+strconv.Itoa(i)).Grant(s.epoch(), 7))
	}
	s.append(all...)
	set, err := s.Ledger.Validators(s.ctx)
	if err != nil {
		s.Fatal(err)
	}
	for _, some := range [][]int{{0}, {10}, {3, 0, 3, 10}, {5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}} {
		var leaves []anchor.Leaf
		want := map[anchor.Leaf]bool{}
		for _, i := range some {
			leaves = append(leaves, all[i].Leaf())
			want[all[i].Leaf()] = true
		}
		p, err := s.Ledger.ProveAll(s.ctx, leaves)
		if err != nil {
			s.Fatal(err)
		}
		head, err := p.Verify(set)
		if err != nil || head.Size < uint64(len(all)) || len(p.Entries) != len(want) {
			s.Fatalf("%v: %v, size %d, %d entries", some, err, head.Size, len(p.Entries))
		}
		for _, e := range p.Entries {
			if !want[e.Entry.Leaf()] {
				s.Errorf("%v: it proves another entry", some)
			}
		}
		p.Entries[0].Index++
		if _, err := p.Verify(set); err == nil {
			s.Errorf("%v: a proof of another place is accepted", some)
		}
	}
	if _, err := s.Ledger.ProveAll(s.ctx, []anchor.Leaf{all[0].Leaf(), {1}}); !errors.Is(err, anchor.ErrNotFound) {
		s.Errorf("a proof of what is not there: %v", err)
	}
}

func complete(s *scene) {
	anna, berta := s.relation("anna"), s.relation("berta")
	s.append(anna.Grant(s.epoch(), 31), berta.Grant(s.epoch(), 7))
	show := func(h anchor.Handle, want int) anchor.Completeness {
		s.Helper()
		set, err := s.Ledger.Validators(s.ctx)
		if err != nil {
			s.Fatal(err)
		}
		c, err := s.Ledger.Complete(s.ctx, h)
		if err != nil {
			s.Fatal(err)
		}
		got, err := c.Verify(set)
		if err != nil || len(got.Entries) != want {
			s.Fatalf("%v; %d entries, want %d of %d", err, len(got.Entries), want, got.Head.Size)
		}
		for i := range c.Entries { // one left out
			less := c
			less.Entries = slices.Delete(slices.Clone(c.Entries), i, i+1)
			if _, err := less.Verify(set); err == nil {
				s.Errorf("without entry %d it is still complete", i)
			}
		}
		return c
	}
	show(anna.Handle(), 1)
	show(s.relation("nobody").Handle(), 0)
	for i := range 5 {
		s.append(anna.Permit(s.epoch(), i))
		show(anna.Handle(), i+2)
	}
	s.append(anna.Withdraw(s.epoch()))
	c := show(anna.Handle(), 7)
	show(berta.Handle(), 1)
	// Another's entries under anna's name show nothing.
	c.Handle = berta.Handle()
	if set, err := s.Ledger.Validators(s.ctx); err != nil {
		s.Error(err)
	} else if _, err := c.Verify(set); err == nil {
		s.Error("one handle's entries pass as another's")
	}
}
