package consentdb_test

import (
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/keyring/keyringtest"
)

const delivery = consenttest.Delivery

// changes is one call for the shop's deliveries.
func (s *scene) changes(from consentdb.ChangeCursor, edit ...func(*consentdb.Bulk)) ([]consentdb.Gathered, consentdb.ChangeCursor, bool) {
	s.t.Helper()
	b := consentdb.Bulk{Business: s.shop.DID, Purpose: delivery, Cursor: from, At: s.clock.Now(),
		Judge: func(consent.Business, consent.Grant, string) error { return nil }}
	for _, e := range edit {
		e(&b)
	}
	got, next, complete, err := s.store.CollectChanges(s.t.Context(), b)
	s.do(err)
	return got, next, complete
}

func until(n int64) func(*consentdb.Bulk) { return func(b *consentdb.Bulk) { b.Until = n } }

// change gives the first document of a grant a new version, shared again under the
// grants named.
func (s *scene) change(version int64, grants ...*consenttest.Held) {
	s.t.Helper()
	doc := grants[0].Shares[0].Document
	var shares []consent.Share
	for _, h := range grants {
		share := h.Shares[0]
		share.Version = version
		shares = append(shares, share)
	}
	s.do(s.update(consenttest.SealedDocument(doc, version), shares...))
}

func TestCollectChanges(t *testing.T) {
	s := newScene(t)
	a, b, c := s.give().Held[0], s.give().Held[0], s.give().Held[0]
	s.permit(a)
	s.permit(c)
	s.decide() // on its way to the ledger: not yet among what changed

	got, next, complete := s.changes(consentdb.ChangeCursor{})
	if len(got) != 3 || !complete || got[0].Grant != a.Grant || got[1].Grant != b.Grant || got[2].Grant != c.Grant {
		t.Fatalf("got %+v", got)
	}
	if g := got[0]; g.Denied != nil || !slices.Equal(given(g.Collection), []string{"name", "postal-address"}) {
		t.Fatalf("got %+v", g)
	}
	wants(t, got[1].Denied, consent.NoPermit)
	if head, err := s.store.LogHead(t.Context(), s.shopper.Vault, a.Grant); err != nil || head != got[0].Log || head == (consent.LogHead{}) {
		t.Fatalf("the log's head is %v, the business heard %v: %v", head, got[0].Log, err)
	}
	if log, err := s.store.Accesses(t.Context(), s.shopper.Vault, b.Grant, consentdb.AccessCursor{}, 9); err != nil || len(log) != 1 {
		t.Fatalf("a denied grant has %d access rows, %v", len(log), err)
	}

	// Nothing changed; then one document of one grant; then a grant goes live.
	if got, again, complete := s.changes(next); len(got) != 0 || !complete || again != next {
		t.Fatalf("got %+v, %v", got, again)
	}
	s.change(2, a)
	got, next, _ = s.changes(next)
	if len(got) != 1 || got[0].Grant != a.Grant || !slices.Equal(given(got[0].Collection), []string{a.Shares[0].Attribute}) {
		t.Fatalf("got %+v", got)
	}
	s.drain()
	if got, next, _ = s.changes(next); len(got) != 1 {
		t.Fatalf("got %+v", got)
	}
	// What changed last week is still there for who begins anew, once each.
	if got, _, _ = s.changes(consentdb.ChangeCursor{}); len(got) != 4 || len(got[2].Releases) != 2 || got[2].Grant != a.Grant {
		t.Fatalf("got %+v", got)
	}
	s.sound()
}

// A grant that changes while a business is on its way loses nothing.
func TestAChangeOnTheWay(t *testing.T) {
	s := newScene(t)
	var held []*consenttest.Held
	for range 3 {
		held = append(held, s.give().Held[0])
		s.permit(held[len(held)-1])
	}
	all, _, _ := s.changes(consentdb.ChangeCursor{})
	_, half, complete := s.changes(consentdb.ChangeCursor{}, until(all[0].Cursor.At))
	if complete || half.Since != 0 || half.At != all[0].Cursor.At {
		t.Fatalf("half way is %+v", half)
	}
	s.change(2, held[2]) // not collected yet: both attributes are due
	got, next, complete := s.changes(half)
	if !complete || len(got) != 2 || got[1].Grant != held[2].Grant || len(got[1].Releases) != 2 {
		t.Fatalf("got %+v", got)
	}
	if got, _, _ := s.changes(next); len(got) != 0 {
		t.Fatalf("got %+v twice", got)
	}
}

