package consent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds nesting; no format here nests deeper than seven.
const maxDepth = 16

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
	// The scan holds the text against the type and leaves the spelling of JSON itself
	// to encoding/json, which sees the same text next.
	form := formOf(v)
	s := scan{text: data}
	if err := s.value(form, place{}, 0); err != nil {
		return err
	}
	if s.space(); s.at != len(s.text) {
		return malformed("more behind the value", "")
	}
	if err := json.Unmarshal(data, v); err != nil {
		// err could show a value: a second look finds the place of a text without form.
		s = scan{text: data, texts: true}
		if err := s.value(form, place{}, 0); err != nil {
			return err
		}
		return malformed("a value out of range or of another form", "")
	}
	return nil
}

// scan walks over one JSON text.
type scan struct {
	text  []byte
	at    int
	texts bool // try each text on its type
}

// place is where a value stands. It is spelled out only for an error.
type place struct {
	above *place
	key   string
	nth   int // with key "": the list's member, from 1
}

func (p place) String() string {
	var above string
	if p.above != nil {
		above = p.above.String()
	}
	switch {
	case p.nth > 0:
		return nth(above, p.nth-1)
	case above == "" || p.key == "":
		return above + p.key
	}
	return above + "." + p.key
}

func (p place) no(cause string) error { return malformed(cause, p.String()) }

func (s *scan) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\n' || s.text[s.at] == '\t' || s.text[s.at] == '\r') {
		s.at++
	}
}

// next is the next byte that is no white space, 0 at the end.
func (s *scan) next() byte {
	if s.space(); s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// take steps over the byte if it comes next.
func (s *scan) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

// value checks the next value against its form; a nil form checks only what holds
// for every JSON value.
func (s *scan) value(f *form, at place, depth int) error {
	if depth > maxDepth {
		return at.no("nested too deep")
	}
	c := s.next()
	if c == 'n' && f != nil && f.kind != anything {
		if !f.null {
			return at.no("null")
		}
		f = nil
	}
	if f != nil && f.own {
		f = nil // the type's own business; duplicates are refused all the same
	}
	if f != nil && f.kind == text && c != '"' {
		return at.no("want text")
	}
	switch {
	case c == '{':
		return s.object(f, at, depth)
	case c == '[':
		return s.array(f, at, depth)
	case c == '"':
		return s.string(f, at)
	case c == '-' || c >= '0' && c <= '9':
		return s.number(f, at)
	case c == 't' || c == 'f' || c == 'n':
		return s.word(f, at, c)
	}
	return at.no("not JSON")
}

func (s *scan) string(f *form, at place) error {
	raw, ok := s.quoted()
	switch {
	case !ok:
		return at.no("not JSON")
	case f == nil || f.kind == anything:
	case f.kind == text:
		if !s.texts {
			break
		}
		var plain string
		if json.Unmarshal(raw, &plain) != nil {
			return at.no("not JSON")
		}
		if err := f.parse(plain); err != nil {
			return &Refusal{Code: Malformed, At: at.String(), Cause: err}
		}
	case f.kind != characters:
		return at.no("unexpected text")
	}
	return nil
}

func (s *scan) number(f *form, at place) error {
	from := s.at
	for s.at < len(s.text) && strings.IndexByte("+-.0123456789eE", s.text[s.at]) >= 0 {
		s.at++
	}
	if f == nil || f.kind == anything {
		return nil
	}
	n := string(s.text[from:s.at])
	if f.kind != number || n == "-0" || strings.ContainsAny(n, ".eE") {
		return at.no("unexpected number, or no integer")
	}
	return nil
}

func (s *scan) word(f *form, at place, c byte) error {
	word := map[byte]string{'t': "true", 'f': "false", 'n': "null"}[c]
	if !strings.HasPrefix(string(s.text[s.at:min(s.at+len(word), len(s.text))]), word) {
		return at.no("not JSON")
	}
	s.at += len(word)
	if f != nil && f.kind != anything && f.kind != truth {
		return at.no("unexpected true or false")
	}
	return nil
}

func (s *scan) array(f *form, at place, depth int) error {
	var each *form
	if f != nil && f.kind != anything {
		if f.kind != several {
			return at.no("unexpected list")
		}
		each = f.each
	}
	s.at++
	if s.take(']') {
		return nil
	}
	for i := 1; ; i++ {
		if err := s.value(each, place{above: &at, nth: i}, depth+1); err != nil {
			return err
		}
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return at.no("not JSON")
		}
	}
}

func (s *scan) object(f *form, at place, depth int) error {
	if f != nil && f.kind == anything {
		f = nil
	}
	if f != nil && f.kind != fields && f.kind != mapping {
		return at.no("unexpected object")
	}
	var had uint64      // fields, by their number
	var others []string // keys of anything else
	s.at++
	for first := true; !s.take('}'); first = false {
		if !first && !s.take(',') || s.next() != '"' {
			return at.no("not JSON")
		}
		key, ok := s.key()
		if !ok || !s.take(':') {
			return at.no("not JSON")
		}
		var next *form
		switch {
		case f != nil && f.kind == fields:
			i, known := f.named[string(key)]
			if !known {
				return place{above: &at, key: shown(string(key))}.no("unknown key")
			}
			if had&(1<<i) != 0 {
				return place{above: &at, key: shown(string(key))}.no("key twice")
			}
			had |= 1 << i
			if err := s.value(f.fields[i].form, place{above: &at, key: f.fields[i].name}, depth+1); err != nil {
				return err
			}
			continue
		case f != nil:
			next = f.each
		}
		if slices.Contains(others, string(key)) {
			return place{above: &at, key: shown(string(key))}.no("key twice")
		}
		if others = append(others, string(key)); len(others) > maxKeys {
			return at.no("too many keys")
		}
		if err := s.value(next, place{above: &at, key: shown(string(key))}, depth+1); err != nil {
			return err
		}
	}
	if f != nil && f.kind == fields {
		if missing := f.required &^ had; missing != 0 {
			return place{above: &at, key: f.fields[bits.TrailingZeros64(missing)].name}.no("missing key")
		}
	}
	return nil
}

// maxKeys bounds an object whose keys are free: looking for a key twice costs as much
// as there are keys. The longest are the texts of a notice, and a receipt's @context.
const maxKeys = 1000

// quoted steps over a string and returns it with its quotes.
func (s *scan) quoted() (raw []byte, ok bool) {
	from := s.at
	for s.at++; s.at < len(s.text); {
		rest := s.text[s.at:]
		end := bytes.IndexByte(rest, '"')
		if end < 0 {
			break
		}
		escape := bytes.IndexByte(rest[:end], '\\')
		if escape < 0 {
			s.at += end + 1
			return s.text[from:s.at], true
		}
		s.at += escape + 2
	}
	s.at = len(s.text)
	return nil, false
}

// key is quoted without its quotes, and unescaped.
func (s *scan) key() ([]byte, bool) {
	raw, ok := s.quoted()
	if !ok {
		return nil, false
	}
	if plain := raw[1 : len(raw)-1]; !slices.Contains(plain, '\\') {
		return plain, true
	}
	var plain string
	if json.Unmarshal(raw, &plain) != nil {
		return nil, false
	}
	return []byte(plain), true
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
