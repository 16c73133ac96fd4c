package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/policies"
)

func readAll(t *testing.T, folder string) string {
	t.Helper()
	r, done, err := readDecisions(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestDecisionFilesAreBoundedAndRotate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "decisions")
	d, err := openDecisions(folder, 100, 3)
	if err != nil {
		t.Fatal(err)
	}
	line := func(n int) []byte { return []byte(fmt.Sprintf("%039d\n", n)) } // two fit into a file
	for n := range 9 {
		if _, err := d.Write(line(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := readAll(t, folder), string(bytes.Join([][]byte{line(4), line(5), line(6), line(7), line(8)}, nil)); got != want {
		t.Errorf("kept\n%swant\n%s", got, want)
	}
	names, _ := decisionNames(folder)
	if len(names) != 3 || !strings.HasSuffix(names[2], "decisions-000005.ndjson") {
		t.Errorf("files %v", names)
	}

	// A crash cut a line off; and a file that is nobody's stays.
	f, err := os.OpenFile(names[2], os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(strings.Repeat("x", 5000))
	}
	if err = errors.Join(err, f.Close(), os.WriteFile(filepath.Join(folder, "notes.txt"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, folder); strings.Contains(got, "x") {
		t.Error("a reader sees half a line")
	}
	if d, err = openDecisions(folder, 100, 3); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(line(9)); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, folder); !strings.HasSuffix(got, string(line(8))+string(line(9))) || strings.Contains(got, "x") {
		t.Errorf("after a crash\n%s", got)
	}
	// The disk fails in the middle of a write: nothing of it stays.
	d.file.Close()
	if d.file, err = os.Open(filepath.Join(folder, "decisions-000005.ndjson")); err != nil {
		t.Fatal(err)
	}
	before := d.size
	if _, err := d.Write(line(1)[20:]); err == nil || d.size != before {
		t.Errorf("a write that fails: %v, %d bytes of %d", err, d.size, before)
	}
	d.file.Close()
}

// A full disk is said in the daemon's log, with what to do, and changes no answer.
func TestAFullLogOfDecisions(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	rules, err := policies.New()
	if err != nil {
		t.Fatal(err)
	}
	q, err := policies.ParseQuestion([]string{"collect"})
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	r := policies.NewLog(full, 1, missing("the/folder", slog.New(slog.NewTextHandler(&said, nil)), time.Now))
	for range 3 {
		if !rules.Logged(r).Decide(q).Allow {
			t.Error("a full disk closed the gate")
		}
		r.Flush()
	}
	r.Close()
	for _, want := range []string{"no space left", "Make room", "the/folder", "missing=1"} {
		if strings.Count(said.String(), want) != 1 { // once a minute
			t.Errorf("says %q, want %q once", said.String(), want)
		}
	}
	config := Defaults()
	config.DecisionLogFiles = 0
	if r, _, err := decisionLog(t.TempDir(), config, nil); r != nil || err != nil {
		t.Errorf("no log is wanted: %v, %v", r, err)
	}
}

// What a running operator decided is there to be decided again under other rules, also
// after it stopped; and it names no person.
func TestReplayOfALiveOperatorsLog(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	s, deliver, market := demanding(w, b)
	w.step("collect, and send more than is allowed", func() error {
		if _, err := b.Collect(ctx, deliver); err != nil {
			return err
		}
		for range 2 {
			if _, err := b.Send(ctx, market, "Hush-hush offer", "only for canaries"); err != nil {
				return err
			}
		}
		if _, err := b.Send(ctx, market, "Hush-hush offer", "only for canaries"); !errors.Is(err, consent.ByPolicy) {
			return fmt.Errorf("a third message: %v", err)
		}
		return nil
	})
	w.stop() // drains; the denial was just now
	err := func() error {
		log := readAll(t, decisionPath(w.folder))
		for _, want := range []string{`"rules":["R01-give"]`, `"rules":["R02-collect"]`, `"rules":["R03-message"]`, `"rules":["M02-weekly-cap"]`, `"recipients":["DE"]`} {
			if !strings.Contains(log, want) {
				return fmt.Errorf("no %s in\n%s", want, log)
			}
		}
		secrets := ids(s)
		secrets["grant"], secrets["another grant"] = deliver[:], market[:]
		for name, secret := range secrets {
			for how, spelling := range spellings(secret) {
				if strings.Contains(log, string(spelling)) {
					return fmt.Errorf("%s (%s) is in it", name, how)
				}
			}
		}
		return w.hush()
	}()
	if err != nil {
		t.Fatal(err)
	}
	rules := at(t, map[string]string{"parcels.cedar": `@id("O01-no-parcels") @title("No addresses") forbid (principal, action == Coffer::Action::"collect", resource)
		when { context.attributes.contains("postal-address") };`})
	calls(t, 0, []string{"0 would be denied that were allowed, 0 allowed that were denied"}, "policy", "replay", "--data", w.folder, "--with", t.TempDir())
	calls(t, 1, []string{"DeliveryOfGoods", "R02-collect", "O01-no-parcels", "would be denied that were allowed, 0 allowed that were denied"},
		"policy", "replay", "--data", w.folder, "--with", rules)
}
