package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// What someone does to a trail who cannot, or does not, write the whole chain anew.
func TestTheChainShowsWhatWasChanged(t *testing.T) {
	w := newWorld(t)
	w.good()
	whole := w.trail(w.lines...)
	lines := func() [][]byte { return bytes.SplitAfter(bytes.Clone(whole), []byte("\n"))[:16] }
	join := func(l ...[]byte) []byte { return bytes.Join(l, nil) }
	for name, x := range map[string]struct {
		trail []byte
		want  []Kind
	}{
		"untouched":              {whole, nil},
		"a collection is gone":   {join(slices.Delete(lines(), 5, 6)...), []Kind{BrokenChain, WrongCount}},
		"two lines are swapped":  {join(func() [][]byte { l := lines(); l[2], l[3] = l[3], l[2]; return l }()...), []Kind{BrokenChain, BrokenChain, BrokenChain}},
		"a line stands twice":    {join(slices.Insert(lines(), 5, lines()[5])...), []Kind{BrokenChain, WrongCount}},
		"a name is changed":      {bytes.Replace(whole, []byte(`"attributes":["name"]`), []byte(`"attributes":["phone"]`), 1), []Kind{BrokenChain}},
		"the end is gone":        {join(lines()[:15]...), []Kind{MissingEnd}},
		"the last lines are":     {join(lines()[:10]...), []Kind{MissingEnd}},
		"a line is cut in two":   {whole[:len(whole)-300], []Kind{MissingEnd}},
		"the line end is gone":   {whole[:len(whole)-1], []Kind{MissingEnd}},
		"the head is gone":       {join(lines()[1:]...), nil}, // checked below: everything is to nobody
		"an end in the middle":   {join(slices.Insert(lines(), 9, lines()[15])...), []Kind{BrokenChain, WrongCount, AfterEnd}},
		"lines after the end":    {join(whole, lines()[5]), []Kind{AfterEnd}},
		"an unknown kind":        {bytes.Replace(whole, []byte(`"kind":"collect"`), []byte(`"kind":"copying"`), 1), []Kind{UnknownKind, BrokenChain}},
		"an unknown key":         {bytes.Replace(whole, []byte(`"kind":"collect",`), []byte(`"kind":"collect","why":"x",`), 1), []Kind{Malformed, BrokenChain}},
		"a key twice":            {bytes.Replace(whole, []byte(`"attributes":["name"]`), []byte(`"attributes":["name"],"attributes":[]`), 1), []Kind{Malformed, BrokenChain}},
		"another version":        {bytes.Replace(whole, []byte(`{"v":1,"kind":"collect"`), []byte(`{"v":2,"kind":"collect"`), 1), []Kind{Malformed, BrokenChain}},
		"a line that is no JSON": {join(slices.Insert(lines(), 9, []byte("hello\n"))...), []Kind{Malformed, BrokenChain, WrongCount}},
		"a line without end":     {join(slices.Insert(lines(), 9, append(bytes.Repeat([]byte("x"), 2*maxLine), '\n'))...), []Kind{Malformed, BrokenChain, WrongCount}},
	} {
		r := w.audit(x.trail)
		if name == "the head is gone" {
			if len(r.Findings) < 2 || r.Findings[0].Kind != BrokenChain || r.Findings[1].Kind != NoHead {
				t.Errorf("%s: %s", name, r.Text())
			}
			continue
		}
		var have []Kind
		for _, f := range r.Findings {
			have = append(have, f.Kind)
		}
		if !slices.Equal(have, x.want) {
			t.Errorf("%s: found %v, want %v", name, have, x.want)
		}
	}
}

// Wherever a trail is cut, an audit says so.
func TestNoTruncationGoesUnseen(t *testing.T) {
	w := newWorld(t)
	w.short()
	whole := w.trail(w.lines...)
	for n := 0; n < len(whole); n += 1 + len(whole)/97 {
		r, err := Run(t.Context(), bytes.NewReader(whole[:n]), w.options())
		if err != nil && !errors.Is(err, ErrNothing) {
			t.Fatal(err)
		}
		if len(r.Findings) != 1 || r.Findings[0].Kind != MissingEnd {
			t.Errorf("cut after %d bytes: %v", n, r.Findings)
		}
	}
}

