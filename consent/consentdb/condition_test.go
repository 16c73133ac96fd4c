package consentdb_test

import (
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
)

const signedLease = "https://leases.example/terms#SignedLease"

// giveOn gives both purposes, marketing on that condition.
func (s *scene) giveOn(c consent.Condition) *consenttest.Answer {
	s.t.Helper()
	q := s.shop.Request(func(q *consent.Request) { q.Purposes[1].Condition = &c })
	s.do(s.store.PutRequest(s.t.Context(), q, s.clock.Now()))
	a := s.shopper.Decide(q, consenttest.Both)
	s.do(s.store.Decide(s.t.Context(), s.shopper.Stored(a)))
	s.drain()
	return a
}

// byCondition is the floor rules' part that looks at how a condition stands.
func byCondition(_ consent.Business, g consent.Grant, _ string) error {
	c := g.Condition
	if c != nil && (c.Proven() && !g.Standing.Met || c.Uses != nil && g.Standing.Used >= *c.Uses) {
		return &consent.Denial{Reason: consent.Unfulfilled}
	}
	return nil
}

// attempt is one under a judge of conditions.
func (s *scene) attempt(h *consenttest.Held) consentdb.Attempt {
	return consentdb.Attempt{Business: s.shop.DID, Grant: h.Grant, At: s.clock.Now(), Judge: byCondition}
}

// use collects under a judge of conditions, with a permit of this hour.
func (s *scene) use(h *consenttest.Held) error {
	s.t.Helper()
	s.permit(h)
	_, err := s.store.Collect(s.t.Context(), s.attempt(h))
	return err
}

// used is what the shopper is told.
func (s *scene) used(h *consenttest.Held) consentdb.Shown {
	s.t.Helper()
	all, err := s.store.Conditions(s.t.Context(), s.shopper.Vault, s.clock.Now())
	s.do(err)
	return all[h.Grant]
}

// present verifies evidence as the operator does, and keeps it.
func (s *scene) present(h *consenttest.Held, paper string) {
	s.t.Helper()
	hanging, err := s.store.Hanging(s.t.Context(), s.shop.DID, h.Grant, s.clock.Now())
	s.do(err)
	e, err := consent.OpenEvidence(s.t.Context(), agent.New(agent.Options{}), paper, hanging.Condition, hanging.About, s.clock.Now())
	s.do(err)
	s.do(s.store.PutEvidence(s.t.Context(), s.shop.DID, h.Grant, e, s.clock.Now()))
}

// What was shown stops to count when it lapses, and another paper takes its place.
func TestEvidenceLapses(t *testing.T) {
	s := newScene(t)
	landlord := consenttest.NewShop(s.clock.Now)
	h := s.giveOn(consent.Condition{Record: &consent.RecordCondition{Type: signedLease, Issuer: landlord.DID}}).Held[1]
	sign := func(from, until time.Duration) string {
		now := s.clock.Now()
		paper, err := landlord.SignRecord(agent.RecordTerms{Type: signedLease, Subject: consent.GrantURN(h.Grant), From: now.Add(from), Until: now.Add(until)})
		s.do(err)
		return paper
	}
	wants(t, s.use(h), consent.Unfulfilled)
	s.present(h, sign(0, 2*time.Hour))
	s.do(s.use(h))
	s.clock.Add(2*time.Hour - time.Second)
	s.do(s.use(h))
	if !s.used(h).Met {
		t.Error("the shopper is told that it is not met")
	}
	s.clock.Add(time.Second)
	wants(t, s.use(h), consent.Unfulfilled)
	if shown := s.used(h); shown.Met || len(shown.Evidence) != 1 {
		t.Errorf("the shopper is told %+v", shown)
	}
	s.present(h, sign(-time.Minute, time.Hour))
	s.do(s.use(h))
	s.sound()
}

// Those that come together do not share what is left for one.
func TestTheLastUseIsOneEvenInOneTurn(t *testing.T) {
	s := newScene(t)
	three := 3
	a := s.giveOn(consent.Condition{Uses: &three})
	h, other := a.Held[1], a.Held[0]
	s.permit(other)
	s.do(s.use(h))
	together := func(held ...*consenttest.Held) (through []bool) {
		var attempts []consentdb.Attempt
		for _, h := range held {
			attempts = append(attempts, s.attempt(h))
		}
		denied, err := s.store.CollectTogether(t.Context(), attempts...)
		s.do(err)
		for _, err := range denied {
			if err != nil {
				wants(t, err, consent.Unfulfilled)
			}
			through = append(through, err == nil)
		}
		return through
	}
	if got := together(h, other, h, h, other, h); got[0] != true || got[2] != true || got[3] || got[5] || !got[1] || !got[4] {
		t.Errorf("two uses were left for %v", got)
	}
	if got := together(h, other); got[0] || !got[1] {
		t.Errorf("none was left for %v", got)
	}
	if n := s.used(h).Used; n != three {
		t.Errorf("used %d times", n)
	}
	s.sound()
}

// Changing a grant gives no new uses, but renewing it gives all of them anew.
func TestUsesAlongALine(t *testing.T) {
	for _, c := range []struct {
		kind consent.ChangeKind
		to   consenttest.To
		used int
		next error
	}{
		{consent.ChangeNarrowed, consenttest.To{Channels: []string{}}, 1, consent.Unfulfilled},
		{consent.ChangeShortened, consenttest.To{Hours: 30}, 1, consent.Unfulfilled},
		{consent.ChangeRenewed, consenttest.To{}, 0, nil},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			s := newScene(t)
			once := 1
			a := s.giveOn(consent.Condition{Uses: &once})
			s.do(s.use(a.Held[1]))
			s.clock.Add(time.Hour)
			next := s.alter(a, a.Held[1], c.kind, c.to).Next
			s.drain()
			if n := s.used(next).Used; n != c.used {
				t.Errorf("used %d times, want %d", n, c.used)
			}
			wants(t, s.use(next), c.next)
			wants(t, s.use(next), consent.Unfulfilled)
			s.sound()
		})
	}
}

// What comes of a renewed grant shares that one's uses, until it is renewed itself.
func TestUsesAfterEachRenewal(t *testing.T) {
	s := newScene(t)
	once := 1
	a := s.giveOn(consent.Condition{Uses: &once})
	h := a.Held[1]
	for range 2 {
		s.do(s.use(h))
		s.clock.Add(time.Hour)
		h = s.alter(a, h, consent.ChangeRenewed, consenttest.To{}).Next
		s.drain()
		s.do(s.use(h))
		s.clock.Add(time.Hour)
		h = s.alter(a, h, consent.ChangeShortened, consenttest.To{Hours: 30}).Next
		s.drain()
		wants(t, s.use(h), consent.Unfulfilled)
		h = s.alter(a, h, consent.ChangeRenewed, consenttest.To{}).Next
		s.drain()
	}
	s.sound()
}
