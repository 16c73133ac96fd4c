package anchor

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// What members can vote on.
const (
	Admit  = "admit"  // Member joins, as it is written there
	Remove = "remove" // Member.Key leaves; the rest of Member is as registered
	Change = "change" // Member replaces the one with the key Replaces: rotated keys, a new address, another role
)

// Proposal is a change of the register that members vote on. It names the register that
// it changes: once any other change has been made it means nothing, and cannot be
// replayed.
type Proposal struct {
	Kind     string    `json:"kind"`
	Register Leaf      `json:"register"` // Hash of the register that it changes
	Replaces MemberKey `json:"replaces"` // of Remove and Change; zero of Admit
	Member   Member    `json:"member"`
}

// Bytes is the proposal's one spelling.
func (p Proposal) Bytes() []byte {
	if p.Member.Purposes == nil {
		p.Member.Purposes = []string{}
	}
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // no member holds what JSON cannot
	}
	return b
}

// Hash names the proposal.
func (p Proposal) Hash() [32]byte {
	return sha256.Sum256(append([]byte("coffer/v1 proposal\x00"), p.Bytes()...))
}

// ParseProposal reads what Bytes writes, and only that.
func ParseProposal(b []byte) (Proposal, error) {
	var p Proposal
	if err := decodeDeep(b, &p, 4, "kind", "register", "replaces", "member"); err != nil {
		return Proposal{}, fmt.Errorf("parsing proposal: %w", err)
	}
	if !bytes.Equal(p.Bytes(), b) {
		return Proposal{}, fmt.Errorf("parsing proposal: %w", malformed("proposal", "not written the one way in which it is written"))
	}
	return p, nil
}

// Apply is the register after the proposal. It says why the change cannot be.
func (p Proposal) Apply(r Register) (Register, error) {
	if Leaf(r.Hash()) != p.Register {
		return r, malformed("proposal.register", "it changes another register than number %d; propose anew", r.Number)
	}
	var members []Member
	old, known := r.Member(p.Replaces)
	for _, m := range r.Members {
		if m.Key != p.Replaces {
			members = append(members, m)
		}
	}
	switch p.Kind {
	case Admit:
		if p.Replaces != (MemberKey{}) {
			return r, malformed("proposal.replaces", "who is admitted replaces nobody")
		}
		members = append(members, p.Member)
	case Remove:
		if !known || p.Member.Key != old.Key {
			return r, malformed("proposal.replaces", "no member has this key")
		}
	case Change:
		if !known {
			return r, malformed("proposal.replaces", "no member has this key")
		}
		members = append(members, p.Member)
	default:
		return r, malformed("proposal.kind", "%q, this program knows %s, %s and %s; is a newer one needed?", p.Kind, Admit, Remove, Change)
	}
	next, err := NewRegister(r.Number+1, members)
	if err != nil {
		return r, err
	}
	return next, nil
}

// Ballot is a member's word on a proposal, as it travels: a transaction of its own.
type Ballot struct {
	Proposal  Proposal
	Member    MemberKey
	For       bool
	Signature [64]byte
}

const ballotPrefix = "coffer-ballot"

// maxBallot bounds a vote's bytes.
const maxBallot = 32 << 10

// IsBallot reports whether a transaction claims to be a ballot.
func IsBallot(tx []byte) bool { return bytes.HasPrefix(tx, []byte(ballotPrefix)) }

// SignBallot makes a member's vote.
func SignBallot(chain Chain, key ed25519.PrivateKey, p Proposal, yes bool) Ballot {
	b := Ballot{Proposal: p, Member: MemberKey(key.Public().(ed25519.PublicKey)), For: yes}
	b.Signature = [64]byte(ed25519.Sign(key, b.signed(chain)))
	return b
}

// Verify reports whether the member signed it for this chain.
func (b Ballot) Verify(chain Chain) bool { return b.Member.Verify(b.signed(chain), b.Signature[:]) }

func (b Ballot) signed(chain Chain) []byte {
	return append([]byte("coffer/v1 ballot "+string(chain)), b.body()...)
}

func (b Ballot) body() []byte {
	out := append([]byte(ballotPrefix), 1)
	out = append(out, b.Member[:]...)
	if b.For {
		out = append(out, 1)
	} else {
		out = append(out, 0)
	}
	text := b.Proposal.Bytes()
	out = binary.BigEndian.AppendUint32(out, uint32(len(text)))
	return append(out, text...)
}

// Bytes is the vote's one spelling: "coffer-ballot" ‖ version 1 ‖ member key 32 ‖ 1 for
// or 0 against ‖ length 4 ‖ proposal ‖ signature 64.
func (b Ballot) Bytes() []byte { return append(b.body(), b.Signature[:]...) }

// ParseBallot reads what Bytes writes. Whether the signature is good Verify says.
func ParseBallot(b []byte) (Ballot, error) {
	const front = len(ballotPrefix) + 1 + 32 + 1 + 4
	switch {
	case !IsBallot(b):
		return Ballot{}, malformed("prefix", "it is no ballot")
	case len(b) > maxBallot || len(b) < front+64:
		return Ballot{}, malformed("size", "%d bytes are no ballot", len(b))
	case b[len(ballotPrefix)] != 1:
		return Ballot{}, malformed("version", "%d, this program knows 1", b[len(ballotPrefix)])
	case b[front-5] > 1:
		return Ballot{}, malformed("choice", "%d is neither for nor against", b[front-5])
	case uint64(binary.BigEndian.Uint32(b[front-4:])) != uint64(len(b)-front-64):
		return Ballot{}, malformed("size", "it is not as long as it says")
	}
	p, err := ParseProposal(b[front : len(b)-64])
	if err != nil {
		return Ballot{}, err
	}
	return Ballot{p, MemberKey(b[len(ballotPrefix)+1:]), b[front-5] == 1, [64]byte(b[len(b)-64:])}, nil
}

// Tally is what members said on one proposal so far.
type Tally struct {
	For     int `json:"for"`
	Against int `json:"against"`
	Voters  int `json:"voters"`
}

// Passed reports that more than two thirds of those who vote are for it.
func (t Tally) Passed() bool { return 3*t.For > 2*t.Voters }

// Blocked reports that more than one third is against it: it cannot pass any more.
func (t Tally) Blocked() bool { return 3*t.Against > t.Voters }

// Motion is a proposal that members are voting on.
type Motion struct {
	Proposal Proposal           `json:"proposal"`
	Votes    map[MemberKey]bool `json:"votes"` // for or against
	Tally    Tally              `json:"tally"`
}
