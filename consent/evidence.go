package consent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"coffer/internal/id"
)

// maxEvidence bounds a record or an event as it is presented.
const maxEvidence = 16 << 10

// TypeEvent is the header type of an event: a party's word that something happened.
const TypeEvent = "coffer-event+jwt"

// Happened is an event, as the party signs it that the condition names.
type Happened struct {
	V     int      `json:"v"`
	Iss   DID      `json:"iss"` // the party
	Grant id.Grant `json:"grant"`
	Name  string   `json:"name"`
	Time  Unix     `json:"time"` // when it happened
}

// Payload writes what is signed.
func (h Happened) Payload() []byte { h.V = Version; return write(h) }

// ParseHappened reads a payload whose signature by signer was verified.
func ParseHappened(payload []byte, signer DID) (Happened, error) {
	var h Happened
	if err := read(payload, maxEvidence, &h); err != nil {
		return Happened{}, err
	}
	if err := version(h.V); err != nil {
		return Happened{}, err
	}
	switch {
	case h.Iss == "" || h.Iss != signer:
		return Happened{}, refuse(WrongIssuer, "iss")
	case h.Grant.IsZero() || h.Time <= 0 || h.Time > 1<<40:
		return Happened{}, malformed("want a grant and a time", "grant")
	case !nameForm.MatchString(h.Name):
		return Happened{}, malformed("want 1 to 32 of a-z 0-9 -", "name")
	}
	return h, nil
}

// Record is what a JWT-VC of anyone says that matters here.
type Record struct {
	Issuer  DID
	Types   []string
	Subject string
	From    Unix // 0: at any time
	Until   Unix // before it; 0: for good
}

// recordClaims are the claims of a JWT-VC (W3C VC Data Model 1.1, § 6.3.1) that are
// looked at. Others may stand there: records are not made for Coffer alone.
type recordClaims struct {
	Iss DID      `json:"iss"`
	Sub string   `json:"sub"`
	Nbf *float64 `json:"nbf"` // RFC 7519 allows fractions
	Exp *float64 `json:"exp"`
	VC  *struct {
		Type    json.RawMessage `json:"type"`
		Issuer  json.RawMessage `json:"issuer"`
		Subject json.RawMessage `json:"credentialSubject"`
		Issued  *time.Time      `json:"issuanceDate"`
		Expires *time.Time      `json:"expirationDate"`
		Status  json.RawMessage `json:"credentialStatus"`
	} `json:"vc"`
}

// ParseRecord reads the payload of a JWT-VC whose signature by signer was verified.
// What is said twice must be said alike. A record that can be revoked is refused:
// nobody here asks whether it was.
func ParseRecord(payload []byte, signer DID) (Record, error) {
	if len(payload) > maxEvidence {
		return Record{}, malformed("too long", "")
	}
	var whole struct {
		Claims any `json:"claims"`
	}
	if err := ParseStrict(slices.Concat([]byte(`{"claims":`), payload, []byte("}")), &whole); err != nil {
		return Record{}, malformed("not JSON, or a key twice", "") // two readers could read two records
	}
	var c recordClaims
	if err := json.Unmarshal(payload, &c); err != nil || c.VC == nil {
		return Record{}, malformed("want the claims of a W3C credential", "vc") // err could show a value
	}
	r := Record{Issuer: c.Iss, Subject: c.Sub}
	if issuer, ok := named(c.VC.Issuer); !ok || c.Iss != signer || issuer != "" && issuer != string(signer) {
		return Record{}, refuse(WrongIssuer, "iss")
	}
	subject, ok := named(c.VC.Subject)
	if !ok || r.Subject != "" && subject != "" && subject != r.Subject {
		return Record{}, malformed("want one subject", "vc.credentialSubject")
	}
	if r.Subject == "" {
		r.Subject = subject
	}
	if r.Types = texts(c.VC.Type); !slices.Contains(r.Types, vcType) {
		return Record{}, malformed("want a W3C credential", "vc.type")
	}
	if len(c.VC.Status) > 0 {
		return Record{}, refuse(WrongEvidence, "vc.credentialStatus")
	}
	var err error
	if r.From, err = moment(c.Nbf, c.VC.Issued, func(a, b Unix) Unix { return max(a, b) }); err == nil {
		r.Until, err = moment(c.Exp, c.VC.Expires, func(a, b Unix) Unix { return min(a, b) })
	}
	return r, err
}

// named reads what names somebody: a text, or an object with an id. Nothing is "".
func named(raw json.RawMessage) (string, bool) {
	if len(raw) == 0 {
		return "", true
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, true
	}
	var object struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(raw, &object)
	return object.ID, err == nil
}

// texts reads a text or a list of them.
func texts(raw json.RawMessage) (list []string) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	_ = json.Unmarshal(raw, &list) // or none
	return list
}

