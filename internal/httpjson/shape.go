package httpjson

import (
	"bytes"
	"encoding/json"
	"unicode"
	"unicode/utf8"
)

// shape refuses what encoding/json would let pass: names that occur twice, and
// bottomless nesting. What it lets pass is one JSON document.
func shape(body []byte) error {
	if !json.Valid(body) {
		return invalid("not JSON")
	}
	var (
		levels [maxDepth + 1]level
		depth  int      // levels[depth] is where we are; levels[0] is the document
		names  []string // of the objects we are in, those of one behind those around it
	)
	for i := 0; i < len(body); i++ {
		top := &levels[depth]
		switch body[i] {
		case '{', '[':
			if depth == maxDepth {
				return invalid("nested too deep")
			}
			depth++
			levels[depth] = level{object: body[i] == '{', name: body[i] == '{', from: len(names)}
		case '}', ']':
			names = names[:top.from]
			depth--
		case ',':
			top.name = top.object
		case '"':
			from := i
			for i++; body[i] != '"'; i++ { // it ends: the document is valid
				if body[i] == '\\' {
					i++
				}
			}
			if !top.name {
				continue
			}
			top.name = false
			name := fold(body[from : i+1])
			if top.has(names, name) {
				return invalid("a name occurs twice")
			}
			names = append(names, name)
		}
	}
	return nil
}

// level is an object or an array that we are in.
type level struct {
	object, name bool // name: the next text is one
	from         int  // where its names begin
	many         map[string]bool
}

// has reports whether a name was there before, and remembers it if there are so many
// that looking at each would take long.
func (l *level) has(names []string, name string) bool {
	const few = 16
	names = names[l.from:]
	if len(names) < few {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
	if l.many == nil {
		l.many = map[string]bool{}
		for _, n := range names {
			l.many[n] = true
		}
	}
	was := l.many[name]
	l.many[name] = true
	return was
}

// fold reads a quoted name as encoding/json compares names: it takes "Name" for
// "name", and "ſ" for "s".
func fold(quoted []byte) string {
	name := quoted[1 : len(quoted)-1]
	if bytes.ContainsFunc(name, func(r rune) bool { return r == '\\' || r >= utf8.RuneSelf }) {
		var text string
		_ = json.Unmarshal(quoted, &text) // it is valid
		name = []byte(text)
	}
	return string(bytes.Map(func(r rune) rune {
		for { // to the smallest rune of its fold
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, name))
}
