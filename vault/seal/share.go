package seal

import (
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
	h, to, err := s.Released()
	if err != nil || to != g {
		return Opened{}, ErrOpen
	}
	plaintext, err := open(k[:], s)
	if err != nil {
		return Opened{}, err
	}
	return Opened{Document: h.Document, Version: h.Version, Plaintext: plaintext}, nil
}
