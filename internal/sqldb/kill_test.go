package sqldb_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"coffer/internal/sqldb"
)

const killEnv = "COFFER_SQLDB_KILL_ME"

// TestMain turns the test binary into the program that is killed.
func TestMain(m *testing.M) {
	if spec := os.Getenv(pointEnv); spec != "" {
		dieAt(spec)
		os.Exit(workThrough(os.Getenv(killEnv)))
	}
	if path := os.Getenv(killEnv); path != "" {
		os.Exit(writeForever(path))
	}
	os.Exit(m.Run())
}

// writeForever prints the number of every write that was acknowledged.
func writeForever(path string) int {
	ctx := background()
	d, err := sqldb.Open(ctx, sqldb.Options{Path: path, Schemas: []sqldb.Schema{notes}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var start int
	err = d.Read(ctx, func(tx sqldb.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(n), 0) FROM note").Scan(&start)
	})
	if err != nil {
		return 1
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := start/8 + 1; ; i++ {
				n := i*8 + g
				err := d.Write(ctx, func(tx sqldb.Tx) error {
					// Two rows that belong together.
					if err := add(ctx, tx, n, "first half"); err != nil {
						return err
					}
					return add(ctx, tx, -n, "second half")
				})
				if err != nil {
					return
				}
				os.Stdout.Write(fmt.Appendf(nil, "%d\n", n))
			}
		})
	}
	wg.Wait()
	return 1
}

func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	d, path := create(t, notes)
	d.Close()
	acknowledged := map[string]bool{}
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killEnv+"="+path)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
			if n == 50+100*round {
				cmd.Process.Kill() // SIGKILL, in the middle of the others' writes
			}
		}
		cmd.Wait()
		if stderr.Len() > 0 {
			t.Fatalf("the writing program: %s", &stderr)
		}
	}
	if len(acknowledged) < 100 {
		t.Fatalf("only %d writes were acknowledged: nothing shown", len(acknowledged))
	}

	d, err := sqldb.Open(t.Context(), sqldb.Options{Path: filepath.Clean(path), Schemas: []sqldb.Schema{notes}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
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
	for n := range acknowledged {
		if !have[n] {
			t.Errorf("write %s was acknowledged and is gone", n)
		}
	}
	for n := range have {
		if other := negative(n); !have[other] {
			t.Errorf("write %s left one half", n)
		}
	}
}
