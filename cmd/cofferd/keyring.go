package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

// keyringOf is where the vaults' keys are: a file in the data folder, or a schema of its
// own in PostgreSQL's database, unless the operator keeps them elsewhere.
func keyringOf(folder string, c Config) string {
	switch {
	case c.Keyring == "" && c.Database != "":
		return c.Database
	case c.Keyring == "":
		return filepath.Join(folder, "keyring.db")
	case isPostgres(c.Keyring) || filepath.IsAbs(c.Keyring):
		return c.Keyring
	default:
		return filepath.Join(folder, c.Keyring)
	}
}

func isPostgres(at string) bool {
	return strings.HasPrefix(at, "postgres://") || strings.HasPrefix(at, "postgresql://")
}

var (
	// errNoKeyring says that the database's keyring is not where it should be. Whether
	// it is lost, only the operator knows.
	errNoKeyring = errors.New("the keyring of this database is not there")

	// errOtherKeyring says that there is another one.
	errOtherKeyring = errors.New("the keyring there belongs to another database")
)

// openKeyring opens the keyring of a database. A database of before there were keyrings
// gets one, and what lies open in it is sealed, before anything else happens.
func openKeyring(ctx context.Context, at string, db *sqldb.DB, log *slog.Logger) (_ *keyring.Ring, err error) {
	bound, _, err := vaultdb.Bound(ctx, db)
	fresh := errors.Is(err, vault.ErrNotFound)
	if err != nil && !fresh {
		return nil, err
	}
	ring, err := keyring.Open(ctx, at)
	switch {
	case errors.Is(err, keyring.ErrNone) && fresh:
		ring, err = keyring.Create(ctx, at, keyring.ID{})
	case errors.Is(err, keyring.ErrNone):
		return nil, fmt.Errorf("%w; set keyring in %s to where it is. If it is lost, so are all vaults: cofferd restore --help says how to end them properly", errNoKeyring, configFile)
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ring.Close())
		}
	}()
	if !fresh {
		if ring.ID() != bound {
			return nil, fmt.Errorf("%w; set keyring in %s to its own", errOtherKeyring, configFile)
		}
		return ring, nil
	}
	// A complete keyring had every vault of this database: who has no key in it was
	// erased after this database was copied.
	complete, err := ring.Complete(ctx)
	if err != nil {
		return nil, err
	}
	log.Info("sealing what is stored of vaults under keys of the keyring", "complete", complete)
	vaults, consents := vaultdb.New(db, nil, ring), consentdb.New(db, keeper{}, ring)
	if err := errors.Join(vaults.SealAll(ctx, complete), consents.SealAll(ctx)); err != nil {
		return nil, err
	}
	// What lay open is overwritten, not only replaced.
	if err := db.Vacuum(ctx); err != nil {
		return nil, err
	}
	var destroyed int64
	if !complete {
		if destroyed, err = ring.Destroyed(ctx); err != nil {
			return nil, err
		}
	} else {
		destroyed = -1 // so that who is gone is looked for
	}
	if err := errors.Join(vaults.Bind(ctx, destroyed), ring.MarkComplete(ctx)); err != nil {
		return nil, err
	}
	return ring, nil
}

// reconcile ends every vault whose key is gone: it was erased after this database was
// copied, or the erasure was cut off. Nothing of such a vault could be opened any more;
// here its grants end, and its businesses learn of it. It costs one question when there
// is nothing to do.
func (o *operator) reconcile(ctx context.Context) error {
	_, counted, err := vaultdb.Bound(ctx, o.db)
	if err != nil {
		return err
	}
	destroyed, err := o.ring.Destroyed(ctx)
	if err != nil || destroyed == counted {
		return err
	}
	if err := o.consents.Renumber(ctx, o.now()); err != nil { // it may be an old copy
		return err
	}
	ended := 0
	err = o.vaults.Gone(ctx, func(v id.Vault) error {
		_, err := o.consents.Erase(ctx, v, nil, o.now())
		switch {
		case err == nil:
			ended++
		case errors.Is(err, vault.ErrNotFound), errors.Is(err, consent.ErrNotFound): // another daemon did
			err = nil
		case errors.Is(err, consentdb.ErrLeftovers):
			o.log.Error("erasing", "error", err)
			err = nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("ending vaults whose key is gone: %w", err)
	}
	if ended > 0 {
		o.log.Warn("ended vaults that were erased after this database was copied, or whose erasure was cut off", "vaults", ended)
	}
	return o.vaults.Bind(ctx, destroyed)
}
