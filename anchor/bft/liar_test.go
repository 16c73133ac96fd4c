package bft

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/crypto/tmhash"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	cmtcons "github.com/cometbft/cometbft/proto/tendermint/consensus"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchortest"
)

// The environment that makes this test binary a member that lies, in the way that it
// says. Its argument is the member's folder.
const lieKind = "COFFER_TEST_LIE"

// liar is a node whose application lies to CometBFT; what it keeps itself is honest.
type liar struct {
	*application
	kind string
	n    int
}

func (l *liar) lied(what ...any) { fmt.Println("lied", l.kind, fmt.Sprint(what...)) }

// PrepareProposal puts a batch into each block that no honest member lets pass.
func (l *liar) PrepareProposal(ctx context.Context, r *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	answer, err := l.application.PrepareProposal(ctx, r)
	if err != nil {
		return nil, err
	}
	l.n++
	someone := anchortest.NewRelation(l.chain, fmt.Sprint("nobody ", l.n, time.Now()))
	epoch := anchor.EpochAt(r.Time)
	var bad anchor.Entry
	switch l.kind {
	case "grant":
		bad = someone.Permit(epoch, l.n)
	case "signature":
		g := someone.Grant(epoch, 7)
		g.Signature[9] ^= 1
		bad = g
	case "repeat":
		if bad, err = l.store.entry(0); err != nil {
			return answer, nil // there is none yet
		}
	default:
		return answer, nil
	}
	tx, err := anchor.EncodeBatch([]anchor.Entry{bad})
	if err != nil {
		return nil, err
	}
	answer.Txs = append(answer.Txs, tx)
	l.lied("at block ", r.Height)
	return answer, nil
}

// ProcessProposal likes everything.
func (l *liar) ProcessProposal(context.Context, *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	return &abci.ResponseProcessProposal{Status: abci.ResponseProcessProposal_ACCEPT}, nil
}

// FinalizeBlock comes to another hash than the others.
func (l *liar) FinalizeBlock(ctx context.Context, r *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	answer, err := l.application.FinalizeBlock(ctx, r)
	if err == nil && l.kind == "root" {
		answer.AppHash[0] ^= 1
		l.lied("at block ", r.Height)
	}
	return answer, err
}

// otherLog shows a checkpoint of a log that is not the ledger's, signed with the
// member's key.
type otherLog struct {
	*Node
	liar *liar
}

func (o otherLog) Checkpoint(ctx context.Context) ([]byte, error) {
	head, err := o.Head(ctx)
	if err != nil {
		return nil, err
	}
	head.Root[0] ^= 1
	o.liar.lied("with ", head.Size)
	return o.checkpoints.Sign(head.Size, head.Root)
}

// voteTwice answers each vote of its own with one for another block.
func (l *liar) voteTwice(ctx context.Context, n *Node, key *privval.FilePV) error {
	votes, err := n.node.EventBus().Subscribe(ctx, "liar", cmttypes.EventQueryVote, 1024)
	if err != nil {
		return err
	}
	for {
		var vote cmttypes.Vote
		select {
		case m := <-votes.Out():
			vote = *m.Data().(cmttypes.EventDataVote).Vote
		case <-votes.Canceled():
			return votes.Err()
		case <-ctx.Done():
			return nil
		}
		if vote.ValidatorAddress.String() != key.GetAddress().String() {
			continue
		}
		hash := tmhash.Sum(fmt.Append(nil, "another block ", vote.Height))
		vote.BlockID = cmttypes.BlockID{Hash: hash, PartSetHeader: cmttypes.PartSetHeader{Total: 1, Hash: hash}}
		if vote.Signature, err = key.Key.PrivKey.Sign(cmttypes.VoteSignBytes(string(l.chain), vote.ToProto())); err != nil {
			return err
		}
		n.node.Switch().Broadcast(p2p.Envelope{ChannelID: consensus.VoteChannel, Message: &cmtcons.Vote{Vote: vote.ToProto()}})
		l.lied("at block ", vote.Height)
	}
}

// wrongClock is how far off the clock of a member of kind "clock" is: its own judgement of
// entries and every vote that it signs follow it. CometBFT's timers are durations, which
// no clock changes.
const wrongClock = "COFFER_TEST_CLOCK"

// lateVotes signs each vote with the time of a wrong clock.
type lateVotes struct {
	cmttypes.PrivValidator
	liar *liar
	off  time.Duration
}

// SignVote: a vote is never older than the block it is for.
func (v lateVotes) SignVote(chain string, vote *cmtproto.Vote) error {
	v.liar.mu.RLock()
	least := v.liar.head.Time.Add(time.Millisecond)
	v.liar.mu.RUnlock()
	if vote.Timestamp = vote.Timestamp.Add(v.off); vote.Timestamp.Before(least) {
		vote.Timestamp = least
	}
	return v.PrivValidator.SignVote(chain, vote)
}

// submit appends entries with the hour of the member's own clock.
func (l *liar) submit(n *Node) error {
	for i := 0; ; i++ {
		now := anchor.EpochAt(l.clock())
		if err := n.Append(context.Background(), anchortest.NewRelation(l.chain, fmt.Sprint("off ", i, now, time.Now())).Grant(now, 7)); err != nil {
			return err
		}
		fmt.Println("landed", i)
	}
}

// runLiar is the liar's main.
func runLiar(folder, kind string) error {
	var config struct {
		Chain        anchor.Chain `json:"chain"`
		Listen       string       `json:"listen"`
		LedgerListen string       `json:"ledger_listen"`
	}
	b, err := os.ReadFile(filepath.Join(folder, "member.json"))
	if err == nil {
		err = json.Unmarshal(b, &config)
	}
	if err != nil {
		return err
	}
	home := filepath.Join(folder, "ledger")
	l := &liar{kind: kind}
	off, _ := time.ParseDuration(os.Getenv(wrongClock)) // none without it
	n, err := Start(context.Background(), Options{Home: home, Chain: config.Chain, Listen: "tcp://" + config.LedgerListen,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Clock: func() time.Time { return time.Now().Add(off) },
		signs: func(pv cmttypes.PrivValidator) cmttypes.PrivValidator { return lateVotes{pv, l, off} },
		between: func(app *application) abci.Application {
			l.application = app
			return l
		}})
	if err != nil {
		return err
	}
	shown := anchor.Ledger(n)
	if kind == "checkpoint" {
		shown = otherLog{n, l}
	}
	r := mux.NewRouter()
	anchorhttp.Routes(r, shown)
	anchorhttp.Members(r, n)
	anchorhttp.Status(r, config.Chain, n.Condition)
	failed := make(chan error, 3)
	go func() { failed <- http.ListenAndServe(config.Listen, r) }()
	go func() { failed <- n.Wait(context.Background()) }()
	if kind == "clock" {
		go func() { failed <- l.submit(n) }()
	}
	if kind == "votes" {
		pv := privval.LoadFilePV(filepath.Join(home, signingKeyFile), filepath.Join(home, signedFile))
		go func() { failed <- l.voteTwice(context.Background(), n, pv) }()
	}
	return <-failed
}
