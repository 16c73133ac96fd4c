package bft

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	sm "github.com/cometbft/cometbft/state"
	cmtstore "github.com/cometbft/cometbft/store"
	"github.com/transparency-dev/merkle/compact"

	"coffer/anchor"
)

// Checked is what Check looked at.
type Checked struct {
	anchor.Head
	Dropped uint64 // entries of which only the leaf is kept
}

// Check holds a home at rest against itself: every entry is found by its leaf and its
// handle, stands under the rule, and is in the log whose root the members agreed on; the
// map of handles has exactly these entries; the newest header is signed. It reports each
// thing that is wrong. No node may be running on the home.
func Check(ctx context.Context, dir string, chain anchor.Chain, report func(string)) (Checked, error) {
	fail := func(err error) (Checked, error) {
		return Checked{}, fmt.Errorf("checking the ledger at %s: %w", dir, err)
	}
	home, err := openHome(dir, chain)
	if err != nil {
		return fail(err)
	}
	dbs := &databases{}
	defer dbs.close()
	config := configure(Options{Home: dir})
	db, err := dbs.open("ledger", config)
	if err == nil {
		err = dbs.openComet(config)
	}
	if err != nil {
		return fail(fmt.Errorf("%w; is a cofferd running on it?", err))
	}
	app, err := newApplication(db, chain, home.genesis.ConsensusParams.Version.App, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return fail(err)
	}
	c := &checking{application: app, ctx: ctx, report: report, state: dbs.state, blocks: dbs.blocks}
	if err := errors.Join(c.log(), c.handles(), c.headers()); err != nil {
		return fail(err)
	}
	return c.checked, nil
}

type checking struct {
	*application
	ctx     context.Context
	report  func(string)
	state   sm.Store
	blocks  *cmtstore.BlockStore
	checked Checked
	signed  tree // what the newest header fixes, when the log comes to it
}

// tree is a log at one size.
type tree struct {
	size uint64
	root [32]byte
}

func (c *checking) wrong(format string, args ...any) { c.report(fmt.Sprintf(format, args...)) }

// entry is what is kept of one: without its bytes, nil, its leaf and handle are.
func (c *checking) entry(index uint64) (it item, err error) {
	e, err := c.store.entry(index)
	if errors.Is(err, anchor.ErrGone) {
		b, err := c.store.db.Get(numbered(keyEntry, index))
		if err != nil || len(b) != 33 {
			return it, errors.Join(err, fmt.Errorf("what is kept of entry %d is damaged", index))
		}
		hash, err := c.store.node(compact.NewNodeID(0, index))
		if err != nil {
			return it, err
		}
		return item{nil, anchor.Leaf(hash), anchor.Handle(b[1:])}, nil
	}
	if err != nil {
		return it, fmt.Errorf("entry %d: %w", index, err)
	}
	return item{e, e.Leaf(), e.Handle()}, nil
}

// log computes the log's root again from its entries.
func (c *checking) log() error {
	meta := c.blocks.LoadBlockMeta(c.head.Height)
	if meta != nil {
		var err error
		if c.signed.root, c.signed.size, _, err = anchor.ParseAppHash(meta.Header.AppHash); err != nil {
			return err
		}
	}
	log := treeFactory.NewEmptyRange(0)
	fixed := func() error {
		if meta == nil || log.End() != c.signed.size {
			return nil
		}
		root, err := rootOf(log)
		if err == nil && root != c.signed.root {
			c.wrong("the first %d entries have another root than the newest header", log.End())
		}
		return err
	}
	for i := range c.head.Size {
		if i%1024 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		if err := fixed(); err != nil {
			return err
		}
		it, err := c.entry(i)
		if err != nil {
			return err
		}
		if it.entry == nil {
			c.checked.Dropped++
		}
		if at, ok, err := c.store.index(it.leaf); err != nil {
			return err
		} else if !ok || at != i {
			c.wrong("entry %d is not found by its leaf", i)
		}
		if known, err := c.store.db.Has(binary.BigEndian.AppendUint64(keyed(keyHandle, it.handle), i)); err != nil {
			return err
		} else if !known {
			c.wrong("entry %d is not found by its handle", i)
		}
		if err := log.Append(it.leaf[:], nil); err != nil {
			return err
		}
	}
	if err := fixed(); err != nil {
		return err
	}
	root, err := rootOf(log)
	if err != nil {
		return err
	}
	kept, err := rootOf(c.application.log)
	if err == nil && root != kept {
		c.wrong("the entries have another root than the log")
	}
	c.checked.Head = anchor.Head{Size: c.head.Size, Root: root, Height: c.head.Height, Time: c.head.Time}
	return err
}

