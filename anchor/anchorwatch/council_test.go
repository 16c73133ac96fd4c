package anchorwatch_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/anchor/anchorwatch"
)

// house is one member that compares another's publication with its own log.
type house struct {
	*anchortest.Memory
	other anchor.Member
}

func (house) CheckpointKey() string { return "its own" }

func (h house) Registers(ctx context.Context) ([]anchor.Register, error) {
	if _, err := h.Head(ctx); err != nil {
		return nil, err
	}
	return []anchor.Register{{Number: 1, Members: []anchor.Member{{Name: "this one", Checkpoint: "its own"}, h.other}}}, nil
}

func newCouncil(t *testing.T, own *anchortest.Memory, other *member) *anchorwatch.Council {
	m := anchor.Member{Name: "Shop B", Key: anchor.MemberKey(anchortest.Key("Shop B")[32:]), Checkpoint: own.CheckpointKey()}
	return &anchorwatch.Council{Own: house{own, m}, Reach: func(anchor.Member) anchorwatch.Other { return other },
		Kept: anchorwatch.Folder(t.TempDir()), Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return noon }}
}

// look looks once and returns how the other member was seen.
func look(t *testing.T, c *anchorwatch.Council) anchor.Seen {
	t.Helper()
	if err := c.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen, _ := c.Seen()
	if len(seen) != 1 {
		t.Fatalf("it sees %+v", seen)
	}
	return seen[0]
}

// An honest member is behind, ahead, away, back: never more than that.
func TestCouncilOfHonestMembers(t *testing.T) {
	own, log := ledger(t, "anna", 6), ledger(t, "anna", 3)
	other := &member{Ledger: log}
	c := newCouncil(t, own, other)
	for _, step := range []struct {
		do   func()
		want anchor.Sight
		size uint64
	}{
		{func() {}, anchor.SightSame, 3},
		{func() { grow(t, log, "anna", 3, 6) }, anchor.SightSame, 6},
		{func() { grow(t, log, "anna", 6, 9) }, anchor.SightSame, 9},
		{func() { log.Down(true) }, anchor.SightSilent, 9},
		{func() { log.Down(false); grow(t, own, "anna", 6, 20) }, anchor.SightSame, 9},
	} {
		step.do()
		if seen := look(t, c); seen.Sight != step.want || seen.Size != step.size || !seen.At.Equal(noon) {
			t.Errorf("seen %+v, want %s with %d", seen, step.want, step.size)
		}
	}
	if _, alarms := c.Seen(); len(alarms) > 0 || c.Splits() != 0 {
		t.Errorf("%d splits, alarms %+v", c.Splits(), alarms)
	}
	own.Down(true)
	if err := c.Look(t.Context()); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("one's own ledger is down: %v", err)
	}
}

// What a member signed that the validators did not is kept, in a form that shows it to
// others; once, however often it is seen.
func TestCouncilKeepsEvidence(t *testing.T) {
	for _, test := range []struct {
		name   string
		sizes  [2]int // of one's own log and of the other
		then   func(t *testing.T, own *anchortest.Memory, other *member)
		proves bool
	}{
		{"the same size", [2]int{6, 6}, nil, true},
		{"an older log", [2]int{9, 4}, nil, true},
		{"a larger one", [2]int{4, 9}, nil, false},
		{"one that was ahead", [2]int{0, 0}, func(t *testing.T, own *anchortest.Memory, other *member) {
			// It shows a log that could become one's own, and then takes it back.
			grow(t, own, "anna", 0, 9)
			note, err := own.Checkpoint(t.Context())
			other.checkpoint = func() ([]byte, error) { return note, err }
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			own, log := ledger(t, "anna", test.sizes[0]), ledger(t, "ben", test.sizes[1])
			other := &member{Ledger: log}
			c := newCouncil(t, own, other)
			if test.then != nil {
				grow(t, log, "ben", 0, 4)
				if seen := look(t, c); seen.Sight != anchor.SightSame {
					t.Fatalf("ahead: %+v", seen)
				}
				test.then(t, own, other)
			}
			for range 3 {
				look(t, c)
			}
			if seen, _ := c.Seen(); test.then == nil && seen[0].Sight != anchor.SightAnother {
				t.Fatalf("seen %+v", seen)
			}
			_, alarms := c.Seen()
			if len(alarms) != 1 || c.Splits() != 1 || alarms[0].Kind != anchor.AlarmSplit || !strings.Contains(alarms[0].Detail, "Shop B: ") || !alarms[0].Since.Equal(noon) {
				t.Fatalf("%d splits, alarms %+v", c.Splits(), alarms)
			}
			b, err := os.ReadFile(filepath.Join(string(c.Kept), alarms[0].Evidence))
			if err != nil {
				t.Fatal(err)
			}
			if shows := convicts(t, b, own.CheckpointKey()); shows != test.proves {
				t.Errorf("the evidence shows it to others: %v, want %v\n%s", shows, test.proves, b)
			}
			if err := os.Remove(filepath.Join(string(c.Kept), alarms[0].Evidence)); err != nil {
				t.Fatal(err)
			}
			other.Ledger, other.checkpoint = own, nil
			if seen := look(t, c); seen.Sight != anchor.SightSame {
				t.Errorf("honest again: %+v", seen)
			}
			if _, alarms := c.Seen(); len(alarms) > 0 {
				t.Errorf("the file is taken away: %+v", alarms)
			}
		})
	}
}

