package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/contract/contracttest"
	"coffer/internal/id"
	"coffer/internal/sqldb/sqldbtest"
	"coffer/internal/wallettest"
)

// world is an operator on a folder of its own, with everything real: SQLite, a
// CometBFT node, HTTP over a socket.
type world struct {
	*testing.T
	folder string
	config Config
	gap    *gap
	o      *operator
	stop   func()
	heard  func(*http.Request) // is shown every request, if set
	hours  atomic.Int64        // that the operator's clock is ahead; the ledger's is not
}

// now is the operator's clock.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.hours.Load()) * time.Hour) }

// pass lets hours pass for the operator.
func (w *world) pass(hours int64) { w.hours.Add(hours) }

// gap stands between the operator and its ledger, so that a test can cut the two.
type gap struct {
	anchor.Ledger
	mu     sync.Mutex
	down   bool
	fails  error       // what appending answers, if set
	silent atomic.Bool // does not say how far it is
}

func (g *gap) Head(ctx context.Context) (anchor.Head, error) {
	if g.silent.Load() {
		return anchor.Head{}, anchor.ErrUnavailable
	}
	return g.Ledger.Head(ctx)
}

func (g *gap) set(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = down
}

func (g *gap) err() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.down {
		return anchor.ErrUnavailable
	}
	return g.fails
}

func (g *gap) Append(ctx context.Context, entries ...anchor.Entry) error {
	if err := g.err(); err != nil {
		return err
	}
	return g.Ledger.Append(ctx, entries...)
}

func (g *gap) Prove(ctx context.Context, l anchor.Leaf) (anchor.Proof, error) {
	if err := g.err(); err != nil {
		return anchor.Proof{}, err
	}
	return g.Ledger.Prove(ctx, l)
}

// freeListener takes a port of localhost, the only host where passkeys work on http.
func freeListener(t testing.TB) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	return l, fmt.Sprintf("http://localhost:%d", l.Addr().(*net.TCPAddr).Port)
}

// newWorld makes a data folder and starts an operator on it. prepare may change the
// configuration, and the folder, before.
func newWorld(t *testing.T, prepare ...func(*world)) *world {
	t.Helper()
	l, origin := freeListener(t)
	w := &world{T: t, folder: filepath.Join(t.TempDir(), "coffer"), gap: &gap{}}
	w.config = Defaults()
	w.config.Origin, w.config.Listen, w.config.Dev = origin, l.Addr().String(), true
	w.config.Chain = "scenario"
	w.config.ErasureHours = 0 // scenarios look at the ledger right after
	w.config.Database = sqldbtest.Options(t, databasePath(w.folder)).URL
	for _, f := range prepare {
		f(w)
	}
	if err := create(w.folder, w.config); err != nil {
		t.Fatal(err)
	}
	w.start(l)
	t.Cleanup(func() { w.stop() })
	return w
}

// start runs the operator; its log goes into the data folder, where the canary looks.
func (w *world) start(l net.Listener) {
	w.Helper()
	f, err := os.OpenFile(filepath.Join(w.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.o, err = openOn(w.Context(), w.folder, w.config, log, func(l anchor.Ledger) anchor.Ledger {
		w.gap.Ledger = l
		return w.gap
	}, w.now)
	if err != nil {
		w.Fatal(err)
	}
	w.o.handler = contracttest.Hold(w.T, w.o.handler)
	if w.heard != nil {
		inner := w.o.handler
		w.o.handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.heard(r); inner.ServeHTTP(rw, r) })
	}
	if w.o.watched, err = listenMetrics(w.config.MetricsListen, configFile); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.o.run(ctx, l) }()
	w.stop = func() {
		w.stop = func() {}
		cancel()
		if err := errors.Join(<-done, w.o.close(), f.Close()); err != nil {
			w.Errorf("stopping the operator: %v", err)
		}
	}
}

// restart stops the operator and starts it again on the same folder and port.
func (w *world) restart() {
	w.Helper()
	w.stop()
	l, err := net.Listen("tcp", w.config.Listen)
	if err != nil {
		w.Fatal(err)
	}
	w.start(l)
}

// step does one thing of a scenario and then holds everything against the invariants.
func (w *world) step(name string, f func() error) {
	w.Helper()
	if err := f(); err != nil {
		w.Fatalf("%s: %v", name, err)
	}
	if err := check(w.Context(), w.o.vaults, w.o.consents, w.o.ledger, func(v violation) {
		w.Errorf("after %q: invariant %d: %s", name, v.Invariant, v.What)
	}, func(string, int) {}); err != nil {
		w.Fatalf("checking invariants after %q: %v", name, err)
	}
}

