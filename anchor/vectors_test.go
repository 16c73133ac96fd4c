package anchor_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

const vectors = "testdata/vectors/"

func unhex(t *testing.T, v anchortest.Vector, key string) []byte {
	t.Helper()
	b, err := hex.DecodeString(v[key])
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return b
}

func unhex32(t *testing.T, v anchortest.Vector, key string) [32]byte {
	t.Helper()
	b := unhex(t, v, key)
	if len(b) != 32 {
		t.Fatalf("%s has %d bytes", key, len(b))
	}
	return [32]byte(b)
}

// TestEntryVectors: parse, compare every field, check the signature.
func TestEntryVectors(t *testing.T) {
	for _, v := range anchortest.ReadVectors(t, vectors+"entries.txt") {
		t.Run(v["case"], func(t *testing.T) {
			raw := unhex(t, v, "entry")
			e, err := anchor.ParseEntry(raw)
			var format *anchor.FormatError
			if errors.As(err, &format) {
				if format.Field != v.Reason() {
					t.Fatalf("parsing: %v, want %q", err, v["expect"])
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(e.Bytes()) != string(raw) {
				t.Fatal("it is not written as it was read")
			}
			err = anchor.Verify(anchor.Chain(v["chain"]), e, unhex32(t, v, "wallet"))
			var refusal *anchor.Refusal
			if errors.As(err, &refusal) {
				if string(refusal.Reason) != v.Reason() {
					t.Fatalf("verifying: %v, want %q", err, v["expect"])
				}
				return
			}
			if err != nil || v.Reason() != "" {
				t.Fatalf("verifying: %v, want %q", err, v["expect"])
			}
			for key, want := range describe(e) {
				if v[key] != want {
					t.Errorf("%s is %s, want %s", key, want, v[key])
				}
			}
		})
	}
}

// describe lists what an accepted entry's case says about it.
func describe(e anchor.Entry) map[string]string {
	num := func(n anchor.Epoch) string { return strconv.FormatUint(uint64(n), 10) }
	leaf, handle := e.Leaf(), e.Handle()
	d := map[string]string{"kind": e.Kind().String(), "handle": hex.EncodeToString(handle[:]), "leaf": hex.EncodeToString(leaf[:])}
	switch e := e.(type) {
	case anchor.Grant:
		d["scheme"], d["start"], d["end"] = strconv.Itoa(int(e.Scheme)), num(e.Start), num(e.End)
		d["commitment"] = hex.EncodeToString(e.Commitment[:])
	case anchor.Withdraw:
		d["epoch"] = num(e.Epoch)
	case anchor.Permit:
		d["scheme"], d["epoch"] = strconv.Itoa(int(e.Scheme)), num(e.Epoch)
		d["commitment"] = hex.EncodeToString(e.Commitment[:])
	}
	return d
}

// TestCommitmentVectors: the opening fits the commitment and the document, or not.
func TestCommitmentVectors(t *testing.T) {
	for _, v := range anchortest.ReadVectors(t, vectors+"commitments.txt") {
		t.Run(v["case"], func(t *testing.T) {
			scheme, err := strconv.ParseUint(v["scheme"], 10, 8)
			if err != nil {
				t.Fatal(err)
			}
			o := anchor.Opening{Scheme: byte(scheme), R: unhex(t, v, "r")}
			err = o.Verify(unhex32(t, v, "commitment"), unhex(t, v, "document"))
			switch {
			case v.Reason() == "" && err != nil:
				t.Error(err)
			case v.Reason() == "opening" && !errors.Is(err, anchor.ErrOpening):
				t.Errorf("%v, want ErrOpening", err)
			}
		})
	}
}

// TestProofVectors: the proof holds under the validator set, or says why not.
func TestProofVectors(t *testing.T) {
	for _, v := range anchortest.ReadVectors(t, vectors+"proofs.txt") {
		t.Run(v["case"], func(t *testing.T) {
			proven, reason := verifyVector(v)
			if string(reason) != v.Reason() {
				t.Fatalf("refused for %q, want %q", reason, v.Reason())
			}
			// A verifier that has seen every other vector's header says the same.
			if again, reason := verifyShared(v); string(reason) != v.Reason() || again != proven {
				t.Fatalf("a shared verifier says %q, %+v", reason, again)
			}
			if reason != "" {
				return
			}
			for key, got := range map[string]string{
				"index": strconv.FormatUint(proven.Index, 10), "size": strconv.FormatUint(proven.Size, 10),
				"height": strconv.FormatInt(proven.Height, 10), "time": proven.Time.Format(time.RFC3339Nano),
			} {
				if v[key] != got {
					t.Errorf("%s is %s, want %s", key, got, v[key])
				}
			}
		})
	}
}

// TestConsistencyVectors: the log with one root grew to the log with the other, or
// says why not.
func TestConsistencyVectors(t *testing.T) {
	for _, v := range anchortest.ReadVectors(t, vectors+"consistency.txt") {
		t.Run(v["case"], func(t *testing.T) {
			reason := ""
			var p anchor.Consistency
			var refused *anchor.ProofError
			if json.Unmarshal([]byte(v["proof"]), &p) != nil {
				reason = string(anchor.ProofFormat)
			} else if err := p.Verify(unhex32(t, v, "from_root"), unhex32(t, v, "to_root")); errors.As(err, &refused) {
				reason = string(refused.Reason)
			} else if err != nil {
				t.Fatal(err)
			}
			if reason != v.Reason() {
				t.Errorf("refused for %q, want %q", reason, v.Reason())
			}
		})
	}
}

var shared = map[string]*anchor.Verifier{} // by validator set

func verifyShared(v anchortest.Vector) (anchor.Proven, anchor.ProofReason) {
	return verifyWith(v, func(set anchor.ValidatorSet, p anchor.Proof) (anchor.Proven, error) {
		if shared[v["validators"]] == nil {
			shared[v["validators"]] = anchor.NewVerifier(set)
		}
		shared[v["validators"]].Verify(p) // so that the second time is from memory
		return shared[v["validators"]].Verify(p)
	})
}

func verifyVector(v anchortest.Vector) (anchor.Proven, anchor.ProofReason) {
	return verifyWith(v, func(set anchor.ValidatorSet, p anchor.Proof) (anchor.Proven, error) { return p.Verify(set) })
}

func verifyWith(v anchortest.Vector, verify func(anchor.ValidatorSet, anchor.Proof) (anchor.Proven, error)) (anchor.Proven, anchor.ProofReason) {
	var set anchor.ValidatorSet
	var p anchor.Proof
	if json.Unmarshal([]byte(v["validators"]), &set) != nil {
		return anchor.Proven{}, anchor.ProofValidators
	}
	if json.Unmarshal([]byte(v["proof"]), &p) != nil {
		return anchor.Proven{}, anchor.ProofFormat
	}
	proven, err := verify(set, p)
	var refused *anchor.ProofError
	if errors.As(err, &refused) {
		return proven, refused.Reason
	}
	return proven, ""
}
