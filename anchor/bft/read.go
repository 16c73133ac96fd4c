package bft

import (
	"context"
	"errors"
	"fmt"
	"slices"

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

// unreadable is for what a home must have and has not; what it dropped is not missing.
func unreadable(err error) error {
	if errors.Is(err, anchor.ErrGone) {
		return err
	}
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

// ProveAll implements anchor.Ledger.
func (n *Node) ProveAll(ctx context.Context, leaves []anchor.Leaf) (anchor.MultiProof, error) {
	indices := make([]uint64, len(leaves))
	for i, leaf := range leaves {
		index, ok, err := n.Has(ctx, leaf)
		if err != nil {
			return anchor.MultiProof{}, err
		}
		if !ok {
			return anchor.MultiProof{}, anchor.ErrNotFound
		}
		indices[i] = index
	}
	if len(indices) == 0 {
		return anchor.MultiProof{}, anchor.ErrNotFound
	}
	slices.Sort(indices)
	indices = slices.Compact(indices)
	var size uint64
	now, err := n.app.until(ctx, func(h head) bool {
		size, _ = n.headerSize(h.Height)
		return size > indices[len(indices)-1]
	})
	if err != nil {
		return anchor.MultiProof{}, err
	}
	p := anchor.MultiProof{}
	if p.SignedHeader, err = n.signedHeader(now.Height); err != nil {
		return anchor.MultiProof{}, unreadable(err)
	}
	for _, i := range indices {
		entry, err := n.app.store.entry(i)
		if err != nil {
			return anchor.MultiProof{}, unreadable(err)
		}
		p.Entries = append(p.Entries, anchor.Indexed{Index: i, Entry: entry})
	}
	if p.Nodes, err = anchor.ProveEntries(indices, size, n.app.store.subtree); err != nil {
		return anchor.MultiProof{}, unreadable(err)
	}
	return p, nil
}

// Complete implements anchor.Ledger. The newest header fixes the map as it was before
// the newest block, which may have changed it since: then it is read as it was.
func (n *Node) Complete(ctx context.Context, handle anchor.Handle) (anchor.Completeness, error) {
	known, err := n.now(ctx)
	if err != nil {
		return anchor.Completeness{}, err
	}
	if n.app.members() == nil {
		return anchor.Completeness{}, anchor.ErrNotFound // the ledger keeps no map
	}
	for after := int64(0); ; {
		// Whoever appended something finds it: a header must fix all that is known now.
		now, err := n.app.until(ctx, func(h head) bool {
			size, err := n.headerSize(h.Height)
			return err == nil && h.Height > after && size >= known.Size
		})
		if err != nil {
			return anchor.Completeness{}, err
		}
		c, ok, err := n.complete(now.Height, handle)
		if err != nil {
			return anchor.Completeness{}, unreadable(err)
		}
		if ok {
			return c, nil
		}
		// A block came in between, or this node has just started: the next header
		// fixes what is here.
		after = now.Height
	}
}

// complete tries under the header of a height; what it read holds if it leads there.
func (n *Node) complete(height int64, handle anchor.Handle) (c anchor.Completeness, ok bool, err error) {
	meta := n.app.blocks.LoadBlockMeta(height)
	if meta == nil {
		return c, false, fmt.Errorf("block %d is gone", height)
	}
	_, size, state, err := anchor.ParseAppHash(meta.Header.AppHash)
	if err != nil {
		return c, false, err
	}
	n.app.mu.RLock()
	current, previous, was := n.app.ruling.hash, n.app.was, n.app.over
	n.app.mu.RUnlock()
	entries, dropped, open, err := n.app.store.placesOf(handle, size)
	if err != nil {
		return c, false, err
	}
	if open { // an entry that the header does not fix yet came behind it
		return c, false, nil
	}
	c = anchor.Completeness{Handle: handle, Entries: entries, Dropped: dropped}
	var digest anchor.Digest
	for _, p := range c.Places() {
		digest = digest.Next(p.Index, p.Leaf)
	}
	for _, try := range []struct {
		nodes    anchor.HandleNodes
		register [32]byte
	}{{before{n.app.store, n.app.top, nil}, current}, {before{n.app.store, n.app.top, was}, previous}} {
		path, err := anchor.ProveHandle(try.nodes, handle)
		if err != nil {
			return c, false, err
		}
		if root, ok := path.Root(handle, digest); ok && anchor.StateHash(try.register, root) == state {
			c.Path, c.Register = path, try.register
			c.SignedHeader, err = n.signedHeader(height)
			return c, err == nil, err
		}
	}
	return c, false, nil
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
	_, size, _, err := anchor.ParseAppHash(meta.Header.AppHash)
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
	now, err := n.now(ctx)
	if err != nil {
		return anchor.ValidatorSet{}, err
	}
	set, err := n.validatorsAt(max(now.Height, 1))
	if err != nil {
		return anchor.ValidatorSet{}, unreadable(err)
	}
	return set, nil
}

// validatorsAt is the set that signs the header of a height.
func (n *Node) validatorsAt(height int64) (anchor.ValidatorSet, error) {
	signing, err := n.dbs.state.LoadValidators(height)
	if err != nil {
		return anchor.ValidatorSet{}, err
	}
	set := anchor.ValidatorSet{Chain: n.chain}
	for _, v := range signing.Validators {
		set.Validators = append(set.Validators, anchor.Validator{PublicKey: anchor.ValidatorKey(v.PubKey.Bytes()), Power: v.VotingPower})
	}
	return set, nil
}
