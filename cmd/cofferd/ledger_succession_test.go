package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// TestSuccessionAsProcesses: members vote one of them out of the validators. Who kept the
// first set goes on with it, through the steps that any member gives: proofs of before and
// after, a list that is complete, and coffer ledger members.
func TestSuccessionAsProcesses(t *testing.T) {
	h := newHigh(t)
	coffer := h.path("coffer")
	if out, err := exec.Command("go", "build", "-o", coffer, "coffer/cmd/coffer").CombinedOutput(); err != nil {
		t.Fatalf("building coffer: %v\n%s", err, out)
	}
	h.inside()
	for i := 1; i < 4; i++ {
		h.start(i)
	}
	h.number(1, 0, 1, 2, 3)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	first, err := h.client(1).Validators(ctx)
	if err != nil {
		t.Fatal(err)
	}
	keep := func(name string, set anchor.ValidatorSet) string {
		b, err := json.Marshal(set)
		if err == nil {
			err = os.WriteFile(h.path(name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return h.path(name)
	}
	kept := keep("validators.json", first)
	anna, now := anchortest.NewRelation("high-street", "anna"), anchor.EpochAt(time.Now())
	prove := func(i int, entries ...anchor.Entry) anchor.Proof {
		t.Helper()
		if err := h.own.node.Append(ctx, entries...); err != nil {
			t.Fatal(err)
		}
		var p anchor.Proof
		h.until("it is proved", func(ctx context.Context) bool {
			var err error
			p, err = h.client(i).Prove(ctx, entries[len(entries)-1].Leaf())
			return err == nil
		})
		return p
	}
	before := prove(1, anna.Grant(now, 7), anna.Permit(now, 0))

	name := motionName.FindStringSubmatch(h.do("ledger", "propose", "observer", "Shop 3", "--data", h.member(1)))
	h.do("ledger", "vote", name[1], "--for", "--data", h.member(2))
	h.do("ledger", "vote", name[1], "--for", "--data", h.member(3))
	h.number(2, 0, 1, 2, 3)
	h.until("three validate", func(ctx context.Context) bool {
		set, err := h.client(1).Validators(ctx)
		return err == nil && len(set.Validators) == 3
	})
	after := prove(2, anna.Permit(now, 1))

	v := anchor.NewVerifier(first)
	if _, err := v.Verify(after); !anchor.OtherValidators(err) {
		t.Errorf("before the change is known: %v", err)
	}
	steps, err := h.client(3).Steps(ctx, first.Hash())
	if err == nil {
		err = v.Follow(steps...)
	}
	if err != nil || len(steps) != 1 || len(v.Newest().Validators) != 3 {
		t.Fatalf("%d steps to %d validators: %v", len(steps), len(v.Newest().Validators), err)
	}
	for _, p := range []anchor.Proof{before, after} {
		if _, err := v.Verify(p); err != nil {
			t.Error(err)
		}
	}
	c, err := h.client(2).Complete(ctx, anna.Handle())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := v.VerifyComplete(c); err != nil || len(all.Entries) != 3 {
		t.Errorf("%d entries, %v", len(all.Entries), err)
	}
	h.one(3, 0, 1, 2, 3)

	ledger := "http://" + h.listen[1]
	for _, args := range [][]string{{}, {"--validators", kept}, {"--validators", keep("newest.json", v.Newest())}} {
		out, err := exec.Command(coffer, append([]string{"ledger", "members", "--ledger", ledger}, args...)...).CombinedOutput()
		if err != nil || bytes.Count(out, []byte("the same log")) != 4 || !bytes.Contains(out, []byte("register 2, 3 validators")) {
			t.Errorf("coffer ledger members %q: %v\n%s", args, err, out)
		}
	}
	strangers := keep("strangers.json", anchortest.NewSigners("high-street", 10, 10).Set)
	if out, err := exec.Command(coffer, "ledger", "members", "--ledger", ledger, "--validators", strangers).CombinedOutput(); err == nil || !strings.Contains(string(out), "never signed by the validators in the file") {
		t.Errorf("with others' validators: %v\n%s", err, out)
	}
	h.rest()
}
