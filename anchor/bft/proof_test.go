package bft

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// byComet verifies a proof with CometBFT's own types and a log library that
// others wrote: the judge of anchor's verifier.
func byComet(p anchor.Proof, set anchor.ValidatorSet) error {
	if _, err := anchor.ParseEntry(p.Entry); err != nil {
		return err
	}
	var pb cmtproto.SignedHeader
	if err := pb.Unmarshal(p.SignedHeader); err != nil {
		return err
	}
	if again, err := pb.Marshal(); err != nil || !bytes.Equal(again, p.SignedHeader) {
		return errors.New("not CometBFT's bytes")
	}
	signed, err := cmttypes.SignedHeaderFromProto(&pb)
	if err != nil {
		return err
	}
	if err := signed.ValidateBasic(string(set.Chain)); err != nil {
		return err
	}
	var all []*cmttypes.Validator
	for _, v := range set.Validators {
		all = append(all, cmttypes.NewValidator(ed25519.PubKey(v.PublicKey[:]), v.Power))
	}
	vals, err := cmttypes.ValidatorSetFromExistingValidators(all)
	if err != nil {
		return err
	}
	if !bytes.Equal(vals.Hash(), signed.ValidatorsHash) {
		return errors.New("validators hash")
	}
	if err := vals.VerifyCommitLightAllSignatures(string(set.Chain), signed.Commit.BlockID, signed.Height, signed.Commit); err != nil {
		return err
	}
	if len(signed.AppHash) != 40 && len(signed.AppHash) != 72 {
		return errors.New("app hash")
	}
	size := binary.BigEndian.Uint64(signed.AppHash[32:])
	path := make([][]byte, len(p.Path))
	for i := range p.Path {
		path[i] = p.Path[i][:]
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, p.Index, size, rfc6962.DefaultHasher.HashLeaf(p.Entry), path, signed.AppHash[:32])
}

// agree fails unless both verifiers accept or both refuse.
func agree(t *testing.T, what string, p anchor.Proof, set anchor.ValidatorSet) (accepted bool) {
	t.Helper()
	_, ours := p.Verify(set)
	theirs := byComet(p, set)
	if (ours == nil) != (theirs == nil) {
		t.Fatalf("%s: we say %v, CometBFT says %v", what, ours, theirs)
	}
	return ours == nil
}

// TestVerifierAgreesWithCometBFT: on proofs of a real node and of made-up
// signers with absent votes, and on thousands of damaged ones.
func TestVerifierAgreesWithCometBFT(t *testing.T) {
	n := start(t, newHome(t))
	anna := anchortest.NewRelation(chain, "anna")
	now := anchor.EpochAt(time.Now())
	entries := []anchor.Entry{anna.Grant(now, 7)}
	for i := range 12 {
		entries = append(entries, anna.Permit(now, i))
	}
	for _, e := range entries {
		if err := n.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	set, err := n.Validators(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	real, err := n.Prove(t.Context(), entries[5].Leaf())
	if err != nil {
		t.Fatal(err)
	}
	if !agree(t, "a proof of a real node", real, set) {
		t.Fatal("a proof of a real node is refused")
	}

	signers := anchortest.NewSigners(chain, 7, 5, 3, 1)
	signed, err := anchor.ParseSignedHeader(real.SignedHeader)
	if err != nil {
		t.Fatal(err)
	}
	for absent, want := range map[string]bool{"": true, "3": true, "2": true, "23": true, "1": true, "0": false, "12": false} {
		p := real
		var missing []int
		for _, c := range absent {
			missing = append(missing, int(c-'0'))
		}
		p.SignedHeader = signers.Sign(77, time.Now(), signed.Header.AppHash, missing...).Bytes()
		if got := agree(t, "without "+absent, p, signers.Set); got != want {
			t.Errorf("without the votes of %q: accepted is %t", absent, got)
		}
	}

	random := rand.New(rand.NewPCG(1, 2))
	four := real
	four.SignedHeader = signers.Sign(1<<33, time.Now(), signed.Header.AppHash, 3).Bytes()
	for _, base := range []struct {
		p   anchor.Proof
		set anchor.ValidatorSet
	}{{real, set}, {four, signers.Set}} {
		for i := range len(base.p.SignedHeader) * 4 {
			p := base.p
			p.SignedHeader = bytes.Clone(p.SignedHeader)
			at := i / 4
			switch i % 4 {
			case 0:
				p.SignedHeader[at] ^= 1 << random.IntN(8)
			case 1:
				p.SignedHeader[at] = byte(random.IntN(256))
			case 2:
				p.SignedHeader = append(p.SignedHeader[:at], p.SignedHeader[at+1:]...)
			case 3:
				p.SignedHeader = append(p.SignedHeader[:at], append([]byte{byte(random.IntN(256))}, p.SignedHeader[at:]...)...)
			}
			if agree(t, fmt.Sprintf("header change %d", i), p, base.set) && !bytes.Equal(p.SignedHeader, base.p.SignedHeader) {
				// A vote that is turned into one for nil is not looked at any more;
				// those that are left still suffice.
				changed, err := anchor.ParseSignedHeader(p.SignedHeader)
				if err != nil || !slices.ContainsFunc(changed.Commit.Votes, func(v anchor.Vote) bool { return v.Flag == anchor.VoteForNil }) {
					t.Errorf("change %d is accepted", i)
				}
			}
		}
	}
	for i := range 4 * len(real.Path) {
		p := real
		p.Path = append([][32]byte(nil), real.Path...)
		switch i % 4 {
		case 0:
			p.Path[i/4][random.IntN(32)] ^= 1
		case 1:
			p.Path = p.Path[:i/4]
		case 2:
			p.Path = append(p.Path, p.Path[i/4])
		case 3:
			p.Index = uint64(i)
		}
		if agree(t, fmt.Sprintf("path change %d", i), p, set) && p.Index != real.Index {
			t.Errorf("path change %d is accepted", i)
		}
	}
}

// TestEncodingAgreesWithCometBFT: headers that anchor writes are CometBFT's to
// the byte, with the same hash and the same bytes to sign.
func TestEncodingAgreesWithCometBFT(t *testing.T) {
	for _, at := range []time.Time{time.Unix(0, 0), time.Unix(1, 1), time.Unix(-1, 999999999), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)} {
		signed := anchortest.NewSigners(chain, 3, 2, 2, 1).Sign(5, at, []byte{1}, 3)
		signed.Commit.Round = 9
		signed.Header.DataHash = nil
		var pb cmtproto.SignedHeader
		if err := pb.Unmarshal(signed.Bytes()); err != nil {
			t.Fatal(err)
		}
		comet, err := cmttypes.SignedHeaderFromProto(&pb)
		if err != nil {
			t.Fatal(err)
		}
		again, err := comet.ToProto().Marshal()
		if err != nil || !bytes.Equal(again, signed.Bytes()) {
			t.Fatalf("at %s CometBFT writes it otherwise: %v", at, err)
		}
		if hash := signed.Header.Hash(); !bytes.Equal(comet.Header.Hash(), hash[:]) {
			t.Errorf("at %s the header hashes differ", at)
		}
		for i, v := range signed.Commit.Votes {
			if v.Flag != anchor.VoteAbsent && !bytes.Equal(comet.Commit.VoteSignBytes(string(chain), int32(i)), signed.Commit.SignedBytes(chain, i)) {
				t.Errorf("at %s the signed bytes of vote %d differ", at, i)
			}
		}
	}
}
