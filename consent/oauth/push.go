package oauth

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/httpjson"
	"coffer/internal/id"
)

const (
	requestURI = "urn:ietf:params:oauth:request_uri:"
	objectType = "oauth-authz-req+jwt" // RFC 9101
)

func (s *Server) push(w http.ResponseWriter, r *http.Request) {
	answer, err := s.pushed(w, r)
	s.reply(w, r, http.StatusCreated, answer, pushing(err))
}

// pushing says what an error of a request looks like to an OAuth client: the code and
// the place that POST /business/v1/requests would name.
func pushing(err error) error {
	if refused, ok := errors.AsType[*consent.Refusal](err); ok {
		detail := string(refused.Code)
		if refused.At != "" {
			detail += " at " + refused.At
		}
		return invalidDetails(detail)
	}
	if errors.Is(err, consentdb.ErrReplayed) {
		return invalidDetails("replayed: this request was seen before")
	}
	return granting(err)
}

// pushed takes a pushed authorization request (RFC 9126).
func (s *Server) pushed(w http.ResponseWriter, r *http.Request) (any, error) {
	form, err := readForm(w, r, maxPush)
	if err != nil {
		return nil, err
	}
	p, err := s.readProof(r, "")
	if err != nil {
		return nil, err
	}
	by, err := s.client(r, form)
	if err != nil {
		return nil, err
	}
	if err := s.use(r.Context(), p); err != nil {
		return nil, err
	}
	if form.Get("request") != "" {
		if form, err = s.openObject(r, form, by); err != nil {
			return nil, err
		}
	}
	wish, asked, err := readWish(form, by, p)
	if err != nil {
		return nil, err
	}
	now := s.o.Clock()
	q, err := consent.OpenRequestBy(r.Context(), s.o.Signatures, asked.Request, by,
		consent.ParseRules{Audience: s.o.Origin, Now: now, Catalogue: s.o.Catalogue})
	if err != nil {
		return nil, err
	}
	if err := q.Cosigned(r.Context(), s.o.Signatures, asked.Cosignatures); err != nil {
		return nil, err
	}
	q.Cosignatures = asked.Cosignatures
	if !mayReturn(wish.RedirectURI, q.Controller.URL) { // the wallet goes back to whom it has shown
		return nil, invalidRequest("want a redirect_uri under the request's controller.url")
	}
	if err := s.agrees(r.Context(), wish.Approval, form.Get("grant_management_action"), q); err != nil {
		return nil, err
	}
	wish.Until = min(consent.UnixAt(now.Add(PushLife)), q.Exp)
	uri := requestURI + secret()
	if err := s.o.Store.Push(r.Context(), q, consent.HashOf(uri), wish, now); err != nil {
		return nil, err
	}
	return map[string]any{"request_uri": uri, "expires_in": int64(wish.Until) - now.Unix()}, nil
}

var (
	challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	stateForm     = regexp.MustCompile(`^[\x20-\x7e]{0,512}$`) // RFC 6749 appendix A.5
)

// readWish reads what a client pushes. Parameters that we do not know are passed over
// (RFC 6749 section 3.1); those that would change what the client gets are not.
func readWish(form url.Values, by consent.Business, p *proof) (consentdb.Pushed, wished, error) {
	no := func(err error) (consentdb.Pushed, wished, error) { return consentdb.Pushed{}, wished{}, err }
	key := form.Get("dpop_jkt")
	switch {
	case key != "" && !challengeForm.MatchString(key):
		return no(invalidRequest("dpop_jkt is no thumbprint"))
	case p != nil && key != "" && key != p.key:
		return no(invalidRequest("dpop_jkt is another key than the proof's"))
	case p != nil:
		key = p.key
	}
	switch action := form.Get("grant_management_action"); {
	case form.Get("request_uri") != "":
		return no(invalidRequest("request_uri cannot be pushed"))
	case form.Get("response_type") != "code":
		return no(&oauthError{http.StatusBadRequest, "unsupported_response_type", "want code"})
	case form.Get("response_mode") != "" && form.Get("response_mode") != "query":
		return no(invalidRequest("want response_mode query, or none"))
	case form.Get("scope") != "":
		return no(&oauthError{http.StatusBadRequest, "invalid_scope", "there are no scopes; ask with authorization_details"})
	case form.Get("code_challenge_method") != "S256" || !challengeForm.MatchString(form.Get("code_challenge")):
		return no(invalidRequest("want PKCE: code_challenge with code_challenge_method S256"))
	case !stateForm.MatchString(form.Get("state")):
		return no(invalidRequest("want a state of at most 512 printable characters"))
	case action != "" && action != "create" && !replaces(action):
		return no(invalidRequest("want grant_management_action create, merge or replace, or none"))
	case replaces(action) != (form.Get("grant_id") != ""):
		return no(invalidRequest("grant_id goes with grant_management_action merge and replace, and they with it"))
	case !mayReturn(form.Get("redirect_uri"), by.URL):
		return no(invalidRequest("want a redirect_uri under the address that the business registered, without fragment, user, or parameters of the answer"))
	}
	wish := consentdb.Pushed{RedirectURI: form.Get("redirect_uri"), State: form.Get("state"), Challenge: form.Get("code_challenge"), Key: key}
	if name := form.Get("grant_id"); name != "" {
		var err error
		if wish.Approval, err = id.Parse[id.Approval](name); err != nil {
			return no(errGrantID)
		}
	}
	asked, err := readDetails(form.Get("authorization_details"))
	return wish, asked, err
}

