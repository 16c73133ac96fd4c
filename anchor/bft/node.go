// Package bft is the shared ledger: a CometBFT node in this process, with an
// application that keeps an RFC 6962 log of entries and holds every block to the
// rule. One validator or many run the same code.
//
// A home directory holds it: config/ (genesis, keys) and data/ (blocks, state,
// log). Old blocks are pruned; a member that has nothing, or was away for too
// long, begins from a snapshot that the others offer. What it cannot get back
// from them is the file data/priv_validator_state.json: without it a validator
// might sign two blocks at one height.
//
// # Trust
//
// The package believes the disk: a write that was synced is there after a crash.
// It believes no peer and no caller: every entry's signature and the whole rule
// are checked in CheckTx, PrepareProposal, ProcessProposal and FinalizeBlock. A
// stolen config/priv_validator_key.json votes in this member's name; with more
// than a third of the power such votes can stop the ledger, with more than two
// thirds they can admit what the rule forbids. A stolen config/checkpoint_key
// shows other logs in this member's name to whoever does not compare. A member
// that begins from a snapshot believes the genesis, the headers that its
// validators and those after them signed, and of what no header fixes (open
// votes, whose turn it is to propose) what more than a third of the genesis's
// voters say alike: so many liars could make it fall out of step with the
// others, and nothing more. Entries hold random keys,
// commitments and hours, so who reads the home learns no more than what every
// member sees.
package bft

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	cfg "github.com/cometbft/cometbft/config"
	nm "github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/proxy"
	cmttypes "github.com/cometbft/cometbft/types"
	cmttime "github.com/cometbft/cometbft/types/time"

	"coffer/anchor"
)

// Options say which ledger to run, and how.
type Options struct {
	Home   string       // made by Init
	Chain  anchor.Chain // must be the home's
	Logger *slog.Logger // where the node's errors go; nil for nowhere

	// Heartbeat is how often a block is made while there are no entries, so that
	// the ledger's time does not stand still. Zero means 30 seconds.
	Heartbeat time.Duration

	// Gather is how long entries of concurrent callers are collected into one batch, in
	// which they stand in an order that does not tell who came first. Zero means half a
	// millisecond.
	Gather time.Duration

	// Clock is the time that incoming entries are judged by before they are in a
	// block; in a block, the block's time counts. Nil means time.Now.
	Clock func() time.Time

	// Listen is where other members connect ("tcp://host:port"). Empty means a
	// port of the loopback interface that nobody is told.
	Listen string
	// Peers are members' "id@host:port" (see Member), where they are reached elsewhere
	// than the register says. Who may connect, the register says.
	Peers []string

	// Witness is told of double votes, after a start also of those in the newest blocks
	// again. Nil means that they are only logged.
	Witness func(DoubleVote)

	// Other reaches what another member publishes: a member that has nothing yet begins
	// on it, when its peers may have forgotten the blocks since the genesis. Nil means
	// never.
	Other func(url string) Other
	// From are URLs of members to begin from, where the genesis knows none or old ones.
	From []string

	// KeepBlocks is for how long blocks are kept; those that snapshots need are in any
	// case. Zero means seven days, KeepAll for ever. It changes nothing about the log.
	KeepBlocks time.Duration
	// KeepEntries is for how long the bytes of permits are kept; zero means for ever. What
	// was dropped cannot be proved or shown here any more (anchor.ErrGone); all else can.
	KeepEntries time.Duration

	// For tests; see the constants.
	snapshotEvery int64
	chunkLevel    uint8
	watch         func(ctx context.Context, look func(at time.Time))
	between       func(*application) abci.Application                 // what CometBFT talks to
	signs         func(cmttypes.PrivValidator) cmttypes.PrivValidator // what signs votes
}

