package sqldb_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/internal/crash"
	"coffer/internal/sqldb"
)

const pointEnv = "COFFER_SQLDB_DIE_AT"

// dieAt makes this process kill itself when it comes to the point for the nth time.
func dieAt(spec string) {
	point, n, _ := strings.Cut(spec, ":")
	left, _ := strconv.Atoi(n)
	crash.At = func(p crash.Point) {
		if p != crash.Point(point) {
			return
		}
		if left--; left == 0 {
			time.Sleep(20 * time.Millisecond) // so that who was told too early says so
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it is dead
		}
	}
}

// workThrough writes, folds and rewrites, and says what was acknowledged.
func workThrough(path string) int {
	ctx := background()
	d, err := sqldb.Open(ctx, sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for n := 1; n <= 40; n++ {
		err := d.Write(ctx, func(tx sqldb.Tx) error {
			if err := add(ctx, tx, n, strings.Repeat("first half ", 500)); err != nil {
				return err
			}
			return add(ctx, tx, -n, "second half")
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		os.Stdout.Write(fmt.Appendf(nil, "%d\n", n))
		switch {
		case n%15 == 0:
			err = d.Vacuum(ctx)
		case n%10 == 0:
			err = d.Checkpoint(ctx)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

// A program that is killed at any point at which it writes loses nothing that it
// acknowledged, leaves nothing by halves, and a file that is whole.
func TestKilledAtEveryPoint(t *testing.T) {
	for _, p := range []crash.Point{crash.Begun, crash.Saved, crash.Released, crash.Committing, crash.Committed,
		crash.Folding, crash.Folded, crash.Rewriting, crash.Rewritten} {
		for _, n := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s %d", p, n), func(t *testing.T) {
				d, path := create(t, notes)
				d.Close()
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), pointEnv+"="+fmt.Sprintf("%s:%d", p, n), killEnv+"="+path)
				var stderr bytes.Buffer
				cmd.Stderr = &stderr
				out, err := cmd.Output()
				if !killed(err) {
					t.Fatalf("the program was not killed there: %v, %s", err, &stderr)
				}
				whole(t, path, strings.Fields(string(out)))
			})
		}
	}
}

func killed(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// whole opens a database and holds it against what was acknowledged.
func whole(t *testing.T, path string, acknowledged []string) {
	t.Helper()
	d, err := sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Damage(t.Context(), func(what string) { t.Errorf("damaged: %s", what) }); err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	err = d.Read(t.Context(), func(tx sqldb.Tx) error {
		rows, err := tx.QueryContext(t.Context(), "SELECT n FROM note")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				return err
			}
			have[fmt.Sprint(n)] = true
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range acknowledged {
		if !have[n] {
			t.Errorf("write %s was acknowledged and is gone", n)
		}
	}
	for n := range have {
		if !have[negative(n)] {
			t.Errorf("write %s left one half", n)
		}
	}
	if len(have) > 2*(len(acknowledged)+1) {
		t.Errorf("%d rows of %d acknowledged writes", len(have), len(acknowledged))
	}
	err = d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, 1000, "it goes on") })
	if err != nil {
		t.Fatal(err)
	}
}

// written makes a database with n writes and copies its files as they lie while it is
// open: its log is not folded in.
func written(t *testing.T, n int) (path string, acknowledged []string) {
	t.Helper()
	d, from := create(t, notes)
	defer d.Close()
	for i := 1; i <= n; i++ {
		err := d.Write(t.Context(), func(tx sqldb.Tx) error {
			if err := add(t.Context(), tx, i, strings.Repeat("first half ", 100)); err != nil {
				return err
			}
			return add(t.Context(), tx, -i, "second half")
		})
		if err != nil {
			t.Fatal(err)
		}
		acknowledged = append(acknowledged, fmt.Sprint(i))
	}
	path = filepath.Join(t.TempDir(), "copy.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(from + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+end, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path, acknowledged
}

// A log that ends in the middle of a frame, as after a power cut in a write that nobody
// was told of, is good up to there.
func TestTornLog(t *testing.T) {
	path, acknowledged := written(t, 20)
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	const frame = 24 + 4096
	for name, torn := range map[string][]byte{
		"a frame begun":             append(log[:len(log):len(log)], log[len(log)-frame:len(log)-1000]...),
		"an old frame behind":       append(log[:len(log):len(log)], log[32:32+frame]...),
		"noise behind":              append(log[:len(log):len(log)], bytes.Repeat([]byte{0xa5}, 3*frame)...),
		"half of a header behind":   append(log[:len(log):len(log)], 0, 0, 0),
		"the last commit cut short": log[:len(log)-100], // whose writer was not told
	} {
		t.Run(name, func(t *testing.T) {
			again := filepath.Join(t.TempDir(), "torn.db")
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(os.WriteFile(again, b, 0o600), os.WriteFile(again+"-wal", torn, 0o600)); err != nil {
				t.Fatal(err)
			}
			told := acknowledged
			if len(torn) < len(log) {
				told = told[:len(told)-1]
			}
			whole(t, again, told)
		})
	}
}

// A page that is not what SQLite wrote is found, and the error says what to do.
func TestDamagedPage(t *testing.T) {
	d, path := create(t, notes)
	for i := range 200 {
		err := d.Write(t.Context(), func(tx sqldb.Tx) error { return add(t.Context(), tx, i, strings.Repeat("text ", 200)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for i := 10 * page; i < len(b); i++ {
		b[i] = 0xa5
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if d, err = sqldb.Open(t.Context(), sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes}}); err != nil {
		t.Fatal(err) // its first pages are whole
	}
	defer d.Close()
	found := 0
	if err := d.Damage(t.Context(), func(string) { found++ }); err != nil || found == 0 {
		t.Errorf("%d damages found: %v", found, err)
	}
	err = d.Read(t.Context(), func(tx sqldb.Tx) error {
		var n int
		return tx.QueryRowContext(t.Context(), "SELECT SUM(LENGTH(body)) FROM note").Scan(&n)
	})
	if !errors.Is(err, sqldb.ErrDamaged) || !strings.Contains(err.Error(), "cofferd restore") {
		t.Errorf("reading: %v", err)
	}
	// The first page is what a program sees first.
	copy(b, bytes.Repeat([]byte{0xa5}, page))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "first.db"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = sqldb.Open(t.Context(), sqldb.Options{Path: filepath.Join(filepath.Dir(path), "first.db"), Schemas: []sqldb.Schema{notes}})
	if !errors.Is(err, sqldb.ErrDamaged) {
		t.Errorf("opening: %v", err)
	}
}
