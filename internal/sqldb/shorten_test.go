package sqldb

import (
	"path/filepath"
	"testing"
	"testing/fstest"
)

// When the log is long, the writer folds all of it after its commit, so that the next
// write begins it anew.
func TestTheWriterShortensALongLog(t *testing.T) {
	s := Schema{Name: "pages", Migrations: fstest.MapFS{"0001_page.sql": {Data: []byte("-- +goose Up\nCREATE TABLE page (body BYTEA NOT NULL);\n")}}}
	d, err := Create(t.Context(), Options{Path: filepath.Join(t.TempDir(), "coffer.db"), Schemas: []Schema{s}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	write := func(bytes int) {
		t.Helper()
		err := d.Write(t.Context(), func(tx Tx) error {
			_, err := tx.ExecContext(t.Context(), "INSERT INTO page (body) VALUES (zeroblob($1))", bytes)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	logged := func() (pages int) {
		t.Helper()
		var busy, moved int
		if err := d.folder.db.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &pages, &moved); err != nil {
			t.Fatal(err)
		}
		return pages
	}
	for range 10 {
		write(1 << 20)
	}
	if n := logged(); n < 2000 {
		t.Fatalf("the log has %d pages, want 10 MiB", n)
	}
	d.folder.long.Store(true) // as a pass finds
	write(1)
	write(1)
	if n := logged(); n > 100 {
		t.Errorf("the log has %d pages after it was shortened", n)
	}
}
