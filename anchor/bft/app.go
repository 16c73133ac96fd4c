package bft

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
const appVersion = 1

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
	clock   func() time.Time
	store   store
	batches *batches
	blocks  *cmtstore.BlockStore // set before the node starts
	members members              // set before the node starts

	pending *block // between FinalizeBlock and Commit; consensus only
	results map[cmttypes.TxKey]error

	mu        sync.RWMutex
	head      head
	log       *compact.Range
	committed time.Time // when Commit last ran, on our clock
	changed   chan struct{}
	waiting   map[cmttypes.TxKey]chan<- error
	broken    error // set once, when the database failed or the node stopped
}

func newApplication(db dbm.DB, chain anchor.Chain, clock func() time.Time) (*application, error) {
	a := &application{
		chain: chain, clock: clock, store: store{db}, batches: newBatches(),
		changed: make(chan struct{}), waiting: map[cmttypes.TxKey]chan<- error{},
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
	return a, nil
}

// Info tells CometBFT up to where the application has come.
func (a *application) Info(context.Context, *abci.RequestInfo) (*abci.ResponseInfo, error) {
	hash, err := a.appHash()
	if err != nil {
		return nil, err
	}
	r := &abci.ResponseInfo{Data: "coffer", Version: "1", AppVersion: appVersion, LastBlockHeight: a.head.Height}
	if a.head.Height > 0 {
		r.LastBlockAppHash = hash
	}
	return r, nil
}

// InitChain starts a new ledger, or one that is replayed from its blocks.
func (a *application) InitChain(_ context.Context, r *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	if r.ChainId != string(a.chain) {
		return nil, fmt.Errorf("the genesis is of the ledger %q, not of %q", r.ChainId, a.chain)
	}
	hash, err := a.appHash()
	return &abci.ResponseInitChain{AppHash: hash}, err
}

func (a *application) appHash() ([]byte, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	root, err := rootOf(a.log)
	return anchor.AppHash(root, a.log.End()), err
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
	var txs [][]byte
	var size int64
	for _, tx := range r.Txs {
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
	for _, tx := range r.Txs {
		b, err := a.batches.parse(tx)
		if err == nil {
			err = b.apply(view, anchor.EpochAt(r.Time))
		}
		if err != nil {
			return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}, nil
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
	view := a.view()
	results := make([]*abci.ExecTxResult, len(r.Txs))
	a.results = make(map[cmttypes.TxKey]error, len(r.Txs))
	for i, tx := range r.Txs {
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
	return &abci.ResponseFinalizeBlock{TxResults: results, AppHash: anchor.AppHash(next.root, next.head.Size)}, nil
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
	a.head, a.log, a.pending = a.pending.head, a.pending.log, nil
	a.committed = a.clock()
	close(a.changed)
	a.changed = make(chan struct{})
	a.mu.Unlock()
	a.tell(a.results)
	return &abci.ResponseCommit{}, nil
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
	a.waiting = map[cmttypes.TxKey]chan<- error{}
	a.mu.Unlock()
	for _, ch := range waiting {
		ch <- why
	}
}

// await announces on a channel of capacity one what becomes of a transaction.
func (a *application) await(key cmttypes.TxKey) <-chan error {
	ch := make(chan error, 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken != nil {
		ch <- a.broken
		return ch
	}
	a.waiting[key] = ch
	return ch
}

func (a *application) forget(key cmttypes.TxKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, key)
}

func (a *application) tell(results map[cmttypes.TxKey]error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for key, err := range results {
		if ch := a.waiting[key]; ch != nil {
			ch <- err
			delete(a.waiting, key)
		}
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
