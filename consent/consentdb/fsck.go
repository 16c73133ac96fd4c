package consentdb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
)

// Discrepancy is one thing that Reconcile found to be untrue.
type Discrepancy struct {
	Grant id.Grant
	What  string
}

// holding is a grant with everything that must match it.
type holding struct {
	Grant
	permits  []Permit
	messages []consentsql.Message
	rows     []string
	deposits []consentsql.Deposit
	evidence []Evidence // that counts for it
	used     int
	head     consent.LogHead
}

const page = 256

// States calls f with every grant, so that other stores can be held against them.
// Memory stays bounded.
func (s *Store) States(ctx context.Context, f func(consent.Grant) error) error {
	return s.walk(ctx, func(q *consentsql.Queries, g Grant) error { return f(g.Grant) })
}

// Reconcile holds the store against the ledger and against itself: every grant that
// counts as anchored is on the ledger with its window, and no other takes effect;
// what is not anchored is in the outbox; every withdrawal is on the ledger or on its
// way; every release and every message had an anchored permit of its hour; every
// access log leads to its head; no partner's grant outlasts the one it is under. It
// reports in bounded memory what is not so.
func (s *Store) Reconcile(ctx context.Context, l anchor.Ledger, report func(Discrepancy)) error {
	if err := s.reconcileTemplates(ctx, report); err != nil {
		return wrap("reconciling templates", err)
	}
	return wrap("reconciling", s.walk(ctx, func(q *consentsql.Queries, g Grant) error {
		h, err := gather(ctx, q, g)
		if err != nil {
			return err
		}
		say := func(format string, args ...any) { report(Discrepancy{g.ID, fmt.Sprintf(format, args...)}) }
		if err := h.againstLedger(ctx, l, q, say); err != nil {
			return err
		}
		h.againstItself(say)
		if err := againstFirst(ctx, q, g, say); err != nil {
			return err
		}
		return againstSuccessor(ctx, q, g, say)
	}))
}

func (s *Store) walk(ctx context.Context, f func(*consentsql.Queries, Grant) error) error {
	var at consentsql.GrantsAfterParams
	at.Limit = page
	for {
		n := 0
		err := s.read(ctx, func(q *consentsql.Queries) error {
			rows, err := q.GrantsAfter(ctx, at)
			if err != nil {
				return err
			}
			for n = range rows {
				row := rows[n]
				at.VaultID, at.GrantID = row.GrantRecord.VaultID, row.GrantRecord.GrantID
				g, err := grantOf(row.GrantRecord, row.GrantPaper)
				if err != nil {
					return err
				}
				if err := f(q, g); err != nil {
					return err
				}
			}
			n = len(rows)
			return nil
		})
		if err != nil || n < page {
			return err
		}
	}
}

func gather(ctx context.Context, q *consentsql.Queries, g Grant) (h holding, err error) {
	h.Grant = g
	if err := h.gatherCondition(ctx, q); err != nil {
		return h, err
	}
	permits, err := q.PermitsOfGrant(ctx, consentsql.PermitsOfGrantParams{VaultID: g.Vault, GrantID: g.ID})
	if err != nil {
		return h, err
	}
	if h.permits, err = permitsOf(permits); err != nil {
		return h, err
	}
	h.messages, err = q.MessagesOfGrant(ctx, consentsql.MessagesOfGrantParams{VaultID: g.Vault, GrantID: g.ID})
	if err != nil {
		return h, err
	}
	h.deposits, err = q.DepositsOfGrant(ctx, consentsql.DepositsOfGrantParams{VaultID: g.Vault, GrantID: g.ID})
	if err != nil {
		return h, err
	}
	chain, err := q.AccessChain(ctx, consentsql.AccessChainParams{VaultID: g.Vault, GrantID: g.ID})
	for _, row := range chain {
		h.rows = append(h.rows, row.Line)
		h.head = consent.LogHead{}
		copy(h.head[:], row.Head)
	}
	return h, err
}

func (h *holding) gatherCondition(ctx context.Context, q *consentsql.Queries) (err error) {
	if h.Grant.Grant, h.used, err = terms(ctx, q, h.Grant.Grant); err == nil {
		h.evidence, err = evidenceFor(ctx, q, h.Grant.Grant)
	}
	return err
}

