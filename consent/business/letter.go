package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/internal/id"
	"coffer/vault/seal"
)

// ErrLetter says that a letter does not stand: it does not open, or what is in it
// does not fit the request, the receipt or the ledger. The grant is of no use.
var ErrLetter = errors.New("the grant letter does not stand")

// grantAnswer is what the operator says of a grant.
type grantAnswer struct {
	Request           id.Request      `json:"request"`
	Attributes        []string        `json:"attributes"`
	State             consent.State   `json:"state"`
	Letter            string          `json:"letter"`
	Log               consent.LogHead `json:"log"`
	WithdrawEntry     consent.Bytes   `json:"withdraw_entry"`
	WithdrawalReceipt string          `json:"withdrawal_receipt"`

	Change    consent.ChangeKind `json:"change"`
	Successor string             `json:"successor"`
	Receipts  []string           `json:"receipts"`
}

// denial says why a grant that is not live gives nothing.
func (a grantAnswer) denial() error {
	switch a.State {
	case consent.StateAnchoring:
		return &consent.Denial{Reason: consent.NotAnchored}
	case consent.StateTerminated:
		return &consent.Denial{Reason: consent.Terminated}
	case consent.StatePaused:
		return &consent.Denial{Reason: consent.Paused}
	case consent.StateReplaced:
		next, _ := id.Parse[id.Grant](a.Successor) // zero: followed no further
		return overDenial(Grant{State: a.State, Change: a.Change, Successor: next})
	}
	return &consent.Denial{Reason: consent.Withdrawn}
}

func (b *Business) askGrant(ctx context.Context, g id.Grant) (grantAnswer, error) {
	var answer grantAnswer
	err := b.client.call(ctx, http.MethodGet, "/business/v1/grants/"+g.String(), nil, &answer)
	if err != nil {
		return grantAnswer{}, fmt.Errorf("reading a grant: %w", denial(err))
	}
	return answer, nil
}

// OpenLetter fetches the letter of a grant, opens and verifies it, and keeps it.
// Nothing in it is used before all of this holds: the receipt is signed by the
// shopper's pairwise key and repeats our own request to the letter; the ledger
// entry commits to that receipt, is signed, and is under the handle key that the
// letter hands over; and its proof verifies against the pinned validators. What
// fails is ErrLetter. A grant that is not live is a *consent.Denial.
func (b *Business) OpenLetter(ctx context.Context, g id.Grant) (Grant, error) {
	defer b.hold(g)()
	grant, _, err := b.openLetter(ctx, g)
	return grant, err
}

func (b *Business) openLetter(ctx context.Context, g id.Grant) (Grant, consent.Letter, error) {
	grant, letter, err := b.keptLetter(g)
	if err == nil || !errors.Is(err, ErrNotFound) {
		return grant, letter, err
	}
	none := func(err error) (Grant, consent.Letter, error) { return Grant{}, consent.Letter{}, err }
	trail, set, err := b.ready(ctx)
	if err != nil {
		return none(err)
	}
	answer, err := b.askGrant(ctx, g)
	if err != nil {
		return none(err)
	}
	if answer.State != consent.StateLive {
		return none(answer.denial())
	}
	letter, receipt, err := b.verifyLetter(ctx, set, g, answer)
	if err != nil {
		return none(fmt.Errorf("%w: %w", ErrLetter, err))
	}
	entry, err := letter.GrantEntry()
	if err != nil {
		return none(err)
	}
	if err := b.succeeds(ctx, g, entry, receipt); err != nil {
		return none(fmt.Errorf("%w: %w", ErrLetter, err))
	}
	proof, err := b.prove(ctx, set, entry)
	if err != nil {
		if proofRefused(err) {
			err = fmt.Errorf("%w: %w", ErrLetter, err)
		}
		return none(err)
	}
	terms := receipt.Terms()
	grant = Grant{
		V: 1, ID: g, Request: answer.Request, PurposeID: terms.Purpose, Attributes: terms.Attributes, Channels: terms.Channels,
		Start: entry.Start, End: receipt.Until(entry), State: consent.StateLive, Entry: letter.Entry, Receipt: letter.Receipt, Log: answer.Log,
	}
	if receipt.OnwardOf != nil {
		grant.OnwardOf = *receipt.OnwardOf
	}
	// The trail first: what the business may use, its DPO must be able to see.
	err = trail.Append(audit.Grant{Grant: g, Receipt: letter.Receipt, Opening: letter.Opening, Entry: letter.Entry, Proof: proof})
	if err != nil {
		return none(err)
	}
	if err := b.folder.write(letter, "letters", g.String()+".json"); err != nil {
		return none(fmt.Errorf("keeping a letter: %w", err))
	}
	if err := b.keepGrant(grant); err != nil {
		return none(err)
	}
	return grant, letter, nil
}

// keptLetter returns a letter that was opened before. A grant that is over has
// none: its denial comes back with the grant.
func (b *Business) keptLetter(g id.Grant) (Grant, consent.Letter, error) {
	grant, err := b.Grant(g)
	if err != nil {
		return Grant{}, consent.Letter{}, err
	}
	if grant.over() || grant.State == consent.StatePaused {
		return grant, consent.Letter{}, overDenial(grant)
	}
	var letter consent.Letter
	err = b.folder.read(&letter, "letters", g.String()+".json")
	if errors.Is(err, fs.ErrNotExist) {
		return Grant{}, consent.Letter{}, ErrNotFound // a crash in between: open it again
	}
	return grant, letter, err
}

func overDenial(g Grant) error {
	switch g.State {
	case consent.StateTerminated:
		return &consent.Denial{Reason: consent.Terminated}
	case consent.StatePaused:
		return &consent.Denial{Reason: consent.Paused}
	case consent.StateReplaced:
		if g.Change == consent.ChangeNarrowed || g.Change == consent.ChangeShortened {
			return &consent.Denial{Reason: consent.Narrowed, Successor: g.Successor}
		}
		return &consent.Denial{Reason: consent.Replaced, Successor: g.Successor}
	}
	return &consent.Denial{Reason: consent.Withdrawn}
}

// verifyLetter opens the letter and holds it against everything but the ledger.
func (b *Business) verifyLetter(ctx context.Context, set anchor.ValidatorSet, g id.Grant, answer grantAnswer) (consent.Letter, consent.Receipt, error) {
	none := func(err error) (consent.Letter, consent.Receipt, error) {
		return consent.Letter{}, consent.Receipt{}, err
	}
	request, err := b.heldRequest(ctx, answer.Request)
	if err != nil {
		return none(err)
	}
	plaintext, err := seal.OpenLetter(b.keys.agreement, answer.Letter)
	if err != nil {
		return none(err)
	}
	letter, err := consent.ParseLetter(plaintext)
	if err != nil {
		return none(err)
	}
	if letter.Grant != g {
		return none(errors.New("it is of another grant"))
	}
	receipt, err := agent.VerifyReceipt(letter.Receipt)
	if err != nil {
		return none(err)
	}
	if err := letter.Stands(request, receipt); err != nil {
		return none(err)
	}
	if receipt.Controllers[0].Party != b.keys.did {
		return none(errors.New("it is for another business"))
	}
	entry, err := letter.GrantEntry()
	if err != nil {
		return none(err)
	}
	if err := anchor.Verify(set.Chain, entry, entry.WalletKey); err != nil {
		return none(err)
	}
	return letter, receipt, nil
}

// proofRefused tells a proof that does not hold from a ledger that is away.
func proofRefused(err error) bool {
	var p *anchor.ProofError
	return errors.As(err, &p)
}
