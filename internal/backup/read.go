package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"coffer/internal/sqldb"
)

// Handler takes what Read reads, in order. Nil functions are left out.
type Handler struct {
	Header func(Header) error
	Begin  func(Part) error
	Data   func(Part, []byte) error // good until it returns
	End    func(Part) error
}

// Damage is one thing that is wrong with a backup.
type Damage struct {
	Part   string // what it is in; "the header", "the end"
	Offset int64  // in the file, about
	What   string
}

func (d Damage) String() string { return fmt.Sprintf("%s, at byte %d: %s", d.Part, d.Offset, d.What) }

// Read reads a whole backup once, from its beginning, and checks every part of it. What
// is damaged it tells report, and goes on behind it; without report the first damage is
// an error that wraps ErrDamaged. What a handler is given has the right checksum; whether
// the part it belongs to is whole, its End tells, which comes only then.
func Read(from io.Reader, h Handler, report func(Damage), progress Progress) (Manifest, error) {
	if progress == nil {
		progress = func(string, int64) {}
	}
	r := &reader{in: bufio.NewReaderSize(from, 256<<10), h: h, report: report, progress: progress, at: "the header"}
	first := make([]byte, len(magic))
	if _, err := io.ReadFull(r.in, first); err != nil || !bytes.HasPrefix(first, []byte("coffer backup ")) {
		return Manifest{}, ErrNot
	}
	if string(first) != magic {
		return Manifest{}, ErrNewer
	}
	r.offset = int64(len(magic))
	err := r.all()
	return r.manifest, err
}

type reader struct {
	in       *bufio.Reader
	h        Handler
	report   func(Damage)
	progress Progress
	offset   int64
	at       string // where we are, in words

	header   bool
	part     *Part
	spoilt   bool // the part at work is damaged
	digest   hash.Hash
	seen     []Part
	manifest Manifest
	ended    bool
	buf      []byte
}

// damage tells of damage, or returns it.
func (r *reader) damage(format string, args ...any) error {
	d := Damage{r.at, r.offset, fmt.Sprintf(format, args...)}
	r.spoilt = true
	if r.report == nil {
		return fmt.Errorf("%w: %v", ErrDamaged, d)
	}
	r.report(d)
	return nil
}

func (r *reader) all() error {
	for {
		kind, payload, err := r.next()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if err := r.take(kind, payload); err != nil {
			return err
		}
	}
	if !r.ended {
		r.at = "the end"
		if r.part != nil {
			r.at = r.part.String()
		}
		return r.damage("the rest is missing: it was cut off")
	}
	return nil
}

// next is the next frame that is whole; io.EOF at the end.
func (r *reader) next() (kind byte, payload []byte, err error) {
	skipping := false
	for {
		head, err := r.in.Peek(9)
		if err != nil {
			if len(head) > 0 && !skipping && !r.ended {
				if err := r.damage("it was cut off"); err != nil {
					return 0, nil, err
				}
			}
			if err == io.EOF || errors.Is(err, bufio.ErrBufferFull) {
				return 0, nil, io.EOF
			}
			return 0, nil, err
		}
		n := int(binary.BigEndian.Uint32(head[5:]))
		if [4]byte(head[:4]) == marker && n <= mostPiece {
			whole, ok, err := r.whole(n)
			if err != nil {
				return 0, nil, err
			}
			if ok {
				return whole[4], whole[9 : 9+n], nil
			}
			if !skipping {
				if err := r.damage("a piece of %d bytes has another checksum", n); err != nil {
					return 0, nil, err
				}
			}
			skipping = true
			continue // whole has gone over what was damaged
		}
		if !skipping {
			if err := r.damage("what stands here is no piece"); err != nil {
				return 0, nil, err
			}
		}
		skipping = true
		_, _ = r.in.Discard(1)
		r.offset++
	}
}

