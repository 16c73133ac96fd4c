package consent_test

import (
	"encoding/json"
	"testing"

	"coffer/consent"
)

func TestAWantedRecordIsMet(t *testing.T) {
	w := consent.Wanted{Type: warranty, Required: []string{"product"}, Optional: []string{"serial"}}
	shown := func(claim string, types ...string) consent.Record {
		return consent.Record{Types: types, Claims: map[string]json.RawMessage{claim: json.RawMessage(`"x"`)}}
	}
	if err := w.Met(shown("product", "VerifiableCredential", warranty)); err != nil {
		t.Error(err)
	}
	code(t, w.Met(shown("product", "VerifiableCredential")), consent.WrongEvidence)
	code(t, w.Met(shown("serial", warranty)), consent.MissingRequired)
}
