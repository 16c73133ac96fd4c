package oauth

import (
	"errors"
	"net/http"

	"coffer/consent"
	"coffer/internal/id"
)

// introspection is RFC 7662 section 2.2.
type introspection struct {
	Active    bool          `json:"active"`
	ClientID  consent.DID   `json:"client_id,omitempty"`
	Subject   consent.DID   `json:"sub,omitempty"`
	Issuer    string        `json:"iss,omitempty"`
	Audience  string        `json:"aud,omitempty"`
	TokenType string        `json:"token_type,omitempty"`
	IssuedAt  consent.Unix  `json:"iat,omitempty"`
	Expires   consent.Unix  `json:"exp,omitempty"`
	JTI       string        `json:"jti,omitempty"`
	Cnf       *confirmation `json:"cnf,omitempty"`
	GrantID   *id.Approval  `json:"grant_id,omitempty"`
	Details   []approved    `json:"authorization_details,omitempty"`
}

func (s *Server) introspect(w http.ResponseWriter, r *http.Request) {
	answer, err := s.introspected(w, r)
	s.reply(w, r, http.StatusOK, answer, err)
}

// introspected tells a client about its own tokens. Of any other it learns what it
// would learn of one that does not exist.
func (s *Server) introspected(w http.ResponseWriter, r *http.Request) (*introspection, error) {
	form, err := readForm(w, r, maxForm)
	if err != nil {
		return nil, err
	}
	by, err := s.client(r, form)
	if err != nil {
		return nil, err
	}
	token := form.Get("token")
	if token == "" {
		return nil, invalidRequest("want token")
	}
	a, err := s.verify(r.Context(), token)
	switch {
	case err == nil && a.client == by.DID:
		return s.describe(r, a)
	case err == nil:
		return &introspection{}, nil
	case !errors.Is(err, errNoToken):
		return nil, err
	}
	under, good, err := s.o.Store.Refreshes(r.Context(), by.DID, consent.HashOf(token), s.o.Clock())
	if errors.Is(err, consent.ErrNotFound) || err == nil && !good {
		return &introspection{}, nil
	} else if err != nil {
		return nil, err
	}
	return &introspection{Active: true, ClientID: by.DID, Subject: by.DID, Issuer: s.o.Origin, Expires: under.Until,
		Cnf: confirm(under.Key), GrantID: &under.ID, Details: details(under)}, nil
}

func (s *Server) describe(r *http.Request, a access) (*introspection, error) {
	out := &introspection{Active: true, ClientID: a.client, Subject: a.client, Issuer: s.o.Origin, Audience: s.o.Origin,
		TokenType: a.scheme(), IssuedAt: consent.UnixAt(a.issued), Expires: consent.UnixAt(a.expires), JTI: a.jti, Cnf: confirm(a.key)}
	if a.approval.IsZero() {
		return out, nil
	}
	under, err := s.o.Store.Approval(r.Context(), a.client, a.approval)
	if errors.Is(err, consent.ErrNotFound) { // its time is over
		return &introspection{}, nil
	}
	out.GrantID, out.Details = &under.ID, details(under)
	return out, err
}

func confirm(key string) *confirmation {
	if key == "" {
		return nil
	}
	return &confirmation{key}
}

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	err := s.revoked(w, r)
	s.reply(w, r, http.StatusOK, nil, err)
}

// revoked ends a token of the client's (RFC 7009): an access token alone, a refresh
// token with every token of its approval. The grants stay: to give those up is
// DELETE /oauth/grants/{grant_id}. A token that is nobody's is revoked already.
func (s *Server) revoked(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r, maxForm)
	if err != nil {
		return err
	}
	by, err := s.client(r, form)
	if err != nil {
		return err
	}
	token := form.Get("token")
	if token == "" {
		return invalidRequest("want token")
	}
	a, err := s.verify(r.Context(), token)
	switch {
	case err == nil && a.client == by.DID:
		err = s.o.Store.RevokeToken(r.Context(), a.name, a.expires)
	case errors.Is(err, errNoToken):
		err = s.revokeRefresh(r, by.DID, token)
	}
	s.ended.Add(1)
	return err
}

func (s *Server) revokeRefresh(r *http.Request, by consent.DID, token string) error {
	now := s.o.Clock()
	under, _, err := s.o.Store.Refreshes(r.Context(), by, consent.HashOf(token), now)
	if errors.Is(err, consent.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	return s.o.Store.EndTokens(r.Context(), by, under.ID, now)
}
