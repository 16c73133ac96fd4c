package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"coffer/anchor"
	"coffer/consent/audit"
)

// successionFile holds how the ledger's validators changed since the pinned set,
// as far as the business followed.
const successionFile = "succession.json"

// verifier verifies against the pinned set and those that it is known to have made way
// for; b.following is held.
func (b *Business) verifier(pinned anchor.ValidatorSet) (*anchor.Verifier, []anchor.Step, error) {
	v := anchor.NewVerifier(pinned)
	var known anchor.Succession
	err := b.folder.read(&known, successionFile)
	if errors.Is(err, fs.ErrNotExist) || err == nil && known.From.Hash() != pinned.Hash() { // pinned anew since
		return v, nil, nil
	}
	if err == nil {
		err = v.Follow(known.Steps...)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w; remove the file, and it is fetched anew", successionFile, err)
	}
	return v, known.Steps, nil
}

// verify checks a proof. If others signed it than the business knows of, it asks the
// ledger whether those who are pinned made way for them.
func (b *Business) verify(ctx context.Context, pinned anchor.ValidatorSet, p anchor.Proof) (anchor.Proven, error) {
	b.following.Lock()
	defer b.following.Unlock()
	v, known, err := b.verifier(pinned)
	if err != nil {
		return anchor.Proven{}, err
	}
	proven, err := v.Verify(p)
	if !anchor.OtherValidators(err) {
		return proven, err
	}
	if unfollowed := b.succeed(ctx, v, pinned, known); errors.Is(unfollowed, ErrOtherLedger) {
		return proven, fmt.Errorf("%w: %w", unfollowed, err)
	} else if unfollowed != nil {
		return proven, unfollowed
	}
	return v.Verify(p)
}

// succeed learns of changes of the validators that the ledger proves. They are in the trail
// and in the folder when it returns.
func (b *Business) succeed(ctx context.Context, v *anchor.Verifier, pinned anchor.ValidatorSet, known []anchor.Step) error {
	steps, err := b.ledger.Steps(ctx, pinned.Hash())
	if errors.Is(err, anchor.ErrNotFound) {
		return fmt.Errorf("%w: the ledger does not know the validators in %s; compare with its members, and remove the file only if they agree", ErrOtherLedger, b.folder.path("validators.json"))
	}
	if err != nil {
		return err
	}
	if len(steps) <= len(known) {
		return nil
	}
	if err := v.Follow(steps...); err != nil {
		return fmt.Errorf("%w: it shows validators whom the pinned ones did not name: %w", ErrOtherLedger, err)
	}
	trail, _, err := b.ready(ctx)
	if err != nil {
		return err
	}
	var lines []audit.Line
	for _, step := range steps[len(known):] {
		lines = append(lines, audit.Succession{Step: step})
	}
	if err := trail.Append(lines...); err != nil {
		return err
	}
	if err := b.folder.write(anchor.Succession{From: pinned, Steps: steps}, successionFile); err != nil {
		return fmt.Errorf("keeping the validators' succession: %w", err)
	}
	b.log.Info("the ledger's validators changed, and those before agreed", "changes", len(steps)-len(known), "validators", len(v.Newest().Validators))
	return nil
}

// catchUp follows changes before a trail is exported: its last proofs may be by others
// than the business has met.
func (b *Business) catchUp(ctx context.Context) error {
	_, pinned, err := b.ready(ctx)
	if err != nil {
		return err
	}
	b.following.Lock()
	defer b.following.Unlock()
	v, known, err := b.verifier(pinned)
	if err != nil {
		return err
	}
	return b.succeed(ctx, v, pinned, known)
}
