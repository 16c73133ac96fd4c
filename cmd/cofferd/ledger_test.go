package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/anchor"
)

// cofferd runs the command to its end and returns what it printed.
func cofferd(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	var b bytes.Buffer
	code = run(t.Context(), args, &b, &b)
	return b.String(), code
}

var motionName = regexp.MustCompile(`cofferd ledger vote (\S{43})`)

// TestMembersAsProcesses: four members decide by vote; one killed does not keep the
// others from deciding; with two away nothing is decided, and says so, until one is
// back; a member that was killed catches up; after a stop of all at once everything is
// there.
func TestMembersAsProcesses(t *testing.T) {
	h := newHigh(t)
	for i := range 4 {
		h.start(i)
	}
	h.number(1, 0, 1, 2, 3)
	out := h.do("ledger", "propose", "observer", "Shop 3", "--data", h.member(0))
	name := motionName.FindStringSubmatch(out)
	if name == nil || !strings.Contains(out, "1 for, 0 against, of 4") {
		t.Fatal(out)
	}
	if out := h.do("ledger", "motions", "--data", h.member(1)); !strings.Contains(out, name[1]) || !strings.Contains(out, "Shop 0 is for") {
		t.Error(out)
	}
	h.signal(3, syscall.SIGKILL)
	h.do("ledger", "vote", name[1], "--for", "--data", h.member(1))
	if out := h.do("ledger", "vote", name[1], "--for", "--data", h.member(2)); !strings.Contains(out, "decided: the register is number 2") {
		t.Error(out)
	}
	h.number(2, 0, 1, 2)

	// Three vote now, and all three must be there for more than two thirds of the power.
	h.signal(2, syscall.SIGSTOP)
	out = h.do("ledger", "motions", "--data", h.member(0))
	if !strings.Contains(out, "observer") || !strings.Contains(out, "register 2") {
		t.Error(out)
	}
	vote := make(chan string, 1)
	go func() {
		out, _ := cofferd(t, "ledger", "propose", "observer", "Shop 3", "--observer=false", "--data", h.member(0))
		vote <- out
	}()
	select {
	case out := <-vote:
		t.Errorf("with a third of the power away a ballot counted: %s", out)
	case <-time.After(2 * time.Second): // nothing to wait for: nothing must happen
	}
	h.signal(2, syscall.SIGCONT)
	if out := <-vote; !strings.Contains(out, "1 for, 0 against, of 3") {
		t.Error(out)
	}
	h.start(3)
	h.number(2, 0, 1, 2, 3)

	for i := range 4 {
		h.signal(i, syscall.SIGTERM)
	}
	for i := range 4 {
		_ = h.running[i].Wait()
	}
	for i := range 4 {
		h.start(i)
	}
	h.number(2, 0, 1, 2, 3)
	for i := range 4 {
		h.until(fmt.Sprintf("member %d knows what is voted on", i), func(ctx context.Context) bool {
			motions, err := h.client(i).Motions(ctx)
			return err == nil && len(motions) == 1
		})
	}
	for i := range 4 { // one log
		h.until("the heads agree", func(ctx context.Context) bool {
			a, errA := h.client(0).Head(ctx)
			b, errB := h.client(i).Head(ctx)
			return errA == nil && errB == nil && a.Height == b.Height && a.Root == b.Root
		})
	}
	h.rest()
}

