// Package anchorwatch follows the log that one member publishes and keeps what
// the member has said, so that it cannot say something else later. For a member it
// holds what the other members publish against its own log (Council).
//
// # Trust
//
// The package believes the validator set and the checkpoint key that it was
// given, or the first ones that it was told, and its own state; other validators it
// believes only if those before agreed to them. It sees every
// violation in what this member shows to this watcher; that a member shows
// somebody else another log is seen when the two compare their checkpoints. A
// changed state file makes it blind for what was before. A Council believes its own
// member's log, which consensus and the rule made.
package anchorwatch

import (
	"context"
	"errors"
	"fmt"

	"coffer/anchor"
)

// Member is who is watched, such as an anchorhttp.Client. An error that wraps
// anchor.ErrUnavailable is passing and shows nothing.
type Member interface {
	Validators(ctx context.Context) (anchor.ValidatorSet, error)
	CheckpointKey(ctx context.Context) (string, error)
	Checkpoint(ctx context.Context) ([]byte, error)
	SignedHeader(ctx context.Context) ([]byte, error)
	Consistency(ctx context.Context, from, to uint64) (anchor.Consistency, error)
	// Steps are the changes of the validators since the set with this hash.
	Steps(ctx context.Context, from [32]byte) ([]anchor.Step, error)
}

// Kind is what a member did wrong. The set is closed.
type Kind string

const (
	// Signature: the checkpoint is not signed by the member's key.
	Signature Kind = "signature"
	// Header: the header is not signed by the validators.
	Header Kind = "header"
	// Succession: others sign than the validators, and the member does not prove that
	// these made way for them.
	Succession Kind = "succession"
	// Shrunk: a log or a height is smaller than it was.
	Shrunk Kind = "shrunk"
	// Split: one size, two roots.
	Split Kind = "split"
	// Rewritten: the older log is not how the newer one begins, or the member
	// does not prove that it is.
	Rewritten Kind = "rewritten"
	// Ahead: the checkpoint has entries that no header covers.
	Ahead Kind = "ahead"
	// Fork: the validators signed two headers of one height.
	Fork Kind = "fork"
)

// Violation is a broken promise, with all that shows it.
type Violation struct {
	Kind   Kind
	Detail string
	Evidence
}

func (v *Violation) Error() string { return fmt.Sprintf("%s: %s", v.Kind, v.Detail) }

// Evidence is what a watcher knew and was told. What is missing had not been
// asked for yet.
type Evidence struct {
	Known State
	Told  Said
	Proof *anchor.Consistency // the one that does not hold
}

// Said is what a member says at one moment.
type Said struct {
	Checkpoint   string // the signed note
	SignedHeader []byte // CometBFT's protobuf
}

// Step is what one look at the member showed.
type Step struct {
	anchor.Head        // as the newest header fixes it
	Checkpoint  uint64 // size of the checkpoint
	Grown       uint64 // entries more than in the checkpoint before
}

// Begin takes the first look. Validators and key may be known already; those that
// are not (no validators, an empty key) are taken from the member.
func Begin(ctx context.Context, m Member, set anchor.ValidatorSet, key string) (State, Step, error) {
	fail := func(err error) (State, Step, error) { return State{}, Step{}, err }
	var err error
	if len(set.Validators) == 0 {
		if set, err = m.Validators(ctx); err != nil {
			return fail(err)
		}
	}
	if err := set.Validate(); err != nil {
		return fail(fmt.Errorf("reading the ledger's validators: %w", err))
	}
	if key == "" {
		if key, err = m.CheckpointKey(ctx); err != nil {
			return fail(err)
		}
	}
	return State{Validators: set, Key: key}.Look(ctx, m)
}

// Look asks the member for its newest checkpoint and header, and holds both to
// the state and to each other. The new state is to be kept before the next Look.
// An error that is a *Violation has the evidence; with any other, nothing is
// shown and the state stays.
func (s State) Look(ctx context.Context, m Member) (State, Step, error) {
	l := look{m: m, known: s, set: s.Validators}
	if err := l.run(ctx); err != nil {
		return State{}, Step{}, err
	}
	if l.set.Hash() != s.Validators.Hash() { // those before agreed
		if s.First == nil {
			first := s.Validators
			s.First = &first
		}
		s.Validators = l.set
	}
	s.Last = l.told
	return s, Step{Head: l.now.head, Checkpoint: l.now.checkpoint.size, Grown: l.now.checkpoint.size - l.last.checkpoint.size}, nil
}

// tree is a log at one size.
type tree struct {
	size uint64
	root [32]byte
}

// read is what somebody said, verified.
type read struct {
	checkpoint tree
	head       anchor.Head
	hash       [32]byte // of the header
}

func (r read) fixed() tree { return tree{r.head.Size, r.head.Root} }

