package bft

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"
	cmttypes "github.com/cometbft/cometbft/types"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// stage runs the application without a node, with block times of the test.
type stage struct {
	*testing.T
	app    *application
	db     dbm.DB
	height int64
	at     time.Time
}

func newStage(t *testing.T) *stage {
	s := &stage{T: t, db: dbm.NewMemDB(), at: time.Date(2031, 3, 3, 3, 30, 0, 0, time.UTC)}
	s.app = s.open(s.db)
	return s
}

// open begins the ledger of one member on a database.
func (s *stage) open(db dbm.DB) *application {
	s.Helper()
	app, err := newApplication(db, chain, appVersion, func() time.Time { return s.at }, slog.New(slog.DiscardHandler))
	if err != nil {
		s.Fatal(err)
	}
	register, err := anchor.NewRegister(1, []anchor.Member{member(s.T, Alone())})
	if err != nil {
		s.Fatal(err)
	}
	if _, err := app.InitChain(s.Context(), &abci.RequestInitChain{ChainId: string(chain), AppStateBytes: register.Bytes()}); err != nil {
		s.Fatal(err)
	}
	return app
}

// member has keys of its own and says this about itself.
func member(t *testing.T, about anchor.Member) anchor.Member {
	t.Helper()
	m, err := MakeMember(t.TempDir(), chain, about)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tx(t testing.TB, entries ...anchor.Entry) []byte {
	t.Helper()
	b, err := anchor.EncodeBatch(entries)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *stage) now() anchor.Epoch { return anchor.EpochAt(s.at) }

func (s *stage) check(kind abci.CheckTxType, tx []byte) bool {
	s.Helper()
	r, err := s.app.CheckTx(s.Context(), &abci.RequestCheckTx{Tx: tx, Type: kind})
	if err != nil {
		s.Fatal(err)
	}
	return r.Code == 0
}

func (s *stage) prepare(txs ...[]byte) [][]byte {
	s.Helper()
	r, err := s.app.PrepareProposal(s.Context(), &abci.RequestPrepareProposal{Txs: txs, Time: s.at, MaxTxBytes: 1 << 20})
	if err != nil {
		s.Fatal(err)
	}
	return r.Txs
}

func (s *stage) process(txs ...[]byte) bool {
	s.Helper()
	r, err := s.app.ProcessProposal(s.Context(), &abci.RequestProcessProposal{Txs: txs, Time: s.at})
	if err != nil {
		s.Fatal(err)
	}
	return r.Status == abci.ResponseProcessProposal_ACCEPT
}

// block decides a block and reports which transactions were admitted.
func (s *stage) block(txs ...[]byte) []bool {
	s.Helper()
	s.height++
	r, err := s.app.FinalizeBlock(s.Context(), &abci.RequestFinalizeBlock{Height: s.height, Time: s.at, Txs: txs})
	if err != nil {
		s.Fatal(err)
	}
	if _, err := s.app.Commit(s.Context(), &abci.RequestCommit{}); err != nil {
		s.Fatal(err)
	}
	var admitted []bool
	for _, t := range r.TxResults {
		admitted = append(admitted, t.Code == 0)
	}
	return admitted
}

// TestRuleAtEveryDoor: what breaks the rule does not enter the pool, is dropped
// from a proposal, makes a foreign proposal be refused, and does not enter the
// log even if it was decided.
func TestRuleAtEveryDoor(t *testing.T) {
	s := newStage(t)
	anna, ben, carl := anchortest.NewRelation(chain, "anna"), anchortest.NewRelation(chain, "ben"), anchortest.NewRelation(chain, "carl")
	ended := anchortest.NewRelation(chain, "ended")
	if got := s.block(tx(t, ended.Grant(s.now(), 1))); !got[0] {
		t.Fatal("a grant is refused")
	}
	s.at = s.at.Add(24 * time.Hour)
	now := s.now()
	gone := ben.Withdraw(now)
	if got := s.block(tx(t, anna.Grant(now, 31), ben.Grant(now, 7)), tx(t, gone, anna.Permit(now, 0))); !got[0] || !got[1] {
		t.Fatal("a good block is refused")
	}
	forged := carl.Permit(now, 1)
	forged.HandleKey = anna.Handle()
	good := tx(t, anna.Permit(now, 2))
	for name, bad := range map[string][]byte{
		"an unknown grant":              tx(t, carl.Permit(now, 0)),
		"an ended grant":                tx(t, ended.Permit(now-1, 0)),
		"a withdrawn grant":             tx(t, ben.Permit(now, 0)),
		"somebody else's grant":         tx(t, forged),
		"a replay":                      tx(t, anna.Permit(now, 0)),
		"a backdated permit":            tx(t, anna.Permit(now-2, 0)),
		"a wrong duration":              tx(t, carl.Grant(now, 30)),
		"a handle used twice":           tx(t, anna.Grant(now, 7)),
		"a withdrawal by the business":  tx(t, anchortest.Relation{Chain: chain, Wallet: anna.Secret, Secret: anna.Secret}.Withdraw(now)),
		"a withdrawal of the withdrawn": tx(t, ben.Withdraw(now+1)),
		"a good entry and a bad one":    tx(t, anna.Permit(now, 9), carl.Permit(now, 0)),
		"the same entry twice":          tx(t, anna.Permit(now, 8), anna.Permit(now, 8)),
		"a batch cut short":             good[:len(good)-1],
		"no batch":                      []byte("hello"),
		"a tick in a block":             []byte(tick),
	} {
		t.Run(name, func(t *testing.T) {
			s.T = t
			before := s.app.head
			if s.check(abci.CheckTxType_New, bad) || s.check(abci.CheckTxType_Recheck, bad) {
				t.Error("it enters the pool")
			}
			if left := s.prepare(bad, good, bad); len(left) != 1 || string(left[0]) != string(good) {
				t.Errorf("%d transactions are proposed", len(left))
			}
			if s.process(good, bad) || s.process(bad) || !s.process(good) {
				t.Error("a proposal with it passes, or one without it does not")
			}
			if got := s.block(bad); got[0] {
				t.Error("it enters the log")
			}
			if s.app.head.Size != before.Size {
				t.Errorf("the log grew from %d to %d", before.Size, s.app.head.Size)
			}
		})
	}
}

// Transactions of one block see each other, in order.
func TestOrderWithinABlock(t *testing.T) {
	s := newStage(t)
	anna := anchortest.NewRelation(chain, "anna")
	grant, permit, withdraw := tx(t, anna.Grant(s.now(), 1)), tx(t, anna.Permit(s.now(), 0)), tx(t, anna.Withdraw(s.now()))
	if !s.process(grant, permit, withdraw) {
		t.Error("a good order is refused")
	}
	for _, bad := range [][][]byte{{permit, grant}, {grant, withdraw, permit}, {grant, grant}, {grant, permit, permit}} {
		if s.process(bad...) {
			t.Errorf("a block of %d in a wrong order passes", len(bad))
		}
	}
	if left := s.prepare(permit, grant, withdraw, permit); len(left) != 2 {
		t.Errorf("%d of them are proposed, want the grant and the withdrawal", len(left))
	}
	if got := s.block(permit, grant, permit, withdraw, tx(t, anna.Permit(s.now(), 1))); got[0] || !got[1] || !got[2] || !got[3] || got[4] {
		t.Errorf("admitted: %v", got)
	}
}

// A signature that was found good once is good for its key only: here two
// withdrawals race for grants with the same handle by different wallets.
func TestRememberedSignatures(t *testing.T) {
	s := newStage(t)
	anna := anchortest.NewRelation(chain, "anna")
	thief := anchortest.Relation{Chain: chain, Wallet: anchortest.Key("thief"), Secret: anna.Secret}
	now := s.now()
	stolen := tx(t, thief.Withdraw(now))
	if !s.process(tx(t, thief.Grant(now, 1)), stolen) {
		t.Fatal("a grant and its withdrawal are refused")
	}
	if s.process(tx(t, anna.Grant(now, 1)), stolen) {
		t.Error("a signature remembered from another block counts for another key")
	}
}

// The head is durable at Commit, and nothing is before.
func TestNothingBeforeCommit(t *testing.T) {
	s := newStage(t)
	anna := anchortest.NewRelation(chain, "anna")
	if _, err := s.app.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{Height: 1, Time: s.at, Txs: [][]byte{tx(t, anna.Grant(s.now(), 1))}}); err != nil {
		t.Fatal(err)
	}
	reopen := func() *application {
		app, err := newApplication(s.db, chain, appVersion, time.Now, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return app
	}
	if a := reopen(); a.head.Size != 0 || a.head.Height != 0 {
		t.Errorf("before Commit the disk has %+v", a.head)
	}
	if _, err := s.app.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
		t.Fatal(err)
	}
	if a := reopen(); a.head.Size != 1 || a.head.Height != 1 {
		t.Errorf("after Commit the disk has %+v", a.head)
	}
}

