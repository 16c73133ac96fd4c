package consentdb

import (
	"context"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb/consentsql"
	"coffer/internal/id"
	"coffer/internal/sqldb"
)

// MessageState is where a message is on its way.
type MessageState string

const (
	MessageAnchoring MessageState = "anchoring" // taken; its permit is not known to be anchored
	MessageDelivered MessageState = "delivered"
	MessageRead      MessageState = "read"
	MessageDeleted   MessageState = "deleted" // by the shopper: only that it was is left, for the weekly cap
)

// Message is a sealed message with the permit under which it travels.
type Message struct {
	ID       id.Message
	Vault    id.Vault // filled in by the store
	Grant    id.Grant
	Business consent.DID
	Channel  string
	Sealed   string // JWE
	Permit   anchor.Permit
	Document string // what the permit commits to
	Opening  string // of that commitment, JSON
	Received consent.Unix
	State    MessageState
}

// week is the span of a weekly cap.
const week = 7 * 24 * time.Hour

// TakeMessage reserves a message's place under the weekly cap; it is not delivered
// until Deliver. judge is the policy: nil or a *consent.Denial, with the number of
// messages that count already, and where the shopper is if that is known. A message
// that was taken before is returned as it is; another of the same id is ErrMismatch. Other errors are as for TakePermits.
func (s *Store) TakeMessage(ctx context.Context, m Message, now time.Time, judge func(consent.Business, consent.Grant, int, *time.Location) error) (taken Message, err error) {
	if s.behind.Load() {
		return Message{}, wrap("taking a message", ErrBehind)
	}
	err = s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, m.Grant))
		if err != nil {
			return notHeld(ctx, q, m.Business, m.Grant, now, err)
		}
		g, err := bareGrant(row)
		if err != nil {
			return err
		}
		if g.Business != m.Business {
			return consent.ErrNotFound
		}
		if g.Handle != m.Permit.HandleKey {
			return &consent.Refusal{Code: consent.BadEntry, At: "permit.entry"}
		}
		before, err := one(q.Message(ctx, consentsql.MessageParams{VaultID: g.Vault, MessageID: m.ID}))
		if err == nil {
			if taken, err = messageOf(before.Message, before.Business); err == nil {
				err = s.unsealMessages(ctx, &taken)
			}
			if err == nil && (taken.Permit != m.Permit || taken.Grant != m.Grant) {
				err = ErrMismatch
			}
			return err
		} else if err != consent.ErrNotFound {
			return err
		}
		if err := consent.Check(g, now, consent.Need{Business: m.Business, Channel: m.Channel, Permitted: true}); err != nil {
			return err
		}
		if g, err = conditional(ctx, q, g, now); err != nil {
			return err
		}
		sent, err := sentSince(ctx, q, g, now.Add(-week))
		if err != nil {
			return err
		}
		b, err := q.Business(ctx, m.Business)
		if err != nil {
			return err
		}
		business, err := businessOf(b)
		if err != nil {
			return err
		}
		clock, err := clockOf(ctx, q, g.Vault)
		if err != nil {
			return err
		}
		if err := judge(business, g, int(sent), clock.zone()); err != nil {
			return err
		}
		m.Vault, m.Received, m.State = g.Vault, consent.UnixAt(now), MessageAnchoring
		taken = m
		k, err := s.key(ctx, m.Vault)
		if err != nil {
			return err
		}
		leaf := m.Permit.Leaf()
		err = q.PutMessage(ctx, consentsql.PutMessageParams{
			VaultID: m.Vault, MessageID: m.ID, GrantID: m.Grant, Channel: m.Channel, Sealed: m.Sealed,
			Leaf: leaf[:], Entry: m.Permit.Bytes(), Received: int64(m.Received),
			Document: k.SealText(placeOfDocument(m.ID), m.Document), Opening: k.SealText(placeOfOpening(m.ID), m.Opening),
		})
		if err != nil {
			return err
		}
		return putPermit(ctx, q, m.permit(), now, time.Time{})
	})
	if err != nil {
		s.saidOf(err)
	}
	return taken, wrap("taking a message", err)
}

// sentSince counts what was sent under a grant and under those that it came of: a change
// lets nobody write more often.
func sentSince(ctx context.Context, q *consentsql.Queries, g consent.Grant, since time.Time) (sent int64, err error) {
	grants, err := line(ctx, q, g.Vault, g.ID)
	for _, of := range grants {
		n, err := q.MessagesSince(ctx, consentsql.MessagesSinceParams{VaultID: g.Vault, GrantID: of, Received: since.Unix()})
		if err != nil {
			return 0, err
		}
		sent += n
	}
	return sent, err
}

func (m Message) permit() Permit {
	return Permit{Vault: m.Vault, Grant: m.Grant, Kind: consent.PermitMessage, Entry: m.Permit}
}

