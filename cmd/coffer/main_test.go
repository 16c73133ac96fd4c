package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"coffer/consent"
	"coffer/consent/business"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"coffer": func() {
			now := time.Now
			if off, err := time.ParseDuration(os.Getenv("CLOCK_OFF")); err == nil {
				now = func() time.Time { return time.Now().Add(off) }
			}
			os.Exit(run(withClock(context.Background(), now), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// The scripts drive the command as a person would; v1 holds files that version 1
// wrote and that every later one reads.
func TestScripts(t *testing.T) {
	w := newWorld(t)
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			return os.CopyFS(filepath.Join(env.WorkDir, "v1"), os.DirFS(filepath.Join("testdata", "v1")))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"edit": edit, "cut": cut, "status": status, "first": first, "hold": hold, "operator": w.operator, "shopper": w.shopper,
		},
	})
}

// edit replaces a text in a file that must have it: edit FILE OLD NEW.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	old := ts.ReadFile(args[0])
	if neg || len(args) != 3 || !strings.Contains(old, args[1]) {
		ts.Fatalf("edit FILE OLD NEW, and FILE must have OLD")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(old, args[1], args[2], 1)), 0o600))
}

// cut takes the second half of a file away.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	old := ts.ReadFile(args[0])
	if neg || len(args) != 1 {
		ts.Fatalf("cut FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(old[:len(old)/2]), 0o600))
}

// first puts the first word of a file into a variable: first FILE NAME.
func first(ts *testscript.TestScript, neg bool, args []string) {
	if words := strings.Fields(ts.ReadFile(args[0])); !neg && len(args) == 2 && len(words) > 0 {
		ts.Setenv(args[1], words[0])
		return
	}
	ts.Fatalf("first FILE NAME, and FILE must have a word")
}

// hold works with a business's folder until the script ends: hold FOLDER.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("hold FOLDER")
	}
	b, err := business.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Defer(func() { b.Close() })
}

// status runs a command that must end with that status: status CODE COMMAND….
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("status CODE COMMAND…")
	}
	got := "0"
	var ended *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &ended) {
		got = strconv.Itoa(ended.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("%s ended with status %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// What a DPO runs against a trail links no database, no policy engine and no
// ledger node.
func TestLinksNoServer(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 100 {
		t.Fatalf("go list names %d packages only", len(deps))
	}
	for _, dep := range deps {
		for _, barred := range []string{"mattn/go-sqlite3", "jackc/pgx", "pressly/goose", "cedar-policy", "cometbft", "coffer/consent/consentdb",
			"coffer/vault/vaultdb", "coffer/internal/sqldb", "coffer/policies", "coffer/anchor/bft", "go-webauthn"} {
			if strings.Contains(dep, barred) {
				t.Errorf("coffer links %s", dep)
			}
		}
	}
}

// Every command has a sentence, and every one that takes something an example.
func TestHelpTeaches(t *testing.T) {
	all := append(newRoot().Commands(), newRoot())
	for i := 0; i < len(all); i++ {
		c := all[i]
		all = append(all, c.Commands()...)
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the short help is %q, want a sentence without its full stop", c.CommandPath(), c.Short)
		}
		if c.RunE != nil && !c.HasSubCommands() && c.Name() != "version" && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
	}
}

// The files that the help shows are files that the command reads.
func TestHelpExamplesAreRead(t *testing.T) {
	example := func(command ...string) string {
		cmd, _, err := newRoot().Find(command)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, ok := strings.Cut(cmd.Long, "\n\n  {")
		if !ok {
			t.Fatalf("the help of %v shows no file", command)
		}
		text, _, _ := strings.Cut(rest, "\n\n")
		path := filepath.Join(t.TempDir(), "example.json")
		if err := os.WriteFile(path, []byte("{"+text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if _, err := business.ReadProfile(example("key", "new")); err != nil {
		t.Error(err)
	}
	if _, err := business.ReadPurposes(example("request")); err != nil {
		t.Error(err)
	}
}

// Every reason for a denial is said in words.
func TestDenialsAreExplained(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "consent", "check.go"))
	if err != nil {
		t.Fatal(err)
	}
	reasons := regexp.MustCompile(`DenialReason = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(reasons) < 8 {
		t.Fatalf("found %d reasons only", len(reasons))
	}
	for _, r := range reasons {
		if denials[consent.DenialReason(r[1])] == "" {
			t.Errorf("%s is not explained", r[1])
		}
	}
}