// What is given to the ledger's commands wrongly gets an error that says what to do.
func TestLedgerCommandsRefuse(t *testing.T) {
	h := newHigh(t)
	write := func(name string, b []byte) string {
		t.Helper()
		if err := os.WriteFile(h.path(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
		return h.path(name)
	}
	read := func(path string) []byte {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	genesis, public := read(h.path("genesis.json")), read(filepath.Join(h.member(0), "public.json"))
	edited := func(edit func(*anchor.Member)) []byte {
		var m anchor.Member
		if err := json.Unmarshal(public, &m); err != nil {
			t.Fatal(err)
		}
		edit(&m)
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	h.do("ledger", "init", "--data", h.path("elsewhere"), "--chain", "low-street", "--name", "Away", "--country", "FR",
		"--contact", "x@y.example", "--url", "http://127.0.0.9:1", "--address", "127.0.0.9:2")
	h.do("ledger", "init", "--data", h.path("late"), "--chain", "high-street", "--name", "Late", "--country", "FR",
		"--contact", "x@y.example", "--url", "http://127.0.0.9:1", "--address", "127.0.0.9:2")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"half a genesis":          {[]string{"ledger", "join", write("half.json", genesis[:len(genesis)/2]), "--data", h.path("late")}, "is the file whole?"},
		"a genesis of another":    {[]string{"ledger", "join", h.path("genesis.json"), "--data", h.path("elsewhere")}, "run cofferd ledger init --chain high-street in an empty folder"},
		"no genesis":              {[]string{"ledger", "join", h.path("none.json"), "--data", h.path("late")}, "reading the genesis"},
		"joining twice":           {[]string{"ledger", "join", h.path("genesis.json"), "--data", h.member(0)}, "is the home of a ledger already"},
		"no member's folder":      {[]string{"member", "--data", h.dir}, "run: cofferd ledger init"},
		"not joined yet":          {[]string{"member", "--data", h.path("late")}, "not initialised"},
		"an operator too early":   {[]string{"init", "--data", h.path("late"), "--origin", "http://localhost:1"}, "run: cofferd ledger join"},
		"a second genesis":        {[]string{"ledger", "genesis", "--chain", "high-street", filepath.Join(h.member(0), "public.json"), "--out", h.path("genesis.json")}, "a ledger has one genesis"},
		"one key twice":           {[]string{"ledger", "genesis", "--chain", "x", write("a.json", public), write("b.json", edited(func(m *anchor.Member) { m.Name = "Another" })), "--out", h.path("x.json")}, "each member makes its own"},
		"a member of another":     {[]string{"ledger", "genesis", "--chain", "x", write("g.json", public), "--out", h.path("x.json")}, "made its keys for another ledger than \"x\"; ask it for the file of: cofferd ledger init --chain x"},
		"a bad country":           {[]string{"ledger", "genesis", "--chain", "x", write("c.json", edited(func(m *anchor.Member) { m.Country = "Germany" })), "--out", h.path("x.json")}, "ISO 3166-1"},
		"half a public file":      {[]string{"ledger", "genesis", "--chain", "x", write("d.json", public[:90]), "--out", h.path("x.json")}, "and whole?"},
		"an unknown key":          {[]string{"ledger", "genesis", "--chain", "x", write("e.json", bytes.Replace(public, []byte(`"name"`), []byte(`"nane"`), 1)), "--out", h.path("x.json")}, "nane"},
		"nobody votes":            {[]string{"ledger", "genesis", "--chain", "x", write("f.json", edited(func(m *anchor.Member) { m.Observer = true })), "--out", h.path("x.json")}, "nobody who votes"},
		"no daemon":               {[]string{"ledger", "motions", "--data", h.member(1)}, "run: cofferd member --data"},
		"neither for nor against": {[]string{"ledger", "vote", strings.Repeat("A", 43), "--data", h.member(1)}, "want --for or --against"},
		"an unknown proposal":     {[]string{"ledger", "propose", "expel", "Shop 3", "--data", h.member(1)}, "\"expel\" is not known to this program; run: cofferd ledger propose --help"},
		"an unknown command":      {[]string{"ledger", "conquer"}, "run: cofferd ledger --help"},
		"no proposal":             {[]string{"ledger", "vote", "yes", "--for", "--data", h.member(1)}, "43 characters"},
	} {
		if out, code := cofferd(t, c.args...); code == 0 || !strings.Contains(out, c.says) {
			t.Errorf("%s: status %d, %q; want %q", name, code, out, c.says)
		}
	}
	config := filepath.Join(h.member(2), memberConfigFile)
	if err := os.WriteFile(config, bytes.Replace(read(config), []byte(`"listen"`), []byte(`"lissen"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := cofferd(t, "member", "--data", h.member(2)); code == 0 || !strings.Contains(out, "lissen") {
		t.Errorf("an unknown key in member.json: %d %s", code, out)
	}
}
