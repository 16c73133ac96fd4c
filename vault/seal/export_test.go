package seal_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"coffer/internal/id"
	"coffer/vault/seal"
)

// exportCase is one file, or that file after something happened to it.
type exportCase struct {
	Name   string `json:"name"`
	Expect string `json:"expect"` // "opens", "damaged", "refused", "foreign"
	Words  string `json:"words"`
	// File is base64url; "" is the first case's.
	File string `json:"file,omitempty"`
	// Flip changes one bit of each of these bytes, Swap two parts (by their offsets), Cut is
	// the length that is left (0: all of it).
	Flip []int  `json:"flip,omitempty"`
	Swap [2]int `json:"swap"`
	Cut  int    `json:"cut,omitempty"`

	Contents *seal.Contents `json:"contents,omitempty"`
	FromCopy bool           `json:"from_copy,omitempty"`
	Damaged  []exportPart   `json:"damaged,omitempty"`
	// Lines are those of the first section that can be read.
	Lines []string `json:"lines,omitempty"`
	// Hash is of the last section, where all of it can be read.
	Hash string `json:"hash,omitempty"`
}

type exportPart struct {
	Section int   `json:"section"` // from 1
	Place   int64 `json:"place"`   // from 0
}

const (
	headerSize = 112
	partSize   = 4124
)

// sample is an export with a list of three parts, a short one, an empty one and a file.
func sample(r io.Reader) (words string, file []byte, contents seal.Contents) {
	entropy := must(seal.NewKey[[32]byte](r))
	var documents bytes.Buffer
	for i := range 5 {
		fmt.Fprintf(&documents, "{\"line\":%d,\"text\":%q}\n", i, strings.Repeat("grün ", 300))
	}
	file = bytes.Repeat([]byte("photo"), 1000)
	sections := [][]byte{documents.Bytes(), []byte("{\"row\":1}\n"), nil, file}
	v, d := draw[id.Vault](r), draw[id.Document](r)
	contents = seal.Contents{V: 1, Made: 1763720000, Operator: "https://vault.example", Vault: v.String(), Sections: []seal.Section{
		{Name: "documents", Length: int64(len(sections[0]))}, {Name: "accesses", Length: int64(len(sections[1]))},
		{Name: "messages"}, {Name: "attachment", Document: d.String(), Length: int64(len(file))}}}
	var out bytes.Buffer
	must(0, seal.SealExport(&out, r, entropy, contents, func(i int) io.Reader { return bytes.NewReader(sections[i]) }))
	return strings.Join(seal.Words(entropy), " "), out.Bytes(), contents
}

func (c exportCase) bytes(t *testing.T, first []byte) []byte {
	file := bytes.Clone(first)
	if c.File != "" {
		file = raw(t, c.File)
	}
	for _, at := range c.Flip {
		file[at] ^= 1
	}
	if a, b := c.Swap[0], c.Swap[1]; a != b {
		one := bytes.Clone(file[a : a+partSize])
		copy(file[a:], file[b:b+partSize])
		copy(file[b:], one)
	}
	if c.Cut > 0 {
		file = file[:c.Cut]
	}
	return file
}

// look reads all of an export and says how that went.
func look(t *testing.T, c exportCase, file []byte) exportCase {
	entropy, err := seal.ParseWords(c.Words)
	if err != nil {
		t.Fatal(err)
	}
	e, err := seal.OpenExport(bytes.NewReader(file), int64(len(file)), entropy)
	c.Contents, c.FromCopy, c.Damaged, c.Lines, c.Hash = nil, false, nil, nil, ""
	switch {
	case errors.Is(err, seal.ErrNotExport):
		c.Expect = "foreign"
		return c
	case err != nil:
		c.Expect = "refused"
		return c
	}
	c.Expect, c.Contents, c.FromCopy = "opens", &e.Contents, e.FromCopy
	for i := range e.Contents.Sections {
		var damaged []int64
		if i == len(e.Contents.Sections)-1 {
			var b bytes.Buffer
			if damaged = must(e.File(i, &b)); damaged == nil {
				sum := sha256.Sum256(b.Bytes())
				c.Hash = b64(sum[:])
			}
		} else {
			damaged = must(e.Lines(i, func(line []byte) error {
				if !json.Valid(line) {
					t.Errorf("%s: a line that is none: %.40q", c.Name, line)
				}
				if i == 0 {
					c.Lines = append(c.Lines, string(line))
				}
				return nil
			}))
		}
		for _, place := range damaged {
			c.Expect, c.Damaged = "damaged", append(c.Damaged, exportPart{i + 1, place})
		}
	}
	return c
}

var exportSample []byte

