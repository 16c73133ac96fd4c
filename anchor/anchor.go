// Package anchor is the ledger as everyone sees it: entries, commitments, the
// rule that admits them, the log they form, and proofs that anyone checks
// offline. It is pure: no network, no storage, no consensus engine. The bytes
// are specified in FORMAT.md; text vectors shared with TypeScript are in
// testdata/vectors.
//
// An entry names nobody. It holds random keys, a commitment and a coarse hour;
// three kinds exist and each has one size. A permit (a message was sent, or
// data may be collected this hour) stands only under a grant that is live, and
// every validator checks that before it signs a block.
//
// # Trust
//
// The package believes that more than two thirds of a validator set's power is
// honest, and that Ed25519, SHA-256 and discrete logarithms in ristretto255
// hold. If two thirds of the validators collude they can admit a permit without
// a live grant or show two people two logs; they still cannot sign as a wallet
// or a business, nor learn what a commitment hides. Whoever holds a handle key
// can post permits under its grant. A leaked opening reveals that a document
// one already has is the one committed to, and nothing else; a deleted opening
// leaves random bytes. If discrete logarithms fall, openings can be forged, but
// scheme 1 commitments stay hidden.
package anchor

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrUnavailable says that the ledger did not answer in time. What was being
// appended may still be committed later: append the same entry again, it
// counts once.
var ErrUnavailable = errors.New("the ledger does not answer")

// ErrNotFound says that the ledger has no such entry or grant.
var ErrNotFound = errors.New("not on the ledger")

// ErrGone says that this member dropped an entry's bytes after the time for which it
// keeps them. The entry's leaf is in the log, and what proves others holds; a member
// that keeps everything may still have the bytes, and so has whoever posted it.
var ErrGone = errors.New("this member has dropped the entry's bytes; ask one that keeps them, or use your own copy")

// Chain names one ledger. It is part of everything that is signed, so that an
// entry of one ledger means nothing on another.
type Chain string

// MaxChain is the longest chain id in bytes (CometBFT's limit).
const MaxChain = 50

// Validate refuses chain ids that would make signed bytes ambiguous: 1 to
// MaxChain visible ASCII characters are allowed.
func (c Chain) Validate() error {
	if len(c) == 0 || len(c) > MaxChain {
		return fmt.Errorf("chain id has %d bytes, want 1 to %d", len(c), MaxChain)
	}
	for i := range len(c) {
		if c[i] <= ' ' || c[i] > '~' {
			return fmt.Errorf("chain id has a character at %d that is not visible ASCII", i)
		}
	}
	return nil
}

// Epoch counts UTC hours since 1970. Entries know no finer time.
type Epoch uint32

// EpochAt is the epoch that holds the given moment.
func EpochAt(t time.Time) Epoch { return Epoch(t.Unix() / 3600) }

// Time is the first moment of the epoch, in UTC.
func (e Epoch) Time() time.Time { return time.Unix(int64(e)*3600, 0).UTC() }

// Ledger is one node of the shared ledger, or a stand-in. Every method may
// return an error that wraps ErrUnavailable; nothing else about the ledger is
// passing. Implementations are safe for concurrent use and pass
// anchortest.TestLedger.
type Ledger interface {
	Chain() Chain

	// Append returns when every entry is committed and durable. An entry whose
	// leaf is already on the ledger counts as appended. Entries of one handle
	// in one call keep their order. A *Refusal says which entry broke the rule; entries
	// before and after it in the same call may have been committed. Entries
	// of other callers are never affected. The same entries may be appended
	// again after any error.
	Append(ctx context.Context, entries ...Entry) error

	// Has reports where the entry with this leaf is.
	Has(ctx context.Context, leaf Leaf) (index uint64, ok bool, err error)

	// Prove makes a proof under the newest header. It waits for the header that
	// first covers the entry. ErrNotFound if there is no such entry.
	Prove(ctx context.Context, leaf Leaf) (Proof, error)

	// ProveAll is Prove for several entries at once, each counted once. ErrNotFound
	// if one of them is not there.
	ProveAll(ctx context.Context, leaves []Leaf) (MultiProof, error)

	// Complete shows all entries of a handle up to the newest header that fixes them,
	// or that there are none. Of entries whose bytes this member dropped it has the
	// leaves.
	Complete(ctx context.Context, handle Handle) (Completeness, error)

	// Consistency shows that the log of from entries is how the log of to
	// entries begins, for sizes up to the head's and from ≤ to; ErrNotFound for
	// others.
	Consistency(ctx context.Context, from, to uint64) (Consistency, error)

	// Grant is the state of a grant as the rule sees it. ErrNotFound if the
	// handle names none.
	Grant(ctx context.Context, handle Handle) (GrantState, error)

	// Entries lists all entries of one handle in log order; none is no error. ErrGone if
	// this member dropped the bytes of some: Complete goes on then.
	Entries(ctx context.Context, handle Handle) ([]Indexed, error)

	// Validators is the set that signs the newest header.
	Validators(ctx context.Context) (ValidatorSet, error)

	// Head is the newest committed state of the log.
	Head(ctx context.Context) (Head, error)

	Publication
}

// Publication is the log as anybody may fetch, keep and compare it. What it gives
// once it gives for ever, but for Checkpoint and SignedHeader.
type Publication interface {
	// CheckpointKey is the public key of this member's checkpoints.
	CheckpointKey() string

	// Checkpoint is the newest log that the validators signed, as a note of this
	// member; see OpenCheckpoint. Its size never shrinks.
	Checkpoint(ctx context.Context) ([]byte, error)

	// SignedHeader is the header that fixes it, for VerifyHeader. Asked for
	// after a checkpoint, it fixes that log or a larger one.
	SignedHeader(ctx context.Context) ([]byte, error)

	// Subtrees are the roots of n complete subtrees of 2^level entries each,
	// the first one beginning at entry from·2^level. ErrNotFound if the log is
	// not that large.
	Subtrees(ctx context.Context, level uint, from uint64, n int) ([][32]byte, error)

	// Range is n entries from an index on. ErrNotFound if the log is not that
	// large.
	Range(ctx context.Context, from uint64, n int) ([]Entry, error)
}

// GrantState is what the rule remembers of a grant.
type GrantState struct {
	Start, End Epoch
	Wallet     WalletKey
	Withdrawn  bool
}

// Live reports whether a permit may stand at this moment.
func (g GrantState) Live(at time.Time) bool {
	e := EpochAt(at)
	return !g.Withdrawn && g.Start <= e && e < g.End
}

// Indexed is an entry at its place in the log.
type Indexed struct {
	Index uint64
	Entry Entry
}

// Head is the log after a block: its size and root, and which block that was.
type Head struct {
	Size   uint64
	Root   [32]byte
	Height int64
	Time   time.Time
}
