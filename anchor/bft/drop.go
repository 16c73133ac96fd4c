package bft

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"coffer/anchor"
)

// dropEvery is how often old entries are looked for, and dropAtOnce how many are read
// before others have their turn.
const (
	dropEvery  = 6 * time.Hour
	dropAtOnce = 2048
)

// dropping drops the bytes of old permits until ctx ends.
func (n *Node) dropping(ctx context.Context) {
	tick := time.NewTicker(dropEvery)
	defer tick.Stop()
	for {
		if count, err := n.drop(ctx); err != nil {
			n.logger.Error("dropping the bytes of old entries", "error", err)
		} else if count > 0 {
			n.logger.Info("dropped the bytes of old entries; their leaves stay", "entries", count)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// drop drops the bytes of permits that are older than the member keeps them. Their leaves
// stay, and so does all that proves other entries. What the rule stands on is never
// dropped: grants and withdrawals, and of each handle the last entry, which shows a
// member that begins from here whether the grant is withdrawn.
func (n *Node) drop(ctx context.Context) (count int, err error) {
	n.app.mu.RLock()
	head := n.app.head
	n.app.mu.RUnlock()
	old := anchor.EpochAt(head.Time.Add(-n.app.retention.entries))
	for from := uint64(0); from < head.Size && ctx.Err() == nil; from += dropAtOnce {
		dropped, young, err := n.app.store.drop(from, min(from+dropAtOnce, head.Size), old)
		if count += dropped; err != nil || young {
			return count, err
		}
	}
	return count, nil
}

// drop drops permits of before an epoch in a part of the log. It reports whether it came
// to one that is so young that none behind it is old: a permit's epoch is that of its
// block, give or take one.
func (s store) drop(from, to uint64, old anchor.Epoch) (count int, young bool, err error) {
	it, err := s.db.Iterator(numbered(keyEntry, from), numbered(keyEntry, to))
	if err != nil {
		return 0, false, err
	}
	defer it.Close()
	batch := s.db.NewBatch()
	defer batch.Close()
	for ; it.Valid() && !young; it.Next() {
		if it.Value()[0] == 0 {
			continue
		}
		e, err := anchor.ParseEntry(it.Value())
		if err != nil {
			return count, false, fmt.Errorf("entry %d: %w", binary.BigEndian.Uint64(it.Key()[1:]), err)
		}
		p, ok := e.(anchor.Permit)
		if !ok {
			continue
		}
		if p.Epoch >= old {
			young = p.Epoch > old+2
			continue
		}
		last, err := s.last(p.HandleKey)
		if err != nil {
			return count, false, err
		}
		if last == binary.BigEndian.Uint64(it.Key()[1:]) {
			continue
		}
		if err := batch.Set(bytes.Clone(it.Key()), append([]byte{0}, p.HandleKey[:]...)); err != nil {
			return count, false, err
		}
		count++
	}
	return count, young, errors.Join(it.Error(), batch.Write())
}

// last is the index of a handle's last entry.
func (s store) last(h anchor.Handle) (uint64, error) {
	from := keyed(keyHandle, h)
	it, err := s.db.ReverseIterator(from, append(bytes.Clone(from), bytes.Repeat([]byte{0xff}, 9)...))
	if err != nil {
		return 0, err
	}
	defer it.Close()
	if !it.Valid() || len(it.Key()) != 41 {
		return 0, errors.Join(it.Error(), errors.New("a handle has no entries"))
	}
	return binary.BigEndian.Uint64(it.Key()[33:]), nil
}
