package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/audit"
)

// PinnedValidators is the validator set in the folder, which every proof is held
// against. fs.ErrNotExist before the first use of the ledger.
func (b *Business) PinnedValidators() (anchor.ValidatorSet, error) {
	var set anchor.ValidatorSet
	err := b.folder.read(&set, "validators.json")
	return set, err
}

// Validators is the pinned set; at first use it is read from the ledger and
// pinned. From then on another ledger, or other members, cannot take its place
// unnoticed: deleting the file is an explicit act.
func (b *Business) Validators(ctx context.Context) (anchor.ValidatorSet, error) {
	set, err := b.PinnedValidators()
	if !errors.Is(err, fs.ErrNotExist) {
		return set, err
	}
	if set, err = b.ledger.Validators(ctx); err != nil {
		return anchor.ValidatorSet{}, fmt.Errorf("reading the ledger's validators: %w", err)
	}
	if err := b.folder.write(set, "validators.json"); err != nil {
		return anchor.ValidatorSet{}, fmt.Errorf("pinning the ledger's validators: %w", err)
	}
	b.log.Info("pinned the ledger's validators", "chain", set.Chain, "validators", len(set.Validators))
	return set, nil
}

// ready returns the trail and the pinned set, which most things need first.
func (b *Business) ready(ctx context.Context) (*audit.Writer, anchor.ValidatorSet, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	set, err := b.Validators(ctx)
	if err != nil {
		return nil, anchor.ValidatorSet{}, err
	}
	if b.trail == nil {
		b.trail, err = audit.OpenWriter(b.folder.path("trail.ndjson"), audit.Head{
			Business: b.keys.did, Chain: set.Chain, Operator: b.profile.Operator, Created: consent.UnixAt(b.now()),
		})
		if err != nil {
			return nil, anchor.ValidatorSet{}, err
		}
	}
	return b.trail, set, nil
}

// prove fetches the proof of an entry and verifies it against the pinned set.
func (b *Business) prove(ctx context.Context, set anchor.ValidatorSet, entry anchor.Entry) (anchor.Proof, error) {
	p, err := b.ledger.Prove(ctx, entry.Leaf())
	if err != nil {
		return anchor.Proof{}, fmt.Errorf("reading a proof: %w", err)
	}
	proven, err := b.verify(ctx, set, p)
	if err != nil {
		return anchor.Proof{}, fmt.Errorf("verifying a proof: %w", err)
	}
	if proven.Entry.Leaf() != entry.Leaf() {
		return anchor.Proof{}, errors.New("verifying a proof: it is of another entry")
	}
	return p, nil
}
