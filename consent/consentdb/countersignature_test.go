package consentdb_test

import (
	"testing"

	"coffer/consent"
	"coffer/internal/id"
)

func TestACountersignature(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[0]
	put := func(by consent.DID, g id.Grant, jws string) (string, error) {
		return s.store.PutCountersignature(t.Context(), by, g, jws, s.clock.Now())
	}
	_, err := put("did:key:zElse", h.Grant, "theirs")
	wants(t, err, consent.ErrNotFound)
	_, err = put(s.shop.DID, id.New[id.Grant](), "of nothing")
	wants(t, err, consent.ErrNotFound)
	for _, jws := range []string{"first", "second"} { // the first stands
		stands, err := put(s.shop.DID, h.Grant, jws)
		if s.do(err); stands != "first" {
			t.Fatalf("%q stands", stands)
		}
	}
	s.reopen()
	all, err := s.store.Countersignatures(t.Context(), s.shopper.Vault)
	if s.do(err); len(all) != 1 || all[h.Grant] != "first" {
		t.Fatalf("kept %v", all)
	}
	s.do(s.withdraw(h)) // it stays: it is part of what was agreed
	if all, err = s.store.Countersignatures(t.Context(), s.shopper.Vault); err != nil || len(all) != 1 {
		t.Fatalf("a withdrawal took it along: %v, %v", all, err)
	}
	_, err = s.store.Erase(t.Context(), s.shopper.Vault, nil, s.clock.Now())
	s.do(err)
	if all, err = s.store.Countersignatures(t.Context(), s.shopper.Vault); err != nil || len(all) != 0 {
		t.Fatalf("left after an erasure: %v, %v", all, err)
	}
	_, err = put(s.shop.DID, h.Grant, "late")
	wants(t, err, consent.Withdrawn)
}
