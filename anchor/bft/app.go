package bft

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	cmtstore "github.com/cometbft/cometbft/store"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/transparency-dev/merkle/compact"

	"coffer/anchor"
)

// appVersion is in every header; it changes when the rule or the log does.
const appVersion = 2

// versionWithState is the first that keeps members and the map of handles in its state.
const versionWithState = 2

// codeRefused is the code of a transaction that is not admitted.
const codeRefused = 1

// tick is a transaction that is never admitted. While it waits in the pool a
// block is made, and the next block has the present time: see stale.
const tick = "coffer-tick"

// application is what CometBFT runs: it holds blocks to the rule and keeps the
// log. Consensus calls come one at a time, and so do those of the pool; the
// methods of the Ledger run beside both.
type application struct {
	abci.BaseApplication
	chain   anchor.Chain
	version uint64 // of the ledger: the genesis says it
	clock   func() time.Time
	store   store
	batches *batches
	blocks  *cmtstore.BlockStore // set before the node starts
	peers   peers                // set before the node starts
	logger  *slog.Logger

	snapshotEvery int64
	chunkLevel    uint8
	footing       *footing // of a member that has nothing; set before the node starts
	retention     retention

	restoring *restoring // between OfferSnapshot and the last chunk

	pending *block // between FinalizeBlock and Commit; consensus only
	results map[cmttypes.TxKey]error
	top     *topNodes

	mu        sync.RWMutex
	head      head
	log       *compact.Range
	ruling    *ruling                             // nil on a ledger of the first version
	over      map[anchor.Place]*anchor.HandleNode // what the newest block wrote over, of the map of handles
	was       [32]byte                            // hash of the register before the newest block
	committed time.Time                           // when Commit last ran, on our clock
	changed   chan struct{}
	waiting   map[cmttypes.TxKey][]chan error // the same may be waited for twice
	broken    error                           // set once, when the database failed or the node stopped
}

func newApplication(db dbm.DB, chain anchor.Chain, version uint64, clock func() time.Time, logger *slog.Logger) (*application, error) {
	if version < 1 || version > appVersion {
		return nil, fmt.Errorf("its ledger has the version %d, this program knows %d; run the version that its members run", version, appVersion)
	}
	a := &application{
		chain: chain, version: version, clock: clock, top: &topNodes{nodes: map[anchor.Place]anchor.HandleNode{}}, store: store{db}, batches: newBatches(), logger: logger, snapshotEvery: snapshotEvery, chunkLevel: chunkLevel,
		changed: make(chan struct{}), waiting: map[cmttypes.TxKey][]chan error{},
	}
	var err error
	if a.head, err = a.store.readHead(); err != nil {
		return nil, err
	}
	if a.head.V != 0 && a.head.Chain != chain {
		return nil, fmt.Errorf("its data is of the ledger %q, not of %q; restore the whole home from one backup", a.head.Chain, chain)
	}
	if a.log, err = treeFactory.NewRange(0, a.head.Size, a.head.Frontier); err != nil {
		return nil, errors.New("its head is damaged; restore the whole home from a backup")
	}
	if a.withState() && a.head.V != 0 {
		if a.ruling, err = a.store.readRuling(a.head.Register); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *application) withState() bool { return a.version >= versionWithState }

// Info tells CometBFT up to where the application has come.
func (a *application) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	hash, err := a.appHash()
	if err != nil {
		return nil, err
	}
	a.mu.RLock()
	height := a.head.Height
	a.mu.RUnlock()
	r := &abci.ResponseInfo{Data: "coffer", Version: "1", AppVersion: a.version, LastBlockHeight: height}
	if height > 0 {
		r.LastBlockAppHash = hash
	}
	return r, nil
}

// InitChain starts a new ledger, or one that is replayed from its blocks.
func (a *application) InitChain(_ context.Context, r *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	if r.ChainId != string(a.chain) {
		return nil, fmt.Errorf("the genesis is of the ledger %q, not of %q", r.ChainId, a.chain)
	}
	if a.withState() {
		register, err := firstRegister(r.AppStateBytes)
		if err != nil {
			return nil, fmt.Errorf("the genesis: %w", err)
		}
		a.mu.Lock()
		a.ruling = newRuling(register)
		a.mu.Unlock()
	}
	hash, err := a.appHash()
	return &abci.ResponseInitChain{AppHash: hash}, err
}

func (a *application) appHash() ([]byte, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	root, err := rootOf(a.log)
	var state [32]byte
	if a.ruling != nil {
		state = anchor.StateHash(a.ruling.hash, a.head.Handles)
	}
	return anchor.AppHash(root, a.log.End(), state), err
}

