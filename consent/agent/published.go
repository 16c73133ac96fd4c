package agent

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"coffer/consent"
)

// text is something published that was fetched.
type text struct {
	body  string
	until time.Time
}

// CheckStatus asks whether a verified record was revoked; see consent.Signatures. Whoever
// hosts the list sees that somebody here asks, and not about which record.
func (a *Agent) CheckStatus(ctx context.Context, r consent.Record) error {
	for _, e := range r.Statuses {
		found, err := a.Published(ctx, e.List)
		if err != nil {
			return err
		}
		l, err := a.OpenStatusList(strings.TrimSpace(found), e.List)
		if err == nil {
			err = l.Says(e, r.Issuer, a.now())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// OpenStatusList verifies the credential of a status list, as it was found under the
// address. What is wrong with it is BadStatus.
func (a *Agent) OpenStatusList(jwt, address string) (consent.StatusList, error) {
	signed, err := a.verifyAny(jwt, consent.TypeRecord)
	if err != nil {
		return consent.StatusList{}, badStatus(err)
	}
	l, err := consent.ParseStatusList(signed.payload, signed.by, address)
	if err != nil {
		err = badStatus(err)
	}
	return l, err
}

// badStatus is what is wrong with a list; that its issuer's host does not answer is not.
func badStatus(err error) error {
	if errors.Is(err, consent.ErrUnreachable) {
		return err
	}
	return &consent.Refusal{Code: consent.BadStatus, At: "status", Cause: err}
}

// Published fetches what an issuer publishes: the credential of a status list under its
// URL, or the document of a did:web. It is kept for as long as documents are (Options.Keep),
// so that many who ask look like one. Errors are a *Refusal of BadStatus, or ErrUnreachable.
func (a *Agent) Published(ctx context.Context, address string) (string, error) {
	at, err := a.whereIs(address)
	if err != nil {
		return "", badStatus(err)
	}
	a.mu.Lock()
	known, ok := a.texts[address]
	a.mu.Unlock()
	if ok && a.now().Before(known.until) {
		return known.body, nil
	}
	body, err := a.fetch(ctx, at)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.texts) >= maxKnown {
		clear(a.texts)
	}
	a.texts[address] = text{body, a.now().Add(a.keep)}
	return body, nil
}

// whereIs is the URL of what is published. A did:web's stands at the place that its name
// says (did:web, § 3.2).
func (a *Agent) whereIs(address string) (string, error) {
	if strings.HasPrefix(address, "did:") {
		if !webForm.MatchString(address) {
			return "", errors.New("want a did:web")
		}
		host, path, deep := strings.Cut(strings.TrimPrefix(address, "did:web:"), ":")
		host = strings.Replace(host, "%3A", ":", 1)
		if !deep {
			return "https://" + host + "/.well-known/did.json", nil
		}
		return "https://" + host + "/" + strings.ReplaceAll(path, ":", "/") + "/did.json", nil
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > 500 || u.Host == "" || u.User != nil || u.Opaque != "" || u.Fragment != "" {
		return "", errors.New("want a URL")
	}
	if u.Scheme != "https" && !(a.local && u.Scheme == "http" && u.Hostname() == "localhost") {
		return "", errors.New("want an https URL")
	}
	return address, nil
}

func (a *Agent) fetch(ctx context.Context, at string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", badStatus(errors.New("want a URL"))
	}
	res, err := a.http.Do(r)
	if err != nil {
		return "", consent.ErrUnreachable // the error names the URL
	}
	defer res.Body.Close()
	if res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests {
		return "", consent.ErrUnreachable
	}
	if res.StatusCode != http.StatusOK {
		return "", badStatus(errors.New("it is not there"))
	}
	body, err := io.ReadAll(res.Body) // cut off by limit
	if err != nil {
		return "", consent.ErrUnreachable
	}
	if len(body) >= maxDocument {
		return "", badStatus(errors.New("too long"))
	}
	return string(body), nil
}
