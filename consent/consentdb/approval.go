package consentdb

import (
	"context"
	"errors"
	"slices"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

var (
	// ErrUnbound means that a code or token was presented with another key than the
	// one it is bound to.
	ErrUnbound = errors.New("bound to another key")

	// ErrReused means that a code or refresh token came a second time. Somebody has a
	// copy: everything that came of it has ended.
	ErrReused = errors.New("used before; every token that came of it has ended")
)

// Approval is what a client got for a code: grants, and the tokens under them.
type Approval struct {
	ID       id.Approval
	Business consent.DID
	Request  id.Request
	Key      string       // thumbprint of the DPoP key of its tokens; "" for none
	Until    consent.Unix // when the last of its grants ends
	Ended    consent.Unix // 0 while its tokens are good
	Grants   []Approved
}

// Approved is one grant of an approval, as it stands.
type Approved struct {
	Grant   id.Grant
	Purpose string // the request's name for it
	State   consent.State
	End     anchor.Epoch // 0 once the vault is erased
}

// Stands reports whether any of the grants does, or will once it is anchored or resumed.
func (a Approval) Stands(at time.Time) bool {
	return slices.ContainsFunc(a.Grants, func(g Approved) bool { return g.Stands(at) })
}

// Stands reports whether the grant gives something, or will once it is anchored or resumed.
func (g Approved) Stands(at time.Time) bool {
	return consent.Grant{State: g.State, End: g.End}.Stands(at)
}

// Redemption is a client presenting a code. Business and Key were verified.
type Redemption struct {
	Code        consent.Hash
	Business    consent.DID
	RedirectURI string
	Challenge   string // computed from the verifier that came
	Key         string
	Refresh     consent.Hash // of the refresh token that it gets
	At          time.Time
}

// Redeem turns a code into an approval, once. consent.ErrNotFound for a code that is
// not this client's, or came with another redirect URI or verifier; ErrExpired,
// ErrUnbound; ErrReused ends what the code gave before.
func (s *Store) Redeem(ctx context.Context, r Redemption) (a Approval, err error) {
	var refused error
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		a, refused = Approval{}, nil
		code, err := one(q.Code(ctx, r.Code[:]))
		if err != nil {
			return err
		}
		switch {
		case code.Business != r.Business:
			return consent.ErrNotFound
		case len(code.ApprovalID) == len(a.ID):
			refused = ErrReused
			_, err := q.EndApproval(ctx, consentsql.EndApprovalParams{Ended: r.At.Unix(), ApprovalID: id.Approval(code.ApprovalID)})
			return err
		case r.At.Unix() >= code.Expires:
			return ErrExpired
		case code.RedirectUri != r.RedirectURI || code.Challenge != r.Challenge:
			return consent.ErrNotFound
		case code.Jkt != "" && code.Jkt != r.Key:
			return ErrUnbound
		}
		a, err = approve(ctx, q, code, r)
		return err
	})
	if err == nil {
		err = refused
	}
	return a, wrap("redeeming a code", err)
}

// approve writes the approval of what was decided about a request: a new one, or the
// one that the request merges into or replaces, unless it has ended meanwhile. That one
// keeps its id; its refresh tokens give way to the one that comes.
func approve(ctx context.Context, q *consentsql.Queries, code consentsql.Code, r Redemption) (a Approval, err error) {
	d, err := one(q.DecisionOf(ctx, code.RequestID))
	if err != nil { // erased since
		return a, err
	}
	grants, err := q.GrantsOfDecision(ctx, consentsql.GrantsOfDecisionParams{VaultID: d.VaultID, RequestID: code.RequestID})
	if err != nil {
		return a, err
	}
	last := anchor.Epoch(0)
	for _, g := range grants {
		last = max(last, anchor.Epoch(g.EndEpoch))
	}
	name, err := again(ctx, q, code, r, last)
	if err == nil && name.IsZero() {
		name = id.New[id.Approval]()
		err = q.PutApproval(ctx, consentsql.PutApprovalParams{
			ApprovalID: name, RequestID: code.RequestID, Business: r.Business, Jkt: r.Key, Made: r.At.Unix(), Until: last.Time().Unix(),
		})
	}
	if err != nil {
		return a, err
	}
	for _, g := range grants {
		if g.Business != r.Business {
			continue // a partner's is not this client's
		}
		if err := q.PutApproved(ctx, consentsql.PutApprovedParams{ApprovalID: name, GrantID: g.GrantID, PurposeID: g.PurposeID}); err != nil {
			return a, err
		}
	}
	if err := q.UseCode(ctx, consentsql.UseCodeParams{ApprovalID: name[:], Digest: r.Code[:]}); err != nil {
		return a, err
	}
	if err := q.PutRefresh(ctx, consentsql.PutRefreshParams{Digest: r.Refresh[:], ApprovalID: name}); err != nil {
		return a, err
	}
	return approvalWhole(ctx, q, name)
}

