package anchor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// SignedHeader is a CometBFT v0.38 block header with the commit that signs it.
// The types here hold what CometBFT's hold, so that bytes can be read, hashed
// and written without it; anchor/bft tests them against CometBFT's own.
type SignedHeader struct {
	Header Header
	Commit BlockCommit
}

// Header is a block header.
type Header struct {
	BlockVersion, AppVersion uint64
	Chain                    Chain
	Height                   int64
	Time                     time.Time
	LastBlock                BlockID
	LastCommitHash           []byte
	DataHash                 []byte
	ValidatorsHash           []byte
	NextValidatorsHash       []byte
	ConsensusHash            []byte
	AppHash                  []byte // the log after the block before
	LastResultsHash          []byte
	EvidenceHash             []byte
	Proposer                 []byte
}

// BlockID names a block by its header's hash and by the parts it travels in.
type BlockID struct {
	Hash       []byte
	PartsTotal uint32
	PartsHash  []byte
}

// BlockCommit is the validators' votes for one block, in the set's order.
type BlockCommit struct {
	Height int64
	Round  int32
	Block  BlockID
	Votes  []Vote
}

// What a validator voted for.
const (
	VoteAbsent   = 1
	VoteForBlock = 2
	VoteForNil   = 3
)

// Vote is one validator's place in a commit.
type Vote struct {
	Flag      uint64 // VoteAbsent, VoteForBlock or VoteForNil
	Validator []byte // its address
	Time      time.Time
	Signature []byte
}

// blockProtocol is the version of CometBFT's block format that is known here.
const blockProtocol = 11

// ParseSignedHeader reads the protobuf form of a SignedHeader. It accepts only
// the bytes that CometBFT writes and only what its ValidateBasic lets pass; an
// error is a *FormatError with the Field signed_header.
func ParseSignedHeader(b []byte) (SignedHeader, error) {
	var s SignedHeader
	err := eachField(b, func(field int, _ uint64, v []byte) error {
		switch field {
		case 1:
			return s.Header.parse(v)
		case 2:
			return s.Commit.parse(v)
		}
		return errProtobuf
	})
	if err == nil {
		err = s.validate()
	}
	if err == nil && !bytes.Equal(s.Bytes(), b) {
		err = errors.New("not written the one way in which CometBFT writes it")
	}
	if err != nil {
		return SignedHeader{}, malformed("signed_header", "%v", err)
	}
	return s, nil
}

// Bytes is the protobuf form.
func (s SignedHeader) Bytes() []byte {
	return appendMessage(appendMessage(nil, 1, s.Header.bytes()), 2, s.Commit.bytes())
}

func (s SignedHeader) validate() error {
	h, c := s.Header, s.Commit
	if h.BlockVersion != blockProtocol {
		return fmt.Errorf("block protocol %d, this program knows %d", h.BlockVersion, blockProtocol)
	}
	if err := h.Chain.Validate(); err != nil {
		return err
	}
	if h.Height < 1 || c.Height < 1 || c.Round < 0 {
		return fmt.Errorf("height %d, commit height %d, round %d", h.Height, c.Height, c.Round)
	}
	for _, hash := range [][]byte{h.LastCommitHash, h.DataHash, h.NextValidatorsHash, h.ConsensusHash, h.LastResultsHash, h.EvidenceHash, h.LastBlock.Hash, h.LastBlock.PartsHash, c.Block.PartsHash} {
		if len(hash) != 0 && len(hash) != 32 {
			return fmt.Errorf("a hash has %d bytes", len(hash))
		}
	}
	if len(h.ValidatorsHash) != 32 || len(c.Block.Hash) != 32 || len(h.Proposer) != 20 {
		return errors.New("validators hash, block hash or proposer is missing")
	}
	if len(c.Votes) == 0 {
		return errors.New("no votes")
	}
	for i, v := range c.Votes {
		switch v.Flag {
		case VoteAbsent:
			if len(v.Validator) != 0 || !v.Time.IsZero() || len(v.Signature) != 0 {
				return fmt.Errorf("vote %d is absent and yet there", i)
			}
		case VoteForBlock, VoteForNil:
			if len(v.Validator) != 20 || len(v.Signature) == 0 || len(v.Signature) > 64 {
				return fmt.Errorf("vote %d has no address or signature", i)
			}
		default:
			return fmt.Errorf("vote %d has flag %d", i, v.Flag)
		}
	}
	return nil
}

// Hash is the block's hash: the root of a tree over the header's fields.
func (h Header) Hash() [32]byte {
	one := func(v []byte) []byte { return appendBytes(nil, 1, v) }
	return treeRoot([][]byte{
		h.version(), one([]byte(h.Chain)), appendVarint(nil, 1, uint64(h.Height)), timestamp(h.Time), h.LastBlock.bytes(),
		one(h.LastCommitHash), one(h.DataHash), one(h.ValidatorsHash), one(h.NextValidatorsHash), one(h.ConsensusHash),
		one(h.AppHash), one(h.LastResultsHash), one(h.EvidenceHash), one(h.Proposer),
	})
}

