package oauth

import (
	"strconv"
	"testing"
	"time"

	"coffer/consent"
)

// A proof is remembered for as long as it could be shown, whenever it comes.
func TestMemoryOfUsedProofs(t *testing.T) {
	m := memory{max: 1000}
	start := time.Unix(1763721000, 0)
	used := map[string]time.Time{}
	for at := range 600 {
		now := start.Add(time.Duration(at) * time.Second)
		if at%7 == 0 {
			name := strconv.Itoa(at)
			if first, err := m.use(consent.HashOf(name), now); !first || err != nil {
				t.Fatalf("a new proof was seen before, %v", err)
			}
			used[name] = now
		}
		for name, then := range used {
			if now.Sub(then) >= proofLife {
				delete(used, name)
				continue
			}
			if first, _ := m.use(consent.HashOf(name), now); first {
				t.Fatalf("a proof is good again after %v", now.Sub(then))
			}
		}
	}
	if n := len(m.now) + len(m.then); n > 2*int(proofLife.Seconds())/7+2 {
		t.Errorf("%d proofs are remembered", n)
	}
}

// When it is full nobody new is let in, and what is in it still counts.
func TestMemoryIsBounded(t *testing.T) {
	m, now := memory{max: 2}, time.Unix(1763721000, 0)
	for i, want := range []error{nil, nil, errManyProofs} {
		if first, err := m.use(consent.HashOf(strconv.Itoa(i)), now); err != want || first != (want == nil) {
			t.Fatalf("proof %d: %v, %v", i, first, err)
		}
	}
	if first, err := m.use(consent.HashOf("0"), now); first || err != nil {
		t.Fatal("a full memory forgets")
	}
	if first, err := m.use(consent.HashOf("2"), now.Add(proofLife)); !first || err != nil {
		t.Fatal("a full memory never empties")
	}
}

// Headers are forgotten, but never mixed up.
func TestProofKeysAreBounded(t *testing.T) {
	var k proofKeys
	for i := range maxProofKeys + 10 {
		k.put(strconv.Itoa(i), proofKey{thumb: strconv.Itoa(i)})
	}
	if len(k.known) > maxProofKeys {
		t.Errorf("%d headers are remembered", len(k.known))
	}
	for header, key := range k.known {
		if header != key.thumb {
			t.Fatalf("%s has the key %s", header, key.thumb)
		}
	}
}
