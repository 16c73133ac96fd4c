package bft

import (
	"bytes"
	"fmt"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/crypto/ed25519"
	cmttypes "github.com/cometbft/cometbft/types"

	"coffer/anchor"
)

// DoubleVote is two votes of one validator for one step of one block, as the members put
// it into a block: one of the two was a lie to somebody. A key that two nodes use does it
// by accident.
type DoubleVote struct {
	Member anchor.Member // as the register has it now; zero if it left
	Height int64
	Time   time.Time // of the block that it was for
	Votes  []byte    // CometBFT's evidence as protobuf: both votes with their signatures
}

var noEvidence = (cmttypes.EvidenceList{}).Hash()

// witness tells of the double votes that the block of a height shows.
func (n *Node) witness(height int64) error {
	meta := n.app.blocks.LoadBlockMeta(height)
	if meta == nil || bytes.Equal(meta.Header.EvidenceHash, noEvidence) {
		return nil
	}
	block := n.app.blocks.LoadBlock(height)
	if block == nil {
		return nil // pruned meanwhile
	}
	for _, e := range block.Evidence.Evidence {
		twice, ok := e.(*cmttypes.DuplicateVoteEvidence)
		if !ok {
			continue
		}
		proto, err := cmttypes.EvidenceToProto(twice)
		if err != nil {
			return err
		}
		votes, err := proto.Marshal()
		if err != nil {
			return err
		}
		v := DoubleVote{Height: twice.Height(), Time: twice.Time(), Votes: votes}
		v.Member, _ = n.app.voter(twice.VoteA.ValidatorAddress)
		n.logger.Error("a member voted twice", "member", v.Member.Name, "validator", twice.VoteA.ValidatorAddress.String(), "height", v.Height)
		if n.tell != nil {
			n.tell(v)
		}
	}
	return nil
}

// String says it in words.
func (v DoubleVote) String() string {
	name := v.Member.Name
	if name == "" {
		name = "a member that left"
	}
	return fmt.Sprintf("%s signed two votes for one step of block %d", name, v.Height)
}

// reject refuses a proposed block, and says whose it was: no honest member proposes what
// breaks the rule.
func (a *application) reject(r *abci.RequestProcessProposal, why error) *abci.ResponseProcessProposal {
	proposer := fmt.Sprintf("%X", r.ProposerAddress)
	if m, ok := a.voter(r.ProposerAddress); ok {
		proposer = m.Name
	}
	a.logger.Error("refusing a proposed block that breaks the rule", "member", proposer, "height", r.Height, "why", why)
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_REJECT}
}

// voter is the member with a validator of this address.
func (a *application) voter(address []byte) (anchor.Member, bool) {
	if r := a.members(); r != nil {
		for _, m := range r.register.Members {
			if bytes.Equal(ed25519.PubKey(m.Validator[:]).Address(), address) {
				return m, true
			}
		}
	}
	return anchor.Member{}, false
}
