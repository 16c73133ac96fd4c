package anchor_test

import (
	"bytes"
	"crypto/rand"
	"testing"

	"coffer/anchor"
)

// Openings hold together exactly if each holds; a false one is found at any place, and
// two false ones do not make up for each other.
func TestOpeningsTogether(t *testing.T) {
	type claim struct {
		o        anchor.Opening
		c        anchor.Commitment
		document []byte
	}
	claims := func() []claim {
		var all []claim
		for i := range 9 {
			commit := anchor.Commit
			if i%3 == 2 {
				commit = anchor.CommitHMAC
			}
			document := []byte{'d', byte(i)}
			c, o, err := commit(rand.Reader, document)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, claim{o, c, document})
		}
		return all
	}
	together := func(all []claim) bool {
		var s anchor.Openings
		for _, c := range all {
			s.Add(c.o, c.c, c.document)
		}
		return s.Hold(rand.Reader)
	}
	if !together(claims()) || !together(nil) {
		t.Error("true openings do not hold")
	}
	for name, spoil := range map[string]func(all []claim, i int){
		"another document":   func(all []claim, i int) { all[i].document = []byte("x") },
		"another commitment": func(all []claim, i int) { all[i].c = all[(i+3)%9].c },
		"no point":           func(all []claim, i int) { all[i].c = anchor.Commitment(bytes.Repeat([]byte{0xff}, 32)) },
		"another r":          func(all []claim, i int) { all[i].o.R = append([]byte{all[i].o.R[0] ^ 1}, all[i].o.R[1:]...) },
		"r above the order":  func(all []claim, i int) { all[i].o.R = bytes.Repeat([]byte{0xff}, 32) },
		"r cut off":          func(all []claim, i int) { all[i].o.R = all[i].o.R[:31] },
		"another scheme":     func(all []claim, i int) { all[i].o.Scheme = 3 },
		"two swapped": func(all []claim, i int) {
			j := (i + 3) % 9
			all[i].c, all[j].c = all[j].c, all[i].c
		},
	} {
		for i := range 9 {
			all := claims()
			spoil(all, i)
			if together(all) {
				t.Errorf("%s at %d holds", name, i)
			}
		}
	}
	var s anchor.Openings
	c := claims()[0]
	s.Add(c.o, c.c, c.document)
	if s.Hold(bytes.NewReader(nil)) {
		t.Error("held without randomness")
	}
}
