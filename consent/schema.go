package consent

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"reflect"
)

// ReceiptSchema is the JSON Schema (draft 2020-12) of a receipt's claims, as it is
// published. What a schema cannot say (two keys that must be alike, a signature) is
// for ParseReceipt and Repeats.
//
//go:embed schema/receipt.schema.json
var ReceiptSchema []byte

// ReceiptContext is the JSON-LD context that every receipt carries, so that its keys
// mean DPV terms to whoever reads it, without a network.
//
//go:embed schema/receipt.context.jsonld
var ReceiptContext []byte

// Parsed once: in the bytes that receipts are signed over, and as a value.
var (
	contextText  = func() json.RawMessage { var b bytes.Buffer; must(json.Compact(&b, ReceiptContext)); return b.Bytes() }()
	contextValue = func() (v any) { must(json.Unmarshal(ReceiptContext, &v)); return v }()
)

func must(err error) {
	if err != nil {
		panic("consent: an embedded file is broken: " + err.Error())
	}
}

// contexts is the @context of a receipt. The first receipts had the first alone.
func contexts(first bool) []json.RawMessage {
	base := json.RawMessage(`"` + vcContext + `"`)
	if first {
		return []json.RawMessage{base}
	}
	return []json.RawMessage{base, contextText}
}

// readContexts tells a receipt of the first form; ok is false if it is of none.
func readContexts(list []json.RawMessage) (first, ok bool) {
	var base string
	if len(list) < 1 || len(list) > 2 || json.Unmarshal(list[0], &base) != nil || base != vcContext {
		return false, false
	}
	if len(list) == 1 {
		return true, true
	}
	if bytes.Equal(list[1], contextText) { // as ours is written
		return false, true
	}
	var have any
	err := json.Unmarshal(list[1], &have)
	return false, err == nil && reflect.DeepEqual(have, contextValue)
}