func TestOneBadGrantDoesNotDrownTheReport(t *testing.T) {
	w := newWorld(t)
	q := w.ask("first")
	g := w.give(q, terms{name: "wide", purpose: "offers", attributes: []string{"shoe-size"}, channels: []string{"wallet"}, days: 90, change: func(r *consent.Receipt) { r.Authority = "nobody" }})
	w.collect(g, "shoe-size")
	w.send(g, "Boots")
	w.withdraw(g)
	r := w.audit(w.trail(w.lines...))
	if len(r.Findings) != 1 || r.Findings[0].Kind != ReceiptMismatch || r.Counts.Unchecked != 5 {
		t.Errorf("%+v\n%s", r.Counts, r.Text())
	}
}

func TestLinesThatRepeatCountOnce(t *testing.T) {
	w := newWorld(t)
	w.good()
	again := slices.Clone(w.lines[2:11]) // grants, permits, collections, messages
	w.lines = append(w.lines[:11], append(again, w.lines[11:]...)...)
	r := w.audit(w.trail(w.lines...))
	if !r.Clean() || r.Counts.Repeated != 7 { // collections may well be two
		t.Errorf("%d repeated\n%s", r.Counts.Repeated, r.Text())
	}
}

// A permit whose post was never answered is written when it turns up: the order of the
// lines is not that of the hours.
func TestThePermitsOfMessagesMayComeLate(t *testing.T) {
	w := newWorld(t)
	g := w.give(w.ask("first"), terms{name: "offers", purpose: "offers", channels: []string{"wallet"}, days: 90})
	w.send(g, "Boots")
	_, d := w.write(g, "Lost")
	p, e := w.permit(g, d)
	late := w.proven(p, e)
	w.now = w.now.Add(7 * 24 * time.Hour)
	w.send(g, "Socks")
	w.send(g, "Hats")
	w.add(late)
	if r := w.audit(w.trail(w.lines...)); !r.Clean() || r.Counts.Unused != 1 {
		t.Errorf("two in each week: %s", r.Text())
	}
	w.lines = w.lines[:len(w.lines)-1]
	w.now = w.now.Add(-24 * time.Hour)
	_, d = w.write(g, "Lost too")
	p, e = w.permit(g, d)
	w.add(late, w.proven(p, e))
	if r := w.audit(w.trail(w.lines...)); len(r.Findings) != 1 || r.Findings[0].Kind != OverCap {
		t.Errorf("three in one: %s", r.Text())
	}
}

