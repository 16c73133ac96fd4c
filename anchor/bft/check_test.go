package bft

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/compact"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// TestCheck: a home that was used is found whole; each thing that is changed in it is
// found.
func TestCheck(t *testing.T) {
	home := newHome(t)
	n := start(t, home)
	now := anchor.EpochAt(time.Now())
	anna, ben := anchortest.NewRelation(chain, "anna"), anchortest.NewRelation(chain, "ben")
	for _, entries := range [][]anchor.Entry{
		{anna.Grant(now, 7), anna.Permit(now, 0), ben.Grant(now, 1)}, {anna.Permit(now, 1), ben.Withdraw(now)}, {anna.Permit(now, 2)},
	} {
		if err := n.Append(t.Context(), entries...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Check(t.Context(), home, chain, nil); err == nil || !strings.Contains(err.Error(), "is a cofferd running") {
		t.Errorf("checking a home at work: %v", err)
	}
	leaf := anna.Permit(now, 0).Leaf()
	at, ok, err := n.Has(t.Context(), leaf) // the order within a batch is not ours
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	check := func() (Checked, []string) {
		t.Helper()
		var wrong []string
		c, err := Check(t.Context(), home, chain, func(s string) { wrong = append(wrong, s) })
		if err != nil {
			wrong = append(wrong, err.Error())
		}
		return c, wrong
	}
	if c, wrong := check(); len(wrong) > 0 || c.Size != 6 || c.Dropped != 0 {
		t.Fatalf("a whole home: %+v, %v", c, wrong)
	}
	edit := func(f func(store)) {
		t.Helper()
		dbs := &databases{}
		db, err := dbs.open("ledger", configure(Options{Home: home}))
		if err != nil {
			t.Fatal(err)
		}
		f(store{db})
		if err := dbs.close(); err != nil {
			t.Fatal(err)
		}
	}
	forged := anna.Permit(now, 0)
	forged.Commitment[0] ^= 1
	for name, c := range map[string]struct {
		key, value []byte // nil takes the key away
		says       string
	}{
		"an entry exchanged":    {numbered(keyEntry, at), forged.Bytes(), "the entries have another root"},
		"a withdrawal undone":   {keyed(keyGrant, ben.Handle()), grantBytes(anchor.GrantState{Start: now, End: now + 24}), "is not what its entries make it"},
		"a leaf not found":      {keyed(keyLeaf, leaf), nil, fmt.Sprintf("entry %d is not found by its leaf", at)},
		"a handle's entry gone": {binary.BigEndian.AppendUint64(keyed(keyHandle, anna.Handle()), at), nil, fmt.Sprintf("entry %d is not found by its handle", at)},
	} {
		var was []byte
		set := func(value []byte) {
			edit(func(s store) {
				var err error
				if was, err = s.db.Get(c.key); err == nil && value == nil {
					err = s.db.DeleteSync(c.key)
				} else if err == nil {
					err = s.db.SetSync(c.key, value)
				}
				if err != nil {
					t.Fatal(err)
				}
			})
		}
		set(c.value)
		if _, wrong := check(); !strings.Contains(strings.Join(wrong, "\n"), c.says) {
			t.Errorf("%s: %q, want %q", name, wrong, c.says)
		}
		set(append([]byte{}, was...))
	}
	// Of a dropped entry the leaf is enough.
	edit(func(s store) {
		hash, err := s.node(compact.NewNodeID(0, at))
		if err != nil || anchor.Leaf(hash) != leaf {
			t.Fatal("the log does not keep leaves", err)
		}
		if err := s.db.SetSync(numbered(keyEntry, at), append([]byte{0}, keyed(0, anna.Handle())[1:]...)); err != nil {
			t.Fatal(err)
		}
	})
	if c, wrong := check(); len(wrong) > 0 || c.Dropped != 1 {
		t.Errorf("an entry dropped: %+v, %v", c, wrong)
	}
}
