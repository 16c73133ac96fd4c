package audit

import (
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
)

// hangingOn makes a request whose delivery hangs on that.
func (w *world) hangingOn(c consent.Condition) consent.Request {
	return w.ask("first", func(q *consent.Request) { q.Purposes[0].Condition = &c })
}

// unmet holds the audit to that many uses that the condition did not allow.
func (w *world) unmet(want int) {
	w.t.Helper()
	r := w.audit(w.trail(w.lines...))
	var have []Kind
	for _, f := range r.Findings {
		have = append(have, f.Kind)
	}
	if !slices.Equal(have, slices.Repeat([]Kind{Unmet}, want)) {
		w.t.Errorf("found %v, want %d times %s\n%s", have, want, Unmet, r.Text())
	}
}

func TestOneUseTooMany(t *testing.T) {
	w := newWorld(t)
	two := 2
	g := w.give(w.hangingOn(consent.Condition{Uses: &two}), terms{name: "first", purpose: "delivery", attributes: both, days: 31})
	for range two {
		w.collect(g, both...)
		w.now = w.now.Add(time.Hour)
	}
	w.unmet(0)
	w.collect(g, "name")
	w.unmet(1)
	if r := w.audit(w.trail(w.lines...)); !strings.Contains(r.Text(), "used 3 times, 2 are allowed") {
		t.Error(r.Text())
	}
}

// Who narrows, pauses or shortens gives no new uses; who renews gives all of them anew.
func TestUsesAlongALine(t *testing.T) {
	one := 1
	for kind, want := range map[consent.ChangeKind]int{consent.ChangeNarrowed: 1, consent.ChangeShortened: 1, consent.ChangeRenewed: 0} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t)
			q := w.hangingOn(consent.Condition{Uses: &one})
			g := w.give(q, terms{name: "first", purpose: "delivery", attributes: both, days: 31})
			w.collect(g, "name")
			w.now = w.now.Add(time.Hour)
			attributes, hours := both, 31*24
			switch kind {
			case consent.ChangeNarrowed:
				attributes, hours = both[:1], 30*24
			case consent.ChangeShortened:
				hours = 50
			}
			g = w.succeed(q, g, g.receipt, kind, "next", attributes, hours, nil)
			w.collect(g, "name")
			w.unmet(want)
			w.now = w.now.Add(time.Hour)
			w.collect(g, "name")
			w.unmet(want + 1)
		})
	}
}

// Evidence counts for what was collected while it held, by clocks that differ by no
// more than Skew.
func TestEvidenceThatLapsed(t *testing.T) {
	w := newWorld(t)
	landlord := w.business("landlord")
	const lease = "https://leases.example/terms#SignedLease"
	q := w.hangingOn(consent.Condition{Record: &consent.RecordCondition{Type: lease, Issuer: landlord.DID}})
	g := w.give(q, terms{name: "first", purpose: "delivery", attributes: both, days: 31})
	until := w.now.Add(2 * time.Hour)
	paper, err := landlord.SignRecord(agent.RecordTerms{Type: lease, Subject: consent.GrantURN(g.id), From: w.now, Until: until})
	paper = must(w, paper, err)
	w.add(Evidence{Grant: g.id, Time: consent.UnixAt(w.now), Evidence: paper})
	w.collect(g, "name")
	w.now = until.Add(consent.Skew - time.Second)
	w.collect(g, "name")
	w.unmet(0)
	w.now = w.now.Add(time.Hour)
	w.collect(g, "name")
	w.unmet(1)
}

// A date holds from its first second on, give or take Skew.
func TestUsedBeforeItsDate(t *testing.T) {
	w := newWorld(t)
	from := consent.UnixAt(w.now.Add(3 * time.Hour))
	g := w.give(w.hangingOn(consent.Condition{From: &from}), terms{name: "first", purpose: "delivery", attributes: both, days: 31})
	w.now = from.Time().Add(-consent.Skew)
	w.collect(g, "name")
	w.unmet(0)
	w.now = w.now.Add(-time.Hour)
	w.collect(g, "name")
	w.unmet(1)
}