func TestOnlineTheLedgerSaysWhatTheTrailHides(t *testing.T) {
	w := newWorld(t)
	delivery, offers := w.good()
	o := w.options()
	o.Ledger = w.ledger
	run := func() Report {
		t.Helper()
		r, err := Run(t.Context(), bytes.NewReader(w.trail(w.lines...)), o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	_, d := w.write(offers, "Hidden")
	p, e := w.permit(offers, d)
	w.append(e)
	if r := run(); len(r.Findings) != 1 || r.Findings[0].Kind != Unexplained || r.Findings[0].Entry != e.Leaf().String() || r.Findings[0].Grant != offers.id.String() {
		t.Errorf("a hidden permit: %s", r.Text())
	}
	w.add(p) // now the trail has it, without a proof: the ledger gives one
	if r := run(); !r.Clean() || r.Counts.Unused != 1 {
		t.Errorf("an explained permit: %s", r.Text())
	}
	never, _ := w.permit(offers, consent.NewCollectPermit(offers.id, anchor.EpochAt(w.now), consent.LogHead{}))
	w.add(never)
	if r := run(); len(r.Findings) != 1 || r.Findings[0].Kind != NotOnLedger {
		t.Errorf("a permit that was never posted: %s", r.Text())
	}
	w.lines = w.lines[:len(w.lines)-1]
	drop[Withdrawal](w, 0)
	if r := run(); len(r.Findings) != 1 || r.Findings[0].Kind != UnknownWithdrawal || r.Findings[0].Grant != delivery.id.String() {
		t.Errorf("a hidden withdrawal: %s", r.Text())
	}
	w.ledger.Down(true)
	if _, err := Run(t.Context(), bytes.NewReader(w.trail(w.lines...)), o); !errors.Is(err, anchor.ErrUnavailable) {
		t.Errorf("with the ledger down: %v", err)
	}
}

// lying answers with an entry that nobody signed.
type lying struct{ Ledger }

func (l lying) Entries(ctx context.Context, h anchor.Handle) ([]anchor.Indexed, error) {
	return []anchor.Indexed{{Index: 99, Entry: anchor.Permit{Scheme: 1, Epoch: 1, HandleKey: h}}}, nil
}

func TestALyingNodeIsNoFinding(t *testing.T) {
	w := newWorld(t)
	w.good()
	o := w.options()
	o.Ledger = lying{w.ledger}
	if _, err := Run(t.Context(), bytes.NewReader(w.trail(w.lines...)), o); err == nil || !strings.Contains(err.Error(), "nobody signed") {
		t.Errorf("%v", err)
	}
}

// mistaken proves another entry than it was asked for.
type mistaken struct {
	Ledger
	other anchor.Leaf
}

func (m mistaken) Prove(ctx context.Context, _ anchor.Leaf) (anchor.Proof, error) {
	return m.Ledger.Prove(ctx, m.other)
}

func TestAProofOfSomethingElseProvesNothing(t *testing.T) {
	w := newWorld(t)
	_, offers := w.good()
	change(w, 0, func(l *Permit) { l.Proof = nil })
	o := w.options()
	o.Ledger = mistaken{w.ledger, offers.entry.Leaf()}
	r, err := Run(t.Context(), bytes.NewReader(w.trail(w.lines...)), o)
	if err != nil || len(r.Findings) != 1 || r.Findings[0].Kind != ProofInvalid {
		t.Errorf("%v\n%s", err, r.Text())
	}
}

// unreachable cannot resolve the business's DID.
type unreachable struct{ consent.Signatures }

func (unreachable) VerifyJWS(context.Context, string, string) (consent.DID, []byte, error) {
	return "", nil, consent.ErrUnreachable
}

func TestWhatCannotBeJudgedIsNoFinding(t *testing.T) {
	w := newWorld(t)
	w.good()
	o := w.options()
	o.Signatures = unreachable{w.agent}
	if _, err := Run(t.Context(), bytes.NewReader(w.trail(w.lines...)), o); !errors.Is(err, consent.ErrUnreachable) {
		t.Errorf("%v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Run(ctx, bytes.NewReader(w.trail(w.lines...)), w.options()); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.good()
	for i := range mostFindings + 50 {
		w.add(Collect{Grant: id.Grant{byte(i), byte(i >> 8), 1}, Epoch: 1, Time: 3600})
	}
	r := w.audit(w.trail(w.lines...))
	if len(r.Findings) != mostFindings || r.More != 50 || r.Clean() || !strings.Contains(r.Text(), "and 50 more.") {
		t.Errorf("%d findings and %d more", len(r.Findings), r.More)
	}
}

func TestEveryKindHasAMeaning(t *testing.T) {
	seen := map[string]bool{}
	for k, means := range meaning {
		if means == "" || seen[means] || k.Means() != means {
			t.Errorf("%s means %q", k, means)
		}
		seen[means] = true
	}
	for _, x := range tampered {
		for _, k := range x.want {
			if meaning[k] == "" {
				t.Errorf("%s has no meaning", k)
			}
		}
	}
	if fmt.Sprint(Kind("x").Means()) != "" {
		t.Error("an unknown kind has a meaning")
	}
}