// shop is a registered business with a folder of its own.
func (w *world) shop() *business.Business {
	w.Helper()
	return w.shopIn(filepath.Join(w.TempDir(), "shop"))
}

func (w *world) shopIn(folder string) *business.Business {
	w.Helper()
	b, err := business.Create(folder, business.Profile{
		V: 1, Operator: w.config.Origin, Name: "Corner Shop", Address: "1 Corner Street, 10115 Berlin",
		Contact: "privacy@corner.example", DPO: "dpo@corner.example", Authority: "Berliner Beauftragte für Datenschutz",
		PrivacyNotice: "http://localhost:8081/privacy", URL: "http://localhost:8081",
		Jurisdictions: []string{"DE"}, Language: "en", NoticeVersion: "1",
		Purposes: []string{delivery, marketing},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { b.Close() })
	if _, err := b.Register(w.Context()); err != nil {
		w.Fatal(err)
	}
	return b
}

const (
	delivery  = "https://w3id.org/dpv#DeliveryOfGoods"
	marketing = "https://w3id.org/dpv#DirectMarketing"
)

// asks is what the shop asks: delivery, and marketing with messages.
func asks() []consent.Asked {
	const basis = "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
	return []consent.Asked{{
		ID: "delivery", Purpose: delivery, Text: map[string]string{"en": "We hand your order to Parcel Co."},
		Required: []string{"name", "postal-address"}, Optional: []string{"phone"}, Days: 31, Retention: "P90D",
		Recipients: []consent.Recipient{{Name: "Parcel Co", Country: "DE"}}, LawfulBasis: basis, Channels: []string{},
	}, {
		ID: "marketing", Purpose: marketing, Text: map[string]string{"en": "We send offers to your inbox."},
		Required: []string{"email"}, Optional: []string{"shoe-size"}, Days: 365, Retention: "P1Y",
		Recipients: []consent.Recipient{}, LawfulBasis: basis, Channels: []string{consent.ChannelWallet}, WeeklyCap: 2,
	}}
}

// shopper is a wallet with an open vault.
func (w *world) shopper() *wallettest.Wallet {
	w.Helper()
	s := wallettest.New(w.config.Origin)
	if err := s.Open(w.Context()); err != nil {
		w.Fatal(err)
	}
	return s
}

// search is search in the operator's folder, and in what its database holds if that is
// elsewhere.
func (w *world) search(secrets map[string][]byte) (found []string, files int, err error) {
	w.Helper()
	if sqldbtest.OnPostgres() {
		dump := filepath.Join(w.folder, "dump")
		if err := os.WriteFile(dump, []byte(sqldbtest.Dump(w, databasePath(w.folder))), 0o600); err != nil {
			return nil, 0, err
		}
		defer os.Remove(dump)
	}
	return search(w.folder, secrets)
}

// search looks through every file of the operator for the spellings of secrets and
// returns where it found them.
func search(folder string, secrets map[string][]byte) (found []string, files int, err error) {
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the node replaces files of its own while we look
		}
		if err != nil || d.IsDir() || d.Type()&fs.ModeSocket != 0 { // a socket keeps nothing
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		files++
		for name, secret := range secrets {
			for how, spelling := range spellings(secret) {
				if bytes.Contains(b, spelling) {
					rel, _ := filepath.Rel(folder, path)
					found = append(found, fmt.Sprintf("%s (%s) in %s", name, how, rel))
				}
			}
		}
		return nil
	})
	return found, files, err
}

func spellings(secret []byte) map[string][]byte {
	return map[string][]byte{
		"raw":       secret,
		"base64url": []byte(base64.RawURLEncoding.EncodeToString(secret)),
		"base64":    []byte(base64.RawStdEncoding.EncodeToString(secret)),
		"hex":       []byte(hex.EncodeToString(secret)),
	}
}

// ids are a wallet's vault and documents, as secrets to search for.
func ids(s *wallettest.Wallet) map[string][]byte {
	secrets := map[string][]byte{"vault id": s.Vault[:]}
	for d := range s.Documents {
		secrets["document id "+d.String()] = append([]byte(nil), d[:]...)
	}
	return secrets
}

// grantOf is the grant that a business holds for a purpose of its request.
func grantOf(t testing.TB, b *business.Business, r id.Request, purpose string) id.Grant {
	t.Helper()
	status, err := b.Status(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range status.Purposes {
		if p.ID == purpose && !p.Grant.IsZero() {
			return p.Grant
		}
	}
	t.Fatalf("no grant for %s: %+v", purpose, status)
	return id.Grant{}
}
