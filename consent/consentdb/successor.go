package consentdb

import (
	"context"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// Change is what a shopper makes of one grant, checked and, where it must be,
// confirmed.
type Change struct {
	Vault     id.Vault
	Grant     id.Grant // the old one
	Kind      consent.ChangeKind
	Withdraw  anchor.Withdraw // ends the old one; of no meaning for a paused one, which is off the ledger
	Pause     string          // JWT of the receipt of a pause
	Next      *Given          // the successor; nil for a pause
	Documents []Document      // sealed: the wallet's own copy of the successor, and its manifest
	At        time.Time

	Partners []Withdrawal // of the grants under the old one, as with a withdrawal
}

// Change changes a grant at once and as a whole: the old one gives nothing any more,
// its shares are gone and its withdrawal is in the outbox; the successor with its
// shares is on its way to the ledger; the approval that the old one was under has it,
// and the business is told. A *consent.Denial for a grant that is over or paused
// already; consent.ErrNotFound for another vault's; ErrReplayed; what the Keeper says.
func (s *Store) Change(ctx context.Context, c Change) error {
	err := s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		old, err := one(q.GrantByID(ctx, c.Grant))
		if err == nil && old.VaultID != c.Vault {
			err = consent.ErrNotFound
		}
		if err != nil {
			return err
		}
		paused := consent.State(old.State) == consent.StatePaused
		switch denied := consent.DenialOf(denialOf(old, c.At)); {
		case paused && c.Kind == consent.ChangeResumed:
		case denied != nil:
			return denied
		case c.Kind == consent.ChangeResumed:
			return &consent.Refusal{Code: consent.WrongChange, At: "kind"}
		}
		if err := s.keeper.PutDocuments(ctx, tx, c.Vault, c.Documents); err != nil {
			return err
		}
		if err := s.withdrawOnward(ctx, q, tx, old, c.Partners, c.At); err != nil {
			return err
		}
		to := supersession{kind: c.Kind, withdraw: c.Withdraw.Bytes(), at: c.At}
		if c.Next != nil {
			to.next = c.Next.Grant.ID
			// The same request: its terms are the old grant's, whatever the caller knows.
			before, _, err := terms(ctx, q, consent.Grant{Vault: c.Vault, ID: c.Grant})
			if err != nil {
				return err
			}
			next := *c.Next
			next.Grant.Jurisdictions, next.Grant.Destinations, next.Grant.Condition = before.Jurisdictions, before.Destinations, before.Condition
			d := Decision{Vault: c.Vault, Request: old.RequestID, Business: old.Business, At: c.At}
			if err := s.give(ctx, q, tx, d, next); err != nil {
				return err
			}
		} else if err := s.putLater(ctx, q, old, consent.EventPaused, c.Pause, c.At); err != nil {
			return err
		}
		return s.supersede(ctx, q, tx, old, to)
	})
	if err == nil {
		s.nudge()
	}
	return wrap("changing a grant", err)
}

func (s *Store) putLater(ctx context.Context, q *consentsql.Queries, row consentsql.GrantRecord, event, receipt string, at time.Time) error {
	receipt, err := s.sealReceipt(ctx, row.VaultID, row.GrantID, event, receipt)
	if err != nil {
		return err
	}
	return q.PutLaterReceipt(ctx, consentsql.PutLaterReceiptParams{
		VaultID: row.VaultID, GrantID: row.GrantID, Event: event, Receipt: receipt, Received: at.Unix(),
	})
}

// supersession is how one grant makes way for another.
type supersession struct {
	kind     consent.ChangeKind
	next     id.Grant // stored before, of the same vault and business; zero for a pause
	withdraw []byte   // the entry that ends the old grant; nil takes the one that was signed ahead
	at       time.Time
}

// supersede ends a grant in favour of another, in the transaction that gave the other:
// from its commit the old one gives nothing, its shares are gone, its withdrawal is in
// the outbox (a paused one is withdrawn already), the approvals that it was under have
// the successor, and the business is told, with a loop for the attributes that the
// successor does not name. The grants to partners under it end as withdrawn: each has a
// receipt that names the old grant, so none can go on under another. A grant that is
// over is a *consent.Denial. Whoever calls it has held the successor against the old
// grant, and calls nudge after the commit.
func (s *Store) supersede(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, old consentsql.GrantRecord, to supersession) error {
	state := consent.StateReplaced
	if to.kind == consent.ChangePaused {
		state = consent.StatePaused
	}
	n, err := q.Supersede(ctx, consentsql.SupersedeParams{
		State: string(state), ChangeKind: string(to.kind), Successor: bytesOf(to.next), At: to.at.Unix(), VaultID: old.VaultID, GrantID: old.GrantID,
	})
	if err != nil {
		return err
	}
	if n == 0 {
		return denialOf(old, to.at)
	}
	if err := s.keeper.DropShares(ctx, tx, old.VaultID, old.GrantID); err != nil {
		return err
	}
	if err := s.endOnward(ctx, q, tx, old, consent.StateWithdrawn, to.at); err != nil {
		return err
	}
	if consent.State(old.State) != consent.StatePaused {
		if err := endEntry(ctx, q, old, to.withdraw, to.at); err != nil {
			return err
		}
	}
	e := Event{Kind: EventKind(to.kind), Request: old.RequestID, Grant: old.GrantID, At: consent.UnixAt(to.at), Successor: to.next}
	if to.next.IsZero() {
		return tell(ctx, q, old.Business, e)
	}
	if err := approveSuccessor(ctx, q, old.GrantID, to.next); err != nil {
		return err
	}
	old.Successor = bytesOf(to.next)
	dropped, err := owed(ctx, q, old)
	if err != nil {
		return err
	}
	e.covered = len(dropped) == 0
	return tell(ctx, q, old.Business, e)
}

