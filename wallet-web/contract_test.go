package walletweb

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"coffer/internal/contract"
)

var update = flag.Bool("update", false, "write src/api/contract.ts anew")

const (
	typesFile = "src/api/contract.ts"
	madeBy    = "// The operator's contract (internal/contract) as types. Made by `npm run contract`; do not edit.\n"
)

// The types that the pages are compiled against are those of the contract as it stands.
func TestTypesAreOfThisContract(t *testing.T) {
	document, err := forPages(contract.JSON())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		types, err := generate(document)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(typesFile, append([]byte(stamp(document, types)), types...), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(typesFile)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := bytes.CutPrefix(file, []byte(madeBy))
	_, types, cut := bytes.Cut(rest, []byte("\n"))
	if !ok || !cut || stamp(document, types) != string(file[:len(file)-len(types)]) {
		t.Errorf("%s is not of this contract, or was edited; run: cd wallet-web && npm run contract", typesFile)
	}
}

// stamp says what a file was made of, and what was made.
func stamp(document, types []byte) string {
	return madeBy + fmt.Sprintf("// contract %x, types %x\n", sha256.Sum256(document), sha256.Sum256(types))
}

func generate(document []byte) ([]byte, error) {
	c := exec.Command("node", "tools/contract.mjs")
	c.Stdin, c.Stderr = bytes.NewReader(document), os.Stderr
	types, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("making types: %w; when openapi-typescript is missing, run: cd wallet-web && npm ci", err)
	}
	return types, nil
}

var reference = regexp.MustCompile(`"#/components/([a-zA-Z]+)/([a-zA-Z0-9]+)"`)

// forPages is the part of the document that pages speak to, without its prose: the
// types change when the contract does, not when a sentence does.
func forPages(text []byte) ([]byte, error) {
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	paths := map[string]any{}
	for path, item := range whole["paths"].(map[string]any) {
		if !strings.HasPrefix(path, "/wallet/v1/") && !strings.HasPrefix(path, "/ledger/v1/") {
			continue
		}
		for _, operation := range item.(map[string]any) {
			if o, ok := operation.(map[string]any); ok {
				maps.DeleteFunc(o["responses"].(map[string]any), func(status string, _ any) bool { return status[0] != '2' })
			}
		}
		paths[path] = bare(item)
	}
	all := whole["components"].(map[string]any)
	kept := map[string]map[string]any{"schemas": {"ProblemType": bare(all["schemas"].(map[string]any)["ProblemType"])}}
	for waiting := []any{paths}; len(waiting) > 0; waiting = waiting[1:] {
		found, err := json.Marshal(waiting[0])
		if err != nil {
			return nil, err
		}
		for _, m := range reference.FindAllStringSubmatch(string(found), -1) {
			if kept[m[1]] == nil {
				kept[m[1]] = map[string]any{}
			}
			if kept[m[1]][m[2]] == nil {
				kept[m[1]][m[2]] = bare(all[m[1]].(map[string]any)[m[2]])
				waiting = append(waiting, kept[m[1]][m[2]])
			}
		}
	}
	return json.Marshal(map[string]any{"openapi": whole["openapi"], "info": map[string]any{"title": "Coffer", "version": "1"}, "paths": paths, "components": kept})
}

// bare drops what only people read.
func bare(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, child := range v {
			if _, text := child.(string); text && slices.Contains([]string{"description", "summary", "operationId", "pattern", "format"}, key) ||
				slices.Contains([]string{"tags", "example", "examples", "security", "headers", "minimum", "maximum", "minLength", "maxLength", "x-slashes"}, key) {
				continue
			}
			out[key] = bare(child)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = bare(v[i])
		}
		return out
	}
	return v
}
