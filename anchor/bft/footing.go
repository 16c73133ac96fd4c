package bft

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtstate "github.com/cometbft/cometbft/proto/tendermint/state"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	sm "github.com/cometbft/cometbft/state"
	"github.com/cometbft/cometbft/statesync"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cometbft/cometbft/version"

	"coffer/anchor"
)

// Other is another member as its published routes tell: what a member that has nothing
// begins on.
type Other interface {
	// Foundation is the member's newest, or that of a height; ErrNotFound if it has none.
	Foundation(ctx context.Context, height int64) (anchor.Foundation, error)
	// Steps are the changes of the validators from a set on, see anchor.Membership.
	Steps(ctx context.Context, from [32]byte) ([]anchor.Step, error)
}

// patience is how long one member may take to answer.
const patience = 5 * time.Second

// footing is what a member without blocks trusts: the genesis's validators and those that
// follow from them, and of what no header fixes, what more than a third of the genesis's
// voters say alike: with fewer liars than the ledger bears, one of these is honest.
// CometBFT's own way needs its RPC, which members do not open.
type footing struct {
	chain   anchor.Chain
	genesis *cmttypes.GenesisDoc
	trusted anchor.ValidatorSet
	others  []Other
	needed  int
	logger  *slog.Logger

	mu     sync.Mutex
	agreed map[int64]ground
}

// ground is a foundation that enough members agree on, with the steps that lead to it.
type ground struct {
	on    anchor.Foundation
	steps []anchor.Step
}

var _ statesync.StateProvider = (*footing)(nil)

func newFooting(chain anchor.Chain, genesis *cmttypes.GenesisDoc, others []Other, logger *slog.Logger) *footing {
	f := &footing{chain: chain, genesis: genesis, trusted: anchor.ValidatorSet{Chain: chain}, others: others, logger: logger, agreed: map[int64]ground{}}
	var vals []*cmttypes.Validator
	for _, v := range genesis.Validators {
		vals = append(vals, cmttypes.NewValidator(v.PubKey, v.Power))
	}
	for _, v := range cmttypes.NewValidatorSet(vals).Validators {
		f.trusted.Validators = append(f.trusted.Validators, anchor.Validator{PublicKey: anchor.ValidatorKey(v.PubKey.Bytes()), Power: v.VotingPower})
	}
	f.needed = (len(vals)-1)/3 + 1
	return f
}

// ahead reports whether enough other members have something to begin from, and up to
// which height.
func (f *footing) ahead(ctx context.Context) (height int64, ok bool) {
	if f == nil {
		return 0, false
	}
	said := f.ask(ctx, 0)
	for _, g := range said {
		height = max(height, g.on.Height)
	}
	return height, len(said) >= f.needed
}

// ask asks all others, and gives what verifies.
func (f *footing) ask(ctx context.Context, height int64) []ground {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answers := make([]*ground, len(f.others))
	var wg sync.WaitGroup
	for i, other := range f.others {
		wg.Go(func() {
			g, err := f.askOne(ctx, other, height)
			switch {
			case err == nil:
				answers[i] = &g
			case !errors.Is(err, anchor.ErrNotFound) && !errors.Is(err, anchor.ErrUnavailable):
				f.logger.Error("another member's word on where the ledger stands does not hold", "member", i, "error", err)
			}
		})
	}
	wg.Wait()
	var said []ground
	for _, g := range answers {
		if g != nil {
			said = append(said, *g)
		}
	}
	return said
}

func (f *footing) askOne(ctx context.Context, other Other, height int64) (ground, error) {
	on, err := other.Foundation(ctx, height)
	if err != nil {
		return ground{}, err
	}
	if height != 0 && on.Height != height {
		return ground{}, fmt.Errorf("asked for height %d it answers with %d", height, on.Height)
	}
	steps, err := other.Steps(ctx, f.trusted.Hash())
	if err != nil {
		return ground{}, err
	}
	return ground{on, steps}, on.Verify(f.trusted, steps)
}

// ground finds what enough members say alike of a height.
func (f *footing) ground(ctx context.Context, height int64) (ground, error) {
	f.mu.Lock()
	g, ok := f.agreed[height]
	f.mu.Unlock()
	if ok {
		return g, nil
	}
	for {
		count := map[[32]byte]int{}
		for _, g := range f.ask(ctx, height) {
			d := g.on.Digest()
			if count[d]++; count[d] >= f.needed {
				f.mu.Lock()
				f.agreed[height] = g
				f.mu.Unlock()
				return g, nil
			}
		}
		if len(count) > 1 {
			f.logger.Error("other members contradict each other on where the ledger stands; compare their checkpoints: coffer ledger watch", "height", height)
		}
		select {
		case <-time.After(time.Second): // one may lag a block
		case <-ctx.Done():
			return ground{}, fmt.Errorf("only %d of the %d members that are needed say the same of height %d", len(count), f.needed, height)
		}
	}
}