// Deliver puts a taken message, whose permit is anchored now, into the inbox. If
// the grant has ended in between, the message is gone and the answer its
// *consent.Denial.
func (s *Store) Deliver(ctx context.Context, m Message, now time.Time) error {
	var denied error
	err := s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		row, err := one(q.GrantByID(ctx, m.Grant))
		if err != nil {
			return notHeld(ctx, q, m.Business, m.Grant, now, err)
		}
		leaf := m.Permit.Leaf()
		err = q.MarkPermitAnchored(ctx, consentsql.MarkPermitAnchoredParams{VaultID: m.Vault, GrantID: m.Grant, Leaf: leaf[:]})
		if err != nil {
			return err
		}
		g, err := bareGrant(row)
		if err != nil {
			return err
		}
		if denied = consent.Check(g, now, consent.Need{Business: m.Business, Channel: m.Channel, Permitted: true}); denied != nil {
			return q.DropMessage(ctx, consentsql.DropMessageParams{VaultID: m.Vault, MessageID: m.ID})
		}
		// No row changed: delivered by another attempt, or already deleted.
		_, err = q.DeliverMessage(ctx, consentsql.DeliverMessageParams{VaultID: m.Vault, MessageID: m.ID})
		return err
	})
	if err == nil {
		err = denied
	}
	s.saidOf(err)
	return wrap("delivering a message", err)
}

// DropMessage gives a taken message's place back: the ledger refused its permit.
func (s *Store) DropMessage(ctx context.Context, m Message) error {
	return s.DropPermits(ctx, []Permit{m.permit()})
}

// Inbox lists a vault's messages, newest first.
func (s *Store) Inbox(ctx context.Context, v id.Vault) (all []Message, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		rows, err := q.Inbox(ctx, v)
		if err != nil {
			return err
		}
		for _, row := range rows {
			m, err := messageOf(row.Message, row.Business)
			if err != nil {
				return err
			}
			all = append(all, m)
		}
		return nil
	})
	if err == nil {
		each := make([]*Message, len(all))
		for i := range all {
			each[i] = &all[i]
		}
		err = s.unsealMessages(ctx, each...)
	}
	return all, wrap("listing messages", err)
}

// Message returns one message of a vault's inbox.
func (s *Store) Message(ctx context.Context, v id.Vault, m id.Message) (out Message, err error) {
	err = s.read(ctx, func(q *consentsql.Queries) error {
		row, err := one(q.Message(ctx, consentsql.MessageParams{VaultID: v, MessageID: m}))
		if err != nil {
			return err
		}
		if out, err = messageOf(row.Message, row.Business); err == nil && out.State != MessageDelivered && out.State != MessageRead {
			err = consent.ErrNotFound
		}
		return err
	})
	if err == nil {
		err = s.unsealMessages(ctx, &out)
	}
	return out, wrap("reading a message", err)
}

// MarkRead notes that the shopper read the message; again changes nothing.
func (s *Store) MarkRead(ctx context.Context, v id.Vault, m id.Message) error {
	return wrap("marking a message", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		n, err := q.ReadMessage(ctx, consentsql.ReadMessageParams{VaultID: v, MessageID: m})
		if err != nil || n > 0 {
			return err
		}
		row, err := one(q.Message(ctx, consentsql.MessageParams{VaultID: v, MessageID: m}))
		if err == nil && MessageState(row.Message.State) != MessageRead {
			err = consent.ErrNotFound
		}
		return err
	}))
}

// DeleteMessage removes a message and the opening of its permit.
func (s *Store) DeleteMessage(ctx context.Context, v id.Vault, m id.Message) error {
	return wrap("deleting a message", s.write(ctx, func(q *consentsql.Queries, _ sqldb.Tx) error {
		n, err := q.DeleteMessage(ctx, consentsql.DeleteMessageParams{VaultID: v, MessageID: m})
		return changed(n, err, consent.ErrNotFound)
	}))
}

// messageOf is a message with its papers sealed as they are stored; see unsealMessages.
func messageOf(row consentsql.Message, business consent.DID) (Message, error) {
	e, err := anchor.ParseEntry(row.Entry)
	if err != nil {
		return Message{}, wrap("reading a stored message", err)
	}
	permit, ok := e.(anchor.Permit)
	if !ok {
		return Message{}, wrap("reading a stored message", consent.BadEntry)
	}
	return Message{
		ID: row.MessageID, Vault: row.VaultID, Grant: row.GrantID, Business: business, Channel: row.Channel,
		Sealed: row.Sealed, Permit: permit, Document: row.Document, Opening: row.Opening,
		Received: consent.Unix(row.Received), State: MessageState(row.State),
	}, nil
}
