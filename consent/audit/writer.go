package audit

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"coffer/anchor"
	"coffer/consent"
)

// Writer appends to a trail in a file. It is safe for concurrent use; a second
// writer on the same file is not, which is for the owner of the folder to prevent.
type Writer struct {
	path string

	mu    sync.Mutex
	file  *os.File
	links links
	size  int64
	err   error // after a failed write: the file's end is unknown
}

// OpenWriter opens the trail at path, and begins it with the head if there is none.
// What a crash left of a last line that was never acknowledged is cut off. A trail
// of another business, operator or ledger is refused.
func OpenWriter(path string, head Head) (*Writer, error) {
	w := &Writer{path: path}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the trail: %w", err)
	}
	w.file = f
	if err := w.resume(head); err != nil {
		f.Close()
		return nil, fmt.Errorf("opening the trail %s: %w", path, err)
	}
	return w, nil
}

// resume finds the last whole line, or writes the first.
func (w *Writer) resume(head Head) error {
	var last []byte
	err := eachLine(w.file, func(n int, line []byte, whole bool) error {
		if !whole {
			return errStop
		}
		if n == 1 {
			have, _, err := parseLine(line)
			if err != nil {
				return fmt.Errorf("reading its head: %w", err)
			}
			if h, ok := have.(Head); !ok || h.Business != head.Business || h.Chain != head.Chain || h.Operator != head.Operator {
				return errors.New("it is the trail of another business, operator or ledger; move it away to begin a new one")
			}
		}
		w.links.count++
		w.size += int64(len(line)) + 1
		last = append(last[:0], line...)
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return err
	}
	if err := w.file.Truncate(w.size); err != nil {
		return err
	}
	if w.links.count == 0 {
		if err := w.Append(head); err != nil {
			return err
		}
		return syncFolder(filepath.Dir(w.path))
	}
	if line, _, err := parseLine(last); err != nil {
		return fmt.Errorf("reading its last line: %w", err)
	} else if _, closed := line.(End); closed {
		return errors.New("it is an exported trail, which has an end; append to the original")
	}
	w.links.prev = sha256.Sum256(last)
	return nil
}

// Append writes lines. They are durable when it returns nil; after an error the
// writer is of no more use, and opening the trail again finds what was written.
func (w *Writer) Append(lines ...Line) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return fmt.Errorf("appending to the trail: an earlier write failed, open it again: %w", w.err)
	}
	var b []byte
	next := w.links
	for _, line := range lines {
		text, err := next.encode(line)
		if err != nil {
			return err
		}
		b = append(b, text...)
	}
	if _, err := w.file.WriteAt(b, w.size); err != nil {
		w.err = err // how much of it is in the file is unknown
		return fmt.Errorf("appending to the trail: %w", err)
	}
	if err := w.file.Sync(); err != nil {
		w.err = err // whether it is on disk is unknown, and a second fsync would not tell
		return fmt.Errorf("appending to the trail: %w", err)
	}
	w.links, w.size = next, w.size+int64(len(b))
	return nil
}

// Close closes the file. It writes nothing: the trail goes on when it is opened
// again.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = os.ErrClosed
	}
	return w.file.Close()
}

// Prover makes proofs: an anchor.Ledger, or the client of one.
type Prover interface {
	Prove(ctx context.Context, leaf anchor.Leaf) (anchor.Proof, error)
}

// Export writes a copy of what the trail holds now, closed with an end line that says
// when: an audit judges by it what was due. With a
// prover it adds the proofs that are missing, so that the copy is audited offline;
// what the ledger does not have stays without one, and the audit says so.
func (w *Writer) Export(ctx context.Context, to io.Writer, prover Prover, at time.Time) error {
	w.mu.Lock()
	size := w.size
	w.mu.Unlock()
	f, err := os.Open(w.path)
	if err != nil {
		return fmt.Errorf("exporting the trail: %w", err)
	}
	defer f.Close()
	return Export(ctx, to, io.LimitReader(f, size), prover, at)
}

// Export is Writer.Export of a trail that nobody is writing.
func Export(ctx context.Context, to io.Writer, trail io.Reader, prover Prover, at time.Time) error {
	out := bufio.NewWriter(to)
	var l links
	missing := map[anchor.Leaf]Proof{}
	var order []anchor.Leaf
	err := eachLine(trail, func(n int, line []byte, whole bool) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !whole {
			return errStop // never acknowledged
		}
		l.prev, l.count = sha256.Sum256(line), l.count+1
		if prover != nil {
			if p, leaf := unproven(line); leaf != (anchor.Leaf{}) {
				missing[leaf], order = p, append(order, leaf)
			} else if p.Proof.Entry != nil {
				delete(missing, anchor.HashLeaf(p.Proof.Entry))
			}
		}
		_, err := out.Write(append(line, '\n'))
		return err
	})
	if err != nil && !errors.Is(err, errStop) {
		return fmt.Errorf("exporting the trail: %w", err)
	}
	for _, leaf := range order {
		p, still := missing[leaf]
		if !still {
			continue
		}
		delete(missing, leaf)
		p.Proof, err = prover.Prove(ctx, leaf)
		if errors.Is(err, anchor.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("exporting the trail: proving an entry: %w", err)
		}
		if err := l.write(out, p); err != nil {
			return err
		}
	}
	end := End{Count: l.count}
	if !at.IsZero() {
		end.Time = consent.UnixAt(at)
	}
	if err := l.write(out, end); err != nil {
		return err
	}
	return out.Flush()
}

func (l *links) write(to io.Writer, line Line) error {
	b, err := l.encode(line)
	if err == nil {
		_, err = to.Write(b)
	}
	if err != nil {
		return fmt.Errorf("exporting the trail: %w", err)
	}
	return nil
}

// unproven is the leaf of a line that lacks its proof, or the proof that a Proof
// line brings for an earlier one.
func unproven(line []byte) (Proof, anchor.Leaf) {
	if !bytes.Contains(line, []byte(`"proof":`)) {
		return Proof{}, anchor.Leaf{}
	}
	parsed, _, _ := parseLine(line)
	switch l := parsed.(type) {
	case Permit:
		if l.Proof == nil {
			return Proof{Grant: l.Grant}, anchor.HashLeaf(l.Entry)
		}
	case Withdrawal:
		if l.Proof == nil {
			return Proof{Grant: l.Grant}, anchor.HashLeaf(l.Entry)
		}
	case Proof:
		return l, anchor.Leaf{}
	}
	return Proof{}, anchor.Leaf{}
}

// syncFolder makes a new file's name durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

var errStop = errors.New("stop")

// errLong says that a line is longer than any this program writes.
var errLong = fmt.Errorf("a line is longer than %d bytes", maxLine)

// eachLine hands on each line without its line end; whole is false for a last one
// that has none. The slice is good until the function returns. A line that is too
// long is handed on as nil.
func eachLine(r io.Reader, f func(n int, line []byte, whole bool) error) error {
	in := bufio.NewReaderSize(r, maxLine+1)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if errors.Is(err, io.EOF) && len(line) == 0 && !long {
			return nil
		}
		whole := err == nil
		switch {
		case long:
			line = nil
		case whole:
			line = line[:len(line)-1]
		}
		if ferr := f(n, line, whole); ferr != nil {
			return ferr
		}
		if !whole {
			return nil
		}
	}
}
