package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/json"

	"coffer/internal/id"
	"coffer/vault"
)

// Share wraps a document's content key for the business of a grant: what goes
// into [vault.Share].EncryptedKey.
func Share(k GrantKey, cek ContentKey) []byte { return wrapKey(k, cek) }

// Opened is a release in the clear.
type Opened struct {
	Document  id.Document
	Version   int64
	Plaintext []byte
}

// OpenRelease opens what a business collected under a grant. The header says
// which document in which version it is; the AEAD covers it.
func OpenRelease(k GrantKey, g id.Grant, s vault.Sealed) (Opened, error) {
	var e struct {
		Protected    string `json:"protected"`
		Header       header `json:"header"`
		EncryptedKey string `json:"encrypted_key"`
		IV           string `json:"iv"`
		Ciphertext   string `json:"ciphertext"`
		Tag          string `json:"tag"`
	}
	d := json.NewDecoder(bytes.NewReader(s))
	d.DisallowUnknownFields()
	if d.Decode(&e) != nil || d.More() || e.Header != (header{Algorithm: "A256KW", Key: g.String()}) {
		return Opened{}, ErrOpen
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(e.Protected)
	if err != nil {
		return Opened{}, ErrOpen
	}
	var h vault.Header
	if json.Unmarshal(raw, &h) != nil || h.Type != "coffer-doc+json" {
		return Opened{}, ErrOpen
	}
	plaintext, err := open(k[:], s)
	if err != nil {
		return Opened{}, err
	}
	return Opened{Document: h.Document, Version: h.Version, Plaintext: plaintext}, nil
}
