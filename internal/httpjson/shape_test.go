package httpjson

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// FuzzShape holds shape against a plain reader, and what it lets pass against the
// library: every name of an object is there once.
func FuzzShape(f *testing.F) {
	for _, s := range []string{`{"a":[{"b":1},{"b":{"c":null,"\u0063":2}}],"A":"x"}`, `[[[{"a":"\\\"","b":[]}]]]`, `{"s":1,"ſ":2}`, `"x"`, `1 2`, `{"":1,"":2}`,
		strings.Repeat("[", 32) + strings.Repeat("]", 32), strings.Repeat("[", 33) + strings.Repeat("]", 33), many(40), many(40)[:200] + `,"n3":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, want := shape(body), plainShape(body)
		if !json.Valid(body) { // which that leaves to the decoder
			want = invalid("not JSON")
		}
		if got == nil && want != nil {
			t.Fatalf("%q: passes, and should not: %v", body, want)
		}
		// Stricter it may be only about names that fold alike beyond lower case.
		if got != nil && want == nil && isASCII(body) && !bytes.Contains(body, []byte(`\u`)) {
			t.Fatalf("%q: %v", body, got)
		}
	})
}

func isASCII(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r > 127 }) < 0
}

// many is an object of n names.
func many(n int) string {
	var b strings.Builder
	b.WriteString(`{"n0":0`)
	for i := 1; i < n; i++ {
		b.WriteString(`,"n` + strings.Repeat("1", i%7) + string(rune('0'+i)) + `":{}`)
	}
	return b.String() + "}"
}

func TestNamesThatFoldAlike(t *testing.T) {
	for _, s := range []string{`{"address":1,"addreſs":2}`, `{"k":1,"\u212a":2}`, `{"a\u0062":1,"AB":2}`, many(40)[:len(many(40))-1] + `,"N0":1}`} {
		if err := shape([]byte(s)); err == nil {
			t.Errorf("%s passes", s)
		}
	}
	for _, s := range []string{many(40), `{"a":{"a":{"a":["a","a"]}},"b":"a"}`, `[{"a":1},{"a":1}]`} {
		if err := shape([]byte(s)); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	body := []byte(`{"attributes":["name","postal-address"]}`)
	for b.Loop() {
		var v struct {
			Attributes []string `json:"attributes"`
		}
		if err := Parse(body, &v); err != nil {
			b.Fatal(err)
		}
	}
}

// plainShape is shape by encoding/json's own tokens.
func plainShape(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	type level struct {
		names map[string]bool // nil in an array
		value bool            // a name was read, its value comes next
	}
	var stack []level
	for first := true; ; first = false {
		t, err := d.Token()
		if err == io.EOF && !first {
			break
		} else if err != nil {
			return invalid("not JSON")
		}
		if !first && len(stack) == 0 {
			return invalid("more than one JSON document")
		}
		if len(stack) > 0 {
			top := &stack[len(stack)-1]
			if name, ok := t.(string); ok && top.names != nil && !top.value {
				name = strings.ToLower(name) // encoding/json takes "Name" for "name"
				if top.names[name] {
					return invalid("a name occurs twice")
				}
				top.names[name], top.value = true, true
				continue
			}
			top.value = false
		}
		switch t {
		case json.Delim('{'):
			stack = append(stack, level{names: map[string]bool{}})
		case json.Delim('['):
			stack = append(stack, level{})
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
		}
		if len(stack) > maxDepth {
			return invalid("nested too deep")
		}
	}
	return nil
}
