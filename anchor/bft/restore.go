package bft

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/transparency-dev/merkle/compact"

	"coffer/anchor"
)

// restoring is a snapshot on its way into an empty member. Each chunk is held to the
// snapshot's roots before anything of it is kept, and these to the AppHash.
type restoring struct {
	snapshot snapshot
	ruling   *ruling
	log      *compact.Range
	root     [32]byte // of the map of handles so far
	chunk    uint32   // the next
	// unknown are handles whose last entry so far came without its bytes: whether it
	// withdrew the grant is not known. Members drop no last entry.
	unknown map[anchor.Handle]bool
	dropped uint64 // entries that came without their bytes
}

// item is an entry in a chunk; without bytes, nil, the leaf and handle of one that was
// dropped.
type item struct {
	entry  anchor.Entry
	leaf   anchor.Leaf
	handle anchor.Handle
}

// parseChunk reads what store.chunk wrote, and only that.
func parseChunk(b []byte) ([]item, error) {
	var items []item
	for len(b) > 0 {
		if b[0] == 0 {
			if len(b) < 65 {
				return nil, errors.New("parsing a chunk: it is cut")
			}
			items, b = append(items, item{nil, anchor.Leaf(b[1:]), anchor.Handle(b[33:])}), b[65:]
			continue
		}
		e, rest, err := anchor.CutEntry(b)
		if err != nil {
			return nil, fmt.Errorf("parsing a chunk: %w", err)
		}
		items, b = append(items, item{e, e.Leaf(), e.Handle()}), rest
	}
	return items, nil
}

// OfferSnapshot begins with a snapshot whose hash members stated (see footing) and whose
// words lead to the AppHash that validators signed.
func (a *application) OfferSnapshot(_ context.Context, r *abci.RequestOfferSnapshot) (*abci.ResponseOfferSnapshot, error) {
	answer := func(v abci.ResponseOfferSnapshot_Result, why string) (*abci.ResponseOfferSnapshot, error) {
		if v != abci.ResponseOfferSnapshot_ACCEPT {
			a.logger.Error("refusing a snapshot of the ledger", "height", r.Snapshot.Height, "why", why)
		}
		return &abci.ResponseOfferSnapshot{Result: v}, nil
	}
	if r.Snapshot.Format != snapshotFormat {
		return answer(abci.ResponseOfferSnapshot_REJECT_FORMAT, "its format is another")
	}
	if a.head.Height > 0 {
		return answer(abci.ResponseOfferSnapshot_ABORT, "this member has a ledger")
	}
	s, ruling, err := parseSnapshot(r.Snapshot.Metadata)
	switch {
	case err != nil:
		return answer(abci.ResponseOfferSnapshot_REJECT_SENDER, err.Error())
	case sha256.Sum256(r.Snapshot.Metadata) != a.footing.stated(int64(r.Snapshot.Height)) || !bytes.Equal(r.Snapshot.Hash, hashOf(r.Snapshot.Metadata)):
		return answer(abci.ResponseOfferSnapshot_REJECT_SENDER, "members state another hash of it")
	case uint64(s.Height) != r.Snapshot.Height || s.chunks() != uint64(r.Snapshot.Chunks) || (ruling != nil) != a.withState():
		return answer(abci.ResponseOfferSnapshot_REJECT_SENDER, "it is not what it is offered as")
	case !bytes.Equal(s.appHash(ruling), r.AppHash):
		return answer(abci.ResponseOfferSnapshot_REJECT_SENDER, "it does not lead to the hash that the validators signed")
	}
	if err := a.clear(); err != nil {
		return nil, a.fail(err)
	}
	a.restoring = &restoring{snapshot: s, ruling: ruling, log: treeFactory.NewEmptyRange(0), unknown: map[anchor.Handle]bool{}}
	a.logger.Info("beginning from a snapshot of the ledger", "height", s.Height, "entries", s.Size, "chunks", len(s.Roots))
	return answer(abci.ResponseOfferSnapshot_ACCEPT, "")
}

func hashOf(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

// ApplySnapshotChunk takes a chunk in. One that does not lead to its root is asked for
// again, and whoever sent it is asked for nothing more.
func (a *application) ApplySnapshotChunk(_ context.Context, r *abci.RequestApplySnapshotChunk) (*abci.ResponseApplySnapshotChunk, error) {
	in := a.restoring
	if in == nil || r.Index != in.chunk {
		return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_RETRY_SNAPSHOT}, nil
	}
	items, err := parseChunk(r.Chunk)
	if err == nil {
		err = in.holds(items)
	}
	if err != nil {
		a.logger.Error("refusing a chunk of a snapshot, and its sender", "chunk", r.Index, "sender", r.Sender, "error", err)
		return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_RETRY,
			RefetchChunks: []uint32{r.Index}, RejectSenders: []string{r.Sender}}, nil
	}
	err = a.takeIn(in, items)
	if in.chunk++; err == nil && in.chunk == uint32(len(in.snapshot.Roots)) {
		err = a.settle(in)
	}
	var wrong wrongSnapshot
	switch {
	case errors.As(err, &wrong):
		a.logger.Error("refusing a snapshot of the ledger", "height", in.snapshot.Height, "why", err.Error())
		a.restoring = nil
		return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_REJECT_SNAPSHOT, RejectSenders: []string{r.Sender}}, nil
	case err != nil:
		return nil, a.fail(err)
	}
	return &abci.ResponseApplySnapshotChunk{Result: abci.ResponseApplySnapshotChunk_ACCEPT}, nil
}

// wrongSnapshot says that what came cannot be a member's state, though its log is right.
type wrongSnapshot struct{ error }

