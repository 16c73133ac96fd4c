package bft

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
)

// documented is a fenced block of FORMAT.md, in hexadecimal digits.
func documented(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n```"+name+"\n")
	text, _, end := strings.Cut(rest, "\n```\n")
	if !ok || !end {
		t.Fatalf("FORMAT.md has no example of %s", name)
	}
	out, err := hex.DecodeString(regexp.MustCompile(`#.*|\s`).ReplaceAllString(text, ""))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSnapshotExample holds the example in FORMAT.md to the code: a snapshot of the log of
// three entries, and its chunks, of which one comes without the permit's bytes.
func TestSnapshotExample(t *testing.T) {
	s, ruling, err := parseSnapshot(documented(t, "snapshot"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Height != 42 || s.Size != 3 || s.Level != 1 || ruling != nil || !s.Time.Equal(time.Date(2026, 8, 1, 18, 0, 0, 0, time.UTC)) {
		t.Errorf("it is %+v", s)
	}
	var log []anchor.Leaf
	for _, name := range []string{"grant", "permit", "withdraw"} {
		e, err := anchor.ParseEntry(documented(t, name))
		if err != nil {
			t.Fatal(err)
		}
		log = append(log, e.Leaf())
	}
	in := restoring{snapshot: s}
	for i, name := range []string{"chunk", "last-chunk"} {
		items, err := parseChunk(documented(t, name))
		if err != nil {
			t.Fatal(err)
		}
		in.chunk = uint32(i)
		if err := in.holds(items); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if from, _ := s.entries(uint32(i)); items[0].leaf != log[from] {
			t.Errorf("%s begins with another entry", name)
		}
	}
	root := anchor.HashChildren(anchor.HashChildren(log[0], log[1]), log[2])
	if hash := s.appHash(nil); !bytes.Equal(hash, anchor.AppHash(root, 3, [32]byte{})) {
		t.Errorf("it leads to %x", hash)
	}
}

// someSnapshot has members and a motion.
func someSnapshot(t testing.TB) snapshot {
	m := anchor.Member{Name: "A", Role: "retailer", Country: "DE", Contact: "c", URL: "https://a.example", Node: strings.Repeat("0a", 20), Address: "a.example:1"}
	m.Key, m.Validator = anchor.MemberKey{1}, anchor.ValidatorKey{2}
	r, err := anchor.NewRegister(1, []anchor.Member{m})
	if err != nil {
		t.Fatal(err)
	}
	p := anchor.Proposal{Kind: anchor.Remove, Register: r.Hash(), Replaces: m.Key, Member: m}
	b, err := json.Marshal(motion{p.Bytes(), map[anchor.MemberKey]bool{m.Key: true}})
	if err != nil {
		t.Fatal(err)
	}
	return snapshot{Height: 100, Time: time.Unix(1e9, 5).UTC(), Size: 33, Handles: [32]byte{3}, Level: 4, Roots: [][32]byte{{1}, {2}, {3}},
		Registers: [][]byte{r.Bytes()}, Motions: [][]byte{b}}
}

func TestSnapshotsThatAreNone(t *testing.T) {
	good := someSnapshot(t)
	s, ruling, err := parseSnapshot(good.Bytes())
	if err != nil || len(ruling.open) != 1 || ruling.register.Number != 1 || !bytes.Equal(s.Bytes(), good.Bytes()) {
		t.Fatalf("a good one: %v", err)
	}
	for name, change := range map[string]func(*snapshot){
		"no height":         func(s *snapshot) { s.Height = 0 },
		"no entries":        func(s *snapshot) { s.Size = 0; s.Roots = nil },
		"too few roots":     func(s *snapshot) { s.Roots = s.Roots[:2] },
		"too many roots":    func(s *snapshot) { s.Roots = append(s.Roots[:3:3], [32]byte{4}) },
		"too large chunks":  func(s *snapshot) { s.Level = 60; s.Roots = s.Roots[:1] },
		"a state alone":     func(s *snapshot) { s.Registers, s.Motions = nil, nil },
		"a motion twice":    func(s *snapshot) { s.Motions = append(s.Motions, s.Motions[0]) },
		"a motion in words": func(s *snapshot) { s.Motions = [][]byte{append([]byte(" "), s.Motions[0]...)} },
		"a register twice":  func(s *snapshot) { s.Registers = append(s.Registers, s.Registers[0]) },
		"no register":       func(s *snapshot) { s.Registers = [][]byte{[]byte("{}")} },
	} {
		s := someSnapshot(t)
		change(&s)
		if _, _, err := parseSnapshot(s.Bytes()); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
	b := good.Bytes()
	for n := range b {
		if _, _, err := parseSnapshot(b[:n]); err == nil {
			t.Errorf("cut after %d bytes it is read", n)
		}
	}
	if _, _, err := parseSnapshot(append(b, 0)); err == nil {
		t.Error("with a byte after its end it is read")
	}
}

func FuzzSnapshot(f *testing.F) {
	f.Add(someSnapshot(f).Bytes())
	f.Add(documented(f, "snapshot"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, _, err := parseSnapshot(b)
		if err == nil && !bytes.Equal(s.Bytes(), b) {
			t.Errorf("%x is written as %x", b, s.Bytes())
		}
	})
}

func FuzzChunk(f *testing.F) {
	f.Add(documented(f, "chunk"))
	f.Add(documented(f, "last-chunk"))
	f.Fuzz(func(t *testing.T, b []byte) {
		items, err := parseChunk(b)
		if err != nil {
			return
		}
		var again []byte
		for _, it := range items {
			if it.entry != nil {
				again = append(again, it.entry.Bytes()...)
			} else {
				again = append(append(append(again, 0), it.leaf[:]...), it.handle[:]...)
			}
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%x is written as %x", b, again)
		}
	})
}
