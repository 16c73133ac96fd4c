package bft

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dbm "github.com/cometbft/cometbft-db"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

// TestHomesThatCannotBeOpened: each says what is wrong and what to do.
func TestHomesThatCannotBeOpened(t *testing.T) {
	write := func(home, name, text string) error {
		return os.WriteFile(filepath.Join(home, name), []byte(text), 0o600)
	}
	for _, test := range []struct {
		name  string
		spoil func(home string) error
		says  []string
	}{
		{"never initialised", func(h string) error { return os.RemoveAll(h) }, []string{"not initialised", "run: cofferd init"}},
		{"empty", func(h string) error { return errors.Join(os.RemoveAll(h), os.Mkdir(h, 0o700)) }, []string{"run: cofferd init"}},
		{"made by a newer version", func(h string) error { return write(h, markerFile, `{"v":2,"chain_id":"bft-test","x":1}`) }, []string{"newer version", "run that version"}},
		{"marker damaged", func(h string) error { return write(h, markerFile, `{`) }, []string{"damaged", "backup"}},
		{"of another ledger", func(h string) error { return write(h, markerFile, `{"v":1,"chain_id":"other"}`) }, []string{`"other"`, "point the configuration"}},
		{"another genesis", func(h string) error {
			other := filepath.Join(t.TempDir(), "other")
			if err := Init(other, "other"); err != nil {
				return err
			}
			return os.Rename(filepath.Join(other, genesisFile), filepath.Join(h, genesisFile))
		}, []string{`genesis.json is of the ledger "other"`, "another member"}},
		{"no genesis", func(h string) error { return os.Remove(filepath.Join(h, genesisFile)) }, []string{"genesis.json", "backup"}},
		{"data wiped", func(h string) error { return os.RemoveAll(filepath.Join(h, "data")) }, []string{"priv_validator_state.json", "two blocks at one height", "backup", "cofferd ledger init", "cofferd ledger propose change"}},
		{"signing state damaged", func(h string) error { return write(h, signedFile, `{`) }, []string{"priv_validator_state.json", "backup"}},
		{"signing key damaged", func(h string) error { return write(h, signingKeyFile, `{`) }, []string{"priv_validator_key.json", "backup"}},
		{"checkpoint key damaged", func(h string) error { return write(h, checkpointKeyFile, "PRIVATE+KEY+x") }, []string{"checkpoint_key", "backup", "those who watch"}},
		{"checkpoint key of another ledger", func(h string) error {
			_, err := makeCheckpointKey(h, "other")
			return err
		}, []string{"checkpoint_key", "another ledger"}},
		{"node key gone", func(h string) error { return os.Remove(filepath.Join(h, nodeKeyFile)) }, []string{"node_key.json", "backup"}},
		{"blocks wiped", func(h string) error { return os.RemoveAll(filepath.Join(h, "data/blockstore.db")) }, []string{"whole home from one backup"}},
		{"log of a newer version", func(h string) error { return spoilHead(h, map[string]any{"v": 2, "height": "new"}) }, []string{"newer version", "run that version"}},
		{"log of another ledger", func(h string) error { return spoilHead(h, head{V: 1, Chain: "other"}) }, []string{`"other"`, "backup"}},
		{"log damaged", func(h string) error { return spoilHead(h, head{V: 1, Chain: chain, Size: 3}) }, []string{"damaged", "backup"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			home := filepath.Join(t.TempDir(), "home")
			if err := Init(home, chain); err != nil {
				t.Fatal(err)
			}
			n := start(t, home)
			if err := n.Append(t.Context(), anchortest.NewRelation(chain, "anna").Grant(anchor.EpochAt(time.Now()), 1)); err != nil {
				t.Fatal(err)
			}
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			if err := test.spoil(home); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time shows that the first let go of everything
				n, err := Start(context.Background(), Options{Home: home, Chain: chain})
				if err == nil {
					n.Close()
					t.Fatal("it was opened")
				}
				for _, want := range test.says {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("the error %q does not say %q", err, want)
					}
				}
			}
		})
	}
}

