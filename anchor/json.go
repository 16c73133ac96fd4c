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
//
// It does not look at the keys of objects in the object: decodeDeep is for those.
func decodeStrict(b []byte, to any, keys ...string) error {
	if err := exactly(b, len(keys), keys...); err != nil {
		return err
	}
	return json.Unmarshal(b, to)
}

// decodeDeep is decodeStrict for objects with objects in them, which have no other keys
// than their fields either. The keys behind the first so many may be missing.
func decodeDeep(b []byte, to any, required int, keys ...string) error {
	if err := exactly(b, required, keys...); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if len(bytes.TrimLeft(b[d.InputOffset():], " \t\r\n")) > 0 {
		return errors.New("something stands behind the JSON object")
	}
	return nil
}

// exactly reports whether an object has these keys, each once; those behind the first so
// many may be missing.
func exactly(b []byte, required int, keys ...string) error {
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
	if i := slices.Index(had[:required], false); i >= 0 {
		return fmt.Errorf("the key %q is missing", keys[i])
	}
	return nil
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