// brokenDB fails when a block is written.
type brokenDB struct{ dbm.DB }

type brokenBatch struct{ dbm.Batch }

func (b brokenDB) NewBatch() dbm.Batch { return brokenBatch{b.DB.NewBatch()} }

var errDisk = errors.New("the disk is full")

func (brokenBatch) WriteSync() error { return errDisk }

// When the disk fails, everyone who waits hears it, and so does everyone after.
func TestBrokenDisk(t *testing.T) {
	s := newStage(t)
	app := s.open(brokenDB{s.db})
	raw := tx(t, anchortest.NewRelation(chain, "anna").Grant(s.now(), 1))
	waiting := app.await([32]byte{1})
	if _, err := app.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{Height: 1, Time: s.at, Txs: [][]byte{raw}}); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Commit(t.Context(), &abci.RequestCommit{}); !errors.Is(err, errDisk) {
		t.Errorf("Commit: %v", err)
	}
	for _, err := range []error{<-waiting, <-app.await([32]byte{2}), func() error { _, err := app.until(t.Context(), func(head) bool { return true }); return err }()} {
		if !errors.Is(err, anchor.ErrUnavailable) || !errors.Is(err, errDisk) {
			t.Errorf("somebody waiting hears %v", err)
		}
	}
}

// Two who wait for the same transaction both hear what became of it, and who gives up
// takes nobody along.
func TestTwoWaitForTheSame(t *testing.T) {
	a := &application{waiting: map[cmttypes.TxKey][]chan error{}}
	key := cmttypes.Tx("the same").Key()
	first, second, third := a.await(key), a.await(key), a.await(key)
	a.forget(key, second)
	refused := errors.New("refused")
	a.tell(map[cmttypes.TxKey]error{key: refused})
	for i, ch := range []chan error{first, third} {
		select {
		case err := <-ch:
			if err != refused {
				t.Errorf("the waiter %d heard %v", i, err)
			}
		default:
			t.Errorf("the waiter %d heard nothing", i)
		}
	}
	if len(second) > 0 || len(a.waiting) > 0 {
		t.Error("who gave up was told, or is waited for still")
	}
}
