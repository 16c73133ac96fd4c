package sqldb_test

import (
	"context"
	"slices"
	"testing"

	"coffer/internal/sqldb"
)

// However many rows there are, each is asked about once, in its place.
func TestBatch(t *testing.T) {
	d, _ := create(t, notes)
	put := sqldb.NewBatch("INSERT INTO note (shelf_id, n, body) VALUES ", "(?, ?, ?)", ", ", "")
	find := sqldb.NewBatch("WITH asked (place, shelf_id, n) AS (SELECT 0, shelf_id, n FROM note WHERE FALSE UNION ALL ",
		"SELECT #, ?, ?", " UNION ALL ", ") SELECT asked.place, note.body FROM asked CROSS JOIN note WHERE note.shelf_id = asked.shelf_id AND note.n = asked.n")
	shelf := []byte{1}
	for rows := range sqldb.BatchLimit + 1 {
		err := d.Write(t.Context(), func(tx sqldb.Tx) error {
			if _, err := tx.ExecContext(t.Context(), "DELETE FROM note"); err != nil {
				return err
			}
			var args, asked []any
			var want, got []string
			for n := range rows {
				body := string(rune('!' + n))
				want = append(want, body)
				args, asked = append(args, shelf, n, body), append(asked, shelf, n)
			}
			err := put.Exact(args, func(text string, args []any) error {
				_, err := tx.ExecContext(t.Context(), text, args...)
				return err
			})
			if err != nil || rows == 0 {
				return err
			}
			text, args := find.Padded(asked, []byte{}, -1)
			got, err = bodies(t.Context(), tx, text, args, rows)
			if err == nil && !slices.Equal(got, want) {
				t.Errorf("asked for %q, got %q", want, got)
			}
			return err
		})
		if err != nil {
			t.Fatal(rows, err)
		}
	}
}

func bodies(ctx context.Context, tx sqldb.Tx, text string, args []any, n int) ([]string, error) {
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make([]string, n)
	for rows.Next() {
		var place int
		var body string
		if err := rows.Scan(&place, &body); err != nil {
			return nil, err
		}
		out[place] += body
	}
	return out, rows.Err()
}
