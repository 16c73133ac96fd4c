package consentdb_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

func given(c consentdb.Collection) (names []string) {
	for _, r := range c.Releases {
		names = append(names, r.Attribute)
	}
	slices.Sort(names)
	return names
}

func TestCollect(t *testing.T) {
	s := newScene(t)
	a := s.give()
	delivery := a.Held[0]
	_, err := s.collect(delivery)
	wants(t, err, consent.NoPermit)
	s.permit(delivery)

	all, err := s.collect(delivery)
	if err != nil || !slices.Equal(given(all), []string{"name", "postal-address"}) {
		t.Fatalf("got %v, %v", given(all), err)
	}
	some, err := s.collect(delivery, "name", "shoe-size")
	if err != nil || !slices.Equal(given(some), []string{"name"}) || len(some.Refused) != 1 ||
		some.Refused[0].Attribute != "shoe-size" || some.Refused[0].Denial.Reason != consent.NotCovered {
		t.Fatalf("got %+v, %v", some, err)
	}
	_, err = s.collect(delivery, "shoe-size")
	wants(t, err, consent.NotCovered)
	if d := consent.DenialOf(err); d.What != "shoe-size" {
		t.Fatalf("the answer does not name the attribute: %v", err)
	}

	// A permit is for its hour.
	s.clock.Add(time.Hour)
	_, err = s.collect(delivery)
	wants(t, err, consent.NoPermit)
	s.clock.Add(31 * 24 * time.Hour)
	_, err = s.collect(delivery)
	wants(t, err, consent.GrantExpired)

	// Every attempt is in the log, and the chain holds.
	rows, err := s.store.Accesses(t.Context(), s.shopper.Vault, delivery.Grant, consentdb.AccessCursor{}, 100)
	s.do(err)
	slices.Reverse(rows)
	var texts, refused []string
	for _, r := range rows {
		texts = append(texts, r.Row)
	}
	log, err := consent.VerifyLog(texts, delivery.Grant, rows[len(rows)-1].Head)
	s.do(err)
	for _, a := range log {
		refused = append(refused, a.Refused)
	}
	if want := []string{"no-permit", "", "not-covered", "not-covered", "no-permit", "expired"}; !slices.Equal(refused, want) {
		t.Fatalf("the log says %q, want %q", refused, want)
	}
	if head, err := s.store.LogHead(t.Context(), s.shopper.Vault, delivery.Grant); err != nil || head != rows[len(rows)-1].Head {
		t.Fatalf("head %v, %v", head, err)
	}
	s.sound()
}

func TestCollectIsRefused(t *testing.T) {
	s := newScene(t)
	unanchored := s.decide().Held[0]
	_, err := s.collect(unanchored)
	wants(t, err, consent.NotAnchored)
	s.drain()
	s.permit(unanchored)

	_, err = s.collectAs("did:key:zOther", unanchored.Grant)
	wants(t, err, consent.ErrNotFound)
	_, err = s.collectAs(s.shop.DID, id.New[id.Grant]())
	wants(t, err, consent.ErrNotFound)

	_, err = s.store.Collect(t.Context(), consentdb.Attempt{
		Business: s.shop.DID, Grant: unanchored.Grant, At: s.clock.Now(),
		Judge: func(consent.Business, consent.Grant, string) error {
			return &consent.Denial{Reason: consent.ByPolicy, What: "a rule"}
		},
	})
	wants(t, err, consent.ByPolicy)

	s.do(s.withdraw(unanchored))
	_, err = s.collect(unanchored)
	wants(t, err, consent.Withdrawn)
	s.drain()
	s.sound()
}

// A stranger learns nothing and leaves nothing, whether the grant was collected under
// before or not.
func TestAStrangerLeavesNoTrace(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	s.permit(h)
	stranger := func() {
		t.Helper()
		_, err := s.store.Collect(t.Context(), consentdb.Attempt{Business: "did:key:zOther", Grant: h.Grant, At: s.clock.Now(),
			Judge: func(consent.Business, consent.Grant, string) error {
				t.Error("the policy was asked for a stranger")
				return nil
			}})
		wants(t, err, consent.ErrNotFound)
	}
	stranger()
	if _, err := s.collect(h); err != nil {
		t.Fatal(err)
	}
	stranger()
	s.reopen()
	stranger()
	rows, err := s.store.Accesses(t.Context(), s.shopper.Vault, h.Grant, consentdb.AccessCursor{}, 100)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows for one collection, %v", len(rows), err)
	}
}

