package consent

import (
	"context"
	"slices"
	"strings"
)

// MaxPartners is how many partners one purpose may name.
const MaxPartners = 8

// PartnerRole is how a partner stands to the business that asks.
type PartnerRole string

const (
	// Onward is a partner that gets the data too, for itself: the shopper may leave it
	// out.
	Onward PartnerRole = "onward"
	// Joint is a partner that asks together with the business and decides with it (GDPR
	// art. 26): it co-signs the request, and is given to with the business or not at all.
	Joint PartnerRole = "joint"
)

// Partner is another business that a purpose names. What is given to it becomes a grant
// of its own, under the first one: with its own keys, entry, receipt and letter.
type Partner struct {
	DID          DID          `json:"did"`
	Name         string       `json:"name"`
	Address      string       `json:"address"`
	Contact      string       `json:"contact"`
	Country      string       `json:"country"`       // ISO 3166; where it processes
	AgreementKey AgreementKey `json:"agreement_key"` // its letters are encrypted to it
	Role         PartnerRole  `json:"role"`
	Attributes   []string     `json:"attributes"` // some of the purpose's
}

// Asks reports whether the partner asks for the attribute.
func (p Partner) Asks(attribute string) bool { return slices.Contains(p.Attributes, attribute) }

// Of are those of the attributes that the partner asks for.
func (p Partner) Of(attributes []string) []string {
	return slices.DeleteFunc(slices.Clone(attributes), func(name string) bool { return !p.Asks(name) })
}

// Destinations are the countries where what the partner gets goes.
func (p Partner) Destinations() []string { return countries([]string{p.Country}) }

// Partner is the purpose's partner of that DID.
func (a Asked) Partner(did DID) (Partner, bool) {
	i := slices.IndexFunc(a.Partners, func(p Partner) bool { return p.DID == did })
	if i < 0 || did == "" {
		return Partner{}, false
	}
	return a.Partners[i], true
}

// Names reports whether any purpose of the request names the partner.
func (q Request) Names(partner DID) bool {
	return slices.ContainsFunc(q.Purposes, func(a Asked) bool { _, ok := a.Partner(partner); return ok })
}

// For is the part of the request that a partner answers for: each purpose that names
// it, as if only what the partner asks stood there.
func (q Request) For(partner DID) (out []Asked) {
	for _, a := range q.Purposes {
		if p, ok := a.Partner(partner); ok {
			out = append(out, a.to(p))
		}
	}
	return out
}

// to is the purpose as a partner's grant may be: its attributes, and nothing of the
// channels and recipients, which are the first business's.
func (a Asked) to(p Partner) Asked {
	a.Required, a.Optional = p.Of(a.Required), p.Of(a.Optional)
	a.Channels, a.WeeklyCap, a.Recipients, a.Partners, a.Records = nil, 0, nil, nil, nil
	return a
}

// as is the purpose as a grant to that business may be: the whole for "", the first
// one, and what it asks for a partner.
func (a Asked) as(partner DID) (Asked, bool) {
	if partner == "" {
		return a, true
	}
	p, ok := a.Partner(partner)
	return a.to(p), ok
}

func (a Asked) checkPartners(first DID, at string) error {
	if a.Partners != nil && (len(a.Partners) == 0 || len(a.Partners) > MaxPartners) {
		return malformed("want 1 to 8", at)
	}
	for j, p := range a.Partners {
		if err := p.check(a, nth(at, j)); err != nil {
			return err
		}
		if p.DID == first || slices.ContainsFunc(a.Partners[:j], func(o Partner) bool { return o.DID == p.DID }) {
			return refuse(Duplicate, nth(at, j)+".did")
		}
	}
	return nil
}

