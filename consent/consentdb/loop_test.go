package consentdb_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
)

// heard lists the kinds of a grant's events, in order.
func (s *scene) heard(g id.Grant) (kinds []consentdb.EventKind) {
	s.t.Helper()
	all, err := s.store.Events(s.t.Context(), s.shop.DID, 0, 1000)
	s.do(err)
	for _, e := range all {
		if e.Grant == g {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

// loop is what the shopper sees of a grant's end.
func (s *scene) loop(h *consenttest.Held) (consentdb.Ended, bool) {
	s.t.Helper()
	l, ok, err := s.store.Loop(s.t.Context(), s.shopper.Vault, h.Grant)
	s.do(err)
	return l, ok
}

func (s *scene) acknowledge(h *consenttest.Held, e consent.Ending) error {
	a, jws := s.shop.Acknowledge(h.Grant, e)
	return second(s.store.Acknowledge(s.t.Context(), a, jws, s.clock.Now()))
}

func (s *scene) stateDeletion(h *consenttest.Held) error {
	d, jws := s.shop.StateDeletion(h.Grant, h.Attributes)
	return second(s.store.PutDeletion(s.t.Context(), d, jws, s.clock.Now()))
}

func (s *scene) sweep() int {
	s.t.Helper()
	n, err := s.store.SweepEndings(s.t.Context(), s.clock.Now())
	s.do(err)
	return n
}

// owed is how many loops stand open for the shopper.
func (s *scene) owed() int {
	s.t.Helper()
	all, err := s.store.Owed(s.t.Context(), s.shopper.Vault)
	s.do(err)
	return len(all)
}

func (s *scene) overdue() (late []consent.Late) {
	s.t.Helper()
	all, err := s.store.Overdue(s.t.Context(), s.clock.Now(), 100)
	s.do(err)
	for _, l := range all {
		late = append(late, l.Overdue(s.clock.Now()))
	}
	return late
}

func TestTheLoopOfAWithdrawal(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	wants(t, s.acknowledge(h, consent.EndWithdrawn), consentdb.ErrNotOver)
	if _, ok := s.loop(h); ok {
		t.Error("a live grant has a loop")
	}
	s.do(s.withdraw(h))
	wants(t, s.acknowledge(h, consent.EndExpired), consentdb.ErrNotOver)
	stranger := consenttest.NewShop(s.clock.Now)
	s.register(stranger)
	a, jws := stranger.Acknowledge(h.Grant, consent.EndWithdrawn)
	wants(t, second(s.store.Acknowledge(t.Context(), a, jws, s.clock.Now())), consent.ErrNotFound)

	s.do(s.acknowledge(h, consent.EndWithdrawn))
	first, _ := s.loop(h)
	s.clock.Add(time.Minute)
	s.do(s.acknowledge(h, consent.EndWithdrawn)) // its answer was lost
	if l, _ := s.loop(h); l != first || l.Acknowledged == 0 || l.Acknowledgement == "" || l.Event != consent.EndWithdrawn {
		t.Errorf("acknowledged twice: %+v, first %+v", l, first)
	}
	short, jws := s.shop.StateDeletion(h.Grant, h.Attributes[:1])
	wants(t, second(s.store.PutDeletion(t.Context(), short, jws, s.clock.Now())), consent.WrongStatement)
	s.do(s.stateDeletion(h))
	first, _ = s.loop(h)
	s.clock.Add(time.Minute)
	s.do(s.stateDeletion(h))
	if l, _ := s.loop(h); l != first || l.Stated == 0 || l.Statement == "" || !l.Closed() {
		t.Errorf("stated twice: %+v, first %+v", l, first)
	}
	s.reopen()
	if l, _ := s.loop(h); l != first {
		t.Errorf("after a restart: %+v", l)
	}
	other := consenttest.NewShopper(s.clock.Now, nil)
	other.Move(t, s.vaults)
	_, _, err := s.store.Loop(t.Context(), other.Vault, h.Grant)
	wants(t, err, consent.ErrNotFound)
}

// However a grant ends, its business hears of it once.
func TestEveryEndIsTold(t *testing.T) {
	for want, end := range map[consent.Ending]func(*scene, *consenttest.Held){
		consent.EndWithdrawn: func(s *scene, h *consenttest.Held) { s.do(s.withdraw(h)) },
		consent.EndExpired: func(s *scene, h *consenttest.Held) {
			s.clock.Add(h.Entry.End.Time().Sub(s.clock.Now()) - time.Second)
			if n := s.sweep(); n != 0 {
				s.t.Errorf("%d grants expired a second early", n)
			}
			s.clock.Add(time.Second)
			if n := s.sweep(); n != 1 {
				s.t.Errorf("%d grants expired, want 1", n)
			}
		},
		consent.EndErased: func(s *scene, h *consenttest.Held) {
			_, err := s.store.Erase(s.t.Context(), s.shopper.Vault, nil, s.clock.Now())
			s.do(err)
		},
		consent.EndTerminated: func(s *scene, h *consenttest.Held) {
			s.do(s.store.EndByOrder(s.t.Context(), h.Grant, "order of the authority", s.clock.Now()))
			wants(s.t, s.store.EndByOrder(s.t.Context(), h.Grant, "again", s.clock.Now()), consent.Terminated)
		},
		consent.EndSuspended: func(s *scene, h *consenttest.Held) {
			s.do(s.store.SetBusinessState(s.t.Context(), s.shop.DID, consent.BusinessSuspended))
			if n := s.sweep(); n != 2 {
				s.t.Errorf("%d grants told of the suspension, want 2", n)
			}
		},
	} {
		t.Run(string(want), func(t *testing.T) {
			s := newScene(t)
			a := s.give()
			h := a.Held[0]
			s.permit(h)
			end(s, h)
			s.sweep()
			s.reopen()
			s.sweep()
			if got := s.heard(h.Grant); !slices.Equal(got, []consentdb.EventKind{consentdb.EventLive, consentdb.EventKind(want)}) {
				t.Errorf("the business heard %v", got)
			}
			if want != consent.EndSuspended {
				_, err := s.collect(h)
				if consent.DenialOf(err) == nil && !wantsErased(want, err) {
					t.Errorf("collecting: %v", err)
				}
			}
			s.do(s.acknowledge(h, want))
			s.drain()
			if want != consent.EndErased {
				s.sound()
				if l, ok := s.loop(h); !ok || l.Event != want || l.Acknowledged == 0 {
					t.Errorf("the shopper sees %+v, %v", l, ok)
				}
			}
		})
	}
}

func wantsErased(e consent.Ending, err error) bool { return e == consent.EndErased && err != nil }

func TestAnOrderedEndIsAnchoredAndExplained(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	s.do(s.store.EndByOrder(t.Context(), h.Grant, "order 7 of the authority", s.clock.Now()))
	s.drain()
	if g, err := s.ledger.Grant(t.Context(), h.Entry.HandleKey); err != nil || !g.Withdrawn {
		t.Errorf("the ledger says %+v, %v", g, err)
	}
	if l, _ := s.loop(h); l.Reason != "order 7 of the authority" {
		t.Errorf("the shopper reads %q", l.Reason)
	}
	s.sound()
	wants(t, s.store.EndByOrder(t.Context(), id.New[id.Grant](), "none", s.clock.Now()), consent.ErrNotFound)
}

// The shares of a grant are gone when its time is over, and those of no other.
func TestExpiryDropsShares(t *testing.T) {
	s := newScene(t)
	a := s.give()
	shared := func() (under []id.Grant) {
		s.do(s.vaults.Each(t.Context(), func(_ id.Vault, _ []vault.Document, shares []vault.Share, _ []id.Document) error {
			for _, share := range shares {
				if !slices.Contains(under, share.Grant) {
					under = append(under, share.Grant)
				}
			}
			return nil
		}))
		return under
	}
	if under := shared(); len(under) != 2 {
		t.Fatalf("shares under %d grants, want 2", len(under))
	}
	s.clock.Add(a.Held[0].Entry.End.Time().Sub(s.clock.Now()))
	s.sweep()
	if under := shared(); !slices.Equal(under, []id.Grant{a.Held[1].Grant}) {
		t.Errorf("shares under %v, want those of the grant that lasts longer", under)
	}
}

func TestASuspensionThatEnds(t *testing.T) {
	s := newScene(t)
	a := s.give()
	h, other := a.Held[0], a.Held[1]
	s.do(s.store.SetBusinessState(t.Context(), s.shop.DID, consent.BusinessSuspended))
	s.sweep()
	s.do(s.acknowledge(h, consent.EndSuspended))
	s.do(s.stateDeletion(h))
	s.do(s.withdraw(other)) // while it lasts: the shopper's word counts more
	if l, _ := s.loop(other); l.Event != consent.EndWithdrawn {
		t.Errorf("the loop of a grant that was withdrawn is %+v", l)
	}
	s.do(s.store.SetBusinessState(t.Context(), s.shop.DID, consent.BusinessActive))
	if l, ok := s.loop(h); ok {
		t.Errorf("the business may act again, and still owes %+v", l)
	}
	if _, ok := s.loop(other); !ok {
		t.Error("the loop of a withdrawal ended with the suspension")
	}
	s.permit(h)
	if _, err := s.collect(h); err != nil {
		t.Errorf("collecting again: %v", err)
	}
	s.do(s.withdraw(h))
	if l, _ := s.loop(h); l.Event != consent.EndWithdrawn || l.Stated != 0 || l.Acknowledged != 0 {
		t.Errorf("the loop of its end is %+v", l)
	}
}

// After an erasure the loop goes on by grant id, and nothing is left once it is closed.
func TestTheLoopOfAnErasure(t *testing.T) {
	s := newScene(t)
	a := s.give()
	open, closed := a.Held[0], a.Held[1]
	s.do(s.withdraw(closed))
	s.do(s.acknowledge(closed, consent.EndWithdrawn))
	s.do(s.stateDeletion(closed))
	begun := s.give().Held[0]
	s.do(s.withdraw(begun))
	s.do(s.acknowledge(begun, consent.EndWithdrawn))
	_, err := s.store.Erase(t.Context(), s.shopper.Vault, nil, s.clock.Now())
	s.do(err)
	s.clock.Add(consent.StateWithin + time.Second)
	if late := s.overdue(); len(late) != 3 { // with the other grant of the second decision
		t.Errorf("late after an erasure: %v; want the open loops and not the closed one", late)
	}
	s.do(s.stateDeletion(begun))
	if late := s.overdue(); len(late) != 2 {
		t.Errorf("late after one statement: %v", late)
	}
	s.do(s.acknowledge(open, consent.EndErased))
	s.do(s.acknowledge(closed, consent.EndErased)) // it hears of the erasure too
	s.do(s.stateDeletion(open))
	s.do(s.stateDeletion(open))
	if late := s.overdue(); len(late) != 1 {
		t.Errorf("late after the statement: %v", late)
	}
	left := 0
	s.do(s.db.Read(t.Context(), func(tx sqldb.Tx) error {
		return tx.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM loop").Scan(&left)
	}))
	if left != 1 {
		t.Errorf("%d loops are kept, want the one that is open", left)
	}
	stranger := consenttest.NewShop(s.clock.Now)
	s.register(stranger)
	d, jws := stranger.StateDeletion(open.Grant, nil)
	wants(t, second(s.store.PutDeletion(t.Context(), d, jws, s.clock.Now())), consent.ErrNotFound)
}

func TestOverdue(t *testing.T) {
	s := newScene(t)
	a := s.give()
	s.do(s.withdraw(a.Held[0]))
	s.do(s.withdraw(a.Held[1]))
	s.clock.Add(consent.AcknowledgeWithin)
	if late := s.overdue(); late != nil {
		t.Errorf("late at the deadline: %v", late)
	}
	s.clock.Add(time.Second)
	s.do(s.acknowledge(a.Held[1], consent.EndWithdrawn))
	if late := s.overdue(); !slices.Equal(late, []consent.Late{consent.LateAcknowledgement}) {
		t.Errorf("late behind the first deadline: %v", late)
	}
	s.clock.Add(consent.StateWithin - consent.AcknowledgeWithin)
	if late := s.overdue(); !slices.Equal(late, []consent.Late{consent.LateStatement, consent.LateStatement}) {
		t.Errorf("late behind the second deadline: %v", late)
	}
	if n := s.owed(); n != 2 {
		t.Errorf("the shopper is shown %d open loops, want 2", n)
	}
	if other, err := s.store.Owed(t.Context(), id.New[id.Vault]()); len(other) != 0 || err != nil {
		t.Errorf("another vault is owed %v: %v", other, err)
	}
	s.do(s.stateDeletion(a.Held[0]))
	if all, err := s.store.Owed(t.Context(), s.shopper.Vault); err != nil || len(all) != 1 || all[0].Grant != a.Held[1].Grant || all[0].Acknowledgement == "" {
		t.Errorf("after one statement is owed: %+v, %v", all, err)
	}
	s.do(s.stateDeletion(a.Held[1]))
	if n := s.owed(); n != 0 {
		t.Errorf("%d loops are owed although all is said", n)
	}
	if late := s.overdue(); late != nil {
		t.Errorf("late although all is said: %v", late)
	}
}

// The event that is sent is the one of FORMAT.md.
func TestEventAsWritten(t *testing.T) {
	doc, err := os.ReadFile("../FORMAT.md")
	s := regexp.MustCompile("(?s)```json event\n(.*?)```").FindSubmatch(doc)
	if err != nil || s == nil {
		t.Fatalf("FORMAT.md has no event: %v", err)
	}
	var want struct {
		Request id.Request   `json:"request"`
		Grant   id.Grant     `json:"grant"`
		Time    consent.Unix `json:"time"`
	}
	if err := json.Unmarshal(s[1], &want); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(consentdb.Event{Seq: 7, Kind: consentdb.EventWithdrawn, Request: want.Request, Grant: want.Grant, At: want.Time})
	var flat bytes.Buffer
	if err := errors.Join(err, json.Compact(&flat, s[1])); err != nil || flat.String() != string(got) {
		t.Errorf("%s, want %s: %v", got, flat.String(), err)
	}
}