func TestPermitsAreRefused(t *testing.T) {
	s := newScene(t)
	a := s.give()
	post := func(by consent.DID, p consentdb.Permit) error {
		p.Kind = consent.PermitCollect
		_, err := s.store.TakePermits(t.Context(), by, []consentdb.Permit{p}, s.clock.Now())
		return err
	}
	good := consentdb.Permit{Grant: a.Held[0].Grant, Entry: s.shop.Permit(a.Held[0], consent.LogHead{})}
	wants(t, post("did:key:zOther", good), consent.ErrNotFound)
	wants(t, post(s.shop.DID, consentdb.Permit{Grant: id.New[id.Grant](), Entry: good.Entry}), consent.ErrNotFound)
	wants(t, post(s.shop.DID, consentdb.Permit{Grant: a.Held[1].Grant, Entry: good.Entry}), consent.BadEntry)

	// One that is kept but not anchored opens nothing.
	s.do(post(s.shop.DID, good))
	_, err := s.collect(a.Held[0])
	wants(t, err, consent.NoPermit)

	s.do(s.withdraw(a.Held[0]))
	wants(t, post(s.shop.DID, good), consent.Withdrawn)
	s.clock.Add(100 * 24 * time.Hour)
	wants(t, post(s.shop.DID, consentdb.Permit{Grant: a.Held[1].Grant, Entry: good.Entry}), consent.GrantExpired)
}

func TestAMessagePermitOpensNoGate(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[1]
	s.deliver(s.message(h))
	_, err := s.collect(h)
	wants(t, err, consent.NoPermit)
}

func TestAWaitingPermitIsSettled(t *testing.T) {
	s := newScene(t)
	a := s.give()
	for i, h := range a.Held {
		p := consentdb.Permit{Grant: h.Grant, Kind: consent.PermitCollect, Entry: s.shop.Permit(h, consent.LogHead{})}
		_, err := s.store.TakePermits(t.Context(), s.shop.DID, []consentdb.Permit{p}, s.clock.Now())
		s.do(err)
		if i == 0 { // committed, and then the daemon died
			s.do(s.ledger.Append(t.Context(), p.Entry))
		}
	}
	s.reopen()
	s.do(s.outbox().Sweep(t.Context()))
	if _, err := s.collect(a.Held[0]); err != nil {
		t.Fatalf("a permit that is on the ledger does not count: %v", err)
	}
	_, err := s.collect(a.Held[1])
	wants(t, err, consent.NoPermit)
	s.clock.Add(4 * time.Hour)
	s.do(s.outbox().Sweep(t.Context()))
	if waiting, err := s.store.WaitingPermits(t.Context(), 10); err != nil || len(waiting) != 0 {
		t.Fatalf("%d permits wait for ever, %v", len(waiting), err)
	}
}

// After Withdraw has returned, no Collect succeeds, whatever was under way.
func TestNoReleaseFollowsAWithdrawal(t *testing.T) {
	s := newScene(t)
	for range 15 {
		h := s.give().Held[0]
		s.permit(h)
		begin, withdrawn := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				<-begin
				for {
					over := false
					select {
					case <-withdrawn:
						over = true
					default:
					}
					_, err := s.collect(h)
					switch {
					case err == nil && over:
						t.Error("a release followed the withdrawal")
					case err != nil && consent.DenialOf(err) == nil:
						t.Error(err)
					}
					if over {
						return
					}
				}
			})
		}
		close(begin)
		if _, err := s.collect(h); err != nil {
			t.Fatal(err)
		}
		s.do(s.withdraw(h))
		close(withdrawn)
		wg.Wait()
	}
	s.drain()
	s.sound()
}

func TestAChangedDocumentIsSharedAgainOrNot(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	s.permit(h)
	share := h.Shares[0]
	share.Version = 2
	doc := consenttest.SealedDocument(share.Document, 2)
	update := func(grant id.Grant, attribute string) error {
		return s.update(doc, consent.Share{Grant: grant, Document: share.Document, Version: 2, Attribute: attribute, EncryptedKey: share.EncryptedKey})
	}
	wants(t, update(id.New[id.Grant](), "name"), consent.ErrNotFound)
	wants(t, update(h.Grant, "shoe-size"), consent.NotCovered)
	s.do(update(h.Grant, "name"))
	if c, err := s.collect(h); err != nil || len(c.Releases) != 2 {
		t.Fatalf("got %v, %v", given(c), err)
	}
	s.do(s.update(consenttest.SealedDocument(share.Document, 3)))
	if c, err := s.collect(h); err != nil || !slices.Equal(given(c), []string{"postal-address"}) || len(c.Refused) != 1 {
		t.Fatalf("got %v, %v", given(c), err)
	}
	s.do(s.withdraw(h))
	wants(t, s.update(consenttest.SealedDocument(share.Document, 4), consent.Share{Grant: h.Grant, Document: share.Document, Version: 4, Attribute: "name", EncryptedKey: share.EncryptedKey}), consent.Withdrawn)
	s.sound()
}
