package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/internal/id"
)

// A shopper who changes a grant ends it, and another takes its place. Whoever asks for
// something under the first gets it under the one that stands.

// longestLine bounds how far one call follows.
const longestLine = 100

// lineFile is lines/<grant>.json: whose place a grant took.
type lineFile struct {
	V      int      `json:"v"`
	Before id.Grant `json:"before"`
}

// Standing is the grant that stands in the place of one, as far as the folder knows;
// that grant itself if none took its place.
func (b *Business) Standing(g id.Grant) id.Grant {
	for range longestLine {
		grant, err := b.Grant(g)
		if err != nil || grant.Successor.IsZero() {
			return g
		}
		g = grant.Successor
	}
	return g
}

// First is the grant with which the line began that a grant is of: the one that a
// business learned of when its request was answered.
func (b *Business) First(g id.Grant) id.Grant {
	for range longestLine {
		var line lineFile
		if b.folder.read(&line, "lines", g.String()+".json") != nil {
			return g
		}
		g = line.Before
	}
	return g
}

// following does something under a grant, or under the one that took its place.
func following[T any](ctx context.Context, b *Business, g id.Grant, do func(id.Grant) (T, error)) (out T, err error) {
	for range longestLine {
		g = b.Standing(g)
		out, err = do(g)
		d := consent.DenialOf(err)
		if d == nil || d.Successor.IsZero() || d.Successor == g {
			return out, err
		}
		release := b.hold(g)
		linked := b.replaced(ctx, g, d.Successor, "", consent.UnixAt(b.now()))
		release()
		if linked != nil {
			return out, linked
		}
		if b.Standing(g) == g { // its letter was never opened, so nothing is kept of it
			g = d.Successor
		}
	}
	return out, err
}

// replaced ends a grant on the operator's word that another took its place, and
// remembers which. Whether that is so shows when the other's letter is opened, or now if
// it was opened before: then it is ErrLetter. The caller holds the grant.
func (b *Business) replaced(ctx context.Context, g, next id.Grant, kind consent.ChangeKind, at consent.Unix) error {
	if next.IsZero() {
		return b.end(ctx, g, consent.StateReplaced, at)
	}
	if err := b.folder.write(lineFile{1, g}, "lines", next.String()+".json"); err != nil {
		return fmt.Errorf("keeping whose place a grant took: %w", err)
	}
	if err := b.end(ctx, g, consent.StateReplaced, at); err != nil {
		return err
	}
	if err := b.linked(ctx, next); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", ErrLetter, err), b.folder.remove("lines", next.String()+".json"))
	}
	grant, err := b.Grant(g)
	if errors.Is(err, ErrNotFound) {
		return nil // its letter was never opened
	}
	if err != nil || !grant.Successor.IsZero() && (kind == "" || grant.Change == kind) {
		return err
	}
	grant.Successor, grant.Change = next, kind
	return b.keepGrant(grant)
}

// linked is succeeds for a grant whose letter was opened before it was said to take
// another's place.
func (b *Business) linked(ctx context.Context, next id.Grant) error {
	kept, err := b.Grant(next)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	entry, err := consent.Given{Entry: kept.Entry}.GrantEntry()
	if err != nil {
		return err
	}
	receipt, err := agent.VerifyReceipt(kept.Receipt)
	if err != nil {
		return err
	}
	return b.succeeds(ctx, next, entry, receipt)
}

// succeeds holds the receipt of a grant against the grant whose place it took, if the
// folder has that one: the same shopper, and no more than a change may give. An
// operator could name anybody's.
func (b *Business) succeeds(ctx context.Context, g id.Grant, entry anchor.Grant, receipt consent.Receipt) error {
	var line lineFile
	err := b.folder.read(&line, "lines", g.String()+".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	old, err := b.Grant(line.Before)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	before, err := agent.VerifyReceipt(old.Receipt)
	if err != nil {
		return err
	}
	if receipt.ID != before.ID || receipt.Terms().Purpose != before.Terms().Purpose {
		return errors.New("it is said to take the place of another shopper's grant, or of another purpose's; tell the operator")
	}
	if receipt.Predecessor == nil {
		return nil // of a newer request, which this one answers
	}
	if *receipt.Predecessor != before.RecordID {
		if before, err = b.pauseOf(ctx, old, before); err != nil {
			return err
		}
	}
	if err := receipt.Follows(before); err != nil {
		return err
	}
	if receipt.Events[0].State != consent.EventRenewed && receipt.Until(entry) > old.End {
		return errors.New("it ends later than the grant whose place it took")
	}
	return nil
}

// pauseOf is the receipt of a grant's pause, as the trail has it or as the operator
// does.
func (b *Business) pauseOf(ctx context.Context, old Grant, before consent.Receipt) (consent.Receipt, error) {
	all := old.Closings
	if len(all) == 0 {
		answer, err := b.askGrant(ctx, old.ID)
		if err != nil {
			return consent.Receipt{}, err
		}
		all = answer.Receipts
	}
	for _, jwt := range all {
		pause, err := agent.VerifyReceipt(jwt)
		if err == nil && pause.Closes(before, consent.EventPaused) == nil {
			return pause, nil
		}
	}
	return consent.Receipt{}, errors.New("its receipt follows one that nobody has")
}

// dropped are the attributes that a grant named and the one in its place does not.
func (b *Business) dropped(ctx context.Context, g, next id.Grant) ([]string, error) {
	old, err := b.attributesOf(ctx, g)
	if err != nil || next.IsZero() {
		return old, err
	}
	kept, err := b.attributesOf(ctx, next)
	return consent.Dropped(old, kept), err
}