// takeBallot counts a transaction that claims to be a ballot.
func (a *application) takeBallot(on *ruling, tx []byte) error {
	if on == nil {
		return ballotError{errors.New("members of this ledger cannot vote: its genesis names none; it was made by an older version")}
	}
	b, err := anchor.ParseBallot(tx)
	if err != nil {
		return ballotError{err}
	}
	return on.take(a.chain, b)
}

// members is the committed ruling, nil on a ledger of the first version.
func (a *application) members() *ruling {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.ruling
}

// view is the committed state, to apply batches to.
func (a *application) view() *anchor.View { return anchor.NewView(a.chain, a.store, nil) }

// CheckTx decides what waits in the pool. A transaction that was in the pool
// when a block was made is looked at again; if it cannot stand any more, whoever
// waits for it hears so.
func (a *application) CheckTx(_ context.Context, r *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	again := r.Type == abci.CheckTxType_Recheck
	if bytes.HasPrefix(r.Tx, []byte(tick)) {
		if again || len(r.Tx) > 64 || !a.stale() {
			return &abci.ResponseCheckTx{Code: codeRefused}, nil
		}
		return &abci.ResponseCheckTx{}, nil
	}
	if anchor.IsBallot(r.Tx) {
		err := a.takeBallot(a.members().next(), r.Tx)
		if err == nil {
			return &abci.ResponseCheckTx{GasWanted: 1}, nil
		}
		if again {
			a.tell(map[cmttypes.TxKey]error{cmttypes.Tx(r.Tx).Key(): err})
		}
		return &abci.ResponseCheckTx{Code: codeRefused, Log: err.Error()}, nil
	}
	b, err := a.batches.parse(r.Tx)
	if err == nil {
		err = b.apply(a.view(), anchor.EpochAt(a.clock()))
	}
	if err == nil {
		return &abci.ResponseCheckTx{GasWanted: int64(len(b.entries))}, nil
	}
	if again {
		a.tell(map[cmttypes.TxKey]error{cmttypes.Tx(r.Tx).Key(): err})
	}
	return &abci.ResponseCheckTx{Code: codeRefused, Log: err.Error()}, nil
}

// PrepareProposal drops what does not stand together with what is before it.
func (a *application) PrepareProposal(_ context.Context, r *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	view := a.view()
	ruling := a.members().next()
	var txs [][]byte
	var size int64
	for _, tx := range r.Txs {
		if anchor.IsBallot(tx) {
			if size += int64(len(tx)) + 8; size > r.MaxTxBytes {
				break
			}
			if a.takeBallot(ruling, tx) == nil {
				txs = append(txs, tx)
			}
			continue
		}
		b, err := a.batches.parse(tx)
		if err != nil {
			continue
		}
		if size += int64(len(tx)) + 8; size > r.MaxTxBytes {
			break
		}
		if b.apply(view, anchor.EpochAt(r.Time)) == nil {
			txs = append(txs, tx)
		}
	}
	return &abci.ResponsePrepareProposal{Txs: txs}, nil
}