type look struct {
	m         Member
	known     State
	set       anchor.ValidatorSet // that signs what is told now
	told      Said
	last, now read
}

func (l *look) violation(k Kind, proof *anchor.Consistency, format string, args ...any) error {
	return &Violation{k, fmt.Sprintf(format, args...), Evidence{l.known, l.told, proof}}
}

func (l *look) run(ctx context.Context) error {
	first := l.known.Last.Checkpoint == ""
	if first {
		l.last.checkpoint.root, l.last.head.Root = anchor.EmptyRoot(), anchor.EmptyRoot()
	} else if err := l.recall(); err != nil {
		return err
	}
	// The checkpoint first: the header that comes after it must cover it.
	note, err := l.m.Checkpoint(ctx)
	if err != nil {
		return err
	}
	l.told.Checkpoint = string(note)
	if l.now.checkpoint, err = l.known.openCheckpoint(l.told); err != nil {
		return l.violation(Signature, nil, "the checkpoint is not signed by the member's key: %v", err)
	}
	if err := l.grows(ctx, "checkpoint", l.last.checkpoint, "checkpoint", l.now.checkpoint); err != nil {
		return err
	}
	if l.told.SignedHeader, err = l.m.SignedHeader(ctx); err != nil {
		return err
	}
	if l.now.head, l.now.hash, err = openHeader(l.set, l.told); anchor.OtherValidators(err) {
		err = l.succeed(ctx)
	} else if err != nil {
		err = l.violation(Header, nil, "the header is not signed by the validators: %v", err)
	}
	if err != nil {
		return err
	}
	switch was, is := l.last.head, l.now.head; {
	case is.Height < was.Height:
		return l.violation(Shrunk, nil, "the newest header was of height %d and is of height %d", was.Height, is.Height)
	case is.Height == was.Height && l.now.hash != l.last.hash:
		return l.violation(Fork, nil, "the validators signed two headers of height %d", is.Height)
	case l.now.checkpoint.size > is.Size:
		return l.violation(Ahead, nil, "the checkpoint has %d entries, of which validators signed %d", l.now.checkpoint.size, is.Size)
	}
	if err := l.grows(ctx, "checkpoint", l.now.checkpoint, "header", l.now.fixed()); err != nil {
		return err
	}
	// A header may have covered more than the checkpoint before it; that part of
	// the log must stay, too.
	return l.grows(ctx, "header", l.last.fixed(), "header", l.now.fixed())
}

// succeed finds out whether the validators made way for those who signed the header.
func (l *look) succeed(ctx context.Context) error {
	steps, err := l.m.Steps(ctx, l.known.Validators.Hash())
	if errors.Is(err, anchor.ErrUnavailable) {
		return err
	}
	if err != nil {
		return l.violation(Succession, nil, "others than the validators signed the header, and the member shows no change that leads to them: %v", err)
	}
	v := anchor.NewVerifier(l.known.Validators)
	if err := v.Follow(steps...); err != nil {
		return l.violation(Succession, nil, "others than the validators signed the header, and those before did not agree to them: %v", err)
	}
	if _, err := v.Header(l.told.SignedHeader); err != nil {
		return l.violation(Succession, nil, "others than the validators signed the header, and no change leads to them: %v", err)
	}
	l.set = v.At(l.told.SignedHeader)
	l.now.head, l.now.hash, err = openHeader(l.set, l.told)
	return err
}

// recall opens what the state remembers: it was verified when it was kept.
func (l *look) recall() (err error) {
	if l.last.checkpoint, err = l.known.openCheckpoint(l.known.Last); err == nil {
		l.last.head, l.last.hash, err = openHeader(l.known.Validators, l.known.Last)
	}
	if err != nil {
		return fmt.Errorf("reading the state: %w; it was changed: restore it, or begin with another file", err)
	}
	return nil
}

// grows holds two logs to be one that only grew.
func (l *look) grows(ctx context.Context, was string, older tree, is string, newer tree) error {
	switch {
	case older == newer:
		return nil
	case older.size == newer.size:
		return l.violation(Split, nil, "the log of %d entries has root %x in a %s and root %x in a %s", older.size, older.root, was, newer.root, is)
	case older.size > newer.size:
		return l.violation(Shrunk, nil, "a %s has %d entries and a later %s has %d", was, older.size, is, newer.size)
	}
	proof, err := l.m.Consistency(ctx, older.size, newer.size)
	if errors.Is(err, anchor.ErrUnavailable) {
		return err
	}
	if err != nil {
		return l.violation(Rewritten, nil, "the member does not prove that %d entries grew to %d: %v", older.size, newer.size, err)
	}
	if err := proof.Verify(older.root, newer.root); err != nil || proof.From != older.size || proof.To != newer.size {
		return l.violation(Rewritten, &proof, "the %d entries of a %s are not how the %d entries of a later %s begin", older.size, was, newer.size, is)
	}
	return nil
}
