// Package sqldbtest gives tests a PostgreSQL server of their own: made in a temporary
// folder from what is installed, reached by a socket in it, gone with the test. It does
// not wait for its disk: what a power cut leaves is PostgreSQL's to promise, and no test
// here cuts power.
//
// # Trust
//
// None: who runs the tests may read all of it.
package sqldbtest

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"coffer/internal/sqldb"
)

// server is the one of this process.
var server struct {
	once   sync.Once
	mu     sync.Mutex // of byPath
	err    error
	dir    string
	owner  *syscall.Credential // nil: we ourselves
	name   string
	alive  io.Closer // the reaper's standard input: it waits for its end
	byPath map[string]string
}

// Postgres is the URL of an empty database of a real server, dropped with the test.
func Postgres(t testing.TB) string {
	t.Helper()
	server.once.Do(func() { server.err = start() })
	if server.err != nil {
		t.Fatalf("starting PostgreSQL: %v; install Debian's package postgresql (scripts/need postgres does)", server.err)
	}
	name := "t" + strings.ToLower(rand.Text())
	sql(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { sql(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return fmt.Sprintf("postgres://%s@/%s?host=%s", server.name, name, server.dir)
}

// Cut ends all connections to the test's database, as a server that is restarted does.
func Cut(t testing.TB, url string) {
	t.Helper()
	_, rest, _ := strings.Cut(url, "@/")
	name, _, _ := strings.Cut(rest, "?")
	sql(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
}

// SQL runs a statement in the test's database.
func SQL(t testing.TB, url, statement string) string {
	t.Helper()
	out, err := command("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement).CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func sql(t testing.TB, statement string) {
	t.Helper()
	SQL(t, fmt.Sprintf("postgres://%s@/postgres?host=%s", server.name, server.dir), statement)
}

// tool is where a program of the server is: on the path, or where Debian keeps it.
func tool(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return name // which then is not found
	}
	return found[len(found)-1]
}

func command(name string, args ...string) *exec.Cmd {
	c := exec.Command(tool(name), args...)
	c.Dir = server.dir
	c.SysProcAttr = &syscall.SysProcAttr{Credential: server.owner}
	return c
}

func start() error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	// A socket's path must be short, and the server does not run as root.
	if server.dir, err = os.MkdirTemp("/tmp", "coffer-pg-"); err != nil {
		return err
	}
	server.name = me.Username
	if me.Uid == "0" {
		nobody, err := user.Lookup("postgres")
		if err != nil {
			return err
		}
		uid, _ := strconv.Atoi(nobody.Uid)
		gid, _ := strconv.Atoi(nobody.Gid)
		server.owner, server.name = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nobody.Username
		if err := os.Chown(server.dir, uid, gid); err != nil {
			return err
		}
	}
	data := filepath.Join(server.dir, "data")
	if out, err := command("initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions").CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	log := filepath.Join(server.dir, "log")
	ctl := command("pg_ctl", "-D", data, "-s", "-w", "-l", log, "-o", "-k "+server.dir+" -c listen_addresses= -c max_connections=200 -c fsync=off -c full_page_writes=off", "start")
	// It must not hold our standard output, which would keep go test waiting.
	if err := ctl.Run(); err != nil {
		said, _ := os.ReadFile(log)
		return fmt.Errorf("pg_ctl: %w; the server said: %s", err, said)
	}
	// Whatever ends this process also ends the reaper's standard input.
	reaper := command("sh", "-c", `cat >/dev/null; "$0" -D "$1/data" -s -m immediate stop; rm -rf "$1"`, tool("pg_ctl"), server.dir)
	if server.alive, err = reaper.StdinPipe(); err != nil {
		return err
	}
	reaper.SysProcAttr.Setpgid = true // an interrupted test must not take it along
	return reaper.Start()
}

// Options are those of a database for tests, empty the first time that a test asks for
// this path: a file there, or a database of a real PostgreSQL server if COFFER_TEST_STORE
// is postgres.
func Options(t testing.TB, path string, schemas ...sqldb.Schema) sqldb.Options {
	t.Helper()
	o := sqldb.Options{Path: path, Schemas: schemas}
	switch store := os.Getenv("COFFER_TEST_STORE"); store {
	case "", "sqlite":
	case "postgres":
		server.mu.Lock()
		defer server.mu.Unlock()
		if server.byPath == nil {
			server.byPath = map[string]string{}
		}
		if server.byPath[path] == "" {
			server.byPath[path] = Postgres(t)
		}
		o.URL = server.byPath[path]
	default:
		t.Fatalf("COFFER_TEST_STORE is %q; want sqlite or postgres", store)
	}
	return o
}

// Dump is all that the database of a path holds, as text with bytes in hexadecimal
// digits.
func Dump(t testing.TB, path string) string {
	t.Helper()
	server.mu.Lock()
	url := server.byPath[path]
	server.mu.Unlock()
	out, err := command("pg_dump", "--data-only", "--inserts", "-d", url).Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	return string(out)
}

// OnPostgres reports whether Options are of PostgreSQL.
func OnPostgres() bool { return os.Getenv("COFFER_TEST_STORE") == "postgres" }
