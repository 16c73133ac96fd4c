package oauth

import (
	"fmt"
	"testing"
	"time"

	"coffer/consent"
)

func TestTheCacheIsBounded(t *testing.T) {
	c, now := newCache(16), time.Unix(1_000_000, 0)
	token := func(until time.Time) verified {
		return verified{access: access{client: "did:key:z", expires: until}, checked: until.Add(-time.Minute)}
	}
	key := func(i int) consent.Hash { return consent.HashOf(fmt.Sprint(i)) }
	for i := range 1000 {
		c.put(key(i), token(now.Add(time.Minute)), now)
		if len(c.known) > 16 {
			t.Fatalf("%d are known", len(c.known))
		}
		if a, fresh, ok := c.get(key(i), now, 0); !ok || !fresh || a.client != "did:key:z" {
			t.Fatal("the newest is forgotten")
		}
	}
	// What is expired goes first.
	later := now.Add(time.Hour)
	c.put(key(1000), token(later.Add(time.Minute)), later)
	if len(c.known) != 1 {
		t.Fatalf("%d expired ones stay", len(c.known)-1)
	}
	if _, _, ok := c.get(key(999), now.Add(time.Minute), 0); ok {
		t.Fatal("an expired token counts")
	}
}

// A cached token is looked at again when anything ended here, and every second for
// what ended elsewhere.
func TestTheCacheGoesStale(t *testing.T) {
	c, now := newCache(16), time.Unix(1_000_000, 0)
	c.put(consent.Hash{}, verified{access: access{expires: now.Add(time.Minute)}, checked: now, ended: 7}, now)
	for name, x := range map[string]struct {
		at    time.Time
		ended uint64
		fresh bool
	}{"at once": {now, 7, true}, "soon": {now.Add(recheck - 1), 7, true}, "later": {now.Add(recheck), 7, false}, "something ended": {now, 8, false}} {
		if _, fresh, ok := c.get(consent.Hash{}, x.at, x.ended); !ok || fresh != x.fresh {
			t.Errorf("%s: %v %v", name, fresh, ok)
		}
	}
}
