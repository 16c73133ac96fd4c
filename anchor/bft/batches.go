package bft

import (
	"runtime"
	"sync"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmttypes "github.com/cometbft/cometbft/types"

	"coffer/anchor"
)

// batch is a parsed transaction. A transaction is looked at four times on its
// way into a block; parsing, hashing and signatures are paid for once.
type batch struct {
	entries []anchor.Entry
	leaves  []anchor.Leaf

	mu      sync.Mutex
	checked []check // per entry
}

// check remembers under which key a signature was found good. A withdrawal's
// key comes from the grant's state and could differ between two looks.
type check struct {
	good bool
	key  [32]byte
}

func newBatch(entries []anchor.Entry, leaves []anchor.Leaf) *batch {
	return &batch{entries: entries, leaves: leaves, checked: make([]check, len(entries))}
}

// newTrusted is a batch whose signatures verify found good.
func newTrusted(entries []anchor.Entry, leaves []anchor.Leaf, signatures []anchor.Signature) *batch {
	b := newBatch(entries, leaves)
	for i, s := range signatures {
		b.checked[i] = check{true, s.Key}
	}
	return b
}

// apply holds the batch to the rule, on top of a view or not at all.
func (b *batch) apply(v *anchor.View, now anchor.Epoch) error {
	return v.ApplyWith(b.check, now, b.entries, b.leaves)
}

// check is an anchor.Checker for the batch's entries, all of them in order.
func (b *batch) check(chain anchor.Chain, signatures []anchor.Signature) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var todo []anchor.Signature
	var place []int
	for i, s := range signatures {
		if c := b.checked[i]; !c.good || c.key != s.Key {
			todo, place = append(todo, s), append(place, i)
		}
	}
	bad := -1
	for i, good := range verify(chain, todo) {
		b.checked[place[i]] = check{good, todo[i].Key}
		if !good && bad < 0 {
			bad = place[i]
		}
	}
	return bad
}

// verify checks signatures in batches, on all processors, by the rules of
// ZIP 215: they are the ones under which checking alone and checking in batches
// always agree, so that no two validators differ.
func verify(chain anchor.Chain, signatures []anchor.Signature) []bool {
	good := make([]bool, len(signatures))
	const least = 64 // below, a second goroutine does not pay
	chunk := max(least, (len(signatures)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for from := 0; from < len(signatures); from += chunk {
		to := min(from+chunk, len(signatures))
		if to-from == len(signatures) {
			verifyChunk(chain, signatures, good)
			break
		}
		wg.Go(func() { verifyChunk(chain, signatures[from:to], good[from:to]) })
	}
	wg.Wait()
	return good
}

func verifyChunk(chain anchor.Chain, signatures []anchor.Signature, good []bool) {
	if len(signatures) == 1 {
		s := signatures[0]
		sig := anchor.SignatureOf(s.Entry)
		good[0] = ed25519.PubKey(s.Key[:]).VerifySignature(anchor.SignedBytes(chain, s.Entry), sig[:])
		return
	}
	v := ed25519.NewBatchVerifier()
	added := make([]int, 0, len(signatures))
	for i, s := range signatures {
		sig := anchor.SignatureOf(s.Entry)
		if v.Add(ed25519.PubKey(s.Key[:]), anchor.SignedBytes(chain, s.Entry), sig[:]) == nil {
			added = append(added, i)
		}
	}
	_, each := v.Verify()
	for i, ok := range each {
		good[added[i]] = ok
	}
}

// batches remembers the transactions that are on their way.
type batches struct {
	mu    sync.Mutex
	seen  map[cmttypes.TxKey]*batch
	order []cmttypes.TxKey // oldest first
}

// remembered bounds the memory that batches on their way may take. Those that
// are forgotten too early are parsed again.
const remembered = 32

func newBatches() *batches { return &batches{seen: map[cmttypes.TxKey]*batch{}} }

func (b *batches) parse(tx cmttypes.Tx) (*batch, error) {
	key := tx.Key()
	b.mu.Lock()
	parsed := b.seen[key]
	b.mu.Unlock()
	if parsed != nil {
		return parsed, nil
	}
	entries, err := anchor.ParseBatch(tx)
	if err != nil {
		return nil, err
	}
	leaves := make([]anchor.Leaf, len(entries))
	for i, e := range entries {
		leaves[i] = e.Leaf()
	}
	parsed = newBatch(entries, leaves)
	b.add(key, parsed)
	return parsed, nil
}

func (b *batches) add(key cmttypes.TxKey, parsed *batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seen[key] == nil {
		b.order = append(b.order, key)
	}
	b.seen[key] = parsed
	for len(b.order) > remembered {
		delete(b.seen, b.order[0])
		b.order = b.order[1:]
	}
}
