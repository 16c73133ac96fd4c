package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Schema is what one store keeps in the database.
type Schema struct {
	// Name of the store, as in the version table goose_<name>.
	Name string

	// Migrations holds goose's SQL files (0001_….sql) at its root, forward only.
	Migrations fs.FS

	// Until is the version to make a new database at, for loading what an older program
	// copied; 0 means the newest.
	Until int64
}

// ErrOlder means that the database waits for migrations, which whoever only looks must
// not apply.
var ErrOlder = errors.New("database is older than this program; run: cofferd serve once, or use the cofferd that runs on it")

// migrate applies what is missing, or refuses a database that a newer program
// has already taken further than this one knows.
func (s Schema) migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, look bool) error {
	p, err := goose.NewProvider(dialect, db, s.Migrations,
		goose.WithTableName("goose_"+s.Name), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("reading migrations of %s: %w", s.Name, err)
	}
	have, know, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("reading version of %s: %w", s.Name, err)
	}
	if have > know {
		return fmt.Errorf("schema %s has version %d, this program knows %d: %w", s.Name, have, know, ErrNewer)
	}
	if have == know {
		return nil
	}
	if look {
		return fmt.Errorf("schema %s has version %d, this program knows %d: %w", s.Name, have, know, ErrOlder)
	}
	if s.Until > 0 {
		_, err = p.UpTo(ctx, s.Until)
	} else {
		_, err = p.Up(ctx)
	}
	if err != nil {
		return fmt.Errorf("migrating %s: %w", s.Name, err)
	}
	return nil
}
