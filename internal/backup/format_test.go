package backup

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"coffer/internal/sqldb"
)

func columns() Part {
	return Part{Kind: PartTable, Name: "example", Columns: []sqldb.Column{{Name: "body", Kind: sqldb.Bytes}, {Name: "flag", Kind: sqldb.Boolean},
		{Name: "n", Kind: sqldb.Integer}, {Name: "note", Kind: sqldb.Text}, {Name: "other", Kind: sqldb.Text}}}
}

// The example in FORMAT.md is read, and written the same.
func TestExample(t *testing.T) {
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n## Example\n")
	_, rest, _ = strings.Cut(rest, "```\n")
	text, _, _ := strings.Cut(rest, "```")
	want, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	row := []any{[]byte{1, 2}, true, int64(-1), "hm", nil}
	got, err := AppendRow(nil, row)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("written: %x, %v", got, err)
	}
	rows, err := Rows(columns(), want)
	if err != nil || len(rows) != 1 || len(rows[0]) != 5 || rows[0][2] != int64(-1) || rows[0][3] != "hm" || rows[0][4] != nil {
		t.Errorf("read: %v, %v", rows, err)
	}
}

// What is read as rows is written the same.
func FuzzRows(f *testing.F) {
	row, err := AppendRow(nil, []any{[]byte{1, 2}, true, int64(-1), "hm", nil})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(row)
	f.Add(append(row, row...))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := Rows(columns(), b)
		if err != nil {
			return
		}
		var again []byte
		for _, r := range rows {
			if again, err = AppendRow(again, r); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}
