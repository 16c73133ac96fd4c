package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
)

func bundle(w *world, g given) consent.Bundle {
	return consent.Bundle{Receipt: g.receipt.JWT, Opening: g.opening, Proof: w.prove(g.entry)}
}

func TestVerifyReceipt(t *testing.T) {
	w := newWorld(t)
	g, other := w.good()
	set := w.options().Validators
	const signed, fields, parses, wallet, opens, length, formed, ledger, names, thirds, log = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
	for name, x := range map[string]struct {
		change func(*consent.Bundle, *anchor.ValidatorSet)
		failed map[int]bool
	}{
		"as it is": {func(*consent.Bundle, *anchor.ValidatorSet) {}, nil},
		"a forged receipt": {func(b *consent.Bundle, _ *anchor.ValidatorSet) {
			p := strings.Split(b.Receipt, ".")
			b.Receipt = p[0] + "." + p[1] + "." + flip(p[2])
		}, map[int]bool{signed: true, opens: true}},
		"a receipt that is cut": {func(b *consent.Bundle, _ *anchor.ValidatorSet) { b.Receipt = b.Receipt[:len(b.Receipt)-9] }, map[int]bool{signed: true, opens: true}},
		"another's receipt":     {func(b *consent.Bundle, _ *anchor.ValidatorSet) { b.Receipt = other.receipt.JWT }, map[int]bool{opens: true, length: true}},
		"another's opening":     {func(b *consent.Bundle, _ *anchor.ValidatorSet) { b.Opening = other.opening }, map[int]bool{opens: true}},
		"another's proof":       {func(b *consent.Bundle, _ *anchor.ValidatorSet) { b.Proof = w.prove(other.entry) }, map[int]bool{opens: true, length: true}},
		"a permit's proof":      {func(b *consent.Bundle, _ *anchor.ValidatorSet) { b.Proof = *(*line[Permit](w, 0)).(Permit).Proof }, map[int]bool{parses: true}},
		"an entry of another key": {func(b *consent.Bundle, _ *anchor.ValidatorSet) {
			b.Proof.Entry = bytes.Clone(b.Proof.Entry)
			b.Proof.Entry[50] ^= 1
		}, map[int]bool{wallet: true, log: true}},
		"another place in the log": {func(b *consent.Bundle, _ *anchor.ValidatorSet) { b.Proof.Index++ }, map[int]bool{log: true}},
		"no header":                {func(b *consent.Bundle, _ *anchor.ValidatorSet) { b.Proof.SignedHeader = nil }, map[int]bool{formed: true}},
		"another ledger":           {func(_ *consent.Bundle, s *anchor.ValidatorSet) { s.Chain = "elsewhere" }, map[int]bool{wallet: true, ledger: true}},
		"other validators":         {func(_ *consent.Bundle, s *anchor.ValidatorSet) { *s = anchortest.NewSigners(chain, 1, 2, 3).Set }, map[int]bool{names: true}},
		"a vote that is forged": {func(b *consent.Bundle, _ *anchor.ValidatorSet) {
			h := bytes.Clone(b.Proof.SignedHeader)
			h[len(h)-1] ^= 1 // the signature stands last
			b.Proof.SignedHeader = h
		}, map[int]bool{thirds: true}},
	} {
		b, s := bundle(w, g), set
		x.change(&b, &s)
		checks, err := VerifyReceipt(t.Context(), b.Bytes(), s, w.agent)
		if err != nil || len(checks) != 11 || Sound(checks) != (x.failed == nil) {
			t.Errorf("%s: %v, %d checks: %v", name, err, len(checks), checks)
			continue
		}
		for i, c := range checks {
			if (c.Outcome == Failed) != x.failed[i] || c.Outcome != Passed && c.Detail == "" {
				t.Errorf("%s: %d %+v", name, i, c)
			}
		}
	}
	if Sound(nil) {
		t.Error("no check is sound")
	}
}

