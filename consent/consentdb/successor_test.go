package consentdb_test

import (
	"slices"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

// alter changes a grant; the successor is not anchored yet.
func (s *scene) alter(a *consenttest.Answer, h *consenttest.Held, kind consent.ChangeKind, to consenttest.To) *consenttest.Changed {
	s.t.Helper()
	c, err := s.tryAlter(a, h, kind, to)
	s.do(err)
	return c
}

func (s *scene) tryAlter(a *consenttest.Answer, h *consenttest.Held, kind consent.ChangeKind, to consenttest.To) (*consenttest.Changed, error) {
	c := s.shopper.Change(a.Request, h, kind, to)
	return c, s.store.Change(s.t.Context(), c.Stored(a.Request))
}

// took collects with a permit of this hour.
func (s *scene) took(h *consenttest.Held) []string {
	s.t.Helper()
	s.permit(h)
	c, err := s.collect(h)
	s.do(err)
	var names []string
	for _, r := range c.Releases {
		names = append(names, r.Attribute)
	}
	slices.Sort(names)
	return names
}

// Each kind: the old grant gives nothing from the first moment, and the successor gives
// what it names once it is on the ledger.
func TestAGrantIsFollowedByItsSuccessor(t *testing.T) {
	for _, c := range []struct {
		kind   consent.ChangeKind
		to     consenttest.To
		denied error
		loop   bool
		end    func(start, old anchor.Epoch) anchor.Epoch
	}{
		{consent.ChangeNarrowed, consenttest.To{Attributes: []string{}}, consent.Narrowed, true, func(_, old anchor.Epoch) anchor.Epoch { return old }},
		{consent.ChangeNarrowed, consenttest.To{Channels: []string{}}, consent.Narrowed, false, func(_, old anchor.Epoch) anchor.Epoch { return old }},
		{consent.ChangeShortened, consenttest.To{Hours: 30}, consent.Narrowed, false, func(start, _ anchor.Epoch) anchor.Epoch { return start + 30 }},
		{consent.ChangeRenewed, consenttest.To{}, consent.Replaced, false, func(start, _ anchor.Epoch) anchor.Epoch { return start + 90*24 }},
		{consent.ChangeRenewed, consenttest.To{Attributes: []string{}}, consent.Replaced, true, func(start, _ anchor.Epoch) anchor.Epoch { return start + 90*24 }},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			s := newScene(t)
			a := s.give()
			h := a.Held[1] // shoe-size, and the inbox
			s.took(h)
			s.clock.Add(10 * 24 * time.Hour)
			changed := s.alter(a, h, c.kind, c.to)
			_, err := s.collect(h)
			wants(t, err, c.denied)
			if d := consent.DenialOf(err); d.Successor != changed.Next.Grant {
				t.Errorf("the business is sent to %s", d.Successor)
			}
			_, err = s.collect(changed.Next)
			wants(t, err, consent.NotAnchored)
			if n, _ := s.store.Queued(t.Context()); n != 2 {
				t.Errorf("%d entries in the outbox", n)
			}
			s.sound()
			s.drain()
			s.sound()
			old, next := s.state(h), s.state(changed.Next)
			if old.State != consent.StateReplaced || !old.WithdrawAnchored || old.Change != c.kind || next.State != consent.StateLive {
				t.Errorf("%s by %s, then %s", old.State, old.Change, next.State)
			}
			if want := c.end(anchor.EpochAt(s.clock.Now()), old.End); next.End != want {
				t.Errorf("it ends at %d, want %d", next.End, want)
			}
			if len(changed.Next.Attributes) > 0 && !slices.Equal(s.took(changed.Next), []string{"shoe-size"}) {
				t.Error("the successor releases something else")
			}
			events, err := s.store.Events(t.Context(), s.shop.DID, 0, 100)
			s.do(err)
			n := slices.IndexFunc(events, func(e consentdb.Event) bool { return e.Kind == consentdb.EventKind(c.kind) })
			if n < 0 || events[n].Grant != h.Grant || events[n].Successor != changed.Next.Grant {
				t.Errorf("told of %+v", events)
			}
			if _, open := s.loop(h); open != c.loop {
				t.Errorf("a loop: %t", open)
			}
			if !c.loop {
				wants(t, s.acknowledge(h, consent.EndWithdrawn), consentdb.ErrNotOver)
				return
			}
			s.do(s.acknowledge(h, consent.Ending(c.kind)))
			_, jws := s.shop.StateDeletion(h.Grant, []string{"shoe-size"})
			d, _ := s.shop.StateDeletion(h.Grant, []string{"shoe-size", "name"})
			wants(t, second(s.store.PutDeletion(t.Context(), d, jws, s.clock.Now())), consent.WrongStatement)
			s.do(s.stateDeletion(h)) // what was dropped is all that the grant named
		})
	}
}

