package vault

import (
	"fmt"
)

// Kinds of wrap.
const (
	PasskeyWrap  = "passkey"
	RecoveryWrap = "recovery"
)

// Wrap is the vault key, locked with one way in. The operator stores it and can
// do nothing with it.
type Wrap struct {
	Kind       string
	Credential []byte // of the passkey; none for recovery
	IV         []byte
	Ciphertext []byte

	// Ephemeral is the P-256 point (65 bytes) of a wrap that was made to the way in's
	// public half, while the way in was elsewhere: by a rotation. None otherwise.
	Ephemeral []byte
}

// Check reports whether the wrap has the shape of one; ErrInvalid if not.
func (w Wrap) Check() error {
	switch {
	case w.Kind != PasskeyWrap && w.Kind != RecoveryWrap:
		return fmt.Errorf("unknown kind of wrap: %w", ErrInvalid)
	case (w.Kind == PasskeyWrap) != (len(w.Credential) > 0), len(w.Credential) > MaxCredential:
		return fmt.Errorf("%s wrap with %d bytes of credential: %w", w.Kind, len(w.Credential), ErrInvalid)
	case len(w.IV) != 12:
		return fmt.Errorf("wrap with %d bytes of iv: %w", len(w.IV), ErrInvalid)
	case len(w.Ephemeral) != 0 && (len(w.Ephemeral) != 65 || w.Ephemeral[0] != 4):
		return fmt.Errorf("wrap with %d bytes of ephemeral key: %w", len(w.Ephemeral), ErrInvalid)
	case len(w.Ciphertext) != 32+16:
		return fmt.Errorf("wrap with %d bytes of ciphertext: %w", len(w.Ciphertext), ErrInvalid)
	}
	return nil
}