func TestARecordWithEmptyFields(t *testing.T) {
	w := newWorld(t)
	g := w.give(w.ask("first"), terms{name: "bare", purpose: "delivery", attributes: []string{"name"}, days: 31, change: func(r *consent.Receipt) {
		r.Authority, r.Purposes[0].Retention, r.Purposes[0].Information[0].Type = "", "", ""
	}})
	checks, err := VerifyReceipt(t.Context(), bundle(w, g).Bytes(), w.options().Validators, w.agent)
	if err != nil || Sound(checks) || checks[1].Outcome != Failed {
		t.Fatalf("%v %v", checks, err)
	}
	for _, field := range []string{"authority_party", "retention_period", "pii_type or necessity of name"} {
		if !strings.Contains(checks[1].Detail, field) {
			t.Errorf("%s is not named: %s", field, checks[1].Detail)
		}
	}
}

func TestATruncatedReceiptSaysSo(t *testing.T) {
	w := newWorld(t)
	g, _ := w.good()
	file, set := bundle(w, g).Bytes(), w.options().Validators
	for n := range file {
		if _, err := VerifyReceipt(t.Context(), file[:n], set, w.agent); !errors.Is(err, ErrTruncated) {
			t.Fatalf("cut after %d of %d bytes: %v", n, len(file), err)
		}
	}
	for name, text := range map[string]string{
		"more behind it": string(file) + "{}", "another key": strings.Replace(string(file), `{"v":1`, `{"v":1,"w":1`, 1),
		"another version": strings.Replace(string(file), `"v":1`, `"v":2`, 1), "no JSON": "hello",
	} {
		if _, err := VerifyReceipt(t.Context(), []byte(text), set, w.agent); err == nil || errors.Is(err, ErrTruncated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := VerifyReceipt(t.Context(), file, anchor.ValidatorSet{}, w.agent); err == nil {
		t.Error("verified against nobody")
	}
}

func TestTheReportAsJSON(t *testing.T) {
	w := newWorld(t)
	w.good()
	change(w, 0, func(l *Collect) { l.Time += 3 * 3600 })
	b, err := json.Marshal(w.audit(w.trail(w.lines...)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"v":1,"business":"did:key:`, `"checked":{"lines":16,`, `"findings":[{"kind":"wrong-epoch","line":6,"grant":"`, `"means":"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	drop[Collect](w, 0)
	if b, _ = json.Marshal(w.audit(w.trail(w.lines...))); !strings.Contains(string(b), `"findings":[]`) {
		t.Errorf("no findings are %s", b)
	}
}

// BenchmarkRun audits a long trail; an entry is a grant, or a permit with its
// collection. Each has a block of its own, or shares one with its hour's, as entries
// that were posted together do.
func BenchmarkRun(b *testing.B) {
	b.Run("apart", func(b *testing.B) { benchmarkRun(b, false, false) })
	b.Run("together", func(b *testing.B) { benchmarkRun(b, true, false) })
	b.Run("complete", func(b *testing.B) { benchmarkRun(b, true, true) })
}

func benchmarkRun(b *testing.B, together, complete bool) {
	w := newWorld(b)
	q := w.ask("first")
	const grants, permits = 8, 64
	all := make([]given, grants)
	for i := range all {
		all[i] = w.give(q, terms{name: fmt.Sprint("delivery ", i), purpose: "delivery", attributes: []string{"name"}, days: 31})
	}
	for range permits / grants {
		w.now = w.now.Add(time.Hour)
		if together {
			w.collectAll(all, "name")
			continue
		}
		for _, g := range all {
			w.collect(g, "name")
		}
	}
	trail, o := w.trail(w.lines...), w.options()
	if complete {
		trail = w.exported(w.lines)
	}
	before := cpu(b)
	b.SetBytes(int64(len(trail)))
	b.ReportAllocs()
	for b.Loop() {
		if r, err := Run(b.Context(), bytes.NewReader(trail), o); err != nil || !r.Clean() {
			b.Fatal(err, r.Text())
		}
	}
	b.ReportMetric(float64(b.N*(grants+permits))/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N*(grants+permits)), "cpu-us/entry")
}

// cpu is what this process has used, on all processors: what remains true beside others.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
