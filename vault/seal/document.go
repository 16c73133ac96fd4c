package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/bits"

	"github.com/go-jose/go-jose/v4"
	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"coffer/internal/id"
	"coffer/vault"
)

// smallest is what every plaintext is padded to at least: a shoe size and an
// e-mail address look alike.
const smallest = 256

// envelope is the general serialization with one recipient (RFC 7516 § 7.2.1).
type envelope struct {
	Protected  string      `json:"protected"`
	Recipients []recipient `json:"recipients"`
	IV         string      `json:"iv"`
	Ciphertext string      `json:"ciphertext"`
	Tag        string      `json:"tag"`
}

type recipient struct {
	Header       header `json:"header"`
	EncryptedKey string `json:"encrypted_key"`
}

type header struct {
	Algorithm string `json:"alg"`
	Key       string `json:"kid"`
}

// SealDocument seals one version of a document under a fresh content key.
func SealDocument(rand io.Reader, k VaultKey, d id.Document, version int64, plaintext []byte) (vault.Sealed, error) {
	cek, err := NewKey[ContentKey](rand)
	if err != nil {
		return nil, fmt.Errorf("sealing a document: %w", err)
	}
	iv := make([]byte, 12)
	if _, err := io.ReadFull(rand, iv); err != nil {
		return nil, fmt.Errorf("sealing a document: %w", err)
	}
	if !json.Valid(plaintext) {
		return nil, fmt.Errorf("sealing a document: content is not JSON")
	}
	protected, err := json.Marshal(vault.Header{Enc: "A256GCM", Type: "coffer-doc+json", Document: d, Version: version})
	if err != nil {
		return nil, fmt.Errorf("sealing a document: %w", err)
	}
	e := envelope{Protected: b64(protected), IV: b64(iv)}
	e.Recipients = []recipient{{Header: header{Algorithm: "A256KW", Key: "vault"}, EncryptedKey: b64(wrapKey(k, cek))}}
	out := gcm(cek).Seal(nil, iv, pad(plaintext), []byte(e.Protected))
	e.Ciphertext, e.Tag = b64(out[:len(out)-16]), b64(out[len(out)-16:])
	return json.Marshal(e)
}

// OpenDocument opens the version of the document that was asked for, and refuses
// another one, whoever sealed it.
func OpenDocument(k VaultKey, d id.Document, version int64, s vault.Sealed) ([]byte, error) {
	h, err := s.Header()
	if err != nil || h.Document != d || h.Version != version {
		return nil, ErrOpen
	}
	return open(k[:], s)
}

// DocumentKey takes the content key out of a document, to share it.
func DocumentKey(k VaultKey, s vault.Sealed) (ContentKey, error) {
	var e envelope
	if _, err := s.Header(); err != nil || json.Unmarshal(s, &e) != nil {
		return ContentKey{}, ErrOpen
	}
	wrapped, err := base64.RawURLEncoding.Strict().DecodeString(e.Recipients[0].EncryptedKey)
	if err != nil {
		return ContentKey{}, ErrOpen
	}
	block, err := aes.NewCipher(k[:])
	if err != nil {
		return ContentKey{}, ErrOpen
	}
	cek, err := josecipher.KeyUnwrap(block, wrapped)
	if err != nil || len(cek) != 32 {
		return ContentKey{}, ErrOpen
	}
	return ContentKey(cek), nil
}

// open decrypts with go-jose, in either serialization, and removes the padding.
func open(key []byte, s vault.Sealed) ([]byte, error) {
	j, err := jose.ParseEncryptedJSON(string(s), []jose.KeyAlgorithm{jose.A256KW}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, ErrOpen
	}
	_, _, plaintext, err := j.DecryptMulti(key)
	if err != nil {
		return nil, ErrOpen
	}
	return bytes.TrimRight(plaintext, " "), nil
}

// wrapKey is AES-KW (RFC 3394).
func wrapKey[K any](k Key[K], cek ContentKey) []byte {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		panic(err)
	}
	out, err := josecipher.KeyWrap(block, cek[:])
	if err != nil {
		panic(err) // only for sizes that are no multiple of 8
	}
	return out
}

// ContentHash is what the manifest knows a document by: SHA-256 over the strings
// that the AEAD binds together.
func ContentHash(s vault.Sealed) ([32]byte, error) {
	if _, err := s.Header(); err != nil {
		return [32]byte{}, fmt.Errorf("hashing a document: %w", err)
	}
	var e envelope
	if err := json.Unmarshal(s, &e); err != nil {
		return [32]byte{}, fmt.Errorf("hashing a document: %w", err)
	}
	return sha256.Sum256([]byte(e.Protected + "." + e.Ciphertext + "." + e.Tag)), nil
}

// pad appends spaces, which JSON ignores.
func pad(plaintext []byte) []byte {
	n := Padme(max(len(plaintext), smallest))
	return append(append(make([]byte, 0, n), plaintext...), bytes.Repeat([]byte(" "), n-len(plaintext))...)
}

// Padme rounds a length up so that it leaks O(log log n) bits, at a cost of at
// most 12 % (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and
// Communication with PURBs", 2019, algorithm 1).
func Padme(n int) int {
	if n < 2 {
		return n
	}
	e := bits.Len(uint(n)) - 1 // floor(log2 n)
	s := bits.Len(uint(e))     // floor(log2 e) + 1
	mask := 1<<(e-s) - 1
	return (n + mask) &^ mask
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
