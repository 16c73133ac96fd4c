package bft

import "sync"

// alarm is what is wrong at present, and how often something was.
type alarm struct {
	mu     sync.Mutex
	why    string
	raised uint64
}

func (a *alarm) now() (why string, raised uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.why, a.raised
}

func (a *alarm) set(why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.why == "" && why != "" {
		a.raised++
	}
	a.why = why
}