// What is owed after a narrowing is what was dropped, and nothing that the successor has.
func TestOnlyWhatWasDroppedMustBeDeleted(t *testing.T) {
	s := newScene(t)
	a := s.shopper.Decide(s.ask(), consenttest.Choice{"delivery": {"name", "postal-address", "phone"}})
	s.do(s.store.Decide(t.Context(), s.shopper.Stored(a)))
	s.drain()
	h := a.Held[0]
	s.alter(a, h, consent.ChangeNarrowed, consenttest.To{Attributes: []string{"name", "postal-address"}})
	s.drain()
	wants(t, s.stateDeletion(h), consent.WrongStatement)
	d, jws := s.shop.StateDeletion(h.Grant, []string{"phone"})
	s.do(second(s.store.PutDeletion(t.Context(), d, jws, s.clock.Now())))
	s.sound()
}

func TestAPauseAndItsEnd(t *testing.T) {
	s := newScene(t)
	a := s.give()
	h, end := a.Held[1], a.Held[1].Until()
	s.alter(a, h, consent.ChangePaused, consenttest.To{})
	_, err := s.collect(h)
	wants(t, err, consent.Paused)
	_, err = s.tryAlter(a, h, consent.ChangePaused, consenttest.To{})
	wants(t, err, consent.Paused)
	_, err = s.tryAlter(a, h, consent.ChangeNarrowed, consenttest.To{Attributes: []string{}})
	wants(t, err, consent.Paused)
	s.drain()
	s.sound()
	if _, open := s.loop(h); open {
		t.Error("a pause opens a loop")
	}
	s.clock.Add(48 * time.Hour)
	resumed := s.alter(a, h, consent.ChangeResumed, consenttest.To{})
	if n, _ := s.store.Queued(t.Context()); n != 1 {
		t.Errorf("%d entries in the outbox: a pause is off the ledger", n)
	}
	s.drain()
	s.sound()
	if got := s.took(resumed.Next); !slices.Equal(got, []string{"shoe-size"}) || s.state(resumed.Next).End != end {
		t.Errorf("released %q until %d", got, s.state(resumed.Next).End)
	}
	_, err = s.collect(h)
	wants(t, err, consent.Replaced)
	_, err = s.tryAlter(a, resumed.Next, consent.ChangeResumed, consenttest.To{})
	wants(t, err, consent.WrongChange)
	_, err = s.tryAlter(a, h, consent.ChangeResumed, consenttest.To{})
	wants(t, err, consent.Replaced)
	if got := s.heard(h.Grant); !slices.Equal(got, []consentdb.EventKind{consentdb.EventLive, consentdb.EventPaused, consentdb.EventResumed}) {
		t.Errorf("heard %q", got)
	}
}

// A paused grant ends as any other does, and posts no second withdrawal.
func TestTheEndOfAPausedGrant(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(*scene, *consenttest.Held) error
		state  consent.State
		denied error
		told   consentdb.EventKind
	}{
		"withdrawn": {func(s *scene, h *consenttest.Held) error { return s.withdraw(h) }, consent.StateWithdrawn, consent.Withdrawn, consentdb.EventWithdrawn},
		"by order": {func(s *scene, h *consenttest.Held) error {
			return s.store.EndByOrder(s.t.Context(), h.Grant, "a court", s.clock.Now())
		}, consent.StateTerminated, consent.Terminated, consentdb.EventTerminated},
		"expired": {func(s *scene, h *consenttest.Held) error {
			s.clock.Add(91 * 24 * time.Hour)
			s.sweep()
			return s.store.PutExpiry(s.t.Context(), s.shopper.Vault, h.Grant, "receipt", s.clock.Now())
		}, consent.StatePaused, consent.GrantExpired, consentdb.EventExpired},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			a := s.give()
			h := a.Held[1]
			s.alter(a, h, consent.ChangePaused, consenttest.To{})
			s.drain()
			s.clock.Add(time.Hour)
			s.do(c.end(s, h))
			if n, _ := s.store.Queued(t.Context()); n != 0 {
				t.Errorf("%d entries in the outbox", n)
			}
			s.sound()
			_, err := s.collect(h)
			wants(t, err, c.denied)
			if g := s.state(h); g.State != c.state || len(g.Receipts()) < 2 {
				t.Errorf("%s, %d receipts", g.State, len(g.Receipts()))
			}
			if told := s.heard(h.Grant); told[len(told)-1] != c.told {
				t.Errorf("heard %q", told)
			}
			if _, open := s.loop(h); !open {
				t.Error("no loop")
			}
			_, err = s.tryAlter(a, h, consent.ChangeResumed, consenttest.To{Hours: 24})
			if name != "expired" { // the store keeps no clock: whoever checked the change did
				wants(t, err, c.denied)
			}
		})
	}
}

