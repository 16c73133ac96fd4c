package consentdb

import (
	"context"
	"errors"
	"sync"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// passing is one attempt on its way through the gate.
type passing struct {
	Attempt
	facts  facts // zero until they are known
	agreed bool  // the policy's answer about facts

	lead chan struct{} // the turn is this one's to take
	done chan struct{} // closed when what follows is set, and durable

	ruled ruled // in the turn

	out    Collection
	denied error
	err    error // ours
}

// door lets attempts that come together pass in one turn of the writer: the turn's
// own cost, a savepoint and two changes of goroutine, is as much as an attempt's.
// Whoever finds no one leading takes the turn for all that wait.
type door struct {
	mu      sync.Mutex
	waiting []*passing
	led     bool
}

// doorLimit bounds how long a withdrawal waits behind one turn.
const doorLimit = sqldb.BatchLimit

// pass queues an attempt, takes the turn if it falls to it, and returns when the
// attempt's outcome is set.
func (d *door) pass(ctx context.Context, s *Store, p *passing) {
	d.mu.Lock()
	d.waiting = append(d.waiting, p)
	if d.led {
		d.mu.Unlock()
		select {
		case <-p.done:
			return
		case <-p.lead:
		}
	} else {
		d.led = true
		d.mu.Unlock()
	}
	// Not with ctx: others stand in this turn too.
	d.turn(context.WithoutCancel(ctx), s)
}

// turn takes who waits through the gate in one transaction. The next queues for the
// writer meanwhile, so that both reach the disk together.
func (d *door) turn(ctx context.Context, s *Store) {
	var batch []*passing
	var over sync.Once
	next := func() { over.Do(d.handOver) }
	err := errors.New("the turn did not end")
	defer func() { // a Judge that panics must not leave the others waiting
		next()
		for _, p := range batch {
			p.err = errors.Join(p.err, err)
			close(p.done)
		}
	}()
	err = s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		batch = d.take()
		next()
		return s.admit(ctx, q, tx, batch...)
	})
	if err != nil && len(batch) > 1 {
		s.admitAlone(ctx, batch)
		err = nil
	}
	if batch == nil { // no turn: the store is closed, or its disk failed
		batch = d.take()
	}
}

// admitAlone gives each a turn of its own after one of them failed and undid all, so
// that it fails alone.
func (s *Store) admitAlone(ctx context.Context, batch []*passing) {
	for _, p := range batch {
		p.err = s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error { return s.admit(ctx, q, tx, p) })
	}
}

func (d *door) take() []*passing {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := min(len(d.waiting), doorLimit)
	batch := d.waiting[:n:n]
	d.waiting = d.waiting[n:]
	return batch
}

// handOver makes the first who waits the next to lead.
func (d *door) handOver() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.waiting) == 0 {
		d.led = false
		return
	}
	d.waiting[0].lead <- struct{}{}
}

// facts is what of a grant never changes, and its business as it was last seen.
type facts struct {
	grant    consent.Grant // as if it were live
	business consent.Business
	purposes string // of the business, as stored
}

// learn asks the policy about what is now known. Of a grant with a condition it is asked
// in the turn: how that stands may change.
func (p *passing) learn(f facts) {
	p.facts = f
	p.agreed = f.grant.Business == p.Business && f.business.State == consent.BusinessActive &&
		f.grant.Condition == nil && p.Judge(f.business, f.grant, "") == nil
}

// readFacts reads what is not remembered. It belongs in the turn that needs it: there
// the pages are at hand, which a snapshot of its own would have to read again.
func readFacts(ctx context.Context, q *consentsql.Queries, g id.Grant) (f facts, err error) {
	row, err := one(q.Facts(ctx, g))
	if err != nil {
		return f, err
	}
	if f.grant, err = bareGrant(row.GrantRecord); err != nil {
		return f, err
	}
	if f.grant, err = withTerms(f.grant, row.Jurisdictions, row.Destinations, row.HangsOn); err != nil {
		return f, err
	}
	f.grant.State, f.grant.Withdrawn = consent.StateLive, 0
	f.purposes = row.BusinessPurposes
	f.business = consent.Business{DID: f.grant.Business, State: consent.BusinessState(row.BusinessState)}
	f.business.Purposes, err = fromJSON(row.BusinessPurposes)
	return f, err
}

// recent remembers the facts of the grants that are collected under again and again.
type recent struct {
	mu    sync.RWMutex
	known map[id.Grant]facts
}

// mostRecent bounds the memory: about half a kilobyte each. Beyond it an eighth is
// forgotten, whichever the map gives first.
const mostRecent = 64 << 10

func (r *recent) of(g id.Grant) (f facts, known bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	f, known = r.known[g]
	return f, known
}

func (r *recent) put(f facts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= mostRecent {
		for old := range r.known {
			if delete(r.known, old); len(r.known) <= mostRecent*7/8 {
				break
			}
		}
	}
	r.known[f.grant.ID] = f
}

func (r *recent) forget(g id.Grant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, g)
}
