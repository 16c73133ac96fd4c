package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"coffer/internal/id"
	"coffer/internal/telemetry"
)

func TestCleanTakesOutWhatCouldBeSomebodys(t *testing.T) {
	v := id.New[id.Vault]()
	for said, want := range map[string]string{
		"reading the grant: " + v.String():                                         "reading the grant: [removed]",
		"answering zsofia.kovacs@example.hu: no":                                   "answering [removed] no",
		`parsing "Kovács Zsófia": invalid syntax`:                                  `parsing "…": invalid syntax`,
		`Post "https://hooks.example/t0ken?x=1": dial tcp 10.0.0.1:443: refused`:   `Post "…": dial tcp 10.0.0.1:443: refused`,
		`parsing "Kovács \"Zs" is cut`:                                             `parsing "…" is cut`,
		`it ends in "Kovács`:                                                       `it ends in "…"`,
		"read tcp 10.0.0.1:8080->198.51.100.7:5123: reset":                         "read tcp 10.0.0.1:8080->[removed] reset",
		"token eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLXh4eHh4eHh4eA ok": "token [removed] ok",
		"digest 9f86d081884c7d659a2feaa0c55ad015":                                  "digest [removed]",
		"postgres://coffer:hunter2@db.example/coffer":                              "[removed]",
		"another program is reading the database; end it and try again":            "another program is reading the database; end it and try again",
		"/var/lib/coffer-operator-number-one/coffer.db: disk I/O error":            "/var/lib/coffer-operator-number-one/coffer.db: disk I/O error",
	} {
		if got := telemetry.Clean(said); got != want {
			t.Errorf("%q becomes\n %q, want\n %q", said, got, want)
		}
	}
}

type reason string

func TestLogLetsTheVocabularyThroughOnly(t *testing.T) {
	var out bytes.Buffer
	m := telemetry.New(version)
	log := slog.New(telemetry.Log(slog.NewJSONHandler(&out, nil), m)).With("chain", "high-street", "name", "Zsófia").WithGroup("shopper")
	log.Error("answering a@b.example", "error", errors.New(`no "Zsófia"`), "given-name", "Zsófia", "took", time.Second, "status", "Zsófia",
		"business", "did:web:corner.example:with-a-Name-that-is-long", "reason", reason("not-anchored"), slog.Group("who", "name", "Zsófia"), "count", 3)
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "time")
	want := map[string]any{"level": "ERROR", "msg": "answering [removed]", "chain": "high-street", "error": `no "…"`, "took": 1e9, "status": "not a number",
		"business": "did:web:corner.example:with-a-Name-that-is-long", "reason": "not-anchored", "count": 3.0, "unlisted": 2.0}
	for k := range want {
		if got[k] != want[k] {
			t.Errorf("%s: %v, want %v", k, got[k], want[k])
		}
		delete(got, k)
	}
	if len(got) > 0 {
		t.Errorf("and %v", got)
	}
	for _, want := range []string{`coffer_log_lines_total{level="error"} 1`, `coffer_log_unlisted_total 2`} {
		if !strings.Contains(numbers(t, m), want+"\n") {
			t.Errorf("no %s", want)
		}
	}
}

// Whoever writes to a daemon's log uses the vocabulary: every call is looked at.
func TestEveryLineUsesTheVocabulary(t *testing.T) {
	calls := 0
	for _, top := range []string{"anchor", "vault", "consent", "policies", "internal", "cmd/cofferd"} {
		err := filepath.WalkDir("../../"+top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") ||
				strings.Contains(path, "consent/business/") || strings.Contains(path, "internal/telemetry/") || strings.HasSuffix(path, "bft/logger.go") {
				return err // a business logs as it likes; CometBFT's lines are filtered as they come
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files := token.NewFileSet()
			f, err := parser.ParseFile(files, path, source, 0)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				s, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !logger.Match(source[s.X.Pos()-1:s.X.End()-1]) {
					return true
				}
				for _, key := range keysOf(s.Sel.Name, call.Args) {
					calls++
					name, err := strconv.Unquote(key)
					if err != nil || !telemetry.Listed(name) {
						t.Errorf("%s: the key %s is not in the vocabulary", files.Position(call.Pos()), key)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if calls < 60 {
		t.Errorf("found only %d keys: the search is broken", calls)
	}
}

var logger = regexp.MustCompile(`(?i)(^|\.)(log|logger|slog|l)$`)

// keysOf are the keys of a call, as they are written in the source.
func keysOf(method string, args []ast.Expr) (keys []string) {
	from := 1
	switch method {
	case "DebugContext", "InfoContext", "WarnContext", "ErrorContext":
		from = 2
	case "Debug", "Info", "Warn", "Error":
	case "With", "String", "Int", "Duration", "Any", "Bool", "Int64", "Uint64", "Time":
		from = 0
	default:
		return nil
	}
	for i := from; i < len(args); i += 2 {
		if lit, ok := args[i].(*ast.BasicLit); ok {
			keys = append(keys, lit.Value)
		} else if _, attr := args[i].(*ast.CallExpr); !attr {
			keys = append(keys, "(not a constant)")
		}
	}
	return keys
}