// stated is the hash of the snapshot of a height, zero if there is no agreement.
func (f *footing) stated(height int64) [32]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.agreed[height].on.Snapshot
}

// succession are the changes of validators before a height.
func (f *footing) succession(height int64) (steps []anchor.Step) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.agreed[height].steps {
		if signed, err := anchor.ParseSignedHeader(s.SignedHeader); err == nil && signed.Header.Height < height {
			steps = append(steps, s)
		}
	}
	return steps
}

func (g ground) header(i int) (*cmttypes.SignedHeader, error) {
	var pb cmtproto.SignedHeader
	if err := pb.Unmarshal(g.on.Headers[i]); err != nil {
		return nil, err
	}
	return cmttypes.SignedHeaderFromProto(&pb)
}

func (g ground) validators(i int) (*cmttypes.ValidatorSet, error) {
	var vals []*cmttypes.Validator
	for _, t := range g.on.Turns[i] {
		v := cmttypes.NewValidator(ed25519.PubKey(t.PublicKey[:]), t.Power)
		v.ProposerPriority = t.Priority
		vals = append(vals, v)
	}
	return cmttypes.ValidatorSetFromExistingValidators(vals)
}

// AppHash implements statesync.StateProvider.
func (f *footing) AppHash(ctx context.Context, height uint64) ([]byte, error) {
	g, err := f.ground(ctx, int64(height))
	if err != nil {
		return nil, err
	}
	next, err := g.header(1)
	if err != nil {
		return nil, err
	}
	return next.AppHash, nil
}

// Commit implements statesync.StateProvider.
func (f *footing) Commit(ctx context.Context, height uint64) (*cmttypes.Commit, error) {
	g, err := f.ground(ctx, int64(height))
	if err != nil {
		return nil, err
	}
	last, err := g.header(0)
	if err != nil {
		return nil, err
	}
	return last.Commit, nil
}

// State implements statesync.StateProvider. The consensus parameters are the genesis's;
// the header says that they still are.
func (f *footing) State(ctx context.Context, height uint64) (sm.State, error) {
	g, err := f.ground(ctx, int64(height))
	if err != nil {
		return sm.State{}, err
	}
	var headers [2]*cmttypes.SignedHeader
	var sets [3]*cmttypes.ValidatorSet
	for i := range sets {
		if i < len(headers) {
			if headers[i], err = g.header(i); err != nil {
				return sm.State{}, err
			}
		}
		if sets[i], err = g.validators(i); err != nil {
			return sm.State{}, err
		}
	}
	last, current := headers[0], headers[1]
	params := *f.genesis.ConsensusParams
	if !bytes.Equal(params.Hash(), current.ConsensusHash) {
		return sm.State{}, errors.New("the ledger has other parameters than its genesis; run the version that its members run")
	}
	return sm.State{
		Version:       cmtstate.Version{Consensus: current.Version, Software: version.TMCoreSemVer},
		ChainID:       f.genesis.ChainID,
		InitialHeight: f.genesis.InitialHeight,

		LastBlockHeight: last.Height, LastBlockID: last.Commit.BlockID, LastBlockTime: last.Time,
		LastValidators: sets[0], Validators: sets[1], NextValidators: sets[2], LastHeightValidatorsChanged: last.Height + 2,
		ConsensusParams: params, LastHeightConsensusParamsChanged: current.Height,
		AppHash: current.AppHash, LastResultsHash: current.LastResultsHash,
	}, nil
}

// Foundation is what this member tells one that has nothing.
func (n *Node) Foundation(ctx context.Context, height int64) (anchor.Foundation, error) {
	if _, err := n.now(ctx); err != nil {
		return anchor.Foundation{}, err
	}
	heights, err := n.app.offered()
	if err != nil {
		return anchor.Foundation{}, unreadable(err)
	}
	if height == 0 && len(heights) > 0 {
		height = heights[len(heights)-1]
	}
	if len(heights) == 0 || height > heights[len(heights)-1] {
		return anchor.Foundation{}, anchor.ErrNotFound
	}
	_, b, err := n.app.store.snapshot(height)
	if errors.Is(err, anchor.ErrNotFound) {
		return anchor.Foundation{}, err
	} else if err != nil {
		return anchor.Foundation{}, unreadable(err)
	}
	f := anchor.Foundation{Height: height, Snapshot: [32]byte(hashOf(b))}
	for i := range f.Headers {
		if f.Headers[i], err = n.signedHeader(height + int64(i)); err != nil {
			return anchor.Foundation{}, unreadable(err)
		}
		set, err := n.dbs.state.LoadValidators(height + int64(i))
		if err != nil {
			return anchor.Foundation{}, unreadable(err)
		}
		for _, v := range set.Validators {
			f.Turns[i] = append(f.Turns[i], anchor.Turn{PublicKey: anchor.ValidatorKey(v.PubKey.Bytes()), Power: v.VotingPower, Priority: v.ProposerPriority})
		}
	}
	return f, nil
}
