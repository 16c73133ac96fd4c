package vaulthttp

import (
	"net/netip"

	"golang.org/x/time/rate"

	"coffer/internal/peer"
)

// How often recoveries may be started or finished, and pairings joined. Guessing words is
// hopeless at any rate (they stand for 256 random bits): this bounds what asking costs.
// Of a pairing's code (50 bits, ten minutes) a thousand addresses together would try
// fewer than 2^15.
const (
	recoveriesOfOne  rate.Limit = 0.5 // a second, of one address
	recoveriesAtOnce            = 20
	recoveriesOfAll  rate.Limit = 50
	allAtOnce                   = 200
)

func newLimiter() *peer.Limiter[netip.Addr] {
	return peer.NewLimiter[netip.Addr](recoveriesOfOne, recoveriesAtOnce, recoveriesOfAll, allAtOnce)
}
