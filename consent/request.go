package consent

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"coffer/internal/id"
)

const (
	// MaxOpen is how long a request may wait for its answer.
	MaxOpen = 7 * 24 * time.Hour
	// MaxPurposes is how many purposes one request may hold.
	MaxPurposes = 8
	// ChannelWallet is the wallet's inbox, the one channel there is so far.
	ChannelWallet = "wallet"
)

// Request is what a business asks, signed by it as a TypeRequest.
type Request struct {
	V             int          `json:"v"`
	ID            id.Request   `json:"id"`
	Iss           DID          `json:"iss"` // the business
	Aud           string       `json:"aud"` // the operator's origin
	Iat           Unix         `json:"iat"`
	Exp           Unix         `json:"exp"`
	Nonce         Nonce        `json:"nonce"`
	Controller    Controller   `json:"controller"`
	Jurisdictions []string     `json:"jurisdictions"` // ISO 3166
	Language      string       `json:"language"`      // BCP 47; of the text that rules
	NoticeVersion string       `json:"notice_version"`
	AgreementKey  AgreementKey `json:"agreement_key"` // letters are encrypted to it
	ReturnURL     string       `json:"return_url,omitempty"`
	Purposes      []Asked      `json:"purposes"`
	Template      *TemplateRef `json:"template,omitempty"` // whose words it repeats
	Replaces      *Replaces    `json:"replaces,omitempty"` // grants of one shopper, who alone may answer

	JWS          string   `json:"-"` // the signed form, once it is known; Hash is of it
	Cosignatures []string `json:"-"` // of the joint partners, once Cosigned has held them against it
}

// Controller is who is responsible, as the shopper is to be told (GDPR art. 13).
type Controller struct {
	Name          string `json:"name"`
	Address       string `json:"address"`
	Contact       string `json:"contact"`
	DPO           string `json:"dpo"`
	Authority     string `json:"authority"`
	PrivacyNotice string `json:"privacy_notice"`
	URL           string `json:"url"`
}

// Asked is one purpose of a request.
type Asked struct {
	ID          string            `json:"id"`      // the request's own name for it
	Purpose     string            `json:"purpose"` // IRI
	Text        map[string]string `json:"text"`    // the notice, by language
	Required    []string          `json:"required"`
	Optional    []string          `json:"optional"`
	Days        int               `json:"days"`
	Retention   string            `json:"retention"` // ISO 8601 duration
	Recipients  []Recipient       `json:"recipients"`
	LawfulBasis string            `json:"lawful_basis"` // IRI
	Channels    []string          `json:"channels"`
	WeeklyCap   int               `json:"weekly_cap"` // messages in seven days; 0 without channels
	Partners    []Partner         `json:"partners,omitempty"`
	Condition   *Condition        `json:"condition,omitempty"` // what must be so before anything is used
	Records     map[string]Wanted `json:"records,omitempty"`   // by the attributes that are given by showing one
}

// Recipient is a third party that gets the data too.
type Recipient struct {
	Name    string `json:"name"`
	Country string `json:"country"`
}

// Asks reports whether the purpose asks for the attribute at all.
func (a Asked) Asks(attribute string) bool {
	return slices.Contains(a.Required, attribute) || slices.Contains(a.Optional, attribute)
}

// Purpose is the request's purpose of that name.
func (q Request) Purpose(name string) (Asked, bool) {
	i := slices.IndexFunc(q.Purposes, func(a Asked) bool { return a.ID == name })
	if i < 0 {
		return Asked{}, false
	}
	return q.Purposes[i], true
}

// Countries are those whose law the request names, sorted.
func (q Request) Countries() []string { return countries(q.Jurisdictions) }

// Destinations are the countries where the purpose's data goes, sorted: those where the
// business itself processes, which are the ones whose law it names (a receipt says so),
// and its recipients'.
func (q Request) Destinations(a Asked) []string {
	all := slices.Clone(q.Jurisdictions)
	for _, r := range a.Recipients {
		all = append(all, r.Country)
	}
	return countries(all)
}

