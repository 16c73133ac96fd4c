package vaulttest

import (
	"context"
	"crypto/sha256"
	"testing"
	"time"

	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

// begins is when vaults of a shelf were made.
var begins = time.Unix(1763720000, 0)

func (s *shelf) signIn(t testing.TB, now time.Time) error {
	t.Helper()
	n := vault.Session{TokenHash: sha256.Sum256([]byte(now.String())), Credential: []byte("first"), Expires: now.Add(time.Hour)}
	return s.AddSession(t.Context(), s.v, n)
}

// turn is a turn that erases for good, and wants so many warned and erased.
func (s *shelf) turn(t testing.TB, what string, r *vaultdb.Retainer, now time.Time, warned, erased int) {
	t.Helper()
	w, e, err := r.Turn(t.Context(), now, func(ctx context.Context, v id.Vault) error {
		return s.db.Write(ctx, func(tx sqldb.Tx) error { return vaultdb.Erase(ctx, tx, v) })
	})
	if err != nil || w != warned || e != erased {
		t.Errorf("%s: %d warned and %d erased, want %d and %d; %v", what, w, e, warned, erased, err)
	}
}

func (s *shelf) wantStanding(t testing.TB, what string, r vault.Retention, now time.Time, want vault.Inactive) {
	t.Helper()
	counts, err := s.CountInactive(t.Context(), r, now)
	if err != nil || len(counts) != 1 || counts[want] != 1 {
		t.Errorf("%s: %v, %v, want one %s", what, counts, err, want)
	}
}

func testInactive(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	policy := vault.Retention{Months: 3, Days: 30}
	r := s.Retainer(policy)
	due := begins.AddDate(0, 3, 0)
	s.turn(t, "a second before", r, due.Add(-time.Second), 0, 0)
	s.wantStanding(t, "before the warning", policy, due, vault.ToWarn)
	s.turn(t, "after three months", r, due, 1, 0)
	s.turn(t, "warned once", r, due.Add(time.Hour), 0, 0)
	over := due.AddDate(0, 0, 30)
	s.turn(t, "within the warning", r, over.Add(-time.Second), 0, 0)
	s.wantStanding(t, "within it", policy, over.Add(-time.Second), vault.Warned)
	s.wantStanding(t, "at its end", policy, over, vault.ToErase)
	s.wantStanding(t, "without a policy", vault.Retention{}, over, vault.Active)

	// Without a policy the warning is taken back, and does not count for another one.
	s.turn(t, "turned off", s.Retainer(vault.Retention{}), over, 0, 0)
	s.turn(t, "turned on again", s.Retainer(policy), over, 1, 0)
	if err := s.signIn(t, over); err != nil {
		t.Fatal(err)
	}
	if k, err := s.Keyring(t.Context(), s.v); err != nil || !k.Vault.Warned.Equal(over) {
		t.Errorf("who signed in is told of %v, %v", k.Vault.Warned, err)
	}
	s.turn(t, "kept", r, over.AddDate(0, 0, 31), 0, 0)

	// A restored copy does not know who signed in since.
	later := over.AddDate(1, 0, 0)
	s.turn(t, "a year on", r, later, 1, 0)
	if err := vaultdb.Unsettle(t.Context(), s.db); err != nil {
		t.Fatal(err)
	}
	s.wantStanding(t, "restored", policy, later, vault.Uncounted)
	s.turn(t, "it counts from now", r, later, 0, 0)
	s.turn(t, "and is not erased", r, later.AddDate(0, 2, 0), 0, 0)
	s.turn(t, "warned at last", r, later.AddDate(0, 3, 1), 1, 0)
	s.turn(t, "and erased", r, later.AddDate(0, 5, 0), 0, 1)
	_, err := s.Keyring(t.Context(), s.v)
	wantErr(t, "afterwards", err, vault.ErrNotFound)
}

// Who signs in between the look at a vault and its end keeps it; who comes after that does
// not get in.
func testInactiveRace(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	other := addShelf(t, s.Store, s.db)
	if string(other.v[:]) < string(s.v[:]) {
		s, other = other, s // s comes first
	}
	r := s.Retainer(vault.Retention{Months: 3, Days: 30})
	due := begins.AddDate(0, 4, 0)
	over := due.AddDate(0, 0, 31)
	s.turn(t, "warning", r, due, 2, 0)
	_, erased, err := r.Turn(t.Context(), over, func(_ context.Context, v id.Vault) error {
		if v != s.v {
			t.Error("the wrong vault")
			return nil
		}
		wantErr(t, "signing in too late", s.signIn(t, over), vault.ErrNotSignedIn)
		if err := other.signIn(t, over); err != nil {
			t.Error(err)
		}
		return s.tx(t, func(ctx context.Context, tx sqldb.Tx) error { return vaultdb.Erase(ctx, tx, v) })
	})
	if err != nil || erased != 1 {
		t.Errorf("%d erased, %v", erased, err)
	}
	if _, err := other.Keyring(t.Context(), other.v); err != nil {
		t.Errorf("the other: %v", err)
	}
	s.turn(t, "the other stays", r, over, 0, 0)
}

// A turn does so much and no more, and the next goes on.
func testInactiveBound(t *testing.T, open Opener) {
	s := newShelf(t, open, nil)
	for range 20 {
		addShelf(t, s.Store, s.db)
	}
	r := s.Retainer(vault.Retention{Months: 3, Days: 30})
	s.turn(t, "warning", r, begins.AddDate(0, 4, 0), 21, 0)
	over := begins.AddDate(0, 6, 0)
	s.turn(t, "a turn", r, over, 0, 16)
	s.turn(t, "the next", r, over, 0, 5)
	s.turn(t, "and no more", r, over, 0, 0)
}
