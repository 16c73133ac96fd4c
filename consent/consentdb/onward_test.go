package consentdb_test

import (
	"slices"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/sqldb"
)

// shared is a scene in which the shop's delivery has two partners: a carrier, onward,
// and a warehouse, jointly.
type shared struct {
	*scene
	carrier, warehouse *consenttest.Shop
	request            consent.Request
	first, on, joint   *consenttest.Held
	marketing          *consenttest.Held
}

func newShared(t testing.TB) *shared {
	s := &shared{scene: newScene(t)}
	s.carrier, s.warehouse = consenttest.NewShop(s.clock.Now), consenttest.NewShop(s.clock.Now)
	s.register(s.carrier)
	s.register(s.warehouse)
	s.request = s.shop.Request(s.partners)
	s.request.Cosignatures = []string{s.warehouse.Cosign(s.request)}
	s.do(s.store.PutRequest(t.Context(), s.request, s.clock.Now()))
	a := s.shopper.Decide(s.request, consenttest.Both)
	s.do(s.store.Decide(t.Context(), s.shopper.Stored(a)))
	s.first, s.on, s.joint, s.marketing = a.Held[0], a.Held[1], a.Held[2], a.Held[3]
	s.drain()
	return s
}

func (s *shared) partners(q *consent.Request) {
	q.Purposes[0].Partners = []consent.Partner{
		s.carrier.Partner(consent.Onward, "name", "postal-address"), s.warehouse.Partner(consent.Joint, "name"),
	}
}

// are holds the states of the shop's, the carrier's, the warehouse's and the shop's
// marketing grant.
func (s *shared) are(want ...consent.State) {
	s.t.Helper()
	for i, h := range []*consenttest.Held{s.first, s.on, s.joint, s.marketing} {
		if have := s.state(h).State; have != want[i] {
			s.t.Errorf("grant %d is %s, want %s", i, have, want[i])
		}
	}
	s.sound()
}

