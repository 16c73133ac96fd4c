package anchor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// decodeStrict reads one JSON object that has exactly these keys, each once and
// spelled exactly so, and nothing after it.
func decodeStrict(b []byte, to any, keys ...string) error {
	had := make([]bool, len(keys))
	err := eachKey(b, func(key string) error {
		i := slices.Index(keys, key)
		if i < 0 {
			return errors.New("a key too many")
		}
		if had[i] {
			return fmt.Errorf("the key %q stands twice", keys[i])
		}
		had[i] = true
		return nil
	})
	if err != nil {
		return err
	}
	if i := slices.Index(had, false); i >= 0 {
		return fmt.Errorf("the key %q is missing", keys[i])
	}
	return json.Unmarshal(b, to)
}

// eachKey calls f with the keys of an object, not with those of objects in it. That the
// text is JSON at all it leaves to who reads the values.
func eachKey(b []byte, f func(key string) error) error {
	if b = bytes.TrimLeft(b, " \t\r\n"); len(b) == 0 || b[0] != '{' {
		return errors.New("not a JSON object")
	}
	depth, key := 0, true // whether a text that comes now is a key
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			key = true
		case ':':
			key = false
		case '"':
			from := i
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if depth > 1 || !key {
				continue
			}
			if i >= len(b) {
				return errors.New("not a JSON object")
			}
			text := string(b[from+1 : i])
			if bytes.IndexByte(b[from:i], '\\') >= 0 && json.Unmarshal(b[from:i+1], &text) != nil {
				return errors.New("not a JSON object")
			}
			if err := f(text); err != nil {
				return err
			}
		}
	}
	return nil
}
