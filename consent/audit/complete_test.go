package audit

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
)

// exported writes lines into a trail and exports it, as a business does.
func (w *world) exported(lines []Line, settle ...func(context.Context) error) []byte {
	w.t.Helper()
	out, err := OpenWriter(filepath.Join(w.t.TempDir(), "trail.ndjson"), lines[0].(Head))
	if err == nil {
		err = out.Append(lines[1:]...)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	var b bytes.Buffer
	if err := out.Export(w.t.Context(), &b, w.ledger, w.now, settle...); err != nil {
		w.t.Fatal(err)
	}
	return b.Bytes()
}

// edit changes the lines of an exported trail and chains them anew, as a business can.
func (w *world) edit(trail []byte, f func(Line) Line) []byte {
	w.t.Helper()
	var lines []Line
	for text := range bytes.Lines(trail) {
		line, _, err := parseLine(bytes.TrimSuffix(text, []byte("\n")))
		if err != nil {
			w.t.Fatal(err)
		}
		if _, end := line.(End); end {
			continue
		}
		if line = f(line); line != nil {
			lines = append(lines, line)
		}
	}
	return w.trail(lines...)
}

func only(t *testing.T, r Report, want Kind, grant given) {
	t.Helper()
	if len(r.Findings) != 1 || r.Findings[0].Kind != want || r.Findings[0].Grant != grant.id.String() {
		t.Errorf("want %s\n%s", want, r.Text())
	}
}

// A permit on the ledger that the trail hides is found without a network.
func TestAHiddenPermitIsFoundOffline(t *testing.T) {
	w := newWorld(t)
	_, offers := w.good()
	p, e := w.permit(offers, consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{}))
	hidden := w.proven(p, e)
	honest := w.exported(append(w.lines[:len(w.lines):len(w.lines)], hidden))
	if r := w.audit(honest); !r.Clean() || r.Counts.Complete != 2 || r.Until != consent.UnixAt(w.now) || !strings.Contains(r.Text(), "no other entries on the ledger up to 20") {
		t.Fatalf("told: %s", r.Text())
	}

	// The business exports as the program does: the entry that it hides is in the proof.
	trail := w.exported(w.lines)
	r := w.audit(trail)
	only(t, r, Unexplained, offers)
	if r.Findings[0].Entry != e.Leaf().String() || r.Findings[0].Line == 0 {
		t.Errorf("got %+v", r.Findings[0])
	}
	// It takes the entry out of the proof, too.
	only(t, w.audit(w.edit(trail, func(l Line) Line {
		if c, ok := l.(Complete); ok {
			c.Proof.Entries = []anchor.Indexed{}
			return c
		}
		return l
	})), Incomplete, offers)
	// It leaves out the proof.
	only(t, w.audit(w.edit(trail, func(l Line) Line {
		if c, ok := l.(Complete); ok && c.Grant == offers.id {
			return nil
		}
		return l
	})), NotShown, offers)
	// It gives another grant's.
	var other Complete
	only(t, w.audit(w.edit(trail, func(l Line) Line {
		if c, ok := l.(Complete); ok && c.Grant != offers.id {
			other = c
		} else if ok {
			other.Grant = offers.id
			return other
		}
		return l
	})), EntryMismatch, offers)
}

// An older proof hides what came later, and says so itself.
func TestAnOldProofSaysHowOldItIs(t *testing.T) {
	w := newWorld(t)
	_, offers := w.good()
	old := w.now
	trail := w.exported(w.lines)
	w.now = w.now.Add(3 * time.Hour)
	p, e := w.permit(offers, consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{}))
	w.proven(p, e)
	r := w.audit(trail)
	if !r.Clean() || r.Until != consent.UnixAt(old) {
		t.Errorf("until %d, want %d\n%s", r.Until, old.Unix(), r.Text())
	}
	o := w.options()
	o.Ledger = w.ledger
	r, err := Run(t.Context(), bytes.NewReader(trail), o)
	if err != nil {
		t.Fatal(err)
	}
	only(t, r, Unexplained, offers)
	if r.Until != consent.UnixAt(w.now) {
		t.Errorf("online until %d", r.Until)
	}
}