func spoilHead(home string, to any) error {
	db, err := dbm.NewDB("ledger", dbm.GoLevelDBBackend, filepath.Join(home, "data"))
	if err != nil {
		return err
	}
	b, err := json.Marshal(to)
	if err != nil {
		return err
	}
	return errors.Join(db.SetSync([]byte(keyHead), b), db.Close())
}

// The log is derived from the blocks: without it, it is made again.
func TestLogIsRebuilt(t *testing.T) {
	home := newHome(t)
	n := start(t, home)
	anna := anchortest.NewRelation(chain, "anna")
	now := anchor.EpochAt(time.Now())
	for _, e := range []anchor.Entry{anna.Grant(now, 1), anna.Permit(now, 0)} {
		if err := n.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	before, err := n.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(home, "data/ledger.db")); err != nil {
		t.Fatal(err)
	}
	n = start(t, home)
	if after, err := n.Head(t.Context()); err != nil || after.Root != before.Root || after.Size != 2 {
		t.Errorf("the head is %+v, %v, want %+v", after, err, before)
	}
	if _, err := n.Prove(t.Context(), anna.Permit(now, 0).Leaf()); err != nil {
		t.Error(err)
	}
}

// Once old blocks are pruned the log cannot be made from the rest; the error says what
// can be done.
func TestLogIsLostWithPrunedBlocks(t *testing.T) {
	home := newHome(t)
	o := Options{Home: home, Chain: chain, KeepBlocks: time.Nanosecond, snapshotEvery: 5, chunkLevel: 4}
	n, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, n, "some ", 50)
	base := n.node.BlockStore().Base()
	if err := n.Close(); err != nil || base < 2 {
		t.Fatalf("base %d, %v", base, err)
	}
	if err := os.RemoveAll(filepath.Join(home, "data/ledger.db")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		n, err := Start(t.Context(), o)
		if err == nil {
			n.Close()
			t.Fatal("it was opened")
		}
		if !strings.Contains(err.Error(), "cofferd ledger rejoin") || !strings.Contains(err.Error(), "backup") {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestInitIsOnce(t *testing.T) {
	home := newHome(t)
	key, err := os.ReadFile(filepath.Join(home, signingKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := Init(home, chain); err == nil || !strings.Contains(err.Error(), "empty directory") {
		t.Errorf("a second init: %v", err)
	}
	if again, _ := os.ReadFile(filepath.Join(home, signingKeyFile)); string(again) != string(key) {
		t.Error("the second init changed the key")
	}
	if err := Init(t.TempDir(), "two words"); err == nil {
		t.Error("a bad chain id is accepted")
	}
	info, err := os.Stat(filepath.Join(home, signingKeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the signing key has mode %v, %v", info.Mode(), err)
	}
}

func TestOneNodeAHome(t *testing.T) {
	home := newHome(t)
	start(t, home)
	_, err := Start(context.Background(), Options{Home: home, Chain: chain})
	if err == nil || !strings.Contains(err.Error(), "another cofferd") {
		t.Errorf("a second node on the home: %v", err)
	}
}

// A home of before there were checkpoints gets its key at the next start, says so
// once, and keeps it.
func TestHomeWithoutCheckpointKey(t *testing.T) {
	home := newHome(t)
	path := filepath.Join(home, checkpointKeyFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("init made no checkpoint key that only its owner reads: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for i, says := range []string{"made a checkpoint key", ""} {
		j := &journal{}
		n, err := Start(t.Context(), Options{Home: home, Chain: chain, Logger: slog.New(slog.NewTextHandler(j, nil))})
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, n.CheckpointKey())
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if made := strings.Contains(j.String(), "made a checkpoint key"); made != (says != "") || made && !strings.Contains(j.String(), keys[0]) {
			t.Errorf("start %d says:\n%s", i, j.String())
		}
		if strings.Contains(j.String(), "PRIVATE") {
			t.Error("the secret is in the log")
		}
	}
	if keys[0] != keys[1] {
		t.Error("the second start made another key")
	}
}