// handles computes each handle's digest again, and applies the rule to its entries: what the
// rule says of one handle depends on no other.
func (c *checking) handles() error {
	it, err := c.store.db.Iterator([]byte{keyHandle}, []byte{keyHandle + 1})
	if err != nil {
		return err
	}
	defer it.Close()
	h := &handleCheck{checking: c}
	var counted uint64
	for ; it.Valid(); it.Next() {
		key := it.Key()
		if string(key) == keyHead {
			continue
		}
		if len(key) != 41 {
			return errors.New("the index of handles is damaged")
		}
		if counted%1024 == 0 && c.ctx.Err() != nil {
			return c.ctx.Err()
		}
		counted++
		if handle := anchor.Handle(key[1:33]); h.view == nil || handle != h.handle {
			if err := h.end(); err != nil {
				return err
			}
			*h = handleCheck{checking: c, handle: handle, view: anchor.NewView(c.chain, nothing{}, anchor.CheckEach)}
		}
		if err := h.add(binary.BigEndian.Uint64(key[33:])); err != nil {
			return err
		}
	}
	if counted != c.head.Size {
		c.wrong("%d entries are found by their handles, the log has %d", counted, c.head.Size)
	}
	return errors.Join(h.end(), it.Error())
}

// handleCheck follows the entries of one handle.
type handleCheck struct {
	*checking
	handle  anchor.Handle
	view    *anchor.View
	digest  anchor.Digest
	dropped bool
}

func (h *handleCheck) add(index uint64) error {
	it, err := h.entry(index)
	if err != nil {
		return err
	}
	h.digest = h.digest.Next(index, it.leaf)
	if h.dropped = h.dropped || it.entry == nil; h.dropped {
		return nil // the rule needs the entries before
	}
	var now anchor.Epoch // the hour it was made for; which block took it only the block says
	switch e := it.entry.(type) {
	case anchor.Grant:
		now = e.Start
	case anchor.Permit:
		now = e.Epoch
	case anchor.Withdraw:
		now = e.Epoch
	}
	if err := h.view.Apply(now, []anchor.Entry{it.entry}, []anchor.Leaf{it.leaf}); err != nil {
		h.wrong("entry %d breaks the rule: %v", index, err)
	}
	return nil
}

func (h *handleCheck) end() error {
	if h.view == nil {
		return nil
	}
	kept, ok, err := h.store.Grant(h.handle)
	if err != nil {
		return err
	}
	if applied, known, err := h.view.Grant(h.handle); err != nil || !h.dropped && (ok != known || kept != applied) {
		h.wrong("the state of the grant %s is not what its entries make it", h.handle)
		return err
	}
	if !h.withState() {
		return nil
	}
	path, err := anchor.ProveHandle(before{h.store, h.top, nil}, h.handle)
	if err != nil {
		return err
	}
	if root, ok := path.Root(h.handle, h.digest); !ok || root != [32]byte(h.head.Handles) {
		h.wrong("the map of handles has other entries of %s", h.handle)
	}
	return nil
}

// headers holds the log against what the members agreed on.
func (c *checking) headers() error {
	state, err := c.state.Load()
	if err != nil {
		return err
	}
	hash, err := c.appHash()
	if err != nil {
		return err
	}
	if state.LastBlockHeight == c.head.Height && c.head.Height > 0 && !bytes.Equal(state.AppHash, hash) {
		c.wrong("the log is not what the members agreed on at block %d", c.head.Height)
	}
	if gap := c.head.Height - state.LastBlockHeight; gap < -1 || gap > 1 {
		c.wrong("the log is of block %d and the node of block %d; restore both from one backup", c.head.Height, state.LastBlockHeight)
	}
	meta, commit := c.blocks.LoadBlockMeta(c.head.Height), c.blocks.LoadSeenCommit(c.head.Height)
	if meta == nil || commit == nil {
		return nil // a new ledger
	}
	set, err := c.state.LoadValidators(c.head.Height)
	if err != nil {
		return err
	}
	if err := set.VerifyCommitLight(string(c.chain), meta.BlockID, c.head.Height, commit); err != nil {
		c.wrong("block %d is not signed by the validators: %v", c.head.Height, err)
	}
	return nil
}

// nothing is the state before the first entry.
type nothing struct{}

func (nothing) Has(anchor.Leaf) (bool, error) { return false, nil }
func (nothing) Grant(anchor.Handle) (anchor.GrantState, bool, error) {
	return anchor.GrantState{}, false, nil
}
