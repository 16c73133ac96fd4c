package consentdb_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/sqldb/sqldbtest"
)

func TestABusinessCard(t *testing.T) {
	s := newScene(t)
	shop := consenttest.NewShop(s.clock.Now)
	first, jws := shop.Card()
	b, err := s.store.Register(t.Context(), first, jws, consent.BusinessPending, s.clock.Now())
	if err != nil || b.State != consent.BusinessPending || b.Name != "Corner Shop" || len(b.Purposes) != 2 {
		t.Fatalf("got %+v, %v", b, err)
	}
	s.do(s.store.SetBusinessState(t.Context(), shop.DID, consent.BusinessActive))
	if b, err = s.store.Register(t.Context(), first, jws, consent.BusinessPending, s.clock.Now()); err != nil || b.State != consent.BusinessActive {
		t.Fatalf("the same card again: %+v, %v", b, err)
	}
	s.clock.Add(time.Minute)
	newer, newerJWS := shop.Card(func(c *consent.Card) { c.Name = "Corner Shop & Sons" })
	if b, err = s.store.Register(t.Context(), newer, newerJWS, consent.BusinessPending, s.clock.Now()); err != nil || b.Name != "Corner Shop & Sons" || b.State != consent.BusinessActive {
		t.Fatalf("a newer card: %+v, %v", b, err)
	}
	_, err = s.store.Register(t.Context(), first, jws, consent.BusinessPending, s.clock.Now())
	wants(t, err, consentdb.ErrStale)
	wants(t, s.store.SetBusinessState(t.Context(), "did:key:zStranger", consent.BusinessActive), consent.ErrNotFound)
}

func TestARequestCountsOnce(t *testing.T) {
	s := newScene(t)
	q := s.ask()
	wants(t, s.store.PutRequest(t.Context(), q, s.clock.Now()), consentdb.ErrReplayed)
	again := s.shop.Request(func(r *consent.Request) { r.Nonce = q.Nonce })
	wants(t, s.store.PutRequest(t.Context(), again, s.clock.Now()), consentdb.ErrReplayed)
	other := consenttest.NewShop(s.clock.Now)
	s.register(other)
	// Nonces of two businesses may be equal: they cannot know of each other's.
	s.do(s.store.PutRequest(t.Context(), other.Request(func(r *consent.Request) { r.Nonce = q.Nonce }), s.clock.Now()))
}

func TestAnAssertionCountsOnce(t *testing.T) {
	s := newScene(t)
	use := func(jti string) bool {
		first, err := s.store.UseAssertion(t.Context(), s.shop.DID, jti, s.clock.Now().Add(time.Minute), s.clock.Now())
		s.do(err)
		return first
	}
	if !use("a") || use("a") || !use("b") {
		t.Fatal("a used assertion was taken, or a fresh one was not")
	}
}

func TestADecisionIsKeptWholeOrNotAtAll(t *testing.T) {
	s := newScene(t)
	q := s.ask()
	a := s.shopper.Decide(q, consenttest.Both)
	broken := s.shopper.Stored(a)
	broken.Given[1].Shares = slices.Clone(broken.Given[1].Shares)
	broken.Given[1].Shares[0].Document = id.New[id.Document]() // fails last
	if err := s.store.Decide(t.Context(), broken); err == nil {
		t.Fatal("a share of no document was kept")
	}
	if grants, err := s.store.Grants(t.Context(), s.shopper.Vault); err != nil || len(grants) != 0 {
		t.Fatalf("half of a decision was kept: %d grants, %v", len(grants), err)
	}
	if docs, err := s.vaults.Documents(t.Context(), s.shopper.Vault); err != nil || len(docs) != 0 {
		t.Fatalf("half of a decision was kept: %d documents, %v", len(docs), err)
	}
	if n, err := s.store.Queued(t.Context()); err != nil || n != 0 {
		t.Fatalf("half of a decision was kept: %d entries, %v", n, err)
	}
	s.do(s.store.Decide(t.Context(), s.shopper.Stored(a)))
	wants(t, s.store.Decide(t.Context(), s.shopper.Stored(a)), consentdb.ErrAnswered)
	s.drain()
	s.sound()
}

