package consent

import (
	"context"

	"coffer/internal/id"
)

// TypeCountersignature is the header type of a counter-signature.
const TypeCountersignature = "coffer-countersignature+jwt"

// Countersignature is the business's answer to a receipt: it has it, and takes its
// terms as its own. It is a JWS by the business's key, made when it first collects.
type Countersignature struct {
	V           int      `json:"v"`
	Iss         DID      `json:"iss"`
	Grant       id.Grant `json:"grant"`
	ReceiptHash Hash     `json:"receipt_hash"` // of the JWT
	Time        Unix     `json:"time"`
}

const maxCountersignature = 4 << 10 // the JWS

// NewCountersignature is what the controller of a receipt signs. The receipt's JWT
// must be set.
func NewCountersignature(r Receipt, at Unix) Countersignature {
	return Countersignature{V: Version, Iss: r.Controllers[0].Party, Grant: r.Grant, ReceiptHash: HashOf(r.JWT), Time: at}
}

// Payload writes what is signed.
func (c Countersignature) Payload() []byte { c.V = Version; return write(c) }

// ParseCountersignature reads a payload whose signature by signer was verified.
func ParseCountersignature(payload []byte, signer DID) (Countersignature, error) {
	var c Countersignature
	if err := read(payload, maxCountersignature, &c); err != nil {
		return Countersignature{}, err
	}
	if err := version(c.V); err != nil {
		return Countersignature{}, err
	}
	if c.Iss == "" || c.Iss != signer {
		return Countersignature{}, refuse(WrongIssuer, "iss")
	}
	if c.Grant.IsZero() || c.Time <= 0 {
		return Countersignature{}, malformed("want a grant and a time", "grant")
	}
	return c, nil
}

// Of holds the counter-signature against a receipt of something given, whose JWT is
// set: the receipt's controller signed exactly this receipt, and not before it was
// there.
func (c Countersignature) Of(r Receipt) error {
	switch {
	case !r.whole() || len(r.Controllers) != 1 || r.JWT == "" || r.Events[0].State != EventGiven:
		return refuse(WrongReceipt, "events[0].event_state")
	case c.Iss != r.Controllers[0].Party:
		return refuse(WrongIssuer, "iss")
	case c.Grant != r.Grant:
		return refuse(WrongReceipt, "grant")
	case c.ReceiptHash != HashOf(r.JWT):
		return refuse(WrongReceipt, "receipt_hash")
	case c.Time < r.Events[0].Time-Unix(Skew.Seconds()):
		return refuse(WrongReceipt, "time")
	}
	return nil
}

// OpenCountersignature verifies and reads a counter-signature, and holds it against
// the receipt. Errors are a *Refusal, or ErrUnreachable.
func OpenCountersignature(ctx context.Context, s Signatures, jws string, r Receipt) (Countersignature, error) {
	if len(jws) > maxCountersignature {
		return Countersignature{}, refuse(Malformed, "")
	}
	signer, payload, err := s.VerifyJWS(ctx, jws, TypeCountersignature)
	if err != nil {
		return Countersignature{}, err
	}
	c, err := ParseCountersignature(payload, signer)
	if err != nil {
		return Countersignature{}, err
	}
	return c, c.Of(r)
}
