package oauth

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/internal/id"
)

const (
	byCode    = "authorization_code"
	byRefresh = "refresh_token"
	byClient  = "client_credentials"
)

// secret is a code, a refresh token, or the end of a request_uri: 256 random bits.
func secret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// tokenAnswer is what the token endpoint gives.
type tokenAnswer struct {
	AccessToken  string       `json:"access_token"`
	TokenType    string       `json:"token_type"`
	ExpiresIn    int          `json:"expires_in"`
	RefreshToken string       `json:"refresh_token,omitempty"`
	GrantID      *id.Approval `json:"grant_id,omitempty"`
	Details      []approved   `json:"authorization_details,omitempty"`
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	answer, err := s.exchange(w, r)
	if errors.Is(err, consentdb.ErrReused) {
		s.ended.Add(1)
		s.o.Log.Warn("a code or refresh token was used twice; what it gave has ended")
	}
	s.reply(w, r, http.StatusOK, answer, granting(err))
}

// granting says what an error of the store looks like at the token endpoint.
func granting(err error) error {
	switch {
	case errors.Is(err, consent.ErrNotFound):
		return invalidGrant("unknown, or issued to another client, redirect_uri or code_verifier")
	case errors.Is(err, consentdb.ErrExpired):
		return invalidGrant("expired, or ended")
	case errors.Is(err, consentdb.ErrUnbound):
		return invalidGrant("bound to another DPoP key")
	case errors.Is(err, consentdb.ErrReused):
		return invalidGrant("used before; what it gave has ended")
	}
	if bad, ok := errors.AsType[*proofError](err); ok {
		return &oauthError{http.StatusBadRequest, bad.code, bad.detail}
	}
	return err
}

// exchange gives an access token for one of three things. The proof is remembered
// only after the client is known, so that strangers fill no memory.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) (*tokenAnswer, error) {
	form, err := readForm(w, r, maxForm)
	if err != nil {
		return nil, err
	}
	give, ok := map[string]func(*http.Request, url.Values, consent.DID, string) (*tokenAnswer, error){
		byCode: s.redeem, byRefresh: s.refresh, byClient: s.forItself,
	}[form.Get("grant_type")]
	if !ok {
		return nil, &oauthError{http.StatusBadRequest, "unsupported_grant_type", "want " + byCode + ", " + byRefresh + " or " + byClient}
	}
	p, err := s.readProof(r, "")
	if err != nil {
		return nil, err
	}
	if p == nil && !s.o.Bearer {
		return nil, badProof("want a DPoP header (RFC 9449): tokens here are bound to a key")
	}
	client := s.client
	if form.Get("grant_type") == byClient { // a suspended business owes answers, and needs a token for them
		client = s.identify
	}
	by, err := client(r, form)
	if err != nil {
		return nil, err
	}
	if err := s.use(r.Context(), p); err != nil {
		return nil, err
	}
	key := ""
	if p != nil {
		key = p.key
	}
	return give(r, form, by.DID, key)
}

// forItself gives a business a token for all that it may do, which each route says: of a
// suspended one that is to answer for what it was given.
func (s *Server) forItself(_ *http.Request, _ url.Values, by consent.DID, key string) (*tokenAnswer, error) {
	return s.answer(by, key, id.Approval{})
}

func (s *Server) answer(by consent.DID, key string, under id.Approval) (*tokenAnswer, error) {
	token, err := s.issue(by, key, under)
	return &tokenAnswer{AccessToken: token, TokenType: access{key: key}.scheme(), ExpiresIn: int(TokenLife.Seconds())}, err
}

// verifierForm is RFC 7636 section 4.1.
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// redeem gives tokens for a code.
func (s *Server) redeem(r *http.Request, form url.Values, by consent.DID, key string) (*tokenAnswer, error) {
	code, verifier := form.Get("code"), form.Get("code_verifier")
	if code == "" || form.Get("redirect_uri") == "" {
		return nil, invalidRequest("want code and redirect_uri")
	}
	if !verifierForm.MatchString(verifier) {
		return nil, invalidRequest("want a code_verifier of 43 to 128 characters (RFC 7636)")
	}
	refresh := secret()
	a, err := s.o.Store.Redeem(r.Context(), consentdb.Redemption{
		Code: consent.HashOf(code), Business: by, RedirectURI: form.Get("redirect_uri"), Challenge: digest(verifier),
		Key: key, Refresh: consent.HashOf(refresh), At: s.o.Clock(),
	})
	if err != nil {
		return nil, err
	}
	return s.under(a, refresh)
}

// refresh gives tokens for a refresh token, which is used up.
func (s *Server) refresh(r *http.Request, form url.Values, by consent.DID, key string) (*tokenAnswer, error) {
	if form.Get("refresh_token") == "" {
		return nil, invalidRequest("want refresh_token")
	}
	next := secret()
	a, err := s.o.Store.Rotate(r.Context(), consentdb.Rotation{
		Token: consent.HashOf(form.Get("refresh_token")), Business: by, Key: key, Next: consent.HashOf(next), At: s.o.Clock(),
	})
	if err != nil {
		return nil, err
	}
	return s.under(a, next)
}

func (s *Server) under(a consentdb.Approval, refresh string) (*tokenAnswer, error) {
	answer, err := s.answer(a.Business, a.Key, a.ID)
	answer.RefreshToken, answer.GrantID, answer.Details = refresh, &a.ID, details(a)
	return answer, err
}
