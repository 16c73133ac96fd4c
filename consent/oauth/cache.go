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
	access
	checked time.Time // when the store was asked whether it has ended
	ended   uint64    // how often something had ended then
}

func newCache(max int) *cache { return &cache{max: max, known: map[consent.Hash]verified{}} }

// get returns what was verified; fresh is false when the store must be asked again.
func (c *cache) get(key consent.Hash, now time.Time, ended uint64) (a access, fresh, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.known[key]
	if ok = ok && now.Before(v.expires); !ok {
		return access{}, false, false
	}
	return v.access, v.ended == ended && now.Sub(v.checked) < recheck, true
}

func (c *cache) put(key consent.Hash, v verified, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.known[key]; !again && len(c.known) >= c.max {
		c.makeRoom(now)
	}
	c.known[key] = v
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
