package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchortest"
)

// Members joined after the validators were saved: what is verified with the file goes on,
// and where the change is missing or forged the words say what to do.
func TestSuccessionOnTheCommandLine(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	l := anchortest.NewMemory("cli-succession", func() time.Time { return now })
	r := mux.NewRouter()
	anchorhttp.Routes(r, l)
	anchorhttp.Members(r, l)
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	folder := t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	coffer := func(args ...string) (int, string) {
		t.Helper()
		var out, errs strings.Builder
		status := run(t.Context(), args, strings.NewReader(""), &out, &errs)
		return status, out.String() + errs.String()
	}
	if status, said := coffer("ledger", "validators", "--ledger", s.URL, "--out", file("validators.json")); status != 0 {
		t.Fatal(said)
	}
	if err := l.Append(t.Context(), anchortest.NewRelation("cli-succession", "anna").Grant(anchor.EpochAt(now), 7)); err != nil {
		t.Fatal(err)
	}
	watch := []string{"ledger", "watch", "--once", "--ledger", s.URL, "--state", file("state.json"), "--validators", file("validators.json")}
	if status, said := coffer(watch...); status != 0 {
		t.Fatal(said)
	}
	l.Succeed(anchortest.NewSigners("cli-succession", 10, 10, 10, 10))
	for range 2 { // the second time it began with others than sign now
		if status, said := coffer(watch...); status != 0 {
			t.Fatalf("watching over the change: %s", said)
		}
	}
	fetch := []string{"ledger", "succession", "--ledger", s.URL, "--validators", file("validators.json"), "--out", file("succession.json")}
	if status, said := coffer(fetch...); status != 0 || !strings.Contains(said, "1 changes since") {
		t.Fatalf("fetching: %s", said)
	}
	var kept anchor.Succession
	b, err := os.ReadFile(file("succession.json"))
	if err == nil {
		err = json.Unmarshal(b, &kept)
	}
	if newest, verr := kept.Newest(); err != nil || verr != nil || len(newest.Validators) != 4 {
		t.Fatalf("what was saved: %v, %v", err, verr)
	}

	refused := func(what, want string, args ...string) {
		t.Helper()
		if status, said := coffer(args...); status == 0 || !strings.Contains(said, want) {
			t.Errorf("%s: status %d, want words with %q:\n%s", what, status, want, said)
		}
	}
	write := func(name string, v any) string {
		b, err := json.Marshal(v)
		if err == nil {
			err = os.WriteFile(file(name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		return file(name)
	}
	trail := write("trail.ndjson", "")
	strangers := anchortest.NewSigners("cli-succession", 10, 10, 10)
	forged := kept
	forged.Steps = []anchor.Step{strangers.Step(9, now, anchor.AppHash([32]byte{}, 0, [32]byte{1}), strangers)}
	refused("a forged file", "ask another member", "audit", trail, "--validators", file("validators.json"), "--succession", write("forged.json", forged))
	refused("a file for another set", "begins with other validators", "audit", trail, "--validators", write("four.json", strangers.Set), "--succession", file("succession.json"))
	refused("a file cut off", "fetch it with: coffer ledger succession", "audit", trail, "--validators", file("validators.json"), "--succession", trail)
	refused("a set that never signed", "ask another member", "ledger", "succession", "--ledger", s.URL, "--validators", file("four.json"))
	l.Usurp(strangers)
	refused("usurpers", "VIOLATION  succession", watch...)
}
