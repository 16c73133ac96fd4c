package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// written writes the world's trail through a Writer that is opened anew in between,
// and exports it.
func TestWriteExportAudit(t *testing.T) {
	w := newWorld(t)
	w.good()
	head := w.lines[0].(Head)
	path := filepath.Join(t.TempDir(), "trail.ndjson")
	for _, line := range w.lines[1:] {
		out, err := OpenWriter(path, head)
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := line.(Permit); ok { // as a business does: the proof is not there yet
			p.Proof = nil
			line = p
		}
		if err := out.Append(line); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the trail is readable by others: %v", info.Mode())
	}
	out, err := OpenWriter(path, head)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	export := func(p Prover) []byte {
		t.Helper()
		var b bytes.Buffer
		if err := out.Export(t.Context(), &b, p, w.now); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	first := export(w.ledger)
	if r := w.audit(first); !r.Clean() || r.Counts.Proofs != 8 || r.Counts.Complete != 2 || r.Until == 0 || r.Counts.Lines != 23 {
		t.Errorf("exported with proofs: %s", r.Text())
	}
	if r := w.audit(export(nil)); len(r.Findings) != 5 || r.Findings[0].Kind != Unproven {
		t.Errorf("exported without proofs: %s", r.Text())
	}
	// What the ledger does not have stays without a proof; a proof in the trail is enough.
	p, _ := w.permit(given{id: id.Grant(seed("grant offers")[:16]), keys: relation("offers")}, consent.NewCollectPermit(id.Grant(seed("grant offers")[:16]), anchor.EpochAt(w.now), consent.LogHead{}))
	proof := w.prove(must2(anchor.ParseEntry((*line[Permit](w, 0)).(Permit).Entry)))
	if err := out.Append(p, Proof{(*line[Permit](w, 0)).(Permit).Grant, proof}); err != nil {
		t.Fatal(err)
	}
	if r := w.audit(export(w.ledger)); len(r.Findings) != 1 || r.Findings[0].Kind != Unproven || r.Counts.Proofs != 8 || r.Counts.Lines != 24 {
		t.Errorf("a permit that was not posted: %s", r.Text())
	}
	w.ledger.Down(true)
	if err := out.Export(t.Context(), &bytes.Buffer{}, w.ledger, w.now); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("exported with the ledger down: %v", err)
	}
	closed := filepath.Join(t.TempDir(), "closed.ndjson")
	if err := os.WriteFile(closed, first, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWriter(closed, head); err == nil || !strings.Contains(err.Error(), "exported") {
		t.Errorf("an exported trail was opened: %v", err)
	}
}

// A crash may leave any beginning of what was being written: it is cut off, what was
// acknowledged stays, and the chain holds.
func TestACrashInTheMiddleOfALine(t *testing.T) {
	w := newWorld(t)
	head := w.lines[0].(Head)
	for _, torn := range []string{"{", `{"v":1,"kind":"collect","grant":"`, strings.Repeat("x", maxLine+7)} {
		path := filepath.Join(t.TempDir(), "trail.ndjson")
		out, err := OpenWriter(path, head)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Append(Request{JWS: "a.b.c"}); err != nil {
			t.Fatal(err)
		}
		out.Close()
		f, _ := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		f.WriteString(torn)
		f.Close()
		if out, err = OpenWriter(path, head); err != nil {
			t.Fatal(err)
		}
		if err := out.Append(Request{JWS: "d.e.f"}); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := out.Export(t.Context(), &b, nil, w.now); err != nil {
			t.Fatal(err)
		}
		out.Close()
		r, err := Run(t.Context(), &b, w.options())
		if !errors.Is(err, ErrNothing) || r.Counts.Lines != 4 || len(r.Findings) != 2 || r.Findings[0].Kind != RequestInvalid {
			t.Errorf("%.10q: %v\n%s", torn, err, r.Text())
		}
	}
}

func TestAnotherTrailIsNotOpened(t *testing.T) {
	w := newWorld(t)
	head := w.lines[0].(Head)
	path := filepath.Join(t.TempDir(), "trail.ndjson")
	out, err := OpenWriter(path, head)
	if err != nil {
		t.Fatal(err)
	}
	out.Close()
	if err := out.Append(Request{}); err == nil {
		t.Error("appended after the close")
	}
	for _, change := range []func(*Head){
		func(h *Head) { h.Business = "did:web:other.example" },
		func(h *Head) { h.Chain = "other" },
		func(h *Head) { h.Operator = "https://other.example" },
	} {
		h := head
		change(&h)
		if _, err := OpenWriter(path, h); err == nil || !strings.Contains(err.Error(), "another") {
			t.Errorf("opened as %+v: %v", h, err)
		}
	}
	head.Created++ // the day it began is the file's
	if out, err := OpenWriter(path, head); err != nil {
		t.Error(err)
	} else {
		out.Close()
	}
	os.WriteFile(path, []byte("hello\n"), 0o600)
	if _, err := OpenWriter(path, head); err == nil {
		t.Error("opened what is no trail")
	}
	if b, _ := os.ReadFile(path); string(b) != "hello\n" {
		t.Error("changed what is no trail")
	}
	if _, err := OpenWriter(filepath.Join(t.TempDir(), "no", "trail"), head); err == nil {
		t.Error("opened a trail in no folder")
	}
}

func TestManyAppendAtOnce(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "trail.ndjson")
	out, err := OpenWriter(path, w.lines[0].(Head))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				if err := out.Append(Collect{Epoch: 1}, Collect{Epoch: 1}); err != nil {
					t.Error(err)
				}
				if err := out.Export(t.Context(), &bytes.Buffer{}, nil, w.now); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var b bytes.Buffer
	if err := out.Export(t.Context(), &b, nil, w.now); err != nil {
		t.Fatal(err)
	}
	out.Close()
	r, _ := Run(t.Context(), &b, w.options())
	if r.Counts.Lines != 82 {
		t.Errorf("%d lines", r.Counts.Lines)
	}
	for _, f := range r.Findings {
		if f.Kind != NoGrant {
			t.Fatalf("%+v", f)
		}
	}
}

