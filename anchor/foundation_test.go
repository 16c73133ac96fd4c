package anchor_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// What a foundation is written as is read as the same, and nothing else is read.
func TestFoundationText(t *testing.T) {
	f := anchor.Foundation{Height: 100, Snapshot: [32]byte{1}, Headers: [3][]byte{{1}, {2}, {3}}}
	for i := range f.Turns {
		f.Turns[i] = []anchor.Turn{{PublicKey: anchor.ValidatorKey{byte(i)}, Power: 10, Priority: -5}}
	}
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var again anchor.Foundation
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if c, err := json.Marshal(again); err != nil || string(c) != string(b) {
		t.Errorf("%s is written again as %s", b, c)
	}
	// Two members saw different votes; what they say is the same.
	again.Headers[0] = []byte{4}
	if again.Digest() != f.Digest() {
		t.Error("the digest depends on votes")
	}
	again.Turns[2][0].Priority++
	if again.Digest() == f.Digest() {
		t.Error("the digest does not fix the turns")
	}
	for _, change := range [][2]string{
		{`"v":1`, `"v":2`}, {`"height":100`, `"height":0`}, {`"headers":["AQ",`, `"headers":[`}, {`"snapshot"`, `"Snapshot"`}, {`"v":1,`, ``},
	} {
		if err := json.Unmarshal([]byte(strings.Replace(string(b), change[0], change[1], 1)), &again); err == nil {
			t.Errorf("with %s it is read", change[1])
		}
	}
}

// founded is a foundation at a height, with the signers of its three headers.
func founded(r reigns, height int64, signers ...anchortest.Signers) anchor.Foundation {
	f := anchor.Foundation{Height: height}
	var last []byte
	for i, s := range signers {
		header := s.Sign(height+int64(i), r.at, r.app).Header
		if last != nil {
			header.LastBlock.Hash = last
		}
		if i+1 < len(signers) {
			next := signers[i+1].Set.Hash()
			header.NextValidatorsHash = next[:]
		}
		f.Headers[i] = s.Commit(header).Bytes()
		hash := header.Hash()
		last = hash[:]
		for _, v := range s.Set.Validators {
			f.Turns[i] = append(f.Turns[i], anchor.Turn{PublicKey: v.PublicKey, Power: v.Power})
		}
	}
	return f
}

// TestFoundationVerifies along a succession of one validator, then four, then five.
func TestFoundationVerifies(t *testing.T) {
	r := newReigns()
	for name, test := range map[string]struct {
		f     anchor.Foundation
		steps int
		want  anchor.ProofReason // none if it holds
	}{
		"under the genesis":            {founded(r, 5, r.one, r.one, r.one), 2, ""},
		"up to the change":             {founded(r, 10, r.one, r.four, r.four), 2, ""},
		"a change between":             {founded(r, 9, r.one, r.one, r.four), 2, ""},
		"under the second set":         {founded(r, 11, r.four, r.four, r.four), 2, ""},
		"the change is not known yet":  {founded(r, 20, r.four, r.five, r.five), 1, ""},
		"under the third":              {founded(r, 30, r.five, r.five, r.five), 2, ""},
		"a step is missing":            {founded(r, 30, r.five, r.five, r.five), 1, anchor.ProofValidators},
		"the genesis's after its time": {founded(r, 30, r.one, r.one, r.one), 2, anchor.ProofValidators},
		"the third before its time":    {founded(r, 12, r.five, r.five, r.five), 2, anchor.ProofValidators},
	} {
		wrong(t, name, test.f.Verify(r.one.Set, r.steps()[:test.steps]), test.want)
	}
	for name, test := range map[string]struct {
		change func(*anchor.Foundation)
		want   anchor.ProofReason
	}{
		"nothing":                  {func(*anchor.Foundation) {}, ""},
		"a header of another fork": {func(f *anchor.Foundation) { f.Headers[1] = r.four.Sign(13, r.at, r.app).Bytes() }, anchor.ProofHeader},
		"a height left out": {func(f *anchor.Foundation) {
			f.Headers = founded(r, 13, r.four, r.four, r.four).Headers
		}, anchor.ProofHeader},
		"too few votes":         {func(f *anchor.Foundation) { f.Headers[0] = r.four.Sign(12, r.at, r.app, 0, 1).Bytes() }, anchor.ProofPower},
		"a header that is none": {func(f *anchor.Foundation) { f.Headers[2] = []byte{1} }, anchor.ProofFormat},
		"another power":         {func(f *anchor.Foundation) { f.Turns[0][0].Power++ }, anchor.ProofValidators},
		"no validators":         {func(f *anchor.Foundation) { f.Turns[2] = nil }, anchor.ProofValidators},
	} {
		f := founded(r, 12, r.four, r.four, r.four)
		test.change(&f)
		wrong(t, name, f.Verify(r.one.Set, r.steps()), test.want)
	}
}

func wrong(t *testing.T, name string, err error, want anchor.ProofReason) {
	t.Helper()
	var refusal *anchor.ProofError
	if want == "" && err != nil || want != "" && (!errors.As(err, &refusal) || refusal.Reason != want) {
		t.Errorf("%s: %v, want %q", name, err, want)
	}
}
