package backup

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"coffer/internal/sqldb"
)

// File is a file to back up: Name with slashes, relative to where it is restored.
type File struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Write writes a backup of a database and of files. The header's versions are filled in.
// It is whole when Write returns nil; making it durable is the caller's.
func Write(ctx context.Context, to io.Writer, db *sqldb.DB, h Header, files []File, progress Progress) (Manifest, error) {
	if progress == nil {
		progress = func(string, int64) {}
	}
	w := &writer{to: bufio.NewWriterSize(to, 256<<10), progress: progress}
	tables, err := db.Tables(ctx)
	if err != nil {
		return w.done, err
	}
	err = db.Snapshot(ctx, func(s *sqldb.Snapshot) error {
		h.V = 1
		if _, err := w.to.WriteString(magic); err != nil {
			return err
		}
		if err := w.json(frameHeader, h); err != nil {
			return err
		}
		for _, f := range files {
			if err := w.file(f); err != nil {
				return fmt.Errorf("file %s: %w", f.Name, err)
			}
		}
		for _, t := range tables {
			if err := w.table(ctx, s, t); err != nil {
				return err
			}
		}
		return w.json(frameManifest, w.done)
	})
	if err == nil {
		err = w.to.Flush()
	}
	if err != nil {
		err = fmt.Errorf("writing the backup: %w", err)
	}
	return w.done, err
}

type writer struct {
	to       *bufio.Writer
	progress Progress
	bytes    int64
	done     Manifest
	digest   hash.Hash
}

func (w *writer) frame(kind byte, payload []byte) error {
	head := binary.BigEndian.AppendUint32(append(marker[:], kind), uint32(len(payload)))
	sum := sha256.New()
	sum.Write(head)
	sum.Write(payload)
	_, err1 := w.to.Write(head)
	_, err2 := w.to.Write(payload)
	_, err3 := w.to.Write(sum.Sum(nil))
	return errors.Join(err1, err2, err3)
}

func (w *writer) json(kind byte, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.frame(kind, b)
}

func (w *writer) data(p *Part, payload []byte) error {
	w.digest.Write(payload)
	p.Bytes += int64(len(payload))
	w.bytes += int64(len(payload))
	w.progress(p.String(), w.bytes)
	return w.frame(frameData, payload)
}

func (w *writer) begin(p Part) error {
	w.digest = sha256.New()
	w.progress(p.String(), w.bytes)
	return w.json(framePart, p)
}

func (w *writer) end(p Part) error {
	p.Digest = w.digest.Sum(nil)
	w.done.Parts = append(w.done.Parts, p)
	return w.json(frameEnd, p)
}

func (w *writer) file(f File) error {
	from, err := f.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	p := Part{Kind: PartFile, Name: f.Name}
	if err := w.begin(p); err != nil {
		return err
	}
	buf := make([]byte, piece)
	for {
		n, err := io.ReadFull(from, buf)
		if n > 0 {
			if err := w.data(&p, buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return w.end(p)
		} else if err != nil {
			return err
		}
	}
}

// table reads and packs rows while the piece before is hashed and written.
func (w *writer) table(ctx context.Context, s *sqldb.Snapshot, t sqldb.Table) error {
	p := Part{Kind: PartTable, Name: t.Name, Columns: t.Columns}
	if err := w.begin(p); err != nil {
		return err
	}
	full, empty := make(chan []byte, 1), make(chan []byte, 3)
	for range 3 {
		empty <- make([]byte, 0, piece+piece/4)
	}
	written := make(chan error, 1)
	go func() {
		var err error
		for b := range full { // to the end, so that the reader is not left waiting
			if err == nil {
				err = w.data(&p, b)
			}
			empty <- b[:0]
		}
		written <- err
	}()
	b := <-empty
	rows := int64(0)
	err := s.Rows(ctx, t, func(_ int64, values []any) (err error) {
		if b, err = AppendRow(b, values); err != nil {
			return err
		}
		rows++
		if len(b) >= piece {
			full <- b
			b = <-empty
		}
		return nil
	})
	if err == nil && len(b) > 0 {
		full <- b
	}
	close(full)
	if err = errors.Join(err, <-written); err != nil {
		return err
	}
	p.Rows = rows
	return w.end(p)
}