func exportVectors(t *testing.T) (out []exportCase) {
	words, file, _ := sample(&stream{label: "export"})
	exportSample = file
	others, _, _ := sample(&stream{label: "export of somebody else"})
	size := len(file)
	part := func(n int) int { return headerSize + n*partSize } // the contents are part 0
	add := func(c exportCase) {
		if c.Words == "" {
			c.Words = words
		}
		got := look(t, c, c.bytes(t, file))
		if got.Expect != c.Expect {
			t.Errorf("%s: it is %s, want %s", c.Name, got.Expect, c.Expect)
		}
		if len(out) > 0 && !slices.Equal(got.Lines, out[0].Lines) {
			got.Lines = slices.Clone(got.Lines)
		} else if len(out) > 0 {
			got.Lines = nil // as in the first
		}
		if len(out) > 0 {
			got.Contents = nil
		}
		out = append(out, got)
	}
	add(exportCase{Name: "whole", Expect: "opens", File: b64(file)})
	add(exportCase{Name: "the second part of the documents is damaged", Expect: "damaged", Flip: []int{part(2) + 700}})
	add(exportCase{Name: "the access log is damaged, at its tag", Expect: "damaged", Flip: []int{part(4) - 1 + partSize}})
	add(exportCase{Name: "two parts of one section exchanged", Expect: "damaged", Swap: [2]int{part(1), part(2)}})
	add(exportCase{Name: "the beginning is damaged", Expect: "opens", Flip: []int{20}})
	add(exportCase{Name: "the first magic is damaged", Expect: "opens", Flip: []int{3}})
	add(exportCase{Name: "the first contents are damaged", Expect: "opens", Flip: []int{part(0) + 5}})
	add(exportCase{Name: "cut off in the last section", Expect: "damaged", Cut: part(5) + 100})
	add(exportCase{Name: "cut off behind the contents", Expect: "damaged", Cut: part(1)})
	add(exportCase{Name: "both ends damaged", Expect: "refused", Flip: []int{20, size - 90}})
	add(exportCase{Name: "the other words", Expect: "refused", Words: others})
	add(exportCase{Name: "both magics damaged", Expect: "foreign", Flip: []int{3, size - headerSize + 3}})
	add(exportCase{Name: "next to nothing", Expect: "foreign", Cut: 11})
	return out
}

func TestExportVectors(t *testing.T) {
	compare(t, "export", exportVectors(t), func(t *testing.T, c exportCase) string {
		got := look(t, c, c.bytes(t, exportSample))
		if got.Expect != c.Expect || got.FromCopy != c.FromCopy || !slices.Equal(got.Damaged, c.Damaged) || got.Hash != c.Hash {
			t.Errorf("%s: it is %s with %v damaged, want %s with %v", c.Name, got.Expect, got.Damaged, c.Expect, c.Damaged)
		}
		return c.Expect
	})
}

// Whatever byte of a file is changed, everything else is read, and nothing false is.
func TestExportDamagedAnywhere(t *testing.T) {
	words, file, _ := sample(rand.Reader)
	whole := look(t, exportCase{Words: words}, file)
	for at := 0; at < len(file); at += 97 {
		bent := bytes.Clone(file)
		bent[at] ^= 0x80
		got := look(t, exportCase{Name: "bent", Words: words}, bent)
		inPart := (at - headerSize) / partSize
		if at < headerSize+partSize || inPart > 6 {
			if got.Expect != "opens" || !slices.Equal(got.Lines, whole.Lines) || got.Hash != whole.Hash {
				t.Fatalf("byte %d of an end is damaged: %s", at, got.Expect)
			}
			continue
		}
		if got.Expect != "damaged" || len(got.Damaged) != 1 {
			t.Fatalf("byte %d is damaged: %s, %v", at, got.Expect, got.Damaged)
		}
		for _, line := range got.Lines {
			if !slices.Contains(whole.Lines, line) {
				t.Fatalf("byte %d is damaged: a line was read that was never written", at)
			}
		}
	}
}

func TestExportSaysWhatItIsMadeOf(t *testing.T) {
	entropy := must(seal.NewKey[[32]byte](rand.Reader))
	none := func(int) io.Reader { return strings.NewReader("") }
	v := id.New[id.Vault]().String()
	for name, c := range map[string]seal.Contents{
		"another version":        {V: 2, Vault: v},
		"no vault":               {V: 1},
		"a section without name": {V: 1, Vault: v, Sections: []seal.Section{{}}},
		"a negative length":      {V: 1, Vault: v, Sections: []seal.Section{{Name: "grants", Length: -1}}},
		"no such document":       {V: 1, Vault: v, Sections: []seal.Section{{Name: "attachment", Document: "x"}}},
		"less than it says":      {V: 1, Vault: v, Sections: []seal.Section{{Name: "grants", Length: 1}}},
	} {
		if err := seal.SealExport(io.Discard, rand.Reader, entropy, c, none); err == nil {
			t.Errorf("%s is sealed", name)
		}
	}
}

