package anchor_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// Whatever parses is written back as the same bytes: no two byte strings mean
// the same entry, batch or header.

func FuzzEntry(f *testing.F) {
	for _, v := range readAll(f, "entries.txt") {
		b, err := hex.DecodeString(v["entry"])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := anchor.ParseEntry(b)
		if err == nil && !bytes.Equal(e.Bytes(), b) {
			t.Errorf("%x is written as %x", b, e.Bytes())
		}
	})
}

func FuzzBatch(f *testing.F) {
	r := anchortest.NewRelation("c", "anna")
	for _, entries := range [][]anchor.Entry{{r.Grant(1, 1)}, {r.Grant(1, 1), r.Permit(1, 1), r.Withdraw(1)}} {
		b, err := anchor.EncodeBatch(entries)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := anchor.ParseBatch(b)
		if err != nil {
			return
		}
		again, err := anchor.EncodeBatch(entries)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is written as %x, %v", b, again, err)
		}
	})
}

func FuzzSignedHeader(f *testing.F) {
	for _, v := range readAll(f, "proofs.txt") {
		var p anchor.Proof
		if json.Unmarshal([]byte(v["proof"]), &p) == nil {
			f.Add(p.SignedHeader)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := anchor.ParseSignedHeader(b)
		if err == nil && !bytes.Equal(s.Bytes(), b) {
			t.Errorf("%x is written as %x", b, s.Bytes())
		}
	})
}

// JSON has many spellings; what is read must survive being written.
func FuzzProof(f *testing.F) {
	var set anchor.ValidatorSet
	for _, v := range readAll(f, "proofs.txt") {
		f.Add([]byte(v["proof"]))
		if v["expect"] == "ok" {
			if err := json.Unmarshal([]byte(v["validators"]), &set); err != nil {
				f.Fatal(err)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p, again anchor.Proof
		if json.Unmarshal(b, &p) != nil {
			return
		}
		written, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(written, &again); err != nil || !reflect.DeepEqual(p, again) {
			t.Errorf("%s is not read back: %v", written, err)
		}
		_, _ = p.Verify(set) // must not panic
	})
}

func readAll(f *testing.F, name string) []anchortest.Vector {
	return anchortest.ReadVectors(f, vectors+name)
}

func FuzzAppHash(f *testing.F) {
	f.Add(anchor.AppHash([32]byte{1}, 2, [32]byte{}))
	f.Add(anchor.AppHash([32]byte{1}, 2, [32]byte{3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		root, size, state, err := anchor.ParseAppHash(b)
		if err == nil && !bytes.Equal(anchor.AppHash(root, size, state), b) {
			t.Errorf("%x is written as %x", b, anchor.AppHash(root, size, state))
		}
	})
}

func FuzzFoundation(f *testing.F) {
	r := newReigns()
	seed, err := json.Marshal(founded(r, 12, r.four, r.four, r.four))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		survives[anchor.Foundation](t, b)
		var on anchor.Foundation
		if json.Unmarshal(b, &on) == nil {
			_ = on.Verify(r.one.Set, r.steps()) // must not panic
		}
	})
}

func FuzzValidatorSet(f *testing.F) {
	for _, v := range readAll(f, "proofs.txt") {
		f.Add([]byte(v["validators"]))
	}
	f.Fuzz(func(t *testing.T, b []byte) { survives[anchor.ValidatorSet](t, b) })
}
