package anchor_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// A proof that four CometBFT nodes made with the first version verifies for as
// long as people keep such proofs.
func TestOldProofs(t *testing.T) {
	var p anchor.Proof
	var set anchor.ValidatorSet
	for name, to := range map[string]any{"proof.json": &p, "validators.json": &set} {
		b, err := os.ReadFile("testdata/v1/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, to); err != nil {
			t.Fatal(err)
		}
	}
	proven, err := p.Verify(set)
	if err != nil {
		t.Fatal(err)
	}
	if proven.Index != 5 || proven.Entry.Kind() != anchor.KindPermit || len(set.Validators) != 4 {
		t.Errorf("it shows %+v", proven)
	}
}

func TestProofErrorsNameNothingSecret(t *testing.T) {
	signers := anchortest.NewSigners("c", 1)
	log := newLog()
	p := log.proof(0, 2, signers.Sign(3, time.Unix(1, 0), log.appHash(2)))
	p.Index = 1
	_, err := p.Verify(signers.Set)
	if want := "the proof does not hold: the entry is not at index 1 of the log of 2 entries"; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %q", err, want)
	}
}

func BenchmarkVerifyProof(b *testing.B) {
	log := newLog()
	for _, n := range []int{1, 4, 7} {
		powers := make([]int64, n)
		for i := range powers {
			powers[i] = 10
		}
		signers := anchortest.NewSigners(vectorChain, powers...)
		p := log.proof(5, 13, signers.Sign(9, time.Unix(1e9, 0), log.appHash(13)))
		b.Run(fmt.Sprint("validators=", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Verify(signers.Set); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
