package business

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/audit"
	"coffer/internal/id"
)

// Sent names a message that was delivered.
type Sent struct {
	ID     id.Message
	Permit anchor.Leaf // its permit on the ledger
	Grant  id.Grant    // that it was sent under: the one that was named, or that took its place
}

// outFile is outbox/<message>.json: a message whose delivery is not acknowledged.
type outFile struct {
	V     int        `json:"v"`
	JWS   string     `json:"jws"`
	Grant id.Grant   `json:"grant"`
	Body  outMessage `json:"body"`
}

// outMessage is what the operator gets: what it cannot open, and the permit.
type outMessage struct {
	ID     id.Message `json:"id"`
	Grant  id.Grant   `json:"grant"`
	Sealed string     `json:"sealed"`
	Permit outPermit  `json:"permit"`
}

type outPermit struct {
	Entry    consent.Bytes  `json:"entry"`
	Document string         `json:"document"`
	Opening  anchor.Opening `json:"opening"`
}

// Send sends the shopper a message under a grant: signed, encrypted for the
// shopper alone, with a permit that commits to it. When Send returns, the permit
// is on the ledger and the message in the inbox. A *consent.Denial says why not:
// withdrawn, paused, expired, not-covered (no channel), policy (as the weekly cap). A
// grant that the shopper changed is followed to the one that took its place. After
// ErrUnreachable the message stays in the outbox, and the next Poll sends it.
func (b *Business) Send(ctx context.Context, g id.Grant, subject, text string) (Sent, error) {
	return following(ctx, b, g, func(g id.Grant) (Sent, error) {
		sent, err := b.sendUnder(ctx, g, subject, text)
		sent.Grant = g
		return sent, err
	})
}

func (b *Business) sendUnder(ctx context.Context, g id.Grant, subject, text string) (Sent, error) {
	defer b.hold(g)()
	grant, letter, err := b.openLetter(ctx, g)
	if errors.Is(err, consent.Paused) { // resumed since, perhaps: the operator says so
		if answer, asked := b.askGrant(ctx, g); asked == nil && answer.State == consent.StateReplaced {
			err = answer.denial()
		}
	}
	if err != nil {
		return Sent{}, err
	}
	now := b.now()
	epoch := anchor.EpochAt(now)
	if epoch >= grant.End {
		return Sent{}, &consent.Denial{Reason: consent.GrantExpired}
	}
	if !slices.Contains(grant.Channels, consent.ChannelWallet) {
		return Sent{}, &consent.Denial{Reason: consent.NotCovered, What: consent.ChannelWallet}
	}
	message := consent.NewMessage(b.keys.did, letter.Pairwise, consent.MessageBody{Grant: g, Subject: subject, Text: text}, now)
	payload := message.Payload()
	if _, err := consent.ParseMessage(payload, b.keys.did); err != nil {
		return Sent{}, fmt.Errorf("writing a message: %w", err)
	}
	jws, err := b.keys.signer.SignJWS(consent.TypeMessage, payload)
	if err != nil {
		return Sent{}, fmt.Errorf("signing a message: %w", err)
	}
	sealed, err := agent.PackMessage(jws, letter.AgreementKey)
	if err != nil {
		return Sent{}, fmt.Errorf("packing a message: %w", err)
	}
	permit, err := b.newPermit(ctx, letter, consent.NewMessagePermit(g, epoch, consent.ChannelWallet, message.ID, consent.HashOf(jws)))
	if err != nil {
		return Sent{}, err
	}
	out := outFile{V: 1, JWS: jws, Grant: g, Body: outMessage{
		ID: message.ID, Grant: g, Sealed: sealed,
		Permit: outPermit{Entry: permit.Entry, Document: permit.Document, Opening: permit.Opening},
	}}
	if err := b.folder.write(out, "outbox", message.ID.String()+".json"); err != nil {
		return Sent{}, fmt.Errorf("keeping a message: %w", err)
	}
	sent, err := b.deliver(ctx, out)
	return sent, b.noticed(ctx, g, err)
}

// deliver hands a message to the operator. It leaves the outbox when the operator
// has it, or refuses it for good.
func (b *Business) deliver(ctx context.Context, out outFile) (Sent, error) {
	var answer struct {
		Leaf anchor.Leaf `json:"leaf"`
	}
	err := b.client.call(ctx, http.MethodPost, "/business/v1/messages", out.Body, &answer)
	if err != nil {
		if !passing(err) {
			err = errors.Join(denial(err), b.folder.remove("outbox", out.Body.ID.String()+".json"))
		}
		return Sent{}, fmt.Errorf("sending a message: %w", err)
	}
	leaf := anchor.HashLeaf(out.Body.Permit.Entry)
	if answer.Leaf != leaf {
		return Sent{}, errors.New("sending a message: the operator's answer is about another permit")
	}
	line := audit.Message{Grant: out.Grant, ID: out.Body.ID, JWS: out.JWS, Permit: leaf}
	if err := b.trailPermit(ctx, out.Body.Permit.Entry, line); err != nil {
		return Sent{}, err
	}
	if err := b.folder.remove("outbox", out.Body.ID.String()+".json"); err != nil {
		return Sent{}, fmt.Errorf("emptying the outbox: %w", err)
	}
	return Sent{ID: out.Body.ID, Permit: leaf}, nil
}

// flush sends what is left in the outbox.
func (b *Business) flush(ctx context.Context) error {
	names, err := b.folder.names("outbox")
	if err != nil {
		return err
	}
	for _, name := range names {
		var out outFile
		if err := b.folder.read(&out, "outbox", name+".json"); err != nil {
			return err
		}
		release := b.hold(out.Grant)
		_, err := b.deliver(ctx, out)
		release()
		if err != nil && passing(err) {
			return err
		}
		if err != nil {
			b.log.Warn("a message from the outbox was refused", "error", err)
		}
	}
	return nil
}
