package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"github.com/rogpeppe/go-internal/testscript"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchortest"
)

// fakeMember serves a ledger over HTTP, or another one under the same keys.
type fakeMember struct {
	truth, shown atomic.Pointer[anchortest.Memory]
	condition    atomic.Pointer[anchor.Condition]
	server       *httptest.Server
}

var memberNoon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func serveMember() *fakeMember {
	m := &fakeMember{}
	m.condition.Store(&anchor.Condition{})
	m.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r := mux.NewRouter()
		anchorhttp.Routes(r, m.shown.Load())
		anchorhttp.Members(r, m.shown.Load())
		anchorhttp.Status(r, "script", func() anchor.Condition { return *m.condition.Load() })
		r.ServeHTTP(w, req)
	}))
	return m
}

// memberLog is a log of n entries, one of each name.
func memberLog(name string, n int) (*anchortest.Memory, error) {
	l := anchortest.NewMemory("script", func() time.Time { return memberNoon })
	return l, growLog(l, name, 0, n)
}

func growLog(l *anchortest.Memory, name string, from, to int) error {
	person, now := anchortest.NewRelation("script", name), anchor.EpochAt(memberNoon)
	for i := from; i < to; i++ {
		var e anchor.Entry = person.Permit(now, i)
		if i == 0 {
			e = person.Grant(now, 31)
		}
		if err := l.Append(context.Background(), e); err != nil {
			return err
		}
	}
	return nil
}

// The scripts drive the commands against a member that can be told to lie:
// member N, grow N, lie N, truth, down, up, alarmed.
func TestLedgerScripts(t *testing.T) {
	type key struct{}
	member := func(ts *testscript.TestScript) *fakeMember { return ts.Value(key{}).(*fakeMember) }
	size := func(ts *testscript.TestScript, args []string) int {
		if len(args) != 1 {
			ts.Fatalf("want a number of entries")
		}
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		return n
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "ledger"),
		Setup: func(env *testscript.Env) error {
			m := serveMember()
			env.Defer(m.server.Close)
			env.Values[key{}] = m
			env.Setenv("MEMBER", m.server.URL)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"cut": cut, "status": status,
			"member": func(ts *testscript.TestScript, _ bool, args []string) {
				l, err := memberLog("anna", size(ts, args))
				ts.Check(err)
				member(ts).truth.Store(l)
				member(ts).shown.Store(l)
			},
			"grow": func(ts *testscript.TestScript, _ bool, args []string) {
				l := member(ts).truth.Load()
				head, err := l.Head(context.Background())
				ts.Check(err)
				ts.Check(growLog(l, "anna", int(head.Size), size(ts, args)))
			},
			"lie": func(ts *testscript.TestScript, _ bool, args []string) {
				l, err := memberLog("ben", size(ts, args))
				ts.Check(err)
				member(ts).shown.Store(l)
			},
			"truth": func(ts *testscript.TestScript, _ bool, _ []string) { member(ts).shown.Store(member(ts).truth.Load()) },
			"down":  func(ts *testscript.TestScript, _ bool, _ []string) { member(ts).shown.Load().Down(true) },
			"alarmed": func(ts *testscript.TestScript, _ bool, _ []string) {
				since := time.Now().Add(-time.Minute)
				member(ts).condition.Store(&anchor.Condition{
					Alarms:  []anchor.Alarm{{Kind: anchor.AlarmSplit, Since: since, Detail: "Shop 3 shows another log", Evidence: "e-1.json"}},
					Members: []anchor.Seen{{Name: "Shop 2", Sight: anchor.SightSilent}, {Name: "Shop 3", Sight: anchor.SightAnother, Size: 7, At: since}, {Name: "Shop 4", Sight: anchor.SightSame, Size: 8, At: since}},
				})
			},
			"up": func(ts *testscript.TestScript, _ bool, _ []string) { member(ts).shown.Load().Down(false) },
		},
	})
}

// linesThen calls a function at each line that is written.
type linesThen func(line string)

func (l linesThen) Write(p []byte) (int, error) { l(string(p)); return len(p), nil }

// TestWatchFollows: without --once it goes on over a member that is down and one
// that grows, until the member lies; and ends well when it is told to end.
func TestWatchFollows(t *testing.T) {
	m := serveMember()
	defer m.server.Close()
	honest, err := memberLog("anna", 2)
	if err != nil {
		t.Fatal(err)
	}
	liar, err := memberLog("ben", 4)
	if err != nil {
		t.Fatal(err)
	}
	m.shown.Store(honest)
	state := filepath.Join(t.TempDir(), "state.json")
	var told bytes.Buffer
	watch := func(ctx context.Context, then linesThen) int {
		return run(ctx, []string{"ledger", "watch", "--ledger", m.server.URL, "--state", state, "--every", "1ms"}, strings.NewReader(""), then, &told)
	}
	var saw []string
	code := watch(t.Context(), func(line string) {
		told.WriteString(line)
		switch {
		case strings.Contains(line, "ok  size 2 ") && len(saw) == 0:
			saw = append(saw, "two")
			honest.Down(true)
		case strings.Contains(line, "no answer") && len(saw) == 1:
			saw = append(saw, "down")
			honest.Down(false)
			if err := growLog(honest, "anna", 2, 4); err != nil {
				t.Error(err)
			}
		case strings.Contains(line, "ok  size 4 (+2)"):
			saw = append(saw, "four")
			m.shown.Store(liar)
		}
	})
	if code != exitNo || len(saw) != 3 || !strings.Contains(told.String(), "VIOLATION  split") {
		t.Errorf("it ended with %d after %v:\n%s", code, saw, told.String())
	}
	if _, err := os.Stat(state + ".evidence-1.json"); err != nil {
		t.Error(err)
	}

	m.shown.Store(honest)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if code := watch(ctx, func(line string) { cancel() }); code != exitFine {
		t.Errorf("told to end, it ended with %d:\n%s", code, told.String())
	}
}