func TestDueChanges(t *testing.T) {
	s := newScene(t)
	a, b := s.give().Held[0], s.give().Held[0]
	s.permit(b)
	ask := consentdb.Bulk{Business: s.shop.DID, Purpose: delivery, At: s.clock.Now()}
	due, next, complete, err := s.store.DueChanges(t.Context(), ask, 10)
	s.do(err)
	if want := []consentdb.Due{{Grant: a.Grant}, {Grant: b.Grant, Permitted: true}}; complete || !slices.Equal(due, want) {
		t.Fatalf("got %+v, want %+v", due, want)
	}
	ask.Cursor = next
	due, last, complete, err := s.store.DueChanges(t.Context(), ask, 10)
	s.do(err)
	if len(due) != 0 || !complete || last.Since != last.At || last.At < next.At {
		t.Fatalf("got %+v, %+v", due, last)
	}
	if log, err := s.store.Accesses(t.Context(), s.shopper.Vault, a.Grant, consentdb.AccessCursor{}, 9); err != nil || len(log) != 0 {
		t.Fatalf("listing logged %d accesses, %v", len(log), err)
	}
}

func TestCollectChangesIsRefused(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	s.permit(h)
	ask := consentdb.Bulk{Business: s.shop.DID, Purpose: delivery, At: s.clock.Now(),
		Judge: func(consent.Business, consent.Grant, string) error { return &consent.Denial{Reason: consent.ByPolicy} }}
	got, _, _, err := s.store.CollectChanges(t.Context(), ask)
	s.do(err)
	wants(t, got[0].Denied, consent.ByPolicy)

	ahead := ask
	ahead.Cursor = consentdb.ChangeCursor{Since: 1, At: 1 << 40}
	_, _, _, err = s.store.CollectChanges(t.Context(), ahead)
	wants(t, err, consentdb.ErrCursor)

	other := consenttest.NewShop(s.clock.Now)
	s.register(other)
	ask.Business = other.DID
	if got, _, _, err := s.store.CollectChanges(t.Context(), ask); err != nil || len(got) != 0 {
		t.Fatalf("another business gets %+v, %v", got, err)
	}
	s.do(s.store.SetBusinessState(t.Context(), s.shop.DID, consent.BusinessSuspended))
	ask.Business = s.shop.DID
	_, _, _, err = s.store.CollectChanges(t.Context(), ask)
	wants(t, err, consentdb.ErrSuspended)
	s.sound()
}

// After Withdraw has returned, no page holds a release under it.
func TestNoPageFollowsAWithdrawal(t *testing.T) {
	s := newScene(t)
	for range 5 {
		h := s.give().Held[0]
		s.permit(h)
		begin, withdrawn := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				<-begin
				for over := false; !over; {
					select {
					case <-withdrawn:
						over = true
					default:
					}
					got, _, _ := s.changes(consentdb.ChangeCursor{})
					for _, g := range got {
						if over && g.Grant == h.Grant && len(g.Releases) > 0 {
							t.Error("a release followed the withdrawal")
						}
					}
				}
			})
		}
		close(begin)
		s.do(s.withdraw(h))
		close(withdrawn)
		wg.Wait()
	}
	s.drain()
	s.sound()
}

func TestErasingForgetsChanges(t *testing.T) {
	s := newScene(t)
	s.permit(s.give().Held[0])
	_, err := s.store.Erase(t.Context(), s.shopper.Vault, nil, s.clock.Now())
	s.do(err)
	if got, _, _ := s.changes(consentdb.ChangeCursor{}); len(got) != 0 {
		t.Fatalf("got %+v of an erased vault", got)
	}
}

func TestChangeCursor(t *testing.T) {
	c := consentdb.ChangeCursor{Since: 3, At: 7}
	text := c.Text(delivery)
	if got, err := consentdb.ParseChangeCursor(text, delivery); err != nil || got != c {
		t.Fatalf("got %+v, %v", got, err)
	}
	if got, err := consentdb.ParseChangeCursor("", delivery); err != nil || got != (consentdb.ChangeCursor{}) {
		t.Fatalf("the beginning is %+v, %v", got, err)
	}
	for name, bad := range map[string]string{
		"another purpose's": c.Text("https://w3id.org/dpv#DirectMarketing"), "short": text[:len(text)-4], "long": text + "AAAA",
		"no base64": "?" + text[1:], "backwards": consentdb.ChangeCursor{Since: 7, At: 3}.Text(delivery),
		"negative": consentdb.ChangeCursor{Since: -1, At: 3}.Text(delivery), "an id": id.New[id.Grant]().String(),
	} {
		_, err := consentdb.ParseChangeCursor(bad, delivery)
		if err == nil {
			t.Errorf("a cursor that is %s counts", name)
		}
	}
}

// A document that cannot be read holds up no other grant's.
func TestOneFailingGrantHoldsUpNoOther(t *testing.T) {
	s := newScene(t)
	a, b := s.give().Held[0], s.give().Held[0]
	s.permit(a)
	s.permit(b)
	s.store = consentdb.New(s.db, failing{grant: a.Grant}, keyringtest.At(t, filepath.Join(s.folder, "keyring.db")))
	got, _, complete := s.changes(consentdb.ChangeCursor{})
	if !complete || len(got) != 2 || !errors.Is(got[0].Denied, errDisk) || len(got[0].Releases) != 0 || got[1].Denied != nil || len(got[1].Releases) != 2 {
		t.Fatalf("got %+v", got)
	}
	s.sound()
}
