// Package backup writes a database and some files into one file, and reads them back into
// a database of either kind. The bytes are in FORMAT.md.
//
// A backup is of one moment: one snapshot of the database, while others write. It is
// written and read in pieces of about a mebibyte, whatever its size, and each piece has a
// checksum, so that damage has a place and a name.
//
// # Trust
//
// A checksum finds what a disk or a copy did, not what somebody did: who can write the
// file can write another that verifies. What is in it is as secret as the database: keep
// it as the data folder is kept. It has no key of the keyring, so that it holds nothing of
// a vault that was erased since.
package backup

import (
	"encoding/binary"
	"errors"
	"fmt"

	"coffer/internal/sqldb"
)

const (
	magic = "coffer backup 1\n"

	// piece is about how much is written, checked and loaded at once.
	piece = 1 << 20

	// mostPiece bounds what a reader believes of a length: a piece ends after the row
	// that fills it.
	mostPiece = 64 << 20
)

// marker begins every frame, so that a reader finds the next one behind damage.
var marker = [4]byte{0xcf, 0xbf, 0x0d, 0x0a}

// Kinds of frame.
const (
	frameHeader   = 'H' // JSON: Header
	framePart     = 'P' // JSON: Part, what follows
	frameData     = 'D' // rows, or bytes of a file
	frameEnd      = 'E' // JSON: Part, with what it came to
	frameManifest = 'M' // JSON: Manifest; the last
)

var (
	// ErrNot means that a file is no backup at all.
	ErrNot = errors.New("this is no backup of cofferd's")

	// ErrNewer means that a newer program wrote it.
	ErrNewer = errors.New("the backup is of a newer program; use the newer cofferd")

	// ErrDamaged means that a backup is not as it was written.
	ErrDamaged = errors.New("the backup is damaged")
)

// Header says what a backup is of.
type Header struct {
	V        int               `json:"v"`
	Made     int64             `json:"made"` // unix seconds, of the snapshot
	Program  string            `json:"program"`
	Versions map[string]int64  `json:"versions"` // of the schemas
	About    map[string]string `json:"about"`    // what the caller must know to restore it
}

// Kinds of part.
const (
	PartTable = "table"
	PartFile  = "file"
)

// Part is one table or one file.
type Part struct {
	Kind    string         `json:"kind"`
	Name    string         `json:"name"` // of the table, or the file's path with slashes
	Columns []sqldb.Column `json:"columns,omitempty"`
	Rows    int64          `json:"rows"`
	Bytes   int64          `json:"bytes"`
	Digest  []byte         `json:"digest,omitempty"` // SHA-256 of all its data
}

func (p Part) String() string { return p.Kind + " " + p.Name }

// Manifest is the end of a backup.
type Manifest struct {
	Parts []Part `json:"parts"`
}

// Progress is told now and then what was done: the part that is at work, and how many
// bytes there were so far.
type Progress func(part string, bytes int64)

// Values of rows.
const (
	valueNull  = 0
	valueInt   = 1
	valueBytes = 2
	valueText  = 3
	valueFalse = 4
	valueTrue  = 5
)

// AppendRow appends a row's bytes: a length, and each value after the byte that tells what
// it is. The same row has the same bytes, whichever database it is from.
func AppendRow(b []byte, values []any) ([]byte, error) {
	start := len(b)
	b = append(b, 0, 0, 0, 0)
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			b = append(b, valueNull)
		case int64:
			b = binary.BigEndian.AppendUint64(append(b, valueInt), uint64(v))
		case []byte:
			b = append(binary.BigEndian.AppendUint32(append(b, valueBytes), uint32(len(v))), v...)
		case string:
			b = append(binary.BigEndian.AppendUint32(append(b, valueText), uint32(len(v))), v...)
		case bool:
			if v {
				b = append(b, valueTrue)
			} else {
				b = append(b, valueFalse)
			}
		default:
			return nil, fmt.Errorf("a value of %T", v)
		}
	}
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start-4))
	return b, nil
}

// errRow explains nothing further: the piece's checksum was right, so it was written so.
var errRow = errors.New("a row is malformed")

// parseRow reads the row at the beginning of b; its bytes are b's.
func parseRow(b []byte, width int) (values []any, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, errRow
	}
	n := int(binary.BigEndian.Uint32(b))
	if b = b[4:]; n > len(b) {
		return nil, nil, errRow
	}
	b, rest = b[:n], b[n:]
	values = make([]any, 0, width)
	for len(b) > 0 {
		kind := b[0]
		b = b[1:]
		switch kind {
		case valueNull:
			values = append(values, nil)
		case valueFalse, valueTrue:
			values = append(values, kind == valueTrue)
		case valueInt:
			if len(b) < 8 {
				return nil, nil, errRow
			}
			values = append(values, int64(binary.BigEndian.Uint64(b)))
			b = b[8:]
		case valueBytes, valueText:
			if len(b) < 4 || int64(binary.BigEndian.Uint32(b)) > int64(len(b)-4) {
				return nil, nil, errRow
			}
			n := int(binary.BigEndian.Uint32(b))
			if kind == valueBytes {
				values = append(values, b[4:4+n:4+n])
			} else {
				values = append(values, string(b[4:4+n]))
			}
			b = b[4+n:]
		default:
			return nil, nil, errRow
		}
	}
	if len(values) != width {
		return nil, nil, errRow
	}
	return values, rest, nil
}
