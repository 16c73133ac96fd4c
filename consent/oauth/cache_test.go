package oauth

import (
	"fmt"
	"testing"
	"time"

	"coffer/consent"
)

func TestTheCacheIsBounded(t *testing.T) {
	c, now := newCache(16), time.Unix(1_000_000, 0)
	key := func(i int) consent.Hash { return consent.HashOf(fmt.Sprint(i)) }
	for i := range 1000 {
		c.put(key(i), "did:key:z", now.Add(time.Minute), now)
		if len(c.known) > 16 {
			t.Fatalf("%d are known", len(c.known))
		}
		if did, ok := c.get(key(i), now); !ok || did != "did:key:z" {
			t.Fatal("the newest is forgotten")
		}
	}
	// What is expired goes first.
	later := now.Add(time.Hour)
	c.put(key(1000), "did:key:z", later.Add(time.Minute), later)
	if len(c.known) != 1 {
		t.Fatalf("%d expired ones stay", len(c.known)-1)
	}
	if _, ok := c.get(key(999), now.Add(time.Minute)); ok {
		t.Fatal("an expired token counts")
	}
}