// whole reads a frame of n bytes of payload. If its checksum is wrong, it goes on to the
// first marker inside, or behind it.
func (r *reader) whole(n int) (frame []byte, ok bool, err error) {
	size := 9 + n + sha256.Size
	if cap(r.buf) < size {
		r.buf = make([]byte, size)
	}
	frame = r.buf[:size]
	got, err := io.ReadFull(r.in, frame)
	if err == nil {
		sum := sha256.Sum256(frame[:9+n])
		if bytes.Equal(sum[:], frame[9+n:]) {
			r.offset += int64(size)
			return frame, true, nil
		}
	} else if err != io.ErrUnexpectedEOF {
		return nil, false, err
	}
	// Perhaps it is the length that is wrong, and the next frame is in what was read.
	next := bytes.Index(frame[1:got], marker[:])
	if next < 0 {
		r.offset += int64(got)
		return nil, false, nil
	}
	r.offset += int64(next + 1)
	r.in = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(frame[next+1:got])), r.in), 256<<10)
	return nil, false, nil
}

func (r *reader) take(kind byte, payload []byte) error {
	switch kind {
	case frameHeader:
		var h Header
		if err := json.Unmarshal(payload, &h); err != nil {
			return r.damage("%v", err)
		}
		r.header = true
		if r.h.Header != nil {
			return r.h.Header(h)
		}
	case framePart:
		var p Part
		if err := json.Unmarshal(payload, &p); err != nil {
			return r.damage("%v", err)
		}
		if r.part != nil { // whose end was lost
			r.spoilt = true
		}
		r.part, r.at, r.spoilt, r.digest = &p, p.String(), false, sha256.New()
		p.Rows, p.Bytes = 0, 0
		r.progress(r.at, r.offset)
		if r.h.Begin != nil {
			return r.h.Begin(p)
		}
	case frameData:
		if r.part == nil {
			return r.damage("data of no part")
		}
		r.digest.Write(payload)
		r.part.Bytes += int64(len(payload))
		r.progress(r.at, r.offset)
		if r.h.Data != nil {
			return r.h.Data(*r.part, payload)
		}
	case frameEnd:
		return r.end(payload)
	case frameManifest:
		return r.finish(payload)
	default:
		return r.damage("a piece of the unknown kind %q", kind)
	}
	return nil
}

func (r *reader) end(payload []byte) error {
	var p Part
	if err := json.Unmarshal(payload, &p); err != nil {
		return r.damage("%v", err)
	}
	part, spoilt := r.part, r.spoilt
	r.part = nil
	r.seen = append(r.seen, p)
	switch {
	case part == nil || part.Name != p.Name:
		r.at = p.String()
		return r.damage("its beginning is missing")
	case spoilt: // told already
		r.at = "behind " + p.String()
		r.spoilt = false
		return nil
	case p.Bytes != part.Bytes || !bytes.Equal(p.Digest, r.digest.Sum(nil)):
		return r.damage("pieces of it are missing: it has %d bytes of %d", part.Bytes, p.Bytes)
	}
	r.at = "behind " + p.String()
	if r.h.End != nil {
		return r.h.End(p)
	}
	return nil
}

func (r *reader) finish(payload []byte) error {
	if err := json.Unmarshal(payload, &r.manifest); err != nil {
		return r.damage("%v", err)
	}
	r.ended = true
	if !r.header {
		r.at = "the header"
		if err := r.damage("it is missing"); err != nil {
			return err
		}
	}
	for i, p := range r.manifest.Parts {
		if i >= len(r.seen) || r.seen[i].String() != p.String() || !bytes.Equal(r.seen[i].Digest, p.Digest) {
			// One that was told of lacks its end; the rest is in another order then.
			for _, s := range r.seen {
				if s.String() == p.String() && bytes.Equal(s.Digest, p.Digest) {
					p.Name = ""
					break
				}
			}
			if p.Name != "" {
				r.at = p.String()
				if err := r.damage("it is missing, or its end is"); err != nil {
					return err
				}
			}
		}
	}
	r.at = "the end"
	return nil
}

// Rows reads the rows of a table's data.
func Rows(p Part, data []byte) (rows [][]any, err error) {
	for len(data) > 0 {
		var row []any
		if row, data, err = parseRow(data, len(p.Columns)); err != nil {
			return nil, fmt.Errorf("%v: %w", p, err)
		}
		for i, v := range row {
			if !fits(v, p.Columns[i].Kind) {
				return nil, fmt.Errorf("%v: %w", p, errRow)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func fits(v any, k sqldb.Kind) bool {
	switch v.(type) {
	case nil:
		return true
	case []byte:
		return k == sqldb.Bytes
	case string:
		return k == sqldb.Text
	case int64:
		return k == sqldb.Integer
	case bool:
		return k == sqldb.Boolean
	}
	return false
}
