package anchor_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// reigns are three sets of signers that follow each other, after heights 10 and 20.
type reigns struct {
	one, four, five anchortest.Signers
	at              time.Time
	app             []byte
}

func newReigns() reigns {
	return reigns{
		anchortest.NewSigners(vectorChain, 10), anchortest.NewSigners(vectorChain, 10, 10, 10, 10), anchortest.NewSigners(vectorChain, 10, 10, 10, 10, 10),
		time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), newLog().appHash(7),
	}
}

func (r reigns) steps() []anchor.Step {
	return []anchor.Step{r.one.Step(10, r.at, r.app, r.four), r.four.Step(20, r.at, r.app, r.five)}
}

func successionVectors(t *testing.T) string {
	c := newCorpus("Successions (FORMAT.md, Succession), as JSON. ok: newest is the hash of the set that they lead to.")
	r := newReigns()
	write := func(name, expect string, s anchor.Succession) {
		keys := map[string]string{"succession": mustJSON(t, s)}
		if expect == "ok" {
			newest, err := s.Newest()
			if err != nil {
				t.Fatal(err)
			}
			hash := newest.Hash()
			keys["newest"] = hex.EncodeToString(hash[:])
		}
		c.add(name, expect, keys)
	}
	ok := func(name string, from anchortest.Signers, steps ...anchor.Step) {
		write(name, "ok", anchor.Succession{From: from.Set, Steps: steps})
	}
	bad := func(name, reason string, from anchortest.Signers, steps ...anchor.Step) {
		write(name, "refused "+reason, anchor.Succession{From: from.Set, Steps: steps})
	}
	ok("no change", r.one)
	ok("one becomes four", r.one, r.steps()[0])
	ok("and these five", r.one, r.steps()...)
	ok("from the middle", r.four, r.steps()[1])
	ok("a member leaves and returns", r.four, r.four.Step(5, r.at, r.app, r.five), r.five.Step(6, r.at, r.app, r.four), r.four.Step(7, r.at, r.app, r.five))
	ok("three of four agree", r.four, r.four.Step(20, r.at, r.app, r.five, 2))

	bad("signed by those who come", "validators", r.one, r.four.Step(10, r.at, r.app, r.four))
	bad("a step is missing", "validators", r.one, r.steps()[1])
	bad("two of four agree", "power", r.four, r.four.Step(20, r.at, r.app, r.five, 0, 2))
	bad("steps in another order", "validators", r.one, r.steps()[1], r.steps()[0])
	bad("a step from before", "format", r.four, r.four.Step(20, r.at, r.app, r.five), r.five.Step(20, r.at, r.app, r.four))
	forged := r.steps()[0]
	forged.Next = r.five.Set
	bad("another set than the header names", "validators", r.one, forged)
	forged = r.steps()[0]
	forged.Next.Chain = "another-chain"
	bad("a set of another chain", "validators", r.one, forged)
	other := anchortest.NewSigners("another-chain", 10)
	bad("a header of another chain", "chain", r.one, other.Step(10, r.at, r.app, r.four))
	forged = r.steps()[0]
	signed, err := anchor.ParseSignedHeader(forged.SignedHeader)
	if err != nil {
		t.Fatal(err)
	}
	hash := r.five.Set.Hash()
	signed.Header.NextValidatorsHash = hash[:]
	bad("a header that was changed", "header", r.one, anchor.Step{SignedHeader: signed.Bytes(), Next: r.five.Set})
	signed, _ = anchor.ParseSignedHeader(forged.SignedHeader)
	signed.Commit.Votes[0].Signature[3] ^= 1
	bad("a signature that was changed", "signature", r.one, anchor.Step{SignedHeader: signed.Bytes(), Next: r.four.Set})
	bad("a header cut short", "format", r.one, anchor.Step{SignedHeader: forged.SignedHeader[:40], Next: r.four.Set})

	good := mustJSON(t, anchor.Succession{From: r.one.Set, Steps: r.steps()})
	for _, broken := range [][2]string{
		{"of version 2", strings.Replace(good, `"v":1,"from"`, `"v":2,"from"`, 1)}, {"with another key", strings.Replace(good, `"v":1,`, `"v":1,"w":1,`, 1)},
		{"without steps", strings.Replace(good, `"steps"`, `"stops"`, 1)}, {"a step with another key", strings.Replace(good, `"next":`, `"nix":1,"next":`, 1)},
		{"cut off", good[:len(good)-7]}, {"no validators", strings.Replace(good, `"from":`+mustJSON(t, r.one.Set), `"from":{"v":1,"chain_id":"coffer-vectors","validators":[]}`, 1)},
	} {
		c.add(broken[0], "refused format", map[string]string{"succession": broken[1]})
	}
	return c.String()
}

