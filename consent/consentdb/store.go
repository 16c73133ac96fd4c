// Package consentdb keeps what package consent is about: businesses, requests,
// decisions, grants, permits, messages, the log of accesses, and the outbox
// through which decisions reach the ledger.
//
// A method that writes is one transaction of the one writer (sqldb), and what it
// says is on the disk when it returns. The gate is here: Collect decides inside
// that transaction, so that no release can follow a withdrawal that has returned.
//
// # Trust
//
// The package believes its callers that signatures were verified and that the
// shopper confirmed a decision; it re-checks what can change in between (request
// still open, grant still live, permit anchored). It believes the ledger about what
// is anchored. If it is compromised it can withhold, delete and serve ciphertext
// without a permit, which the access log's chain and an audit against the ledger
// show; it cannot read a value, sign a grant or post a permit.
package consentdb

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/keyring"
	"coffer/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is what Open and Create of sqldb need to make this store's tables.
var Schema = sqldb.Schema{Name: "consent", Migrations: func() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // only for a malformed path
	}
	return sub
}()}

var (
	// ErrReplayed means that the request, nonce, grant or handle was seen before.
	ErrReplayed = errors.New("seen before")

	// ErrAnswered means that somebody has already answered the request.
	ErrAnswered = errors.New("already answered")

	// ErrExpired means that the request was not answered in time.
	ErrExpired = errors.New("expired")

	// ErrStale means that a newer card of the business is known.
	ErrStale = errors.New("a newer card is known")

	// ErrMismatch means that a message of this id was sent with other content.
	ErrMismatch = errors.New("another message has this id")

	// ErrSuspended and ErrPending mean that the business may do nothing now.
	ErrSuspended = errors.New("business is suspended")
	ErrPending   = errors.New("business is not approved yet")

	// ErrTooMany means that as many as may be are waiting for an answer.
	ErrTooMany = errors.New("too many are open")

	// ErrLeftovers means that deleted bytes could not be overwritten yet.
	ErrLeftovers = errors.New("deleted bytes are still in the database file; cofferd tries again by itself")
)

// Document is one sealed document as a wallet puts it.
type Document struct {
	ID      id.Document     `json:"id"`
	Version int64           `json:"version"`
	Sealed  json.RawMessage `json:"sealed"`
}

// Want is what may be released under one grant: some attributes, at least one.
type Want struct {
	Vault      id.Vault
	Grant      id.Grant
	Attributes []string
}

// Keeper is the vault as consent sees it: it moves ciphertext inside the caller's
// transaction and decides nothing. cmd/cofferd builds it from vaultdb. Its errors
// pass through this package, wrapped.
type Keeper interface {
	// PutDocuments writes all puts at the version after the stored one, or none.
	// It fails when the vault is gone, also if there is nothing to put.
	PutDocuments(ctx context.Context, tx sqldb.Tx, v id.Vault, puts []Document) error
	// PutShares fails for a document that is not the vault's, or at another version.
	PutShares(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []consent.Share) error
	DropShares(ctx context.Context, tx sqldb.Tx, v id.Vault, g id.Grant) error
	// Releases returns, for each of the wants, those of its attributes that are shared
	// under its grant.
	Releases(ctx context.Context, tx sqldb.Tx, wants []Want) ([][]consent.Release, error)
	Erase(ctx context.Context, tx sqldb.Tx, v id.Vault) error
}

// Store is safe for concurrent use.
type Store struct {
	db     *sqldb.DB
	keeper Keeper
	ring   *keyring.Ring

	door  door
	facts recent

	wake chan struct{} // to the outbox: there is work

	rewriting Rewriting
	watch     func(consent.Action, error) // may be nil

	waits  Waits
	behind atomic.Bool // the ledger, after a restore

	mu      sync.Mutex
	drawn   anchor.Epoch  // the hour that the delay was drawn for
	delay   time.Duration // after its turn
	settled chan struct{} // closed and replaced when the outbox got something done
}

// New makes the store of a database that was opened with Schema. The keyring's keys seal
// the papers of vaults.
func New(db *sqldb.DB, keeper Keeper, ring *keyring.Ring) *Store {
	return &Store{
		db: db, keeper: keeper, ring: ring, rewriting: DefaultRewriting, facts: recent{known: map[id.Grant]facts{}},
		wake: make(chan struct{}, 1), settled: make(chan struct{}),
	}
}

// Rewrite sets when the file is rewritten after erasures. Before the store is used.
func (s *Store) Rewrite(when Rewriting) { s.rewriting = when }

func (s *Store) read(ctx context.Context, f func(*consentsql.Queries) error) error {
	return s.db.Read(ctx, func(tx sqldb.Tx) error { return f(consentsql.New(tx)) })
}

func (s *Store) write(ctx context.Context, f func(*consentsql.Queries, sqldb.Tx) error) error {
	return s.db.Write(ctx, func(tx sqldb.Tx) error { return f(consentsql.New(tx), tx) })
}

// one turns "no row" into consent.ErrNotFound.
func one[T any](v T, err error) (T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return v, consent.ErrNotFound
	}
	return v, err
}

// changed turns "no row was changed" into missing.
func changed(n int64, err, missing error) error {
	if err == nil && n == 0 {
		return missing
	}
	return err
}

func toJSON(list []string) string {
	if list == nil {
		list = []string{}
	}
	b, _ := json.Marshal(list) // strings always marshal
	return string(b)
}

func fromJSON(s string) (list []string, err error) {
	if s == "[]" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, fmt.Errorf("reading a stored list: %w", err)
	}
	return list, nil
}
