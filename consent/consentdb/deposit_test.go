package consentdb_test

import (
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

func (s *scene) deposit(h *consenttest.Held) consentdb.Deposit {
	return consentdb.Deposit{ID: id.New[id.Deposit](), Grant: h.Grant, Business: s.shop.DID, Sealed: "canary-sealed-5512"}
}

func (s *scene) put(d consentdb.Deposit) (consentdb.Deposit, error) {
	return s.store.PutDeposit(s.t.Context(), d, s.clock.Now())
}

func TestADeposit(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	d := s.deposit(h)
	for range 2 { // the answer was lost: once more
		if kept, err := s.put(d); err != nil || kept.State != consent.DepositWaiting || kept.Settled != 0 {
			t.Fatalf("%+v, %v", kept, err)
		}
	}
	other := d
	other.Sealed = "another"
	_, err := s.put(other)
	wants(t, err, consentdb.ErrMismatch)
	if all, err := s.store.Deposits(t.Context(), s.shopper.Vault); err != nil || len(all) != 1 || all[0].Sealed != d.Sealed || all[0].Business != s.shop.DID {
		t.Fatalf("%+v, %v", all, err)
	}
	s.sound()

	settle := func(v id.Vault, to consent.DepositState) error {
		return s.store.SettleDeposit(t.Context(), v, d.ID, to, s.clock.Now())
	}
	wants(t, settle(id.New[id.Vault](), consent.DepositAccepted), consent.ErrNotFound)
	s.clock.Add(time.Minute)
	s.do(settle(s.shopper.Vault, consent.DepositAccepted))
	s.do(settle(s.shopper.Vault, consent.DepositAccepted))
	wants(t, settle(s.shopper.Vault, consent.DepositDeclined), consentdb.ErrMismatch)
	if all, err := s.store.Deposits(t.Context(), s.shopper.Vault); err != nil || len(all) != 0 {
		t.Fatalf("it still waits: %+v, %v", all, err)
	}
	kept, err := s.store.DepositOf(t.Context(), s.shop.DID, h.Grant, d.ID)
	if err != nil || kept.State != consent.DepositAccepted || kept.Sealed != "" || kept.Settled != consent.UnixAt(s.clock.Now()) {
		t.Errorf("%+v, %v", kept, err)
	}
	if again, err := s.put(d); err != nil || again.State != consent.DepositAccepted || again.Sealed != "" {
		t.Errorf("handed over again it is %+v, %v", again, err)
	}
	events, err := s.store.Events(t.Context(), s.shop.DID, 0, 100)
	told := 0
	for _, e := range events {
		if e.Kind == consentdb.EventDeposited && e.Deposit == d.ID && e.Grant == h.Grant {
			told++
		}
	}
	if err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
	s.sound()
}

func TestADepositIsDeclined(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[1]
	d := s.deposit(h)
	if _, err := s.put(d); err != nil {
		t.Fatal(err)
	}
	s.do(s.withdraw(h)) // what was handed over before waits on
	s.sound()
	s.do(s.store.SettleDeposit(t.Context(), s.shopper.Vault, d.ID, consent.DepositDeclined, s.clock.Now()))
	events, err := s.store.Events(t.Context(), s.shop.DID, 0, 100)
	if last := events[len(events)-1]; err != nil || last.Kind != consentdb.EventDeclined || last.Deposit != d.ID {
		t.Errorf("told %+v, %v", last, err)
	}
	s.sound()
}

func TestADepositIsRefused(t *testing.T) {
	s := newScene(t)
	a := s.give()
	h := a.Held[0]
	d := s.deposit(h)
	d.Business = "did:key:zOther"
	_, err := s.put(d)
	wants(t, err, consent.ErrNotFound)
	d = s.deposit(h)
	d.Grant = id.New[id.Grant]()
	_, err = s.put(d)
	wants(t, err, consent.ErrNotFound)

	d = s.deposit(h)
	if _, err := s.put(d); err != nil {
		t.Fatal(err)
	}
	for name, ask := range map[string]func() error{
		"another business": func() error { _, err := s.store.DepositOf(t.Context(), "did:key:zOther", h.Grant, d.ID); return err },
		"another grant": func() error {
			_, err := s.store.DepositOf(t.Context(), s.shop.DID, a.Held[1].Grant, d.ID)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { wants(t, ask(), consent.ErrNotFound) })
	}

	// Ten a day: settled ones count, time makes room.
	for range 9 {
		if _, err := s.put(s.deposit(h)); err != nil {
			t.Fatal(err)
		}
	}
	s.do(s.store.SettleDeposit(t.Context(), s.shopper.Vault, d.ID, consent.DepositDeclined, s.clock.Now()))
	_, err = s.put(s.deposit(h))
	wants(t, err, consentdb.ErrTooMany)
	if _, err := s.put(s.deposit(a.Held[1])); err != nil {
		t.Errorf("under another grant: %v", err)
	}
	s.clock.Add(24*time.Hour + time.Second)
	if _, err := s.put(s.deposit(h)); err != nil {
		t.Errorf("a day later: %v", err)
	}
	s.do(s.withdraw(h))
	_, err = s.put(s.deposit(h))
	wants(t, err, consent.Withdrawn)
	s.sound()
}

// A day of many businesses does not bury a shopper.
func TestDepositsDoNotPileUp(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[1]
	for n := 0; ; n++ {
		if n%10 == 0 {
			s.clock.Add(25 * time.Hour)
		}
		if _, err := s.put(s.deposit(h)); err != nil {
			wants(t, err, consentdb.ErrTooMany)
			if n != 32 {
				t.Errorf("%d wait", n)
			}
			return
		}
	}
}
