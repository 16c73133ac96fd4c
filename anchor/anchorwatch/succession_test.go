package anchorwatch_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/anchor/anchorwatch"
)

// Members join and leave; the watcher goes on with those to whom the ones before agreed,
// and remembers whom it was begun with.
func TestTheMembersChange(t *testing.T) {
	l := ledger(t, "anna", 3)
	s := begin(t, &member{Ledger: l})
	first := s.Validators
	path := filepath.Join(t.TempDir(), "state.json")
	for i, powers := range [][]int64{{10, 10, 10, 10}, {10, 10, 10, 10, 10}, {10}} {
		next := anchortest.NewSigners(chain, powers...)
		l.Succeed(next)
		grow(t, l, "anna", 3+i, 4+i)
		var err error
		if s, _, err = s.Look(t.Context(), &member{Ledger: l}); err != nil {
			t.Fatal(err)
		}
		if s.Validators.Hash() != next.Set.Hash() || s.Trusted().Hash() != first.Hash() {
			t.Fatalf("after change %d it trusts %d validators, begun with %d", i+1, len(s.Validators.Validators), len(s.Trusted().Validators))
		}
		if err := s.Keep(path); err != nil {
			t.Fatal(err)
		}
		if s, err = anchorwatch.ReadState(path); err != nil {
			t.Fatal(err)
		}
	}
	// Nothing changed: nothing is asked for.
	if _, _, err := s.Look(t.Context(), &member{Ledger: l, steps: func() ([]anchor.Step, error) { return nil, errors.New("asked") }}); err != nil {
		t.Error(err)
	}
}

func TestOthersSignTheLedger(t *testing.T) {
	strangers := anchortest.NewSigners(chain, 10, 10, 10)
	for name, c := range map[string]struct {
		steps func(own *anchortest.Memory) func() ([]anchor.Step, error)
		says  string
	}{
		"the member knows no change": {func(*anchortest.Memory) func() ([]anchor.Step, error) {
			return func() ([]anchor.Step, error) { return nil, nil }
		}, "no change leads to them"},
		"the member has forgotten": {func(*anchortest.Memory) func() ([]anchor.Step, error) {
			return func() ([]anchor.Step, error) { return nil, anchor.ErrNotFound }
		}, "shows no change"},
		"the strangers agree to themselves": {func(l *anchortest.Memory) func() ([]anchor.Step, error) {
			step := strangers.Step(3, noon, anchor.AppHash([32]byte{}, 0, [32]byte{1}), strangers)
			return func() ([]anchor.Step, error) { return []anchor.Step{step}, nil }
		}, "did not agree"},
	} {
		t.Run(name, func(t *testing.T) {
			l := ledger(t, "anna", 3)
			s := begin(t, &member{Ledger: l})
			l.Usurp(strangers)
			grow(t, l, "anna", 3, 4)
			_, _, err := s.Look(t.Context(), &member{Ledger: l, steps: c.steps(l)})
			v, ok := errors.AsType[*anchorwatch.Violation](err)
			if !ok || v.Kind != anchorwatch.Succession || !strings.Contains(v.Detail, c.says) {
				t.Fatalf("got %v, want a violation that says %q", err, c.says)
			}
			if _, err := anchor.VerifyHeader(strangers.Set, v.Told.SignedHeader); err != nil {
				t.Error("the evidence does not hold the strangers' header:", err)
			}
		})
	}
	// Silence is none.
	l := ledger(t, "anna", 3)
	s := begin(t, &member{Ledger: l})
	l.Usurp(strangers)
	_, _, err := s.Look(t.Context(), &member{Ledger: l, steps: func() ([]anchor.Step, error) { return nil, anchor.ErrUnavailable }})
	if _, violated := errors.AsType[*anchorwatch.Violation](err); violated || !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
