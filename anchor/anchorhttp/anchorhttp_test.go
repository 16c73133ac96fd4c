package anchorhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchortest"
)

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func serve(t *testing.T, l anchor.Ledger) *anchorhttp.Client {
	t.Helper()
	r := mux.NewRouter()
	anchorhttp.Routes(r, l)
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	return &anchorhttp.Client{Origin: s.URL, HTTP: s.Client()}
}

func memory(t *testing.T) (*anchortest.Memory, anchortest.Relation, []anchor.Entry) {
	t.Helper()
	m := anchortest.NewMemory("http", func() time.Time { return noon })
	anna, ben := anchortest.NewRelation("http", "anna"), anchortest.NewRelation("http", "ben")
	now := anchor.EpochAt(noon)
	entries := []anchor.Entry{anna.Grant(now, 1), anna.Permit(now, 0), anna.Withdraw(now)}
	if err := m.Append(t.Context(), entries[0], ben.Grant(now, 7), entries[1], entries[2]); err != nil {
		t.Fatal(err)
	}
	return m, anna, entries
}

func TestClientReadsTheLedger(t *testing.T) {
	m, anna, entries := memory(t)
	c := serve(t, m)
	ctx := t.Context()

	set, err := c.Validators(ctx)
	want, _ := m.Validators(ctx)
	if err != nil || set.Hash() != want.Hash() || set.Chain != "http" {
		t.Errorf("the validators are %+v, %v", set, err)
	}
	head, err := c.Head(ctx)
	if local, _ := m.Head(ctx); err != nil || head != local {
		t.Errorf("the head is %+v, %v, want %+v", head, err, local)
	}
	for _, e := range entries {
		p, err := c.Prove(ctx, e.Leaf())
		if err != nil {
			t.Fatal(err)
		}
		if proven, err := p.Verify(set); err != nil || proven.Entry != e {
			t.Errorf("a proof over HTTP: %v", err)
		}
	}
	grown, err := c.Consistency(ctx, 3, head.Size)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := m.Consistency(ctx, 3, head.Size)
	if err := grown.Verify(rootAt(t, m, 3), head.Root); err != nil || !slices.Equal(grown.Path, other.Path) {
		t.Errorf("a consistency proof over HTTP: %v", err)
	}
	if _, err := c.Consistency(ctx, 3, head.Size+1); !errors.Is(err, anchor.ErrNotFound) {
		t.Errorf("growth that was not: %v, want ErrNotFound", err)
	}
	got, err := c.Entries(ctx, anna.Handle())
	if err != nil || len(got) != 3 {
		t.Fatalf("%d entries, %v", len(got), err)
	}
	for i, index := range []uint64{0, 2, 3} {
		if got[i].Index != index || got[i].Entry != entries[i] {
			t.Errorf("entry %d is at %d", i, got[i].Index)
		}
	}
}

func TestHandleDocument(t *testing.T) {
	m, anna, entries := memory(t)
	c := serve(t, m)
	answer, err := http.Get(c.Origin + "/ledger/v1/handles/" + anna.Handle().String())
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var j struct {
		V       int
		Handle  string
		Grant   map[string]any
		Entries []map[string]any
	}
	if err := json.NewDecoder(answer.Body).Decode(&j); err != nil {
		t.Fatal(err)
	}
	start := float64(anchor.EpochAt(noon))
	if j.V != 1 || j.Handle != anna.Handle().String() || j.Grant["start"] != start || j.Grant["end"] != start+24 || j.Grant["withdrawn"] != true || len(j.Entries) != 3 || j.Entries[1]["index"] != 2.0 {
		t.Errorf("the document is %+v", j)
	}
	if len(j.Entries[0]["entry"].(string)) != (len(entries[0].Bytes())*8+5)/6 {
		t.Error("an entry is not base64url of its bytes")
	}
}

func TestProblems(t *testing.T) {
	m, anna, entries := memory(t)
	c := serve(t, m)
	nobody := anchortest.NewRelation("http", "nobody")
	for path, want := range map[string]string{
		"/ledger/v1/proofs/short":                                  "400 urn:coffer:problem:invalid",
		"/ledger/v1/handles/short":                                 "400 urn:coffer:problem:invalid",
		"/ledger/v1/consistency":                                   "400 urn:coffer:problem:invalid",
		"/ledger/v1/consistency?from=3":                            "400 urn:coffer:problem:invalid",
		"/ledger/v1/consistency?from=3&to=2":                       "400 urn:coffer:problem:invalid",
		"/ledger/v1/consistency?from=-1&to=2":                      "400 urn:coffer:problem:invalid",
		"/ledger/v1/consistency?from=1&to=9007199254740992":        "400 urn:coffer:problem:invalid",
		"/ledger/v1/consistency?from=1&to=99":                      "404 urn:coffer:problem:not-found",
		"/ledger/v1/proofs/" + nobody.Permit(1, 1).Leaf().String(): "404 urn:coffer:problem:not-found",
		"/ledger/v1/handles/" + nobody.Handle().String():           "404 urn:coffer:problem:not-found",
	} {
		if got := ask(t, c.Origin+path); got != want {
			t.Errorf("%s answers %s, want %s", path, got, want)
		}
	}
	m.Down(true)
	for _, path := range []string{"/validators", "/head", "/consistency?from=0&to=1", "/proofs/" + entries[0].Leaf().String(), "/handles/" + anna.Handle().String()} {
		if got := ask(t, c.Origin+"/ledger/v1"+path); got != "503 urn:coffer:problem:ledger-unavailable" {
			t.Errorf("%s answers %s while the ledger is down", path, got)
		}
	}
}

