package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"coffer/anchor"
	"coffer/internal/id"
)

// What the ledger says, in the trail's proofs or when it is asked.

// prove takes the proof that came with a line, if one did, for the entry.
func (s *state) prove(x *examined, name id.Grant, leaf anchor.Leaf) {
	if x.proven == nil {
		return
	}
	u := s.pending[cut(leaf)]
	if u == nil || u.grant != name {
		return // proven before
	}
	delete(s.pending, cut(leaf))
	s.report.Counts.Proofs++
	s.place(u, x.proven.Index)
}

// place holds an entry's place in the log against the grant's life.
func (s *state) place(u *unproved, index uint64) {
	g := s.grants[u.grant]
	g.placed = append(g.placed, anchor.Placed{Index: index, Leaf: u.leaf})
	if index <= g.index {
		s.findOf(u.line, u.grant, NotLive, "the %s has index %d, its grant %d", u.kind, index, g.index)
		return
	}
	switch u.kind {
	case anchor.KindPermit:
		if g.withdrawnIndex != 0 && index > g.withdrawnIndex {
			s.findOf(u.line, u.grant, NotLive, "the permit has index %d, the withdrawal %d", index, g.withdrawnIndex)
		} else if index > g.lastPermit {
			g.lastPermit, g.lastLine = index, u.line
		}
	case anchor.KindWithdraw:
		g.withdrawnIndex = index
		if g.lastPermit > index {
			s.findOf(g.lastLine, u.grant, NotLive, "the permit has index %d, the withdrawal %d", g.lastPermit, index)
		}
	}
}

// finish says what is missing once the trail is over, and asks the ledger.
func (s *state) finish(ctx context.Context, e *examiner, ledger Ledger, progress func()) error {
	if !s.ended {
		s.find(0, MissingEnd, "the trail stops after line %d", s.report.Counts.Lines)
	}
	s.report.Counts.Unused = len(s.waiting)
	s.judgeDuties()
	if ledger != nil {
		if err := s.ask(ctx, e, ledger, progress); err != nil {
			return err
		}
	}
	s.completeUntil()
	left := make([]*unproved, 0, len(s.pending))
	for _, u := range s.pending {
		left = append(left, u)
	}
	slices.SortFunc(left, func(a, b *unproved) int { return a.line - b.line })
	for _, u := range left {
		if u.kind == anchor.KindWithdraw {
			s.report.Counts.Unanchored++ // withdrawing works while the ledger is down
			continue
		}
		kind := Unproven
		if ledger != nil {
			kind = NotOnLedger
		}
		f := s.find(u.line, kind, "the permit %s", u.leaf)
		*f = f.of(u.grant).about(u.leaf)
	}
	return nil
}

// ask compares the ledger's entries with the trail's, grant by grant.
func (s *state) ask(ctx context.Context, e *examiner, ledger Ledger, progress func()) error {
	s.report.Online = true
	names := make([]id.Grant, 0, len(s.grants))
	for name := range s.grants {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b id.Grant) int {
		return int(int64(s.grants[a].index) - int64(s.grants[b].index))
	})
	for _, name := range names {
		if done, err := s.askComplete(ctx, ledger, name); err != nil {
			return err
		} else if done {
			progress()
			continue
		}
		entries, err := ledger.Entries(ctx, s.grants[name].handle)
		if err != nil {
			return fmt.Errorf("asking the ledger for a grant's entries: %w", err)
		}
		for _, entry := range entries {
			s.report.Counts.Ledger++
			leaf := entry.Entry.Leaf()
			if u := s.pending[cut(leaf)]; u != nil {
				if err := s.proveOnline(ctx, e, ledger, u); err != nil {
					return err
				}
			}
			if _, known := s.leaves[cut(leaf)]; known {
				continue
			}
			// The entry is its own evidence if its signature holds; else the node made it up.
			if anchor.Verify(s.chain, entry.Entry, s.grants[name].wallet) != nil {
				return errors.New("asking the ledger for a grant's entries: the node answers with an entry that nobody signed; ask another")
			}
			kind := Unexplained
			if entry.Entry.Kind() == anchor.KindWithdraw {
				kind = UnknownWithdrawal
			}
			f := s.find(0, kind, "the %s at index %d", entry.Entry.Kind(), entry.Index)
			*f = f.of(name).about(leaf)
		}
		progress()
	}
	return nil
}

func (s *state) proveOnline(ctx context.Context, e *examiner, ledger Ledger, u *unproved) error {
	p, err := ledger.Prove(ctx, u.leaf)
	if errors.Is(err, anchor.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("asking the ledger for a proof: %w", err)
	}
	proven, err := e.proofs.Verify(p)
	if err == nil && anchor.HashLeaf(p.Entry) != u.leaf {
		err = errors.New("it is of another entry")
	}
	if err != nil {
		f := s.find(u.line, ProofInvalid, "the node's proof of %s: %v", u.leaf, err)
		*f = f.of(u.grant).about(u.leaf)
	} else {
		s.report.Counts.Proofs++
		s.place(u, proven.Index)
	}
	delete(s.pending, cut(u.leaf))
	return nil
}