// Node is a running ledger node. It implements anchor.Ledger.
type Node struct {
	chain anchor.Chain
	app   *application
	node  *nm.Node
	dbs   *databases
	queue *queue
	life  *life

	logger    *slog.Logger
	address   cmttypes.Address // of this member's validator
	alarm     alarm            // that it stands behind the others
	attention *attention
	tell      func(DoubleVote) // Options.Witness

	checkpoints anchor.CheckpointKey
	leave       context.CancelFunc // stops what runs in the background
	background  sync.WaitGroup

	closing sync.Once
	closed  error
}

var _ anchor.Ledger = (*Node)(nil)

// Start runs the node of an initialised home until Close. ctx bounds the start
// only. Errors say what to do about the home.
func Start(ctx context.Context, o Options) (n *Node, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 30 * time.Second
	}
	if o.Clock == nil {
		o.Clock = cmttime.Now // the one that votes bear: they cannot differ
	}
	if o.KeepBlocks == 0 {
		o.KeepBlocks = defaultKeepBlocks
	}
	home, err := openHome(o.Home, o.Chain)
	if err != nil {
		return nil, err
	}
	config := configure(o)
	if err := config.ValidateBasic(); err != nil {
		return nil, fmt.Errorf("configuring the ledger node: %w", err)
	}
	dbs := &databases{}
	defer func() {
		if err != nil {
			err = errors.Join(err, dbs.close())
		}
	}()
	db, err := dbs.open("ledger", config)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger at %s: %w; is another cofferd running on it?", o.Home, err)
	}
	// The lock on the database is held: no other node makes a key at once.
	checkpoints, err := openCheckpointKey(o.Home, o.Chain, o.Logger)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger at %s: %w", o.Home, err)
	}
	app, err := newApplication(db, o.Chain, home.genesis.ConsensusParams.Version.App, o.Clock, o.Logger)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger at %s: %w", o.Home, err)
	}
	app.retention = retention{blocks: o.KeepBlocks, entries: o.KeepEntries}
	if o.snapshotEvery > 0 {
		app.snapshotEvery, app.chunkLevel = o.snapshotEvery, o.chunkLevel
	}
	if app.peers, err = parsePeers(o.Peers, home.nodeKey.ID()); err != nil {
		return nil, err
	}
	if err := dbs.openComet(config); err != nil {
		return nil, fmt.Errorf("opening the ledger at %s: %w", o.Home, err)
	}
	if config.StateSync.Enable, err = beginning(ctx, o, home, app, dbs); err != nil {
		return nil, fmt.Errorf("opening the ledger at %s: %w", o.Home, err)
	}
	life := new(life)
	var face abci.Application = app
	if o.between != nil {
		face = o.between(app)
	}
	var signer cmttypes.PrivValidator = home.validator
	if o.signs != nil {
		signer = o.signs(signer)
	}
	node, err := newComet(ctx, config, home, app, face, signer, dbs, cometLogger{o.Logger, life})
	if err != nil {
		return nil, fmt.Errorf("opening the ledger at %s: %w; restore the whole home from one backup, begin anew from the other members (cofferd ledger rejoin), or run: cofferd init in an empty one", o.Home, err)
	}
	app.blocks = node.BlockStore()
	n = &Node{chain: o.Chain, app: app, node: node, dbs: dbs, life: life, logger: o.Logger, checkpoints: checkpoints,
		address: home.validator.GetAddress(), attention: newAttention(), tell: o.Witness}
	consensus, err := consensusOf(node)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger at %s: %w", o.Home, err)
	}
	began := app.head.Height // consensus owns it from here on
	if err := node.Start(); err != nil {
		return nil, fmt.Errorf("starting the ledger node: %w", err)
	}
	dialling, leave := context.WithCancel(context.Background())
	n.leave = leave
	go app.connect(dialling, node.Switch())
	// Headers of before the last start: whatever was missed lies within the newest few.
	n.background.Go(func() { n.follow(dialling, max(0, began-16)) })
	n.background.Go(func() { n.attend(dialling, consensus, o.Clock) })
	n.background.Go(func() { n.tidying(dialling, o.Home) })
	if o.KeepEntries > 0 {
		n.background.Go(func() { n.dropping(dialling) })
	}
	if o.watch == nil {
		o.watch = everyFewSeconds
	}
	n.background.Go(func() { o.watch(dialling, n.watcher(o.Heartbeat)) })
	n.queue = newQueue(app, node.Mempool(), o.Gather)
	return n, nil
}

