package consent

import (
	"bytes"
	"context"
	"slices"
	"time"
)

// MaxTemplateVersion is the last version that a template may have.
const MaxTemplateVersion = 9999

// Template is one version of what a business asks many shoppers in the same words,
// signed by it as a TypeTemplate. Versions begin with 1, follow one another, and never
// change: a request that names one can be read against it for ever.
type Template struct {
	V             int        `json:"v"`
	Name          string     `json:"template"` // 1 to 32 of a-z 0-9 -
	Version       int        `json:"version"`
	Iss           DID        `json:"iss"`
	Aud           string     `json:"aud"` // the operator's origin
	Iat           Unix       `json:"iat"`
	Controller    Controller `json:"controller"`
	Jurisdictions []string   `json:"jurisdictions"`
	Language      string     `json:"language"`
	NoticeVersion string     `json:"notice_version"`
	Purposes      []Asked    `json:"purposes"`

	JWS string `json:"-"` // the signed form, once it is known; Hash is of it
}

// TemplateRef is how a request names the template whose words it repeats.
type TemplateRef struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	Hash    Hash   `json:"hash"` // of the template's JWS
}

func (r *TemplateRef) check(at string) error {
	switch {
	case r == nil:
	case !nameForm.MatchString(r.Name):
		return malformed("want 1 to 32 of a-z 0-9 -", at+".name")
	case r.Version < 1 || r.Version > MaxTemplateVersion:
		return malformed("want 1 to 9999", at+".version")
	}
	return nil
}

// Asks is the template as a request that has no shopper yet: what Differences compares.
func (t Template) Asks() Request {
	return Request{Iss: t.Iss, Aud: t.Aud, Iat: t.Iat, Controller: t.Controller, Jurisdictions: t.Jurisdictions,
		Language: t.Language, NoticeVersion: t.NoticeVersion, Purposes: t.Purposes}
}

// Hash names the template as it was signed: SHA-256 of the JWS.
func (t Template) Hash() Hash { return HashOf(t.JWS) }

// Ref is how a request names this template.
func (t Template) Ref() *TemplateRef { return &TemplateRef{t.Name, t.Version, t.Hash()} }

// Payload is what the business signs as a TypeTemplate.
func (t Template) Payload() []byte {
	t.V, t.Jurisdictions, t.Purposes = Version, list(t.Jurisdictions), listed(t.Purposes)
	return write(t)
}

// OpenTemplate verifies a signed template and parses it by the rules of a request, as
// far as a template has them. Its JWS is set.
func OpenTemplate(ctx context.Context, s Signatures, jws string, rules ParseRules) (Template, error) {
	if len(jws) > 2*MaxRequest {
		return Template{}, malformed("too long", "")
	}
	signer, payload, err := s.VerifyJWS(ctx, jws, TypeTemplate)
	if err != nil {
		return Template{}, err
	}
	rules.Issuer = signer
	t, err := ParseTemplate(payload, rules)
	if err != nil {
		return Template{}, err
	}
	t.JWS = jws
	return t, nil
}

// ParseTemplate reads the payload of a template whose signature was verified. A template
// does not grow old; one from the future is refused.
func ParseTemplate(payload []byte, rules ParseRules) (Template, error) {
	var t Template
	if err := read(payload, MaxRequest, &t); err != nil {
		return Template{}, err
	}
	if err := version(t.V); err != nil {
		return Template{}, err
	}
	if err := (&TemplateRef{Name: t.Name, Version: t.Version}).check(""); err != nil {
		return Template{}, malformed("want a name of 1 to 32 of a-z 0-9 - and a version from 1", "template")
	}
	if t.Iss == "" || rules.Issuer != "" && t.Iss != rules.Issuer {
		return Template{}, refuse(WrongIssuer, "iss")
	}
	if o, err := origin(t.Aud); err != nil || o != t.Aud || rules.Audience != "" && t.Aud != rules.Audience {
		return Template{}, refuse(WrongAudience, "aud")
	}
	now := rules.Now
	if now.IsZero() {
		now = t.Iat.Time()
	}
	if err := fresh(t.Iat, UnixAt(now)+Unix((24*time.Hour).Seconds()), now); err != nil {
		return Template{}, err
	}
	q := t.Asks()
	if err := q.checkController(); err != nil {
		return Template{}, err
	}
	return t, q.checkPurposes(rules)
}

// Repeats holds a request against the template that it names: the same business, and
// word for word the template's controller, jurisdictions, language, notice version and
// purposes. It may leave purposes out, and may not add or change one.
func (q Request) Repeats(t Template) error {
	if q.Template == nil || t.JWS == "" || *q.Template != *t.Ref() {
		return refuse(WrongTemplate, "template")
	}
	for _, part := range []struct {
		at        string
		have, ask any
	}{
		{"iss", q.Iss, t.Iss}, {"controller", q.Controller, t.Controller},
		{"jurisdictions", list(q.Jurisdictions), list(t.Jurisdictions)},
		{"language", q.Language, t.Language}, {"notice_version", q.NoticeVersion, t.NoticeVersion},
	} {
		if !bytes.Equal(write(part.have), write(part.ask)) {
			return refuse(WrongTemplate, part.at)
		}
	}
	have, ask := listed(q.Purposes), listed(t.Purposes)
	for i, a := range have {
		n := slices.IndexFunc(ask, func(b Asked) bool { return b.ID == a.ID })
		if n < 0 || !bytes.Equal(write(a), write(ask[n])) {
			return refuse(WrongTemplate, nth("purposes", i))
		}
	}
	return nil
}
