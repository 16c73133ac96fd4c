package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"

	"coffer/internal/id"
)

// Key seals what is stored of one vault. Its zero value seals nothing.
type Key struct {
	vault id.Vault
	bytes [32]byte
}

// LogValue shows nothing of it.
func (Key) LogValue() slog.Value { return slog.StringValue("[key]") }

// String shows nothing of it.
func (Key) String() string { return "[key]" }

// ErrSealed explains nothing: what does not open was changed, moved, or is another's.
var ErrSealed = errors.New("something stored of a vault does not open; the database or the keyring was changed, run: cofferd fsck")

const (
	version = 1     // first byte of what is sealed
	text    = "k1." // first characters of what is sealed as text
	label   = "coffer/v1 kept\x00"
)

func (k Key) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.bytes[:])
	if err != nil {
		panic(err) // never, with 32 bytes
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return a
}

func (k Key) bound(place string) []byte {
	return append(append([]byte(label), k.vault[:]...), place...)
}

// Seal seals what stands at a place of the vault's: a table and a row's key within the
// vault. It opens nowhere else.
func (k Key) Seal(place string, plain []byte) []byte {
	if k.vault.IsZero() {
		panic("keyring: sealing without a key")
	}
	return k.aead().Seal([]byte{version}, nil, plain, k.bound(place))
}

// Open opens what Seal made of it at the same place.
func (k Key) Open(place string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version || k.vault.IsZero() {
		return nil, ErrSealed
	}
	plain, err := k.aead().Open([]byte{}, nil, sealed[1:], k.bound(place))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// SealText is Seal for a column of text. What is empty stays so: it says that there is
// nothing, and hides nothing.
func (k Key) SealText(place, plain string) string {
	if plain == "" {
		return ""
	}
	return text + base64.RawURLEncoding.EncodeToString(k.Seal(place, []byte(plain)))
}

// OpenText opens what SealText made.
func (k Key) OpenText(place, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	b64, ok := strings.CutPrefix(sealed, text)
	if !ok {
		return "", ErrSealed
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(b64)
	if err != nil {
		return "", ErrSealed
	}
	plain, err := k.Open(place, b)
	return string(plain), err
}
