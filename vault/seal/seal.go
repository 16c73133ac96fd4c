// Package seal makes and opens Coffer's envelopes: documents, wraps, shares,
// releases, grant letters, and the keys they need. It is what the wallet does in
// the browser, in Go, for businesses and tests. The bytes are in vault/FORMAT.md.
//
// Opening fails with [ErrOpen], which explains nothing: a reason would help only
// whoever made the envelope wrong. Parsing what was opened explains everything.
//
// # Trust
//
// Keys stand in the clear here, so no operator's program may link this package; a
// test of the build holds that. A business holds one grant key per grant and can
// open what that grant names, no more. What a compromise costs is what the keys
// in reach open. Primitives are the standard library's and go-jose's; envelopes
// are opened by go-jose alone, so that what opens here opens in any JOSE library.
package seal

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// ErrOpen means that an envelope does not open: wrong key, changed bytes, another
// document or version than was asked for.
var ErrOpen = errors.New("does not open")

// Key is 32 secret bytes of one kind; it never prints itself.
type Key[K any] [32]byte

type (
	vaultKind   struct{}
	wrapKind    struct{}
	contentKind struct{}
	grantKind   struct{}
	seedKind    struct{}
	chunkKind   struct{}
)

type (
	// VaultKey opens every document of one vault (AES-KW).
	VaultKey = Key[vaultKind]
	// WrapKey locks the vault key under one way in (AES-GCM).
	WrapKey = Key[wrapKind]
	// ContentKey encrypts one version of one document (AES-GCM).
	ContentKey = Key[contentKind]
	// GrantKey opens what one grant names (AES-KW).
	GrantKey = Key[grantKind]
	// ChunkKey encrypts what is attached to one document (AES-GCM).
	ChunkKey = Key[chunkKind]
	// Seed is where a shopper's identities come from.
	Seed = Key[seedKind]
)

// NewKey returns a fresh key, as in seal.NewKey[seal.VaultKey](rand.Reader).
func NewKey[T ~[32]byte](rand io.Reader) (T, error) {
	var b [32]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return T{}, fmt.Errorf("reading randomness: %w", err)
	}
	return T(b), nil
}

const hidden = "(secret)"

func (Key[K]) LogValue() slog.Value { return slog.StringValue(hidden) }

// Format keeps keys out of every verb of fmt, %x and %v alike.
func (Key[K]) Format(f fmt.State, _ rune) { io.WriteString(f, hidden) }

// MarshalJSON refuses: a key is written where a format says so, on purpose.
func (Key[K]) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a key does not write itself as JSON")
}
