package contracttest

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"coffer/internal/contract"
)

// largest an example may be, in bytes.
const largest = 12 << 10

// recorded are examples of this process: of each operation the richest exchange that is
// not too large. Guarded by mu.
var recorded = map[string]contract.Example{}

// keeping are operations without an example: theirs would look like a secret.
var keeping = []string{"getToken", "push", "introspect", "revoke", "setWebhook"}

// remember keeps an exchange of JSON that went well.
func remember(o *openapi3.Operation, asked []byte, rec *recorder) {
	if slices.Contains(keeping, o.OperationID) || len(o.Tags) == 1 && o.Tags[0] == "published" {
		return
	}
	e := contract.Example{Status: rec.status, Request: short(asked), Response: short(rec.body.Bytes())}
	before := recorded[o.OperationID]
	if size := len(e.Request) + len(e.Response); size > 0 && size <= largest && size > len(before.Request)+len(before.Response) {
		recorded[o.OperationID] = e
	}
}

// short is a JSON text with one element in each list, or nothing if it is none.
func short(text []byte) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return nil
	}
	if _, ok := v.(map[string]any); !ok {
		return nil
	}
	b, err := json.Marshal(cut(v))
	if err != nil {
		return nil
	}
	return b
}

func cut(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, child := range v {
			v[k] = cut(child)
		}
	case []any:
		for i := range v {
			v[i] = cut(v[i])
		}
		// Attributes and receipts of one thing belong together: only lists of things are cut.
		if len(v) > 1 {
			if _, ok := v[0].(map[string]any); ok {
				return v[:1]
			}
		}
	}
	return v
}

// Examples are the document's examples, with those of this process where one is missing
// or is not what the document says any more.
func Examples(d *openapi3.T) map[string]contract.Example {
	mu.Lock()
	defer mu.Unlock()
	all := map[string]contract.Example{}
	for _, o := range Operations(d) {
		have, known := contract.Examples()[o.OperationID]
		if fresh, ok := recorded[o.OperationID]; ok && (!known || Fits(o, have) != nil) {
			have, known = fresh, true
		}
		if known {
			all[o.OperationID] = have
		}
	}
	return all
}

// Fits holds an example against its operation.
func Fits(o *openapi3.Operation, e contract.Example) error {
	var request, response *openapi3.MediaType
	if o.RequestBody != nil {
		request = o.RequestBody.Value.Content.Get("application/json")
	}
	if r := o.Responses.Status(e.Status); r != nil {
		response = r.Value.Content.Get("application/json")
	}
	for _, side := range []struct {
		media *openapi3.MediaType
		text  json.RawMessage
		how   openapi3.SchemaValidationOption
	}{{request, e.Request, openapi3.VisitAsRequest()}, {response, e.Response, openapi3.VisitAsResponse()}} {
		if side.media == nil || side.text == nil {
			continue
		}
		var v any
		if err := json.Unmarshal(side.text, &v); err != nil {
			return err
		}
		if err := side.media.Schema.Value.VisitJSON(v, side.how); err != nil {
			return err
		}
	}
	return nil
}
