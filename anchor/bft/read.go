package bft

import (
	"context"
	"fmt"

	cmttypes "github.com/cometbft/cometbft/types"

	"coffer/anchor"
)

// now is the committed head, or why there is none.
func (n *Node) now(ctx context.Context) (head, error) {
	if err := ctx.Err(); err != nil {
		return head{}, fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	}
	return n.app.until(ctx, func(head) bool { return true })
}

func unreadable(err error) error {
	return fmt.Errorf("%w: reading the ledger: %w", anchor.ErrUnavailable, err)
}

// Has implements anchor.Ledger.
func (n *Node) Has(ctx context.Context, leaf anchor.Leaf) (uint64, bool, error) {
	if _, err := n.now(ctx); err != nil {
		return 0, false, err
	}
	index, ok, err := n.app.store.index(leaf)
	if err != nil {
		return 0, false, unreadable(err)
	}
	return index, ok, nil
}

// Grant implements anchor.Ledger.
func (n *Node) Grant(ctx context.Context, h anchor.Handle) (anchor.GrantState, error) {
	if _, err := n.now(ctx); err != nil {
		return anchor.GrantState{}, err
	}
	g, ok, err := n.app.store.Grant(h)
	switch {
	case err != nil:
		return anchor.GrantState{}, unreadable(err)
	case !ok:
		return anchor.GrantState{}, anchor.ErrNotFound
	}
	return g, nil
}

// Entries implements anchor.Ledger.
func (n *Node) Entries(ctx context.Context, h anchor.Handle) ([]anchor.Indexed, error) {
	now, err := n.now(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := n.app.store.entriesOf(h, now.Size)
	if err != nil {
		return nil, unreadable(err)
	}
	return entries, nil
}

// Head implements anchor.Ledger.
func (n *Node) Head(ctx context.Context) (anchor.Head, error) {
	now, err := n.now(ctx)
	if err != nil {
		return anchor.Head{}, err
	}
	log, err := treeFactory.NewRange(0, now.Size, now.Frontier)
	if err != nil {
		return anchor.Head{}, unreadable(err)
	}
	root, err := rootOf(log)
	if err != nil {
		return anchor.Head{}, unreadable(err)
	}
	return anchor.Head{Size: now.Size, Root: root, Height: now.Height, Time: now.Time}, nil
}

// Prove implements anchor.Ledger.
func (n *Node) Prove(ctx context.Context, leaf anchor.Leaf) (anchor.Proof, error) {
	index, ok, err := n.Has(ctx, leaf)
	if err != nil {
		return anchor.Proof{}, err
	}
	if !ok {
		return anchor.Proof{}, anchor.ErrNotFound
	}
	// The header of a height carries the log after the height before.
	var size uint64
	now, err := n.app.until(ctx, func(h head) bool {
		size, _ = n.headerSize(h.Height)
		return size > index
	})
	if err != nil {
		return anchor.Proof{}, err
	}
	signed, err := n.signedHeader(now.Height)
	if err != nil {
		return anchor.Proof{}, unreadable(err)
	}
	entry, err := n.app.store.entry(index)
	if err != nil {
		return anchor.Proof{}, unreadable(err)
	}
	path, err := n.app.store.path(index, size)
	if err != nil {
		return anchor.Proof{}, unreadable(err)
	}
	return anchor.Proof{Entry: entry.Bytes(), Index: index, Path: path, SignedHeader: signed}, nil
}

// Consistency implements anchor.Ledger.
func (n *Node) Consistency(ctx context.Context, from, to uint64) (anchor.Consistency, error) {
	now, err := n.now(ctx)
	if err != nil {
		return anchor.Consistency{}, err
	}
	if from > to || to > now.Size {
		return anchor.Consistency{}, anchor.ErrNotFound
	}
	path, err := n.app.store.growth(from, to)
	if err != nil {
		return anchor.Consistency{}, unreadable(err)
	}
	return anchor.Consistency{From: from, To: to, Path: path}, nil
}

// headerSize is the log size that the header of a height fixes, 0 if there is
// no such header.
func (n *Node) headerSize(height int64) (uint64, error) {
	meta := n.app.blocks.LoadBlockMeta(height)
	if meta == nil {
		return 0, nil
	}
	_, size, err := anchor.ParseAppHash(meta.Header.AppHash)
	return size, err
}

func (n *Node) signedHeader(height int64) ([]byte, error) {
	meta := n.app.blocks.LoadBlockMeta(height)
	// The commit as the next block has it, or what this node saw.
	commit := n.app.blocks.LoadBlockCommit(height)
	if commit == nil {
		commit = n.app.blocks.LoadSeenCommit(height)
	}
	if meta == nil || commit == nil {
		return nil, fmt.Errorf("block %d is gone", height)
	}
	signed := cmttypes.SignedHeader{Header: &meta.Header, Commit: commit}
	return signed.ToProto().Marshal()
}

// Validators implements anchor.Ledger.
func (n *Node) Validators(ctx context.Context) (anchor.ValidatorSet, error) {
	if _, err := n.now(ctx); err != nil {
		return anchor.ValidatorSet{}, err
	}
	set := anchor.ValidatorSet{Chain: n.chain}
	for _, v := range n.validators() {
		set.Validators = append(set.Validators, anchor.Validator{PublicKey: anchor.ValidatorKey(v.PubKey.Bytes()), Power: v.VotingPower})
	}
	return set, nil
}

// validators are the genesis's, in CometBFT's order; no transaction changes them.
func (n *Node) validators() []*cmttypes.Validator {
	var all []*cmttypes.Validator
	for _, v := range n.node.GenesisDoc().Validators {
		all = append(all, cmttypes.NewValidator(v.PubKey, v.Power))
	}
	return cmttypes.NewValidatorSet(all).Validators
}
