package anchor

import (
	"crypto/ed25519"
	"fmt"
	"slices"
)

// Reason says why the rule refused an entry. The set is closed.
type Reason string

const (
	ReasonUnknownGrant Reason = "unknown-grant" // the handle names no grant
	ReasonWithdrawn    Reason = "withdrawn"     // the grant is withdrawn (already)
	ReasonEnded        Reason = "ended"         // the grant's end has come
	ReasonNotStarted   Reason = "not-started"   // the entry's epoch is before the grant's start
	ReasonSignature    Reason = "signature"     // not signed by the key that the rule asks for
	ReasonEpoch        Reason = "epoch"         // the entry's hour is not the present one, give or take one
	ReasonDuplicate    Reason = "duplicate"     // this very entry is on the ledger
	ReasonHandleReused Reason = "handle-reused" // another grant has this handle
	ReasonDuration     Reason = "duration"      // not one of the fixed lengths
)

// Refusal is the error for an entry that breaks the rule. It is final: the same
// entry is refused again, except that ReasonEpoch, ReasonNotStarted and
// ReasonUnknownGrant can pass.
type Refusal struct {
	Entry  Leaf
	Reason Reason
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("the ledger refuses entry %s: %s", r.Entry, explain[r.Reason])
}

var explain = map[Reason]string{
	ReasonUnknownGrant: "no grant has this handle",
	ReasonWithdrawn:    "the grant is withdrawn",
	ReasonEnded:        "the grant has ended",
	ReasonNotStarted:   "the grant has not started",
	ReasonSignature:    "the signature is not by the key that must sign",
	ReasonEpoch:        "its hour is not the present one; check the clock",
	ReasonDuplicate:    "it is on the ledger already",
	ReasonHandleReused: "another grant has this handle",
	ReasonDuration:     "the grant's length is none of 1, 7, 31, 90 and 365 days",
}

// Durations are the lengths that a grant may have, so that an end date is no
// fingerprint.
var Durations = [...]Epoch{1 * 24, 7 * 24, 31 * 24, 90 * 24, 365 * 24}

// State is the committed state that the rule looks at.
type State interface {
	Has(Leaf) (bool, error)
	Grant(Handle) (state GrantState, ok bool, err error)
}

// Signature is one signature that the rule asks to be checked.
type Signature struct {
	Key   [32]byte
	Entry Entry
}

// Checker checks signatures on a chain. It returns the place of one that fails,
// or -1. Implementations may check in batches or remember what they checked.
type Checker func(chain Chain, signatures []Signature) (failed int)

// CheckEach checks one signature after the other.
func CheckEach(chain Chain, signatures []Signature) int {
	for i, s := range signatures {
		sig := s.Entry.signature()
		if !ed25519.Verify(s.Key[:], SignedBytes(chain, s.Entry), sig[:]) {
			return i
		}
	}
	return -1
}

// SignatureOf is an entry's signature, for a Checker.
func SignatureOf(e Entry) [64]byte { return e.signature() }

// View is a State with entries applied on top that are not committed yet. It is
// not safe for concurrent use.
type View struct {
	chain  Chain
	check  Checker
	under  State
	grants map[Handle]GrantState
	leaves map[Leaf]struct{}
}

// NewView begins with nothing applied.
func NewView(chain Chain, under State, check Checker) *View {
	return &View{chain: chain, check: check, under: under, grants: map[Handle]GrantState{}, leaves: map[Leaf]struct{}{}}
}

// Has reports whether the leaf is committed or applied.
func (v *View) Has(l Leaf) (bool, error) {
	if _, ok := v.leaves[l]; ok {
		return true, nil
	}
	return v.under.Has(l)
}

// Grant is the state of a grant with what was applied.
func (v *View) Grant(h Handle) (GrantState, bool, error) {
	if g, ok := v.grants[h]; ok {
		return g, true, nil
	}
	return v.under.Grant(h)
}

// Grants are the states of all grants that applied entries made or changed.
func (v *View) Grants() map[Handle]GrantState { return v.grants }

// Apply admits all of the entries in their order, or none. now is the epoch of
// the block. leaves, if not nil, are the entries' leaves, so that they are not
// hashed again. It returns a *Refusal, or an error of the State.
func (v *View) Apply(now Epoch, entries []Entry, leaves []Leaf) error {
	return v.ApplyWith(v.check, now, entries, leaves)
}

// ApplyWith is Apply with another Checker for these entries.
func (v *View) ApplyWith(check Checker, now Epoch, entries []Entry, leaves []Leaf) error {
	if leaves == nil {
		leaves = make([]Leaf, len(entries))
		for i, e := range entries {
			leaves[i] = e.Leaf()
		}
	}
	top := NewView(v.chain, v, nil)
	signatures := make([]Signature, 0, len(entries))
	for i, e := range entries {
		reason, key, err := top.admit(now, e, leaves[i])
		if err != nil {
			return fmt.Errorf("applying the rule: %w", err)
		}
		if reason != "" {
			return &Refusal{Entry: leaves[i], Reason: reason}
		}
		signatures = append(signatures, Signature{key, e})
	}
	if i := check(v.chain, signatures); i >= 0 {
		return &Refusal{Entry: leaves[i], Reason: ReasonSignature}
	}
	for h, g := range top.grants {
		v.grants[h] = g
	}
	for l := range top.leaves {
		v.leaves[l] = struct{}{}
	}
	return nil
}

// admit is the rule, but for the signature: it says which key must have signed.
// FORMAT.md has it in words, with the reasons in this order.
func (v *View) admit(now Epoch, e Entry, leaf Leaf) (refused Reason, key [32]byte, err error) {
	if known, err := v.Has(leaf); err != nil || known {
		return ReasonDuplicate, key, err
	}
	g, known, err := v.Grant(e.Handle())
	if err != nil {
		return "", key, err
	}
	if e.Kind() != KindGrant && !known {
		return ReasonUnknownGrant, key, nil
	}
	switch e := e.(type) {
	case Grant:
		switch {
		case known:
			return ReasonHandleReused, key, nil
		case e.End < e.Start || !slices.Contains(Durations[:], e.End-e.Start):
			return ReasonDuration, key, nil
		case !near(e.Start, now):
			return ReasonEpoch, key, nil
		case e.End <= now:
			return ReasonEnded, key, nil
		}
		g = GrantState{Start: e.Start, End: e.End, Wallet: e.WalletKey}
	case Withdraw:
		switch {
		case g.Withdrawn:
			return ReasonWithdrawn, key, nil
		case e.Epoch < g.Start:
			return ReasonNotStarted, key, nil
		case e.Epoch > now && !near(e.Epoch, now):
			return ReasonEpoch, key, nil
		}
		g.Withdrawn = true
	case Permit:
		switch {
		case g.Withdrawn:
			return ReasonWithdrawn, key, nil
		case !near(e.Epoch, now):
			return ReasonEpoch, key, nil
		case e.Epoch < g.Start:
			return ReasonNotStarted, key, nil
		case e.Epoch >= g.End || now >= g.End:
			return ReasonEnded, key, nil
		}
	}
	v.grants[e.Handle()] = g
	v.leaves[leaf] = struct{}{}
	return "", Signer(e, g.Wallet), nil
}

// near reports whether an epoch is now, give or take one. Clocks differ, and
// block time lags by up to a heartbeat.
func near(e, now Epoch) bool { return e <= now && now-e <= 1 || e > now && e-now <= 1 }
