package peer

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// remembered bounds a limiter's memory.
const remembered = 4096

// Limiter bounds a rate for everybody together and for each. It remembers between one
// and two times 4096 of them; one that it forgot begins anew, and the common bound
// holds all the same. It is safe for concurrent use.
type Limiter[K comparable] struct {
	each  rate.Limit
	burst int
	all   *rate.Limiter

	mu      sync.Mutex
	of, old map[K]*rate.Limiter
}

// NewLimiter lets each do so many a second and burst at once; all together is the
// common bound, which may be rate.Inf.
func NewLimiter[K comparable](each rate.Limit, burst int, all rate.Limit, allBurst int) *Limiter[K] {
	return &Limiter[K]{each: each, burst: burst, all: rate.NewLimiter(all, allBurst), of: map[K]*rate.Limiter{}}
}

// Admit reports whether one more request of that one may be answered.
func (l *Limiter[K]) Admit(who K, now time.Time) bool {
	return l.one(who).AllowN(now, 1) && l.all.AllowN(now, 1)
}

func (l *Limiter[K]) one(who K) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one, ok := l.of[who]; ok {
		return one
	}
	one, ok := l.old[who]
	if !ok {
		one = rate.NewLimiter(l.each, l.burst)
	}
	if len(l.of) >= remembered {
		l.of, l.old = map[K]*rate.Limiter{}, l.of
	}
	l.of[who] = one
	return one
}
