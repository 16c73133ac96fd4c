package bft

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/mempool"
	cmttypes "github.com/cometbft/cometbft/types"

	"coffer/anchor"
)

// defaultGather is how long the first caller waits for others to share a batch with,
// if Options do not say; while a batch is on its way, the next one fills up anyway.
const defaultGather = 500 * time.Microsecond

// underWay is how many batches are on their way at once: while one is decided,
// the signatures of the next are checked.
const underWay = 2

// queue collects the entries of concurrent callers into batches.
type queue struct {
	app    *application
	pool   mempool.Mempool
	gather time.Duration

	requests chan *request
	slots    chan struct{} // one per batch that may be under way
	stopping chan struct{} // closed to take no more
	stopped  chan struct{} // closed when nothing is under way
	once     sync.Once
}

// request is what one caller appends; done gets one answer.
type request struct {
	entries []anchor.Entry
	done    chan error
}

func newQueue(app *application, pool mempool.Mempool, gather time.Duration) *queue {
	q := &queue{
		app: app, pool: pool, gather: cmp.Or(gather, defaultGather), requests: make(chan *request), slots: make(chan struct{}, underWay),
		stopping: make(chan struct{}), stopped: make(chan struct{}),
	}
	go q.run()
	return q
}

var errClosing = fmt.Errorf("%w: it is closing", anchor.ErrUnavailable)

// Append implements anchor.Ledger.
func (n *Node) Append(ctx context.Context, entries ...anchor.Entry) error {
	var first error
	for len(entries) > 0 {
		k := min(len(entries), anchor.MaxBatch)
		err := n.queue.append(ctx, entries[:k])
		var refusal *anchor.Refusal
		if err != nil && !errors.As(err, &refusal) {
			return n.explained(err)
		}
		if first == nil {
			first = err
		}
		entries = entries[k:]
	}
	return first
}

func (q *queue) append(ctx context.Context, entries []anchor.Entry) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	}
	r := &request{entries, make(chan error, 1)}
	select {
	case q.requests <- r:
	case <-q.stopping:
		return errClosing
	case <-ctx.Done():
		return fmt.Errorf("%w: waiting to be sent: %w", anchor.ErrUnavailable, ctx.Err())
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: waiting to be committed, which may still happen: %w", anchor.ErrUnavailable, ctx.Err())
	}
}

// drain takes no more requests and waits for those under way, but not for ever.
func (q *queue) drain(atMost time.Duration) {
	q.once.Do(func() { close(q.stopping) })
	select {
	case <-q.stopped:
	case <-time.After(atMost):
	}
}

func (q *queue) run() {
	defer close(q.stopped)
	for {
		select {
		case r := <-q.requests:
			requests := q.collect(r)
			q.slots <- struct{}{}
			requests = q.more(requests)
			go func() {
				defer func() { <-q.slots }()
				q.send(requests)
			}()
		case <-q.stopping:
			for range underWay { // all slots are free when the last batch is done
				q.slots <- struct{}{}
			}
			return
		}
	}
}

// collect waits a moment for callers that come at the same time.
func (q *queue) collect(first *request) []*request {
	requests, n := []*request{first}, len(first.entries)
	timer := time.NewTimer(q.gather)
	defer timer.Stop()
	for n < anchor.MaxBatch {
		select {
		case r := <-q.requests:
			requests, n = append(requests, r), n+len(r.entries)
		case <-timer.C:
			return requests
		}
	}
	return requests
}

// more takes whoever stood in line while all slots were taken.
func (q *queue) more(requests []*request) []*request {
	n := 0
	for _, r := range requests {
		n += len(r.entries)
	}
	for n < anchor.MaxBatch {
		select {
		case r := <-q.requests:
			requests, n = append(requests, r), n+len(r.entries)
		default:
			return requests
		}
	}
	return requests
}

// send appends what the requests ask for and answers each.
func (q *queue) send(requests []*request) {
	verdicts := map[anchor.Leaf]error{} // of refused entries
	var entries []anchor.Entry
	for _, r := range requests {
		entries = append(entries, r.entries...)
	}
	entries = anchor.Mix(entries)
	var failed error
	for len(entries) > 0 && failed == nil {
		k := min(len(entries), anchor.MaxBatch)
		failed = q.commit(entries[:k], verdicts)
		entries = entries[k:]
	}
	for _, r := range requests {
		r.done <- answer(r, failed, verdicts)
	}
}

func answer(r *request, failed error, verdicts map[anchor.Leaf]error) error {
	if failed != nil {
		return failed
	}
	if len(verdicts) == 0 {
		return nil
	}
	for _, e := range r.entries {
		if err := verdicts[e.Leaf()]; err != nil {
			return err
		}
	}
	return nil
}

// commit brings entries onto the ledger and notes whom the rule refuses. An
// error is not about an entry. A batch is admitted or refused as a whole, so
// when the ledger refuses one (it knew more than we did), each entry goes alone.
func (q *queue) commit(entries []anchor.Entry, verdicts map[anchor.Leaf]error) error {
	if err := q.freshen(); err != nil {
		return err
	}
	b, err := q.plan(entries, verdicts)
	if err != nil || b == nil {
		return err
	}
	err = q.submit(b)
	var refusal *anchor.Refusal
	if err == nil || !errors.As(err, &refusal) {
		return err
	}
	if len(b.entries) == 1 {
		if refusal.Reason != anchor.ReasonDuplicate {
			verdicts[refusal.Entry] = refusal
		}
		return nil
	}
	for i := range b.entries {
		if err := q.commit(b.entries[i:i+1], verdicts); err != nil {
			return err
		}
	}
	return nil
}

