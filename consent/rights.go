package consent

import (
	"bytes"
	"crypto/rand"
	"slices"
	"time"

	"coffer/internal/id"
)

// RightsKind is what a shopper may demand of a business.
type RightsKind string

// Rights of the GDPR, articles 15 to 21, and of the CCPA, sections 1798.105 to 120.
const (
	RightAccess        RightsKind = "access"
	RightRectification RightsKind = "rectification"
	RightErasure       RightsKind = "erasure"
	RightRestriction   RightsKind = "restriction"
	RightPortability   RightsKind = "portability"
	RightObjection     RightsKind = "objection"

	RightKnow    RightsKind = "know"
	RightDelete  RightsKind = "delete"
	RightCorrect RightsKind = "correct"
	RightOptOut  RightsKind = "opt-out" // of sale, sharing and advertising
)

// Regime is the law that a right is claimed under; it sets the clock.
type Regime string

const (
	RegimeGDPR Regime = "gdpr"
	RegimeCCPA Regime = "ccpa"
)

// Rights that the law knows; nil for a law that this program does not know.
func (r Regime) Rights() []RightsKind {
	switch r {
	case RegimeGDPR:
		return []RightsKind{RightAccess, RightRectification, RightErasure, RightRestriction, RightPortability, RightObjection}
	case RegimeCCPA:
		return []RightsKind{RightKnow, RightDelete, RightCorrect, RightOptOut}
	}
	return nil
}

// RightsRequest is a shopper's demand to one business: signed as a TypeRights by the
// pairwise key that signed the receipts of the grants it names, so that the business
// knows it is the one behind them, and sealed to the business's agreement key. What
// is demanded, and in which words, the operator cannot read.
type RightsRequest struct {
	V            int          `json:"v"`
	ID           id.Rights    `json:"id"`
	Iss          DID          `json:"iss"`      // the shopper, to this business
	Aud          DID          `json:"aud"`      // the business
	Operator     string       `json:"operator"` // origin through which it goes
	Time         Unix         `json:"time"`
	Regime       Regime       `json:"regime"`
	Right        RightsKind   `json:"right"`
	Grants       []id.Grant   `json:"grants"`     // what it is about, over ones too
	Attributes   []string     `json:"attributes"` // empty: all of them
	Text         string       `json:"text"`       // in the shopper's own words; may be empty
	AgreementKey AgreementKey `json:"agreement_key"`
	Nonce        Secret       `json:"nonce"` // so that nobody guesses the text from a hash

	JWS string `json:"-"` // as signed; set by who verified it
}

const (
	MaxRightsGrants = 64 // that one rights request names
	maxRightsText   = 4000
	maxReplyText    = 16 << 10
	rightsBlock     = 1 << 10
)

// rightsWindow is how long a rights request may be on its way.
const rightsWindow = 15 * time.Minute

// Payload is what the shopper signs: padded with spaces to whole kilobytes, so that
// the size of the envelope does not tell whether there is a text.
func (q RightsRequest) Payload() []byte {
	q.V, q.Grants, q.Attributes = Version, list(q.Grants), list(q.Attributes)
	return padded(write(q))
}

func padded(b []byte) []byte {
	return append(b, bytes.Repeat([]byte(" "), (rightsBlock-len(b)%rightsBlock)%rightsBlock)...)
}

// Hash names the rights request in replies.
func (q RightsRequest) Hash() Hash { return HashOf(q.JWS) }

// ParseRightsRequest reads the payload of a rights request that signer signed.
func ParseRightsRequest(payload []byte, signer DID) (RightsRequest, error) {
	var q RightsRequest
	if err := read(payload, MaxRights, &q); err != nil {
		return RightsRequest{}, err
	}
	if err := q.check(signer); err != nil {
		return RightsRequest{}, err
	}
	return q, nil
}

func (q RightsRequest) check(signer DID) error {
	if err := version(q.V); err != nil {
		return err
	}
	if q.Iss == "" || q.Iss != signer {
		return refuse(WrongIssuer, "iss")
	}
	if q.ID.IsZero() || q.Aud == "" || q.Operator == "" || q.Time <= 0 || q.Time > 1<<40 {
		return malformed("want an id, a business, an operator and a time", "id")
	}
	rights := q.Regime.Rights()
	if rights == nil {
		return refuse(BadRight, "regime")
	}
	if !slices.Contains(rights, q.Right) {
		return refuse(BadRight, "right")
	}
	if len(q.Grants) == 0 || len(q.Grants) > MaxRightsGrants {
		return malformed("want 1 to 64 grants", "grants")
	}
	named := make([]string, len(q.Grants))
	for i, g := range q.Grants {
		if g.IsZero() {
			return malformed("zero id", nth("grants", i))
		}
		named[i] = g.String()
	}
	if err := once("grants", named); err != nil {
		return err
	}
	if len(q.Attributes) > 64 {
		return malformed("want at most 64 attributes", "attributes")
	}
	for i, a := range q.Attributes {
		if !nameForm.MatchString(a) {
			return malformed("want an attribute's name", nth("attributes", i))
		}
	}
	if err := once("attributes", q.Attributes); err != nil {
		return err
	}
	if q.Text != "" && !said(q.Text, maxRightsText) {
		return malformed("want no text or a readable one", "text")
	}
	if _, err := q.AgreementKey.Public(); err != nil {
		return refuse(BadKey, "agreement_key")
	}
	return nil
}

