package bft

import (
	"bytes"
	stded25519 "crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
	memberKeyFile  = "config/member_key" // signs votes: the seed in hexadecimal digits
)

// marker is the content of markerFile, written last: a home without it is none.
type marker struct {
	V     int          `json:"v"`
	Chain anchor.Chain `json:"chain_id"`
}

type home struct {
	validator *privval.FilePV
	nodeKey   *p2p.NodeKey
	genesis   *cmttypes.GenesisDoc
}

// Init makes a home with fresh keys for a ledger of one validator. It refuses a
// home that has anything of a ledger in it.
func Init(dir string, chain anchor.Chain) error { return InitMembers([]string{dir}, chain) }

// InitMembers makes homes for a ledger that as many validators run together, on one
// machine: whoever ran this saw all keys. Members of their own each run MakeMember and
// exchange what it returns.
func InitMembers(dirs []string, chain anchor.Chain) error {
	members := make([]anchor.Member, len(dirs))
	for i, dir := range dirs {
		m := Alone()
		if len(dirs) > 1 {
			m.Name, m.Address = fmt.Sprintf("member %d", i+1), fmt.Sprintf("127.0.0.1:%d", 26656+i)
		}
		var err error
		if members[i], err = MakeMember(dir, chain, m); err != nil {
			return err
		}
	}
	genesis, err := Genesis(chain, members, time.Now())
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := Join(dir, genesis); err != nil {
			return err
		}
	}
	return nil
}

// Alone is a member that nobody has to reach: the operator of a ledger of its own.
func Alone() anchor.Member {
	return anchor.Member{Name: "this operator", Role: "operator", Country: "ZZ", Contact: "the operator's website",
		URL: "http://localhost", Address: "127.0.0.1:26656"}
}

// MakeMember makes a member's keys in an empty directory and completes what it says
// about itself with their public halves. The member is part of a ledger once Join has
// its genesis, or once the members of one have admitted it.
func MakeMember(dir string, chain anchor.Chain, about anchor.Member) (anchor.Member, error) {
	fail := func(err error) (anchor.Member, error) {
		return anchor.Member{}, fmt.Errorf("making a member at %s: %w", dir, err)
	}
	if err := chain.Validate(); err != nil {
		return fail(err)
	}
	for _, name := range []string{markerFile, genesisFile, nodeKeyFile, signingKeyFile, signedFile, checkpointKeyFile, memberKeyFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return fail(fmt.Errorf("%s is there already; choose an empty directory", name))
		}
	}
	for _, sub := range []string{"config", "data"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return fail(err)
		}
	}
	pv := privval.NewFilePV(ed25519.GenPrivKey(), filepath.Join(dir, signingKeyFile), filepath.Join(dir, signedFile))
	nodeKey := &p2p.NodeKey{PrivKey: ed25519.GenPrivKey()}
	key := ed25519.GenPrivKey()
	about.Key, about.Validator = anchor.MemberKey(key.PubKey().Bytes()), anchor.ValidatorKey(pv.Key.PubKey.Bytes())
	about.Node = string(nodeKey.ID())
	if err := about.Validate(); err != nil {
		return fail(err)
	}
	pv.Save()
	if err := nodeKey.SaveAs(filepath.Join(dir, nodeKeyFile)); err != nil {
		return fail(err)
	}
	if err := os.WriteFile(filepath.Join(dir, memberKeyFile), []byte(hex.EncodeToString(key[:32])+"\n"), 0o600); err != nil {
		return fail(err)
	}
	checkpoints, err := makeCheckpointKey(dir, chain)
	if err != nil {
		return fail(err)
	}
	about.Checkpoint = checkpoints.Public()
	return about, nil
}

// MemberSecret is the key that signs this home's votes.
func MemberSecret(dir string) (stded25519.PrivateKey, error) {
	b, err := os.ReadFile(filepath.Join(dir, memberKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has no member key: an older version made it, and it has no vote", dir)
	}
	seed, decodeErr := hex.DecodeString(strings.TrimSuffix(string(b), "\n"))
	if err = errors.Join(err, decodeErr); err != nil || len(seed) != stded25519.SeedSize {
		return nil, fmt.Errorf("reading %s: %w; restore it from a backup", memberKeyFile, errors.Join(err, errors.New("want 64 hexadecimal digits")))
	}
	return stded25519.NewKeyFromSeed(seed), nil
}

// Evidence of a double vote counts while it is younger than either.
const (
	evidenceBlocks = 1000
	evidenceTime   = 6 * time.Hour
)

// Genesis is the file with which a ledger of these members begins; all must have the
// same one. Who votes validates, with equal power.
func Genesis(chain anchor.Chain, members []anchor.Member, at time.Time) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("making a genesis: %w", err) }
	if err := chain.Validate(); err != nil {
		return fail(err)
	}
	register, err := anchor.NewRegister(1, members)
	if err != nil {
		return fail(err)
	}
	for _, m := range register.Members {
		if err := m.MadeFor(chain); err != nil {
			return fail(err)
		}
	}
	params := cmttypes.DefaultConsensusParams()
	params.Block.MaxBytes = 4 << 20
	params.Version.App = appVersion
	// How long headers must stay that show who voted twice. Nothing is at stake on this
	// ledger after that but the members' opinion of each other.
	params.Evidence.MaxAgeNumBlocks, params.Evidence.MaxAgeDuration = evidenceBlocks, evidenceTime
	doc := &cmttypes.GenesisDoc{ChainID: string(chain), GenesisTime: at.UTC().Truncate(time.Millisecond), ConsensusParams: params, AppState: register.Bytes()}
	for _, m := range register.Members {
		if !m.Observer {
			key := ed25519.PubKey(m.Validator[:])
			doc.Validators = append(doc.Validators, cmttypes.GenesisValidator{Address: key.Address(), PubKey: key, Power: power})
		}
	}
	if err := doc.ValidateAndComplete(); err != nil {
		return fail(err)
	}
	b, err := cmtjson.MarshalIndent(doc, "", " ")
	if err != nil {
		return fail(err)
	}
	return append(b, '\n'), nil
}