func TestADecisionIsRefused(t *testing.T) {
	s := newScene(t)
	first := s.decide()

	reused := s.shopper.Stored(s.shopper.Decide(s.ask(), consenttest.Both))
	reused.Given[0].Grant.ID = first.Held[0].Grant
	wants(t, s.store.Decide(t.Context(), reused), consentdb.ErrReplayed)

	handle := s.shopper.Stored(s.shopper.Decide(s.ask(), consenttest.Both))
	handle.Given[0].Grant.Handle = first.Held[0].Entry.HandleKey
	wants(t, s.store.Decide(t.Context(), handle), consentdb.ErrReplayed)

	late := s.shopper.Decide(s.ask(), consenttest.Both)
	s.clock.Add(24 * time.Hour)
	wants(t, s.store.Decide(t.Context(), s.shopper.Stored(late)), consentdb.ErrExpired)

	unasked := s.shopper.Decide(s.shop.Request(), consenttest.Both)
	wants(t, s.store.Decide(t.Context(), s.shopper.Stored(unasked)), consent.ErrNotFound)

	// Nothing given, nothing put: and still the vault must exist.
	stranger := consenttest.NewShopper(s.clock.Now, s.shopper.Catalogue)
	if err := s.store.Decide(t.Context(), stranger.Stored(stranger.Decide(s.ask(), nil))); err == nil {
		t.Fatal("a vault that does not exist has decided")
	}
}

func TestARequestIsHiddenFromOthersOnceAnswered(t *testing.T) {
	s := newScene(t)
	q := s.ask()
	other := consenttest.NewShopper(s.clock.Now, s.shopper.Catalogue)
	if _, err := s.store.Request(t.Context(), other.Vault, q.ID); err != nil {
		t.Fatalf("an open request is for whoever has the link: %v", err)
	}
	s.do(s.store.Decide(t.Context(), s.shopper.Stored(s.shopper.Decide(q, nil))))
	_, err := s.store.Request(t.Context(), other.Vault, q.ID)
	wants(t, err, consent.ErrNotFound)
	mine, err := s.store.Request(t.Context(), s.shopper.Vault, q.ID)
	if err != nil || mine.Status(s.clock.Now()) != consentdb.StatusAnswered {
		t.Fatalf("got %+v, %v", mine, err)
	}
	answer, err := s.store.RequestOf(t.Context(), s.shop.DID, q.ID)
	if err != nil || !strings.Contains(answer.Document, `"refuse":["delivery","marketing"]`) {
		t.Fatalf("got %+v, %v", answer, err)
	}
	_, err = s.store.RequestOf(t.Context(), "did:key:zOther", q.ID)
	wants(t, err, consent.ErrNotFound)
}

func TestABusinessLearnsOfEverything(t *testing.T) {
	s := newScene(t)
	a := s.give()
	s.do(s.withdraw(a.Held[0]))
	events, err := s.store.Events(t.Context(), s.shop.DID, 0, 100)
	s.do(err)
	var kinds []string
	for i, e := range events {
		kinds = append(kinds, string(e.Kind))
		if e.Seq != int64(i)+1 {
			t.Errorf("event %d has number %d", i, e.Seq)
		}
	}
	if got := strings.Join(kinds, " "); got != "answered live live withdrawn" {
		t.Fatalf("got %s", got)
	}
	rest, err := s.store.Events(t.Context(), s.shop.DID, events[2].Seq, 100)
	if err != nil || len(rest) != 1 || rest[0].Grant != a.Held[0].Grant {
		t.Fatalf("after the cursor: %+v, %v", rest, err)
	}
	other, err := s.store.Events(t.Context(), "did:key:zOther", 0, 100)
	if err != nil || len(other) != 0 {
		t.Fatalf("another business learns %+v, %v", other, err)
	}
}

// Every key of a vault's data begins with vault_id, so that the tables can be spread
// over machines by it; what names no vault has no column for it.
func TestKeysAreLedByTheVault(t *testing.T) {
	if ofVaults, others := sqldbtest.Shardable(t, consentdb.Schema); ofVaults < 10 || len(others) < 10 {
		t.Errorf("looked at %d tables of vaults and %v only", ofVaults, others)
	}
}
