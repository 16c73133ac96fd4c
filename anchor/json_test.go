package anchor

import "testing"

// An object is read as it is spelled: each key once, none but those, nothing behind it.
func TestDecodeStrict(t *testing.T) {
	for text, good := range map[string]bool{
		`{"a":1,"b":"x"}`:                true,
		` {"b":"a","a":1} `:              true,
		`{"a":1,"b":"\",\"a\":2"}`:       true, // a key only in a text
		`{"a":1,"\u0062":"x"}`:           true, // the same key, spelled with an escape
		`{"a":1,"b":"x","a":2}`:          false,
		`{"a":1,"b":"x","\u0061":2}`:     false,
		`{"a":1,"b":"x","A":1}`:          false,
		`{"a":1}`:                        false,
		`{"a":1,"b":"x","c":null}`:       false,
		`{"a":1,"b":"x"}{}`:              false,
		`{"a":1,"b":"x"`:                 false,
		`{"a":1,"b":"x`:                  false,
		`{"a":1,"b":"x\`:                 false,
		`[{"a":1,"b":"x"}]`:              false,
		`null`:                           false,
		``:                               false,
		"{\"a\":1,\"b\":\"x\"}\u00a0":    false, // no white space of JSON's
		`{"a":[1,{"a":2}],"b":"x"}`:      false, // not a number
		`{"a":1,"b":"x","b\u0000":null}`: false,
	} {
		var to struct {
			A int    `json:"a"`
			B string `json:"b"`
		}
		if err := decodeStrict([]byte(text), &to, "a", "b"); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}
