package consent

import (
	"coffer/anchor"
	"coffer/internal/id"
)

// PermitKind is what a permit is for. On the ledger the two look the same.
type PermitKind string

const (
	PermitCollect PermitKind = "collect"
	PermitMessage PermitKind = "message"
)

// PermitDocument is what a permit entry commits to: who may do what, when. Its
// bytes are made by the business and carried as they are.
type PermitDocument struct {
	V     int          `json:"v"`
	Grant id.Grant     `json:"grant"`
	Epoch anchor.Epoch `json:"epoch"`
	Kind  PermitKind   `json:"kind"`

	Log LogHead `json:"log"` // of PermitCollect: the access log as the business knows it

	Channel string     `json:"channel"` // of PermitMessage
	Message id.Message `json:"message"`
	Digest  Hash       `json:"digest"` // of the message's JWS
}

type collectPermit struct {
	V     int          `json:"v"`
	Grant id.Grant     `json:"grant"`
	Epoch anchor.Epoch `json:"epoch"`
	Kind  PermitKind   `json:"kind"`
	Log   LogHead      `json:"log"`
}

type messagePermit struct {
	V       int          `json:"v"`
	Grant   id.Grant     `json:"grant"`
	Epoch   anchor.Epoch `json:"epoch"`
	Kind    PermitKind   `json:"kind"`
	Channel string       `json:"channel"`
	Message id.Message   `json:"message"`
	Digest  Hash         `json:"digest"`
}

// NewCollectPermit permits collecting within one hour.
func NewCollectPermit(g id.Grant, e anchor.Epoch, log LogHead) PermitDocument {
	return PermitDocument{V: Version, Grant: g, Epoch: e, Kind: PermitCollect, Log: log}
}

// NewMessagePermit permits one message, named by its id and its JWS's digest.
func NewMessagePermit(g id.Grant, e anchor.Epoch, channel string, m id.Message, digest Hash) PermitDocument {
	return PermitDocument{V: Version, Grant: g, Epoch: e, Kind: PermitMessage, Channel: channel, Message: m, Digest: digest}
}

// Bytes writes the document: the exact bytes that are committed to.
func (p PermitDocument) Bytes() []byte {
	if p.Kind == PermitMessage {
		return write(messagePermit{Version, p.Grant, p.Epoch, p.Kind, p.Channel, p.Message, p.Digest})
	}
	return write(collectPermit{Version, p.Grant, p.Epoch, p.Kind, p.Log})
}

// ParsePermit reads a permit document of either kind.
func ParsePermit(document []byte) (PermitDocument, error) {
	var c collectPermit
	err := read(document, maxPermit, &c)
	p := PermitDocument{V: c.V, Grant: c.Grant, Epoch: c.Epoch, Kind: c.Kind, Log: c.Log}
	if err != nil {
		var m messagePermit
		if err := read(document, maxPermit, &m); err != nil {
			return PermitDocument{}, err
		}
		p = PermitDocument{V: m.V, Grant: m.Grant, Epoch: m.Epoch, Kind: m.Kind, Channel: m.Channel, Message: m.Message, Digest: m.Digest}
	}
	if err := version(p.V); err != nil {
		return PermitDocument{}, err
	}
	if want := map[bool]PermitKind{true: PermitCollect, false: PermitMessage}[err == nil]; p.Kind != want {
		return PermitDocument{}, malformed("the keys are of the other kind", "kind")
	}
	if p.Grant.IsZero() {
		return PermitDocument{}, malformed("zero id", "grant")
	}
	if p.Kind == PermitMessage && (p.Channel != ChannelWallet || p.Message.IsZero()) {
		return PermitDocument{}, malformed("want a channel and a message", "channel")
	}
	return p, nil
}
