package vault

import (
	"fmt"

	"coffer/internal/id"
)

// encryptedKeySize is a 32-byte content key under AES-KW (RFC 3394).
const encryptedKeySize = 40

// Share is one document's content key, wrapped for the business of one grant.
// What a grant is, the vault does not know.
type Share struct {
	Grant        id.Grant
	Document     id.Document
	Version      int64
	Attribute    string
	EncryptedKey []byte
}

// Release is one granted attribute as a business collects it.
type Release struct {
	Attribute string
	Document  id.Document
	Version   int64
	Sealed    Sealed // flattened JWE with the grant as its one recipient
}

// CheckShares reports whether shares can be meant: ErrInvalid if not.
func CheckShares(shares []Share) error {
	if len(shares) > MaxShares {
		return fmt.Errorf("shares: %w", ErrTooMany)
	}
	type key struct {
		grant     id.Grant
		attribute string
	}
	seen := make(map[key]bool, len(shares))
	for _, s := range shares {
		k := key{s.Grant, s.Attribute}
		switch {
		case s.Grant.IsZero() || s.Document.IsZero() || s.Version < 1:
			return fmt.Errorf("share without grant, document or version: %w", ErrInvalid)
		case s.Attribute == "" || len(s.Attribute) > MaxAttribute:
			return fmt.Errorf("share with %d bytes of attribute name: %w", len(s.Attribute), ErrInvalid)
		case len(s.EncryptedKey) != encryptedKeySize:
			return fmt.Errorf("share with %d bytes of key: %w", len(s.EncryptedKey), ErrInvalid)
		case seen[k]:
			return fmt.Errorf("two shares of one attribute under one grant: %w", ErrInvalid)
		}
		seen[k] = true
	}
	return nil
}
