package vault

import (
	"fmt"
	"log/slog"

	"coffer/internal/id"
)

// Limits of attachments.
const (
	// ChunkSize is how much of an attachment one chunk holds, in bytes; the last may hold less.
	ChunkSize = 256 << 10

	// MaxChunks of one attachment: 10 MiB, which padding does not make more.
	MaxChunks = 40

	// MaxVaultChunks of one vault: 100 MiB.
	MaxVaultChunks = 400

	// ChunkOverhead is what sealing adds to a chunk: an IV of 12 bytes and a tag of 16.
	ChunkOverhead = 12 + 16
)

// SealedChunk is one chunk as the wallet sealed it: IV ‖ ciphertext ‖ tag.
type SealedChunk []byte

// LogValue keeps even ciphertext out of logs.
func (s SealedChunk) LogValue() slog.Value { return slog.StringValue(fmt.Sprintf("chunk(%d)", len(s))) }

// String is what fmt prints, for the same reason.
func (s SealedChunk) String() string { return s.LogValue().String() }

// GoString is what %#v prints.
func (s SealedChunk) GoString() string { return s.String() }

// Chunk is one part of the attachment that belongs to a document. The document has
// the key, so that an attachment counts only with its document, and is gone with it.
type Chunk struct {
	Document id.Document
	Place    int64 // from 0
	Count    int64 // of the attachment's chunks
	Sealed   SealedChunk
}

// Check reports whether the chunk can be meant: ErrInvalid if not, ErrTooLarge if
// it, or the attachment, is beyond its measure.
func (c Chunk) Check() error {
	switch {
	case c.Count > MaxChunks || len(c.Sealed) > ChunkSize+ChunkOverhead:
		return fmt.Errorf("chunk of %d bytes, one of %d: %w", len(c.Sealed), c.Count, ErrTooLarge)
	case c.Document.IsZero() || c.Count < 1 || c.Place < 0 || c.Place >= c.Count:
		return fmt.Errorf("chunk %d of %d: %w", c.Place, c.Count, ErrInvalid)
	case len(c.Sealed) <= ChunkOverhead || c.Place < c.Count-1 && len(c.Sealed) != ChunkSize+ChunkOverhead:
		return fmt.Errorf("chunk of %d bytes, not the last: %w", len(c.Sealed), ErrInvalid)
	}
	return nil
}

// Attached is what is stored of an attachment.
type Attached struct {
	Count int64
	Have  []int64 // the places of the chunks that are here, ascending
}
