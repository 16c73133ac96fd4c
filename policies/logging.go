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

// Log is a log of decisions that is being written: gates put judgements into it,
// and one goroutine writes them, many in one Write. It is safe for concurrent use.
type Log struct {
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

// NewLog begins to write to w, which gets whole lines only and should take all of
// them or none. Of the decisions that allow, one in every is written (1: each); those
// that deny are all written. failed hears how many decisions could not be, and why; it
// must not block.
func NewLog(w io.Writer, every int, failed func(lost int, err error)) *Log {
	l := &Log{w: w, every: max(1, every), failed: failed,
		wake: make(chan struct{}, 1), flush: make(chan chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

// Put adds a judgement. It never waits for the disk. After Close it does nothing.
func (l *Log) Put(j Judgement) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if j.Ruling.Allow {
		l.allowed++
		if l.allowed%l.every != 0 {
			return
		}
	}
	room := mostWaiting
	if !j.Ruling.Allow {
		room *= 2
	}
	if len(l.waiting) >= room {
		l.lost++
		return
	}
	l.waiting = append(l.waiting, j)
	if len(l.waiting) == 1 {
		select {
		case l.wake <- struct{}{}:
		default:
		}
	}
}

// Flush returns when what was put before it is written, or failed to be.
func (l *Log) Flush() {
	written := make(chan struct{})
	select {
	case l.flush <- written:
		<-written
	case <-l.done:
	}
}

// Close writes what waits and ends the log. It does not close the writer.
func (l *Log) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	<-l.done
}

func (l *Log) run() {
	defer close(l.done)
	timer := time.NewTimer(linger)
	var spare []Judgement
	var buffer []byte
	for {
		var asked chan struct{}
		select {
		case asked = <-l.flush:
		case <-l.wake:
			timer.Reset(linger)
			if !l.over() {
				select {
				case asked = <-l.flush:
				case <-l.wake: // Close
				case <-timer.C:
				}
			}
		}
		over := l.over() // before taking: what was put before Close is among what is taken
		l.mu.Lock()
		batch, lost := l.waiting, l.lost
		l.waiting, l.lost = spare[:0], 0
		l.mu.Unlock()
		if lost > 0 {
			l.failed(lost, fmt.Errorf("writing the log of decisions: more came than could be written"))
		}
		buffer = l.write(batch, buffer)
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

func (l *Log) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

func (l *Log) write(batch []Judgement, buffer []byte) []byte {
	buffer = buffer[:0]
	lines := 0
	for i, j := range batch {
		buffer = append(j.appendLine(buffer), '\n')
		lines++
		if len(buffer) < mostBatch && i < len(batch)-1 {
			continue
		}
		if _, err := l.w.Write(buffer); err != nil {
			l.failed(lines, fmt.Errorf("writing the log of decisions: %w", err))
		}
		buffer, lines = buffer[:0], 0
	}
	return buffer
}

// Logged is the engine as a gate asks it, with every ruling put into the log. A
// log that fails changes no ruling: it is there to try changes of the rules with,
// and what has to be proved is in receipts, access logs and the ledger. So a full disk
// neither opens nor closes the gate.
func (e *Engine) Logged(l *Log) consent.Policy { return logged{e, l} }

type logged struct {
	engine *Engine
	log    *Log
}

func (p logged) Decide(q consent.Question) consent.Ruling {
	r := p.engine.Decide(q)
	p.log.Put(Judgement{Question: q, Ruling: r})
	return r
}
