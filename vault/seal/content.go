package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Kinds of documents that hold one attribute.
const (
	KindAttribute    = "attribute"
	KindPresentation = "presentation" // a record, as it is shown to one business for one request
)

// Attribute is the content of a document that holds one attribute.
type Attribute struct {
	V           int             `json:"v"`
	Kind        string          `json:"kind"` // KindAttribute or KindPresentation
	Name        string          `json:"name"`
	Value       json.RawMessage `json:"value"`
	Updated     int64           `json:"updated"`
	DerivedFrom string          `json:"derived_from,omitempty"`

	// Of a presentation: the request that it answers, and the purpose's name in it.
	Request string `json:"request,omitempty"`
	Purpose string `json:"purpose,omitempty"`
}

// ParseAttribute reads what a release or a document of that kind contains.
func ParseAttribute(plaintext []byte) (Attribute, error) {
	var a Attribute
	if err := strictly(plaintext, &a); err != nil {
		return Attribute{}, fmt.Errorf("reading an attribute: %w", err)
	}
	switch {
	case a.V != 1:
		return Attribute{}, fmt.Errorf("reading an attribute: version %d, want 1", a.V)
	case a.Kind != KindAttribute && a.Kind != KindPresentation:
		return Attribute{}, errors.New("reading an attribute: it is a document of another kind")
	case a.Name == "" || len(a.Value) == 0:
		return Attribute{}, errors.New("reading an attribute: no name or no value")
	case (a.Kind == KindPresentation) != (a.Request != "" && a.Purpose != "") || a.Kind == KindAttribute && a.Request+a.Purpose != "":
		return Attribute{}, errors.New("reading an attribute: only a presentation names a request and its purpose")
	}
	return a, nil
}

// Identity is the content of the document that holds the seed.
type Identity struct {
	V    int    `json:"v"`
	Kind string `json:"kind"` // "identity"
	Seed string `json:"seed"` // base64url

	// Ledger the wallet first met; it warns when it meets another. null until then.
	Ledger *Ledger `json:"ledger"`
}

// Ledger as a wallet remembers it.
type Ledger struct {
	Chain      string `json:"chain_id"`
	Validators string `json:"validators_hash"`
}

func strictly(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("something follows it")
	}
	return nil
}
