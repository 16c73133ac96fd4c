package consent

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"time"
)

var b64u = base64.RawURLEncoding.Strict()

var errEncoding = errors.New("want base64url without padding")

// DID names a business (did:web, or did:key of a P-256 key) or, pairwise, a
// shopper towards one business (did:key of an Ed25519 key).
type DID string

// Unix is a moment in unix seconds.
type Unix int64

// UnixAt is the moment t, its fraction of a second cut off.
func UnixAt(t time.Time) Unix { return Unix(t.Unix()) }

// Time is the moment in UTC.
func (u Unix) Time() time.Time { return time.Unix(int64(u), 0).UTC() }

// Hash is a SHA-256 digest, in text base64url.
type Hash [sha256.Size]byte

// HashOf hashes exactly these bytes.
func HashOf[T ~string | ~[]byte](b T) Hash { return sha256.Sum256([]byte(b)) }

func (h Hash) String() string               { return b64u.EncodeToString(h[:]) }
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

func (h *Hash) UnmarshalText(t []byte) error { return decodeInto(h[:], t) }

// ParseHash reads the 43 characters that String writes.
func ParseHash(s string) (h Hash, err error) { err = h.UnmarshalText([]byte(s)); return }

// Nonce is 16 random bytes that make a document unlike any other.
type Nonce [16]byte

// NewNonce draws a nonce.
func NewNonce() (n Nonce) { rand.Read(n[:]); return } // never fails (crypto/rand)

func (n Nonce) String() string                { return b64u.EncodeToString(n[:]) }
func (n Nonce) MarshalText() ([]byte, error)  { return []byte(n.String()), nil }
func (n *Nonce) UnmarshalText(t []byte) error { return decodeInto(n[:], t) }

// Bytes are carried in JSON as base64url.
type Bytes []byte

func (b Bytes) String() string                { return b64u.EncodeToString(b) }
func (b Bytes) MarshalText() ([]byte, error)  { return []byte(b.String()), nil }
func (b *Bytes) UnmarshalText(t []byte) error { return decode(b, t) }

// Secret is 32 bytes of a key. It shows itself to JSON and to nothing else.
type Secret [32]byte

func (Secret) String() string                  { return "(secret)" }
func (Secret) GoString() string                { return "(secret)" }
func (Secret) LogValue() slog.Value            { return slog.StringValue("(secret)") }
func (s Secret) MarshalText() ([]byte, error)  { return []byte(b64u.EncodeToString(s[:])), nil }
func (s *Secret) UnmarshalText(t []byte) error { return decodeInto(s[:], t) }

func decode(to *Bytes, text []byte) error {
	b, err := b64u.DecodeString(string(text))
	if err != nil || b64u.EncodeToString(b) != string(text) { // the decoder skips line ends
		return errEncoding
	}
	*to = b
	return nil
}

func decodeInto(to []byte, text []byte) error {
	var b Bytes
	if err := decode(&b, text); err != nil {
		return err
	}
	if len(b) != len(to) {
		return errors.New("wrong length")
	}
	copy(to, b)
	return nil
}

// write makes the bytes of a document. Every document is a struct of strings,
// integers, lists and text marshallers that cannot fail.
func write(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("consent: writing a document: " + err.Error())
	}
	return b
}

// list makes an absent list an empty one: in JSON a list is never null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
