package bft

import (
	"sync"
	"time"
)

// alarm is what is wrong at present, and how often something was.
type alarm struct {
	mu     sync.Mutex
	why    string
	since  time.Time
	raised uint64
}

func (a *alarm) now() (why string, raised uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.why, a.raised
}

func (a *alarm) set(why string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.why == "" && why != "" {
		a.raised++
		a.since = at
	}
	a.why = why
}

// stood is the present alarm, and since when it stands.
func (a *alarm) stood() (why string, since time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.why, a.since
}