// ParseGenesis is the chain and the first register of a genesis file. The register of a
// ledger of the first version is empty.
func ParseGenesis(b []byte) (anchor.Chain, anchor.Register, error) {
	doc, err := cmttypes.GenesisDocFromJSON(b)
	if err != nil {
		return "", anchor.Register{}, fmt.Errorf("reading the genesis: %w; is the file whole?", err)
	}
	chain := anchor.Chain(doc.ChainID)
	if doc.ConsensusParams.Version.App < versionWithState {
		return chain, anchor.Register{}, nil
	}
	register, err := firstRegister(doc.AppState)
	if err != nil {
		return "", anchor.Register{}, fmt.Errorf("reading the genesis: %w", err)
	}
	return chain, register, nil
}

// firstRegister reads a genesis's state, which CometBFT may have spelled apart.
func firstRegister(state []byte) (anchor.Register, error) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, state); err != nil {
		return anchor.Register{}, fmt.Errorf("its state: %w", err)
	}
	return anchor.ParseRegister(compact.Bytes())
}

// Join makes a member's directory the home of a ledger. The genesis need not name the
// member: one that is admitted later joins with the file of the first members.
func Join(dir string, genesis []byte) error {
	fail := func(err error) error { return fmt.Errorf("joining a ledger at %s: %w", dir, err) }
	chain, register, err := ParseGenesis(genesis)
	if err != nil {
		return fail(err)
	}
	if _, err := os.Stat(filepath.Join(dir, markerFile)); err == nil {
		return fail(errors.New("it is the home of a ledger already"))
	}
	b, err := os.ReadFile(filepath.Join(dir, checkpointKeyFile))
	if err != nil {
		return fail(errors.New("it has no member's keys; run: cofferd ledger init"))
	}
	if _, err := anchor.ParseCheckpointKey(chain, strings.TrimSuffix(string(b), "\n")); err != nil {
		return fail(fmt.Errorf("its keys were made for another ledger than %q: %w; run: cofferd ledger init --chain %s in an empty folder", chain, err, chain))
	}
	key, err := MemberSecret(dir)
	if err != nil {
		return fail(err)
	}
	if own, ok := register.Member(anchor.MemberKey(key.Public().(stded25519.PublicKey))); ok {
		nodeKey, err := p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile))
		if err != nil {
			return fail(fmt.Errorf("reading %s: %w; restore it from a backup", nodeKeyFile, err))
		}
		if own.Node != string(nodeKey.ID()) {
			return fail(errors.New("the genesis has another node for this member; ask for one with the file that cofferd ledger init wrote last"))
		}
	}
	if err := os.WriteFile(filepath.Join(dir, genesisFile), genesis, 0o600); err != nil {
		return fail(err)
	}
	mark, err := json.Marshal(marker{homeFormat, chain})
	if err != nil {
		return fail(err)
	}
	if err := os.WriteFile(filepath.Join(dir, markerFile), append(mark, '\n'), 0o600); err != nil {
		return fail(err)
	}
	return nil
}

// Joined reports whether a directory is the home of a ledger.
func Joined(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, markerFile))
	return err == nil
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
			return fail("reading %s: %w; without it this validator could sign two blocks at one height: restore the whole home from a backup of when it stopped; if there is none, make new keys in an empty folder (cofferd ledger init) and have the other members vote them in (cofferd ledger propose change NAME public.json)", name, err)
		}
	}
	nodeKey, err := p2p.LoadNodeKey(filepath.Join(dir, nodeKeyFile))
	if err != nil {
		return fail("reading %s: %w; restore it from a backup", nodeKeyFile, err)
	}
	return home{privval.LoadFilePV(filepath.Join(dir, signingKeyFile), filepath.Join(dir, signedFile)), nodeKey, genesis}, nil
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
