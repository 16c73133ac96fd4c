package bft

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/transparency-dev/merkle/compact"

	"coffer/anchor"
)

// checkpointKeyFile has the member's checkpoint key, a C2SP signer key. It is no
// validator's key: a block is signed by consensus, a checkpoint by whoever
// publishes.
const checkpointKeyFile = "config/checkpoint_key"

// makeCheckpointKey writes a fresh key, whole or not at all.
func makeCheckpointKey(dir string, chain anchor.Chain) (anchor.CheckpointKey, error) {
	fail := func(err error) (anchor.CheckpointKey, error) {
		return anchor.CheckpointKey{}, fmt.Errorf("making %s: %w", checkpointKeyFile, err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fail(err)
	}
	key, err := anchor.NewCheckpointKey(chain, private)
	if err != nil {
		return fail(err)
	}
	path := filepath.Join(dir, checkpointKeyFile)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fail(err)
	}
	_, err = f.WriteString(key.Secret() + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fail(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fail(err)
	}
	return key, nil
}

// openCheckpointKey reads the home's key. A home of before there were
// checkpoints gets one: nobody watches it yet.
func openCheckpointKey(dir string, chain anchor.Chain, log *slog.Logger) (anchor.CheckpointKey, error) {
	b, err := os.ReadFile(filepath.Join(dir, checkpointKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		key, err := makeCheckpointKey(dir, chain)
		if err == nil {
			log.Info("made a checkpoint key, which the ledger's home had not; tell it to those who watch", "key", key.Public())
		}
		return key, err
	}
	if err != nil {
		return anchor.CheckpointKey{}, err
	}
	key, err := anchor.ParseCheckpointKey(chain, strings.TrimSuffix(string(b), "\n"))
	if err != nil {
		return key, fmt.Errorf("reading %s: %w; restore it from a backup, or remove it to get a new one and tell that to those who watch", checkpointKeyFile, err)
	}
	return key, nil
}

// CheckpointKey implements anchor.Publication.
func (n *Node) CheckpointKey() string { return n.checkpoints.Public() }

// Checkpoint implements anchor.Publication. It is of the log that the newest
// header fixes, not of the newest one: no member shows on its own word what
// validators have not signed.
func (n *Node) Checkpoint(ctx context.Context) ([]byte, error) {
	height, err := n.signedHeight(ctx)
	if err != nil {
		return nil, err
	}
	meta := n.app.blocks.LoadBlockMeta(height)
	if meta == nil {
		return nil, unreadable(fmt.Errorf("block %d is gone", height))
	}
	root, size, _, err := anchor.ParseAppHash(meta.Header.AppHash)
	if err != nil {
		return nil, unreadable(err)
	}
	return n.checkpoints.Sign(size, root)
}

// SignedHeader implements anchor.Publication.
func (n *Node) SignedHeader(ctx context.Context) ([]byte, error) {
	height, err := n.signedHeight(ctx)
	if err != nil {
		return nil, err
	}
	signed, err := n.signedHeader(height)
	if err != nil {
		return nil, unreadable(err)
	}
	return signed, nil
}

// signedHeight is the newest height that has a header; a new ledger gets its
// first in a moment, and so does one that came as a snapshot.
func (n *Node) signedHeight(ctx context.Context) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("%w: %w", anchor.ErrUnavailable, err)
	}
	now, err := n.app.until(ctx, func(h head) bool { return h.Height > 0 && !h.Restored })
	return now.Height, err
}

// Subtrees implements anchor.Publication.
func (n *Node) Subtrees(ctx context.Context, level uint, from uint64, count int) ([][32]byte, error) {
	now, err := n.now(ctx)
	if err != nil {
		return nil, err
	}
	if !anchor.Holds(now.Size, level, from, count) {
		return nil, anchor.ErrNotFound
	}
	out := make([][32]byte, count)
	for i := range out {
		hash, err := n.app.store.node(compact.NewNodeID(level, from+uint64(i)))
		if err != nil {
			return nil, unreadable(err)
		}
		out[i] = [32]byte(hash)
	}
	return out, nil
}

// Range implements anchor.Publication.
func (n *Node) Range(ctx context.Context, from uint64, count int) ([]anchor.Entry, error) {
	now, err := n.now(ctx)
	if err != nil {
		return nil, err
	}
	if !anchor.Holds(now.Size, 0, from, count) {
		return nil, anchor.ErrNotFound
	}
	out := make([]anchor.Entry, count)
	for i := range out {
		if out[i], err = n.app.store.entry(from + uint64(i)); err != nil {
			return nil, unreadable(err)
		}
	}
	return out, nil
}
