package anchor_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"coffer/anchor"
)

// growth is RFC 9162's PROOF(m, D[0:n]), by definition.
func (l *vectorLog) growth(m, n int) anchor.Consistency {
	c := anchor.Consistency{From: uint64(m), To: uint64(n), Path: [][32]byte{}}
	if 0 < m && m < n {
		c.Path = l.subproof(m, 0, n, true)
	}
	return c
}

func (l *vectorLog) subproof(m, from, to int, whole bool) [][32]byte {
	if m == to-from {
		if whole {
			return [][32]byte{}
		}
		return [][32]byte{l.root(from, to)}
	}
	k := split(to - from)
	if m <= k {
		return append(l.subproof(m, from, from+k, whole), l.root(from+k, to))
	}
	return append(l.subproof(m-k, from+k, to, false), l.root(from, from+k))
}

func consistencyVectors(t *testing.T) string {
	c := newCorpus("Consistency proofs (FORMAT.md, Consistency), as JSON, with the roots of both logs in hex.\nReasons are those of the first step that fails.")
	log := newLog()
	write := func(name, expect, proof string, from, to [32]byte) {
		c.add(name, expect, map[string]string{"proof": proof, "from_root": hex.EncodeToString(from[:]), "to_root": hex.EncodeToString(to[:])})
	}
	for _, at := range [][2]int{{0, 0}, {0, 1}, {0, 13}, {1, 1}, {1, 2}, {1, 13}, {2, 3}, {3, 7}, {4, 7}, {4, 8}, {6, 8}, {7, 8}, {8, 13}, {7, 13}, {12, 13}, {13, 13}} {
		write(fmt.Sprintf("from %d to %d", at[0], at[1]), "ok", mustJSON(t, log.growth(at[0], at[1])), log.root(0, at[0]), log.root(0, at[1]))
	}
	good := mustJSON(t, log.growth(6, 13))
	from, to := log.root(0, 6), log.root(0, 13)
	edit := func(name, reason, old, new string) {
		if !strings.Contains(good, old) {
			t.Fatalf("%s: nothing to edit", name)
		}
		write(name, "refused "+reason, strings.Replace(good, old, new, 1), from, to)
	}
	// 1 format
	edit("JSON of version 2", "format", `"v":1`, `"v":2`)
	edit("JSON with a key more", "format", `"v":1`, `"v":1,"w":1`)
	edit("JSON without a path", "format", `"path":`, `"paths":`)
	edit("padded base64", "format", `"]`, `="]`)
	edit("a negative size", "format", `"from":6`, `"from":-6`)
	edit("a size beyond 2^53", "format", `"to":13`, `"to":9007199254740992`)
	edit("a log that shrank", "format", `"from":6,"to":13`, `"from":13,"to":6`)
	edit("a hash of 31 bytes", "format", `["`, `["AA","`)
	// 2 path
	edit("another older size", "path", `"from":6`, `"from":5`)
	edit("a newer size that is too large", "path", `"to":13`, `"to":17`)
	edit("from nothing, with a path", "path", `"from":6`, `"from":0`)
	edit("one size, with a path", "path", `"from":6`, `"from":13`)
	change := func(name string, f func(p *anchor.Consistency)) {
		p := log.growth(6, 13)
		f(&p)
		write(name, "refused path", mustJSON(t, p), from, to)
	}
	last := len(log.growth(6, 13).Path) - 1
	change("a tampered first hash", func(p *anchor.Consistency) { p.Path[0][0] ^= 1 })
	change("a tampered last hash", func(p *anchor.Consistency) { p.Path[last][31] ^= 1 })
	change("a path too short", func(p *anchor.Consistency) { p.Path = p.Path[:last] })
	change("a path too long", func(p *anchor.Consistency) { p.Path = append(p.Path, p.Path[0]) })
	change("no path", func(p *anchor.Consistency) { p.Path = [][32]byte{} })
	change("hashes in another order", func(p *anchor.Consistency) { slices.Reverse(p.Path) })
	write("another older root", "refused path", good, log.root(0, 5), to)
	write("another newer root", "refused path", good, from, log.root(0, 12))
	write("the roots swapped", "refused path", good, to, from)
	write("one size, two roots", "refused path", mustJSON(t, log.growth(6, 6)), from, to)
	write("a root of nothing that is not", "refused path", mustJSON(t, log.growth(0, 0)), from, from)
	write("from nothing, with a root that is not", "refused path", mustJSON(t, log.growth(0, 13)), from, to)
	long := log.growth(6, 13)
	long.From = 0
	write("from nothing, its root and a path", "refused path", mustJSON(t, long), log.root(0, 0), to)
	// An entry exchanged before the older size: the newer log is another.
	other := newLog()
	other.entries[2] = other.entries[5]
	write("history rewritten", "refused path", mustJSON(t, other.growth(6, 13)), from, other.root(0, 13))
	return c.String()
}

// TestConsistency: every pair of sizes, and no bit of a proof can be flipped.
func TestConsistency(t *testing.T) {
	log := newLog()
	for to := range 14 {
		for from := range to + 1 {
			p, a, b := log.growth(from, to), log.root(0, from), log.root(0, to)
			if err := p.Verify(a, b); err != nil {
				t.Errorf("from %d to %d: %v", from, to, err)
			}
			var again anchor.Consistency
			if err := json.Unmarshal([]byte(mustJSON(t, p)), &again); err != nil || !reflect.DeepEqual(again, p) {
				t.Errorf("from %d to %d is not read back: %v", from, to, err)
			}
			for i := range p.Path {
				p.Path[i][7] ^= 4
				if p.Verify(a, b) == nil {
					t.Errorf("from %d to %d holds with hash %d changed", from, to, i)
				}
				p.Path[i][7] ^= 4
			}
			for size := range uint64(20) {
				for _, wrong := range []anchor.Consistency{{From: size, To: p.To, Path: p.Path}, {From: p.From, To: size, Path: p.Path}} {
					// A bare root does not fix the size (that is what the app hash is
					// for), so another size may fit; it must never fit another root.
					if wrong.Verify(b, a) == nil && a != b {
						t.Errorf("from %d to %d holds backwards as %d to %d", from, to, wrong.From, wrong.To)
					}
				}
			}
		}
	}
	var refused *anchor.ProofError
	if err := (anchor.Consistency{From: 2, To: 1}).Verify(log.root(0, 2), log.root(0, 1)); !errors.As(err, &refused) || refused.Reason != anchor.ProofFormat {
		t.Errorf("a log that shrank: %v", err)
	}
}

// JSON has many spellings; what is read must survive being written.
func FuzzConsistency(f *testing.F) {
	for _, v := range readAll(f, "consistency.txt") {
		f.Add([]byte(v["proof"]))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, again anchor.Consistency
		if json.Unmarshal(b, &p) != nil {
			return
		}
		if err := json.Unmarshal([]byte(mustJSON(t, p)), &again); err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%s is not read back: %v", b, err)
		}
		_ = p.Verify(anchor.EmptyRoot(), anchor.EmptyRoot()) // must not panic
	})
}