// ProcessProposal refuses a block with anything in it that breaks the rule.
func (a *application) ProcessProposal(_ context.Context, r *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	view := a.view()
	ruling := a.members().next()
	for _, tx := range r.Txs {
		if anchor.IsBallot(tx) {
			if err := a.takeBallot(ruling, tx); err != nil {
				return a.reject(r, err), nil
			}
			continue
		}
		b, err := a.batches.parse(tx)
		if err == nil {
			err = b.apply(view, anchor.EpochAt(r.Time))
		}
		if err != nil {
			return a.reject(r, err), nil
		}
	}
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// FinalizeBlock computes the log after a decided block. The rule is applied
// once more: a block that comes from a peer while catching up was never
// processed here, and what breaks the rule does not enter the log even if two
// thirds let it pass.
func (a *application) FinalizeBlock(_ context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	next, err := a.store.begin(a.log)
	if err != nil {
		return nil, a.fail(err)
	}
	if err := a.keepSnapshot(next.write); err != nil {
		return nil, a.fail(err)
	}
	since := a.members()
	if a.withState() {
		next.ruling = since.next()
		next.handles = &handles{store: a.store, top: a.top, root: a.head.Handles,
			wrote: map[anchor.Place]anchor.HandleNode{}, over: map[anchor.Place]*anchor.HandleNode{}}
	}
	view := a.view()
	results := make([]*abci.ExecTxResult, len(r.Txs))
	a.results = make(map[cmttypes.TxKey]error, len(r.Txs))
	for i, tx := range r.Txs {
		if anchor.IsBallot(tx) {
			err := a.takeBallot(next.ruling, tx)
			results[i] = &abci.ExecTxResult{}
			if err != nil {
				results[i].Code = codeRefused
			}
			a.results[cmttypes.Tx(tx).Key()] = err
			continue
		}
		b, err := a.batches.parse(tx)
		if err == nil {
			err = b.apply(view, anchor.EpochAt(r.Time))
		}
		var refusal *anchor.Refusal
		var malformed *anchor.FormatError
		switch {
		case err == nil:
			for j, e := range b.entries {
				if err := next.add(e, b.leaves[j]); err != nil {
					return nil, a.fail(err)
				}
			}
			results[i] = &abci.ExecTxResult{}
		case errors.As(err, &refusal) || errors.As(err, &malformed):
			results[i] = &abci.ExecTxResult{Code: codeRefused}
		default:
			return nil, a.fail(err)
		}
		a.results[cmttypes.Tx(tx).Key()] = err
	}
	if err := next.finish(a.chain, r.Height, r.Time.UTC(), view.Grants()); err != nil {
		return nil, a.fail(err)
	}
	a.pending = next
	answer := &abci.ResponseFinalizeBlock{TxResults: results, AppHash: anchor.AppHash(next.root, next.head.Size, next.state)}
	if next.ruling != nil && next.ruling.passed {
		answer.ValidatorUpdates = next.ruling.updates(since.register)
	}
	return answer, nil
}

// Commit makes the block durable; then, and only then, those who wait for its
// entries hear so.
func (a *application) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	if err := a.pending.write.WriteSync(); err != nil {
		// Unknown after this: whether the block is on disk. CometBFT halts, and
		// the next start replays the block if it is not.
		return nil, a.fail(err)
	}
	if err := a.pending.write.Close(); err != nil {
		return nil, a.fail(err)
	}
	a.mu.Lock()
	a.head, a.log = a.pending.head, a.pending.log
	if h := a.pending.handles; h != nil {
		a.top.committed(h.wrote)
		a.over, a.was = h.over, a.ruling.hash
		a.ruling = a.pending.ruling.next()
	}
	a.pending = nil
	a.committed = a.clock()
	close(a.changed)
	a.changed = make(chan struct{})
	a.mu.Unlock()
	a.tell(a.results)
	return &abci.ResponseCommit{RetainHeight: a.retain()}, nil
}

// fail remembers why the ledger cannot go on, for everyone who asks.
func (a *application) fail(err error) error {
	err = fmt.Errorf("keeping the ledger: %w", err)
	a.halt(fmt.Errorf("%w: it stopped: %w", anchor.ErrUnavailable, err))
	return err
}

// stop ends all waiting, after the node has stopped.
func (a *application) stop() { a.halt(fmt.Errorf("%w: it is closed", anchor.ErrUnavailable)) }

func (a *application) halt(why error) {
	a.mu.Lock()
	if a.broken == nil {
		a.broken = why
		close(a.changed)
		a.changed = make(chan struct{})
	}
	waiting := a.waiting
	a.waiting = map[cmttypes.TxKey][]chan error{}
	a.mu.Unlock()
	for _, all := range waiting {
		for _, ch := range all {
			ch <- why
		}
	}
}

// await announces on a channel of capacity one what becomes of a transaction.
func (a *application) await(key cmttypes.TxKey) chan error {
	ch := make(chan error, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken != nil {
		ch <- a.broken
		return ch
	}
	a.waiting[key] = append(a.waiting[key], ch)
	return ch
}

// forget ends one wait, and nobody else's for the same transaction.
func (a *application) forget(key cmttypes.TxKey, ch chan error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := slices.DeleteFunc(a.waiting[key], func(c chan error) bool { return c == ch })
	if len(left) == 0 {
		delete(a.waiting, key)
		return
	}
	a.waiting[key] = left
}

func (a *application) tell(results map[cmttypes.TxKey]error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, err := range results {
		for _, ch := range a.waiting[key] {
			ch <- err
		}
		delete(a.waiting, key)
	}
}

// stale reports whether the next block would have the time of an hour that has
// passed. A block's time is that of the votes for the block before it, so after
// a pause (a heartbeat, or a night switched off) it lags; one more block, made
// for a tick, brings it up to date.
func (a *application) stale() bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	last := a.committed
	if last.IsZero() {
		last = a.head.Time
	}
	return anchor.EpochAt(last) < anchor.EpochAt(a.clock())
}

// until waits for a committed state that satisfies ok.
func (a *application) until(ctx context.Context, ok func(head) bool) (head, error) {
	for {
		a.mu.RLock()
		h, changed, broken := a.head, a.changed, a.broken
		a.mu.RUnlock()
		switch {
		case broken != nil:
			return head{}, broken
		case ok(h):
			return h, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return head{}, fmt.Errorf("%w: waiting for a block: %w", anchor.ErrUnavailable, ctx.Err())
		}
	}
}
