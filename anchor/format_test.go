package anchor_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"coffer/anchor"
)

// example is a fenced block of FORMAT.md.
func example(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n```"+name+"\n")
	text, _, end := strings.Cut(rest, "\n```\n")
	if !ok || !end {
		t.Fatalf("FORMAT.md has no example of %s", name)
	}
	return text
}

var remark = regexp.MustCompile(`#.*|\s`)

func exampleBytes(t *testing.T, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(remark.ReplaceAllString(example(t, name), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFormatExamples holds the worked example in FORMAT.md to the code.
func TestFormatExamples(t *testing.T) {
	const chain anchor.Chain = "example"
	var entries []anchor.Entry
	var leaves []string
	for _, name := range []string{"grant", "permit", "withdraw"} {
		e, err := anchor.ParseEntry(exampleBytes(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind().String() != name {
			t.Errorf("the example of a %s is a %s", name, e.Kind())
		}
		entries = append(entries, e)
		leaf := e.Leaf()
		leaves = append(leaves, hex.EncodeToString(leaf[:]))
	}
	grant := entries[0].(anchor.Grant)
	if grant.Start != 496000 || grant.End != 496000+31*24 || grant.Start.Time().Format("2006-01-02 15:04") != "2026-08-01 16:00" {
		t.Error("the grant's times are not those of the remarks")
	}
	for _, e := range entries {
		if err := anchor.Verify(chain, e, grant.WalletKey); err != nil || e.Handle() != grant.HandleKey {
			t.Errorf("%s: %v", e.Kind(), err)
		}
	}

	batch, err := anchor.EncodeBatch(entries[:2])
	if err != nil || string(batch) != string(exampleBytes(t, "batch")) {
		t.Errorf("the batch is not that of the grant and the permit: %v", err)
	}

	var set anchor.ValidatorSet
	if err := json.Unmarshal([]byte(example(t, "validators")), &set); err != nil {
		t.Fatal(err)
	}
	if hash := set.Hash(); string(hash[:]) != string(exampleBytes(t, "validators-hash")) {
		t.Error("the validators' hash differs")
	}
	var p anchor.Proof
	if err := json.Unmarshal([]byte(example(t, "proof")), &p); err != nil {
		t.Fatal(err)
	}
	proven, err := p.Verify(set)
	if err != nil {
		t.Fatal(err)
	}
	if proven.Entry != entries[1] || proven.Index != 1 || proven.Size != 3 {
		t.Errorf("the proof shows %+v", proven)
	}
	signed, err := anchor.ParseSignedHeader(p.SignedHeader)
	if err != nil {
		t.Fatal(err)
	}
	if hash := signed.Header.Hash(); string(hash[:]) != string(exampleBytes(t, "header-hash")) {
		t.Error("the header's hash differs")
	}
	if string(signed.Commit.SignedBytes(chain, 0)) != string(exampleBytes(t, "vote")) {
		t.Error("the signed bytes of the vote differ")
	}
	root, _, _, err := anchor.ParseAppHash(signed.Header.AppHash)
	if err != nil {
		t.Fatal(err)
	}
	log := strings.Fields(example(t, "log"))
	want := []string{"leaf", "0", leaves[0], "leaf", "1", leaves[1], "leaf", "2", leaves[2], "root", hex.EncodeToString(root[:])}
	if strings.Join(log, " ") != strings.Join(want, " ") {
		t.Errorf("the log is %v, want %v", log, want)
	}

	var grown anchor.Consistency
	if err := json.Unmarshal([]byte(example(t, "consistency")), &grown); err != nil {
		t.Fatal(err)
	}
	if err := grown.Verify(entries[0].Leaf(), root); err != nil || grown.From != 1 || grown.To != 3 {
		t.Errorf("the consistency proof: %v", err)
	}

	checkpoint, err := anchor.OpenCheckpoint([]byte(example(t, "checkpoint")+"\n"), strings.TrimSpace(example(t, "checkpoint-key")))
	if err != nil || checkpoint != (anchor.Checkpoint{Origin: chain.Origin(), Size: 3, Root: root}) {
		t.Errorf("the checkpoint is %+v, %v", checkpoint, err)
	}
}
