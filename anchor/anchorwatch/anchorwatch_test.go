package anchorwatch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/anchor/anchorwatch"
)

const chain anchor.Chain = "watched"

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// member is a ledger as its client shows it, with lies put over it.
type member struct {
	anchor.Ledger
	checkpoint  func() ([]byte, error)
	header      func() ([]byte, error)
	consistency func(from, to uint64) (anchor.Consistency, error)
	steps       func() ([]anchor.Step, error)
}

func (m *member) Steps(ctx context.Context, from [32]byte) ([]anchor.Step, error) {
	if m.steps != nil {
		return m.steps()
	}
	return m.Ledger.(anchor.Membership).Succession(ctx, from)
}

func (m *member) CheckpointKey(context.Context) (string, error) { return m.Ledger.CheckpointKey(), nil }

func (m *member) Checkpoint(ctx context.Context) ([]byte, error) {
	if m.checkpoint != nil {
		return m.checkpoint()
	}
	return m.Ledger.Checkpoint(ctx)
}

func (m *member) SignedHeader(ctx context.Context) ([]byte, error) {
	if m.header != nil {
		return m.header()
	}
	return m.Ledger.SignedHeader(ctx)
}

func (m *member) Consistency(ctx context.Context, from, to uint64) (anchor.Consistency, error) {
	if m.consistency != nil {
		return m.consistency(from, to)
	}
	return m.Ledger.Consistency(ctx, from, to)
}

// ledger is a log of n entries; of each name there is another. Keys are the same.
func ledger(t *testing.T, name string, n int) *anchortest.Memory {
	t.Helper()
	m := anchortest.NewMemory(chain, func() time.Time { return noon })
	grow(t, m, name, 0, n)
	return m
}

