package anchortest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"coffer/anchor"
)

// Signers are validators with their keys.
type Signers struct {
	Set  anchor.ValidatorSet
	keys []ed25519.PrivateKey // in the set's order
}

// NewSigners makes one validator for each power.
func NewSigners(chain anchor.Chain, powers ...int64) Signers {
	s := Signers{Set: anchor.ValidatorSet{Chain: chain}}
	for i, power := range powers {
		key := Key(fmt.Sprintf("validator %d", i))
		s.keys = append(s.keys, key)
		s.Set.Validators = append(s.Set.Validators, anchor.Validator{PublicKey: anchor.ValidatorKey(key.Public().(ed25519.PublicKey)), Power: power})
	}
	// CometBFT orders by power, greatest first, then by address.
	slices.SortFunc(s.Set.Validators, func(a, b anchor.Validator) int {
		if a.Power != b.Power {
			return int(b.Power - a.Power)
		}
		x, y := a.PublicKey.Address(), b.PublicKey.Address()
		return bytes.Compare(x[:], y[:])
	})
	slices.SortFunc(s.keys, func(a, b ed25519.PrivateKey) int { return s.place(a) - s.place(b) })
	return s
}

func (s Signers) place(k ed25519.PrivateKey) int {
	return slices.IndexFunc(s.Set.Validators, func(v anchor.Validator) bool {
		return v.PublicKey == anchor.ValidatorKey(k.Public().(ed25519.PublicKey))
	})
}

// Key is the secret of a validator of the set.
func (s Signers) Key(k anchor.ValidatorKey) ed25519.PrivateKey {
	for i, v := range s.Set.Validators {
		if v.PublicKey == k {
			return s.keys[i]
		}
	}
	return nil
}

// Sign makes a header that carries the app hash, and the commit of all signers
// but the absent ones.
func (s Signers) Sign(height int64, at time.Time, appHash []byte, absent ...int) anchor.SignedHeader {
	digest := func(what string) []byte {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s at %d", what, height))
		return sum[:]
	}
	set := s.Set.Hash()
	proposer := s.Set.Validators[0].PublicKey.Address()
	header := anchor.Header{
		BlockVersion: 11, AppVersion: 1, Chain: s.Set.Chain, Height: height, Time: at.UTC(),
		LastBlock:      anchor.BlockID{Hash: digest("last block"), PartsTotal: 1, PartsHash: digest("last parts")},
		LastCommitHash: digest("last commit"), DataHash: digest("data"), ValidatorsHash: set[:], NextValidatorsHash: set[:],
		ConsensusHash: digest("consensus"), AppHash: appHash, LastResultsHash: digest("results"), EvidenceHash: digest("evidence"), Proposer: proposer[:],
	}
	return s.Commit(header, absent...)
}

// Step is the change from these signers to the next, as of a height.
func (s Signers) Step(height int64, at time.Time, appHash []byte, next Signers, absent ...int) anchor.Step {
	header := s.Sign(height, at, appHash).Header
	hash := next.Set.Hash()
	header.NextValidatorsHash = hash[:]
	return anchor.Step{SignedHeader: s.Commit(header, absent...).Bytes(), Next: next.Set}
}

// Commit signs a header that somebody made.
func (s Signers) Commit(header anchor.Header, absent ...int) anchor.SignedHeader {
	hash := header.Hash()
	parts := sha256.Sum256(hash[:])
	commit := anchor.BlockCommit{Height: header.Height, Block: anchor.BlockID{Hash: hash[:], PartsTotal: 1, PartsHash: parts[:]}}
	for i, v := range s.Set.Validators {
		if slices.Contains(absent, i) {
			commit.Votes = append(commit.Votes, anchor.Vote{Flag: anchor.VoteAbsent})
			continue
		}
		address := v.PublicKey.Address()
		commit.Votes = append(commit.Votes, anchor.Vote{Flag: anchor.VoteForBlock, Validator: address[:], Time: header.Time.Add(time.Duration(i+1) * time.Millisecond)})
		commit.Votes[i].Signature = ed25519.Sign(s.keys[i], commit.SignedBytes(header.Chain, i))
	}
	return anchor.SignedHeader{Header: header, Commit: commit}
}
