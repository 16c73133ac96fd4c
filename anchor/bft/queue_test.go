package bft

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cometbft/cometbft/mempool"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// A caller who gives up after the entry was sent finds it on the ledger, and
// appending it again is no error.
func TestCommittedAfterGivingUp(t *testing.T) {
	n := start(t, newHome(t))
	anna := anchortest.NewRelation(chain, "anna")
	g := anna.Grant(anchor.EpochAt(time.Now()), 1)
	// The request is taken, then its caller is gone before the answer.
	ctx, cancel := context.WithCancel(t.Context())
	r := &request{[]anchor.Entry{g}, make(chan error, 1)}
	n.queue.requests <- r
	cancel()
	if err := n.Append(ctx, g); !errors.Is(err, anchor.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who left hears %v", err)
	}
	if err := n.Append(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if err := <-r.done; err != nil {
		t.Error(err)
	}
	if h, err := n.Head(t.Context()); err != nil || h.Size != 1 {
		t.Errorf("the head is %+v, %v", h, err)
	}
}

// The batch that is sent may be in the pool already, from a peer or from before.
func TestSomebodyElseSentTheSame(t *testing.T) {
	n := start(t, newHome(t))
	now := anchor.EpochAt(time.Now())
	for i := range 20 {
		r := anchortest.NewRelation(chain, names[i%len(names)]+string(rune('a'+i)))
		g := r.Grant(now, 1)
		if err := n.node.Mempool().CheckTx(tx(t, g), nil, mempool.TxInfo{}); err != nil {
			t.Fatal(err)
		}
		b := newBatch([]anchor.Entry{g}, []anchor.Leaf{g.Leaf()})
		if err := n.queue.submit(b); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := n.Has(t.Context(), g.Leaf()); err != nil || !ok {
			t.Fatalf("acknowledged and not there: %v", err)
		}
	}
}

var names = []string{"anna", "ben", "carl"}

// Two batches that contradict each other are both in the pool: one is admitted,
// whoever waits for the other hears why not, and its other entries get in.
func TestBatchRefusedByTheLedger(t *testing.T) {
	n := start(t, newHome(t))
	now := anchor.EpochAt(time.Now())
	anna, ben, carl := anchortest.NewRelation(chain, "anna"), anchortest.NewRelation(chain, "ben"), anchortest.NewRelation(chain, "carl")
	thief := anchortest.Relation{Chain: chain, Wallet: anchortest.Key("thief"), Secret: anna.Secret}
	verdicts := [2]map[anchor.Leaf]error{{}, {}}
	lists := [2][]anchor.Entry{{anna.Grant(now, 1), ben.Grant(now, 1)}, {thief.Grant(now, 7), carl.Grant(now, 1)}}
	var wg sync.WaitGroup
	for i := range lists {
		wg.Go(func() {
			if err := n.queue.commit(lists[i], verdicts[i]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first, second := verdicts[0][lists[0][0].Leaf()], verdicts[1][lists[1][0].Leaf()]
	var refusal *anchor.Refusal
	if (first == nil) == (second == nil) || !errors.As(errors.Join(first, second), &refusal) || refusal.Reason != anchor.ReasonHandleReused {
		t.Errorf("of two grants with one handle: %v and %v", first, second)
	}
	for _, e := range []anchor.Entry{lists[0][1], lists[1][1]} {
		if _, ok, err := n.Has(t.Context(), e.Leaf()); err != nil || !ok {
			t.Errorf("a bystander is not on the ledger: %v", err)
		}
	}
}

// When a batch that planning let pass is refused as a whole, its entries go alone.
func TestEachAloneAfterARefusal(t *testing.T) {
	n := start(t, newHome(t))
	now := anchor.EpochAt(time.Now())
	anna, ben := anchortest.NewRelation(chain, "anna"), anchortest.NewRelation(chain, "ben")
	bad := newBatch([]anchor.Entry{ben.Permit(now, 0), anna.Grant(now, 1)}, nil)
	bad.leaves = []anchor.Leaf{bad.entries[0].Leaf(), bad.entries[1].Leaf()}
	err := n.queue.submit(bad)
	var refusal *anchor.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != anchor.ReasonUnknownGrant {
		t.Fatalf("submitting a bad batch: %v", err)
	}
	verdicts := map[anchor.Leaf]error{}
	if err := n.queue.commit(bad.entries, verdicts); err != nil || len(verdicts) != 1 {
		t.Fatalf("%v, %v", err, verdicts)
	}
	if _, ok, err := n.Has(t.Context(), bad.leaves[1]); err != nil || !ok {
		t.Errorf("the good entry is not there: %v", err)
	}
}

// A bad signature is found before sending; what leaned on that entry is refused
// for the right reason and what did not is admitted.
func TestBadSignatureInTheMiddle(t *testing.T) {
	n := start(t, newHome(t))
	now := anchor.EpochAt(time.Now())
	anna, ben := anchortest.NewRelation(chain, "anna"), anchortest.NewRelation(chain, "ben")
	bad := anna.Grant(now, 1)
	bad.Signature[0] ^= 1
	story := []anchor.Entry{ben.Grant(now, 1), bad, anna.Permit(now, 0), ben.Permit(now, 0)}
	verdicts := map[anchor.Leaf]error{}
	if err := n.queue.commit(story, verdicts); err != nil {
		t.Fatal(err)
	}
	for i, want := range []anchor.Reason{"", anchor.ReasonSignature, anchor.ReasonUnknownGrant, ""} {
		var refusal *anchor.Refusal
		if errors.As(verdicts[story[i].Leaf()], &refusal); (refusal == nil) != (want == "") || refusal != nil && refusal.Reason != want {
			t.Errorf("entry %d: %v, want %q", i, refusal, want)
		}
		if _, ok, err := n.Has(t.Context(), story[i].Leaf()); err != nil || ok != (want == "") {
			t.Errorf("entry %d is on the ledger: %t, %v", i, ok, err)
		}
	}
}

// After a night switched off, the first entry does not wait for the heartbeat,
// nor is it judged by last night's time.
func TestFirstEntryOfTheMorning(t *testing.T) {
	home := newHome(t)
	n := start(t, home)
	anna := anchortest.NewRelation(chain, "anna")
	g := anna.Grant(anchor.EpochAt(time.Now()), 1)
	if err := n.Append(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Prove(t.Context(), g.Leaf()); err != nil { // all blocks that follow from it are made
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	morning := func() time.Time { return time.Now().Add(time.Hour) }
	opened := time.Now()
	n, err := Start(t.Context(), Options{Home: home, Chain: chain, Logger: quietLogger(t), Heartbeat: time.Hour, Clock: morning})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	before, err := n.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := n.Append(ctx, anna.Permit(anchor.EpochAt(morning()), 0)); err != nil {
		t.Fatal(err)
	}
	first, second := n.app.blocks.LoadBlockMeta(before.Height+1), n.app.blocks.LoadBlockMeta(before.Height+2)
	if first.NumTxs != 0 || second.NumTxs != 1 || !second.Header.Time.After(opened) {
		t.Errorf("blocks of %d and %d transactions, the second from %s: none was made to bring the time up to date", first.NumTxs, second.NumTxs, second.Header.Time)
	}
}

// Close lets what is under way be committed and refuses what comes after.
func TestCloseDrains(t *testing.T) {
	home := newHome(t)
	n := start(t, home)
	now := anchor.EpochAt(time.Now())
	var mu sync.Mutex
	acknowledged := map[anchor.Leaf]bool{}
	var wg sync.WaitGroup
	started := make(chan struct{}, 8)
	for i := range 8 {
		wg.Go(func() {
			for k := 0; ; k++ {
				g := anchortest.NewRelation(chain, string(rune('a'+i))+string(rune('a'+k))).Grant(now, 1)
				err := n.Append(context.Background(), g)
				if err != nil {
					if !errors.Is(err, anchor.ErrUnavailable) {
						t.Errorf("while closing: %v", err)
					}
					return
				}
				mu.Lock()
				acknowledged[g.Leaf()] = true
				mu.Unlock()
				if k == 2 {
					started <- struct{}{}
				}
			}
		})
	}
	for range 8 {
		<-started
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if err := n.Append(t.Context(), anchortest.NewRelation(chain, "late").Grant(now, 1)); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("appending after Close: %v", err)
	}
	if _, err := n.Head(t.Context()); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("reading after Close: %v", err)
	}
	n = start(t, home)
	for leaf := range acknowledged {
		if _, ok, err := n.Has(t.Context(), leaf); err != nil || !ok {
			t.Errorf("an acknowledged entry is gone: %v", err)
		}
	}
	if h, err := n.Head(t.Context()); err != nil || h.Size != uint64(len(acknowledged)) {
		t.Errorf("%d entries were acknowledged, the log has %d, %v", len(acknowledged), h.Size, err)
	}
}