func grow(t *testing.T, m *anchortest.Memory, name string, from, to int) {
	t.Helper()
	person := anchortest.NewRelation(chain, name)
	now := anchor.EpochAt(noon)
	for i := from; i < to; i++ {
		var e anchor.Entry = person.Permit(now, i)
		if i == 0 {
			e = person.Grant(now, 31)
		}
		if err := m.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func begin(t *testing.T, m anchorwatch.Member) anchorwatch.State {
	t.Helper()
	s, _, err := anchorwatch.Begin(t.Context(), m, anchor.ValidatorSet{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWatching(t *testing.T) {
	for _, start := range []int{0, 1, 5} {
		l := ledger(t, "anna", start)
		s := begin(t, &member{Ledger: l})
		size := start
		for _, more := range []int{0, 1, 0, 7, 300} {
			grow(t, l, "anna", size, size+more)
			size += more
			next, step, err := s.Look(t.Context(), &member{Ledger: l})
			if err != nil {
				t.Fatal(err)
			}
			head, _ := l.Head(t.Context())
			if step.Checkpoint != uint64(size) || step.Grown != uint64(more) || step.Root != head.Root || step.Size != uint64(size) {
				t.Errorf("at %d: %+v", size, step)
			}
			s = next
		}
	}
}

// TestViolations: each broken promise is seen, named, and leaves evidence.
func TestViolations(t *testing.T) {
	other := func(n int) *anchortest.Memory { return ledger(t, "ben", n) }
	for _, test := range []struct {
		name string
		lie  func(t *testing.T, m *member, l *anchortest.Memory)
		want anchorwatch.Kind
		says string
	}{
		{"two logs of one size", func(t *testing.T, m *member, _ *anchortest.Memory) { m.Ledger = other(6) }, anchorwatch.Split, "root"},
		{"another past, proved by itself", func(t *testing.T, m *member, _ *anchortest.Memory) { m.Ledger = other(9) }, anchorwatch.Rewritten, "how the 9 entries"},
		{"a log that shrank", func(t *testing.T, m *member, _ *anchortest.Memory) { m.Ledger = ledger(t, "anna", 4) }, anchorwatch.Shrunk, "has 4"},
		{"an empty log", func(t *testing.T, m *member, _ *anchortest.Memory) { m.Ledger = ledger(t, "anna", 0) }, anchorwatch.Shrunk, "has 0"},
		{"no proof of growth", func(t *testing.T, m *member, l *anchortest.Memory) {
			grow(t, l, "anna", 6, 8)
			m.consistency = func(uint64, uint64) (anchor.Consistency, error) { return anchor.Consistency{}, anchor.ErrNotFound }
		}, anchorwatch.Rewritten, "does not prove"},
		{"a proof of other sizes", func(t *testing.T, m *member, l *anchortest.Memory) {
			grow(t, l, "anna", 6, 8)
			m.consistency = func(uint64, uint64) (anchor.Consistency, error) { return l.Consistency(t.Context(), 5, 8) }
		}, anchorwatch.Rewritten, "6 entries"},
		{"a checkpoint signed by another key", func(t *testing.T, m *member, l *anchortest.Memory) {
			key, err := anchor.NewCheckpointKey(chain, anchortest.Key("a thief"))
			head, _ := l.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			m.checkpoint = func() ([]byte, error) { return key.Sign(head.Size, head.Root) }
		}, anchorwatch.Signature, "not signed"},
		{"no checkpoint at all", func(t *testing.T, m *member, _ *anchortest.Memory) {
			m.checkpoint = func() ([]byte, error) { return []byte("<html>"), nil }
		}, anchorwatch.Signature, "not signed"},
		{"a header of other validators", func(t *testing.T, m *member, l *anchortest.Memory) {
			head, _ := l.Head(t.Context())
			m.header = func() ([]byte, error) {
				return anchortest.NewSigners(chain, 11).Sign(99, noon, anchor.AppHash(head.Root, head.Size, [32]byte{})).Bytes(), nil
			}
		}, anchorwatch.Succession, "validator"},
		{"a header that nobody signed", func(t *testing.T, m *member, l *anchortest.Memory) {
			head, _ := l.Head(t.Context())
			m.header = func() ([]byte, error) {
				return anchortest.NewSigners(chain, 10).Sign(99, noon, anchor.AppHash(head.Root, head.Size, [32]byte{}), 0).Bytes(), nil
			}
		}, anchorwatch.Header, "power"},
		{"an old header", func(t *testing.T, m *member, l *anchortest.Memory) {
			head, _ := l.Head(t.Context())
			m.header = func() ([]byte, error) {
				return anchortest.NewSigners(chain, 10).Sign(2, noon, anchor.AppHash(head.Root, head.Size, [32]byte{})).Bytes(), nil
			}
		}, anchorwatch.Shrunk, "height 2"},
		{"two headers of one height", func(t *testing.T, m *member, l *anchortest.Memory) {
			head, _ := l.Head(t.Context())
			m.header = func() ([]byte, error) {
				return anchortest.NewSigners(chain, 10).Sign(head.Height+1, noon.Add(1), anchor.AppHash(head.Root, head.Size, [32]byte{})).Bytes(), nil
			}
		}, anchorwatch.Fork, "two headers"},
		{"a checkpoint of what validators did not sign", func(t *testing.T, m *member, l *anchortest.Memory) {
			signed, err := l.SignedHeader(t.Context())
			m.header = func() ([]byte, error) { return signed, err }
			grow(t, l, "anna", 6, 8)
		}, anchorwatch.Ahead, "signed 6"},
		{"a checkpoint that is not the header's log", func(t *testing.T, m *member, l *anchortest.Memory) {
			o := other(6)
			head, _ := o.Head(t.Context())
			m.header = func() ([]byte, error) {
				return anchortest.NewSigners(chain, 10).Sign(99, noon, anchor.AppHash(head.Root, 6, [32]byte{})).Bytes(), nil
			}
		}, anchorwatch.Split, "in a checkpoint and root"},
		{"a header of another, larger log", func(t *testing.T, m *member, l *anchortest.Memory) {
			o := other(9)
			signed, err := o.SignedHeader(t.Context())
			m.header = func() ([]byte, error) { return signed, err }
			m.consistency = func(from, to uint64) (anchor.Consistency, error) { return o.Consistency(t.Context(), from, to) }
		}, anchorwatch.Rewritten, "later header"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := ledger(t, "anna", 6)
			m := &member{Ledger: l}
			s := begin(t, m)
			test.lie(t, m, l)
			_, _, err := s.Look(t.Context(), m)
			var v *anchorwatch.Violation
			if !errors.As(err, &v) || v.Kind != test.want || !strings.Contains(v.Error(), test.says) {
				t.Fatalf("%v, want %s that says %q", err, test.want, test.says)
			}
			state := filepath.Join(t.TempDir(), "state.json")
			first, err := v.Keep(state, "https://ledger.example", noon)
			if err != nil {
				t.Fatal(err)
			}
			if second, err := v.Keep(state, "https://ledger.example", noon); err != nil || second == first {
				t.Errorf("later evidence goes to %s, %v", second, err)
			}
			b, err := os.ReadFile(first)
			if err != nil {
				t.Fatal(err)
			}
			var e struct {
				Violation anchorwatch.Kind
				Known     struct{ Last anchorwatch.Said }
				Told      anchorwatch.Said
			}
			if err := json.Unmarshal(b, &e); err != nil || e.Violation != test.want || e.Told.Checkpoint == "" || e.Known.Last.Checkpoint != s.Last.Checkpoint || !bytes.Equal(e.Known.Last.SignedHeader, s.Last.SignedHeader) {
				t.Errorf("the evidence is %s, %v", b, err)
			}
		})
	}
}

// What only a header covered must stay, too: here the checkpoints agree, and the
// entries between them and the header were exchanged.
func TestHeaderBeyondTheCheckpoint(t *testing.T) {
	honest, liar := ledger(t, "anna", 6), ledger(t, "anna", 6)
	m := &member{Ledger: honest}
	signed, err := honest.Checkpoint(t.Context())
	m.checkpoint = func() ([]byte, error) { return signed, err }
	grow(t, honest, "anna", 6, 8)
	s := begin(t, m)
	if _, step, err := s.Look(t.Context(), m); err != nil || step.Checkpoint != 6 || step.Size != 8 {
		t.Fatalf("%+v, %v", step, err)
	}
	grow(t, liar, "anna", 7, 10) // without the permit at 6
	if _, step, err := begin(t, &member{Ledger: liar}).Look(t.Context(), &member{Ledger: liar}); err != nil || step.Size != 9 {
		t.Fatalf("the liar's log is no log: %+v, %v", step, err)
	}
	var v *anchorwatch.Violation
	if _, _, err := s.Look(t.Context(), &member{Ledger: liar}); !errors.As(err, &v) || v.Kind != anchorwatch.Rewritten || !strings.Contains(v.Detail, "8 entries of a header") {
		t.Errorf("%v, want %s", err, anchorwatch.Rewritten)
	}
}

// A member that is down has broken nothing.
func TestSilenceIsNoViolation(t *testing.T) {
	l := ledger(t, "anna", 6)
	m := &member{Ledger: l}
	s := begin(t, m)
	l.Down(true)
	var v *anchorwatch.Violation
	if _, _, err := s.Look(t.Context(), m); !errors.Is(err, anchor.ErrUnavailable) || errors.As(err, &v) {
		t.Errorf("down: %v", err)
	}
	l.Down(false)
	grow(t, l, "anna", 6, 8)
	m.consistency = func(uint64, uint64) (anchor.Consistency, error) { return anchor.Consistency{}, anchor.ErrUnavailable }
	if _, _, err := s.Look(t.Context(), m); !errors.Is(err, anchor.ErrUnavailable) || errors.As(err, &v) {
		t.Errorf("down for proofs: %v", err)
	}
	m.consistency = nil
	if _, step, err := s.Look(t.Context(), m); err != nil || step.Grown != 2 {
		t.Errorf("up again: %+v, %v", step, err)
	}
}

func TestBeginningWithWhatIsKnown(t *testing.T) {
	m := &member{Ledger: ledger(t, "anna", 3)}
	known := begin(t, m)
	if _, _, err := anchorwatch.Begin(t.Context(), m, known.Validators, known.Key); err != nil {
		t.Error(err)
	}
	thief, err := anchor.NewCheckpointKey(chain, anchortest.Key("a thief"))
	if err != nil {
		t.Fatal(err)
	}
	var v *anchorwatch.Violation
	if _, _, err := anchorwatch.Begin(t.Context(), m, anchortest.NewSigners(chain, 1, 2).Set, ""); !errors.As(err, &v) || v.Kind != anchorwatch.Succession {
		t.Errorf("other validators: %v", err)
	}
	if _, _, err := anchorwatch.Begin(t.Context(), m, known.Validators, thief.Public()); !errors.As(err, &v) || v.Kind != anchorwatch.Signature {
		t.Errorf("another key: %v", err)
	}
	if _, _, err := anchorwatch.Begin(t.Context(), m, anchortest.NewSigners("elsewhere", 10).Set, ""); !errors.As(err, &v) || v.Kind != anchorwatch.Signature {
		t.Errorf("another chain: %v", err)
	}
}

func TestStateIsKept(t *testing.T) {
	m := &member{Ledger: ledger(t, "anna", 3)}
	s := begin(t, m)
	path := filepath.Join(t.TempDir(), "state.json")
	if _, err := anchorwatch.ReadState(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no state: %v", err)
	}
	if err := s.Keep(path); err != nil {
		t.Fatal(err)
	}
	again, err := anchorwatch.ReadState(path)
	if err != nil || again.Last.Checkpoint != s.Last.Checkpoint || again.Key != s.Key || again.Validators.Hash() != s.Validators.Hash() {
		t.Fatalf("the state is %+v, %v", again, err)
	}
	if _, _, err := again.Look(t.Context(), m); err != nil {
		t.Error(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"cut short": string(good[:len(good)/2]), "of version 2": strings.Replace(string(good), `"v": 1`, `"v": 2`, 1),
		"with a key more": strings.Replace(string(good), `"v": 1`, `"v": 1, "w": 1`, 1), "and more": string(good) + "{}", "empty": "",
	} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := anchorwatch.ReadState(path); err == nil || !strings.Contains(err.Error(), "another file") {
			t.Errorf("a state %s: %v", name, err)
		}
	}
	again.Last.Checkpoint = strings.Replace(again.Last.Checkpoint, "\n3\n", "\n2\n", 1)
	if _, _, err := again.Look(t.Context(), m); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("a state that was edited: %v", err)
	}
}

// TestFormatExample holds the example in FORMAT.md to the code: it is the state of
// somebody who watches the example in anchor/FORMAT.md.
func TestFormatExample(t *testing.T) {
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n```state\n")
	text, _, end := strings.Cut(rest, "```\n")
	if !ok || !end {
		t.Fatal("FORMAT.md has no example of a state")
	}
	path := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := anchorwatch.ReadState(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := anchor.OpenCheckpoint([]byte(s.Last.Checkpoint), s.Key)
	if err != nil {
		t.Fatal(err)
	}
	head, err := anchor.VerifyHeader(s.Validators, s.Last.SignedHeader)
	if err != nil || head.Size != 3 || head.Size != c.Size || head.Root != c.Root {
		t.Errorf("the header fixes %+v, %v, the checkpoint %+v", head, err, c)
	}
	if err := s.Keep(path); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != text {
		t.Errorf("it is written as %s, %v", again, err)
	}
}
