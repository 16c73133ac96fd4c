package bft

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cometbft/cometbft/crypto/ed25519"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	cmttypes "github.com/cometbft/cometbft/types"

	"coffer/anchor"
)

// homeFormat is the version of everything below a home. Newer ones are refused.
const homeFormat = 1

// The files of a home that Init makes. The directory data fills up later.
const (
	markerFile     = "config/coffer-ledger.json"
	genesisFile    = "config/genesis.json"
	nodeKeyFile    = "config/node_key.json"
	signingKeyFile = "config/priv_validator_key.json"
	signedFile     = "data/priv_validator_state.json"
)

// marker is the content of markerFile, written last: a home without it is none.
type marker struct {
	V     int          `json:"v"`
	Chain anchor.Chain `json:"chain_id"`
}

type home struct {
	validator *privval.FilePV
	nodeKey   *p2p.NodeKey
}

// Init makes a home with fresh keys for a ledger of one validator. It refuses a
// home that has anything of a ledger in it.
func Init(dir string, chain anchor.Chain) error { return InitMembers([]string{dir}, chain) }

// InitMembers makes homes for a ledger that as many validators with equal power
// run together. Each member takes one home to its machine; whoever ran this saw
// all keys, so real members run Init's steps apart and exchange public keys.
func InitMembers(dirs []string, chain anchor.Chain) error {
	if err := chain.Validate(); err != nil {
		return fmt.Errorf("making a ledger: %w", err)
	}
	for _, dir := range dirs {
		for _, name := range []string{markerFile, genesisFile, nodeKeyFile, signingKeyFile, signedFile, checkpointKeyFile} {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				return fmt.Errorf("making a ledger at %s: %s is there already; choose an empty directory", dir, name)
			}
		}
	}
	params := cmttypes.DefaultConsensusParams()
	params.Block.MaxBytes = 4 << 20
	params.Version.App = appVersion
	genesis := &cmttypes.GenesisDoc{ChainID: string(chain), GenesisTime: time.Now().UTC(), ConsensusParams: params}
	for _, dir := range dirs {
		for _, sub := range []string{"config", "data"} {
			if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
				return fmt.Errorf("making a ledger: %w", err)
			}
		}
		pv := privval.NewFilePV(ed25519.GenPrivKey(), filepath.Join(dir, signingKeyFile), filepath.Join(dir, signedFile))
		pv.Save()
		nodeKey := &p2p.NodeKey{PrivKey: ed25519.GenPrivKey()}
		if err := nodeKey.SaveAs(filepath.Join(dir, nodeKeyFile)); err != nil {
			return fmt.Errorf("making a ledger: %w", err)
		}
		if _, err := makeCheckpointKey(dir, chain); err != nil {
			return fmt.Errorf("making a ledger: %w", err)
		}
		genesis.Validators = append(genesis.Validators, cmttypes.GenesisValidator{Address: pv.Key.Address, PubKey: pv.Key.PubKey, Power: 10})
	}
	mark, err := json.Marshal(marker{homeFormat, chain})
	if err != nil {
		return fmt.Errorf("making a ledger: %w", err)
	}
	for _, dir := range dirs {
		if err := genesis.SaveAs(filepath.Join(dir, genesisFile)); err != nil {
			return fmt.Errorf("making a ledger: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, markerFile), append(mark, '\n'), 0o600); err != nil {
			return fmt.Errorf("making a ledger: %w", err)
		}
	}
	return nil
}

// openHome checks that the directory is this ledger's home and reads its keys.
func openHome(dir string, chain anchor.Chain) (home, error) {
	fail := func(format string, args ...any) (home, error) {
		return home{}, fmt.Errorf("opening the ledger at %s: %w", dir, fmt.Errorf(format, args...))
	}
	b, err := os.ReadFile(filepath.Join(dir, markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fail("it is not initialised; run: cofferd init")
	}
	if err != nil {
		return fail("%w", err)
	}
	var m marker
	if err := json.Unmarshal(b, &m); err != nil || m.V < 1 {
		return fail("%s is damaged; restore it from a backup", markerFile)
	}
	if m.V > homeFormat {
		return fail("a newer version made it (format %d, this program knows %d); run that version", m.V, homeFormat)
	}
	if m.Chain != chain {
		return fail("it is the home of the ledger %q, not of %q; point the configuration to the right one", m.Chain, chain)
	}
	genesis, err := cmttypes.GenesisDocFromFile(filepath.Join(dir, genesisFile))
	if err != nil {
		return fail("reading %s: %w; restore it from a backup or from another member", genesisFile, err)
	}
	if genesis.ChainID != string(chain) {
		return fail("%s is of the ledger %q, not of %q; restore it from a backup or from another member", genesisFile, genesis.ChainID, chain)
	}
	// privval ends the process when a file does not parse, so look first.
	for name, into := range map[string]any{signingKeyFile: &privval.FilePVKey{}, signedFile: &privval.FilePVLastSignState{}} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			err = cmtjson.Unmarshal(b, into)
		}
		if err != nil {
			return fail("reading %s: %w; without it this validator could sign two blocks at one height: restore the whole home from a backup", name, err)
		}
	}
	nodeKey, err := p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile))
	if err != nil {
		return fail("reading %s: %w; restore it from a backup", nodeKeyFile, err)
	}
	return home{privval.LoadFilePV(filepath.Join(dir, signingKeyFile), filepath.Join(dir, signedFile)), nodeKey}, nil
}

// Member is how other members reach the node of a home: "id@host:port", for
// Options.Peers.
func Member(dir, hostPort string) (string, error) {
	key, err := p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", nodeKeyFile, err)
	}
	return p2p.IDAddressString(key.ID(), hostPort), nil
}
