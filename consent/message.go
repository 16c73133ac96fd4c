package consent

import (
	"crypto/rand"
	"time"

	"coffer/internal/id"
)

// MessageType is what every message says it is.
const MessageType = "urn:coffer:message"

// Message is what a business sends a shopper under a grant: shaped like a DIDComm
// v2 plaintext, signed as a TypeMessage, then packed for the shopper's agreement
// key. Only the two ends can read it.
type Message struct {
	V       int         `json:"v"`
	ID      id.Message  `json:"id"`
	Type    string      `json:"type"`
	From    DID         `json:"from"`
	To      []DID       `json:"to"` // one pairwise DID
	Created Unix        `json:"created_time"`
	Body    MessageBody `json:"body"`
	Nonce   Secret      `json:"nonce"` // so that the digest cannot be guessed from a known text
}

// MessageBody is what the shopper reads, and under which grant.
type MessageBody struct {
	Grant   id.Grant `json:"grant"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
}

// NewMessage makes a message under a grant.
func NewMessage(from, to DID, body MessageBody, now time.Time) Message {
	m := Message{V: Version, ID: id.New[id.Message](), Type: MessageType, From: from, To: []DID{to}, Created: UnixAt(now), Body: body}
	rand.Read(m.Nonce[:]) // never fails (crypto/rand)
	return m
}

// Payload is what the business signs as a TypeMessage.
func (m Message) Payload() []byte { m.V, m.To = Version, list(m.To); return write(m) }

// ParseMessage reads the payload of a message that signer signed.
func ParseMessage(payload []byte, signer DID) (Message, error) {
	var m Message
	if err := read(payload, MaxMessage, &m); err != nil {
		return Message{}, err
	}
	if err := version(m.V); err != nil {
		return Message{}, err
	}
	if m.From == "" || m.From != signer {
		return Message{}, refuse(WrongIssuer, "from")
	}
	if m.Type != MessageType || m.ID.IsZero() || m.Body.Grant.IsZero() || m.Created <= 0 {
		return Message{}, malformed("want a type, ids and a time", "type")
	}
	if len(m.To) != 1 || m.To[0] == "" {
		return Message{}, malformed("want one recipient", "to")
	}
	if !said(m.Body.Subject, 200) || !said(m.Body.Text, 16<<10) {
		return Message{}, malformed("want a subject and a text", "body")
	}
	return m, nil
}
