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
)

// databases are what the node opened, so that all can be closed whatever happens.
type databases struct {
	mu     sync.Mutex
	all    []dbm.DB
	closed atomic.Bool
	state  sm.Store // CometBFT's; knows the validators of every height
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

// provide opens a database for CometBFT.
func (d *databases) provide(c *cfg.DBContext) (dbm.DB, error) {
	db, err := d.open(c.ID, c.Config)
	if err != nil {
		return nil, err
	}
	if c.ID == "state" {
		d.state = sm.NewStore(lentDB{db, &d.closed}, sm.StoreOptions{})
	}
	return lentDB{db, &d.closed}, nil
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
