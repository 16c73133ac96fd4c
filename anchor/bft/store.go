package bft

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"coffer/anchor"
)

// The keys of the application's database. All numbers are big-endian, so that
// keys sort as numbers do.
const (
	keyHead     = "head"
	keyEntry    = 'e' // index → entry
	keyLeaf     = 'l' // leaf → index
	keyNode     = 'n' // level, index → hash of a complete subtree
	keyGrant    = 'g' // handle → grant state
	keyHandle   = 'h' // handle, index → nothing
	keyPlace    = 'm' // depth, prefix → node of the map of handles
	keyBallot   = 'b' // hash of a proposal → the proposal and the votes on it
	keyNumber   = 'r' // number → member register
	keyChange   = 'v' // height → signed header that names other validators as the next, and these
	keySnapshot = 's' // height → snapshot
	keySwept    = 'p' // alone → the height below which nothing of CometBFT's is left
)

var treeFactory = &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}

// head is the committed state besides what is under keys of its own.
type head struct {
	V        int          `json:"v"`
	Chain    anchor.Chain `json:"chain_id"`
	Height   int64        `json:"height"`
	Time     time.Time    `json:"time"`
	Size     uint64       `json:"size"`
	Frontier [][]byte     `json:"frontier"`           // the compact range of the whole log
	Handles  anchor.Leaf  `json:"handles"`            // root of the map of handles
	Register uint64       `json:"register"`           // number of the member register in force
	Restored bool         `json:"restored,omitempty"` // it came as a snapshot, no block since
}

// store is the application's database. Writes go through a batch that Commit
// syncs; everything else reads.
type store struct{ db dbm.DB }

func numbered(prefix byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{prefix}, n)
}

func keyed(prefix byte, key [32]byte) []byte { return append([]byte{prefix}, key[:]...) }

func nodeKey(id compact.NodeID) []byte {
	return binary.BigEndian.AppendUint64([]byte{keyNode, byte(id.Level)}, id.Index)
}

// readHead gives the zero head for a new database.
func (s store) readHead() (h head, err error) {
	b, err := s.db.Get([]byte(keyHead))
	if err != nil || b == nil {
		return head{}, err
	}
	// The version alone first: a newer head may have another shape.
	var versioned struct{ V int }
	if err := json.Unmarshal(b, &versioned); err != nil || versioned.V < 1 {
		return head{}, errors.New("its head is damaged; restore the whole home from a backup")
	}
	if versioned.V > homeFormat {
		return head{}, fmt.Errorf("a newer version wrote it (format %d, this program knows %d); run that version", versioned.V, homeFormat)
	}
	if err := json.Unmarshal(b, &h); err != nil {
		return head{}, errors.New("its head is damaged; restore the whole home from a backup")
	}
	return h, nil
}

// Has implements anchor.State.
func (s store) Has(leaf anchor.Leaf) (bool, error) {
	return s.db.Has(keyed(keyLeaf, leaf))
}

// index finds a leaf.
func (s store) index(leaf anchor.Leaf) (index uint64, ok bool, err error) {
	b, err := s.db.Get(keyed(keyLeaf, leaf))
	if err != nil || b == nil {
		return 0, false, err
	}
	if len(b) != 8 {
		return 0, false, errors.New("the leaf index is damaged")
	}
	return binary.BigEndian.Uint64(b), true, nil
}

func (s store) entry(index uint64) (anchor.Entry, error) {
	b, err := s.db.Get(numbered(keyEntry, index))
	if err != nil {
		return nil, err
	}
	if len(b) > 0 && b[0] == 0 {
		return nil, anchor.ErrGone
	}
	return anchor.ParseEntry(b)
}

// Grant implements anchor.State.
func (s store) Grant(h anchor.Handle) (anchor.GrantState, bool, error) {
	b, err := s.db.Get(keyed(keyGrant, h))
	if err != nil || b == nil {
		return anchor.GrantState{}, false, err
	}
	if len(b) != 41 {
		return anchor.GrantState{}, false, errors.New("a grant's state is damaged")
	}
	return anchor.GrantState{
		Start: anchor.Epoch(binary.BigEndian.Uint32(b)), End: anchor.Epoch(binary.BigEndian.Uint32(b[4:])),
		Wallet: anchor.WalletKey(b[8:40]), Withdrawn: b[40] == 1,
	}, true, nil
}