func (h holding) againstLedger(ctx context.Context, l anchor.Ledger, q *consentsql.Queries, say func(string, ...any)) error {
	entry, err := consent.Given{Entry: h.Entry}.GrantEntry()
	if err != nil {
		say("its entry: %v", err)
		return nil
	}
	coming, err := waits(ctx, q, h.Entry)
	if err != nil {
		return err
	}
	ending, err := waits(ctx, q, h.WithdrawEntry)
	if err != nil {
		return err
	}
	state, err := l.Grant(ctx, h.Handle)
	known := err == nil
	if err != nil && !errors.Is(err, anchor.ErrNotFound) {
		return err
	}
	switch {
	case h.State == consent.StateLive && !h.Anchored:
		say("live without an anchored entry")
	case h.Anchored && !known:
		say("anchored, but not on the ledger")
	case !h.Anchored && !known && !coming && h.State != consent.StateTerminated:
		say("neither on the ledger nor on its way")
	case known && (state.Start != h.Start || state.End != entry.End):
		say("another window on the ledger")
	case h.End > entry.End || h.End <= h.Start:
		say("it ends after its entry")
	}
	// A grant that its business gave up was withdrawn by the entry signed ahead.
	switch withdrawn := h.State == consent.StateWithdrawn || h.State == consent.StatePaused || h.State == consent.StateReplaced || len(h.WithdrawEntry) > 0; {
	case withdrawn && h.WithdrawAnchored && !state.Withdrawn:
		say("withdrawal anchored, but not on the ledger")
	case withdrawn && known && !state.Withdrawn && !ending:
		say("withdrawal neither on the ledger nor on its way")
	case !withdrawn && state.Withdrawn:
		say("withdrawn on the ledger, but not here")
	}
	for _, p := range h.permits {
		if !p.Anchored {
			continue
		}
		if _, on, err := l.Has(ctx, p.Entry.Leaf()); err != nil {
			return err
		} else if !on {
			say("permit of epoch %d is not on the ledger", p.Entry.Epoch)
		}
	}
	return nil
}

func (h holding) againstItself(say func(string, ...any)) {
	h.depositsSound(say)
	accesses, err := consent.VerifyLog(h.rows, h.ID, h.head)
	if err != nil {
		say("access log: %v", err)
	}
	collects, leaves := map[anchor.Epoch]bool{}, map[anchor.Leaf]bool{}
	for _, p := range h.permits {
		if p.Anchored && p.Kind == consent.PermitCollect {
			collects[p.Entry.Epoch] = true
		}
		leaves[p.Entry.Leaf()] = p.Anchored
	}
	released := 0
	for _, a := range accesses {
		if len(a.Given) == 0 {
			continue
		}
		if !collects[anchor.EpochAt(a.Time.Time())] {
			say("release at %d without a permit of its hour", a.Time)
		}
		if h.Withdrawn != 0 && a.Time > h.Withdrawn {
			say("release at %d after the withdrawal", a.Time)
		}
		released++
		if h.Condition.Proven() && !slices.ContainsFunc(h.evidence, func(e Evidence) bool { return e.Received <= a.Time && e.counted(a.Time) }) {
			say("release at %d without the evidence that its condition needs", a.Time)
		}
		if h.Condition != nil && h.Condition.From != nil && a.Time < *h.Condition.From {
			say("release at %d before its date", a.Time)
		}
		for _, name := range a.Given {
			if !h.Covers(name) {
				say("release at %d of %s, which is not covered", a.Time, name)
			}
		}
	}
	if h.Condition != nil && h.Condition.Uses != nil && (h.used != released || released+len(h.messages) > *h.Condition.Uses) {
		say("%d releases, %d of them counted, and %d messages under a condition of %d uses", released, h.used, len(h.messages), *h.Condition.Uses)
	}
	for _, m := range h.messages {
		if MessageState(m.State) != MessageAnchoring && !leaves[anchor.Leaf(m.Leaf)] {
			say("message delivered without an anchored permit")
		}
	}
}