// again takes up the approval that a code is about; zero if it is about none, or about
// one that has ended.
func again(ctx context.Context, q *consentsql.Queries, code consentsql.Code, r Redemption, last anchor.Epoch) (name id.Approval, err error) {
	if copy(name[:], code.Target) == 0 {
		return name, nil
	}
	n, err := q.UpdateApproval(ctx, consentsql.UpdateApprovalParams{
		RequestID: code.RequestID, Jkt: r.Key, Until: last.Time().Unix(), ApprovalID: name, Business: r.Business,
	})
	if err != nil || n == 0 {
		return id.Approval{}, err
	}
	return name, q.DropRefreshes(ctx, name)
}

// Rotation is a client presenting a refresh token. Business and Key were verified.
type Rotation struct {
	Token    consent.Hash
	Business consent.DID
	Key      string
	Next     consent.Hash // of the token that replaces it
	At       time.Time
}

// Rotate replaces a refresh token. consent.ErrNotFound for one that is not this
// client's; ErrUnbound; ErrExpired when it or all its grants are over; ErrReused ends
// the approval.
func (s *Store) Rotate(ctx context.Context, r Rotation) (a Approval, err error) {
	var refused error
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		a, refused = Approval{}, nil
		row, err := one(q.Refresh(ctx, r.Token[:]))
		if err != nil {
			return err
		}
		switch {
		case row.Business != r.Business:
			return consent.ErrNotFound
		case row.Ended != 0:
			return ErrExpired
		case row.Used:
			refused = ErrReused
			_, err := q.EndApproval(ctx, consentsql.EndApprovalParams{Ended: r.At.Unix(), ApprovalID: row.ApprovalID})
			return err
		case row.Jkt != r.Key:
			return ErrUnbound
		}
		if a, err = approvalWhole(ctx, q, row.ApprovalID); err != nil {
			return err
		}
		if !a.Stands(r.At) {
			return ErrExpired
		}
		if err := q.UseRefresh(ctx, r.Token[:]); err != nil {
			return err
		}
		return q.PutRefresh(ctx, consentsql.PutRefreshParams{Digest: r.Next[:], ApprovalID: row.ApprovalID})
	})
	if err == nil {
		err = refused
	}
	return a, wrap("rotating a token", err)
}

// Refreshes returns the approval of a client's refresh token, and whether that token
// is still good. consent.ErrNotFound for one that is not this client's.
func (s *Store) Refreshes(ctx context.Context, business consent.DID, token consent.Hash, at time.Time) (a Approval, good bool, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		row, err := one(q.Refresh(ctx, token[:]))
		if err == nil && row.Business != business {
			err = consent.ErrNotFound
		}
		if err != nil {
			return err
		}
		a, err = approvalWhole(ctx, q, row.ApprovalID)
		good = !row.Used && row.Ended == 0 && a.Stands(at)
		return err
	})
	return a, good, wrap("looking at a token", err)
}

// Approval returns a client's approval; consent.ErrNotFound for another's.
func (s *Store) Approval(ctx context.Context, business consent.DID, name id.Approval) (a Approval, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		a, err = approvalOf(ctx, q, business, name)
		return err
	})
	return a, wrap("reading an approval", err)
}

// Approves reports whether the grant is of the approval.
func (s *Store) Approves(ctx context.Context, a id.Approval, g id.Grant) (yes bool, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		n, err := q.Approves(ctx, consentsql.ApprovesParams{ApprovalID: a, GrantID: g})
		yes = n > 0
		return err
	})
	return yes, wrap("reading an approval", err)
}

