package oauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"coffer/consent"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertion is a client assertion's payload. Other claims are allowed (RFC 7519).
type assertion struct {
	Iss consent.DID  `json:"iss"`
	Sub consent.DID  `json:"sub"`
	Aud audience     `json:"aud"`
	Exp consent.Unix `json:"exp"`
	Iat consent.Unix `json:"iat"`
	Nbf consent.Unix `json:"nbf"`
	JTI string       `json:"jti"`
}

// audience is one string, or a list of one (RFC 7519 section 4.1.3). More than one
// is refused: an assertion for two servers can be used at the other.
type audience string

func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*a = audience(one)
		return nil
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil || len(list) != 1 {
		return errors.New("want one audience")
	}
	*a = audience(list[0])
	return nil
}

// client authenticates the business that posted a form, by its assertion, which is
// used up with it. One that is suspended is none.
func (s *Server) client(r *http.Request, form url.Values) (consent.Business, error) {
	by, err := s.identify(r, form)
	if err == nil && by.State == consent.BusinessSuspended {
		err = invalidClient("this business is suspended")
	}
	return by, err
}

// identify is client for what a suspended business may ask, too.
func (s *Server) identify(r *http.Request, form url.Values) (consent.Business, error) {
	if form.Get("client_assertion_type") != assertionType {
		return consent.Business{}, invalidClient("want client_assertion_type " + assertionType)
	}
	by, c, err := s.signed(r, form.Get("client_assertion"))
	if err != nil {
		return consent.Business{}, err
	}
	now := s.o.Clock()
	if err := s.fits(c, r.URL.Path, now); err != nil {
		return consent.Business{}, err
	}
	switch by.State {
	case consent.BusinessActive, consent.BusinessSuspended:
	case consent.BusinessPending:
		return consent.Business{}, invalidClient("this business is not approved yet")
	default:
		return consent.Business{}, invalidClient("this business may not act")
	}
	if !s.clients.Admit(by.DID, now) {
		return consent.Business{}, errTooMany
	}
	if named := form.Get("client_id"); named != "" && named != string(by.DID) {
		return consent.Business{}, invalidClient("client_id is not who signed")
	}
	first, err := s.o.Store.UseAssertion(r.Context(), by.DID, c.JTI, c.Exp.Time().Add(skew), now)
	if err == nil && !first {
		err = invalidClient("this assertion was used before")
	}
	return by, err
}

// signed tells which registered business signed an assertion.
func (s *Server) signed(r *http.Request, compact string) (by consent.Business, c assertion, err error) {
	if compact == "" {
		return by, c, invalidClient("want a client_assertion")
	}
	// Only for a registered DID is a key looked up: resolving one can mean a
	// request to a host that the sender chose.
	claimed, err := unverified(compact)
	if err != nil {
		return by, c, invalidClient("the assertion is no JWT of ours")
	}
	by, err = s.o.Store.Business(r.Context(), claimed.Iss)
	if errors.Is(err, consent.ErrNotFound) {
		return by, c, invalidClient("unknown business, or not its signature")
	} else if err != nil {
		return by, c, err
	}
	signer, payload, err := s.o.Signatures.VerifyJWS(r.Context(), compact, consent.TypeAssertion)
	if errors.Is(err, consent.ErrUnreachable) {
		return by, c, err
	}
	if err != nil || signer != by.DID {
		return by, c, invalidClient("unknown business, or not its signature")
	}
	if err := json.Unmarshal(payload, &c); err != nil || c != claimed {
		return by, c, invalidClient("the assertion is no JWT of ours")
	}
	return by, c, nil
}

// fits holds an assertion against RFC 7523 section 3, and against our limits. Its
// audience is this server, by its name, its token endpoint, or the endpoint at hand
// (RFC 9126 section 2).
func (s *Server) fits(c assertion, path string, now time.Time) error {
	aud := string(c.Aud)
	switch {
	case c.Iss != c.Sub:
		return invalidClient("iss and sub differ")
	case aud != s.o.Origin && aud != s.at(tokenPath) && aud != s.at(path):
		return invalidClient("aud is not this server")
	case c.JTI == "" || len(c.JTI) > 128:
		return invalidClient("want a jti of 1 to 128 bytes")
	case !now.Before(c.Exp.Time().Add(skew)):
		return invalidClient("the assertion is expired")
	case c.Exp.Time().After(now.Add(MaxAssertion + skew)):
		return invalidClient("the assertion lasts for more than 5 minutes")
	case c.Iat != 0 && c.Iat.Time().After(now.Add(skew)), c.Nbf != 0 && c.Nbf.Time().After(now.Add(skew)):
		return invalidClient("the assertion is not valid yet; check the clock")
	}
	return nil
}

// unverified reads what an assertion claims.
func unverified(compact string) (c assertion, err error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return c, errors.New("want three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(payload, &c)
}
