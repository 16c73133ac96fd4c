package anchortest

import (
	"context"

	"github.com/transparency-dev/merkle/compact"

	"coffer/anchor"
)

// CheckpointKey implements anchor.Publication.
func (m *Memory) CheckpointKey() string { return m.key.Public() }

// Checkpoint implements anchor.Publication.
func (m *Memory) Checkpoint(ctx context.Context) ([]byte, error) {
	head, err := m.Head(ctx)
	if err != nil {
		return nil, err
	}
	return m.key.Sign(head.Size, head.Root)
}

// SignedHeader implements anchor.Publication: as if the next block had just been
// signed.
func (m *Memory) SignedHeader(ctx context.Context) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return nil, err
	}
	return m.header(), nil
}

// Subtrees implements anchor.Publication.
func (m *Memory) Subtrees(ctx context.Context, level uint, from uint64, n int) ([][32]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return nil, err
	}
	if !anchor.Holds(uint64(len(m.entries)), level, from, n) {
		return nil, anchor.ErrNotFound
	}
	out := make([][32]byte, n)
	for i := range out {
		out[i] = [32]byte(m.nodes[compact.NewNodeID(level, from+uint64(i))])
	}
	return out, nil
}

// Range implements anchor.Publication.
func (m *Memory) Range(ctx context.Context, from uint64, n int) ([]anchor.Entry, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if err := m.available(ctx); err != nil {
		return nil, err
	}
	if !anchor.Holds(uint64(len(m.entries)), 0, from, n) {
		return nil, anchor.ErrNotFound
	}
	return append([]anchor.Entry(nil), m.entries[from:from+uint64(n)]...), nil
}
