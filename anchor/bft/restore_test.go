package bft

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	dbm "github.com/cometbft/cometbft-db"
	abci "github.com/cometbft/cometbft/abci/types"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// giver is an application with a snapshot, and what it offers.
func giver(t *testing.T) (s *stage, offer *abci.RequestOfferSnapshot, chunks [][]byte) {
	t.Helper()
	s = newStage(t)
	s.app.snapshotEvery, s.app.chunkLevel = 5, 2
	long := anchortest.NewRelation(chain, "long") // goes on while others come and go
	for i := range 5 {
		r := anchortest.NewRelation(chain, fmt.Sprint("shopper ", i))
		entries := []anchor.Entry{r.Grant(s.now(), 1), r.Permit(s.now(), 0), r.Permit(s.now(), 1), r.Withdraw(s.now())}
		switch i {
		case 0:
			entries = append(entries, long.Grant(s.now(), 1))
		case 4:
			entries = append(entries, long.Permit(s.now(), 0))
		}
		s.block(tx(t, entries...))
	}
	header, err := s.app.appHash() // of the block after the fifth
	if err != nil {
		t.Fatal(err)
	}
	s.block()
	if list, err := s.app.ListSnapshots(t.Context(), nil); err != nil || len(list.Snapshots) != 0 {
		t.Errorf("a snapshot is offered that one block stands on: %v, %v", list, err)
	}
	s.block()
	list, err := s.app.ListSnapshots(t.Context(), nil)
	if err != nil || len(list.Snapshots) != 1 || list.Snapshots[0].Height != 5 || list.Snapshots[0].Chunks != 6 {
		t.Fatalf("offered is %v, %v", list, err)
	}
	offer = &abci.RequestOfferSnapshot{Snapshot: list.Snapshots[0], AppHash: header}
	return s, offer, s.chunks(offer)
}

func (s *stage) chunks(offer *abci.RequestOfferSnapshot) (chunks [][]byte) {
	s.Helper()
	for i := range offer.Snapshot.Chunks {
		r, err := s.app.LoadSnapshotChunk(s.Context(), &abci.RequestLoadSnapshotChunk{Height: offer.Snapshot.Height, Format: offer.Snapshot.Format, Chunk: i})
		if err != nil || len(r.Chunk) == 0 {
			s.Fatalf("chunk %d: %v", i, err)
		}
		chunks = append(chunks, r.Chunk)
	}
	return chunks
}

