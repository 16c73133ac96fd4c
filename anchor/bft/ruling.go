package bft

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"

	"coffer/anchor"
)

// power is every validator's: members have equal votes.
const power = anchor.MemberPower

// ruling is who the members are, and what they are voting on. It is replaced, never
// changed, once it is committed.
type ruling struct {
	register anchor.Register
	hash     [32]byte // of the register, which changes rarely and is needed with every block
	open     map[[32]byte]motion
	passed   bool       // the register changed in this block
	moved    [][32]byte // motions that this block counted a ballot on
	gone     [][32]byte // motions that this block closed
}

func newRuling(r anchor.Register) *ruling {
	return &ruling{register: r, hash: r.Hash(), open: map[[32]byte]motion{}}
}

// motion is a proposal with the votes on it so far.
type motion struct {
	Proposal json.RawMessage           `json:"proposal"`
	Votes    map[anchor.MemberKey]bool `json:"votes"`
}

// next is the ruling that a block may change.
func (r *ruling) next() *ruling {
	if r == nil {
		return nil
	}
	open := make(map[[32]byte]motion, len(r.open))
	for h, m := range r.open {
		open[h] = motion{m.Proposal, maps.Clone(m.Votes)}
	}
	return &ruling{register: r.register, hash: r.hash, open: open}
}

// A ballot that cannot count. The reason is for whoever sent it.
type ballotError struct{ error }

func (e ballotError) Unwrap() error { return e.error }

// take counts a ballot, and changes the register when that decides its proposal.
func (r *ruling) take(chain anchor.Chain, b anchor.Ballot) error {
	no := func(format string, args ...any) error {
		return ballotError{fmt.Errorf("the ballot does not count: "+format, args...)}
	}
	m, known := r.register.Member(b.Member)
	switch {
	case !known:
		return no("its signer is no member")
	case m.Observer:
		return no("%s is an observer and has no vote", m.Name)
	case !b.Verify(chain):
		return no("it is not signed by %s for this ledger", m.Name)
	}
	next, err := b.Proposal.Apply(r.register)
	if err != nil {
		return no("%w", err)
	}
	hash := b.Proposal.Hash()
	on, open := r.open[hash]
	switch {
	case !open && !b.For:
		return no("nobody proposed this; a vote against needs a proposal")
	case !open && len(r.open) >= maxOpen:
		return no("%d proposals are open, decide one of them first", len(r.open))
	case !open:
		on = motion{b.Proposal.Bytes(), map[anchor.MemberKey]bool{}}
	}
	if said, voted := on.Votes[b.Member]; voted && said == b.For {
		return no("%s said so already", m.Name)
	}
	on.Votes[b.Member] = b.For
	r.open[hash], r.moved = on, append(r.moved, hash)
	switch t := r.tally(on); {
	case t.Passed():
		r.register, r.hash, r.passed = next, next.Hash(), true
		// What else was open names a register that is no more.
		r.gone = slices.AppendSeq(r.gone, maps.Keys(r.open))
		clear(r.open)
	case t.Blocked():
		r.gone = append(r.gone, hash)
		delete(r.open, hash)
	}
	return nil
}

// maxOpen bounds what is voted on at a time.
const maxOpen = 32

func (r *ruling) tally(m motion) anchor.Tally {
	t := anchor.Tally{Voters: r.register.Voters()}
	for _, yes := range m.Votes {
		if yes {
			t.For++
		} else {
			t.Against++
		}
	}
	return t
}

// updates are what CometBFT is to change of its validators.
func (r *ruling) updates(since anchor.Register) []abci.ValidatorUpdate {
	before, after := voting(since), voting(r.register)
	var out []abci.ValidatorUpdate
	for k := range before {
		if !after[k] {
			out = append(out, abci.Ed25519ValidatorUpdate(k[:], 0))
		}
	}
	for k := range after {
		if !before[k] {
			out = append(out, abci.Ed25519ValidatorUpdate(k[:], power))
		}
	}
	slices.SortFunc(out, func(a, b abci.ValidatorUpdate) int {
		return slices.Compare(a.PubKey.GetEd25519(), b.PubKey.GetEd25519())
	})
	return out
}

func voting(r anchor.Register) map[anchor.ValidatorKey]bool {
	out := map[anchor.ValidatorKey]bool{}
	for _, m := range r.Members {
		if !m.Observer {
			out[m.Validator] = true
		}
	}
	return out
}

func ballotKey(hash [32]byte) []byte { return keyed(keyBallot, hash) }

// write stores what a block changed; the first block also stores what the genesis said.
func (r *ruling) write(to dbm.Batch, height int64) error {
	for _, hash := range r.gone {
		if err := to.Delete(ballotKey(hash)); err != nil {
			return err
		}
	}
	for _, hash := range r.moved {
		m, open := r.open[hash]
		if !open {
			continue
		}
		b, err := json.Marshal(m) // keys of maps are sorted
		if err != nil {
			return err
		}
		if err := to.Set(ballotKey(hash), b); err != nil {
			return err
		}
	}
	if !r.passed && height > 1 {
		return nil
	}
	return to.Set(numbered(keyNumber, r.register.Number), r.register.Bytes())
}

// readRuling reads what write wrote.
func (s store) readRuling(number uint64) (*ruling, error) {
	b, err := s.db.Get(numbered(keyNumber, number))
	if err != nil {
		return nil, err
	}
	r := &ruling{open: map[[32]byte]motion{}}
	if r.register, err = anchor.ParseRegister(b); err != nil {
		return nil, fmt.Errorf("its member register is damaged: %w; restore the whole home from a backup", err)
	}
	r.hash = r.register.Hash()
	it, err := s.db.Iterator([]byte{keyBallot}, []byte{keyBallot + 1})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	for ; it.Valid(); it.Next() {
		var m motion
		if len(it.Key()) != 33 || json.Unmarshal(it.Value(), &m) != nil {
			return nil, errors.New("a vote is damaged; restore the whole home from a backup")
		}
		r.open[[32]byte(it.Key()[1:])] = m
	}
	return r, it.Error()
}

// registers are all registers there were, the newest last.
func (s store) registers() ([]anchor.Register, error) {
	it, err := s.db.Iterator([]byte{keyNumber}, []byte{keyNumber + 1})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var all []anchor.Register
	for ; it.Valid(); it.Next() {
		r, err := anchor.ParseRegister(it.Value())
		if err != nil {
			return nil, fmt.Errorf("register %d: %w", binary.BigEndian.Uint64(it.Key()[1:]), err)
		}
		all = append(all, r)
	}
	return all, it.Error()
}