func grantBytes(g anchor.GrantState) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 41), uint32(g.Start))
	b = binary.BigEndian.AppendUint32(b, uint32(g.End))
	b = append(b, g.Wallet[:]...)
	if g.Withdrawn {
		return append(b, 1)
	}
	return append(b, 0)
}

// entriesOf lists a handle's entries in log order, up to a log size.
func (s store) entriesOf(h anchor.Handle, size uint64) ([]anchor.Indexed, error) {
	from := append(keyed(keyHandle, h), make([]byte, 8)...)
	to := binary.BigEndian.AppendUint64(keyed(keyHandle, h), size)
	it, err := s.db.Iterator(from, to)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var out []anchor.Indexed
	for ; it.Valid(); it.Next() {
		index := binary.BigEndian.Uint64(it.Key()[33:])
		e, err := s.entry(index)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", index, err)
		}
		out = append(out, anchor.Indexed{Index: index, Entry: e})
	}
	return out, it.Error()
}

// placesOf is entriesOf with the leaves of entries whose bytes were dropped. It reports
// whether one of these is the last, which cannot be told from a withdrawal.
func (s store) placesOf(h anchor.Handle, size uint64) (entries []anchor.Indexed, dropped []anchor.Placed, open bool, err error) {
	from := append(keyed(keyHandle, h), make([]byte, 8)...)
	to := binary.BigEndian.AppendUint64(keyed(keyHandle, h), size)
	it, err := s.db.Iterator(from, to)
	if err != nil {
		return nil, nil, false, err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		index := binary.BigEndian.Uint64(it.Key()[33:])
		e, err := s.entry(index)
		if open = errors.Is(err, anchor.ErrGone); open {
			var leaf []byte
			if leaf, err = s.node(compact.NewNodeID(0, index)); err == nil {
				dropped = append(dropped, anchor.Placed{Index: index, Leaf: anchor.Leaf(leaf)})
			}
		} else if err == nil {
			entries = append(entries, anchor.Indexed{Index: index, Entry: e})
		}
		if err != nil {
			return nil, nil, false, fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return entries, dropped, open, it.Error()
}

// path is the inclusion path of an index in the log of a size, which may be any
// that the log has had: complete subtrees never change.
func (s store) path(index, size uint64) ([][32]byte, error) {
	nodes, err := proof.Inclusion(index, size)
	if err != nil {
		return nil, err
	}
	return s.hashes(nodes)
}

// growth is the consistency path between two sizes that the log has had.
func (s store) growth(from, to uint64) ([][32]byte, error) {
	nodes, err := proof.Consistency(from, to)
	if err != nil {
		return nil, err
	}
	return s.hashes(nodes)
}

func (s store) hashes(nodes proof.Nodes) ([][32]byte, error) {
	hashes := make([][]byte, len(nodes.IDs))
	for i, id := range nodes.IDs {
		h, err := s.node(id)
		if err != nil {
			return nil, err
		}
		hashes[i] = h
	}
	hashes, err := nodes.Rehash(hashes, rfc6962.DefaultHasher.HashChildren)
	if err != nil {
		return nil, err
	}
	path := make([][32]byte, len(hashes))
	for i, h := range hashes {
		path[i] = [32]byte(h)
	}
	return path, nil
}

// node is the hash of a complete subtree.
func (s store) node(id compact.NodeID) ([]byte, error) {
	h, err := s.db.Get(nodeKey(id))
	if err == nil && len(h) != 32 {
		err = fmt.Errorf("the node %d at level %d is missing", id.Index, id.Level)
	}
	return h, err
}

// subtree is the root of the subtree over the entries from … to-1, one that RFC 6962
// splits off a log.
func (s store) subtree(from, to uint64) (root [32]byte, err error) {
	ids := compact.RangeNodes(from, to, nil)
	for i := len(ids) - 1; i >= 0; i-- {
		hash, err := s.node(ids[i])
		if err != nil {
			return root, err
		}
		if i == len(ids)-1 {
			root = [32]byte(hash)
		} else {
			root = anchor.HashChildren([32]byte(hash), root)
		}
	}
	return root, nil
}

// block is what one block writes, until Commit.
type block struct {
	head    head
	root    [32]byte
	state   [32]byte // anchor.StateHash
	write   dbm.Batch
	log     *compact.Range
	added   map[anchor.Handle][]anchor.Placed
	handles *handles // what the block changes of the map
	ruling  *ruling  // the members after it
}

// begin starts a block on top of a committed log.
func (s store) begin(on *compact.Range) (*block, error) {
	log, err := treeFactory.NewRange(0, on.End(), append([][]byte(nil), on.Hashes()...))
	if err != nil {
		return nil, fmt.Errorf("copying the log's frontier: %w", err)
	}
	return &block{write: s.db.NewBatch(), log: log, added: map[anchor.Handle][]anchor.Placed{}}, nil
}

func (b *block) add(e anchor.Entry, leaf anchor.Leaf) error {
	return b.place(e.Bytes(), e.Handle(), leaf)
}

// place puts an entry's bytes, or what stands for dropped ones, at the end of the log.
func (b *block) place(value []byte, handle anchor.Handle, leaf anchor.Leaf) error {
	index := b.log.End()
	var failed error
	set := func(key, value []byte) {
		if err := b.write.Set(key, value); err != nil {
			failed = err
		}
	}
	b.added[handle] = append(b.added[handle], anchor.Placed{Index: index, Leaf: leaf})
	set(numbered(keyEntry, index), value)
	set(keyed(keyLeaf, leaf), binary.BigEndian.AppendUint64(nil, index))
	set(binary.BigEndian.AppendUint64(keyed(keyHandle, handle), index), []byte{})
	err := b.log.Append(leaf[:], func(id compact.NodeID, hash []byte) { set(nodeKey(id), hash) })
	return errors.Join(err, failed)
}

func (b *block) writeGrants(grants map[anchor.Handle]anchor.GrantState) error {
	for h, g := range grants {
		if err := b.write.Set(keyed(keyGrant, h), grantBytes(g)); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the grants and the head.
func (b *block) finish(chain anchor.Chain, height int64, at time.Time, grants map[anchor.Handle]anchor.GrantState) error {
	if err := b.writeGrants(grants); err != nil {
		return err
	}
	b.head = head{V: homeFormat, Chain: chain, Height: height, Time: at, Size: b.log.End(), Frontier: b.log.Hashes()}
	if err := b.finishState(); err != nil {
		return err
	}
	var err error
	if b.root, err = rootOf(b.log); err != nil {
		return err
	}
	j, err := json.Marshal(b.head)
	if err != nil {
		return err
	}
	return b.write.Set([]byte(keyHead), j)
}

// finishState writes the map of handles and the members; a ledger of the first version
// has neither.
func (b *block) finishState() error {
	if b.handles == nil {
		return nil
	}
	if err := b.addToHandles(); err != nil {
		return err
	}
	if err := b.ruling.write(b.write, b.head.Height); err != nil {
		return err
	}
	b.head.Handles, b.head.Register = b.handles.root, b.ruling.register.Number
	b.state = anchor.StateHash(b.ruling.hash, b.handles.root)
	return nil
}

// addToHandles brings what the block added into the map of handles.
func (b *block) addToHandles() error {
	additions := make([]anchor.Addition, 0, len(b.added))
	for h, leaves := range b.added {
		additions = append(additions, anchor.Addition{Handle: h, Leaves: leaves})
	}
	if len(additions) > 0 {
		root, err := anchor.AddToHandles(b.handles, additions)
		if err != nil {
			return err
		}
		b.handles.root = root
	}
	return b.handles.write(b.write)
}

func rootOf(log *compact.Range) ([32]byte, error) {
	if log.End() == 0 {
		return anchor.EmptyRoot(), nil
	}
	root, err := log.GetRootHash(nil)
	if err != nil {
		return [32]byte{}, fmt.Errorf("hashing the log's root: %w", err)
	}
	return [32]byte(root), nil
}