// taker has nothing, and believes that members state this snapshot.
func taker(t *testing.T, stated *abci.RequestOfferSnapshot) *application {
	t.Helper()
	app, err := newApplication(dbm.NewMemDB(), chain, appVersion, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	app.footing = &footing{agreed: map[int64]ground{5: {on: anchor.Foundation{Snapshot: [32]byte(stated.Snapshot.Hash)}}}}
	return app
}

func (a *application) offer(t *testing.T, offer *abci.RequestOfferSnapshot) abci.ResponseOfferSnapshot_Result {
	t.Helper()
	r, err := a.OfferSnapshot(t.Context(), offer)
	if err != nil {
		t.Fatal(err)
	}
	return r.Result
}

func (a *application) applied(t *testing.T, index int, chunk []byte) *abci.ResponseApplySnapshotChunk {
	t.Helper()
	r, err := a.ApplySnapshotChunk(t.Context(), &abci.RequestApplySnapshotChunk{Index: uint32(index), Chunk: chunk, Sender: "somebody"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRestore(t *testing.T) {
	s, offer, chunks := giver(t)
	a := taker(t, offer)
	if got := a.offer(t, offer); got != abci.ResponseOfferSnapshot_ACCEPT {
		t.Fatal(got)
	}
	for i, c := range chunks {
		// What is wrong is not kept, and whoever sent it is named.
		for name, bad := range map[string][]byte{"another chunk": chunks[(i+1)%len(chunks)], "a cut one": c[:len(c)-1], "none": {}, "noise": {2, 2, 2}} {
			r := a.applied(t, i, bad)
			if r.Result != abci.ResponseApplySnapshotChunk_RETRY || len(r.RejectSenders) != 1 || r.RejectSenders[0] != "somebody" || len(r.RefetchChunks) != 1 || r.RefetchChunks[0] != uint32(i) {
				t.Fatalf("%s for chunk %d: %v", name, i, r)
			}
		}
		if r := a.applied(t, i, c); r.Result != abci.ResponseApplySnapshotChunk_ACCEPT {
			t.Fatalf("chunk %d: %v", i, r)
		}
	}
	info, err := a.Info(t.Context(), nil)
	if err != nil || info.LastBlockHeight != 5 || !bytes.Equal(info.LastBlockAppHash, offer.AppHash) {
		t.Errorf("it stands at %v, %v", info, err)
	}
	// The next blocks lead both to the same.
	ben := anchortest.NewRelation(chain, "ben")
	entries := tx(t, ben.Grant(s.now(), 1))
	first := anchortest.NewRelation(chain, "shopper 0")
	for height := int64(6); height <= 8; height++ {
		var txs [][]byte
		if height == 8 {
			txs = [][]byte{entries, tx(t, first.Permit(s.now(), 3))} // the second is under a withdrawn grant
			s.block(txs...)
		}
		r, err := a.FinalizeBlock(t.Context(), &abci.RequestFinalizeBlock{Height: height, Time: s.at, Txs: txs})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Commit(t.Context(), &abci.RequestCommit{}); err != nil {
			t.Fatal(err)
		}
		if height == 8 && (r.TxResults[0].Code != 0 || r.TxResults[1].Code == 0) {
			t.Errorf("the rule stands on something else: %v", r.TxResults)
		}
	}
	want, err := s.app.appHash()
	if got, err2 := a.appHash(); err != nil || err2 != nil || !bytes.Equal(got, want) {
		t.Errorf("after the next block it is at %x, want %x", got, want)
	}
	if got := a.offer(t, offer); got != abci.ResponseOfferSnapshot_ABORT {
		t.Errorf("a member with a ledger takes a snapshot: %v", got)
	}
}

func TestSnapshotsThatAreRefused(t *testing.T) {
	_, good, _ := giver(t)
	s, err := func() (snapshot, error) { s, _, err := parseSnapshot(good.Snapshot.Metadata); return s, err }()
	if err != nil {
		t.Fatal(err)
	}
	made := func(change func(*snapshot)) *abci.RequestOfferSnapshot {
		other := s
		change(&other)
		b := other.Bytes()
		return &abci.RequestOfferSnapshot{AppHash: good.AppHash, Snapshot: &abci.Snapshot{Height: uint64(other.Height), Format: 1, Chunks: uint32(other.chunks()), Hash: hashOf(b), Metadata: b}}
	}
	for name, test := range map[string]struct {
		offer  *abci.RequestOfferSnapshot
		stated bool // members state it, all the same
		want   abci.ResponseOfferSnapshot_Result
	}{
		"another root":         {made(func(s *snapshot) { s.Roots = append([][32]byte{{1}}, s.Roots[1:]...) }), true, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"another map":          {made(func(s *snapshot) { s.Handles[0]++ }), true, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"another size":         {made(func(s *snapshot) { s.Size--; s.Roots = s.Roots[:s.chunks()] }), true, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"what members deny":    {made(func(s *snapshot) { s.Time = s.Time.Add(1) }), false, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"no members":           {made(func(s *snapshot) { s.Registers, s.Handles = nil, [32]byte{} }), true, abci.ResponseOfferSnapshot_REJECT_SENDER},
		"what members state":   {made(func(s *snapshot) {}), true, abci.ResponseOfferSnapshot_ACCEPT},
		"a format of tomorrow": {&abci.RequestOfferSnapshot{Snapshot: &abci.Snapshot{Height: 5, Format: 2}}, false, abci.ResponseOfferSnapshot_REJECT_FORMAT},
		"noise":                {&abci.RequestOfferSnapshot{Snapshot: &abci.Snapshot{Height: 5, Format: 1, Metadata: []byte{1}}}, false, abci.ResponseOfferSnapshot_REJECT_SENDER},
	} {
		stated := good
		if test.stated {
			stated = test.offer
		}
		if got := taker(t, stated).offer(t, test.offer); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	// A hash that is not of what comes with it.
	twisted := made(func(*snapshot) {})
	twisted.Snapshot.Hash = bytes.Repeat([]byte{1}, 32)
	if got := taker(t, good).offer(t, twisted); got != abci.ResponseOfferSnapshot_REJECT_SENDER {
		t.Errorf("another hash: %v", got)
	}
}

// TestDroppedWhereNoneMayBe: a chunk can say of any entry that its bytes were dropped and
// still lead to its root; what the rule stands on must come all the same.
func TestDroppedWhereNoneMayBe(t *testing.T) {
	for name, test := range map[string]struct {
		index  uint64
		handle string // that it is said to be of; its own if empty
		good   bool
	}{
		"a permit":                     {6, "", true},
		"a grant":                      {5, "", false},
		"a withdrawal":                 {8, "", false},
		"a permit of another":          {6, "shopper 0", false},
		"a permit of one who goes on":  {6, "long", false},
		"a permit of nobody":           {6, "nobody", false},
		"the withdrawal of one before": {8, "shopper 0", false},
	} {
		s, offer, _ := giver(t)
		e, err := s.app.store.entry(test.index)
		if err != nil {
			t.Fatal(err)
		}
		h := e.Handle()
		if test.handle != "" {
			h = anchortest.NewRelation(chain, test.handle).Handle()
		}
		if err := s.db.Set(numbered(keyEntry, test.index), append([]byte{0}, h[:]...)); err != nil {
			t.Fatal(err)
		}
		a := taker(t, offer)
		if got := a.offer(t, offer); got != abci.ResponseOfferSnapshot_ACCEPT {
			t.Fatal(got)
		}
		good := true
		for i, c := range s.chunks(offer) {
			if r := a.applied(t, i, c); r.Result != abci.ResponseApplySnapshotChunk_ACCEPT {
				good = false
				if r.Result != abci.ResponseApplySnapshotChunk_REJECT_SNAPSHOT || len(r.RejectSenders) != 1 {
					t.Errorf("%s: %v", name, r)
				}
				break
			}
		}
		if good != test.good {
			t.Errorf("%s dropped: taken %v, want %v", name, good, test.good)
		}
		if !good && a.head.Height != 0 {
			t.Errorf("%s dropped: it is at height %d", name, a.head.Height)
		}
	}
}

// TestRestoreCutShort: what a killed process left is forgotten, and it begins anew.
func TestRestoreCutShort(t *testing.T) {
	_, offer, chunks := giver(t)
	for upTo := range chunks {
		a := taker(t, offer)
		a.offer(t, offer)
		for i := range upTo + 1 {
			a.applied(t, i, chunks[i])
		}
		b, err := newApplication(a.store.db, chain, appVersion, time.Now, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if whole := upTo == len(chunks)-1; b.head.Restored != whole {
			t.Errorf("after %d chunks its head is %+v", upTo+1, b.head)
		}
		if err := b.restart(); err != nil {
			t.Fatal(err)
		}
		if it, err := b.store.db.Iterator(nil, nil); err != nil || it.Valid() || b.head.Height != 0 {
			t.Errorf("after %d chunks something is left: %v", upTo+1, err)
		}
		b.footing = a.footing
		if got := b.offer(t, offer); got != abci.ResponseOfferSnapshot_ACCEPT {
			t.Error(got)
		}
		for i, c := range chunks {
			if r := b.applied(t, i, c); r.Result != abci.ResponseApplySnapshotChunk_ACCEPT {
				t.Errorf("chunk %d the second time: %v", i, r)
			}
		}
	}
}
