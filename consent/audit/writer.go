package audit

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
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