func TestWords(t *testing.T) {
	for range 100 {
		entropy := must(seal.NewKey[[32]byte](rand.Reader))
		words := seal.Words(entropy)
		typed := "1. " + strings.ToUpper(strings.Join(words[:12], ", ")) + "\n13) " + strings.Join(words[12:], "\n")
		if got, err := seal.ParseWords(typed); err != nil || got != entropy {
			t.Fatalf("the words of a sheet are read as another: %v", err)
		}
		words[7], words[8] = words[8], words[7]
		if got, err := seal.ParseWords(strings.Join(words, " ")); err == nil && got == entropy {
			t.Fatal("exchanged words are read as the same")
		}
	}
	// From the tests of BIP-39.
	if got := strings.Join(seal.Words([32]byte{}), " "); got != strings.Repeat("abandon ", 23)+"art" {
		t.Errorf("32 zeros are %s", got)
	}
	for _, typed := range []string{"", strings.Repeat("abandon ", 24), strings.Repeat("abandon ", 23) + "kaffee", strings.Repeat("abandon ", 25)} {
		if _, err := seal.ParseWords(typed); !errors.Is(err, seal.ErrWords) || strings.Contains(err.Error(), "kaffee") {
			t.Errorf("%d bytes of words: %v", len(typed), err)
		}
	}
}

func FuzzOpenExport(f *testing.F) {
	words, file, contents := sample(&stream{label: "fuzz export"})
	entropy := must(seal.ParseWords(words))
	whole := must(seal.OpenExport(bytes.NewReader(file), int64(len(file)), entropy))
	f.Add(file[:headerSize+partSize], 0)
	f.Add(file, 5000)
	f.Add([]byte("coffer/v1 export"), 3)
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		b = bytes.Clone(b)
		if at >= 0 && at < len(b) {
			b[at] ^= 1
		}
		e, err := seal.OpenExport(bytes.NewReader(b), int64(len(b)), entropy)
		if err != nil {
			return
		}
		if !bytes.Equal(must(json.Marshal(e.Contents)), must(json.Marshal(contents))) {
			t.Error("contents were read that nobody sealed")
		}
		for i, s := range e.Contents.Sections {
			for place := range s.Parts() {
				if part, err := e.Part(i, place); err == nil && !bytes.Equal(part, must(whole.Part(i, place))) {
					t.Errorf("%d bytes were read that nobody sealed there", len(part))
				}
			}
		}
	})
}

// exportExample is the worked example of an export in FORMAT.md.
type exportExample struct {
	Words      string `json:"words"`
	Header     string `json:"header"`
	ContentKey string `json:"content_key"`
	Contents   string `json:"contents"`
	Part       struct {
		IV   string `json:"iv"`
		Data string `json:"associated_data"`
		Tag  string `json:"tag"`
	} `json:"part"`
}

func TestExportExample(t *testing.T) {
	const path, begins = "../FORMAT.md", "```json export example\n"
	text := string(must(os.ReadFile(path)))
	before, rest, ok := strings.Cut(text, begins)
	block, after, closed := strings.Cut(rest, "\n```\n")
	if !ok || !closed {
		t.Fatal("FORMAT.md has no example of an export")
	}
	if *update {
		r := &stream{label: "export example"}
		entropy := must(seal.NewKey[[32]byte](r))
		contents := seal.Contents{V: 1, Made: 1763720000, Operator: "https://vault.example", Vault: draw[id.Vault](r).String(), Sections: []seal.Section{{Name: "documents"}}}
		var file bytes.Buffer
		content := must(seal.NewKey[[32]byte](&stream{label: "export example key"}))
		must(0, seal.SealExport(&file, io.MultiReader(bytes.NewReader(content[:]), r), entropy, contents, func(int) io.Reader { return nil }))
		e := exportExample{Words: strings.Join(seal.Words(entropy), " "), Header: b64(file.Bytes()[:headerSize]), ContentKey: b64(content[:]), Contents: string(must(json.Marshal(contents)))}
		part := file.Bytes()[headerSize : headerSize+partSize]
		e.Part.IV, e.Part.Data, e.Part.Tag = b64(part[:12]), b64([]byte("coffer/v1 export part\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01")), b64(part[len(part)-16:])
		block = string(must(json.MarshalIndent(e, "", " ")))
		must(0, os.WriteFile(path, []byte(before+begins+block+"\n```\n"+after), 0o644))
	}
	var e exportExample
	must(0, json.Unmarshal([]byte(block), &e))
	// By the text of FORMAT.md alone, without the code that it is about.
	entropy, header := must(seal.ParseWords(e.Words)), raw(t, e.Header)
	kek := must(hkdf.Key(sha256.New, entropy[:], header[16:48], "coffer/v1 export kek", 32))
	key, err := aead(kek).Open(nil, header[52:64], header[64:], header[:52])
	if err != nil || b64(key) != e.ContentKey {
		t.Fatalf("the header gives another key: %v", err)
	}
	content := make([]byte, 4096)
	copy(content, e.Contents)
	sealed := aead(key).Seal(nil, raw(t, e.Part.IV), content, raw(t, e.Part.Data))
	if b64(sealed[4096:]) != e.Part.Tag {
		t.Error("the contents are sealed otherwise")
	}
	part := append(raw(t, e.Part.IV), sealed...)
	file := slices.Concat(header, part, part, header)
	if got, err := seal.OpenExport(bytes.NewReader(file), int64(len(file)), entropy); err != nil || string(must(json.Marshal(got.Contents))) != e.Contents {
		t.Errorf("the example does not open: %v", err)
	}
}

func aead(k []byte) cipher.AEAD { return must(cipher.NewGCM(must(aes.NewCipher(k)))) }