func (s *shared) told(by *consenttest.Shop) (kinds []consentdb.EventKind) {
	s.t.Helper()
	events, err := s.store.Events(s.t.Context(), by.DID, 0, 100)
	s.do(err)
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (s *shared) collectsAs(by *consenttest.Shop, h *consenttest.Held) error {
	s.t.Helper()
	p := consentdb.Permit{Grant: h.Grant, Kind: consent.PermitCollect, Entry: by.Permit(h, consent.LogHead{})}
	taken, err := s.store.TakePermits(s.t.Context(), by.DID, []consentdb.Permit{p}, s.clock.Now())
	if err == nil {
		err = s.ledger.Append(s.t.Context(), p.Entry)
	}
	if err == nil {
		s.do(s.store.AnchorPermits(s.t.Context(), taken))
		_, err = s.collectAs(by.DID, h.Grant)
	}
	return err
}

const (
	live       = consent.StateLive
	withdrawn  = consent.StateWithdrawn
	terminated = consent.StateTerminated
)

func TestEachPartnerCollectsForItself(t *testing.T) {
	s := newShared(t)
	s.are(live, live, live, live)
	for _, c := range []struct {
		by *consenttest.Shop
		h  *consenttest.Held
	}{{s.shop, s.first}, {s.carrier, s.on}, {s.warehouse, s.joint}} {
		s.do(s.collectsAs(c.by, c.h))
	}
	// Nobody with another's grant, not even the business that asked.
	for _, c := range []struct {
		by *consenttest.Shop
		h  *consenttest.Held
	}{{s.shop, s.on}, {s.carrier, s.first}, {s.carrier, s.joint}, {s.warehouse, s.on}} {
		_, err := s.collectAs(c.by.DID, c.h.Grant)
		wants(t, err, consent.ErrNotFound)
		_, err = s.store.GrantOf(t.Context(), c.by.DID, c.h.Grant)
		wants(t, err, consent.ErrNotFound)
	}
	if told := s.told(s.carrier); !slices.Equal(told, []consentdb.EventKind{"live"}) {
		t.Errorf("the carrier is told %v", told)
	}
	if g := s.state(s.on); g.OnwardOf != s.first.Grant || g.Business != s.carrier.DID || s.state(s.first).Onward() {
		t.Errorf("got %+v", g.Grant)
	}
	s.sound()
}

func TestTheFirstTakesItsPartnersWithIt(t *testing.T) {
	s := newShared(t)
	s.do(s.withdraw(s.first))
	s.are(withdrawn, withdrawn, withdrawn, live)
	s.drain()
	for _, h := range []*consenttest.Held{s.first, s.on, s.joint} {
		if g := s.state(h); !g.WithdrawAnchored {
			t.Error("an end did not reach the ledger")
		}
	}
	for _, by := range []*consenttest.Shop{s.carrier, s.warehouse} {
		if told := s.told(by); !slices.Equal(told, []consentdb.EventKind{"live", "withdrawn"}) {
			t.Errorf("a partner is told %v", told)
		}
	}
	wants(t, s.collectsAs(s.carrier, s.on), consent.Withdrawn)
	s.sound()
}

// What the wallet made for a partner's end is kept; the entry signed ahead serves where
// it made nothing.
func TestEachEndHasItsReceipt(t *testing.T) {
	s := newShared(t)
	end := func(h *consenttest.Held) consentdb.Withdrawal {
		return consentdb.Withdrawal{Vault: s.shopper.Vault, Grant: h.Grant, Entry: h.Withdraw(anchor.EpochAt(s.clock.Now())),
			Receipt: s.shopper.WithdrawalReceipt(h), At: s.clock.Now()}
	}
	s.clock.Add(2 * time.Hour)
	w := end(s.first)
	other := end(s.marketing)
	w.Partners = []consentdb.Withdrawal{other}
	wants(t, s.store.Withdraw(t.Context(), w), consent.ErrNotFound) // not under it
	s.are(live, live, live, live)
	w.Partners = []consentdb.Withdrawal{end(s.on)}
	s.do(s.store.Withdraw(t.Context(), w))
	s.are(withdrawn, withdrawn, withdrawn, live)
	on, joint := s.state(s.on), s.state(s.joint)
	if on.WithdrawalReceipt != w.Partners[0].Receipt || string(on.WithdrawEntry) != string(w.Partners[0].Entry.Bytes()) {
		t.Error("the wallet's own end of a partner's grant was not taken")
	}
	if joint.WithdrawalReceipt != "" || string(joint.WithdrawEntry) != string(s.joint.Ahead.Bytes()) {
		t.Error("the end signed ahead was not taken")
	}
}

func TestAPartnersEndIsItsOwn(t *testing.T) {
	s := newShared(t)
	s.do(s.withdraw(s.on))
	s.are(live, withdrawn, live, live)
	s.do(s.withdraw(s.first))
	s.are(withdrawn, withdrawn, withdrawn, live)
	if told := s.told(s.carrier); !slices.Equal(told, []consentdb.EventKind{"live", "withdrawn"}) {
		t.Errorf("the carrier is told %v: its end twice", told)
	}
}

func TestAnOrderEndsPartnersToo(t *testing.T) {
	s := newShared(t)
	s.do(s.store.EndByOrder(t.Context(), s.first.Grant, "a court said so", s.clock.Now()))
	s.are(terminated, terminated, terminated, live)
	ended, ok, err := s.store.Loop(t.Context(), s.shopper.Vault, s.on.Grant)
	if err != nil || !ok || ended.Reason != "a court said so" {
		t.Errorf("the shopper is told %+v, %v", ended, err)
	}
	s.drain()
	s.sound()
}

func TestAnErasureEndsPartnersToo(t *testing.T) {
	s := newShared(t)
	n, err := s.store.Erase(t.Context(), s.shopper.Vault, nil, s.clock.Now())
	if err != nil || n != 4 {
		t.Fatalf("%d withdrawn, %v", n, err)
	}
	if told := s.told(s.warehouse); !slices.Equal(told, []consentdb.EventKind{"live", "erased"}) {
		t.Errorf("the warehouse is told %v", told)
	}
	_, err = s.store.SharedWith(t.Context(), s.carrier.DID, s.request.ID)
	wants(t, err, consent.ErrNotFound)
}

func TestEachPartnerIsToldOfItsExpiry(t *testing.T) {
	s := newShared(t)
	s.clock.Add(32 * 24 * time.Hour)
	_, err := s.store.SweepEndings(t.Context(), s.clock.Now())
	s.do(err)
	for _, by := range []*consenttest.Shop{s.carrier, s.warehouse} {
		if told := s.told(by); !slices.Equal(told, []consentdb.EventKind{"live", "expired"}) {
			t.Errorf("a partner is told %v", told)
		}
	}
}

func TestPartnersMustBeKnownHere(t *testing.T) {
	s := newShared(t)
	put := func() error {
		q := s.shop.Request(s.partners)
		return s.store.PutRequest(t.Context(), q, s.clock.Now())
	}
	s.do(put())
	s.do(s.store.SetBusinessState(t.Context(), s.carrier.DID, consent.BusinessSuspended))
	wants(t, put(), consent.UnknownPartner)
	s.do(s.store.SetBusinessState(t.Context(), s.carrier.DID, consent.BusinessActive))
	s.carrier = consenttest.NewShop(s.clock.Now)
	wants(t, put(), consent.UnknownPartner)
	card, jws := s.carrier.Card(func(c *consent.Card) { c.Purposes = []string{consenttest.Marketing} })
	_, err := s.store.Register(t.Context(), card, jws, consent.BusinessActive, s.clock.Now())
	s.do(err)
	wants(t, put(), consent.UnregisteredPurpose)
}

// A partner learns the text that it was given under and its own grants; whoever was
// given nothing learns nothing.
func TestWhatAPartnerLearnsOfARequest(t *testing.T) {
	s := newShared(t)
	got, err := s.store.SharedWith(t.Context(), s.carrier.DID, s.request.ID)
	s.do(err)
	if got.JWS != s.request.JWS || len(got.Cosignatures) != 1 || len(got.Grants) != 1 || got.Grants[0].Grant != s.on.Grant ||
		got.Grants[0].OnwardOf != s.first.Grant || got.Grants[0].Purpose != "delivery" {
		t.Errorf("got %+v", got)
	}
	_, err = s.store.RequestOf(t.Context(), s.carrier.DID, s.request.ID)
	wants(t, err, consent.ErrNotFound)
	_, err = s.store.SharedWith(t.Context(), s.shop.DID, s.request.ID) // it asked; it shares in nothing
	wants(t, err, consent.ErrNotFound)

	again := s.shop.Request(s.partners)
	s.do(s.store.PutRequest(t.Context(), again, s.clock.Now()))
	s.shopper.LeaveOut = []consent.DID{s.carrier.DID}
	s.do(s.store.Decide(t.Context(), s.shopper.Stored(s.shopper.Decide(again, consenttest.Both))))
	_, err = s.store.SharedWith(t.Context(), s.carrier.DID, again.ID)
	wants(t, err, consent.ErrNotFound)
}

// What the operator checks after every step sees each way in which a partner's grant
// could be wrong.
func TestFsckSeesAWrongPartner(t *testing.T) {
	for name, change := range map[string]string{
		"an orphan":            `UPDATE grant_record SET onward_of = CAST('sixteen letters!' AS BYTEA) WHERE grant_id = $1`,
		"outlasts the first":   `UPDATE grant_record SET end_epoch = end_epoch + 1 WHERE grant_id = $1`,
		"covers more":          `UPDATE grant_record SET attributes = '["name","phone"]' WHERE grant_id = $1`,
		"under itself":         `UPDATE grant_record SET onward_of = grant_id WHERE grant_id = $1`,
		"stands under nothing": `UPDATE grant_record SET state = 'withdrawn' WHERE grant_id = (SELECT onward_of FROM grant_record WHERE grant_id = $1)`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newShared(t)
			s.sound()
			s.do(s.db.Write(t.Context(), func(tx sqldb.Tx) error {
				_, err := tx.ExecContext(t.Context(), change, s.on.Grant[:])
				return err
			}))
			found := 0
			s.do(s.store.Reconcile(t.Context(), s.ledger, func(d consentdb.Discrepancy) {
				if d.Grant == s.on.Grant {
					found++
				}
			}))
			if found == 0 {
				t.Error("nobody saw it")
			}
		})
	}
}

