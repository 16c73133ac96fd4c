package bft

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// person is a member with the key that signs its votes.
type person struct {
	anchor.Member
	dir string
}

func newPerson(t testing.TB, name string) person {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	about := Alone()
	about.Name, about.Address = name, l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p := person{dir: filepath.Join(t.TempDir(), name)}
	if p.Member, err = MakeMember(p.dir, chain, about); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p person) ballot(t testing.TB, on anchor.Proposal, yes bool) anchor.Ballot {
	t.Helper()
	key, err := MemberSecret(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	return anchor.SignBallot(chain, key, on, yes)
}

func registerOf(t testing.TB, people ...person) anchor.Register {
	t.Helper()
	var members []anchor.Member
	for _, p := range people {
		members = append(members, p.Member)
	}
	r, err := anchor.NewRegister(1, members)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBallots(t *testing.T) {
	var four []person
	for i := range 4 {
		four = append(four, newPerson(t, fmt.Sprint("member ", i)))
	}
	five, watcher := newPerson(t, "five"), newPerson(t, "watcher")
	watcher.Observer = true
	four[3].Role = "regulator"
	begin := func() *ruling {
		return newRuling(registerOf(t, append(four, watcher)...))
	}
	admit := func(r *ruling) anchor.Proposal {
		return anchor.Proposal{Kind: anchor.Admit, Register: r.register.Hash(), Member: five.Member}
	}

	r := begin()
	p := admit(r)
	for i, want := range []bool{false, false, true} {
		if err := r.take(chain, four[i].ballot(t, p, true)); err != nil || r.passed != want {
			t.Fatalf("vote %d: %v, passed %v", i, err, r.passed)
		}
	}
	if r.register.Number != 2 || len(r.register.Members) != 6 || len(r.open) != 0 || len(r.gone) != 1 {
		t.Errorf("admitted: number %d, %d members, %d open", r.register.Number, len(r.register.Members), len(r.open))
	}
	if ups := r.updates(begin().register); len(ups) != 1 || ups[0].Power != power {
		t.Errorf("the new member's validator: %+v", ups)
	}
	// The last vote names a register that is no more.
	if err := r.take(chain, four[3].ballot(t, p, true)); err == nil {
		t.Error("a vote on what is decided counts")
	}

	r = begin()
	p = admit(r)
	for i, yes := range []bool{true, false, false} {
		if err := r.take(chain, four[i].ballot(t, p, yes)); err != nil {
			t.Fatal(err)
		}
	}
	if r.passed || len(r.open) != 0 || len(r.gone) != 1 {
		t.Error("more than a third against do not close a proposal")
	}

	r = begin()
	p = admit(r)
	if err := r.take(chain, four[0].ballot(t, p, true)); err != nil {
		t.Fatal(err)
	}
	if err := r.take(chain, four[1].ballot(t, p, true)); err != nil {
		t.Fatal(err)
	}
	if err := r.take(chain, four[1].ballot(t, p, false)); err != nil { // changes its mind
		t.Fatal(err)
	}
	if got := r.tally(r.open[p.Hash()]); got != (anchor.Tally{For: 1, Against: 1, Voters: 4}) {
		t.Errorf("tally %+v", got)
	}
	other := p
	other.Register = anchor.Leaf{1}
	unknown := p
	unknown.Kind = "dissolve"
	stolen := four[2].ballot(t, p, true)
	stolen.For = false
	twice := p
	twice.Member.Validator = four[0].Validator
	for name, c := range map[string]struct {
		ballot anchor.Ballot
		says   string
	}{
		"a stranger":            {five.ballot(t, p, true), "no member"},
		"an observer":           {watcher.ballot(t, p, true), "observer"},
		"the same again":        {four[0].ballot(t, p, true), "said so already"},
		"another register":      {four[2].ballot(t, other, true), "another register"},
		"an unknown kind":       {four[2].ballot(t, unknown, true), "newer"},
		"a changed ballot":      {stolen, "not signed"},
		"against nothing":       {four[2].ballot(t, anchor.Proposal{Kind: anchor.Remove, Register: p.Register, Replaces: four[0].Key, Member: four[0].Member}, false), "nobody proposed"},
		"a key of another":      {four[2].ballot(t, twice, true), "same key"},
		"removing nobody":       {four[2].ballot(t, anchor.Proposal{Kind: anchor.Remove, Register: p.Register, Replaces: five.Key, Member: five.Member}, true), "no member has"},
		"of another chain":      {anchor.SignBallot("elsewhere", must(t)(MemberSecret(four[2].dir)), p, true), "not signed"},
		"who is there already":  {four[2].ballot(t, anchor.Proposal{Kind: anchor.Admit, Register: p.Register, Member: four[0].Member}, true), "same key"},
		"with a secret replace": {four[2].ballot(t, anchor.Proposal{Kind: anchor.Admit, Register: p.Register, Replaces: four[0].Key, Member: five.Member}, true), "replaces nobody"},
	} {
		err := r.take(chain, c.ballot)
		if ballot := (ballotError{}); !errors.As(err, &ballot) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

func must(t *testing.T) func(key []byte, err error) []byte {
	return func(key []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
}

// TestMembersVote: four members admit a fifth, which catches up and signs; they rotate
// its validator key, make it an observer, and remove it, after which it is hung up on.
// Who trusts the first four validators follows to the last.
func TestMembersVote(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	var four []person
	for i := range 4 {
		four = append(four, newPerson(t, fmt.Sprint("member ", i)))
	}
	genesis, err := Genesis(chain, registerOf(t, four...).Members, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	run := func(p person) *Node {
		t.Helper()
		if err := Join(p.dir, genesis); err != nil {
			t.Fatal(err)
		}
		n, err := Start(ctx, Options{Home: p.dir, Chain: chain, Listen: "tcp://" + p.Address, Heartbeat: time.Second, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		return n
	}
	var nodes []*Node
	for _, p := range four {
		nodes = append(nodes, run(p))
	}
	first, err := nodes[0].Validators(ctx)
	if err != nil || len(first.Validators) != 4 {
		t.Fatal(err, first)
	}
	epoch := anchor.EpochAt(time.Now())
	anna := anchortest.NewRelation(chain, "anna")
	if err := nodes[0].Append(ctx, anna.Grant(epoch, 7)); err != nil {
		t.Fatal(err)
	}
	registerNow := func() anchor.Register {
		t.Helper()
		all, err := nodes[0].Registers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return all[len(all)-1]
	}
	decide := func(p anchor.Proposal, voters ...int) {
		t.Helper()
		p.Register = registerNow().Hash()
		number := registerNow().Number
		for _, i := range voters {
			if err := nodes[i].Vote(ctx, four[i].ballot(t, p, true)); err != nil {
				t.Fatalf("member %d votes: %v", i, err)
			}
		}
		for i, n := range nodes[:4] { // every member has it
			if _, err := n.app.until(ctx, func(h head) bool { return h.Register == number+1 }); err != nil {
				t.Fatalf("member %d has not the new register: %v", i, err)
			}
		}
	}
	validators := func(want int) anchor.ValidatorSet {
		t.Helper()
		for {
			set, err := nodes[0].Validators(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if len(set.Validators) == want {
				return set
			}
			if _, err := nodes[0].app.until(ctx, func(h head) bool { return true }); err != nil || ctx.Err() != nil {
				t.Fatalf("%d validators sign, want %d", len(set.Validators), want)
			}
			time.Sleep(10 * time.Millisecond) // the next block makes it so
		}
	}
	five := newPerson(t, "five")
	decide(anchor.Proposal{Kind: anchor.Admit, Member: five.Member}, 0, 1, 2)
	fifth := run(five)
	if _, err := fifth.app.until(ctx, func(h head) bool { return h.Size == 1 }); err != nil {
		t.Fatal("the fifth member does not catch up:", err)
	}
	set := validators(5)
	if err := fifth.Append(ctx, anna.Permit(epoch, 1)); err != nil {
		t.Fatal(err)
	}
	p, err := fifth.Prove(ctx, anna.Permit(epoch, 1).Leaf())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(set); err != nil {
		t.Error("a proof of five:", err)
	}

	observer := five.Member
	observer.Observer = true
	decide(anchor.Proposal{Kind: anchor.Change, Replaces: five.Key, Member: observer}, 0, 1, 2, 3) // more than two thirds of five
	validators(4)
	if err := nodes[1].Append(ctx, anna.Permit(epoch, 2)); err != nil {
		t.Fatal(err)
	}
	if _, err := fifth.app.until(ctx, func(h head) bool { return h.Size == 3 }); err != nil {
		t.Fatal("an observer does not see everything:", err)
	}
	decide(anchor.Proposal{Kind: anchor.Remove, Replaces: five.Key, Member: observer}, 0, 1, 3)
	for fifth.node.Switch().Peers().Size() > 0 {
		if ctx.Err() != nil {
			t.Fatal("who was removed is still connected")
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := nodes[2].Append(ctx, anna.Permit(epoch, 3)); err != nil {
		t.Fatal(err)
	}
	if now, _ := fifth.now(ctx); now.Size != 3 {
		t.Error("who was removed still hears of entries")
	}
	steps, err := nodes[3].Succession(ctx, first.Hash())
	if err != nil {
		t.Fatal(err)
	}
	newest, err := first.Succeed(steps)
	if err != nil || newest.Hash() != validators(4).Hash() {
		t.Errorf("the succession of %d steps: %v", len(steps), err)
	}
	if mid, err := nodes[3].Succession(ctx, set.Hash()); err != nil || len(mid) != 1 {
		t.Errorf("from five validators: %d steps, %v", len(mid), err)
	}
	if _, err := nodes[3].Succession(ctx, [32]byte{1}); !errors.Is(err, anchor.ErrNotFound) {
		t.Errorf("from a set that never was: %v", err)
	}
	all, err := nodes[2].Registers(ctx)
	if err != nil || len(all) != 4 || all[3].Number != 4 {
		t.Fatalf("registers: %d, %v", len(all), err)
	}
	// Who kept only the hash of a set finds the set in the registers.
	for i, want := range []anchor.ValidatorSet{first, set, first, first} {
		if all[i].Validators(chain).Hash() != want.Hash() {
			t.Errorf("register %d names other validators than there were", i+1)
		}
	}
	// A proof from before and one from after hold for who trusts the first set and follows.
	v := anchor.NewVerifier(first)
	if _, err := v.Verify(p); err == nil {
		t.Error("a proof of five holds under four")
	}
	if err := v.Follow(steps...); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(p); err != nil {
		t.Error("a proof of five, followed from four:", err)
	}
}
