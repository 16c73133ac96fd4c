package anchortest

import (
	"errors"
	"testing"
	"time"

	"coffer/anchor"
)

func TestMemory(t *testing.T) {
	TestLedger(t, func(t *testing.T) Harness {
		clock := time.Date(2030, 5, 1, 12, 30, 0, 0, time.UTC)
		now := func() time.Time { return clock }
		return Harness{Ledger: NewMemory("memory", now), Now: now, Pass: func(d time.Duration) { clock = clock.Add(d) }}
	})
}

func TestDown(t *testing.T) {
	m := NewMemory("memory", time.Now)
	anna := NewRelation("memory", "anna")
	g := anna.Grant(anchor.EpochAt(time.Now()), 1)
	if err := m.Append(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	m.Down(true)
	_, has := func() (bool, error) { _, ok, err := m.Has(t.Context(), g.Leaf()); return ok, err }()
	_, prove := m.Prove(t.Context(), g.Leaf())
	_, grant := m.Grant(t.Context(), anna.Handle())
	_, entries := m.Entries(t.Context(), anna.Handle())
	_, validators := m.Validators(t.Context())
	_, head := m.Head(t.Context())
	for name, err := range map[string]error{
		"Append": m.Append(t.Context(), g), "Has": has, "Prove": prove, "Grant": grant, "Entries": entries, "Validators": validators, "Head": head,
	} {
		if !errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
	m.Down(false)
	if err := m.Append(t.Context(), g); err != nil {
		t.Error(err)
	}
}