// mayReturn reports whether a business may have answers sent to the address: it is of
// the origin that it registered, and cannot be read in two ways.
func mayReturn(to, registered string) bool {
	home, err := url.Parse(registered)
	if err != nil || home.Host == "" || len(to) > 2000 || strings.ContainsFunc(to, func(c rune) bool { return c <= ' ' || c > '~' || c == '\\' }) {
		return false
	}
	u, err := url.Parse(to)
	if err != nil || u.Opaque != "" || u.User != nil || strings.Contains(to, "#") {
		return false
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return false
	}
	for _, ours := range []string{"code", "state", "iss", "error", "error_description", "error_uri"} {
		if query.Has(ours) {
			return false
		}
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Scheme == home.Scheme && strings.EqualFold(u.Host, home.Host)
}

// openObject reads the parameters from a signed request object (RFC 9101). Outside of
// it only the client's authentication may stand (RFC 9126 section 3).
func (s *Server) openObject(r *http.Request, form url.Values, by consent.Business) (url.Values, error) {
	for name := range form {
		switch name {
		case "request", "client_id", "client_assertion", "client_assertion_type":
		default:
			return nil, invalidRequest("with a request object every other parameter belongs into it")
		}
	}
	_, payload, err := s.o.Signatures.VerifyJWS(r.Context(), form.Get("request"), objectType)
	if errors.Is(err, consent.ErrUnreachable) {
		return nil, err
	}
	if err != nil {
		return nil, invalidObject("not signed by this client, or not as " + objectType)
	}
	return s.readObject(payload, by)
}

func invalidObject(detail string) error {
	return &oauthError{http.StatusBadRequest, "invalid_request_object", detail}
}

// readObject reads the payload of a request object. Its iss, which it must have, is who
// signed it.
func (s *Server) readObject(payload []byte, by consent.Business) (url.Values, error) {
	var claimed struct {
		Iss      consent.DID  `json:"iss"`
		ClientID consent.DID  `json:"client_id"`
		Aud      audience     `json:"aud"`
		Exp      consent.Unix `json:"exp"`
		Nbf      consent.Unix `json:"nbf"`
	}
	var all map[string]json.RawMessage
	if httpjson.Parse(payload, &all) != nil || json.Unmarshal(payload, &claimed) != nil {
		return nil, invalidObject("its claims are of another form")
	}
	now := s.o.Clock()
	switch {
	case claimed.Iss != by.DID || claimed.ClientID != by.DID:
		return nil, invalidObject("iss and client_id must be this client")
	case string(claimed.Aud) != s.o.Origin:
		return nil, invalidObject("aud is not this server")
	case !now.Before(claimed.Exp.Time().Add(skew)) || claimed.Exp.Time().After(now.Add(consent.MaxOpen)):
		return nil, invalidObject("expired, or without a near end")
	case claimed.Nbf.Time().After(now.Add(skew)):
		return nil, invalidObject("not valid yet; check the clock")
	}
	form := url.Values{}
	for name, value := range all {
		var text string
		switch {
		case name == "request" || name == "request_uri":
			return nil, invalidObject("a request object in a request object")
		case name == "authorization_details":
			text = string(value)
		case json.Unmarshal(value, &text) != nil:
			continue // a claim such as exp, or a parameter that is none of ours
		}
		form.Set(name, text)
	}
	return form, nil
}
