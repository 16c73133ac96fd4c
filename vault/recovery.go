package vault

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"coffer/internal/id"
)

// Sheet is what the operator knows of a vault's recovery sheet, so that its words
// sign in where no passkey is left. It opens nothing: the words' wrap does, and the
// operator can compute neither words nor wrap key from it.
type Sheet struct {
	LocatorHash [32]byte // SHA-256 of the locator
	Signer      []byte   // Ed25519 public key
}

// LocatorHash is what is stored of a locator: who reads the database cannot name a
// vault by its sheet.
func LocatorHash(locator [16]byte) [32]byte { return sha256.Sum256(locator[:]) }

// Check reports whether the sheet has the shape of one; ErrInvalid if not.
func (s Sheet) Check() error {
	if len(s.Signer) != ed25519.PublicKeySize {
		return fmt.Errorf("sheet with %d bytes of signer: %w", len(s.Signer), ErrInvalid)
	}
	return nil
}

// Signed reports whether the sheet's words signed this challenge for this operator.
func (s Sheet) Signed(origin string, challenge, signature []byte) bool {
	return len(s.Signer) == ed25519.PublicKeySize && ed25519.Verify(s.Signer, RecoveryMessage(origin, challenge), signature)
}

// RecoveryMessage is what recovery words sign to sign in. The challenge has 32
// bytes, so the origin ends where it begins.
func RecoveryMessage(origin string, challenge []byte) []byte {
	return append([]byte("coffer/v1 recovery\x00"+origin), challenge...)
}

// Registered is a sheet with the vault it is of.
type Registered struct {
	Vault id.Vault
	Sheet Sheet
}
