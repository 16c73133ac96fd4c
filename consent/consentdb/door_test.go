package consentdb_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/keyring/keyringtest"
	"coffer/internal/sqldb"
)

var errDisk = errors.New("a page of this vault cannot be read")

// failing is a vault of which one grant's documents cannot be read.
type failing struct {
	consenttest.Keeper
	grant id.Grant
}

func (f failing) Releases(ctx context.Context, tx sqldb.Tx, wants []consentdb.Want) ([][]consent.Release, error) {
	for _, w := range wants {
		if w.Grant == f.grant {
			return nil, errDisk
		}
	}
	return f.Keeper.Releases(ctx, tx, wants)
}

func TestOneFailingAttemptTakesNoOtherDown(t *testing.T) {
	s := newScene(t)
	a := s.give()
	s.permit(a.Held[0])
	s.permit(a.Held[1])
	s.store = consentdb.New(s.db, failing{grant: a.Held[1].Grant}, keyringtest.At(t, filepath.Join(s.folder, "keyring.db")))
	var wg sync.WaitGroup
	for i := range 200 { // more than one turn takes
		wg.Go(func() {
			switch _, err := s.collect(a.Held[i%2]); {
			case i%2 == 0 && err != nil:
				t.Error(err)
			case i%2 == 1 && !errors.Is(err, errDisk):
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	rows, err := s.store.Accesses(t.Context(), s.shopper.Vault, id.Grant{}, consentdb.AccessCursor{}, 1000)
	if err != nil || len(rows) != 100 {
		t.Fatalf("%d rows for 100 releases, %v", len(rows), err)
	}
	s.sound()
}

// counting is a vault that notes how often it is asked for a release.
type counting struct {
	consenttest.Keeper
	asked *atomic.Int64
}

func (c counting) Releases(ctx context.Context, tx sqldb.Tx, wants []consentdb.Want) ([][]consent.Release, error) {
	c.asked.Add(int64(len(wants)))
	return c.Keeper.Releases(ctx, tx, wants)
}

// One grant may come many times in one turn: each time has its place in the log, and
// none has to come again.
func TestOneGrantManyTimesInATurn(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	s.permit(h)
	var asked atomic.Int64
	s.store = consentdb.New(s.db, counting{asked: &asked}, keyringtest.At(t, filepath.Join(s.folder, "keyring.db")))
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if _, err := s.collect(h); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := asked.Load(); n != 100 {
		t.Errorf("the vault was asked for %d releases", n)
	}
	s.sound()
}

// What is remembered of a grant and its business must not outlive a change.
func TestAChangeIsSeenAtOnce(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	s.permit(h)
	var seen consent.Business
	collect := func() error {
		_, err := s.store.Collect(t.Context(), consentdb.Attempt{
			Business: s.shop.DID, Grant: h.Grant, At: s.clock.Now(),
			Judge: func(b consent.Business, _ consent.Grant, _ string) error {
				seen = b
				if len(b.Purposes) < 2 {
					return &consent.Denial{Reason: consent.ByPolicy}
				}
				return nil
			},
		})
		return err
	}
	s.do(collect())
	s.do(s.store.SetBusinessState(t.Context(), s.shop.DID, consent.BusinessSuspended))
	wants(t, collect(), consentdb.ErrSuspended)
	s.do(s.store.SetBusinessState(t.Context(), s.shop.DID, consent.BusinessActive))
	s.do(collect())

	s.clock.Add(time.Second)
	card, jws := s.shop.Card(func(c *consent.Card) { c.Purposes = []string{consenttest.Marketing} })
	if _, err := s.store.Register(t.Context(), card, jws, consent.BusinessActive, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	wants(t, collect(), consent.ByPolicy)
	if len(seen.Purposes) != 1 {
		t.Fatalf("the policy was asked about %v", seen.Purposes)
	}
}

// A Judge that panics takes down its own request, and leaves the door open.
func TestAPanicLeavesTheDoorOpen(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	s.permit(h)
	func() {
		defer func() { _ = recover() }()
		_, _ = s.store.Collect(t.Context(), consentdb.Attempt{Business: s.shop.DID, Grant: h.Grant, At: s.clock.Now(),
			Judge: func(_ consent.Business, _ consent.Grant, attribute string) error {
				if attribute == "" {
					return errDisk // not agreed, so it is asked again in the turn
				}
				panic("a policy with a hole")
			}})
		t.Error("the panic was swallowed")
	}()
	if _, err := s.collect(h); err != nil {
		t.Fatal(err)
	}
}