// convicts is what somebody else can tell from evidence: the member signed a log, and the
// validators signed another that began otherwise.
func convicts(t *testing.T, b []byte, key string) bool {
	t.Helper()
	var e struct {
		Told struct{ Checkpoint string }
		Own  struct {
			Validators   anchor.ValidatorSet
			SignedHeader string `json:"signed_header"`
			Root         string
			Consistency  *anchor.Consistency
		}
	}
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	said, err := anchor.OpenCheckpoint([]byte(e.Told.Checkpoint), key)
	if err != nil {
		t.Fatal("what it said is not signed: ", err)
	}
	signed, err := base64.RawURLEncoding.DecodeString(e.Own.SignedHeader)
	if err != nil {
		t.Fatal(err)
	}
	head, err := anchor.VerifyHeader(e.Own.Validators, signed)
	if err != nil {
		t.Fatal("the header is not signed: ", err)
	}
	root, err := base64.RawURLEncoding.DecodeString(e.Own.Root)
	if err != nil || len(root) != 32 || e.Own.Consistency == nil {
		return false
	}
	p := e.Own.Consistency
	return p.From == said.Size && p.To == head.Size && p.Verify([32]byte(root), head.Root) == nil && [32]byte(root) != said.Root
}

// lagging is a house whose newest header is of before the newest change of validators.
type lagging struct {
	house
	signed []byte
}

func (l *lagging) SignedHeader(ctx context.Context) ([]byte, error) {
	if l.signed != nil {
		return l.signed, nil
	}
	return l.house.SignedHeader(ctx)
}

// The members change between two looks, twice: evidence names those who signed its header.
func TestCouncilOverAChangeOfMembers(t *testing.T) {
	own := ledger(t, "anna", 3)
	other := &member{Ledger: own}
	c := newCouncil(t, own, other)
	l := &lagging{house: c.Own.(house)}
	c.Own = l
	if seen := look(t, c); seen.Sight != anchor.SightSame {
		t.Fatalf("before: %+v", seen)
	}
	for i, powers := range [][]int64{{10, 10, 10, 10}, {10, 10, 10}} {
		own.Succeed(anchortest.NewSigners(chain, powers...))
		grow(t, own, "anna", 3+i, 4+i)
		if seen := look(t, c); seen.Sight != anchor.SightSame {
			t.Fatalf("after change %d: %+v", i+1, seen)
		}
	}
	var err error
	if l.signed, err = own.SignedHeader(t.Context()); err != nil {
		t.Fatal(err)
	}
	own.Succeed(anchortest.NewSigners(chain, 10))
	other.Ledger = ledger(t, "ben", 4)
	look(t, c)
	_, alarms := c.Seen()
	if len(alarms) != 1 {
		t.Fatalf("alarms %+v", alarms)
	}
	b, err := os.ReadFile(filepath.Join(string(c.Kept), alarms[0].Evidence))
	if err != nil {
		t.Fatal(err)
	}
	if !convicts(t, b, own.CheckpointKey()) {
		t.Errorf("the evidence shows nothing:\n%s", b)
	}
}

// Who signs with a key that is not registered is seen, and leaves nothing to show.
func TestCouncilUnsigned(t *testing.T) {
	own := ledger(t, "anna", 6)
	c := newCouncil(t, own, &member{Ledger: own, checkpoint: func() ([]byte, error) { return []byte("nobody signed this\n"), nil }})
	if seen := look(t, c); seen.Sight != anchor.SightAnother {
		t.Errorf("seen %+v", seen)
	}
	if _, alarms := c.Seen(); len(alarms) != 0 {
		t.Errorf("alarms %+v", alarms)
	}
}

// One member cannot fill another's disk with evidence, and a double vote is kept once.
func TestFolderIsBounded(t *testing.T) {
	own, log := ledger(t, "anna", 30), ledger(t, "ben", 1)
	c := newCouncil(t, own, &member{Ledger: log})
	for i := range 20 {
		grow(t, log, "ben", i+1, i+2)
		look(t, c)
	}
	liar := anchor.Member{Name: "Shop C", Key: anchor.MemberKey(anchortest.Key("Shop C")[32:])}
	for range 3 {
		if err := c.Kept.KeepDoubleVote(liar, "signed two votes", []byte("votes"), noon); err != nil {
			t.Fatal(err)
		}
	}
	look(t, c)
	kinds := map[anchor.AlarmKind]int{}
	_, alarms := c.Seen()
	for _, a := range alarms {
		kinds[a.Kind]++
	}
	if kinds[anchor.AlarmSplit] != 8 || kinds[anchor.AlarmDoubleVote] != 1 || c.Splits() != 1 {
		t.Errorf("alarms %v, %d splits", kinds, c.Splits())
	}
	if err := os.WriteFile(filepath.Join(string(c.Kept), "half.json"), []byte(`{"v":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Look(t.Context()); err == nil || !strings.Contains(err.Error(), "reading evidence") {
		t.Errorf("a damaged file: %v", err)
	}
}
