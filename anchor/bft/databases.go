package bft

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"

	dbm "github.com/cometbft/cometbft-db"
	cfg "github.com/cometbft/cometbft/config"
	sm "github.com/cometbft/cometbft/state"
	cmtstore "github.com/cometbft/cometbft/store"
)

// databases are what the node opened, so that all can be closed whatever happens.
type databases struct {
	mu     sync.Mutex
	all    []dbm.DB
	comet  map[string]dbm.DB // CometBFT's that are open
	closed atomic.Bool
	state  sm.Store             // CometBFT's; knows the validators of every height
	blocks *cmtstore.BlockStore // CometBFT's as it was found; read before the node starts
}

func (d *databases) open(name string, c *cfg.Config) (dbm.DB, error) {
	db, err := dbm.NewDB(name, dbm.GoLevelDBBackend, c.DBDir())
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", filepath.Join(c.DBDir(), name+".db"), err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, db)
	return db, nil
}

// openComet opens the databases that say how far CometBFT has come.
func (d *databases) openComet(c *cfg.Config) error {
	d.comet = map[string]dbm.DB{}
	for _, name := range []string{"state", "blockstore"} {
		db, err := d.open(name, c)
		if err != nil {
			return err
		}
		d.comet[name] = lentDB{db, &d.closed}
	}
	d.state = sm.NewStore(d.comet["state"], sm.StoreOptions{})
	d.blocks = cmtstore.NewBlockStore(d.comet["blockstore"])
	return nil
}

// clearComet forgets what CometBFT knows; there must be no blocks.
func (d *databases) clearComet() error {
	for _, db := range d.comet {
		if err := (store{db}).clear(); err != nil {
			return err
		}
	}
	return nil
}

// provide opens a database for CometBFT, or gives it one that is open.
func (d *databases) provide(c *cfg.DBContext) (dbm.DB, error) {
	if db := d.comet[c.ID]; db != nil {
		return db, nil
	}
	db, err := d.open(c.ID, c.Config)
	return lentDB{db, &d.closed}, err
}

func (d *databases) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed.Swap(true) {
		return nil
	}
	var errs []error
	for _, db := range d.all {
		errs = append(errs, db.Close())
	}
	return errors.Join(errs...)
}

// lentDB is a database in CometBFT's hands. A node that stops closes its
// databases while goroutines for its peers still read for a second or two, and
// they panic on an error. So closing is left to databases, and what is read
// afterwards is not there.
type lentDB struct {
	dbm.DB
	closed *atomic.Bool
}

func (lentDB) Close() error { return nil }

func (l lentDB) Get(key []byte) ([]byte, error) {
	b, err := l.DB.Get(key)
	if err != nil && l.closed.Load() {
		return nil, nil
	}
	return b, err
}

func (l lentDB) Has(key []byte) (bool, error) {
	ok, err := l.DB.Has(key)
	if err != nil && l.closed.Load() {
		return false, nil
	}
	return ok, err
}
