package vaulthttp

import (
	"net/netip"

	"golang.org/x/time/rate"

	"coffer/internal/peer"
)

// How often recoveries may be started or finished. Guessing is hopeless at any rate
// (the words stand for 256 random bits): this bounds what asking costs.
const (
	recoveriesOfOne  rate.Limit = 0.5 // a second, of one address
	recoveriesAtOnce            = 20
	recoveriesOfAll  rate.Limit = 50
	allAtOnce                   = 200
)

func newLimiter() *peer.Limiter[netip.Addr] {
	return peer.NewLimiter[netip.Addr](recoveriesOfOne, recoveriesAtOnce, recoveriesOfAll, allAtOnce)
}
