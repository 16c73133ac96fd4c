package sqldb

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every pooled connection has the settings: a pragma that is executed reaches one.
func TestSettingsOfEveryConnection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "with ? and % in it.db")
	d, err := Create(t.Context(), Options{Path: path, Readers: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	conns := []*sql.Conn{d.conn}
	for range 3 {
		c, err := d.read.Conn(t.Context()) // all three held at once
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for i, c := range conns {
		for _, w := range (connector{wait: 10 * time.Second}).settings() {
			var got string
			if err := c.QueryRowContext(t.Context(), "PRAGMA "+w.pragma).Scan(&got); err != nil || got != w.value {
				t.Errorf("connection %d: %s = %s, %v; want %s", i, w.pragma, got, err, w.value)
			}
		}
	}
}

func TestUnmetSettingIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "coffer.db")
	d, err := Create(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	d.Close()
	was := wanted
	defer func() { wanted = was }()
	for _, unmet := range []setting{
		{"synchronous", "_synchronous=NORMAL", "2"}, // SQLite did something else
		{"strict_types", "", "1"},                   // SQLite ignored it silently
	} {
		wanted = []setting{unmet}
		db := sql.OpenDB(connector{path: path, write: true})
		if err := db.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), unmet.pragma) {
			t.Errorf("%s: %v, want an error that names it", unmet.pragma, err)
		}
		db.Close()
	}
}
