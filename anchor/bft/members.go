package bft

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"
)

// redial is how long a missing member is left alone, up to twice as long.
const redial = 500 * time.Millisecond

// members are the other nodes of the ledger; nobody else may connect.
type members struct {
	addresses []*p2p.NetAddress
	allowed   map[p2p.ID]bool
}

// parseMembers reads Options.Peers. The node's own address may be among them, so
// that all members can have the same list.
func parseMembers(peers []string, own p2p.ID) (members, error) {
	m := members{allowed: map[p2p.ID]bool{}}
	for _, p := range peers {
		a, err := p2p.NewNetAddressString(p)
		if err != nil {
			return members{}, fmt.Errorf("reading the peer %q: %w; want id@host:port", p, err)
		}
		if a.ID != own {
			m.addresses = append(m.addresses, a)
			m.allowed[a.ID] = true
		}
	}
	return m, nil
}

// connect dials members that are not connected until ctx ends. CometBFT's own
// way (persistent peers) dials again at once: two members that do so at the same
// moment each drop the connection that the other one keeps, for ever.
func (m members) connect(ctx context.Context, sw *p2p.Switch) {
	for len(m.addresses) > 0 {
		var wg sync.WaitGroup
		for _, a := range m.addresses {
			if !sw.IsDialingOrExistingAddress(a) {
				wg.Go(func() { _ = sw.DialPeerWithAddress(a) }) // not there yet: the next round tries again
			}
		}
		wg.Wait()
		select {
		case <-time.After(redial + rand.N(redial)):
		case <-ctx.Done():
			return
		}
	}
}

// Query answers the one thing that CometBFT asks: who may connect.
func (a *application) Query(_ context.Context, r *abci.RequestQuery) (*abci.ResponseQuery, error) {
	if strings.HasPrefix(r.Path, "/p2p/filter/addr/") {
		return &abci.ResponseQuery{}, nil // addresses prove nothing
	}
	if id, ok := strings.CutPrefix(r.Path, "/p2p/filter/id/"); ok && a.members.allowed[p2p.ID(id)] {
		return &abci.ResponseQuery{}, nil
	}
	return &abci.ResponseQuery{Code: codeRefused, Log: "not a member"}, nil
}
