package seal_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
)

// example is the worked example of FORMAT.md.
type example struct {
	VaultKey  string          `json:"vault_key"`
	Document  string          `json:"document"`
	Version   int64           `json:"version"`
	Plaintext string          `json:"plaintext"`
	Sealed    json.RawMessage `json:"sealed"`
	Hash      string          `json:"hash"`
	Grant     string          `json:"grant"`
	GrantKey  string          `json:"grant_key"`
	Share     string          `json:"share"`
	Release   json.RawMessage `json:"release"`
}

func makeExample() example {
	r := &stream{label: "example"}
	k, gk := must(seal.NewKey[seal.VaultKey](r)), must(seal.NewKey[seal.GrantKey](r))
	d, g := draw[id.Document](r), draw[id.Grant](r)
	content := `{"v":1,"kind":"attribute","name":"shoe-size","value":"41","updated":1763720000}`
	s := must(seal.SealDocument(r, k, d, 3, []byte(content)))
	hash := must(seal.ContentHash(s))
	share := seal.Share(gk, must(seal.DocumentKey(k, s)))
	return example{b64(k[:]), d.String(), 3, content, json.RawMessage(s), b64(hash[:]),
		g.String(), b64(gk[:]), b64(share), json.RawMessage(must(s.Release(g, share)))}
}

func TestFormatExample(t *testing.T) {
	const path = "../FORMAT.md"
	text := string(must(os.ReadFile(path)))
	before, rest, ok := strings.Cut(text, "```json example\n")
	block, after, closed := strings.Cut(rest, "\n```\n")
	if !ok || !closed {
		t.Fatal("FORMAT.md has no example")
	}
	if *update {
		block = string(must(json.MarshalIndent(makeExample(), "", " ")))
		if err := os.WriteFile(path, []byte(before+"```json example\n"+block+"\n```\n"+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var e example
	if err := json.Unmarshal([]byte(block), &e); err != nil {
		t.Fatalf("reading the example: %v", err)
	}
	d, g := must(id.Parse[id.Document](e.Document)), must(id.Parse[id.Grant](e.Grant))
	k, gk := key[seal.VaultKey](t, e.VaultKey), key[seal.GrantKey](t, e.GrantKey)
	s := vault.Sealed(e.Sealed)
	if got, err := seal.OpenDocument(k, d, e.Version, s); err != nil || string(got) != e.Plaintext {
		t.Errorf("the document opens to %q, %v", got, err)
	}
	if hash := must(seal.ContentHash(s)); b64(hash[:]) != e.Hash {
		t.Error("the document has another hash")
	}
	if share := seal.Share(gk, must(seal.DocumentKey(k, s))); b64(share) != e.Share {
		t.Error("the share is another one")
	}
	if got, err := seal.OpenRelease(gk, g, vault.Sealed(e.Release)); err != nil || string(got.Plaintext) != e.Plaintext {
		t.Errorf("the release opens to %q, %v", got.Plaintext, err)
	}
	made := must(s.Release(g, raw(t, e.Share)))
	var one, two any
	must(0, json.Unmarshal(made, &one))
	must(0, json.Unmarshal(e.Release, &two))
	if string(must(json.Marshal(one))) != string(must(json.Marshal(two))) {
		t.Error("the operator makes another release")
	}
}
