package vault

import (
	"time"

	"coffer/internal/id"
)

// Passkey is one credential of a vault.
type Passkey struct {
	ID      []byte
	PRF     bool   // the authenticator said it can derive the wallet's key
	Record  []byte // public key, counter, flags: what vault/passkey wrote, opaque here
	Created time.Time
	Used    time.Time // last; zero for one that was not used since this is kept
}

// Session lets one browser act for a vault until it expires. The token itself is
// only in the browser's cookie.
type Session struct {
	TokenHash  [32]byte // SHA-256 of the token
	Credential []byte   // the passkey it began with; none when it began with words
	Sheet      [32]byte // locator hash of those words' sheet; looked at when it begins, not stored
	PairedBy   []byte   // the passkey whose session let it in by pairing; the store sets it
	Expires    time.Time
}

// Ceremony is a WebAuthn ceremony between its start and its finish.
type Ceremony struct {
	Hash    [32]byte // SHA-256 of the ceremony's id, which only the browser has
	Vault   id.Vault // zero while it is not known whose it is
	Data    []byte   // what vault/passkey needs at the finish, opaque here
	Expires time.Time
}

// PRFInput is what the wallet evaluates a passkey's PRF over. It is the same for
// everybody: at a discoverable login nobody knows yet whose vault it is.
const PRFInput = "coffer/v1 prf"