func TestSuccessionVectors(t *testing.T) {
	for _, v := range anchortest.ReadVectors(t, vectors+"succession.txt") {
		t.Run(v["case"], func(t *testing.T) {
			var s anchor.Succession
			if err := json.Unmarshal([]byte(v["succession"]), &s); err != nil {
				if v.Reason() != "format" {
					t.Fatalf("parsing: %v, want %q", err, v["expect"])
				}
				return
			}
			newest, err := s.Newest()
			if refusal, ok := errors.AsType[*anchor.ProofError](err); ok {
				if string(refusal.Reason) != v.Reason() {
					t.Fatalf("got %v, want %q", err, v["expect"])
				}
				return
			}
			if err != nil || v.Reason() != "" || newest.Hash() != unhex32(t, v, "newest") {
				t.Fatalf("got %v, want %q", err, v["expect"])
			}
			again, err := json.Marshal(s)
			if err != nil || string(again) != v["succession"] {
				t.Fatalf("it is not written as it was read: %v", err)
			}
		})
	}
}

// A set signs for its heights and no others: a member that left cannot sign on, and one
// that came cannot have signed before.
func TestAVerifierHoldsEachSetToItsTime(t *testing.T) {
	r, log := newReigns(), newLog()
	v := anchor.NewVerifier(r.one.Set)
	proof := func(s anchortest.Signers, height int64) anchor.Proof {
		return log.proof(2, 7, s.Sign(height, r.at, r.app))
	}
	holds := func(s anchortest.Signers, height int64, want bool) {
		t.Helper()
		_, err := v.Verify(proof(s, height))
		if (err == nil) != want || err != nil && !anchor.OtherValidators(err) {
			t.Errorf("%d signers at height %d: got %v", len(s.Set.Validators), height, err)
		}
	}
	holds(r.one, 10, true)
	holds(r.one, 11, true) // nobody told it otherwise
	holds(r.four, 11, false)
	if err := v.Follow(r.steps()...); err != nil {
		t.Fatal(err)
	}
	for height, by := range map[int64]int{1: 1, 10: 1, 11: 4, 20: 4, 21: 5, 1 << 40: 5} {
		for _, s := range []anchortest.Signers{r.one, r.four, r.five} {
			holds(s, height, len(s.Set.Validators) == by)
		}
	}
	if v.Newest().Hash() != r.five.Set.Hash() {
		t.Error("the newest set is another")
	}
	// What is known is passed over; what contradicts it is not taken.
	if err := v.Follow(r.steps()...); err != nil {
		t.Error("the same again:", err)
	}
	forged := []anchor.Step{r.four.Step(20, r.at, r.app, r.one)}
	if err := v.Follow(forged...); err == nil {
		t.Error("another change at the same height was taken")
	}
	holds(r.five, 21, true)
	// A step that does not hold changes nothing; the ones before it count.
	v = anchor.NewVerifier(r.one.Set)
	if err := v.Follow(r.steps()[0], forged[0], r.steps()[1]); err == nil || !strings.Contains(err.Error(), "step 3") {
		t.Error("got", err)
	}
	if v.Newest().Hash() != r.one.Set.Hash() {
		t.Error("four made way for one")
	}
	if _, err := r.one.Set.Succeed([]anchor.Step{r.steps()[1]}); !anchor.OtherValidators(err) || fmt.Sprint(err) == "" {
		t.Error("got", err)
	}
}

func FuzzSuccession(f *testing.F) {
	r := newReigns()
	b, _ := json.Marshal(anchor.Succession{From: r.one.Set, Steps: r.steps()})
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var s anchor.Succession
		if json.Unmarshal(b, &s) != nil {
			return
		}
		_, _ = s.Newest() // must not panic
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var twice anchor.Succession
		if err := json.Unmarshal(again, &twice); err != nil {
			t.Fatal(err)
		}
	})
}
