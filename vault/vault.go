// Package vault holds what an operator keeps for a shopper: sealed documents, the
// wraps under which the wallet's key is locked, shares for granted documents. All
// of it is ciphertext, or ids and times. The bytes are in FORMAT.md.
//
// # Trust
//
// This package believes nothing about content: it has no key and no code that
// could use one (vault/seal has, and no operator's program links it). What its
// compromise costs is availability and metadata: how many documents a vault has,
// how large they are, when they change. It can withhold, delete, swap and roll
// back; the wallet's manifest names each of these when it next opens the vault.
package vault

import (
	"errors"
	"fmt"
	"time"

	"coffer/internal/id"
)

var (
	// ErrNotFound is also the answer to who may not know.
	ErrNotFound = errors.New("not found")

	// ErrNotSignedIn means that the session is missing, over or unknown.
	ErrNotSignedIn = errors.New("not signed in")

	// ErrNotFinished means that the vault has fewer than two ways in.
	ErrNotFinished = errors.New("vault is not finished: it needs two ways in")

	// ErrInvalid means that what was handed in cannot be what it says it is.
	ErrInvalid = errors.New("invalid")

	// ErrTooMany means that the vault or the batch is full.
	ErrTooMany = errors.New("too many")

	// ErrTooLarge means that one document is beyond its measure.
	ErrTooLarge = errors.New("too large")

	// ErrOtherKey means that something is sealed or wrapped under another key than
	// the vault's of this moment: the key was changed, or is being changed.
	ErrOtherKey = errors.New("vault has another key")

	// ErrConflict is what every [Conflict] is.
	ErrConflict = errors.New("document has changed")
)

// Limits of one vault. They bound what one shopper can cost an operator.
const (
	MaxDocuments  = 2048      // as many as one manifest has room for
	MaxSealed     = 512 << 10 // bytes of one sealed document
	MaxPasskeys   = 16
	MaxShares     = 1024 // of one batch
	MaxAttribute  = 64   // bytes of an attribute's name
	MaxCredential = 1023 // bytes of a credential id (WebAuthn § 4)
)

// State of a vault.
type State string

const (
	// Opening: the shopper has not yet shown two ways in.
	Opening State = "opening"
	Open    State = "open"
)

// Vault is one shopper's place at this operator.
type Vault struct {
	ID      id.Vault
	Salt    []byte // 32 random bytes, made here, of HKDF (see FORMAT.md)
	State   State
	Key     int64 // number of its key, from 1; each rotation adds one
	Created time.Time

	// Warned is when the vault was warned of its erasure, before the sign-in that was the
	// answer to it; zero if it was not.
	Warned time.Time
}

// Conflict says that a document is not at the version that a change expects.
type Conflict struct {
	Document id.Document
	Have     int64 // 0: there is none
}

func (c *Conflict) Error() string { return fmt.Sprintf("document is at version %d", c.Have) }

func (c *Conflict) Is(target error) bool { return target == ErrConflict }
