package bft

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/p2p"

	"coffer/anchor"
)

// redial is how long a missing member is left alone, up to twice as long.
const redial = 500 * time.Millisecond

// peers are the other members' nodes; nobody else may connect. Who is a member the
// register says, on a ledger that has one.
type peers struct {
	own   p2p.ID
	known map[p2p.ID]*p2p.NetAddress // Options.Peers: where nodes are reached, whatever the register says
}

// parsePeers reads Options.Peers. The node's own address may be among them, so that all
// members can have the same list.
func parsePeers(list []string, own p2p.ID) (peers, error) {
	p := peers{own: own, known: map[p2p.ID]*p2p.NetAddress{}}
	for _, text := range list {
		a, err := p2p.NewNetAddressString(text)
		if err != nil {
			return peers{}, fmt.Errorf("reading the peer %q: %w; want id@host:port", text, err)
		}
		if a.ID != own {
			p.known[a.ID] = a
		}
	}
	return p, nil
}

// allowed reports whether a node is a member's.
func (a *application) allowed(id p2p.ID) bool {
	r := a.members()
	if r == nil { // a ledger of the first version
		return a.peers.known[id] != nil
	}
	for _, m := range r.register.Members {
		if m.Node == string(id) {
			return true
		}
	}
	return false
}

// addresses are where the other members are to be reached now. A host that does not
// resolve is tried again later.
func (a *application) addresses() (out []*p2p.NetAddress) {
	r := a.members()
	if r == nil {
		r = &ruling{}
		for _, known := range a.peers.known {
			out = append(out, known)
		}
	}
	for _, m := range r.register.Members {
		id := p2p.ID(m.Node)
		if known := a.peers.known[id]; known != nil {
			out = append(out, known)
		} else if id != a.peers.own {
			if at, err := p2p.NewNetAddressString(p2p.IDAddressString(id, m.Address)); err == nil {
				out = append(out, at)
			}
		}
	}
	return out
}

