package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"coffer/policies"
)

const night = `@id("O01-no-night-collection")
@title("Nothing is collected before six o'clock (UTC)")
forbid (principal, action == Coffer::Action::"collect", resource is Coffer::Grant)
when { context.now.toTime() < duration("6h") };
`

// at is a folder with these files.
func at(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func newFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	config := `{"version":1,"origin":"http://localhost:8080","listen":"localhost:8080","chain":"coffer-test","heartbeat":"30s","business_rate":0}`
	with := map[string]string{configFile: config}
	for name, text := range files {
		with[name] = text
	}
	return at(t, with)
}

// calls runs the program; want is in what it prints, on either output.
func calls(t *testing.T, status int, want []string, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(context.Background(), args, &out, &errs); got != status {
		t.Errorf("cofferd %v: status %d, want %d\n%s%s", args, got, status, &out, &errs)
	}
	for _, w := range want {
		if !strings.Contains(out.String()+errs.String(), w) {
			t.Errorf("cofferd %v does not say %q:\n%s%s", args, w, &out, &errs)
		}
	}
}

func TestPolicyListAndExplain(t *testing.T) {
	folder := newFolder(t, map[string]string{"policies/night.cedar": night})
	calls(t, 0, []string{"M01-no-marketing-to-children", "floor.cedar:", "R02-collect", "permit", "O01-no-night-collection", "night.cedar:1", "version "}, "policy", "list", "--data", folder)
	calls(t, 0, []string{"Nothing is collected", "night.cedar, line 1", "toTime"}, "policy", "explain", "--data", folder, "O01-no-night-collection")
	calls(t, 0, []string{"deny", "M01-no-marketing-to-children", "A child's data"}, "policy", "explain", "--data", folder, "collect", "minor=true")
	calls(t, 0, []string{"allow", "R02-collect"}, "policy", "explain", "--data", folder, "collect")
	calls(t, 2, []string{"no such key"}, "policy", "explain", "--data", folder, "collect", "colour=red")
	calls(t, 1, []string{"cofferd policy list"}, "policy", "explain", "--data", folder, "no-such")
	calls(t, 2, []string{"want the id"}, "policy", "explain")
	calls(t, 2, []string{"list, test, explain and replay"}, "policy", "lsit")
	calls(t, 1, []string{"cofferd init"}, "policy", "list", "--data", filepath.Join(folder, "nowhere"))
	t.Chdir(t.TempDir()) // no data folder anywhere: the shipped rules
	calls(t, 0, []string{"R02-collect"}, "policy", "list")
}

func TestPolicyTest(t *testing.T) {
	folder := newFolder(t, map[string]string{
		"policies/night.cedar": night,
		"policies/night.txt":   "deny O01-no-night-collection collect time=2026-11-21T05:59:00Z\nallow * collect\n",
	})
	calls(t, 0, []string{"the shipped table: ", "night.txt: 2 of 2 cases hold"}, "policy", "test", "--data", folder)
	wrong := filepath.Join(at(t, map[string]string{"wrong.txt": "allow * collect\nallow R02-collect collect state=withdrawn minor=true\n"}), "wrong.txt")
	calls(t, 1, []string{"wrong.txt: 1 of 2 cases hold", "state=withdrawn", "G03-grant-live", "M01-no-marketing-to-children", "1 of 2 cases fail"}, "policy", "test", "--data", folder, wrong)
	bad := filepath.Join(at(t, map[string]string{"bad.txt": "allow collect\n"}), "bad.txt")
	calls(t, 1, []string{"bad.txt", "line 1"}, "policy", "test", "--data", folder, bad)
	empty := filepath.Join(at(t, map[string]string{"empty.txt": "# nothing\n"}), "empty.txt")
	calls(t, 1, []string{"no cases"}, "policy", "test", "--data", folder, empty)
	calls(t, 1, []string{"reading a decision table"}, "policy", "test", "--data", folder, filepath.Join(folder, "nowhere.txt"))
}

func TestAnOperatorsPermitStopsTheStart(t *testing.T) {
	folder := newFolder(t, map[string]string{"policies/all.cedar": `@id("O01") @title("All") permit (principal, action, resource);`})
	if _, err := loadPolicies(folder); err == nil || !strings.Contains(err.Error(), "all.cedar, line 1") || !strings.Contains(err.Error(), "may only forbid") {
		t.Errorf("a permit: %v", err)
	}
	calls(t, 1, []string{"all.cedar, line 1", "may only forbid"}, "policy", "list", "--data", folder)
}

func TestPolicyReplay(t *testing.T) {
	rules, err := policies.New()
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, question := range []string{"collect", "collect time=2026-11-21T05:00:00Z", "collect time=2026-11-21T05:00:00Z", "message sent=7 cap=9"} {
		q, err := policies.ParseQuestion(strings.Fields(question))
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(policies.Judgement{Question: q, Ruling: rules.Decide(q)}.Line(), '\n'))
	}
	path := filepath.Join(at(t, map[string]string{"decisions.ndjson": text.String()}), "decisions.ndjson")
	calls(t, 0, []string{"4 decisions: 0 would be denied"}, "policy", "replay", path, "--with", t.TempDir())
	calls(t, 1, []string{"O01-no-night-collection", "DirectMarketing", "4 decisions: 2 would be denied that were allowed, 0 allowed", "2 of 4 decisions would differ"},
		"policy", "replay", path, "--with", at(t, map[string]string{"night.cedar": night}))
	calls(t, 1, []string{"line 5 of the log"}, "policy", "replay", filepath.Join(at(t, map[string]string{"cut": text.String() + "{"}), "cut"), "--with", t.TempDir())
	calls(t, 2, []string{"--with new-rules"}, "policy", "replay", path)
	calls(t, 1, []string{"no log of decisions in"}, "policy", "replay", "--data", t.TempDir(), "--with", t.TempDir())
	whole, _, _ := strings.Cut(text.String(), "\n")
	live := newFolder(t, map[string]string{"decisions/decisions-000009.ndjson": text.String(), "decisions/decisions-000010.ndjson": whole + "\n" + whole[:50]})
	calls(t, 0, []string{"5 decisions: 0 would be denied"}, "policy", "replay", "--data", live, "--with", t.TempDir()) // the fifth is being written
	calls(t, 1, []string{"is no folder"}, "policy", "replay", path, "--with", path)
	calls(t, 1, []string{"loading the rules"}, "policy", "replay", path, "--with", at(t, map[string]string{"p.cedar": "permit"}))
}
