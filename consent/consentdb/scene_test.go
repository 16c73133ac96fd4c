package consentdb_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/policies"
	"coffer/vault/vaultdb"
)

// scene is one operator with one shop and one shopper.
type scene struct {
	t       testing.TB
	folder  string
	clock   *consenttest.Clock
	ledger  *anchortest.Memory
	db      *sqldb.DB
	store   *consentdb.Store
	vaults  *vaultdb.Store
	shop    *consenttest.Shop
	shopper *consenttest.Shopper
}

func newScene(t testing.TB) *scene {
	t.Helper()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, folder: t.TempDir(), clock: consenttest.NewClock()}
	s.ledger = anchortest.NewMemory(consenttest.Chain, s.clock.Now)
	s.db, s.store, s.vaults = consenttest.Open(t, s.folder)
	s.shop = consenttest.NewShop(s.clock.Now)
	s.register(s.shop)
	s.shopper = consenttest.NewShopper(s.clock.Now, catalogue)
	s.shopper.Move(t, s.vaults)
	return s
}

func (s *scene) register(shop *consenttest.Shop) {
	s.t.Helper()
	card, jws := shop.Card()
	if _, err := s.store.Register(s.t.Context(), card, jws, consent.BusinessActive, s.clock.Now()); err != nil {
		s.t.Fatal(err)
	}
}

// reopen is a restart of the daemon.
func (s *scene) reopen() {
	s.t.Helper()
	if err := s.db.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.db, s.store, s.vaults = consenttest.Open(s.t, s.folder)
	s.shopper.Reopen(s.vaults)
}

func (s *scene) outbox() *consentdb.Outbox {
	return s.store.Outbox(s.ledger, s.clock.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// ask keeps a request of the shop.
func (s *scene) ask() consent.Request {
	s.t.Helper()
	q := s.shop.Request()
	s.do(s.store.PutRequest(s.t.Context(), q, s.clock.Now()))
	return q
}

// decide answers a new request with both purposes; nothing is anchored yet.
func (s *scene) decide() *consenttest.Answer {
	s.t.Helper()
	a := s.shopper.Decide(s.ask(), consenttest.Both)
	s.do(s.store.Decide(s.t.Context(), s.shopper.Stored(a)))
	return a
}

// give is decide, anchored.
func (s *scene) give() *consenttest.Answer {
	s.t.Helper()
	a := s.decide()
	s.drain()
	return a
}

func (s *scene) drain() {
	s.t.Helper()
	if left, err := s.outbox().Drain(s.t.Context()); err != nil || left != 0 {
		s.t.Fatalf("draining: %d left, %v", left, err)
	}
}

// permit posts the hour's permit for a grant.
func (s *scene) permit(h *consenttest.Held) {
	s.t.Helper()
	p := consentdb.Permit{Grant: h.Grant, Kind: consent.PermitCollect, Entry: s.shop.Permit(h, consent.LogHead{})}
	taken, err := s.store.TakePermits(s.t.Context(), s.shop.DID, []consentdb.Permit{p}, s.clock.Now())
	s.do(err)
	s.do(s.ledger.Append(s.t.Context(), p.Entry))
	s.do(s.store.AnchorPermits(s.t.Context(), taken))
}

func (s *scene) collect(h *consenttest.Held, attributes ...string) (consentdb.Collection, error) {
	return s.collectAs(s.shop.DID, h.Grant, attributes...)
}

func (s *scene) collectAs(by consent.DID, g id.Grant, attributes ...string) (consentdb.Collection, error) {
	return s.store.Collect(context.Background(), consentdb.Attempt{
		Business: by, Grant: g, Attributes: attributes, At: s.clock.Now(),
		Judge: func(consent.Business, consent.Grant, string) error { return nil },
	})
}

func (s *scene) withdraw(h *consenttest.Held) error {
	return s.store.Withdraw(s.t.Context(), consentdb.Withdrawal{
		Vault: s.shopper.Vault, Grant: h.Grant, Entry: h.Withdraw(anchor.EpochAt(s.clock.Now())),
		Receipt: s.shopper.WithdrawalReceipt(h), At: s.clock.Now(),
	})
}

func (s *scene) state(h *consenttest.Held) consentdb.Grant {
	s.t.Helper()
	g, err := s.store.Grant(s.t.Context(), s.shopper.Vault, h.Grant)
	s.do(err)
	return g
}

// sound runs the invariant checker, and holds the vault's shares against the grants.
func (s *scene) sound() {
	s.t.Helper()
	standing := map[id.Grant]bool{}
	s.do(s.store.States(s.t.Context(), func(g consent.Grant) error {
		standing[g.ID] = g.State == consent.StateLive || g.State == consent.StateAnchoring
		return nil
	}))
	s.do(s.db.Read(s.t.Context(), func(tx sqldb.Tx) error {
		shares, err := vaultdb.Shares(s.t.Context(), tx, s.shopper.Vault)
		for _, share := range shares {
			if !standing[share.Grant] {
				s.t.Error("not sound: a share outlives its grant")
			}
		}
		return err
	}))
	s.do(s.store.Reconcile(s.t.Context(), s.ledger, func(d consentdb.Discrepancy) { s.t.Errorf("not sound: %s", d.What) }))
}

func (s *scene) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// wants fails unless err is of the kind.
func wants(t testing.TB, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
}

// second is the error of what returns something, too.
func second[T any](_ T, err error) error { return err }
