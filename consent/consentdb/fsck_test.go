package consentdb_test

import (
	"strings"
	"testing"

	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/sqldb"
)

// Each fault is planted in a sound store, and must be named.
func TestReconcileFinds(t *testing.T) {
	for name, c := range map[string]struct{ plant, want string }{
		"a live grant that was never anchored":  {`UPDATE grant_record SET anchored = FALSE`, "live without an anchored entry"},
		"another window":                        {`UPDATE grant_record SET start_epoch = start_epoch - 24`, "another window"},
		"an end after its entry's":              {`UPDATE grant_record SET end_epoch = end_epoch + 1`, "ends after its entry"},
		"a pause without a receipt":             {`DELETE FROM later_receipt`, "paused without a receipt"},
		"a pause that the ledger does not know": {`UPDATE grant_record SET state = 'paused', change_kind = 'paused' WHERE state = 'live'`, "withdrawal neither"},
		"a paused grant that counts as live":    {`UPDATE grant_record SET state = 'live' WHERE state = 'paused'`, "live, but it was changed"},
		"a successor that is not there":         {`UPDATE grant_record SET successor = (SELECT x FROM planted) WHERE state = 'replaced'`, "that is not there"},
		"a successor that nobody names":         {`UPDATE grant_record SET successor = '' WHERE state = 'replaced'`, "successor is named"},
		"a successor of what is live":           {`UPDATE grant_record SET successor = grant_id WHERE state = 'live'`, "successor is named"},
		"a successor that gives more":           {`UPDATE grant_record SET attributes = '["shoe-size","email"]' WHERE attributes = '[]'`, "gives more"},
		"a successor that ends later":           {`UPDATE grant_record SET end_epoch = end_epoch + 1 WHERE attributes = '[]'`, "ends later"},
		"a successor of another purpose":        {`UPDATE grant_record SET purpose = 'x' WHERE attributes = '[]'`, "something else"},
		"replaced by nothing":                   {`UPDATE grant_record SET change_kind = '' WHERE state = 'replaced'`, "replaced by nothing"},
		"a withdrawal that is lost":             {`UPDATE grant_record SET state = 'withdrawn', withdrawn = given + 1`, "withdrawal neither"},
		"a withdrawal that was not anchored":    {`UPDATE grant_record SET state = 'withdrawn', withdrawn = given, withdraw_anchored = TRUE`, "withdrawal anchored, but"},
		"a release without a permit":            {`DELETE FROM permit WHERE kind = 'collect'`, "without a permit of its hour"},
		"a permit that is not on the ledger":    {`UPDATE permit SET entry = (SELECT x FROM planted)`, "is not on the ledger"},
		"a row changed in the access log":       {`UPDATE access SET line = replace(line, '"name"', '"mane"')`, "access log"},
		"a row missing in the access log":       {`DELETE FROM access WHERE seq = 1`, "access log"},
		"a release of what is not covered":      {`UPDATE grant_record SET attributes = '["phone"]'`, "not covered"},
		"a message without a permit":            {`DELETE FROM permit WHERE kind = 'message'`, "message delivered without"},
		"a release after the withdrawal":        {`UPDATE grant_record SET state = 'withdrawn', withdrawn = given - 1`, "after the withdrawal"},
		"a grant that the ledger does not know": {`UPDATE grant_record SET handle = (SELECT x FROM planted)`, "not on the ledger"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			a := s.give()
			s.permit(a.Held[0])
			for range 2 {
				if _, err := s.collect(a.Held[0]); err != nil {
					t.Fatal(err)
				}
			}
			s.deliver(s.message(a.Held[1]))
			if strings.Contains(name, "successor") || strings.Contains(name, "paus") || strings.Contains(name, "replaced") {
				s.alter(a, a.Held[1], consent.ChangeNarrowed, consenttest.To{Attributes: []string{}})
				s.alter(a, a.Held[0], consent.ChangePaused, consenttest.To{})
				s.drain()
			}
			s.sound()
			s.do(s.db.Write(t.Context(), func(tx sqldb.Tx) error {
				stray := s.shop.Permit(a.Held[0], [32]byte{1}).Bytes()
				if strings.Contains(c.plant, "handle") {
					h := consenttest.HandleOf(anchortest.Key("stray"))
					stray = h[:]
				}
				for _, q := range []string{`CREATE TABLE planted (x BYTEA)`, `INSERT INTO planted VALUES ($1)`, c.plant, `DROP TABLE planted`} {
					var args []any
					if strings.Contains(q, "$1") {
						args = []any{stray}
					}
					if _, err := tx.ExecContext(t.Context(), q, args...); err != nil {
						return err
					}
				}
				return nil
			}))
			var found []string
			s.do(s.store.Reconcile(t.Context(), s.ledger, func(d consentdb.Discrepancy) { found = append(found, d.What) }))
			if !strings.Contains(strings.Join(found, "\n"), c.want) {
				t.Fatalf("found %q, want %q", found, c.want)
			}
		})
	}
}
