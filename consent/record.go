package consent

import (
	"encoding/json"
	"math"
	"slices"
	"time"
)

// MaxRecord bounds a record as text, of either form.
const MaxRecord = 16 << 10

// Record is what a credential of anyone says that matters here.
type Record struct {
	Issuer  DID
	Types   []string // of an SD-JWT VC its vct alone
	Subject string
	From    Unix // 0: at any time
	Until   Unix // before it; 0: for good

	Statuses []StatusEntry              // where to ask whether it was revoked; nil: it cannot be
	Holder   *HolderKey                 // who may present it; nil: whoever has it
	Claims   map[string]json.RawMessage // what it says, as far as it was shown
}

// At holds the record against a moment: Expired or NotYet.
func (r Record) At(now time.Time) error {
	switch at := UnixAt(now); {
	case r.Until != 0 && at >= r.Until:
		return refuse(Expired, "record")
	case r.From > at+Unix(Skew.Seconds()):
		return refuse(NotYet, "record")
	}
	return nil
}

// foreign are the claims of a JWT-VC of anyone (W3C VC Data Model 1.1, § 6.3.1) that are looked
// at. Others may stand there: records are not made for Coffer alone.
type foreign struct {
	iss, sub string
	jti      string
	nbf, exp *float64 // RFC 7519 allows fractions

	id                              string
	kind, issuer, subject, statuses json.RawMessage
	issued, expires                 *time.Time
}

func readForeign(payload []byte) (c foreign, ok bool) {
	var vc json.RawMessage
	claims := open(payload)
	ok = claims.read("iss", &c.iss) && claims.read("sub", &c.sub) && claims.read("jti", &c.jti) &&
		claims.read("nbf", &c.nbf) && claims.read("exp", &c.exp) && claims.read("vc", &vc)
	in := open(vc)
	return c, ok && in != nil && in.read("id", &c.id) && in.read("type", &c.kind) && in.read("issuer", &c.issuer) &&
		in.read("credentialSubject", &c.subject) && in.read("credentialStatus", &c.statuses) &&
		in.read("issuanceDate", &c.issued) && in.read("expirationDate", &c.expires)
}

func (c foreign) window() (from, until Unix, err error) {
	if from, err = moment(c.nbf, c.issued, func(a, b Unix) Unix { return max(a, b) }); err == nil {
		until, err = moment(c.exp, c.expires, func(a, b Unix) Unix { return min(a, b) })
	}
	return from, until, err
}

// opened is an object of which single keys are read, by their exact spelling:
// encoding/json takes others for the same.
type opened map[string]json.RawMessage

// open is nil for what is no object.
func open(raw []byte) (o opened) {
	if json.Unmarshal(raw, &o) != nil {
		return nil
	}
	return o
}

// read reports false for a value of another kind; what is left out, or null, is none.
func (o opened) read(key string, to any) bool {
	raw, there := o[key]
	if raw, ok := to.(*json.RawMessage); ok {
		*raw = o[key]
		return true
	}
	return !there || json.Unmarshal(raw, to) == nil
}

// ParseRecord reads the payload of a JWT-VC whose signature by signer was verified.
// What is said twice must be said alike. Whether it was revoked is to be asked where
// Statuses say; a status of a kind that nobody here can ask is WrongEvidence.
func ParseRecord(payload []byte, signer DID) (Record, error) {
	if err := plainJSON(payload); err != nil {
		return Record{}, err
	}
	c, ok := readForeign(payload)
	if !ok {
		return Record{}, malformed("want the claims of a W3C credential", "vc")
	}
	r := Record{Issuer: DID(c.iss), Subject: c.sub}
	if issuer, ok := named(c.issuer); !ok || r.Issuer != signer || issuer != "" && issuer != string(signer) {
		return Record{}, refuse(WrongIssuer, "iss")
	}
	subject, ok := named(c.subject)
	if !ok || r.Subject != "" && subject != "" && subject != r.Subject {
		return Record{}, malformed("want one subject", "vc.credentialSubject")
	}
	if r.Subject == "" {
		r.Subject = subject
	}
	if r.Types = texts(c.kind); !slices.Contains(r.Types, vcType) {
		return Record{}, malformed("want a W3C credential", "vc.type")
	}
	var err error
	if r.Statuses, err = statusesOf(c.statuses, "vc.credentialStatus"); err != nil {
		return Record{}, err
	}
	r.From, r.Until, err = c.window()
	r.Claims = open(c.subject) // a text says nothing but who
	delete(r.Claims, "id")
	return r, err
}

// plainJSON refuses what two readers could read as two things.
func plainJSON(payload []byte) error {
	if len(payload) > MaxRecord {
		return malformed("too long", "")
	}
	var whole struct {
		Claims any `json:"claims"`
	}
	if err := ParseStrict(slices.Concat([]byte(`{"claims":`), payload, []byte("}")), &whole); err != nil {
		return malformed("not JSON, or a key twice", "")
	}
	return nil
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
	var name string
	object := open(raw)
	ok := object != nil && object.read("id", &name)
	return name, ok
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
