package anchortest

import (
	"os"
	"strings"
	"testing"
)

// Vector is one case of a text file that Go and TypeScript share: lines of
// "key: value" (a value may be empty), each key once, cases apart by a blank
// line, "#" for remarks.
// Every case has "case" (its name) and "expect" ("ok" or "refused <reason>").
type Vector map[string]string

// Reason is why the case must be refused, "" if it must be accepted.
func (v Vector) Reason() string {
	reason, _ := strings.CutPrefix(v["expect"], "refused ")
	if reason == "ok" {
		return ""
	}
	return reason
}

// ReadVectors reads a file of vectors. A file without cases of both outcomes is
// fatal: tests over it would show nothing.
func ReadVectors(t testing.TB, path string) []Vector {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading vectors: %v", err)
	}
	var all []Vector
	accepted, refused := 0, 0
	for n, text := range strings.Split(string(b), "\n\n") {
		v := Vector{}
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			key, value, ok := strings.Cut(line, ":")
			value = strings.TrimPrefix(value, " ")
			if _, twice := v[key]; !ok || twice {
				t.Fatalf("%s: case %d: a line is not one more key: value", path, n)
			}
			v[key] = value
		}
		if len(v) == 0 {
			continue
		}
		switch {
		case v["case"] == "":
			t.Fatalf("%s: case %d has no name", path, n)
		case v["expect"] == "ok":
			accepted++
		case strings.HasPrefix(v["expect"], "refused "):
			refused++
		default:
			t.Fatalf("%s: case %q expects %q", path, v["case"], v["expect"])
		}
		all = append(all, v)
	}
	if accepted == 0 || refused == 0 {
		t.Fatalf("%s: %d accepted and %d refused cases, want some of each", path, accepted, refused)
	}
	return all
}
