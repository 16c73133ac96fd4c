package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// load appends entries at member 0, one after the other in several lines, as an
// operator's submitter does: what failed for now is sent again.
type load struct {
	h    *high
	stop context.CancelFunc
	done sync.WaitGroup

	mu     sync.Mutex
	took   []time.Duration // since the last measured
	landed uint64          // in all
	why    error           // the newest passing error
}

const lines = 16

// load begins appending; every answer is waited for at most so long.
func (h *high) load(patience time.Duration) *load {
	ctx, stop := context.WithCancel(h.Context())
	l := &load{h: h, stop: stop}
	h.loads++
	for i := range lines {
		r := anchortest.NewRelation("high-street", fmt.Sprintf("%s load %d line %d", h.Name(), h.loads, i))
		l.done.Go(func() {
			var next anchor.Entry = r.Grant(anchor.EpochAt(time.Now()), 7)
			for n := 0; ctx.Err() == nil; n++ {
				l.append(next, patience)
				next = r.Permit(anchor.EpochAt(time.Now()), n)
			}
		})
	}
	h.Cleanup(stop)
	return l
}

// append sends an entry until it has landed, however often that takes. What was begun is
// ended even if the load is stopped.
func (l *load) append(e anchor.Entry, patience time.Duration) {
	began := time.Now()
	for l.h.Context().Err() == nil {
		ctx, cancel := context.WithTimeout(l.h.Context(), patience)
		err := l.h.own.node.Append(ctx, e)
		cancel()
		if err == nil {
			l.mu.Lock()
			l.took, l.landed = append(l.took, time.Since(began)), l.landed+1
			l.mu.Unlock()
			return
		}
		if !errors.Is(err, anchor.ErrUnavailable) {
			l.h.Error("an entry under load: ", err)
			return
		}
		l.mu.Lock()
		l.why = err
		l.mu.Unlock()
	}
}

// measured waits until so many entries have landed since the last time, and says how long
// they took.
func (l *load) measured(what string, n int) (p99 time.Duration) {
	l.h.Helper()
	var took []time.Duration
	l.h.until(what, func(context.Context) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(l.took) < n {
			return false
		}
		took, l.took = l.took, nil
		return true
	})
	slices.Sort(took)
	at := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))].Round(time.Millisecond) }
	l.h.Logf("%s: %d entries, p50 %s, p99 %s, longest %s", what, len(took), at(0.5), at(0.99), at(1))
	return at(0.99)
}

// refused is the newest passing error, nil before there is one.
func (l *load) refused() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// end stops the load and says how many entries landed in all. Each was acknowledged once
// and must be on the ledger once: a log of that size, with nothing else in it.
func (l *load) end() uint64 {
	l.stop()
	l.done.Wait()
	return l.landed
}