// What is posted while a trail is exported is no finding: it is settled, or too new.
func TestExportingWhileWorkGoesOn(t *testing.T) {
	w := newWorld(t)
	_, offers := w.good()
	post := func() Permit {
		p, e := w.permit(offers, consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{}))
		return w.proven(p, e)
	}
	before := post() // on the ledger, and in the trail only once it is settled
	out, err := OpenWriter(filepath.Join(t.TempDir(), "trail.ndjson"), w.lines[0].(Head))
	if err == nil {
		err = out.Append(w.lines[1:]...)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var b bytes.Buffer
	err = out.Export(t.Context(), &b, w.ledger, w.now, func(context.Context) error {
		post() // by somebody who has not come to writing it down
		return out.Append(before)
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := w.audit(b.Bytes()); !r.Clean() || r.Counts.Complete != 2 {
		t.Error(r.Text())
	}
}

// A node that leaves something out is caught, and the business is not blamed.
func TestANodeThatLeavesOutIsNoFinding(t *testing.T) {
	w := newWorld(t)
	w.good()
	o := w.options()
	o.Ledger = forgetful{w.ledger}
	if _, err := Run(t.Context(), bytes.NewReader(w.trail(w.lines...)), o); err == nil || !strings.Contains(err.Error(), "ask another member") {
		t.Error("got", err)
	}
}

type forgetful struct{ *anchortest.Memory }

func (f forgetful) Complete(ctx context.Context, h anchor.Handle) (anchor.Completeness, error) {
	c, err := f.Memory.Complete(ctx, h)
	if err == nil {
		c.Entries = c.Entries[:len(c.Entries)-1]
	}
	return c, err
}

// A member dropped the bytes of permits: the trail's own stand by their leaves, also those
// whose proof it never fetched; one that it hides is found as before.
func TestAuditsGoOnWhereBytesWereDropped(t *testing.T) {
	w := newWorld(t)
	_, offers := w.good()
	post := func() (Permit, anchor.Permit) { // a permit without its proof
		p, e := w.permit(offers, consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{}))
		w.append(e)
		return p, e
	}
	unproven, _ := post()
	hidden, e := post()
	last, _ := post() // whose bytes stay
	w.ledger.Drop()
	online := func(trail []byte) Report {
		t.Helper()
		o := w.options()
		o.Ledger = w.ledger
		r, err := Run(t.Context(), bytes.NewReader(trail), o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	w.add(unproven, last)
	short := w.exported(w.lines)
	for _, r := range []Report{w.audit(short), online(short), online(w.trail(w.lines...))} {
		only(t, r, Unexplained, offers)
		if f := r.Findings[0]; f.Entry != e.Leaf().String() || !strings.Contains(f.Evidence, "dropped") {
			t.Errorf("got %+v", f)
		}
	}
	w.add(hidden)
	whole := w.exported(w.lines)
	for _, r := range []Report{w.audit(whole), online(whole), online(w.trail(w.lines...))} {
		if !r.Clean() {
			t.Error(r.Text())
		}
	}
	// The business takes their leaves out of the proof, too, also that of its own.
	r := w.audit(w.edit(short, func(l Line) Line {
		if c, ok := l.(Complete); ok && c.Grant == offers.id {
			c.Proof.Dropped = nil
			return c
		}
		return l
	}))
	if len(r.Findings) != 2 || r.Findings[0].Kind != Incomplete || r.Findings[1].Kind != Unproven {
		t.Error(r.Text())
	}
	// It calls a withdrawal dropped that it did not take note of.
	w = newWorld(t)
	delivery, _ := w.good()
	drop[Withdrawal](w, 0)
	only(t, w.audit(w.edit(w.exported(w.lines), func(l Line) Line {
		if c, ok := l.(Complete); ok && c.Grant == delivery.id {
			for _, e := range c.Proof.Entries {
				c.Proof.Dropped = append(c.Proof.Dropped, anchor.Placed{Index: e.Index, Leaf: e.Entry.Leaf()})
			}
			c.Proof.Entries = []anchor.Indexed{}
			return c
		}
		return l
	})), Incomplete, delivery)
}

// A withdrawal that the business missed is told apart from what it did itself.
func TestAMissedWithdrawalIsFoundOffline(t *testing.T) {
	w := newWorld(t)
	delivery, _ := w.good()
	drop[Withdrawal](w, 0)
	only(t, w.audit(w.exported(w.lines)), UnknownWithdrawal, delivery)
}

// successors are signers of the same chain that took over from the ledger's.
func (w *world) successors() anchortest.Signers { return anchortest.NewSigners(chain, 10, 10, 10, 10) }

// resigned is the proof as the others would have signed it, at a height.
func (w *world) resigned(p *anchor.Proof, by anchortest.Signers, height int64) {
	signed, err := anchor.ParseSignedHeader(p.SignedHeader)
	if err != nil {
		w.t.Fatal(err)
	}
	p.SignedHeader = by.Sign(height, signed.Header.Time, signed.Header.AppHash).Bytes()
}

// The members changed between two lines: who trusts the first set follows, if the trail
// or the auditor has the change.
func TestATrailOverAChangeOfMembers(t *testing.T) {
	w := newWorld(t)
	delivery, _ := w.good()
	first, four := anchortest.NewSigners(chain, 10), w.successors()
	const at = 1000
	step := Succession{Step: first.Step(at, w.now, mustHeader(w, w.prove(delivery.entry)).AppHash, four)}
	forged := Succession{Step: four.Step(at, w.now, mustHeader(w, w.prove(delivery.entry)).AppHash, four)}
	with := func(before ...Line) []Line {
		lines := append([]Line{w.lines[0]}, before...)
		for _, l := range w.lines[1:] {
			if p, ok := l.(Permit); ok && p.Proof != nil {
				proof := *p.Proof
				w.resigned(&proof, four, at+1)
				p.Proof = &proof
				l = p
			}
			lines = append(lines, l)
		}
		return lines
	}
	run := func(lines []Line, steps ...anchor.Step) Report {
		t.Helper()
		o := w.options()
		o.Succession = steps
		r, err := Run(t.Context(), bytes.NewReader(w.trail(lines...)), o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := run(with(step)); !r.Clean() {
		t.Errorf("the trail has the change: %s", r.Text())
	}
	if r := run(with(), step.Step); !r.Clean() {
		t.Errorf("the auditor has the change: %s", r.Text())
	}
	if r := run(with(step), step.Step); !r.Clean() {
		t.Errorf("both have it: %s", r.Text())
	}
	if r := run(with()); len(r.Findings) == 0 || r.Findings[0].Kind != ProofInvalid {
		t.Errorf("nobody has it: %s", r.Text())
	}
	if r := run(with(forged)); len(r.Findings) < 2 || r.Findings[0].Kind != SuccessionInvalid || r.Findings[1].Kind != ProofInvalid {
		t.Errorf("a forged one: %s", r.Text())
	}
	o := w.options()
	o.Succession = []anchor.Step{forged.Step}
	if _, err := Run(t.Context(), bytes.NewReader(w.trail(with()...)), o); !anchor.OtherValidators(err) {
		t.Errorf("the auditor has a forged one: %v", err)
	}
	// Those who left do not sign on.
	late := with(step)
	for i, l := range late {
		if p, ok := l.(Permit); ok {
			proof := *p.Proof
			w.resigned(&proof, first, at+2)
			p.Proof = &proof
			late[i] = p
			break
		}
	}
	if r := run(late); len(r.Findings) == 0 || r.Findings[0].Kind != ProofInvalid {
		t.Errorf("signed by one who left: %s", r.Text())
	}
}

func mustHeader(w *world, p anchor.Proof) anchor.Header {
	signed, err := anchor.ParseSignedHeader(p.SignedHeader)
	return must(w, signed, err).Header
}

func TestExportingFromALedgerWithoutAMap(t *testing.T) {
	w := newWorld(t)
	w.good()
	out, err := OpenWriter(filepath.Join(t.TempDir(), "trail.ndjson"), w.lines[0].(Head))
	if err == nil {
		err = out.Append(w.lines[1:]...)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var b bytes.Buffer
	if err := out.Export(t.Context(), &b, mapless{w.ledger}, w.now); err != nil {
		t.Fatal(err)
	}
	o := w.options()
	for _, ledger := range []Ledger{nil, mapless{w.ledger}} {
		o.Ledger = ledger
		r, err := Run(t.Context(), bytes.NewReader(b.Bytes()), o)
		if err != nil || !r.Clean() || r.Counts.Complete != 0 || r.Until != 0 {
			t.Errorf("%v\n%s", err, r.Text())
		}
	}
	if err := out.Export(t.Context(), &b, mapless{w.ledger}, w.now, func(context.Context) error { return anchor.ErrUnavailable }); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("what could not be settled: %v", err)
	}
}

type mapless struct{ *anchortest.Memory }

func (mapless) Complete(context.Context, anchor.Handle) (anchor.Completeness, error) {
	return anchor.Completeness{}, anchor.ErrNotFound
}