// Arrives holds a verified rights request against where and when it arrived: it is
// for this business, through this operator, and was made when the operator says that
// it took it, so that nobody's clock starts sooner or later than it was sent.
func (q RightsRequest) Arrives(business DID, operator string, taken Unix) error {
	switch {
	case q.Aud != business:
		return refuse(WrongAudience, "aud")
	case q.Operator != operator:
		return refuse(WrongAudience, "operator")
	case q.Time > taken+Unix(Skew.Seconds()):
		return refuse(NotYet, "time")
	case q.Time < taken-Unix(rightsWindow.Seconds()):
		return refuse(Expired, "time")
	}
	return nil
}

// From holds a rights request against the receipts of the grants that it names:
// whoever signed these signed it. receipt returns the verified receipt of a grant,
// or false for one that the business never held.
func (q RightsRequest) From(receipt func(id.Grant) (Receipt, bool)) error {
	for i, g := range q.Grants {
		r, ok := receipt(g)
		if !ok || r.Grant != g || r.ID != q.Iss {
			return refuse(WrongRights, nth("grants", i))
		}
	}
	return nil
}

// RightsStep is one thing that a business does with a rights request.
type RightsStep string

const (
	RightsAcknowledged RightsStep = "acknowledged"
	RightsExtended     RightsStep = "extended" // says why it takes longer
	RightsAnswered     RightsStep = "answered"
)

// RightsOutcome is what the answer comes to.
type RightsOutcome string

const (
	OutcomeDone    RightsOutcome = "done"
	OutcomePartly  RightsOutcome = "partly"
	OutcomeRefused RightsOutcome = "refused"
)

// RightsReply is what a business says to a rights request: signed as a TypeReply,
// sealed to the agreement key that the request names.
type RightsReply struct {
	V           int           `json:"v"`
	ID          id.Rights     `json:"id"`
	Iss         DID           `json:"iss"` // the business
	Sub         DID           `json:"sub"` // the shopper
	RequestHash Hash          `json:"request_hash"`
	Time        Unix          `json:"time"`
	Step        RightsStep    `json:"step"`
	Outcome     RightsOutcome `json:"outcome"` // of RightsAnswered, else ""
	Text        string        `json:"text"`    // the reason, where one is owed
	Nonce       Secret        `json:"nonce"`

	JWS string `json:"-"` // as signed; set by who verified it
}

// NewRightsReply writes a reply to a verified rights request.
func NewRightsReply(q RightsRequest, step RightsStep, outcome RightsOutcome, text string, now time.Time) RightsReply {
	r := RightsReply{V: Version, ID: q.ID, Iss: q.Aud, Sub: q.Iss, RequestHash: q.Hash(), Time: UnixAt(now), Step: step, Outcome: outcome, Text: text}
	rand.Read(r.Nonce[:]) // never fails (crypto/rand)
	return r
}

// Payload is what the business signs; padded as the request is.
func (r RightsReply) Payload() []byte { r.V = Version; return padded(write(r)) }

// ParseRightsReply reads the payload of a reply that signer signed. An extension, a
// refusal and a half-done answer say why; other replies may.
func ParseRightsReply(payload []byte, signer DID) (RightsReply, error) {
	var r RightsReply
	if err := read(payload, MaxRights, &r); err != nil {
		return RightsReply{}, err
	}
	if err := version(r.V); err != nil {
		return RightsReply{}, err
	}
	if r.Iss == "" || r.Iss != signer {
		return RightsReply{}, refuse(WrongIssuer, "iss")
	}
	if r.ID.IsZero() || r.Sub == "" || r.Time <= 0 || r.Time > 1<<40 {
		return RightsReply{}, malformed("want an id, a shopper and a time", "id")
	}
	owed := false
	switch r.Step {
	case RightsAcknowledged:
	case RightsExtended:
		owed = true
	case RightsAnswered:
		if r.Outcome != OutcomeDone && r.Outcome != OutcomePartly && r.Outcome != OutcomeRefused {
			return RightsReply{}, malformed("want done, partly or refused", "outcome")
		}
		owed = r.Outcome != OutcomeDone
	default:
		return RightsReply{}, malformed("want acknowledged, extended or answered", "step")
	}
	if r.Step != RightsAnswered && r.Outcome != "" {
		return RightsReply{}, malformed("only an answer has an outcome", "outcome")
	}
	if (owed || r.Text != "") && !said(r.Text, maxReplyText) {
		return RightsReply{}, malformed("want a readable text", "text")
	}
	return r, nil
}

// Answers holds a verified reply against the rights request that it is a reply to.
func (r RightsReply) Answers(q RightsRequest) error {
	switch {
	case r.Iss != q.Aud:
		return refuse(WrongIssuer, "iss")
	case r.ID != q.ID || r.Sub != q.Iss || q.JWS == "" || r.RequestHash != q.Hash():
		return refuse(WrongRights, "request_hash")
	}
	return nil
}