// rootAt is the root of the first n entries, by definition for n = 3.
func rootAt(t *testing.T, m *anchortest.Memory, n int) [32]byte {
	t.Helper()
	if n != 3 {
		t.Fatal("only the root of three entries is spelled out")
	}
	var leaves [][32]byte
	for _, name := range []string{"anna", "ben"} {
		entries, err := m.Entries(t.Context(), anchortest.NewRelation("http", name).Handle())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Index < 3 {
				leaves = slices.Insert(leaves, min(int(e.Index), len(leaves)), [32]byte(e.Entry.Leaf()))
			}
		}
	}
	return anchor.HashChildren(anchor.HashChildren(leaves[0], leaves[1]), leaves[2])
}

func ask(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var p struct{ Type string }
	if err := json.NewDecoder(answer.Body).Decode(&p); err != nil {
		t.Fatal(err)
	}
	return strings.Fields(answer.Status)[0] + " " + p.Type
}

func TestNothingIsAppended(t *testing.T) {
	m, anna, _ := memory(t)
	c := serve(t, m)
	for _, path := range []string{"/validators", "/head", "/consistency?from=0&to=1", "/proofs/" + anna.Permit(1, 1).Leaf().String(), "/handles/" + anna.Handle().String()} {
		answer, err := http.Post(c.Origin+"/ledger/v1"+path, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s answers %s", path, answer.Status)
		}
	}
}

func TestClientErrors(t *testing.T) {
	m, anna, entries := memory(t)
	c := serve(t, m)
	ctx := t.Context()
	nobody := anchortest.NewRelation("http", "nobody")
	if _, err := c.Prove(ctx, nobody.Permit(1, 1).Leaf()); !errors.Is(err, anchor.ErrNotFound) {
		t.Errorf("proving what is not there: %v", err)
	}
	if got, err := c.Entries(ctx, nobody.Handle()); err != nil || len(got) != 0 {
		t.Errorf("the entries of nobody: %v, %v", got, err)
	}
	m.Down(true)
	_, head := c.Head(ctx)
	_, set := c.Validators(ctx)
	_, proof := c.Prove(ctx, entries[0].Leaf())
	_, all := c.Entries(ctx, anna.Handle())
	gone := &anchorhttp.Client{Origin: "http://127.0.0.1:1"}
	_, unreachable := gone.Head(ctx)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	_, cancelled := c.Head(stopped)
	for name, err := range map[string]error{"Head": head, "Validators": set, "Prove": proof, "Entries": all, "unreachable": unreachable, "cancelled": cancelled} {
		if !errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
}

// TestClientBelievesNothing: members that answer with something else.
func TestClientBelievesNothing(t *testing.T) {
	m, anna, entries := memory(t)
	ben := anchortest.NewRelation("http", "ben")
	honest := serve(t, m)
	read := func(path string) string {
		answer, err := http.Get(honest.Origin + path)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	lies := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if lies == "" {
			http.NotFound(w, nil)
			return
		}
		_, _ = io.WriteString(w, lies)
	}))
	defer s.Close()
	c := &anchorhttp.Client{Origin: s.URL}
	ctx := t.Context()
	fails := func(name string, err error) {
		t.Helper()
		if err == nil || errors.Is(err, anchor.ErrNotFound) || errors.Is(err, anchor.ErrUnavailable) {
			t.Errorf("%s: %v, want an error of its own", name, err)
		}
	}
	lies = read("/ledger/v1/proofs/" + entries[0].Leaf().String())
	_, err := c.Prove(ctx, entries[1].Leaf())
	fails("a proof of another entry", err)
	lies = read("/ledger/v1/handles/" + ben.Handle().String())
	_, err = c.Entries(ctx, anna.Handle())
	fails("entries of another handle", err)
	lies = strings.Replace(read("/ledger/v1/handles/"+anna.Handle().String()), `"index":2`, `"index":0`, 1)
	_, err = c.Entries(ctx, anna.Handle())
	fails("entries out of order", err)
	lies = strings.Replace(read("/ledger/v1/validators"), `"power":10`, `"power":0`, 1)
	_, err = c.Validators(ctx)
	fails("a validator without power", err)
	lies = "<html>"
	_, err = c.Head(ctx)
	fails("a page", err)
	lies = "" // a server that knows no such route
	_, err = c.Prove(ctx, entries[0].Leaf())
	fails("no ledger at all", err)
	_, err = c.Entries(ctx, anna.Handle())
	fails("no ledger at all", err)
}

// A proof of other sizes than were asked for is no answer.
func TestClientRefusesOtherSizes(t *testing.T) {
	m, _, _ := memory(t)
	p, err := m.Consistency(t.Context(), 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(p); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	c := &anchorhttp.Client{Origin: s.URL, HTTP: s.Client()}
	if _, err := c.Consistency(t.Context(), 2, 4); err != nil {
		t.Error(err)
	}
	for _, other := range [][2]uint64{{1, 4}, {2, 3}} {
		if _, err := c.Consistency(t.Context(), other[0], other[1]); err == nil {
			t.Errorf("a proof from 2 to 4 answers %v", other)
		}
	}
}