// endEntry puts the withdrawal of a grant into the outbox; nil is the one that was
// signed ahead.
func endEntry(ctx context.Context, q *consentsql.Queries, row consentsql.GrantRecord, entry []byte, at time.Time) error {
	if entry == nil {
		paper, err := q.Paper(ctx, consentsql.PaperParams{VaultID: row.VaultID, GrantID: row.GrantID})
		if err != nil {
			return err
		}
		entry = paper.WithdrawAhead
	}
	err := q.PutWithdrawEntry(ctx, consentsql.PutWithdrawEntryParams{WithdrawEntry: entry, VaultID: row.VaultID, GrantID: row.GrantID})
	if err != nil {
		return err
	}
	return enqueue(ctx, q, entry, at)
}

// approveSuccessor puts a successor under the approvals of the grant before it, so that
// their tokens keep working.
func approveSuccessor(ctx context.Context, q *consentsql.Queries, old, next id.Grant) error {
	under, err := q.ApprovalsOf(ctx, old)
	if err != nil {
		return err
	}
	row, err := one(q.GrantByID(ctx, next))
	if err != nil {
		return err
	}
	for _, a := range under {
		err := q.PutApproved(ctx, consentsql.PutApprovedParams{ApprovalID: a.ApprovalID, GrantID: next, PurposeID: a.PurposeID})
		if err != nil {
			return err
		}
	}
	return q.ExtendApprovals(ctx, consentsql.ExtendApprovalsParams{Until: anchor.Epoch(row.EndEpoch).Time().Unix(), GrantID: next})
}

// replacedBy is how a replaced grant ended.
func replacedBy(ctx context.Context, q *consentsql.Queries, g id.Grant) (consent.ChangeKind, id.Grant, error) {
	row, err := one(q.GrantByID(ctx, g))
	if err != nil {
		return "", id.Grant{}, err
	}
	old, err := bareGrant(row)
	return old.Change, old.Successor, err
}

// line are the grants that a grant came of, itself first.
func line(ctx context.Context, q *consentsql.Queries, v id.Vault, g id.Grant) ([]id.Grant, error) {
	all := []id.Grant{g}
	for {
		before, err := one(q.PredecessorOf(ctx, consentsql.PredecessorOfParams{VaultID: v, Successor: g[:]}))
		if err == consent.ErrNotFound || slices.Contains(all, before) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all, g = append(all, before), before
	}
}

// PutExpiry keeps the receipt that a wallet made when it found a grant expired; the
// first one stands. The receipt was held against the grant's. consent.ErrNotFound for
// another vault's grant.
func (s *Store) PutExpiry(ctx context.Context, v id.Vault, g id.Grant, receipt string, now time.Time) error {
	return wrap("keeping a receipt", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, g))
		if err == nil && row.VaultID != v {
			err = consent.ErrNotFound
		}
		if err != nil {
			return err
		}
		return s.putLater(ctx, q, row, consent.EventExpired, receipt, now)
	}))
}

// againstSuccessor holds a grant against the one that took its place.
func againstSuccessor(ctx context.Context, q *consentsql.Queries, g Grant, say func(string, ...any)) error {
	replaced := g.State == consent.StateReplaced
	switch changed := replaced || g.State == consent.StatePaused; {
	case replaced == g.Successor.IsZero():
		say("%s, but its successor is named: %t", g.State, !g.Successor.IsZero())
		return nil
	case changed && g.Change == "":
		say("%s by nothing", g.State)
	case g.State == consent.StateLive && (g.Change != "" || g.Withdrawn != 0):
		say("live, but it was changed")
	case g.Change == consent.ChangePaused:
		later, err := q.LaterReceipts(ctx, consentsql.LaterReceiptsParams{VaultID: g.Vault, GrantID: g.ID})
		if err != nil {
			return err
		}
		if len(later) == 0 || later[0].Event != consent.EventPaused {
			say("paused without a receipt")
		}
	}
	if !replaced {
		return nil
	}
	row, err := one(q.GrantByID(ctx, g.Successor))
	if err == consent.ErrNotFound {
		say("replaced by a grant that is not there")
		return nil
	} else if err != nil {
		return err
	}
	next, err := bareGrant(row)
	if err != nil {
		return err
	}
	if next.Vault != g.Vault || next.Business != g.Business || next.Purpose != g.Purpose {
		say("replaced by a grant of something else")
	}
	if !g.Change.ByChange() {
		return nil // by a newer request, which may ask more
	}
	if next.Request != g.Request || len(consent.Dropped(next.Attributes, g.Attributes))+len(consent.Dropped(next.Channels, g.Channels)) > 0 {
		say("replaced by a grant that gives more")
	}
	if g.Change != consent.ChangeRenewed && next.End > g.End {
		say("replaced by a grant that ends later")
	}
	return nil
}

// remindWithin is how long before its end a grant counts as ending soon; one shorter
// than a month does in the last tenth of its time.
const remindWithin = 14 * 24

// Ending lists a vault's live grants that end soon, the next first.
func (s *Store) Ending(ctx context.Context, v id.Vault, now time.Time) (soon []Grant, err error) {
	all, err := s.Grants(ctx, v)
	if err != nil {
		return nil, err
	}
	for _, g := range all {
		left, whole := int(g.End)-int(anchor.EpochAt(now)), int(g.End-g.Start)
		within := remindWithin
		if whole < 31*24 {
			within = whole / 10
		}
		if g.Live(now) && left <= within && !g.Onward() { // a partner's is not renewed: it ends with the first
			soon = append(soon, g)
		}
	}
	slices.SortStableFunc(soon, func(a, b Grant) int { return int(a.End) - int(b.End) })
	return soon, nil
}
