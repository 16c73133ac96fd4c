package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"coffer/internal/id"
	"coffer/vault"
)

// Attachment is the content of a document that something is attached to: what it is,
// and the key to its chunks.
type Attachment struct {
	V    int    `json:"v"`
	Kind string `json:"kind"` // "attachment"

	Name string `json:"name"` // of the file
	Type string `json:"type"` // media type, as the browser said
	Size int64  `json:"size"` // without padding
	Hash string `json:"hash"` // SHA-256 of the content, base64url
	Key  string `json:"key"`  // base64url

	Added int64 `json:"added"`

	// Attribute that it belongs to, by name; empty for none.
	Attribute string `json:"attribute,omitempty"`
}

// ParseAttachment reads what a document of that kind contains.
func ParseAttachment(plaintext []byte) (Attachment, ChunkKey, error) {
	var a Attachment
	if err := strictly(plaintext, &a); err != nil {
		return Attachment{}, ChunkKey{}, fmt.Errorf("reading an attachment: %w", err)
	}
	key, err := base64.RawURLEncoding.Strict().DecodeString(a.Key)
	hash, err2 := base64.RawURLEncoding.Strict().DecodeString(a.Hash)
	switch {
	case a.V != 1 || a.Kind != "attachment":
		return Attachment{}, ChunkKey{}, errors.New("reading an attachment: it is a document of another kind or version")
	case a.Name == "" || a.Size < 0 || a.Size > vault.MaxChunks*vault.ChunkSize:
		return Attachment{}, ChunkKey{}, errors.New("reading an attachment: no name, or no size that can be")
	case err != nil || err2 != nil || len(key) != 32 || len(hash) != 32:
		return Attachment{}, ChunkKey{}, errors.New("reading an attachment: key or hash is not 32 bytes of base64url")
	}
	return a, ChunkKey(key), nil
}

// Chunks cuts content as it is sealed: followed by zeros up to the length that
// padding gives it, in pieces of [vault.ChunkSize], the last one what is left.
func Chunks(content []byte) ([][]byte, error) {
	n := Padme(max(len(content), smallest))
	if n > vault.MaxChunks*vault.ChunkSize {
		return nil, fmt.Errorf("attachment of %d bytes: %w", len(content), vault.ErrTooLarge)
	}
	padded := append(bytes.Clone(content), make([]byte, n-len(content))...)
	var out [][]byte
	for len(padded) > 0 {
		cut := min(len(padded), vault.ChunkSize)
		out, padded = append(out, padded[:cut]), padded[cut:]
	}
	return out, nil
}

// SealChunk seals one chunk. Its place and their number are under the seal, so that
// none is left out, doubled or moved.
func SealChunk(rand io.Reader, k ChunkKey, d id.Document, place, count int64, content []byte) (vault.SealedChunk, error) {
	iv := make([]byte, 12, 12+len(content)+16)
	if _, err := io.ReadFull(rand, iv); err != nil {
		return nil, fmt.Errorf("sealing a chunk: %w", err)
	}
	return gcm(k).Seal(iv, iv, content, placed(d, place, count)), nil
}

// OpenChunk is SealChunk undone.
func OpenChunk(k ChunkKey, d id.Document, place, count int64, s vault.SealedChunk) ([]byte, error) {
	if len(s) <= vault.ChunkOverhead {
		return nil, ErrOpen
	}
	content, err := gcm(k).Open(nil, s[:12], s[12:], placed(d, place, count))
	if err != nil {
		return nil, ErrOpen
	}
	return content, nil
}

// placed is the associated data: which document's, where, of how many.
func placed(d id.Document, place, count int64) []byte {
	b := append([]byte("coffer/v1 chunk"), d[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(place))
	return binary.BigEndian.AppendUint32(b, uint32(count))
}
