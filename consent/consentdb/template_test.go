package consentdb_test

import (
	"errors"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

func (s *scene) template(version int, edit ...func(*consent.Template)) (consent.Template, consentdb.Registered) {
	s.t.Helper()
	t := s.shop.Template(version, edit...)
	got, err := s.store.PutTemplate(s.t.Context(), t, s.clock.Now())
	s.do(err)
	return t, got
}

// Versions outlast the daemon, and a page of grants behind goes on where the last ended.
func TestTemplateBehindInPages(t *testing.T) {
	s := newScene(t)
	v1, _ := s.template(1)
	want := map[id.Grant]bool{}
	for range 3 {
		q := s.shop.Request(consenttest.Repeating(v1))
		s.do(s.store.PutRequest(t.Context(), q, s.clock.Now()))
		a := s.shopper.Decide(q, consenttest.Both)
		s.do(s.store.Decide(t.Context(), s.shopper.Stored(a)))
		want[a.Held[1].Grant] = true
	}
	s.reopen()
	_, got := s.template(2, func(t *consent.Template) { t.Purposes[1].Days = 365 })
	if got.Older != 6 || got.Behind != 3 || !consent.IsMaterial(got.Differences) {
		t.Fatalf("%+v", got)
	}
	var after id.Grant
	for pages := 0; ; pages++ {
		list, next, err := s.store.Behind(t.Context(), s.shop.DID, "order", after, 4, s.clock.Now())
		s.do(err)
		for _, b := range list {
			if !want[b.Grant] || b.Version != 1 || b.Purpose != "marketing" {
				t.Errorf("%+v", b)
			}
			delete(want, b.Grant)
		}
		if after = next; next.IsZero() {
			break
		}
		if pages > 3 {
			t.Fatal("never ends")
		}
	}
	if len(want) != 0 {
		t.Errorf("%d were left out", len(want))
	}
	if _, _, err := s.store.Behind(t.Context(), "did:key:other", "order", id.Grant{}, 4, s.clock.Now()); !errors.Is(err, consent.ErrNotFound) {
		t.Errorf("another business's: %v", err)
	}
}

func TestTemplatesAreBounded(t *testing.T) {
	s := newScene(t)
	for i := range consentdb.MaxTemplates {
		s.template(1, func(t *consent.Template) { t.Name = "t" + strings.Repeat("x", i%20) + string(rune('a'+i/20)) })
	}
	_, err := s.store.PutTemplate(t.Context(), s.shop.Template(1, func(t *consent.Template) { t.Name = "one-more" }), s.clock.Now())
	if !errors.Is(err, consentdb.ErrTooMany) {
		t.Fatalf("one more: %v", err)
	}
	s.template(2, func(t *consent.Template) { t.Name = "ta" }) // of one that is there
}

// fsck sees a version that somebody changed or took away.
func TestReconcileTemplates(t *testing.T) {
	s := newScene(t)
	v1, _ := s.template(1)
	s.template(2, func(t *consent.Template) { t.Purposes[1].Days = 365 })
	s.do(s.store.PutRequest(t.Context(), s.shop.Request(consenttest.Repeating(v1)), s.clock.Now()))
	for _, c := range []struct{ sql, want string }{
		{`SELECT 1`, ""},
		{`UPDATE template SET hash = CAST('0' AS BYTEA) WHERE version = 2`, "not the text"},
		{`DELETE FROM template WHERE version = 1`, "version before it is missing"},
		{`DELETE FROM template`, "requests name a template"},
	} {
		s.do(s.db.Write(t.Context(), func(tx sqldb.Tx) error { _, err := tx.ExecContext(t.Context(), c.sql); return err }))
		found := ""
		s.do(s.store.Reconcile(t.Context(), s.ledger, func(d consentdb.Discrepancy) { found += d.What + "; " }))
		if c.want == "" && found != "" || !strings.Contains(found, c.want) {
			t.Errorf("%s: %q, want %q", c.sql, found, c.want)
		}
	}
}
