package oauth

import (
	"sync"
	"time"

	"coffer/consent"
)

// maxKnown bounds the memory of verified tokens: a few hundred bytes each.
const maxKnown = 8192

// cache remembers which tokens were verified, by their hash: a signature is checked
// once per token, not once per request.
type cache struct {
	max int

	mu    sync.RWMutex
	known map[consent.Hash]verified
}

type verified struct {
	did     consent.DID
	expires time.Time
}

func newCache(max int) *cache { return &cache{max: max, known: map[consent.Hash]verified{}} }

func (c *cache) get(key consent.Hash, now time.Time) (consent.DID, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.known[key]
	return v.did, ok && now.Before(v.expires)
}

func (c *cache) put(key consent.Hash, did consent.DID, expires, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= c.max {
		c.makeRoom(now)
	}
	c.known[key] = verified{did, expires}
}

// makeRoom drops what is expired, or else an eighth of all, whichever the map gives
// first: dropping costs its owner one signature check.
func (c *cache) makeRoom(now time.Time) {
	for k, v := range c.known {
		if !now.Before(v.expires) {
			delete(c.known, k)
		}
	}
	for k := range c.known {
		if len(c.known) <= c.max-max(1, c.max/8) {
			break
		}
		delete(c.known, k)
	}
}
