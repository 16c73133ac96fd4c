package vault

import (
	"crypto/sha256"
	"fmt"
	"time"

	"coffer/internal/id"
)

// PairingLifetime is how long two devices may take to meet.
const PairingLifetime = 10 * time.Minute

// PairingStep is how far a pairing has come. Each follows on the one before, once.
type PairingStep string

const (
	// PairingOffered: the device that has the vault shows a code.
	PairingOffered PairingStep = "offered"
	// PairingJoined: the other device has used the code, which is of no use any more.
	PairingJoined PairingStep = "joined"
	// PairingRevealed: the first device has opened its commitment; both can show the phrase.
	PairingRevealed PairingStep = "revealed"
	// PairingSealed: the vault key waits, sealed to the other device.
	PairingSealed PairingStep = "sealed"
	// PairingTaken: the other device has it, and a session.
	PairingTaken PairingStep = "taken"
)

// Pairing is how a second device comes to a vault: what the two hand each other
// through the operator, who is believed in nothing. See FORMAT.md.
type Pairing struct {
	Vault      id.Vault
	CodeHash   [32]byte // SHA-256 of the code that is shown; the operator learns the code when it is used
	TicketHash [32]byte // SHA-256 of what the other device came back with; zero before it joined
	Step       PairingStep
	Commitment []byte // 32 bytes
	From       Half   // of the device that has the vault, once revealed
	To         Half   // of the other device, once joined
	IV         []byte // of Ciphertext, once sealed
	Ciphertext []byte
	Expires    time.Time
}

// Half is what one device adds to the agreement.
type Half struct {
	Key   []byte // P-256 point, uncompressed: 65 bytes
	Nonce []byte // 32 bytes
}

// Check reports whether the half has the shape of one; ErrInvalid if not. Whether the
// point is on the curve is for the devices to see.
func (h Half) Check() error {
	if len(h.Key) != 65 || h.Key[0] != 4 || len(h.Nonce) != 32 {
		return fmt.Errorf("half of %d and %d bytes: %w", len(h.Key), len(h.Nonce), ErrInvalid)
	}
	return nil
}

// PairingSecret is the size of what is sealed: vault id, number of the key, key.
const PairingSecret = 16 + 4 + 32

// CodeHash is what is stored of a pairing's code.
func CodeHash(code string) [32]byte {
	return sha256.Sum256([]byte("coffer/v1 pairing code\x00" + code))
}
