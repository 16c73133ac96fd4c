package consentdb_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"coffer/consent/consentdb"
	"coffer/internal/sqldb/sqldbtest"
)

// A large file is not rewritten while everybody waits, but in its quiet hour, also after
// a restart; what lay in rows is overwritten at once, and the key is gone.
func TestALargeFileIsRewrittenInItsHour(t *testing.T) {
	if sqldbtest.OnPostgres() {
		t.Skip("PostgreSQL rewrites nothing while anybody waits")
	}
	s := newScene(t)
	s.give()
	hour := s.clock.Now().Local().Hour()
	s.store.Rewrite(consentdb.Rewriting{Below: 1, Hour: (hour + 2) % 24})
	if _, err := s.store.Erase(t.Context(), s.shopper.Vault, nil, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	pages := func() (n int64) {
		info, err := os.Stat(filepath.Join(s.folder, "coffer.db"))
		s.do(err)
		return info.Size()
	}
	before := pages()
	s.do(s.outbox().Sweep(t.Context()))
	if pages() != before {
		t.Error("it was rewritten outside of its hour")
	}
	s.reopen()
	s.store.Rewrite(consentdb.Rewriting{Below: 1, Hour: (hour + 2) % 24})
	s.clock.Add(2 * time.Hour)
	s.do(s.outbox().Sweep(t.Context()))
	if pages() >= before {
		t.Error("it was not rewritten in its hour")
	}
	b, err := os.ReadFile(filepath.Join(s.folder, "coffer.db"))
	if err != nil || bytes.Contains(b, s.shopper.Vault[:]) {
		t.Errorf("the vault's id is still in the file, or %v", err)
	}
}