// holds reports whether these are the entries of the next chunk.
func (in *restoring) holds(items []item) error {
	from, to := in.snapshot.entries(in.chunk)
	if uint64(len(items)) != to-from {
		return fmt.Errorf("%d entries, want %d", len(items), to-from)
	}
	tree := treeFactory.NewEmptyRange(0)
	for _, it := range items {
		if err := tree.Append(it.leaf[:], nil); err != nil {
			return err
		}
	}
	if root, err := rootOf(tree); err != nil || root != in.snapshot.Roots[in.chunk] {
		return errors.Join(err, errors.New("it does not lead to its root"))
	}
	return nil
}

// takeIn stores a chunk's entries and what the rule remembers of them.
func (a *application) takeIn(in *restoring, items []item) error {
	next, err := a.store.begin(in.log)
	if err != nil {
		return err
	}
	grants := map[anchor.Handle]anchor.GrantState{}
	for _, it := range items {
		g, known := grants[it.handle]
		if !known {
			if g, known, err = a.store.Grant(it.handle); err != nil {
				return err
			}
		}
		delete(in.unknown, it.handle)
		e, isGrant := it.entry.(anchor.Grant)
		switch {
		case isGrant != !known:
			return wrongSnapshot{fmt.Errorf("entry %d is of no grant", next.log.End())}
		case isGrant:
			grants[it.handle] = anchor.GrantState{Start: e.Start, End: e.End, Wallet: e.WalletKey}
		case it.entry == nil:
			in.unknown[it.handle] = true
			in.dropped++
		case it.entry.Kind() == anchor.KindWithdraw:
			g.Withdrawn = true
			grants[it.handle] = g
		}
		value := append([]byte{0}, it.handle[:]...)
		if it.entry != nil {
			value = it.entry.Bytes()
		}
		if err := next.place(value, it.handle, it.leaf); err != nil {
			return err
		}
	}
	if a.withState() {
		next.handles = &handles{store: a.store, top: a.top, root: in.root,
			wrote: map[anchor.Place]anchor.HandleNode{}, over: map[anchor.Place]*anchor.HandleNode{}}
		if err := next.addToHandles(); err != nil {
			return err
		}
	}
	if err := next.writeGrants(grants); err != nil {
		return err
	}
	if err := next.write.Write(); err != nil { // synced with the head, at the end
		return err
	}
	if next.handles != nil {
		a.top.committed(next.handles.wrote)
		in.root = next.handles.root
	}
	in.log = next.log
	return next.write.Close()
}

// settle makes what came the member's state, durably.
func (a *application) settle(in *restoring) error {
	s := in.snapshot
	root, err := rootOf(in.log)
	switch {
	case err != nil:
		return err
	case root != fold(s.Roots) || in.log.End() != s.Size || in.root != s.Handles:
		return wrongSnapshot{errors.New("its entries do not lead to the hash that the validators signed")}
	case len(in.unknown) > 0:
		return wrongSnapshot{fmt.Errorf("of %d handles the last entry is missing", len(in.unknown))}
	}
	h := head{V: homeFormat, Chain: a.chain, Height: s.Height, Time: s.Time, Size: s.Size, Frontier: in.log.Hashes(), Handles: in.root, Restored: true}
	write := a.store.db.NewBatch()
	defer write.Close()
	var errs []error
	set := func(key, value []byte) { errs = append(errs, write.Set(key, value)) }
	if in.ruling != nil {
		h.Register = in.ruling.register.Number
		first := h.Register + 1 - uint64(len(s.Registers))
		for i, b := range s.Registers {
			set(numbered(keyNumber, first+uint64(i)), b)
		}
		for hash, m := range in.ruling.open {
			b, err := json.Marshal(m)
			errs = append(errs, err)
			set(ballotKey(hash), b)
		}
	}
	for _, step := range a.footing.succession(s.Height) {
		signed, err := anchor.ParseSignedHeader(step.SignedHeader)
		if err != nil {
			return err
		}
		b, err := stepBytes(step)
		errs = append(errs, err)
		set(numbered(keyChange, uint64(signed.Header.Height)), b)
	}
	j, err := json.Marshal(h)
	set([]byte(keyHead), j)
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	if err := write.WriteSync(); err != nil {
		return err
	}
	a.mu.Lock()
	a.head, a.log, a.ruling = h, in.log, in.ruling
	a.over, a.was = nil, [32]byte{}
	a.restoring = nil
	close(a.changed)
	a.changed = make(chan struct{})
	a.mu.Unlock()
	a.logger.Info("restored the ledger from a snapshot", "height", s.Height, "entries", s.Size, "missing", in.dropped)
	if in.dropped > 0 && a.retention.blocks < 0 {
		a.logger.Error("this member is to keep everything, and does not hold all: those that it began from had dropped the bytes of permits; whoever wants a proof of those asks another member", "entries", in.dropped)
	}
	return nil
}

// clear forgets everything: what a restore left that did not end.
func (a *application) clear() error {
	a.restoring = nil
	a.top.clear()
	return a.store.clear()
}

func (s store) clear() error {
	for {
		it, err := s.db.Iterator(nil, nil)
		if err != nil {
			return err
		}
		batch := s.db.NewBatch()
		n := 0
		for ; it.Valid() && n < 10_000; it.Next() {
			if err := batch.Delete(bytes.Clone(it.Key())); err != nil {
				return errors.Join(err, it.Close())
			}
			n++
		}
		if err := errors.Join(it.Error(), it.Close(), batch.WriteSync(), batch.Close()); err != nil || n == 0 {
			return err
		}
	}
}

// restart forgets what a restore left that was cut short.
func (a *application) restart() error {
	if err := a.clear(); err != nil {
		return err
	}
	a.head, a.log, a.ruling = head{}, treeFactory.NewEmptyRange(0), nil
	return nil
}
