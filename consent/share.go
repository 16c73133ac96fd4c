package consent

import (
	"encoding/json"

	"coffer/internal/id"
)

// Share is one document's content key, wrapped for the business of one grant. The
// operator moves it and cannot open it.
type Share struct {
	Grant        id.Grant
	Document     id.Document
	Version      int64
	Attribute    string
	EncryptedKey []byte // AES-KW, 40 bytes
}

// Release is one attribute as a business collects it: a flattened JWE that the
// grant key opens.
type Release struct {
	Attribute string          `json:"attribute"`
	Sealed    json.RawMessage `json:"sealed"`
}
