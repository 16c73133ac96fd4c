package consentdb_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

func (s *scene) message(h *consenttest.Held) consentdb.Message {
	m := s.shop.Message(h)
	opening, err := json.Marshal(m.Opening)
	s.do(err)
	return consentdb.Message{ID: m.ID, Grant: m.Grant, Business: s.shop.DID, Channel: m.Document.Channel, Sealed: m.Sealed,
		Permit: m.Entry, Document: m.Text, Opening: string(opening)}
}

func (s *scene) take(m consentdb.Message) (consentdb.Message, int, error) {
	count := -1
	taken, err := s.store.TakeMessage(s.t.Context(), m, s.clock.Now(), func(_ consent.Business, _ consent.Grant, sent int, _ *time.Location) error {
		count = sent
		return nil
	})
	return taken, count, err
}

func (s *scene) deliver(m consentdb.Message) {
	s.t.Helper()
	taken, _, err := s.take(m)
	s.do(err)
	s.do(s.ledger.Append(s.t.Context(), taken.Permit))
	s.do(s.store.Deliver(s.t.Context(), taken, s.clock.Now()))
}

// update changes a document as vaultdb does with its gate.
func (s *scene) update(doc consentdb.Document, shares ...consent.Share) error {
	gate := vaultdb.New(s.db, gateFunc(func(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []vault.Share) error {
		var out []consent.Share
		for _, share := range shares {
			out = append(out, consent.Share(share))
		}
		return s.store.Admit(ctx, tx, v, out, s.clock.Now())
	}), nil) // documents need no key
	var b vault.Batch
	for _, d := range []consentdb.Document{doc, s.shopper.Manifest()} {
		b.Puts = append(b.Puts, vault.Document{ID: d.ID, Version: d.Version, Sealed: vault.Sealed(d.Sealed)})
	}
	for _, share := range shares {
		b.Shares = append(b.Shares, vault.Share(share))
	}
	return gate.WriteDocuments(s.t.Context(), s.shopper.Vault, b)
}

type gateFunc func(context.Context, sqldb.Tx, id.Vault, []vault.Share) error

func (f gateFunc) Admit(ctx context.Context, tx sqldb.Tx, v id.Vault, shares []vault.Share) error {
	return f(ctx, tx, v, shares)
}

func TestAMessage(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[1]
	m := s.message(h)
	taken, sent, err := s.take(m)
	if err != nil || sent != 0 || taken.State != consentdb.MessageAnchoring {
		t.Fatalf("got %+v, %d, %v", taken, sent, err)
	}
	if inbox, err := s.store.Inbox(t.Context(), s.shopper.Vault); err != nil || len(inbox) != 0 {
		t.Fatalf("delivered before its permit was anchored: %v", err)
	}
	if _, sent, err := s.take(s.message(h)); err != nil || sent != 1 {
		t.Fatalf("a taken message does not count: %d, %v", sent, err)
	}
	s.deliver(m)
	s.deliver(m) // the answer was lost: once more
	inbox, err := s.store.Inbox(t.Context(), s.shopper.Vault)
	if err != nil || len(inbox) != 1 || inbox[0].Sealed != m.Sealed || inbox[0].Permit != m.Permit {
		t.Fatalf("got %+v, %v", inbox, err)
	}
	other := s.message(h)
	other.ID = m.ID
	_, _, err = s.take(other)
	wants(t, err, consentdb.ErrMismatch)

	s.do(s.store.MarkRead(t.Context(), s.shopper.Vault, m.ID))
	s.do(s.store.MarkRead(t.Context(), s.shopper.Vault, m.ID))
	wants(t, s.store.MarkRead(t.Context(), id.New[id.Vault](), m.ID), consent.ErrNotFound)
	wants(t, s.store.DeleteMessage(t.Context(), id.New[id.Vault](), m.ID), consent.ErrNotFound)
	s.do(s.store.DeleteMessage(t.Context(), s.shopper.Vault, m.ID))
	wants(t, s.store.DeleteMessage(t.Context(), s.shopper.Vault, m.ID), consent.ErrNotFound)
	_, err = s.store.Message(t.Context(), s.shopper.Vault, m.ID)
	wants(t, err, consent.ErrNotFound)

	// Deleting makes no room under the cap, and time does.
	if _, sent, err := s.take(s.message(h)); err != nil || sent != 2 {
		t.Fatalf("%d count, %v", sent, err)
	}
	s.clock.Add(7*24*time.Hour + time.Second)
	if _, sent, err := s.take(s.message(h)); err != nil || sent != 0 {
		t.Fatalf("%d count after a week, %v", sent, err)
	}
	s.sound()
}