// countries cuts ISO 3166-2 down to ISO 3166-1; the result is sorted, each once.
func countries(codes []string) []string {
	out := make([]string, len(codes))
	for i, c := range codes {
		out[i], _, _ = strings.Cut(c, "-")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Hash names the request as it was signed: SHA-256 of the JWS.
func (q Request) Hash() Hash { return HashOf(q.JWS) }

// Payload is what the business signs as a TypeRequest.
func (q Request) Payload() []byte {
	q.V, q.Jurisdictions, q.Purposes = Version, list(q.Jurisdictions), listed(q.Purposes)
	return write(q)
}

// listed are the purposes with no list absent.
func listed(purposes []Asked) []Asked {
	out := slices.Clone(list(purposes))
	for i, a := range out {
		a.Required, a.Optional, a.Recipients, a.Channels = list(a.Required), list(a.Optional), list(a.Recipients), list(a.Channels)
		a.Partners = slices.Clone(a.Partners)
		for j, p := range a.Partners {
			a.Partners[j].Attributes = list(p.Attributes)
		}
		a.Records = maps.Clone(a.Records)
		for name, w := range a.Records {
			a.Records[name] = Wanted{w.Type, list(w.Required), list(w.Optional)}
		}
		out[i] = a
	}
	return out
}

// ParseRules are what a request is held against.
type ParseRules struct {
	Issuer     DID       // who signed it; "" leaves that to the caller
	Audience   string    // the operator's origin; "" accepts any (an auditor's view)
	Now        time.Time // the zero time accepts any (an auditor's view)
	Catalogue  Catalogue // nil leaves the catalogue's rules out (a wallet's or auditor's view)
	Registered []string  // the IRIs that the business registered; nil leaves it out
}

// OpenRequest verifies a signed request and parses it. Its JWS is set.
func OpenRequest(ctx context.Context, s Signatures, jws string, rules ParseRules) (Request, error) {
	if len(jws) > 2*MaxRequest {
		return Request{}, malformed("too long", "")
	}
	signer, payload, err := s.VerifyJWS(ctx, jws, TypeRequest)
	if err != nil {
		return Request{}, err
	}
	rules.Issuer = signer
	q, err := ParseRequest(payload, rules)
	if err != nil {
		return Request{}, err
	}
	q.JWS = jws
	return q, nil
}

// ReadRequest reads a signed request that was verified when it came: what a store keeps.
// It verifies nothing.
func ReadRequest(jws string) (Request, error) {
	parts := strings.Split(jws, ".")
	var payload Bytes
	if len(parts) != 3 || decode(&payload, []byte(parts[1])) != nil {
		return Request{}, malformed("want a JWS", "")
	}
	q, err := ParseRequest(payload, ParseRules{})
	if err != nil {
		return Request{}, err
	}
	q.JWS = jws
	return q, nil
}

// OpenRequestBy is OpenRequest for what a registered business sent, whichever way it
// came: it must be that business's own, and ask for nothing that it did not register.
func OpenRequestBy(ctx context.Context, s Signatures, jws string, by Business, rules ParseRules) (Request, error) {
	rules.Registered = list(by.Purposes) // nil would leave the check out
	q, err := OpenRequest(ctx, s, jws, rules)
	if err == nil && q.Iss != by.DID {
		err = refuse(WrongIssuer, "iss")
	}
	if err != nil {
		return Request{}, err
	}
	return q, nil
}

// ParseRequest reads the payload of a request whose signature was verified. Every
// rule that it breaks has its own Code. Whether its id and nonce are new is the
// store's to know.
func ParseRequest(payload []byte, rules ParseRules) (Request, error) {
	var q Request
	if err := read(payload, MaxRequest, &q); err != nil {
		return Request{}, err
	}
	if err := q.check(rules); err != nil {
		return Request{}, err
	}
	return q, nil
}

func (q Request) check(rules ParseRules) error {
	if err := version(q.V); err != nil {
		return err
	}
	if q.Iss == "" || rules.Issuer != "" && q.Iss != rules.Issuer {
		return refuse(WrongIssuer, "iss")
	}
	if o, err := origin(q.Aud); err != nil || o != q.Aud || rules.Audience != "" && q.Aud != rules.Audience {
		return refuse(WrongAudience, "aud")
	}
	now := rules.Now
	if now.IsZero() {
		now = q.Iat.Time()
	}
	if err := fresh(q.Iat, q.Exp, now); err != nil {
		return err
	}
	if q.Exp-q.Iat > Unix(MaxOpen.Seconds()) {
		return refuse(OverLong, "exp")
	}
	if err := q.checkController(); err != nil {
		return err
	}
	if _, err := q.AgreementKey.Public(); err != nil {
		return refuse(BadKey, "agreement_key")
	}
	if err := q.checkPurposes(rules); err != nil {
		return err
	}
	if err := q.Template.check("template"); err != nil {
		return err
	}
	return q.Replaces.check("replaces")
}

func (q Request) checkPurposes(rules ParseRules) error {
	switch n := len(q.Purposes); {
	case n == 0:
		return refuse(NoPurpose, "purposes")
	case n > MaxPurposes:
		return refuse(TooManyPurposes, "purposes")
	}
	names := make([]string, len(q.Purposes))
	for i, a := range q.Purposes {
		names[i] = a.ID
		if err := a.check(q.Language, rules, i); err != nil {
			return err
		}
		if err := a.checkPartners(q.Iss, nth("purposes", i)+".partners"); err != nil {
			return err
		}
		if err := a.checkCondition(q, nth("purposes", i)+".condition"); err != nil {
			return err
		}
	}
	return once("purposes", names)
}

func (q Request) checkController() error {
	c := q.Controller
	for _, part := range []struct {
		name, text string
		max        int
	}{{"name", c.Name, 120}, {"address", c.Address, 300}, {"contact", c.Contact, 200}, {"authority", c.Authority, 200}} {
		if !said(part.text, part.max) {
			return refuse(NoController, "controller."+part.name)
		}
	}
	if c.DPO != "" && !said(c.DPO, 200) { // not everyone has to have one
		return refuse(NoController, "controller.dpo")
	}
	if _, err := origin(c.PrivacyNotice); err != nil {
		return refuse(BadURL, "controller.privacy_notice")
	}
	home, err := origin(c.URL)
	if err != nil {
		return refuse(BadURL, "controller.url")
	}
	if q.ReturnURL != "" {
		if back, err := origin(q.ReturnURL); err != nil || back != home {
			return refuse(BadURL, "return_url")
		}
	}
	if len(q.Jurisdictions) == 0 || len(q.Jurisdictions) > 8 {
		return malformed("want 1 to 8", "jurisdictions")
	}
	for i, j := range q.Jurisdictions {
		if !countryForm.MatchString(j) {
			return malformed("want ISO 3166", nth("jurisdictions", i))
		}
	}
	if !languageForm.MatchString(q.Language) {
		return malformed("want BCP 47", "language")
	}
	if !versionForm.MatchString(q.NoticeVersion) {
		return malformed("want 1 to 32 of A-Z a-z 0-9 . _ -", "notice_version")
	}
	return once("jurisdictions", q.Jurisdictions)
}
