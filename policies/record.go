package policies

import (
	"fmt"
	"io"
	"sync"
	"time"

	"coffer/consent"
)

const (
	// linger is how long a decision may wait for others, to be written with them. A
	// crash loses as much; Close loses nothing.
	linger = 200 * time.Millisecond
	// mostWaiting bounds what waits while the writer is slow: about ten megabytes.
	// Denials may come to twice as many.
	mostWaiting = 16 << 10
	// mostBatch is about how many bytes are written at once.
	mostBatch = 1 << 20
)

// Record is a log of decisions that is being written: gates put judgements into it,
// and one goroutine writes them, many in one Write. It is safe for concurrent use.
type Record struct {
	w      io.Writer
	every  int
	failed func(lost int, err error)

	mu      sync.Mutex
	waiting []Judgement
	allowed int // plain allows so far, for every
	lost    int // for want of room
	closed  bool

	wake  chan struct{}
	flush chan chan struct{}
	done  chan struct{}
}

// NewRecord begins to write to w, which gets whole lines only and should take all of
// them or none. Of the decisions that allow, one in every is written (1: each); those
// that deny are all written. failed hears how many decisions could not be, and why; it
// must not block.
func NewRecord(w io.Writer, every int, failed func(lost int, err error)) *Record {
	r := &Record{w: w, every: max(1, every), failed: failed,
		wake: make(chan struct{}, 1), flush: make(chan chan struct{}), done: make(chan struct{})}
	go r.run()
	return r
}

// Put adds a judgement. It never waits for the disk. After Close it does nothing.
func (r *Record) Put(j Judgement) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if j.Ruling.Allow {
		r.allowed++
		if r.allowed%r.every != 0 {
			return
		}
	}
	room := mostWaiting
	if !j.Ruling.Allow {
		room *= 2
	}
	if len(r.waiting) >= room {
		r.lost++
		return
	}
	r.waiting = append(r.waiting, j)
	if len(r.waiting) == 1 {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}

// Flush returns when what was put before it is written, or failed to be.
func (r *Record) Flush() {
	written := make(chan struct{})
	select {
	case r.flush <- written:
		<-written
	case <-r.done:
	}
}

// Close writes what waits and ends the record. It does not close the writer.
func (r *Record) Close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
	<-r.done
}

func (r *Record) run() {
	defer close(r.done)
	timer := time.NewTimer(linger)
	var spare []Judgement
	var buffer []byte
	for {
		var asked chan struct{}
		select {
		case asked = <-r.flush:
		case <-r.wake:
			timer.Reset(linger)
			if !r.over() {
				select {
				case asked = <-r.flush:
				case <-r.wake: // Close
				case <-timer.C:
				}
			}
		}
		over := r.over() // before taking: what was put before Close is among what is taken
		r.mu.Lock()
		batch, lost := r.waiting, r.lost
		r.waiting, r.lost = spare[:0], 0
		r.mu.Unlock()
		if lost > 0 {
			r.failed(lost, fmt.Errorf("writing the log of decisions: more came than could be written"))
		}
		buffer = r.write(batch, buffer)
		clear(batch) // what it points to may go
		spare = batch
		if asked != nil {
			close(asked)
		}
		if over {
			return
		}
	}
}

func (r *Record) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

func (r *Record) write(batch []Judgement, buffer []byte) []byte {
	buffer = buffer[:0]
	lines := 0
	for i, j := range batch {
		buffer = append(j.appendLine(buffer), '\n')
		lines++
		if len(buffer) < mostBatch && i < len(batch)-1 {
			continue
		}
		if _, err := r.w.Write(buffer); err != nil {
			r.failed(lines, fmt.Errorf("writing the log of decisions: %w", err))
		}
		buffer, lines = buffer[:0], 0
	}
	return buffer
}

// Recorded is the engine as a gate asks it, with every ruling put into the record. A
// record that fails changes no ruling: it is there to try changes of the rules with,
// and what has to be proved is in receipts, access logs and the ledger. So a full disk
// neither opens nor closes the gate.
func (e *Engine) Recorded(r *Record) consent.Policy { return recorded{e, r} }

type recorded struct {
	engine *Engine
	record *Record
}

func (p recorded) Decide(q consent.Question) consent.Ruling {
	r := p.engine.Decide(q)
	p.record.Put(Judgement{Question: q, Ruling: r})
	return r
}