// moment is a claim's, a date's, or of both the narrower one; 0 for neither.
func moment(claim *float64, date *time.Time, narrower func(a, b Unix) Unix) (Unix, error) {
	var all []Unix
	if claim != nil {
		if *claim < 1 || *claim > 1<<40 {
			return 0, malformed("want a time", "nbf")
		}
		all = append(all, Unix(math.Floor(*claim)))
	}
	if date != nil {
		at := UnixAt(*date)
		if at < 1 || at > 1<<40 {
			return 0, malformed("want a time", "vc.issuanceDate")
		}
		all = append(all, at)
	}
	switch len(all) {
	case 0:
		return 0, nil
	case 1:
		return all[0], nil
	}
	return narrower(all[0], all[1]), nil
}

// Evidence is what was shown for a condition, verified.
type Evidence struct {
	Text  string // as it was presented
	By    DID
	From  Unix // it counts from then; 0: from the beginning
	Until Unix // it counts before then; 0: for good

	record   *Record // one of both, once it was read
	happened *Happened
}

// Hash names the evidence: SHA-256 of its text.
func (e Evidence) Hash() Hash { return HashOf(e.Text) }

// Counts reports whether the evidence holds at that moment.
func (e Evidence) Counts(at time.Time) bool {
	now := UnixAt(at)
	return e.From <= now && (e.Until == 0 || now < e.Until)
}

// OpenEvidence verifies what a business presents for the condition of its grant: the
// record or the event that the condition names, by whom it names, about this grant. A
// successor's may be about a grant that went before: about lists them all. Errors are a
// *Refusal, or ErrUnreachable.
func OpenEvidence(ctx context.Context, s Signatures, text string, c *Condition, about []id.Grant, now time.Time) (e Evidence, err error) {
	if !c.Proven() {
		return Evidence{}, &Refusal{Code: WrongEvidence, At: "grant", Cause: errors.New("its condition asks for none")}
	}
	if e, err = readEvidence(ctx, s, text, c.Event != nil); err == nil {
		err = e.Meets(c, about)
	}
	if err != nil {
		return e, err
	}
	switch at := UnixAt(now); {
	case e.Until != 0 && at >= e.Until:
		return e, refuse(Expired, "evidence")
	case e.From > at+Unix(Skew.Seconds()):
		return e, refuse(NotYet, "evidence")
	}
	return e, nil
}

// ReadEvidence verifies evidence of which the condition is not known yet (an auditor's
// view); Meets holds it against one.
func ReadEvidence(ctx context.Context, s Signatures, text string) (Evidence, error) {
	head, _, _ := strings.Cut(text, ".")
	plain, _ := b64u.DecodeString(head)
	return readEvidence(ctx, s, text, bytes.Contains(plain, []byte(`"`+TypeEvent+`"`)))
}

func readEvidence(ctx context.Context, s Signatures, text string, event bool) (Evidence, error) {
	if len(text) > maxEvidence {
		return Evidence{}, malformed("too long", "evidence")
	}
	if !event {
		r, err := s.VerifyRecord(ctx, text)
		return Evidence{Text: text, By: r.Issuer, From: r.From, Until: r.Until, record: &r}, err
	}
	signer, payload, err := s.VerifyJWS(ctx, text, TypeEvent)
	if err != nil {
		return Evidence{}, err
	}
	h, err := ParseHappened(payload, signer)
	return Evidence{Text: text, By: h.Iss, From: h.Time, happened: &h}, err
}

// Meets holds evidence that was verified against a condition, about one of the grants.
func (e Evidence) Meets(c *Condition, about []id.Grant) error {
	switch {
	case c != nil && c.Record != nil && e.record != nil:
		return c.Record.met(*e.record, about)
	case c != nil && c.Event != nil && e.happened != nil:
		return c.Event.met(*e.happened, about)
	}
	return refuse(WrongEvidence, "evidence")
}

func (c RecordCondition) met(r Record, about []id.Grant) error {
	switch {
	case r.Issuer != c.Issuer:
		return refuse(WrongEvidence, "evidence.iss")
	case !slices.Contains(r.Types, c.Type):
		return refuse(WrongEvidence, "evidence.vc.type")
	case !slices.ContainsFunc(about, func(g id.Grant) bool { return GrantURN(g) == r.Subject }):
		return refuse(WrongEvidence, "evidence.sub")
	}
	return nil
}

func (c EventCondition) met(h Happened, about []id.Grant) error {
	switch {
	case h.Iss != c.Party:
		return refuse(WrongEvidence, "evidence.iss")
	case h.Name != c.Name:
		return refuse(WrongEvidence, "evidence.name")
	case !slices.Contains(about, h.Grant):
		return refuse(WrongEvidence, "evidence.grant")
	}
	return nil
}