func (p Partner) check(a Asked, at string) error {
	if !strings.HasPrefix(string(p.DID), "did:") || len(p.DID) > 500 {
		return refuse(BadPartner, at+".did")
	}
	for _, part := range []struct {
		name, text string
		max        int
	}{{"name", p.Name, 120}, {"address", p.Address, 300}, {"contact", p.Contact, 200}} {
		if !said(part.text, part.max) {
			return refuse(BadPartner, at+"."+part.name)
		}
	}
	if !countryForm.MatchString(p.Country) {
		return refuse(BadPartner, at+".country")
	}
	if _, err := p.AgreementKey.Public(); err != nil {
		return refuse(BadKey, at+".agreement_key")
	}
	if p.Role != Onward && p.Role != Joint {
		return refuse(BadPartner, at+".role")
	}
	if len(p.Attributes) == 0 {
		return refuse(NothingAsked, at+".attributes")
	}
	for i, name := range p.Attributes {
		if !a.Asks(name) {
			return refuse(OverWide, nth(at+".attributes", i))
		}
	}
	return once(at+".attributes", p.Attributes)
}

// TypeCosignature is the header type of a co-signature.
const TypeCosignature = "coffer-cosignature+jwt"

// Cosignature is how a joint partner stands behind a request: a JWS by its own key over
// the request as it was signed.
type Cosignature struct {
	V           int  `json:"v"`
	Iss         DID  `json:"iss"` // the partner
	RequestHash Hash `json:"request_hash"`
}

const maxCosignature = 4 << 10 // the JWS

// NewCosignature is what a joint partner of a request signs. The request's JWS must be
// set.
func NewCosignature(q Request, by DID) Cosignature {
	return Cosignature{V: Version, Iss: by, RequestHash: q.Hash()}
}

// Payload writes what is signed.
func (c Cosignature) Payload() []byte { c.V = Version; return write(c) }

// ParseCosignature reads a payload whose signature by signer was verified.
func ParseCosignature(payload []byte, signer DID) (Cosignature, error) {
	var c Cosignature
	if err := read(payload, maxCosignature, &c); err != nil {
		return Cosignature{}, err
	}
	if err := version(c.V); err != nil {
		return Cosignature{}, err
	}
	if c.Iss == "" || c.Iss != signer {
		return Cosignature{}, refuse(WrongIssuer, "iss")
	}
	return c, nil
}

// Joint are the partners that must co-sign the request, each once, in its order.
func (q Request) Joint() (out []DID) {
	for _, a := range q.Purposes {
		for _, p := range a.Partners {
			if p.Role == Joint && !slices.Contains(out, p.DID) {
				out = append(out, p.DID)
			}
		}
	}
	return out
}

// OpenCosignature verifies a co-signature, which must be of this request and by one of
// its joint partners. Errors are a *Refusal, or ErrUnreachable.
func OpenCosignature(ctx context.Context, s Signatures, q Request, jws string) (Cosignature, error) {
	if len(jws) > maxCosignature {
		return Cosignature{}, malformed("too long", "")
	}
	signer, payload, err := s.VerifyJWS(ctx, jws, TypeCosignature)
	if err != nil {
		return Cosignature{}, err
	}
	c, err := ParseCosignature(payload, signer)
	if err != nil {
		return Cosignature{}, err
	}
	switch {
	case q.JWS == "" || c.RequestHash != q.Hash():
		return Cosignature{}, refuse(WrongRequest, "request_hash")
	case !slices.Contains(q.Joint(), c.Iss):
		return Cosignature{}, refuse(NotCosigned, "iss")
	}
	return c, nil
}

// Cosigned holds the co-signatures that came with a request against it: one of each
// joint partner, and no other. Errors are a *Refusal, or ErrUnreachable.
func (q Request) Cosigned(ctx context.Context, s Signatures, cosignatures []string) error {
	open := q.Joint()
	if len(cosignatures) > len(open) { // before any signature is verified
		return refuse(NotCosigned, "cosignatures")
	}
	for i, jws := range cosignatures {
		c, err := OpenCosignature(ctx, s, q, jws)
		if r, ok := err.(*Refusal); ok {
			return &Refusal{Code: r.Code, At: nth("cosignatures", i), Cause: r.Cause}
		} else if err != nil {
			return err
		}
		at := slices.Index(open, c.Iss)
		if at < 0 {
			return refuse(Duplicate, nth("cosignatures", i))
		}
		open = slices.Delete(open, at, at+1)
	}
	if len(open) > 0 {
		return refuse(NotCosigned, "cosignatures")
	}
	return nil
}