// connect dials members that are not connected, and hangs up on who is none any more,
// until ctx ends. CometBFT's own way (persistent peers) dials again at once: two members
// that do so at the same moment each drop the connection that the other one keeps, for
// ever.
func (a *application) connect(ctx context.Context, sw *p2p.Switch) {
	for {
		var wg sync.WaitGroup
		for _, at := range a.addresses() {
			if !sw.IsDialingOrExistingAddress(at) {
				wg.Go(func() { _ = sw.DialPeerWithAddress(at) }) // not there yet: the next round tries again
			}
		}
		wg.Wait()
		for _, peer := range sw.Peers().List() {
			if !a.allowed(peer.ID()) {
				sw.StopPeerGracefully(peer)
			}
		}
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
	if id, ok := strings.CutPrefix(r.Path, "/p2p/filter/id/"); ok && a.allowed(p2p.ID(id)) {
		return &abci.ResponseQuery{}, nil
	}
	return &abci.ResponseQuery{Code: codeRefused, Log: "not a member"}, nil
}

// Registers implements anchor.Membership.
func (n *Node) Registers(ctx context.Context) ([]anchor.Register, error) {
	if _, err := n.now(ctx); err != nil {
		return nil, err
	}
	r := n.app.members()
	if r == nil {
		return nil, anchor.ErrNotFound
	}
	all, err := n.app.store.registers()
	if err != nil {
		return nil, unreadable(err)
	}
	if len(all) == 0 { // before the first block
		all = []anchor.Register{r.register}
	}
	return all, nil
}

// Motions implements anchor.Membership.
func (n *Node) Motions(ctx context.Context) (map[anchor.Leaf]anchor.Motion, error) {
	if _, err := n.now(ctx); err != nil {
		return nil, err
	}
	r := n.app.members()
	if r == nil {
		return nil, anchor.ErrNotFound
	}
	out := map[anchor.Leaf]anchor.Motion{}
	for hash, m := range r.open {
		p, err := anchor.ParseProposal(m.Proposal)
		if err != nil {
			return nil, unreadable(err)
		}
		out[hash] = anchor.Motion{Proposal: p, Votes: m.Votes, Tally: r.tally(m)}
	}
	return out, nil
}

// Vote implements anchor.Membership.
func (n *Node) Vote(ctx context.Context, b anchor.Ballot) error {
	return n.explained(n.queue.vote(ctx, b.Bytes()))
}

// Succession implements anchor.Membership.
func (n *Node) Succession(ctx context.Context, from [32]byte) ([]anchor.Step, error) {
	if _, err := n.now(ctx); err != nil {
		return nil, err
	}
	changes, err := n.app.store.changes()
	if err != nil {
		return nil, unreadable(err)
	}
	if len(changes) == 0 {
		set, err := n.Validators(ctx)
		if err == nil && set.Hash() != from {
			err = anchor.ErrNotFound
		}
		return nil, err
	}
	// A set may come twice, when a member leaves and returns. Its first time counts: who
	// trusts it can then verify what was signed in between.
	signed, err := anchor.ParseSignedHeader(changes[0].SignedHeader)
	if err != nil {
		return nil, unreadable(err)
	}
	if [32]byte(signed.Header.ValidatorsHash) == from {
		return changes, nil
	}
	for i, c := range changes {
		if c.Next.Hash() == from {
			return changes[i+1:], nil
		}
	}
	return nil, anchor.ErrNotFound
}

// remember keeps the header of a height if it names other validators as the next: with
// it, who trusts the old ones learns of the new. Pruning must not take it away.
func (n *Node) remember(height int64) error {
	meta := n.app.blocks.LoadBlockMeta(height)
	if meta == nil || bytes.Equal(meta.Header.ValidatorsHash, meta.Header.NextValidatorsHash) {
		return nil
	}
	if known, err := n.app.store.db.Has(numbered(keyChange, uint64(height))); err != nil || known {
		return err
	}
	signed, err := n.signedHeader(height)
	if err != nil {
		return err
	}
	next, err := n.validatorsAt(height + 1)
	if err != nil {
		return err
	}
	b, err := stepBytes(anchor.Step{SignedHeader: signed, Next: next})
	if err != nil {
		return err
	}
	return n.app.store.db.SetSync(numbered(keyChange, uint64(height)), b)
}

func stepBytes(s anchor.Step) ([]byte, error) {
	set, err := json.Marshal(s.Next)
	b := binary.BigEndian.AppendUint32(nil, uint32(len(s.SignedHeader)))
	return append(append(b, s.SignedHeader...), set...), err
}

// changes are the steps that remember kept, oldest first.
func (s store) changes() (steps []anchor.Step, err error) {
	it, err := s.db.Iterator([]byte{keyChange}, []byte{keyChange + 1})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		b := it.Value()
		if len(b) < 4 || uint64(len(b)-4) < uint64(binary.BigEndian.Uint32(b)) {
			return nil, errors.New("a change of validators is damaged")
		}
		n := binary.BigEndian.Uint32(b)
		step := anchor.Step{SignedHeader: bytes.Clone(b[4 : 4+n])}
		if err := json.Unmarshal(b[4+n:], &step.Next); err != nil {
			return nil, fmt.Errorf("a change of validators is damaged: %w", err)
		}
		steps = append(steps, step)
	}
	return steps, it.Error()
}

// follow remembers changes of validators and tells of double votes as blocks come, until
// ctx ends.
func (n *Node) follow(ctx context.Context, from int64) {
	for height := from; ; {
		now, err := n.app.until(ctx, func(h head) bool { return h.Height > height })
		if err != nil {
			return // it is closing, or stopped and said why
		}
		for ; height < now.Height; height++ {
			if err := n.remember(height + 1); err != nil {
				n.logger.Error("keeping a change of the validators; watchers will not learn of it", "height", height+1, "error", err)
			}
			if err := n.witness(height + 1); err != nil {
				n.logger.Error("reading evidence of a double vote", "height", height+1, "error", err)
			}
		}
	}
}
