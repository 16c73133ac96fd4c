package anchor

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// decodeStrict reads one JSON object that has exactly these keys, spelled
// exactly so, and nothing after it.
func decodeStrict(b []byte, to any, keys ...string) error {
	var have map[string]json.RawMessage
	if err := json.Unmarshal(b, &have); err != nil {
		return err
	}
	for _, k := range keys {
		if _, ok := have[k]; !ok {
			return fmt.Errorf("the key %q is missing", k)
		}
	}
	if len(have) != len(keys) {
		return fmt.Errorf("%d keys, want %d", len(have), len(keys))
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(to)
}
