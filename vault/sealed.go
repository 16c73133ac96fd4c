package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"

	"coffer/internal/id"
)

// Sealed is a JWE (RFC 7516) in JSON, byte for byte as the wallet made it.
type Sealed []byte

// LogValue keeps even ciphertext out of logs: it would outlive an erasure there.
func (s Sealed) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("sealed(%d)", len(s))) }

// String is what fmt prints, for the same reason.
func (s Sealed) String() string { return s.LogValue().String() }

// GoString is what %#v prints.
func (s Sealed) GoString() string { return s.String() }

// MarshalJSON puts the JWE into a larger document as the object it is.
func (s Sealed) MarshalJSON() ([]byte, error) {
	if len(s) == 0 {
		return []byte("null"), nil
	}
	return s, nil
}

// UnmarshalJSON takes the JWE out of a larger document.
func (s *Sealed) UnmarshalJSON(b []byte) error {
	*s = append((*s)[:0], b...)
	return nil
}

// Header is what a sealed document says in the open about itself. The wallet's
// AEAD covers it.
type Header struct {
	Enc      string      `json:"enc"`
	Type     string      `json:"typ"`
	Document id.Document `json:"doc"`
	Version  int64       `json:"ver"`
}

// jwe is the general serialization with the one recipient that documents have.
type jwe struct {
	Protected  string `json:"protected"`
	Recipients []struct {
		Header struct {
			Algorithm string `json:"alg"`
			Key       string `json:"kid"`
		} `json:"header"`
		EncryptedKey string `json:"encrypted_key"`
	} `json:"recipients"`
	IV         string `json:"iv"`
	Ciphertext string `json:"ciphertext"`
	Tag        string `json:"tag"`
}

// flattened is the serialization of a release.
type flattened struct {
	Protected    string          `json:"protected"`
	Header       recipientHeader `json:"header"`
	EncryptedKey string          `json:"encrypted_key"`
	IV           string          `json:"iv"`
	Ciphertext   string          `json:"ciphertext"`
	Tag          string          `json:"tag"`
}

type recipientHeader struct {
	Algorithm string `json:"alg"`
	Key       string `json:"kid"`
}

func (s Sealed) parse() (j jwe, err error) {
	if len(s) > MaxSealed {
		return j, fmt.Errorf("sealed document of %d bytes: %w", len(s), ErrTooLarge)
	}
	d := json.NewDecoder(bytes.NewReader(s))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil || d.More() {
		return j, fmt.Errorf("sealed document is not a JWE of ours: %w", ErrInvalid)
	}
	if len(j.Recipients) != 1 {
		return j, fmt.Errorf("sealed document has %d recipients, want 1: %w", len(j.Recipients), ErrInvalid)
	}
	return j, nil
}

// Header reads the protected header of a document, and refuses what is not one:
// a JWE with another algorithm, other recipients or other fields than FORMAT.md
// says. Whether it opens, only the wallet can tell.
func (s Sealed) Header() (Header, error) {
	var h Header
	j, err := s.parse()
	if err != nil {
		return h, err
	}
	if r := j.Recipients[0]; r.Header.Algorithm != "A256KW" || r.Header.Key != "vault" || !isBytes(r.EncryptedKey, encryptedKeySize) {
		return h, fmt.Errorf("sealed document is not for its vault: %w", ErrInvalid)
	}
	if !isBytes(j.IV, 12) || !isBytes(j.Tag, 16) || !isBytes(j.Ciphertext, -1) {
		return h, fmt.Errorf("sealed document has no iv, ciphertext or tag: %w", ErrInvalid)
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(j.Protected)
	if err != nil {
		return h, fmt.Errorf("sealed document has no header: %w", ErrInvalid)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&h); err != nil || d.More() {
		return h, fmt.Errorf("sealed document has a header that is not ours: %w", ErrInvalid)
	}
	if h.Enc != "A256GCM" || h.Type != "coffer-doc+json" || h.Document.IsZero() || h.Version < 1 {
		return h, fmt.Errorf("sealed document has a header that is not ours: %w", ErrInvalid)
	}
	return h, nil
}

// isBytes reports whether text is base64url of n bytes; n < 0 means any.
func isBytes(text string, n int) bool {
	if n >= 0 && len(text) != base64.RawURLEncoding.EncodedLen(n) {
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil
}

// Release is the document as the business of one grant collects it: the same
// ciphertext, with the grant as the one recipient.
func (s Sealed) Release(grant id.Grant, encryptedKey []byte) (Sealed, error) {
	j, err := s.parse()
	if err != nil {
		return nil, err
	}
	return json.Marshal(flattened{
		Protected:    j.Protected,
		Header:       recipientHeader{Algorithm: "A256KW", Key: grant.String()},
		EncryptedKey: base64.RawURLEncoding.EncodeToString(encryptedKey),
		IV:           j.IV, Ciphertext: j.Ciphertext, Tag: j.Tag,
	})
}