func TestAMessageIsRefused(t *testing.T) {
	s := newScene(t)
	a := s.give()
	_, _, err := s.take(s.message(a.Held[0])) // delivery has no channel
	wants(t, err, consent.NotCovered)

	m := s.message(a.Held[1])
	m.Business = "did:key:zOther"
	_, _, err = s.take(m)
	wants(t, err, consent.ErrNotFound)

	m = s.message(a.Held[1])
	m.Permit = s.message(a.Held[0]).Permit
	_, _, err = s.take(m)
	wants(t, err, consent.BadEntry)

	_, err = s.store.TakeMessage(t.Context(), s.message(a.Held[1]), s.clock.Now(), func(consent.Business, consent.Grant, int, *time.Location) error {
		return &consent.Denial{Reason: consent.ByPolicy}
	})
	wants(t, err, consent.ByPolicy)

	// Withdrawn between the permit and the inbox: not delivered.
	m = s.message(a.Held[1])
	taken, _, err := s.take(m)
	s.do(err)
	s.do(s.ledger.Append(t.Context(), taken.Permit))
	s.do(s.withdraw(a.Held[1]))
	wants(t, s.store.Deliver(t.Context(), taken, s.clock.Now()), consent.Withdrawn)
	if inbox, err := s.store.Inbox(t.Context(), s.shopper.Vault); err != nil || len(inbox) != 0 {
		t.Fatalf("a message was delivered after the withdrawal: %v", err)
	}
	_, _, err = s.take(s.message(a.Held[1]))
	wants(t, err, consent.Withdrawn)
}

func TestAMessageWhosePermitNeverCameLeavesItsPlace(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[1]
	m := s.message(h)
	_, _, err := s.take(m)
	s.do(err)
	s.clock.Add(4 * time.Hour)
	s.do(s.outbox().Sweep(t.Context()))
	if _, sent, err := s.take(s.message(h)); err != nil || sent != 0 {
		t.Fatalf("%d count, %v", sent, err)
	}
}

// One entry on the ledger permits one thing.
func TestAPermitServesOneUse(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[1]
	m := s.message(h)
	s.deliver(m)
	_, err := s.store.TakePermits(t.Context(), s.shop.DID, []consentdb.Permit{{Grant: h.Grant, Kind: consent.PermitCollect, Entry: m.Permit}}, s.clock.Now())
	wants(t, err, consent.BadEntry)

	m = s.message(h)
	_, err = s.store.TakePermits(t.Context(), s.shop.DID, []consentdb.Permit{{Grant: h.Grant, Kind: consent.PermitCollect, Entry: m.Permit}}, s.clock.Now())
	s.do(err)
	_, _, err = s.take(m)
	wants(t, err, consent.BadEntry)
}

func TestADroppedMessageLeavesItsPlace(t *testing.T) {
	s := newScene(t)
	h := s.give().Held[1]
	taken, _, err := s.take(s.message(h))
	s.do(err)
	s.do(s.store.DropMessage(t.Context(), taken))
	if _, sent, err := s.take(s.message(h)); err != nil || sent != 0 {
		t.Fatalf("%d count, %v", sent, err)
	}
}
