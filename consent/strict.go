package consent

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds nesting; no format here nests deeper than seven.
const maxDepth = 16

var (
	textual = reflect.TypeFor[encoding.TextUnmarshaler]()
	ownJSON = reflect.TypeFor[json.Unmarshaler]()
)

// read is parseStrict with the size limit of a format.
func read(data []byte, limit int, v any) error {
	if len(data) > limit {
		return malformed(fmt.Sprintf("more than %d bytes", limit), "")
	}
	return ParseStrict(data, v)
}

// ParseStrict reads one JSON value into v, a pointer to a struct. It refuses what
// encoding/json lets pass and two programs could read in two ways: unknown keys,
// keys in other case, missing keys (unless omitempty), duplicate keys, null (unless
// a pointer), numbers that are not plain integers, invalid UTF-8, anything behind
// the value. An error is a *Refusal with Code Malformed that names the place and
// never shows a value.
func ParseStrict(data []byte, v any) error {
	if !utf8.Valid(data) {
		return malformed("invalid UTF-8", "")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := walk(d, reflect.TypeOf(v).Elem(), "", 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return malformed("more behind the value", "")
	}
	if err := json.Unmarshal(data, v); err != nil {
		return malformed("a value out of range or of another form", "") // err could show it
	}
	return nil
}

// walk checks the next value of d against t; a nil t checks only what holds for
// every JSON value.
func walk(d *json.Decoder, t reflect.Type, at string, depth int) error {
	if depth > maxDepth {
		return malformed("nested too deep", at)
	}
	tok, err := d.Token()
	if err != nil {
		return malformed("not JSON", at)
	}
	if t != nil && t.Kind() == reflect.Pointer {
		if tok == nil {
			return nil
		}
		t = t.Elem()
	}
	if t != nil && t.Kind() != reflect.Interface && tok == nil {
		return malformed("null", at)
	}
	if t != nil && reflect.PointerTo(t).Implements(textual) {
		return walkText(tok, t, at)
	}
	if t != nil && (t.Kind() == reflect.Interface || reflect.PointerTo(t).Implements(ownJSON)) {
		t = nil // the type's own business; duplicates are refused all the same
	}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '{' {
			return walkObject(d, t, at, depth)
		}
		return walkArray(d, t, at, depth)
	case string:
		if t != nil && t.Kind() != reflect.String {
			return malformed("unexpected text", at)
		}
	case json.Number:
		if t != nil && (!t.ConvertibleTo(reflect.TypeFor[int64]()) || strings.ContainsAny(tok.String(), ".eE") || tok == "-0") {
			return malformed("unexpected number, or no integer", at)
		}
	case bool:
		if t != nil && t.Kind() != reflect.Bool {
			return malformed("unexpected true or false", at)
		}
	}
	return nil
}

func walkText(tok json.Token, t reflect.Type, at string) error {
	s, ok := tok.(string)
	if !ok {
		return malformed("want text", at)
	}
	if err := reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)); err != nil {
		return &Refusal{Code: Malformed, At: at, Cause: err}
	}
	return nil
}

func walkArray(d *json.Decoder, t reflect.Type, at string, depth int) error {
	var elem reflect.Type
	if t != nil {
		if t.Kind() != reflect.Slice {
			return malformed("unexpected list", at)
		}
		elem = t.Elem()
	}
	for i := 0; d.More(); i++ {
		if err := walk(d, elem, nth(at, i), depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed("not JSON", at)
	}
	return nil
}

func walkObject(d *json.Decoder, t reflect.Type, at string, depth int) error {
	var fields map[string]reflect.StructField
	var every reflect.Type
	switch {
	case t == nil:
	case t.Kind() == reflect.Struct:
		fields = fieldsOf(t)
	case t.Kind() == reflect.Map:
		every = t.Elem()
	default:
		return malformed("unexpected object", at)
	}
	seen := map[string]bool{}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return malformed("not JSON", at)
		}
		key := tok.(string) // the decoder allows nothing else
		place := strings.TrimPrefix(at+"."+shown(key), ".")
		if seen[key] {
			return malformed("key twice", place)
		}
		seen[key] = true
		next := every
		if fields != nil {
			f, known := fields[key]
			if !known {
				return malformed("unknown key", place)
			}
			next = f.Type
			if next.Kind() == reflect.Pointer && strings.Contains(f.Tag.Get("json"), ",omitempty") {
				next = next.Elem() // what is none is left out, and never null
			}
		}
		if err := walk(d, next, place, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed("not JSON", at)
	}
	for _, name := range slices.Sorted(keys(fields)) {
		if !seen[name] && !strings.Contains(fields[name].Tag.Get("json"), ",omitempty") {
			return malformed("missing key", strings.TrimPrefix(at+"."+name, "."))
		}
	}
	return nil
}

func keys(m map[string]reflect.StructField) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for f := range t.Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && name != "" && f.IsExported() {
			out[name] = f
		}
	}
	return out
}

// shown is a key as an error may show it: someone else wrote it, so only a plain
// short one is repeated.
func shown(key string) string {
	if len(key) > 40 || strings.ContainsFunc(key, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '@')
	}) {
		return "(key)"
	}
	return key
}