// SignedBytes is what the validator of vote i signs: the canonical precommit
// with its length in front.
func (c BlockCommit) SignedBytes(chain Chain, i int) []byte {
	const precommit = 2
	b := appendVarint(nil, 1, precommit)
	b = appendFixed64(b, 2, uint64(c.Height))
	b = appendFixed64(b, 3, uint64(c.Round))
	if c.Votes[i].Flag == VoteForBlock {
		b = appendMessage(b, 4, c.Block.bytes())
	}
	b = appendMessage(b, 5, timestamp(c.Votes[i].Time))
	b = appendBytes(b, 6, []byte(chain))
	return append(binary.AppendUvarint(nil, uint64(len(b))), b...)
}

func (h Header) version() []byte {
	return appendVarint(appendVarint(nil, 1, h.BlockVersion), 2, h.AppVersion)
}

func (h Header) bytes() []byte {
	b := make([]byte, 0, 512)
	b = appendMessage(b, 1, h.version())
	b = appendBytes(b, 2, []byte(h.Chain))
	b = appendVarint(b, 3, uint64(h.Height))
	b = appendMessage(b, 4, timestamp(h.Time))
	b = appendMessage(b, 5, h.LastBlock.bytes())
	for i, v := range [][]byte{h.LastCommitHash, h.DataHash, h.ValidatorsHash, h.NextValidatorsHash, h.ConsensusHash, h.AppHash, h.LastResultsHash, h.EvidenceHash, h.Proposer} {
		b = appendBytes(b, 6+i, v)
	}
	return b
}

func (h *Header) parse(b []byte) error {
	return eachField(b, func(field int, n uint64, v []byte) (err error) {
		switch field {
		case 1:
			return eachField(v, func(field int, n uint64, _ []byte) error {
				switch field {
				case 1:
					h.BlockVersion = n
				case 2:
					h.AppVersion = n
				default:
					return errProtobuf
				}
				return nil
			})
		case 2:
			h.Chain = Chain(v)
		case 3:
			h.Height = int64(n)
		case 4:
			h.Time, err = parseTimestamp(v)
		case 5:
			return h.LastBlock.parse(v)
		case 6:
			h.LastCommitHash = v
		case 7:
			h.DataHash = v
		case 8:
			h.ValidatorsHash = v
		case 9:
			h.NextValidatorsHash = v
		case 10:
			h.ConsensusHash = v
		case 11:
			h.AppHash = v
		case 12:
			h.LastResultsHash = v
		case 13:
			h.EvidenceHash = v
		case 14:
			h.Proposer = v
		default:
			return errProtobuf
		}
		return err
	})
}

func (id BlockID) bytes() []byte {
	parts := appendBytes(appendVarint(nil, 1, uint64(id.PartsTotal)), 2, id.PartsHash)
	return appendMessage(appendBytes(nil, 1, id.Hash), 2, parts)
}

func (id *BlockID) parse(b []byte) error {
	return eachField(b, func(field int, _ uint64, v []byte) error {
		switch field {
		case 1:
			id.Hash = v
			return nil
		case 2:
			return eachField(v, func(field int, n uint64, v []byte) error {
				switch field {
				case 1:
					id.PartsTotal = uint32(n)
				case 2:
					id.PartsHash = v
				default:
					return errProtobuf
				}
				return nil
			})
		}
		return errProtobuf
	})
}

func (c BlockCommit) bytes() []byte {
	b := appendVarint(nil, 1, uint64(c.Height))
	b = appendVarint(b, 2, uint64(c.Round))
	b = appendMessage(b, 3, c.Block.bytes())
	for _, v := range c.Votes {
		vote := appendBytes(appendVarint(nil, 1, v.Flag), 2, v.Validator)
		vote = appendMessage(vote, 3, timestamp(v.Time))
		b = appendMessage(b, 4, appendBytes(vote, 4, v.Signature))
	}
	return b
}

func (c *BlockCommit) parse(b []byte) error {
	return eachField(b, func(field int, n uint64, v []byte) error {
		switch field {
		case 1:
			c.Height = int64(n)
		case 2:
			c.Round = int32(n)
		case 3:
			return c.Block.parse(v)
		case 4:
			var vote Vote
			if err := vote.parse(v); err != nil {
				return err
			}
			c.Votes = append(c.Votes, vote)
		default:
			return errProtobuf
		}
		return nil
	})
}

func (vote *Vote) parse(b []byte) error {
	return eachField(b, func(field int, n uint64, v []byte) (err error) {
		switch field {
		case 1:
			vote.Flag = n
		case 2:
			vote.Validator = v
		case 3:
			vote.Time, err = parseTimestamp(v)
		case 4:
			vote.Signature = v
		default:
			return errProtobuf
		}
		return err
	})
}

// timestamp is google.protobuf.Timestamp.
func timestamp(t time.Time) []byte {
	return appendVarint(appendVarint(nil, 1, uint64(t.Unix())), 2, uint64(t.Nanosecond()))
}

func parseTimestamp(b []byte) (time.Time, error) {
	var seconds, nanos int64
	err := eachField(b, func(field int, n uint64, _ []byte) error {
		switch field {
		case 1:
			seconds = int64(n)
		case 2:
			nanos = int64(n)
		default:
			return errProtobuf
		}
		return nil
	})
	// CometBFT's bounds: years 1 to 9999.
	if err != nil || seconds < -62135596800 || seconds >= 253402300800 || nanos < 0 || nanos >= 1e9 {
		return time.Time{}, errProtobuf
	}
	return time.Unix(seconds, nanos).UTC(), nil
}
