package bft

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// consortium is homes of one ledger and the addresses they listen on.
type consortium struct {
	homes, listen, peers []string
	nodes                []*Node
}

func newConsortium(t testing.TB, n int) *consortium {
	t.Helper()
	m := &consortium{nodes: make([]*Node, n)}
	dir := t.TempDir()
	for i := range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		m.homes = append(m.homes, filepath.Join(dir, fmt.Sprint("member", i)))
		m.listen = append(m.listen, l.Addr().String())
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := InitMembers(m.homes, chain); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		peer, err := Member(m.homes[i], m.listen[i])
		if err != nil {
			t.Fatal(err)
		}
		m.peers = append(m.peers, peer)
	}
	for i := range n {
		m.start(t, i)
	}
	return m
}

func (m *consortium) start(t testing.TB, i int) {
	t.Helper()
	// Peers that come and go make CometBFT log errors; they are not the test's.
	n, err := Start(context.Background(), Options{Home: m.homes[i], Chain: chain, Listen: "tcp://" + m.listen[i], Peers: m.peers, Heartbeat: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	m.nodes[i] = n
	t.Cleanup(func() { n.Close() })
}

// agreed waits until the members have a log of this size, and fails unless it is
// the same log.
func (m *consortium) agreed(t *testing.T, ctx context.Context, size uint64, which ...int) {
	t.Helper()
	var first anchor.Head
	for k, i := range which {
		if _, err := m.nodes[i].app.until(ctx, func(h head) bool { return h.Size >= size }); err != nil {
			t.Fatalf("member %d does not come to %d entries: %v", i, size, err)
		}
		got, err := m.nodes[i].Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if k == 0 {
			first = got
		}
		if got.Size != size || got.Root != first.Root {
			t.Fatalf("member %d has %d entries and root %x, want %d and %x", i, got.Size, got.Root[:4], size, first.Root[:4])
		}
	}
}

// TestFourMembers: entries come in at every member; one stops and entries go on;
// it comes back and catches up; no two members disagree.
func TestFourMembers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	m := newConsortium(t, 4)
	now := anchor.EpochAt(time.Now())
	round := func(name string, who ...int) []anchor.Entry {
		var mu sync.Mutex
		var all []anchor.Entry
		var wg sync.WaitGroup
		for _, i := range who {
			wg.Go(func() {
				r := anchortest.NewRelation(chain, fmt.Sprint(name, i))
				common := anchortest.NewRelation(chain, name) // every member sends this one
				entries := []anchor.Entry{r.Grant(now, 7), r.Permit(now, 0), common.Grant(now, 1)}
				if err := m.nodes[i].Append(ctx, entries...); err != nil {
					t.Errorf("%s: member %d: %v", name, i, err)
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, entries...)
			})
		}
		wg.Wait()
		return all
	}
	entries := round("all of us", 0, 1, 2, 3)
	m.agreed(t, ctx, 9, 0, 1, 2, 3)
	if err := m.nodes[3].Close(); err != nil {
		t.Fatal(err)
	}
	entries = append(entries, round("three of us", 0, 1, 2)...)
	m.agreed(t, ctx, 16, 0, 1, 2)
	m.start(t, 3)
	m.agreed(t, ctx, 16, 0, 1, 2, 3)
	entries = append(entries, round("together again", 0, 1, 2, 3)...)
	m.agreed(t, ctx, 25, 0, 1, 2, 3)

	set, err := m.nodes[3].Validators(ctx)
	if err != nil || len(set.Validators) != 4 {
		t.Fatalf("the validators are %+v, %v", set, err)
	}
	for i, e := range entries {
		p, err := m.nodes[i%4].Prove(ctx, e.Leaf())
		if err != nil {
			t.Fatal(err)
		}
		if !agree(t, "a proof of four members", p, set) {
			t.Error("a proof of four members is refused")
		}
	}
}

// Only members may connect; with one validator, nobody may.
func TestStrangersAreTurnedAway(t *testing.T) {
	app := newStage(t).app
	about := Alone()
	about.Name, about.Address = "a friend", "127.0.0.1:1"
	friend := member(t, about)
	const stranger = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	own := app.ruling.register.Members[0].Node
	may := func(id string) bool {
		r, err := app.Query(t.Context(), &abci.RequestQuery{Path: "/p2p/filter/id/" + id})
		if err != nil {
			t.Fatal(err)
		}
		return r.Code == 0
	}
	var err error
	if app.peers, err = parsePeers(nil, p2p.ID(own)); err != nil {
		t.Fatal(err)
	}
	if may(friend.Node) || may(stranger) || may("") || len(app.addresses()) != 0 {
		t.Error("a ledger of one lets somebody in")
	}
	if app.ruling.register, err = anchor.NewRegister(2, append(app.ruling.register.Members, friend)); err != nil {
		t.Fatal(err)
	}
	if at := app.addresses(); !may(friend.Node) || may(stranger) || len(at) != 1 || at[0].String() != friend.Node+"@127.0.0.1:1" {
		t.Errorf("not exactly the other members may connect: %v", at)
	}
	// Reached elsewhere than the register says, it is still the same member.
	if app.peers, err = parsePeers([]string{friend.Node + "@127.0.0.1:2", own + "@127.0.0.1:3", stranger + "@127.0.0.1:4"}, p2p.ID(own)); err != nil {
		t.Fatal(err)
	}
	if at := app.addresses(); !may(friend.Node) || may(stranger) || len(at) != 1 || at[0].String() != friend.Node+"@127.0.0.1:2" {
		t.Errorf("not exactly the other members may connect: %v", at)
	}
	if _, err := parsePeers([]string{"127.0.0.1:1"}, p2p.ID(own)); err == nil {
		t.Error("a peer without an id is accepted")
	}
}
