package anchor_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// ledger is a State that commits what a view applied.
type ledger struct {
	grants map[anchor.Handle]anchor.GrantState
	leaves map[anchor.Leaf]bool
}

func (l *ledger) Has(leaf anchor.Leaf) (bool, error) { return l.leaves[leaf], nil }

func (l *ledger) Grant(h anchor.Handle) (anchor.GrantState, bool, error) {
	g, ok := l.grants[h]
	return g, ok, nil
}

// commit keeps what a view applied of the entries.
func (l *ledger) commit(v *anchor.View, entries []anchor.Entry) {
	for h, g := range v.Grants() {
		l.grants[h] = g
	}
	for _, e := range entries {
		l.leaves[e.Leaf()] = true
	}
}

// person is the model of one grant: what a careful clerk would write down.
type person struct {
	anchortest.Relation
	given, withdrawn bool
	start, end       anchor.Epoch
	sent             map[anchor.Leaf]bool
}

// allowed is the rule once more, by question instead of by order of refusal.
func (p *person) allowed(now anchor.Epoch, e anchor.Entry, signedBy string) bool {
	if p.sent[e.Leaf()] {
		return false
	}
	distance := func(a anchor.Epoch) int { return int(a) - int(now) }
	switch e := e.(type) {
	case anchor.Grant:
		days := map[anchor.Epoch]bool{24: true, 168: true, 744: true, 2160: true, 8760: true}
		return !p.given && days[e.End-e.Start] && distance(e.Start) >= -1 && distance(e.Start) <= 1 && signedBy == "wallet"
	case anchor.Withdraw:
		return p.given && !p.withdrawn && e.Epoch >= p.start && distance(e.Epoch) <= 1 && signedBy == "wallet"
	case anchor.Permit:
		return p.given && !p.withdrawn && e.Epoch >= p.start && e.Epoch < p.end && now < p.end &&
			distance(e.Epoch) >= -1 && distance(e.Epoch) <= 1 && signedBy == "handle"
	}
	return false
}

func (p *person) note(e anchor.Entry) {
	p.sent[e.Leaf()] = true
	switch e := e.(type) {
	case anchor.Grant:
		p.given, p.start, p.end = true, e.Start, e.End
	case anchor.Withdraw:
		p.withdrawn = true
	}
}

// draw makes any entry about the person, honest or not, and says who signed it.
func (p *person) draw(t *rapid.T, now anchor.Epoch) (anchor.Entry, string) {
	signer, key := "wallet", p.Wallet
	kind := rapid.SampledFrom([]string{"grant", "grant", "permit", "permit", "permit", "withdraw"}).Draw(t, "kind")
	if kind == "permit" {
		signer, key = "handle", p.Secret
	}
	if rapid.IntRange(0, 9).Draw(t, "thief") == 9 {
		signer, key = "thief", anchortest.Key("thief")
	}
	epoch := now + anchor.Epoch(rapid.SampledFrom([]int{2, 2, 2, 2, 1, 3, 0, 4}).Draw(t, "epoch")) - 2
	switch kind {
	case "grant":
		days := rapid.SampledFrom([]int{1, 1, 1, 1, 7, 2}).Draw(t, "days")
		g := p.Grant(epoch, days)
		if signer == "thief" {
			owner := g.WalletKey
			g = g.Sign(p.Chain, key)
			g.WalletKey = owner
		}
		return g, signer
	case "permit":
		permit := p.Permit(epoch, rapid.IntRange(0, 3).Draw(t, "n")).Sign(p.Chain, key)
		permit.HandleKey = p.Handle()
		return permit, signer
	}
	return anchor.Withdraw{Epoch: epoch, HandleKey: p.Handle()}.Sign(p.Chain, key), signer
}

// clone is for a batch that may be refused.
func (p *person) clone() *person {
	c := *p
	c.sent = maps.Clone(p.sent)
	return &c
}

// TestRule runs random histories of blocks. The rule and the model must agree on
// every batch; a refused one leaves no trace, within the block and after it; and
// at no time does a permit stand without a live grant.
func TestRule(t *testing.T) {
	const chain anchor.Chain = "rule"
	admitted, permits := 0, 0
	history := func(t *rapid.T) {
		l := &ledger{map[anchor.Handle]anchor.GrantState{}, map[anchor.Leaf]bool{}}
		people := make([]*person, 2)
		for i := range people {
			people[i] = &person{Relation: anchortest.NewRelation(chain, fmt.Sprint("person ", i)), sent: map[anchor.Leaf]bool{}}
		}
		now := anchor.Epoch(1000)
		for range rapid.IntRange(5, 20).Draw(t, "blocks") {
			now += anchor.Epoch(rapid.SampledFrom([]int{0, 0, 0, 1, 11, 22}).Draw(t, "hours"))
			block := anchor.NewView(chain, l, anchor.CheckEach)
			var kept []anchor.Entry
			for range rapid.IntRange(1, 3).Draw(t, "batches") {
				copies := make([]*person, len(people))
				for i, p := range people {
					copies[i] = p.clone()
				}
				all, batch := true, []anchor.Entry(nil)
				for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "entries") {
					p := copies[rapid.IntRange(0, len(copies)-1).Draw(t, "who")]
					e, signer := p.draw(t, now)
					all = all && p.allowed(now, e, signer)
					p.note(e)
					batch = append(batch, e)
				}
				err := block.Apply(now, batch, nil)
				var refusal *anchor.Refusal
				if err != nil && !errors.As(err, &refusal) {
					t.Fatalf("an error that is no refusal: %v", err)
				}
				if (err == nil) != all {
					t.Fatalf("at epoch %d the rule says %v, the model %t", now, err, all)
				}
				if !all {
					continue
				}
				people, kept = copies, append(kept, batch...)
				for _, e := range batch {
					admitted++
					if e.Kind() == anchor.KindPermit {
						permits++
					}
				}
			}
			l.commit(block, kept)
			sent := 0
			for i, p := range people {
				g, given := l.grants[p.Handle()]
				if given != p.given || g.Withdrawn != p.withdrawn || g.Start != p.start || g.End != p.end {
					t.Fatalf("person %d: the ledger has %+v, the model %+v", i, g, p)
				}
				sent += len(p.sent)
			}
			if len(l.leaves) != sent {
				t.Fatalf("the ledger has %d leaves, the model %d", len(l.leaves), sent)
			}
		}
	}
	// A test that only ever sees refusals shows nothing, and the few histories of -short
	// may hold little else.
	for range 20 {
		if rapid.Check(t, history); permits >= 50 && admitted >= permits+50 {
			return
		}
	}
	t.Errorf("only %d entries were admitted, %d of them permits", admitted, permits)
}

// brokenState fails every question.
type brokenState struct{}

func (brokenState) Has(anchor.Leaf) (bool, error) { return false, errors.ErrUnsupported }
func (brokenState) Grant(anchor.Handle) (anchor.GrantState, bool, error) {
	return anchor.GrantState{}, false, errors.ErrUnsupported
}

// A database that fails must not look like an entry that breaks the rule.
func TestRuleTellsFailureFromRefusal(t *testing.T) {
	v := anchor.NewView("rule", brokenState{}, anchor.CheckEach)
	err := v.Apply(1, []anchor.Entry{anchortest.NewRelation("rule", "anna").Grant(1, 1)}, nil)
	var refusal *anchor.Refusal
	if errors.As(err, &refusal) || !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v, want the state's error", err)
	}
}