// plan makes a batch of the entries that the rule admits now. The others are
// refused in verdicts, or on the ledger already. It returns nil if none is left.
func (q *queue) plan(entries []anchor.Entry, verdicts map[anchor.Leaf]error) (*batch, error) {
	now := anchor.EpochAt(q.app.clock())
	leaves := make([]anchor.Leaf, len(entries))
	for i, e := range entries {
		leaves[i] = e.Leaf()
	}
	good := map[anchor.Signature]bool{}
	for {
		var asked []anchor.Signature
		later := func(_ anchor.Chain, s []anchor.Signature) int {
			asked = append(asked, s...)
			return -1
		}
		view := anchor.NewView(q.app.chain, q.app.store, later)
		b := newBatch(nil, nil)
		for i, e := range entries {
			if verdicts[leaves[i]] != nil {
				continue
			}
			err := view.Apply(now, entries[i:i+1], leaves[i:i+1])
			var refusal *anchor.Refusal
			switch {
			case err == nil:
				b.entries, b.leaves = append(b.entries, e), append(b.leaves, leaves[i])
			case !errors.As(err, &refusal):
				return nil, fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
			case refusal.Reason != anchor.ReasonDuplicate:
				verdicts[leaves[i]] = refusal
			}
		}
		if len(b.entries) == 0 {
			return nil, nil
		}
		if q.sign(b, asked, good, verdicts) {
			return newTrusted(b.entries, b.leaves, asked), nil
		}
		// A signature was bad. What came after may have leaned on that entry.
	}
}

// sign checks the signatures that the rule asked for and notes who is refused.
func (q *queue) sign(b *batch, asked []anchor.Signature, good map[anchor.Signature]bool, verdicts map[anchor.Leaf]error) bool {
	todo, place := asked, []int(nil)
	if len(good) > 0 { // a second round
		todo = nil
		for i, s := range asked {
			if !good[s] {
				todo, place = append(todo, s), append(place, i)
			}
		}
	}
	all := true
	results := verify(q.app.chain, todo)
	for _, ok := range results {
		all = all && ok
	}
	if all {
		return true
	}
	for j, ok := range results {
		i := j
		if place != nil {
			i = place[j]
		}
		if ok {
			good[asked[i]] = true
		} else {
			verdicts[b.leaves[i]] = &anchor.Refusal{Entry: b.leaves[i], Reason: anchor.ReasonSignature}
		}
	}
	return false
}

// submit gives a batch to the pool and waits until it is committed or refused.
func (q *queue) submit(b *batch) error {
	raw, err := anchor.EncodeBatch(b.entries)
	if err != nil {
		return err
	}
	tx := cmttypes.Tx(raw)
	q.app.batches.add(tx.Key(), b)
	return q.pooled(tx)
}

// pooled puts a transaction into the pool and waits. The same transaction may
// be there already, from a caller who gave up or from a peer: its end is ours.
func (q *queue) pooled(tx cmttypes.Tx) error {
	key := tx.Key()
	outcome := q.app.await(key)
	defer q.app.forget(key, outcome)
	answer := make(chan *abci.ResponseCheckTx, 1)
	err := q.pool.CheckTx(tx, func(r *abci.ResponseCheckTx) { answer <- r }, mempool.TxInfo{})
	switch {
	case errors.Is(err, mempool.ErrTxInCache):
		b, err := q.app.batches.parse(tx)
		if err != nil {
			return err
		}
		if known, err := q.app.store.Has(b.leaves[0]); err != nil || known {
			return err // committed between the plan and now, as a whole
		}
	case err != nil:
		return fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	default:
		if r := <-answer; r.Code != 0 {
			// The rule was applied a moment ago; find out what changed.
			b, err := q.app.batches.parse(tx)
			if err != nil {
				return err
			}
			if err := b.apply(q.app.view(), anchor.EpochAt(q.app.clock())); err != nil {
				return err
			}
			return fmt.Errorf("%w: the pool refused a batch", anchor.ErrUnavailable)
		}
	}
	return <-outcome
}

// freshen makes a block if the next one would carry an old time.
func (q *queue) freshen() error {
	if !q.app.stale() {
		return nil
	}
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	}
	tx := append([]byte(tick), nonce[:]...)
	// Refused means that somebody else made a block just now.
	if err := q.pool.CheckTx(tx, nil, mempool.TxInfo{}); err != nil {
		return fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	}
	_, err := q.app.until(context.Background(), func(head) bool { return !q.app.stale() })
	return err
}

// vote puts a ballot into the pool and waits until it is counted or refused.
func (q *queue) vote(ctx context.Context, tx cmttypes.Tx) error {
	if err := q.freshen(); err != nil {
		return err
	}
	outcome := q.app.await(tx.Key())
	defer q.app.forget(tx.Key(), outcome)
	answer := make(chan *abci.ResponseCheckTx, 1)
	err := q.pool.CheckTx(tx, func(r *abci.ResponseCheckTx) { answer <- r }, mempool.TxInfo{})
	switch {
	case errors.Is(err, mempool.ErrTxInCache):
		// It is on its way, or was counted.
		if err := q.app.takeBallot(q.app.members().next(), tx); err != nil {
			return err
		}
	case err != nil:
		return fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	default:
		if r := <-answer; r.Code != 0 {
			if err := q.app.takeBallot(q.app.members().next(), tx); err != nil {
				return err
			}
			return fmt.Errorf("%w: the pool refused a ballot", anchor.ErrUnavailable)
		}
	}
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: waiting for the ballot to be counted, which may still happen: %w", anchor.ErrUnavailable, ctx.Err())
	}
}
