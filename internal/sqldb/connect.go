package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
)

// applicationID marks the file as Coffer's ("Coff" in ASCII), see
// https://www.sqlite.org/pragma.html#pragma_application_id
const applicationID = 0x436f6666

// wanted are the settings that the promises of this package rest on. They are
// asked for in the DSN, which reaches every connection, and read back on each one
// before it is used: SQLite ignores what it does not know. What a savepoint needs to be
// undone stays in memory (temp_store): in a file it would be a copy that nobody
// overwrites, and costs a turn as much as its commit.
var wanted = []setting{
	{"journal_mode", "_journal_mode=WAL", "wal"},
	{"synchronous", "_synchronous=FULL", "2"},
	{"foreign_keys", "_foreign_keys=on", "1"},
	{"secure_delete", "_secure_delete=on", "1"},
	{"temp_store", "", "2"},
}

// smallCache is the page cache of a connection that asks for no other, in KiB, taken as
// it is needed. A reader's pages are good until the next commit only.
const smallCache = 16 << 10

// setting is one pragma. Where the driver has no word for it in the DSN, dsn is empty
// and it is set when the connection is made.
type setting struct{ pragma, dsn, value string }

// connector makes connections of one kind: the writing one, or reading ones.
type connector struct {
	path  string
	write bool
	wait  time.Duration
	cache int // KiB; 0 means smallCache
}

func (c connector) settings() []setting {
	ms := strconv.FormatInt(c.wait.Milliseconds(), 10)
	return append(wanted[:len(wanted):len(wanted)], setting{"busy_timeout", "_busy_timeout=" + ms, ms},
		setting{"wal_autocheckpoint", "", strconv.Itoa(logPages)})
}

func (c connector) dsn() string {
	var q []string
	for _, w := range c.settings() {
		if w.dsn != "" {
			q = append(q, w.dsn)
		}
	}
	// database/sql gives a connection to one goroutine at a time: SQLite's own locks
	// around it would only cost.
	q = append(q, "_mutex=no", "_stmt_cache_size=256", "_cache_size=-"+strconv.Itoa(max(c.cache, smallCache)))
	if c.write {
		q = append(q, "mode=rw")
	} else {
		q = append(q, "mode=ro", "_query_only=on")
	}
	// url.PathEscape, so that a path with ? or % stays a path.
	return "file:" + strings.ReplaceAll(url.PathEscape(c.path), "%2F", "/") + "?" + strings.Join(q, "&")
}

func (c connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	d := sqlite3.SQLiteDriver{ConnectHook: c.check}
	return d.Open(c.dsn())
}

func (c connector) check(conn *sqlite3.SQLiteConn) error {
	for _, w := range c.settings() {
		if w.dsn == "" {
			if _, err := conn.Exec("PRAGMA "+w.pragma+" = "+w.value, nil); err != nil {
				return fmt.Errorf("setting %s: %w", w.pragma, err)
			}
		}
		if got, err := pragma(conn, w.pragma); err != nil {
			return fmt.Errorf("reading back %s: %w", w.pragma, err)
		} else if got != w.value {
			return fmt.Errorf("reading back %s: have %s, want %s", w.pragma, got, w.value)
		}
	}
	return nil
}

func pragma(conn *sqlite3.SQLiteConn, name string) (string, error) {
	rows, err := conn.Query("PRAGMA "+name, nil)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	v := make([]driver.Value, 1)
	if err := rows.Next(v); err == io.EOF {
		return "", fmt.Errorf("pragma %s is unknown", name)
	} else if err != nil {
		return "", err
	}
	return fmt.Sprint(v[0]), nil
}

// stamp turns an empty file into an empty Coffer database.
func stamp(ctx context.Context, path string) error {
	db := sql.OpenDB(connector{path: path, write: true})
	defer db.Close()
	_, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	return err
}
