package seal

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"coffer/internal/id"
)

const (
	exportMagic  = "coffer/v1 export"
	exportHeader = len(exportMagic) + 32 + 4 + 12 + 48
	// ExportPart is how much content one part of an export holds, in bytes.
	ExportPart   = 4096
	sealedPart   = 12 + ExportPart + 16
	maxContents  = 1 << 20
	maxInSection = 1 << 32
)

// ErrNotExport means that a file is no export, or that it is damaged at both of its ends.
var ErrNotExport = errors.New("not an export")

// ErrPart means that one part of an export is damaged or missing. The others can be read.
var ErrPart = errors.New("a part of the export is damaged")

// Section is one of an export's lists or files.
type Section struct {
	Name     string `json:"name"`
	Document string `json:"document,omitempty"` // of an attachment: the document it belongs to
	Length   int64  `json:"length"`             // in bytes, without padding
}

// Parts is how many parts the section has.
func (s Section) Parts() int64 { return (s.Length + ExportPart - 1) / ExportPart }

// Contents says what an export has, and of which vault.
type Contents struct {
	V        int       `json:"v"`
	Made     int64     `json:"made"` // unix seconds
	Operator string    `json:"operator"`
	Vault    string    `json:"vault"`
	Sections []Section `json:"sections"` // in the order in which they stand in the file
}

func (c Contents) check() error {
	if c.V != 1 {
		return fmt.Errorf("reading an export: version %d, and this program knows 1", c.V)
	}
	if _, err := id.Parse[id.Vault](c.Vault); err != nil {
		return fmt.Errorf("reading an export: %w", err)
	}
	for i, s := range c.Sections {
		if s.Name == "" || s.Length < 0 || s.Length > maxInSection {
			return fmt.Errorf("reading an export: section %d has no name, or no length that can be", i+1)
		}
		if _, err := id.Parse[id.Document](s.Document); s.Document != "" && err != nil {
			return fmt.Errorf("reading an export: section %d: %w", i+1, err)
		}
	}
	return nil
}

// Export is an export that was opened.
type Export struct {
	Contents Contents
	// FromCopy: the beginning of the file is damaged, and the copy at its end was read.
	FromCopy bool

	key   ContentKey
	r     io.ReaderAt
	first int64 // parts before the first section
}

// SealExport writes an export, its beginning repeated at its end. content gives what a
// section holds, exactly as long as contents says.
func SealExport(w io.Writer, rand io.Reader, entropy [32]byte, contents Contents, content func(section int) io.Reader) error {
	if err := contents.check(); err != nil {
		return err
	}
	list, err := json.Marshal(contents)
	if err != nil {
		return fmt.Errorf("sealing an export: %w", err)
	}
	if len(list) > maxContents {
		return errors.New("sealing an export: its list of contents is too long")
	}
	key, err := NewKey[ContentKey](rand)
	if err != nil {
		return fmt.Errorf("sealing an export: %w", err)
	}
	open := make([]byte, len(exportMagic)+32, exportHeader)
	copy(open, exportMagic)
	if _, err := io.ReadFull(rand, open[len(exportMagic):]); err != nil {
		return fmt.Errorf("sealing an export: %w", err)
	}
	open = binary.BigEndian.AppendUint32(open, uint32(len(list)))
	iv := make([]byte, 12)
	if _, err := io.ReadFull(rand, iv); err != nil {
		return fmt.Errorf("sealing an export: %w", err)
	}
	header := gcm(exportKey(entropy, open)).Seal(append(bytes.Clone(open), iv...), iv, key[:], open)
	var head bytes.Buffer
	if err := sealSection(&head, rand, key, 0, int64(len(list)), bytes.NewReader(list)); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	out.Write(header)
	out.Write(head.Bytes())
	for i, s := range contents.Sections {
		if err := sealSection(out, rand, key, i+1, s.Length, content(i)); err != nil {
			return err
		}
	}
	out.Write(head.Bytes())
	out.Write(header)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing an export: %w", err)
	}
	return nil
}

func sealSection(w io.Writer, rand io.Reader, key ContentKey, section int, length int64, content io.Reader) error {
	count := Section{Length: length}.Parts()
	for place := range count {
		part := make([]byte, ExportPart)
		if _, err := io.ReadFull(content, part[:min(ExportPart, length-place*ExportPart)]); err != nil {
			return fmt.Errorf("sealing section %d of an export: %w", section, err)
		}
		iv := make([]byte, 12, sealedPart)
		if _, err := io.ReadFull(rand, iv); err != nil {
			return fmt.Errorf("sealing an export: %w", err)
		}
		if _, err := w.Write(gcm(key).Seal(iv, iv, part, inExport(section, place, count))); err != nil {
			return fmt.Errorf("writing an export: %w", err)
		}
	}
	return nil
}