// A grant that changes ends: its successor is the shop's alone, and so is a pause.
func TestAChangeOfTheFirstEndsItsPartners(t *testing.T) {
	for kind, want := range map[consent.ChangeKind]consent.State{
		consent.ChangeShortened: consent.StateReplaced, consent.ChangeRenewed: consent.StateReplaced, consent.ChangePaused: consent.StatePaused,
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := newShared(t)
			to := consenttest.To{}
			if kind == consent.ChangeShortened {
				to.Hours = 24
			}
			s.clock.Add(time.Hour)
			c := s.shopper.Change(s.request, s.first, kind, to)
			s.do(s.store.Change(t.Context(), c.Stored(s.request)))
			s.are(want, withdrawn, withdrawn, live)
			s.drain()
			s.sound()
			if told := s.told(s.carrier); !slices.Equal(told, []consentdb.EventKind{"live", "withdrawn"}) {
				t.Errorf("the carrier is told %v", told)
			}
		})
	}
}

// A partner's grant stands as it was given, or ends.
func TestAPartnersGrantDoesNotChange(t *testing.T) {
	s := newShared(t)
	c := s.shopper.Change(s.request, s.first, consent.ChangePaused, consenttest.To{})
	c.Change.Grant, c.Change.Receipt = s.on.Grant, consent.HashOf(s.on.Receipt.JWT)
	wants(t, c.Change.Changes(s.state(s.on).Grant, s.request, s.clock.Now()), consent.WrongChange)
}

func TestNoReminderOfAPartner(t *testing.T) {
	s := newShared(t)
	s.clock.Add(30 * 24 * time.Hour)
	soon, err := s.store.Ending(t.Context(), s.shopper.Vault, s.clock.Now())
	if err != nil || len(soon) != 1 || soon[0].ID != s.first.Grant {
		t.Errorf("reminds of %+v, %v", soon, err)
	}
}
