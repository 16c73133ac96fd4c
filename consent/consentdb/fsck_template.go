package consentdb

import (
	"context"
	"fmt"

	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
)

// reconcileTemplates reports versions that are missing or not what was registered, and
// requests that name one which is not there.
func (s *Store) reconcileTemplates(ctx context.Context, report func(Discrepancy)) error {
	return s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.AllTemplates(ctx)
		if err != nil {
			return err
		}
		last := consentsql.Template{}
		for _, row := range rows {
			say := func(what string) {
				report(Discrepancy{What: fmt.Sprintf("template %s, version %d: %s", row.Name, row.Version, what)})
			}
			want := int64(1)
			if row.Business == last.Business && row.Name == last.Name {
				want = last.Version + 1
			}
			if row.Version != want {
				say("the version before it is missing")
			}
			t, err := templateOf(row)
			if hash := consent.HashOf(row.Jws); err != nil || string(hash[:]) != string(row.Hash) || t.Name != row.Name || int64(t.Version) != row.Version {
				say("not the text that was registered")
			}
			last = row
		}
		n, err := q.RequestsWithoutTemplate(ctx)
		if err == nil && n > 0 {
			report(Discrepancy{What: fmt.Sprintf("%d requests name a template that is not here", n)})
		}
		return err
	})
}