// EndTokens ends the tokens of a client's approval, and leaves its grants.
func (s *Store) EndTokens(ctx context.Context, business consent.DID, name id.Approval, at time.Time) error {
	return wrap("ending tokens", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		if _, err := approvalOf(ctx, q, business, name); err != nil {
			return err
		}
		_, err := q.EndApproval(ctx, consentsql.EndApprovalParams{Ended: at.Unix(), ApprovalID: name})
		return err
	}))
}

// Terminate gives up a client's approval, at once and for good: its tokens end, and
// its grants with their shares. The withdrawals that the wallet signed when it gave go
// to the ledger, as if the shopper had withdrawn. Doing it again changes nothing.
func (s *Store) Terminate(ctx context.Context, business consent.DID, name id.Approval, at time.Time) error {
	err := s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		a, err := approvalOf(ctx, q, business, name)
		if err != nil {
			return err
		}
		if _, err := q.EndApproval(ctx, consentsql.EndApprovalParams{Ended: at.Unix(), ApprovalID: name}); err != nil {
			return err
		}
		for _, g := range a.Grants {
			if err := s.terminate(ctx, q, tx, g.Grant, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.nudge()
	}
	return wrap("terminating", err)
}

// GiveUp ends one grant of a business that wants no more of it, at once and for good, as
// Terminate does. One that is over stays as it ended; one in whose place another stands
// is a *consent.Denial that names it. consent.ErrNotFound for a grant that the business
// never held.
func (s *Store) GiveUp(ctx context.Context, business consent.DID, g id.Grant, at time.Time) error {
	err := s.write(ctx, func(q *consentsql.Queries, tx sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, g))
		if err == consent.ErrNotFound {
			_, err = erasedGrant(ctx, q, business, g)
			return err
		}
		if err == nil && row.Business != business {
			err = consent.ErrNotFound
		}
		if err == nil && consent.State(row.State) == consent.StateReplaced {
			err = denialOf(row, at)
		}
		if err != nil {
			return err
		}
		return s.terminate(ctx, q, tx, g, at)
	})
	if err == nil {
		s.nudge()
	}
	return wrap("giving up a grant", err)
}

func (s *Store) terminate(ctx context.Context, q *consentsql.Queries, tx sqldb.Tx, g id.Grant, at time.Time) error {
	row, err := one(q.GrantByID(ctx, g))
	if err == consent.ErrNotFound { // erased: withdrawn already
		return nil
	} else if err != nil {
		return err
	}
	ended, err := s.end(ctx, q, tx, row, consent.StateTerminated, at)
	if err != nil || !ended || consent.State(row.State) == consent.StatePaused { // off the ledger already
		return err
	}
	paper, err := q.Paper(ctx, consentsql.PaperParams{VaultID: row.VaultID, GrantID: g})
	if err != nil {
		return err
	}
	err = q.PutWithdrawal(ctx, consentsql.PutWithdrawalParams{WithdrawEntry: paper.WithdrawAhead, VaultID: row.VaultID, GrantID: g})
	if err != nil {
		return err
	}
	return enqueue(ctx, q, paper.WithdrawAhead, at)
}

func approvalOf(ctx context.Context, q *consentsql.Queries, business consent.DID, name id.Approval) (Approval, error) {
	a, err := approvalWhole(ctx, q, name)
	if err == nil && a.Business != business {
		return Approval{}, consent.ErrNotFound
	}
	return a, err
}

func approvalWhole(ctx context.Context, q *consentsql.Queries, name id.Approval) (Approval, error) {
	row, err := one(q.Approval(ctx, name))
	if err != nil {
		return Approval{}, err
	}
	a := Approval{ID: name, Business: row.Business, Request: row.RequestID, Key: row.Jkt, Until: consent.Unix(row.Until), Ended: consent.Unix(row.Ended)}
	grants, err := q.Approved(ctx, name)
	for _, g := range grants {
		state := consent.State(g.State)
		if state == "" {
			state = consent.StateErased
		}
		a.Grants = append(a.Grants, Approved{Grant: g.GrantID, Purpose: g.PurposeID, State: state, End: anchor.Epoch(g.EndEpoch)})
	}
	return a, err
}
