package contract_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/contract"
	"coffer/internal/contract/contracttest"
	"coffer/policies"
	"coffer/vault"
)

// withoutExample are operations for which no scenario recorded one, with the reason.
var withoutExample = map[string]string{
	"getToken": "it would look like a secret", "push": "likewise", "introspect": "likewise", "revoke": "likewise", "setWebhook": "likewise",
	"authorize": "a redirect", "collectStream": "not JSON; FORMAT.md of consenthttp has the lines",
	"removePasskey": "nothing but its path", "deleteMessage": "likewise", "markRead": "likewise", "giveUpApproval": "likewise", "giveUpGrant": "likewise",
	"dropAttachment": "likewise", "getChunk": "not JSON", "putChunk": "likewise", "readCheckpoint": "likewise", "readCheckpointKey": "likewise", "readTile": "likewise", "readEntries": "likewise",
	"readReceiptSchema": "the schema is one", "readReceiptContext": "likewise", "readContract": "this is it", "readContractYAML": "likewise", "readPage": "likewise",
}

// Every example fits its schema, and what is in it is read by the parser of its format.
func TestExamples(t *testing.T) {
	examples, parsed := contract.Examples(), map[string]int{}
	for name, o := range contracttest.Operations(contracttest.Document(t)) {
		e, ok := examples[o.OperationID]
		if _, none := withoutExample[o.OperationID]; !ok && !none {
			t.Errorf("%s has no example; run: go test ./cmd/cofferd -update", name)
		} else if err := contracttest.Fits(o, e); err != nil {
			what, _, _ := strings.Cut(err.Error(), "\nSchema:")
			t.Errorf("the example of %s does not fit (to record it anew: go test ./cmd/cofferd -update): %s", name, what)
		}
		delete(examples, o.OperationID)
		for side, text := range map[string]json.RawMessage{"request": e.Request, "response": e.Response} {
			var v any
			if text != nil && json.Unmarshal(text, &v) == nil {
				walk(v, func(key string, v any) {
					if read := parsers[key]; read != nil && v != "" && v != nil {
						parsed[key]++
						if err := read(t, v); err != nil {
							t.Errorf("%s of %s: %q does not parse: %v", side, name, key, err)
						}
					}
				})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		t.Errorf("an example of %s, which is no operation", name)
	}
	for key := range parsers {
		if parsed[key] == 0 && key != "ahead" && key != "withdrawal_receipt" { // these two are in few grants
			t.Errorf("no example has a %q", key)
		}
	}
}

func walk(v any, f func(key string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, child := range v {
			f(key, child)
			walk(child, f)
		}
	case []any:
		for _, child := range v {
			walk(child, f)
		}
	}
}

// parsers read what stands under a name, whichever operation it is of.
var parsers = map[string]func(*testing.T, any) error{
	"entry": entry, "withdraw_entry": entry, "withdraw": entry, "ahead": entry,
	"withdraws": func(t *testing.T, v any) error {
		for _, one := range v.([]any) {
			if err := entry(t, one); err != nil {
				return err
			}
		}
		return nil
	},
	"receipt": receipt, "withdrawal_receipt": receipt,
	"decision": exact(func(b []byte) error { _, err := consent.ParseDecision(b); return err }),
	"change":   exact(func(b []byte) error { _, err := consent.ParseChange(b); return err }),
	"row":      exact(func(b []byte) error { _, err := consent.ParseAccess(string(b)); return err }),
	"document": func(t *testing.T, v any) error { // a permit's, or a document's id
		if s := v.(string); strings.HasPrefix(s, "{") {
			_, err := consent.ParsePermit([]byte(s))
			return err
		}
		return nil
	},
	"opening": func(t *testing.T, v any) error {
		b, _ := json.Marshal(v)
		return new(anchor.Opening).UnmarshalJSON(b)
	},
	"sealed": func(t *testing.T, v any) error {
		if _, packed := v.(string); packed {
			return nil // a JWE to somebody, which only they can read
		}
		b, _ := json.Marshal(v)
		if strings.Contains(string(b), `"recipients"`) {
			_, err := vault.Sealed(b).Header()
			return err
		}
		_, _, err := vault.Sealed(b).Released()
		return err
	},
	"card": payload(func(p paper) error {
		catalogue, err := policies.ShippedCatalogue()
		if err == nil {
			_, err = consent.ParseCard(p.body, consent.CardRules{Issuer: p.signer, Audience: p.Aud, Now: p.made(), Catalogue: catalogue})
		}
		return err
	}),
	"acknowledgement":  payload(func(p paper) error { _, err := consent.ParseAcknowledgement(p.body, p.rules()); return err }),
	"statement":        payload(func(p paper) error { _, err := consent.ParseDeletion(p.body, p.rules()); return err }),
	"countersignature": payload(func(p paper) error { _, err := consent.ParseCountersignature(p.body, p.signer); return err }),
	"request": func(t *testing.T, v any) error { // signed, or a request's id
		if s, ok := v.(string); ok && strings.Contains(s, ".") {
			return payload(func(p paper) error { _, err := consent.ParseRequest(p.body, consent.ParseRules{}); return err })(t, v)
		}
		return nil
	},
	"template": func(t *testing.T, v any) error { // signed, or its name
		if s, ok := v.(string); ok && strings.Contains(s, ".") {
			return payload(func(p paper) error { _, err := consent.ParseTemplate(p.body, consent.ParseRules{}); return err })(t, v)
		}
		return nil
	},
}

func entry(_ *testing.T, v any) error {
	b, err := base64.RawURLEncoding.DecodeString(v.(string))
	if err == nil {
		_, err = anchor.ParseEntry(b)
	}
	return err
}

func receipt(t *testing.T, v any) error {
	_, err := agent.VerifyReceipt(v.(string))
	return err
}

func exact(parse func([]byte) error) func(*testing.T, any) error {
	return func(_ *testing.T, v any) error {
		s, ok := v.(string)
		if !ok || !strings.HasPrefix(s, "{") {
			return nil // the kind of a change, for one
		}
		return parse([]byte(s))
	}
}

// paper is a signed document that was verified.
type paper struct {
	signer consent.DID
	body   []byte
	Aud    string       `json:"aud"`
	Iat    consent.Unix `json:"iat"`
	Time   consent.Unix `json:"time"`
}

func (p paper) made() time.Time { return time.Unix(int64(max(p.Iat, p.Time)), 0) }

func (p paper) rules() consent.StatementRules {
	return consent.StatementRules{Issuer: p.signer, Audience: p.Aud, Now: p.made()}
}

// payload verifies a JWS by the DID in its header, and reads what it says.
func payload(read func(paper) error) func(*testing.T, any) error {
	return func(t *testing.T, v any) error {
		coded, _, _ := strings.Cut(v.(string), ".")
		header, err := base64.RawURLEncoding.DecodeString(coded)
		if err != nil {
			return err
		}
		var h struct {
			Typ string `json:"typ"`
		}
		if err := json.Unmarshal(header, &h); err != nil {
			return err
		}
		var p paper
		if p.signer, p.body, err = agent.New(agent.Options{}).VerifyJWS(t.Context(), v.(string), h.Typ); err != nil {
			return err
		}
		if err := json.Unmarshal(p.body, &p); err != nil {
			return err
		}
		return read(p)
	}
}