// OpenExport reads what an export contains, from its beginning or, where that is damaged,
// from the copy at its end. ErrNotExport if it finds neither, ErrOpen if the words behind
// entropy are not this file's.
func OpenExport(r io.ReaderAt, size int64, entropy [32]byte) (*Export, error) {
	first, err := openBeginning(r, entropy, 0, false)
	if err == nil {
		return first, nil
	}
	last, err2 := openBeginning(r, entropy, size-int64(exportHeader), true)
	if err2 == nil {
		return last, nil
	}
	for _, why := range []error{err, err2} {
		if !errors.Is(why, ErrNotExport) {
			return nil, why
		}
	}
	return nil, ErrNotExport
}

// openBeginning reads header and contents at either end of the file.
func openBeginning(r io.ReaderAt, entropy [32]byte, at int64, behind bool) (*Export, error) {
	header := make([]byte, exportHeader)
	if at < 0 || !readAt(r, header, at) || string(header[:len(exportMagic)]) != exportMagic {
		return nil, ErrNotExport
	}
	open, locked := header[:len(header)-60], header[len(header)-60:]
	b, err := gcm(exportKey(entropy, open)).Open(nil, locked[:12], locked[12:], open)
	if err != nil {
		return nil, ErrOpen
	}
	length := int64(binary.BigEndian.Uint32(open[len(open)-4:]))
	if length > maxContents {
		return nil, errors.New("reading an export: its list of contents is too long")
	}
	e := &Export{key: ContentKey(b), r: r, FromCopy: behind}
	count := Section{Length: length}.Parts()
	from := at + int64(exportHeader)
	if behind {
		from = at - count*sealedPart
	}
	var list []byte
	for place := range count {
		part, err := e.open(from+place*sealedPart, 0, place, count)
		if err != nil {
			return nil, err
		}
		list = append(list, part...)
	}
	if err := strictly(list[:length], &e.Contents); err != nil {
		return nil, fmt.Errorf("reading the contents of an export: %w", err)
	}
	e.first = count
	return e, e.Contents.check()
}

// Part is what one part of a section holds, without padding; sections and parts count
// from 0. ErrPart if it is damaged or not there.
func (e *Export) Part(section int, place int64) ([]byte, error) {
	before := e.first
	for _, s := range e.Contents.Sections[:section] {
		before += s.Parts()
	}
	s := e.Contents.Sections[section]
	part, err := e.open(int64(exportHeader)+(before+place)*sealedPart, section+1, place, s.Parts())
	if err != nil {
		return nil, err
	}
	return part[:min(ExportPart, s.Length-place*ExportPart)], nil
}

func (e *Export) open(at int64, section int, place, count int64) ([]byte, error) {
	sealed := make([]byte, sealedPart)
	if at < 0 || !readAt(e.r, sealed, at) {
		return nil, ErrPart
	}
	part, err := gcm(e.key).Open(nil, sealed[:12], sealed[12:], inExport(section, place, count))
	if err != nil {
		return nil, ErrPart
	}
	return part, nil
}

func readAt(r io.ReaderAt, b []byte, at int64) bool {
	n, _ := r.ReadAt(b, at)
	return n == len(b)
}

func exportKey(entropy [32]byte, open []byte) WrapKey {
	salt := open[len(exportMagic) : len(exportMagic)+32]
	return WrapKey(derive(entropy[:], salt, "coffer/v1 export kek", 32))
}

// inExport is the associated data of a part: of which section, where, of how many.
func inExport(section int, place, count int64) []byte {
	b := []byte("coffer/v1 export part")
	for _, n := range []int64{int64(section), place, count} {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return b
}

// Lines reads a section that is a list, one JSON value a line. line gets every value that
// stands whole in parts that can be read. It returns the places of the others.
func (e *Export) Lines(section int, line func([]byte) error) (damaged []int64, err error) {
	var left []byte
	whole := true
	for place := range e.Contents.Sections[section].Parts() {
		part, err := e.Part(section, place)
		if err != nil {
			damaged, left, whole = append(damaged, place), nil, false
			continue
		}
		for {
			text, rest, ended := bytes.Cut(part, []byte("\n"))
			left = append(left, text...)
			if !ended {
				break
			}
			if whole {
				if err := line(left); err != nil {
					return damaged, err
				}
			}
			left, whole, part = nil, true, rest
		}
	}
	return damaged, nil
}

// File writes a section that is a file. It returns the places of parts that cannot be
// read; zeros stand for them.
func (e *Export) File(section int, w io.Writer) (damaged []int64, err error) {
	s := e.Contents.Sections[section]
	for place := range s.Parts() {
		part, err := e.Part(section, place)
		if err != nil {
			damaged, part = append(damaged, place), make([]byte, min(ExportPart, s.Length-place*ExportPart))
		}
		if _, err := w.Write(part); err != nil {
			return damaged, fmt.Errorf("writing a section of an export: %w", err)
		}
	}
	return damaged, nil
}
