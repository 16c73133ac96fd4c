package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/internal/id"
	"coffer/vault/seal"
)

// exported is an export in a folder, with its words in a file beside it.
func exported(t *testing.T, change func([]byte) []byte) (file, words string) {
	t.Helper()
	receipt, err := os.ReadFile("testdata/v1/receipt.json")
	if err != nil {
		t.Fatal(err)
	}
	var row bytes.Buffer
	for i := range 400 {
		fmt.Fprintf(&row, "{\"row\":\"collected %d times, and nobody asked\"}\n", i)
	}
	photo := bytes.Repeat([]byte{0xff, 0xd8}, 5000)
	sections := [][]byte{
		[]byte("{\"id\":\"x\",\"plaintext\":{\"kind\":\"attribute\",\"value\":\"41\"}}\n{\"id\":\"y\",\"plaintext\":{\"kind\":\"identity\"}}\n"),
		append(bytes.ReplaceAll(bytes.TrimSpace(receipt), []byte("\n"), nil), '\n'), row.Bytes(), photo,
	}
	contents := seal.Contents{V: 1, Made: 1763720000, Operator: "https://vault.example", Vault: id.New[id.Vault]().String()}
	for i, name := range []string{"documents", "receipts", "accesses", "attachment"} {
		s := seal.Section{Name: name, Length: int64(len(sections[i]))}
		if name == "attachment" {
			s.Document = id.Document{1}.String()
		}
		contents.Sections = append(contents.Sections, s)
	}
	entropy := [32]byte{1, 2, 3}
	var out bytes.Buffer
	if err := seal.SealExport(&out, rand.Reader, entropy, contents, func(i int) io.Reader { return bytes.NewReader(sections[i]) }); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	file, words = filepath.Join(folder, "export.bin"), filepath.Join(folder, "words.txt")
	if err := os.WriteFile(file, change(out.Bytes()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(words, []byte(strings.Join(seal.Words(entropy), "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, words
}

// exportShow runs the command and gives its exit status and what it said.
func exportShow(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), append([]string{"export", "show"}, args...), strings.NewReader("lost lost lost"), &out, &out)
	return code, out.String()
}

func TestExportShow(t *testing.T) {
	const validators = "testdata/v1/validators.json"
	whole := func(b []byte) []byte { return b }
	file, words := exported(t, whole)
	folder := filepath.Join(t.TempDir(), "opened")
	code, said := exportShow(t, file, "--words", words, "--validators", validators, "--out", folder)
	if code != exitFine {
		t.Errorf("a whole export: status %d\n%s", code, said)
	}
	for _, want := range []string{"at https://vault.example, made on 21 November 2025", "documents, 2", "1 × attribute", "holds    On ", "access log, 400", "attached file, 10000 bytes", "All of it was read."} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "41") {
		t.Error("a value is shown")
	}
	photo, err := os.ReadFile(filepath.Join(folder, "attachment-"+id.Document{1}.String()))
	if err != nil || !bytes.Equal(photo, bytes.Repeat([]byte{0xff, 0xd8}, 5000)) {
		t.Errorf("the file that was attached comes out as %d bytes, %v", len(photo), err)
	}
	log, err := os.ReadFile(filepath.Join(folder, "03-access-log.ndjson"))
	if err != nil || bytes.Count(log, []byte("\n")) != 400 {
		t.Errorf("the access log comes out as %d bytes, %v", len(log), err)
	}
}

func TestExportShowSaysWhatIsWrong(t *testing.T) {
	flip := func(back int) func([]byte) []byte {
		return func(b []byte) []byte { b[len(b)-back] ^= 1; return b }
	}
	// From the end: header, contents, three parts of the file, then the log's last part.
	const header, part = 112, 4124
	for name, c := range map[string]struct {
		change func([]byte) []byte
		words  bool
		want   []string
	}{
		"the access log is damaged": {flip(header + 4*part + 9), true, []string{"DAMAGED  access log, ", "part 5 of 5 is damaged or missing", "What is not named as damaged was read"}},
		"the beginning is damaged":  {func(b []byte) []byte { b[20] ^= 1; return b }, true, []string{"the copy at its end was read", "access log, 400"}},
		"it was cut off":            {func(b []byte) []byte { return b[:len(b)-header-2*part] }, true, []string{"DAMAGED  attached file", "part 3 of 3"}},
		"the words are another's":   {func(b []byte) []byte { b[20] ^= 1; b[len(b)-90] ^= 1; return b }, true, []string{"the words are not those of this file"}},
		"it is something else":      {func([]byte) []byte { return []byte("%PDF-1.7") }, true, []string{"no export of a wallet"}},
		"too few words are typed":   {flip(1), false, []string{"3 words, want 24"}},
	} {
		t.Run(name, func(t *testing.T) {
			file, words := exported(t, c.change)
			args := []string{file}
			if c.words {
				args = append(args, "--words", words)
			}
			code, said := exportShow(t, args...)
			if code != exitNo {
				t.Errorf("status %d", code)
			}
			for _, want := range c.want {
				if !strings.Contains(said, want) {
					t.Errorf("nothing says %q:\n%s", want, said)
				}
			}
		})
	}
	file, words := exported(t, func(b []byte) []byte { return b })
	validators, err := os.ReadFile("testdata/v1/validators.json")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "validators.json")
	if err := os.WriteFile(other, bytes.Replace(validators, []byte(`"power":10`), []byte(`"power":11`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := exportShow(t, file, "--words", words, "--validators", other); code != exitNo || !strings.Contains(said, "FAILED") {
		t.Errorf("a receipt of another ledger: status %d\n%s", code, said)
	}
}
