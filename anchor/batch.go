package anchor

import (
	"encoding/binary"
	"fmt"
	"strings"
)

const batchPrefix = "coffer-batch"

// MaxBatch is how many entries a batch may hold.
const MaxBatch = 4096

// EncodeBatch writes 1 to MaxBatch entries as they travel to the ledger
// together: all are admitted or none.
func EncodeBatch(entries []Entry) ([]byte, error) {
	if len(entries) == 0 || len(entries) > MaxBatch {
		return nil, fmt.Errorf("encoding batch: %d entries, want 1 to %d", len(entries), MaxBatch)
	}
	b := make([]byte, 0, len(batchPrefix)+3+len(entries)*PermitSize)
	b = append(b, batchPrefix...)
	b = append(b, version)
	b = binary.BigEndian.AppendUint16(b, uint16(len(entries)))
	for _, e := range entries {
		b = append(b, e.Bytes()...)
	}
	return b, nil
}

// ParseBatch reads what EncodeBatch writes, and nothing else. An error is a
// *FormatError whose Field is prefix, version, count, or one of ParseEntry's.
func ParseBatch(b []byte) ([]Entry, error) {
	entries, err := parseBatch(b)
	if err != nil {
		return nil, fmt.Errorf("parsing batch: %w", err)
	}
	return entries, nil
}

func parseBatch(b []byte) ([]Entry, error) {
	if !strings.HasPrefix(string(b[:min(len(b), len(batchPrefix))]), batchPrefix) || len(b) < len(batchPrefix)+3 {
		return nil, malformed("prefix", "not a batch")
	}
	b = b[len(batchPrefix):]
	if b[0] != version {
		return nil, malformed("version", "%d, this program knows %d", b[0], version)
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	if n == 0 || n > MaxBatch {
		return nil, malformed("count", "%d entries, want 1 to %d", n, MaxBatch)
	}
	b = b[3:]
	entries := make([]Entry, n)
	for i := range entries {
		var err error
		if entries[i], b, err = cutEntry(b); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
	}
	if len(b) != 0 {
		return nil, malformed("size", "%d bytes after the last entry", len(b))
	}
	return entries, nil
}
