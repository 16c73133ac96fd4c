package consent

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"coffer/internal/id"
)

// maxEvidence bounds a record or an event as it is presented.
const maxEvidence = 16 << 10

// StatusCounts is how long a look at a record's status is believed.
const StatusCounts = 24 * time.Hour

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
// successor's may be about a grant that went before: about lists them all. A record that
// can be revoked is asked about, and counts for StatusCounts: then it is to be presented
// again. Errors are a *Refusal, or ErrUnreachable.
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
	if r := e.record; r != nil && len(r.Statuses) > 0 {
		if err := s.CheckStatus(ctx, *r); err != nil {
			return e, err
		}
		if fresh := UnixAt(now.Add(StatusCounts)); e.Until == 0 || e.Until > fresh {
			e.Until = fresh
		}
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
