package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"coffer/consent"
	"coffer/internal/id"
)

// authorize brings the shopper's browser to the wallet. What is wrong gets a page and
// never a redirect: nobody has vouched for an address yet.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || !single(query) || len(r.URL.RawQuery) > 4<<10 || query.Get("client_id") == "" || query.Get("request_uri") == "" {
		refusePage(w, http.StatusBadRequest, "This link is not complete.")
		return
	}
	p, err := s.o.Store.PushedAs(r.Context(), consent.HashOf(query.Get("request_uri")))
	switch {
	case errors.Is(err, consent.ErrNotFound), err == nil && query.Get("client_id") != string(p.Business):
		refusePage(w, http.StatusNotFound, "This link leads nowhere, or was used already.")
		return
	case err != nil:
		if r.Context().Err() == nil {
			s.o.Log.Error("answering", "route", "GET "+authorizePath, "error", err)
		}
		refusePage(w, http.StatusInternalServerError, "Something went wrong here.")
		return
	case s.o.Clock().Unix() >= int64(p.Until):
		refusePage(w, http.StatusGone, "This link is too old.")
		return
	}
	w.Header().Set("Location", s.at("/r/"+p.Request.String()))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}

func refusePage(w http.ResponseWriter, status int, what string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Coffer</title><h1>" + what +
		"</h1><p>Go back to the business and start again.</p></html>\n"))
}

// Return says where a shopper's browser goes after a decision: for a request that was
// pushed, back to the client, with a code, or with access_denied when nothing was
// given (RFC 6749 section 4.1.2, RFC 9207). pushed is false for other requests. It
// answers once per request; the code is in what it returns and nowhere else.
func (s *Server) Return(ctx context.Context, r id.Request, gave bool) (to string, pushed bool, err error) {
	var code string
	var name *consent.Hash
	if gave {
		code = secret()
		h := consent.HashOf(code)
		name = &h
	}
	p, err := s.o.Store.IssueCode(ctx, r, name, s.o.Clock().Add(CodeLife))
	if errors.Is(err, consent.ErrNotFound) {
		return "", false, nil
	} else if err != nil {
		return "", false, err
	}
	answer := url.Values{"iss": {s.o.Origin}}
	if p.State != "" {
		answer.Set("state", p.State)
	}
	if gave {
		answer.Set("code", code)
	} else {
		answer.Set("error", "access_denied")
	}
	back, err := url.Parse(p.RedirectURI)
	if err != nil {
		return "", false, err
	}
	// What the client put into the query stays as it was written.
	if back.RawQuery != "" {
		back.RawQuery += "&"
	}
	back.RawQuery += answer.Encode()
	return back.String(), true, nil
}