func TestAChangeIsKeptWholeOrNotAtAll(t *testing.T) {
	s := newScene(t)
	a := s.give()
	h := a.Held[0]
	c := s.shopper.Change(a.Request, h, consent.ChangeShortened, consenttest.To{Hours: 24})
	broken := c.Stored(a.Request)
	broken.Next.Shares = slices.Clone(broken.Next.Shares)
	broken.Next.Shares[1].Document = id.New[id.Document]()
	if err := s.store.Change(t.Context(), broken); err == nil {
		t.Fatal("a share of no document was kept")
	}
	if s.state(h).State != consent.StateLive {
		t.Fatal("the old grant has ended")
	}
	stranger := c.Stored(a.Request)
	stranger.Vault = id.New[id.Vault]()
	wants(t, s.store.Change(t.Context(), stranger), consent.ErrNotFound)
	s.do(s.store.Change(t.Context(), c.Stored(a.Request)))
	s.drain()
	again := s.shopper.Change(a.Request, c.Next, consent.ChangeShortened, consenttest.To{Hours: 2}).Stored(a.Request)
	again.Next.Grant.ID = h.Grant // an id counts once
	wants(t, s.store.Change(t.Context(), again), consentdb.ErrReplayed)
	s.reopen()
	s.drain()
	s.sound()
	wants(t, s.store.Change(t.Context(), c.Stored(a.Request)), consent.Narrowed)
}

// Who pauses and resumes does not let a business write more often.
func TestAChangeDoesNotFillTheWeeklyCapAgain(t *testing.T) {
	s := newScene(t)
	a := s.give()
	h := a.Held[1]
	s.deliver(s.message(h))
	s.alter(a, h, consent.ChangePaused, consenttest.To{})
	s.drain()
	next := s.alter(a, h, consent.ChangeResumed, consenttest.To{}).Next
	s.drain()
	third := s.alter(a, next, consent.ChangeShortened, consenttest.To{Hours: 48}).Next
	s.drain()
	counted := 0
	m := s.shop.Message(third)
	_, err := s.store.TakeMessage(t.Context(), consentdb.Message{ID: m.ID, Grant: m.Grant, Business: s.shop.DID, Channel: consent.ChannelWallet,
		Sealed: m.Sealed, Permit: m.Entry, Document: m.Text, Opening: "{}"}, s.clock.Now(), func(_ consent.Business, _ consent.Grant, sent int, _ *time.Location) error {
		counted = sent
		return nil
	})
	s.do(err)
	if counted != 1 {
		t.Errorf("%d messages counted, want the one before the pause", counted)
	}
}

func TestGrantsThatEndSoon(t *testing.T) {
	s := newScene(t)
	a := s.give() // 31 and 90 days
	soon := func() (ends []id.Grant) {
		t.Helper()
		all, err := s.store.Ending(t.Context(), s.shopper.Vault, s.clock.Now())
		s.do(err)
		for _, g := range all {
			ends = append(ends, g.ID)
		}
		return ends
	}
	if got := soon(); len(got) != 0 {
		t.Errorf("%v end soon", got)
	}
	s.clock.Add((17*24 - 1) * time.Hour)
	if got := soon(); len(got) != 0 {
		t.Errorf("fourteen days and an hour before: %v", got)
	}
	s.clock.Add(time.Hour)
	if got := soon(); !slices.Equal(got, []id.Grant{a.Held[0].Grant}) {
		t.Errorf("fourteen days before: %v", got)
	}
	short := s.alter(a, a.Held[0], consent.ChangeShortened, consenttest.To{Hours: 100}).Next
	s.drain()
	if got := soon(); len(got) != 0 {
		t.Errorf("a hundred hours before the end of a hundred: %v", got)
	}
	s.clock.Add(90 * time.Hour)
	if got := soon(); !slices.Equal(got, []id.Grant{short.Grant}) {
		t.Errorf("in the last tenth: %v", got)
	}
	s.alter(a, short, consent.ChangePaused, consenttest.To{})
	if got := soon(); len(got) != 0 {
		t.Errorf("paused: %v", got)
	}
}
