package audit

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

var update = flag.Bool("update", false, "write the example of FORMAT.md, and testdata/v1 if it is not there")

// example is the trail in FORMAT.md.
func example(w *world) []byte {
	g := id.Grant(seed("grant example")[:16])
	withdraw := anchor.Withdraw{Epoch: anchor.EpochAt(w.now), HandleKey: relation("example").Handle()}.Sign(chain, relation("example").Wallet)
	return w.trail(
		Head{Business: "did:web:shop.example", Chain: chain, Operator: aud, Created: consent.UnixAt(w.now)},
		Collect{Grant: g, Epoch: anchor.EpochAt(w.now), Time: consent.UnixAt(w.now) + 7, Attributes: []string{"name", "postal-address"}, Log: consent.HashOf("a row")},
		Withdrawal{Grant: g, Entry: withdraw.Bytes()},
	)
}

func TestTheExampleInFORMAT(t *testing.T) {
	w := newWorld(t)
	want := example(w)
	text, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), "```\n")
	have, after, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("FORMAT.md has no example")
	}
	if *update {
		have = string(want)
		if err := os.WriteFile("FORMAT.md", []byte(before+"```\n"+have+"```"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have != string(want) {
		t.Errorf("the example is not what the writer writes; run: go test ./consent/audit -run FORMAT -update\n%s", want)
	}
	var kinds []string
	var prev consent.Hash
	for _, text := range bytes.Split(bytes.TrimSuffix([]byte(have), []byte("\n")), []byte("\n")) {
		line, names, err := parseLine(text)
		if err != nil {
			t.Fatal(err)
		}
		if names != prev {
			t.Errorf("the chain breaks at the %s", line.kind())
		}
		kinds, prev = append(kinds, line.kind()), consent.HashOf(text)
	}
	if strings.Join(kinds, " ") != "head collect withdrawal end" {
		t.Errorf("the example has %v", kinds)
	}
}

// A trail that was exported once is audited by every later program.
func TestTrailsOfVersion1(t *testing.T) {
	trail, set := filepath.Join("testdata", "v1", "trail.ndjson"), filepath.Join("testdata", "v1", "validators.json")
	if _, err := os.Stat(trail); *update && os.IsNotExist(err) {
		w := newWorld(t)
		w.good()
		validators, _ := json.Marshal(w.options().Validators)
		if err := os.MkdirAll(filepath.Dir(trail), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(trail, w.trail(w.lines...), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(set, append(validators, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(set)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Signatures: agent.New(agent.Options{})}
	if err := json.Unmarshal(b, &o.Validators); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(trail)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := Run(t.Context(), f, o)
	if err != nil || !r.Clean() || r.Counts.Proofs != 8 {
		t.Errorf("%v\n%s", err, r.Text())
	}
}
