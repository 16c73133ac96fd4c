package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"coffer/policies"
)

// decisionFiles is the log of decisions on the disk: files of one folder, numbered in
// the order of writing, the oldest deleted when there are too many.
type decisionFiles struct {
	folder string
	most   int64 // bytes in one
	keep   int   // files

	number int // of the one that is written
	file   *os.File
	size   int64
}

var decisionFile = regexp.MustCompile(`^decisions-([0-9]{6,12})\.ndjson$`)

// decisionNames are the paths of the log's files, oldest first.
func decisionNames(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading the log of decisions: %w", err)
	}
	var out []string
	for _, e := range entries { // sorted
		if decisionFile.MatchString(e.Name()) {
			out = append(out, filepath.Join(folder, e.Name()))
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return len(a) - len(b) })
	return out, nil
}

// openDecisions goes on where the log ended. A line that a crash cut off is taken away.
func openDecisions(folder string, most int64, keep int) (*decisionFiles, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("opening the log of decisions: %w", err)
	}
	names, err := decisionNames(folder)
	if err != nil {
		return nil, err
	}
	d := &decisionFiles{folder: folder, most: most, keep: keep, number: 1}
	if len(names) > 0 {
		last := decisionFile.FindStringSubmatch(filepath.Base(names[len(names)-1]))
		fmt.Sscanf(last[1], "%d", &d.number) // the form lets nothing else pass
	}
	return d, d.open()
}

func (d *decisionFiles) open() (err error) {
	path := filepath.Join(d.folder, fmt.Sprintf("decisions-%06d.ndjson", d.number))
	if d.file, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return fmt.Errorf("opening the log of decisions: %w", err)
	}
	if d.size, err = wholeLines(d.file); err == nil {
		err = d.file.Truncate(d.size)
	}
	if err != nil {
		return fmt.Errorf("opening the log of decisions: %w", errors.Join(err, d.file.Close()))
	}
	return nil
}

// wholeLines is how many bytes of the file are whole lines.
func wholeLines(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	var room [4096]byte
	for end := info.Size(); end > 0; {
		from := max(0, end-int64(len(room)))
		n, err := f.ReadAt(room[:end-from], from)
		if err != nil && err != io.EOF {
			return 0, err
		}
		if at := bytes.LastIndexByte(room[:n], '\n'); at >= 0 {
			return from + int64(at) + 1, nil
		}
		end = from
	}
	return 0, nil
}

// Write appends whole lines: all of them, or on an error none.
func (d *decisionFiles) Write(lines []byte) (int, error) {
	if d.size > 0 && d.size+int64(len(lines)) > d.most {
		if err := d.next(); err != nil {
			return 0, err
		}
	}
	if _, err := d.file.WriteAt(lines, d.size); err != nil {
		return 0, errors.Join(err, d.file.Truncate(d.size))
	}
	d.size += int64(len(lines))
	return len(lines), nil
}

// next begins another file, and deletes the oldest first, so that a disk that is full
// of them has room again.
func (d *decisionFiles) next() error {
	names, err := decisionNames(d.folder)
	if err != nil {
		return err
	}
	for ; len(names) >= d.keep && len(names) > 0; names = names[1:] {
		if err := os.Remove(names[0]); err != nil {
			return err
		}
	}
	before := d.file
	d.number++
	if err := d.open(); err != nil {
		d.number--
		d.file = before
		return err
	}
	return before.Close()
}

func (d *decisionFiles) Close() error { return errors.Join(d.file.Sync(), d.file.Close()) }

// decisionLog opens the log of decisions that the configuration wants; nil when it wants none.
func decisionLog(folder string, config Config, log *slog.Logger) (*policies.Log, func() error, error) {
	if config.DecisionLogFiles == 0 {
		return nil, func() error { return nil }, nil
	}
	files, err := openDecisions(decisionPath(folder), int64(config.DecisionLogMiB)<<20, config.DecisionLogFiles)
	if err != nil {
		return nil, nil, err
	}
	r := policies.NewLog(files, config.DecisionLogEvery, missing(decisionPath(folder), log, time.Now))
	return r, func() error { r.Close(); return files.Close() }, nil
}

// missing says that decisions are missing in the log: at once, and then no more than
// once a minute.
func missing(folder string, log *slog.Logger, now func() time.Time) func(int, error) {
	count, said := 0, time.Time{}
	return func(lost int, err error) {
		if count += lost; now().Sub(said) < time.Minute {
			return
		}
		log.Error("decisions are missing in the log of decisions; they were made, and the gate goes on. Make room for it, or set decision_log_files to 0",
			"folder", folder, "missing", count, "error", err)
		count, said = 0, now()
	}
}

// readDecisions reads the whole log, oldest first, beside a daemon that writes it: what
// it is writing just now is left out.
func readDecisions(folder string) (io.Reader, func(), error) {
	names, err := decisionNames(folder)
	if err != nil {
		return nil, nil, err
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("there is no log of decisions in %s; a daemon writes one unless decision_log_files is 0", folder)
	}
	var all []io.Reader
	var open []*os.File
	closeAll := func() {
		for _, f := range open {
			f.Close()
		}
	}
	for i, name := range names {
		f, err := os.Open(name)
		if errors.Is(err, os.ErrNotExist) && i == 0 {
			continue // its turn to go came in between
		} else if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("reading the log of decisions: %w", err)
		}
		open = append(open, f)
		size, err := wholeLines(f)
		if err != nil {
			closeAll()
			return nil, nil, fmt.Errorf("reading the log of decisions: %w", err)
		}
		all = append(all, io.LimitReader(f, size))
	}
	return io.MultiReader(all...), closeAll, nil
}
