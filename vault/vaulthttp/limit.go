package vaulthttp

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// How often recoveries may be started or finished. Guessing is hopeless at any rate
// (the words stand for 256 random bits): this bounds what asking costs.
const (
	recoveriesOfOne   rate.Limit = 0.5 // a second, of one address
	recoveriesAtOnce             = 20
	recoveriesOfAll   rate.Limit = 50
	allAtOnce                    = 200
	rememberedAddress            = 4096
)

// limiter bounds a rate for everybody together and for each address. It remembers
// between one and two times rememberedAddress addresses; an address it forgot begins
// anew, and the common bound holds all the same.
type limiter struct {
	mu      sync.Mutex
	all     *rate.Limiter
	of, old map[netip.Addr]*rate.Limiter
}

func newLimiter() *limiter {
	return &limiter{all: rate.NewLimiter(recoveriesOfAll, allAtOnce), of: map[netip.Addr]*rate.Limiter{}}
}

// admit reports whether one more request from that peer may be answered.
func (l *limiter) admit(peer string, now time.Time) bool {
	return l.one(addressOf(peer)).AllowN(now, 1) && l.all.AllowN(now, 1)
}

func (l *limiter) one(a netip.Addr) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if one, ok := l.of[a]; ok {
		return one
	}
	one, ok := l.old[a]
	if !ok {
		one = rate.NewLimiter(recoveriesOfOne, recoveriesAtOnce)
	}
	if len(l.of) >= rememberedAddress {
		l.of, l.old = map[netip.Addr]*rate.Limiter{}, l.of
	}
	l.of[a] = one
	return one
}

// addressOf is the peer without its port; of an IPv6 address the network, because
// one subscriber has all of a /64. What is no address shares one.
func addressOf(peer string) netip.Addr {
	p, err := netip.ParseAddrPort(peer)
	if err != nil {
		return netip.Addr{}
	}
	a := p.Addr().Unmap().WithZone("")
	if a.Is6() {
		if n, err := a.Prefix(64); err == nil {
			return n.Addr()
		}
	}
	return a
}
