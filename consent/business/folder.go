package business

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// folder is the directory a business keeps to itself: mode 0700, files 0600. A
// file is replaced whole (write, fsync, rename, fsync of the directory), so that
// a crash leaves the old one or the new one, never half of either.
type folder string

func (f folder) path(name ...string) string {
	return filepath.Join(append([]string{string(f)}, name...)...)
}

// write makes the value durable under the name before it returns.
func (f folder) write(value any, name ...string) error {
	b, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Join(name...), err)
	}
	return f.writeBytes(append(b, '\n'), name...)
}

func (f folder) writeBytes(b []byte, name ...string) (err error) {
	path := f.path(name...)
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".new-*") // 0600 by CreateTemp
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err := tmp.Write(b); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// read fills value from the named file; a key that value does not know is an
// error, since a misspelt setting must not be a silent default.
func (f folder) read(value any, name ...string) error {
	b, err := os.ReadFile(f.path(name...))
	if err != nil {
		return err
	}
	if err := strictJSON(b, value); err != nil {
		return fmt.Errorf("reading %s: %w", f.path(name...), err)
	}
	return nil
}

// remove deletes the named file; that it is gone already is no error.
func (f folder) remove(name ...string) error {
	err := os.Remove(f.path(name...))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(f.path(name...)))
}

// names lists the files of a subfolder without their .json ending.
func (f folder) names(sub string) ([]string, error) {
	entries, err := os.ReadDir(f.path(sub))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if n := e.Name(); filepath.Ext(n) == ".json" && n[0] != '.' {
			names = append(names, n[:len(n)-len(".json")])
		}
	}
	return names, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	defer d.Close()
	return d.Sync()
}

// strictJSON decodes exactly one JSON value and refuses keys nobody reads.
func strictJSON(b []byte, value any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(value); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON document")
	}
	return nil
}
