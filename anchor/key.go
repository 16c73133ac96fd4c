package anchor

import (
	"encoding/base64"
	"fmt"
)

// b64 is how 32-byte values are written: base64url without padding. Strict, so
// that a value has one spelling.
var b64 = base64.RawURLEncoding.Strict()

// Handle is the Ed25519 public key of a grant's handle key. It names the grant
// on the ledger, and whoever holds its secret may post permits under it.
type Handle [32]byte

// WalletKey is the Ed25519 public key that signs a grant and its withdrawal;
// fresh for each grant.
type WalletKey [32]byte

// Leaf is the RFC 6962 leaf hash of an entry: SHA-256(0x00 ‖ entry).
type Leaf [32]byte

// Commitment binds a document without telling anything about it.
type Commitment [32]byte

// ValidatorKey is a validator's Ed25519 public key.
type ValidatorKey [32]byte

func (h Handle) String() string       { return b64.EncodeToString(h[:]) }
func (k WalletKey) String() string    { return b64.EncodeToString(k[:]) }
func (l Leaf) String() string         { return b64.EncodeToString(l[:]) }
func (c Commitment) String() string   { return b64.EncodeToString(c[:]) }
func (k ValidatorKey) String() string { return b64.EncodeToString(k[:]) }

// The text form of each is 43 characters of base64url.

func (h Handle) MarshalText() ([]byte, error)       { return b64.AppendEncode(nil, h[:]), nil }
func (k WalletKey) MarshalText() ([]byte, error)    { return b64.AppendEncode(nil, k[:]), nil }
func (l Leaf) MarshalText() ([]byte, error)         { return b64.AppendEncode(nil, l[:]), nil }
func (c Commitment) MarshalText() ([]byte, error)   { return b64.AppendEncode(nil, c[:]), nil }
func (k ValidatorKey) MarshalText() ([]byte, error) { return b64.AppendEncode(nil, k[:]), nil }

func (h *Handle) UnmarshalText(t []byte) error     { return parse32((*[32]byte)(h), "handle", t) }
func (k *WalletKey) UnmarshalText(t []byte) error  { return parse32((*[32]byte)(k), "wallet key", t) }
func (l *Leaf) UnmarshalText(t []byte) error       { return parse32((*[32]byte)(l), "leaf", t) }
func (c *Commitment) UnmarshalText(t []byte) error { return parse32((*[32]byte)(c), "commitment", t) }
func (k *ValidatorKey) UnmarshalText(t []byte) error {
	return parse32((*[32]byte)(k), "validator key", t)
}

func parse32(to *[32]byte, what string, text []byte) error {
	if len(text) != b64.EncodedLen(32) {
		return fmt.Errorf("parsing %s: %d characters, want %d of base64url", what, len(text), b64.EncodedLen(32))
	}
	if _, err := b64.Decode(to[:], text); err != nil {
		return fmt.Errorf("parsing %s: %w", what, err)
	}
	return nil
}