func TestALineTooLongIsNotWritten(t *testing.T) {
	w := newWorld(t)
	out, err := OpenWriter(filepath.Join(t.TempDir(), "trail.ndjson"), w.lines[0].(Head))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := out.Append(Request{JWS: strings.Repeat("x", maxLine)}); err == nil {
		t.Error("written")
	}
	if err := out.Append(Request{JWS: "a.b.c"}); err != nil {
		t.Errorf("and nothing after it: %v", err)
	}
}

// Every line reads back as what was written, and every line that is read is written
// the same way.
func FuzzLine(f *testing.F) {
	w := newWorld(f)
	w.good()
	for _, text := range bytes.Split(w.trail(w.lines...), []byte("\n")) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		line, prev, err := parseLine(text)
		if err != nil {
			return
		}
		l := links{prev: prev}
		again, err := l.encode(line)
		if err != nil {
			t.Skip() // longer than any line
		}
		parsed, _, err := parseLine(bytes.TrimSuffix(again, []byte("\n")))
		if err != nil || parsed.kind() != line.kind() {
			t.Fatalf("wrote %s, which does not read: %v", again, err)
		}
		second := links{prev: prev}
		if twice, _ := second.encode(parsed); !bytes.Equal(again, twice) {
			t.Fatalf("wrote %s, then %s", again, twice)
		}
	})
}

func TestAuditNeverPanics(t *testing.T) {
	w := newWorld(t)
	w.short()
	whole := w.trail(w.lines...)
	rapid.Check(t, func(rt *rapid.T) {
		b := bytes.Clone(whole)
		for range rapid.IntRange(1, 4).Draw(rt, "changes") {
			b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] = rapid.Byte().Draw(rt, "byte")
		}
		r, err := Run(t.Context(), bytes.NewReader(b), w.options())
		if err != nil && !errors.Is(err, ErrNothing) {
			rt.Fatal(err)
		}
		if len(r.Findings) == 0 && !bytes.Equal(b, whole) {
			rt.Fatalf("other bytes and no finding")
		}
	})
}
