// Package business is what a business does with Coffer: it keeps its keys,
// registers, asks, opens the letters that answer it, posts permits, collects what
// was given, sends messages, learns of withdrawals, and keeps the trail that its
// DPO audits.
//
// Everything lives in one folder that only the business reads (mode 0700):
//
//	keys.json        signing and agreement key (P-256); the DID derives from them
//	business.json    the Profile
//	validators.json  who signs the ledger, pinned at first use
//	requests/        each signed request and what became of it
//	grants/          each grant: state, the hour's permit, the head of its access log
//	letters/         the secrets of live grants; deleted on withdrawal
//	permits/         permits signed and not yet known to be on the ledger
//	withdrawn/       withdrawals not yet found on the ledger
//	outbox/          messages not yet acknowledged
//	rights/          rights requests of shoppers, and the replies
//	trail.ndjson     the trail (package audit)
//	loops/           what is owed, and was said, after a grant's end
//	webhook.json     where the operator tells of events, and the secret that signs it
//	cursor.json      the last event handled
//
// A file is on disk before what depends on it is sent, so that a crash repeats
// work and never loses the opening of a permit that is already on the ledger.
//
// # Trust
//
// The package believes its own folder, and the validator set pinned in it: the
// first one it was told, so compare that file with what other members publish.
// It does not believe the operator. A letter counts only after the receipt's
// signature, the match with the signed request, the opening of the commitment,
// the handle secret and the ledger's proof all hold; a withdrawal is recorded
// with its proof. What the operator can still do is withhold. Whoever reads the
// folder can act as the business and read what live grants give; the package
// therefore never logs a value, a key or a message's content.
package business

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"coffer/anchor/anchorhttp"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/consent/hooks"
	"coffer/internal/id"
)

// Business is one business with its folder open. It is safe for concurrent use;
// a second process on the same folder gets ErrInUse.
type Business struct {
	folder  folder
	profile Profile
	keys    keys
	lock    *os.File
	agent   *agent.Agent
	client  *client
	ledger  *anchorhttp.Client

	now func() time.Time
	log *slog.Logger

	hooking  sync.Mutex
	receiver *hooks.Receiver // of the webhook; made when the first delivery comes

	following sync.Mutex // one at a time reads and writes succession.json

	polling sync.Mutex // one Poll at a time: the cursor goes forward only

	mu    sync.Mutex
	trail *audit.Writer            // opened when the ledger's chain is known
	held  map[id.Grant]*sync.Mutex // see hold

	issuing sync.Mutex // one record at a time takes a place in the status list

	rights sync.Mutex // one at a time reads and writes rights/
}

// Option changes how a business works; the zero set is right outside tests.
type Option func(*options)

type options struct {
	now  func() time.Time
	wait func(context.Context, time.Duration) error
	http *http.Client
	log  *slog.Logger
}

// WithClock replaces the clock.
func WithClock(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithWait replaces how retries and polls pause.
func WithWait(wait func(context.Context, time.Duration) error) Option {
	return func(o *options) { o.wait = wait }
}

// WithHTTP replaces the HTTP client, for both operator and ledger.
func WithHTTP(c *http.Client) Option { return func(o *options) { o.http = c } }

// WithLogger says where to log; without it nothing is logged.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.log = l } }

// Create makes a business in dir: fresh keys and the profile. ErrExists when
// there is one.
func Create(dir string, p Profile, with ...Option) (*Business, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("checking the profile: %w", err)
	}
	f := folder(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Stat(f.path("keys.json")); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%s: %w", dir, ErrExists)
	}
	k, err := newKeys()
	if err != nil {
		return nil, fmt.Errorf("making keys: %w", err)
	}
	// The keys come last: a folder without them is no business, and a crash in
	// between leaves something that Create finishes.
	if err := f.write(p, "business.json"); err != nil {
		return nil, fmt.Errorf("writing business.json: %w", err)
	}
	if err := k.write(f); err != nil {
		return nil, fmt.Errorf("writing keys.json: %w", err)
	}
	return Open(dir, with...)
}

// Open opens the business in dir and locks the folder until Close. ErrNoFolder
// when there is none, ErrInUse when another process has it open.
func Open(dir string, with ...Option) (*Business, error) {
	o := options{now: time.Now, wait: sleep, http: &http.Client{Timeout: 30 * time.Second}, log: slog.New(slog.DiscardHandler)}
	for _, option := range with {
		option(&o)
	}
	f := folder(dir)
	if _, err := os.Stat(f.path("keys.json")); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoFolder)
	}
	var p Profile
	if err := f.read(&p, "business.json"); err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("reading business.json: %w", err)
	}
	k, err := readKeys(f)
	if err != nil {
		return nil, err
	}
	prover, err := newProver(k.signing)
	if err != nil {
		return nil, fmt.Errorf("reading keys.json: %w", err)
	}
	lock, err := f.lock()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return &Business{
		folder: f, profile: p, keys: k, lock: lock, agent: agent.New(agent.Options{Now: o.now, Local: strings.HasPrefix(p.Operator, "http://")}), // an operator of one's own machine has issuers there
		client: &client{origin: p.Operator, http: o.http, now: o.now, wait: o.wait, assert: k.assertion, prover: prover},
		ledger: &anchorhttp.Client{Origin: p.LedgerOrigin(), HTTP: o.http},
		now:    o.now, log: o.log, held: map[id.Grant]*sync.Mutex{},
	}, nil
}

// Close gives the folder back.
func (b *Business) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	if b.trail != nil {
		err = b.trail.Close()
	}
	return errors.Join(err, b.lock.Close())
}

// DID is the business's identity.
func (b *Business) DID() consent.DID { return b.keys.did }

// Profile is what the business says of itself.
func (b *Business) Profile() Profile { return b.profile }

// AgreementKey is the public key that letters are encrypted to.
func (b *Business) AgreementKey() consent.AgreementKey { return b.keys.agreementKey() }

// hold takes one grant for the time of an operation: two collections of one grant
// must not post two permits for one hour, nor overtake each other's log head.
func (b *Business) hold(g id.Grant) (release func()) {
	b.mu.Lock()
	m, ok := b.held[g]
	if !ok {
		m = new(sync.Mutex)
		b.held[g] = m
	}
	b.mu.Unlock()
	m.Lock()
	return m.Unlock
}