// newComet makes the CometBFT node; it replays blocks that the application has
// not seen. CometBFT panics on stores that contradict each other.
func newComet(ctx context.Context, config *cfg.Config, h home, app *application, face abci.Application, signer cmttypes.PrivValidator, dbs *databases, logger cometLogger) (n *nm.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its parts contradict each other: %v", p)
		}
	}()
	return nm.NewNodeWithContext(ctx, config, signer, h.nodeKey, proxy.NewConnSyncLocalClientCreator(face),
		nm.DefaultGenesisDocProviderFunc(config), dbs.provide, nm.DefaultMetricsProvider(config.Instrumentation), logger,
		nm.StateProvider(app.footing))
}

func configure(o Options) *cfg.Config {
	c := cfg.DefaultConfig()
	c.SetRoot(o.Home)
	c.Moniker = "coffer"
	c.DBBackend = string(dbm.GoLevelDBBackend)
	c.RPC.ListenAddress = ""
	c.P2P.ListenAddress = "tcp://127.0.0.1:0"
	if o.Listen != "" {
		c.P2P.ListenAddress = o.Listen
	}
	c.P2P.PexReactor = false
	c.FilterPeers = true
	// Members are few and known; the filter keeps everyone else out.
	c.P2P.MaxNumInboundPeers = max(c.P2P.MaxNumInboundPeers, 200)
	c.P2P.AddrBookStrict = false
	c.P2P.AllowDuplicateIP = true
	// The defaults (100 ms) cost four members 0.4 s a block; these, 30 ms.
	c.P2P.FlushThrottleTimeout = 5 * time.Millisecond
	c.Consensus.PeerGossipSleepDuration = 5 * time.Millisecond
	c.P2P.SendRate, c.P2P.RecvRate = 100<<20, 100<<20 // 5 MB/s would make a full batch take 0.2 s
	// A member that is down delays the block that it should propose by this.
	c.Consensus.TimeoutPropose, c.Consensus.TimeoutProposeDelta = 300*time.Millisecond, 150*time.Millisecond
	c.Consensus.TimeoutPrevote, c.Consensus.TimeoutPrevoteDelta = 100*time.Millisecond, 50*time.Millisecond
	c.Consensus.TimeoutPrecommit, c.Consensus.TimeoutPrecommitDelta = 100*time.Millisecond, 50*time.Millisecond
	c.Consensus.TimeoutCommit = 0
	c.Consensus.CreateEmptyBlocks = true
	c.Consensus.CreateEmptyBlocksInterval = o.Heartbeat
	c.TxIndex.Indexer = "null" // the application has its own index, and this one never shrinks
	c.Storage.DiscardABCIResponses = true
	c.StateSync.DiscoveryTime = 5 * time.Second // its least
	c.StateSync.ChunkRequestTimeout = 5 * time.Second
	return c
}

// Chain is the ledger's chain id.
func (n *Node) Chain() anchor.Chain { return n.chain }

// Close takes no more entries, waits a while for those under way to be
// committed, and stops the node. The home can be opened again afterwards.
func (n *Node) Close() error {
	n.closing.Do(func() {
		n.queue.drain(10 * time.Second)
		n.leave()
		n.background.Wait()
		// From here on the node's parts stop in no order and complain about each other.
		n.life.closing.Store(true)
		err := n.node.Stop()
		n.node.Wait()
		n.app.stop()
		n.closed = errors.Join(err, n.dbs.close())
	})
	return n.closed
}
