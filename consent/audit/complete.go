package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// Complete shows all entries of a grant up to the size of the log that its header fixes.
// The proof's entries are only those that the trail does not prove itself: none, if the
// business hides nothing and missed nothing.
type Complete struct {
	Grant id.Grant            `json:"grant"`
	Proof anchor.Completeness `json:"proof"`
}

// Succession is one change of the ledger's validators. Proofs by those who came stand
// after it.
type Succession struct {
	Step anchor.Step `json:"step"`
}

func (Complete) kind() string   { return "complete" }
func (Succession) kind() string { return "succession" }

// Completer shows all entries of a handle: an anchor.Ledger, or the client of one.
type Completer interface {
	Complete(ctx context.Context, handle anchor.Handle) (anchor.Completeness, error)
}

// takeComplete holds what the trail has of a grant against all that there is.
func (s *state) takeComplete(x *examined, l Complete) {
	g := s.granted(x.n, l.Grant)
	if g == nil {
		return
	}
	sure := !g.unsure
	g.unsure = true // until it is shown
	if l.Proof.Handle != g.handle {
		s.findOf(x.n, l.Grant, EntryMismatch, "the proof is of the handle %s, the grant's is %s", l.Proof.Handle, g.handle)
		return
	}
	head, err := s.proofs.Header(l.Proof.SignedHeader)
	if err != nil {
		s.findOf(x.n, l.Grant, ProofInvalid, "%v", err)
		return
	}
	var all []anchor.Placed
	for _, p := range g.placed {
		if p.Index < head.Size {
			all = append(all, p)
		}
	}
	for _, e := range l.Proof.Entries {
		if e.Entry.Handle() != g.handle {
			s.findOf(x.n, l.Grant, EntryMismatch, "the proof brings an entry of the handle %s, the grant's is %s", e.Entry.Handle(), g.handle)
			return
		}
	}
	all = append(all, l.Proof.Places()...)
	slices.SortFunc(all, func(a, b anchor.Placed) int { return cmp.Compare(a.Index, b.Index) })
	all = slices.Compact(all)
	if _, err := s.proofs.VerifyPlaces(l.Proof, all); err != nil {
		if !sure {
			s.report.Counts.Unchecked++
			return
		}
		kind := Incomplete
		if refusal, ok := errors.AsType[*anchor.ProofError](err); ok && refusal.Reason != anchor.ProofIncomplete && refusal.Reason != anchor.ProofFormat {
			kind = ProofInvalid
		}
		s.findOf(x.n, l.Grant, kind, "%v", err)
		return
	}
	g.unsure = !sure
	s.complete(x.n, l.Grant, g, anchor.Complete{Head: head, Entries: l.Proof.Entries, Dropped: l.Proof.Dropped})
}

// complete takes entries that a verified proof of completeness brings. One whose bytes
// the member has dropped is known by its leaf, if the trail has it; else it is as much a
// finding as any.
func (s *state) complete(line int, name id.Grant, g *grantState, all anchor.Complete) {
	if g.complete.IsZero() {
		s.report.Counts.Complete++
	}
	if all.Head.Time.After(g.complete) {
		g.complete = all.Head.Time
	}
	for _, e := range all.Entries {
		kind := Unexplained
		if e.Entry.Kind() == anchor.KindWithdraw {
			kind = UnknownWithdrawal
		}
		s.completeOne(line, name, anchor.Placed{Index: e.Index, Leaf: e.Entry.Leaf()}, kind, "the %s at index %d", e.Entry.Kind(), e.Index)
	}
	for _, d := range all.Dropped {
		s.completeOne(line, name, d, Unexplained, "the permit at index %d, whose bytes the member has dropped", d.Index)
	}
}

// completeOne takes one of them; the rest is what it is, should the trail not know it.
func (s *state) completeOne(line int, name id.Grant, at anchor.Placed, kind Kind, format string, args ...any) {
	if u := s.pending[cut(at.Leaf)]; u != nil && u.grant == name {
		delete(s.pending, cut(at.Leaf))
		s.report.Counts.Proofs++
		s.place(u, at.Index)
	}
	if _, known := s.leaves[cut(at.Leaf)]; known {
		return
	}
	s.leaves[cut(at.Leaf)] = struct{}{} // found once
	f := s.find(line, kind, format, args...)
	*f = f.of(name).about(at.Leaf)
}

// completeUntil says up to when the trail is shown to hold all entries of its grants. A
// grant without such a proof among others that have one is a finding: whoever hides an
// entry would leave out just this.
func (s *state) completeUntil() {
	if s.report.Counts.Complete == 0 {
		return
	}
	oldest, all := time.Time{}, true
	var without []id.Grant
	for name, g := range s.grants {
		switch {
		case g.complete.IsZero() && !g.unsure:
			without = append(without, name)
		case g.complete.IsZero():
			all = false // which has a finding
		case oldest.IsZero() || g.complete.Before(oldest):
			oldest = g.complete
		}
	}
	if all && len(without) == 0 {
		s.report.Until = consent.UnixAt(oldest)
	}
	slices.SortFunc(without, func(a, b id.Grant) int { return cmp.Compare(s.grants[a].index, s.grants[b].index) })
	for _, name := range without {
		s.findOf(0, name, NotShown, "%d of %d grants have such a proof", s.report.Counts.Complete, len(s.grants))
	}
}

// askComplete is what ask does for one grant where the ledger proves that it leaves
// nothing out; ok is false on a ledger that keeps no map of handles.
func (s *state) askComplete(ctx context.Context, ledger Ledger, name id.Grant) (ok bool, err error) {
	completer, ok := ledger.(Completer)
	if !ok {
		return false, nil
	}
	g := s.grants[name]
	proof, err := completer.Complete(ctx, g.handle)
	if errors.Is(err, anchor.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("asking the ledger for all of a grant's entries: %w", err)
	}
	all, err := s.proofs.VerifyComplete(proof)
	if err == nil && proof.Handle != g.handle {
		err = errors.New("it is of another handle")
	}
	if err != nil {
		return false, fmt.Errorf("asking the ledger for all of a grant's entries: %w; ask another member", err)
	}
	s.report.Counts.Ledger += len(all.Entries) + len(all.Dropped)
	s.complete(0, name, g, all)
	return true, nil
}
