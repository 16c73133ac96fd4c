package consentdb_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"coffer/consent/consentdb"
	"coffer/internal/sqldb"
)

// A database from before grants had successors keeps every state, and takes the new ones
// and no others.
func TestAnOldDatabaseKeepsItsGrants(t *testing.T) {
	first := fstest.MapFS{}
	files, err := fs.ReadDir(consentdb.Schema.Migrations, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() < "0008" {
			text, err := fs.ReadFile(consentdb.Schema.Migrations, f.Name())
			if err != nil {
				t.Fatal(err)
			}
			first[f.Name()] = &fstest.MapFile{Data: text}
		}
	}
	path := filepath.Join(t.TempDir(), "coffer.db")
	db, err := sqldb.Create(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{{Name: consentdb.Schema.Name, Migrations: first}}})
	if err != nil {
		t.Fatal(err)
	}
	states := []string{"anchoring", "live", "withdrawn", "terminated"}
	err = db.Write(t.Context(), func(tx sqldb.Tx) error {
		for i, state := range states {
			_, err := tx.ExecContext(t.Context(), `INSERT INTO grant_record (vault_id, grant_id, request_id, business, purpose, purpose_id, attributes,
				channels, weekly_cap, minor, start_epoch, end_epoch, state, given, withdrawn, handle, anchored, withdraw_anchored)
				VALUES ($1, $2, $3, 'did:web:x.example', 'p', 'p', '["name"]', '[]', 0, FALSE, 1, 25, $4, 1, 0, $5, TRUE, FALSE)`,
				[]byte("0123456789abcdef"), append([]byte{byte(i)}, make([]byte, 15)...), []byte{byte(i)}, state, make([]byte, 32))
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(t.Context(), `INSERT INTO grant_paper SELECT vault_id, grant_id, 'e', 'r', 'l', 'w', '', '' FROM grant_record`)
		return err
	})
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if db, err = sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{consentdb.Schema}}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var kept []string
	papers := 0
	err = db.Read(t.Context(), func(tx sqldb.Tx) error {
		rows, err := tx.QueryContext(t.Context(), `SELECT state, change_kind, successor FROM grant_record ORDER BY grant_id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var state, kind string
			var next []byte
			if err := rows.Scan(&state, &kind, &next); err != nil {
				return err
			}
			if kept = append(kept, state); kind != "" || len(next) != 0 {
				t.Errorf("%s was changed by %q into %x", state, kind, next)
			}
		}
		return tx.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM grant_paper`).Scan(&papers)
	})
	if err != nil || strings.Join(kept, " ") != strings.Join(states, " ") || papers != len(states) {
		t.Fatalf("kept %q and %d papers: %v", kept, papers, err)
	}
	for state, takes := range map[string]bool{"paused": true, "replaced": true, "lent": false, "": false} {
		err := db.Write(t.Context(), func(tx sqldb.Tx) error {
			_, err := tx.ExecContext(t.Context(), `UPDATE grant_record SET state = $1`, state)
			return err
		})
		if (err == nil) != takes {
			t.Errorf("state %q: %v", state, err)
		}
	}
}
