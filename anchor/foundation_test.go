package anchor_test

import (
	"encoding/json"
	"strings"
	"testing"

	"coffer/anchor"
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
