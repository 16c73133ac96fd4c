package business

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// wantsNonce is how an operator says that a proof has to carry its newest nonce: an
// OAuth error at the token endpoint, a problem type elsewhere.
func wantsNonce(err error) bool {
	p, ok := errors.AsType[*Problem](err)
	return ok && (p.Code == "use_dpop_nonce" || p.Code == "use-dpop-nonce")
}

// heard keeps the operator's nonce, which it may send with any answer (RFC 9449
// section 8.2).
func (c *client) heard(header http.Header) {
	if n := header.Get("DPoP-Nonce"); n != "" {
		c.nonce.Store(&n)
	}
}

func (c *client) lastNonce() string {
	if n := c.nonce.Load(); n != nil {
		return *n
	}
	return ""
}

// admit puts the access token into a request, and the proof that it is ours.
func (c *client) admit(ctx context.Context, method, path string, header http.Header) error {
	token, err := c.access(ctx)
	if err != nil {
		return err
	}
	bare, _, _ := strings.Cut(path, "?")
	proof, err := c.prover.proof(method, c.origin+bare, token, c.lastNonce(), c.now())
	if err != nil {
		return err
	}
	header.Set("Authorization", "DPoP "+token)
	header.Set("DPoP", proof)
	return nil
}

// admission is what one call has tried already to be admitted.
type admission struct{ renewed, nonced bool }

// again turns an error into one after which the call is made once more: with the nonce
// that came with the error, or with a new token, since an operator may forget one (a
// restart) before it runs out.
func (a *admission) again(c *client, err error) error {
	p, ok := errors.AsType[*Problem](err)
	switch {
	case !ok || p.Status != http.StatusUnauthorized:
		return err
	case wantsNonce(err) && !a.nonced:
		a.nonced = true
	case !wantsNonce(err) && !a.renewed:
		a.renewed = true
		c.forget()
	default:
		return err
	}
	return &again{err}
}

// access returns a token, asking for a new one half a minute before the old ends.
// One caller asks; the others wait for its answer.
func (c *client) access(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.token != "" && now.Before(c.until) {
		return c.token, nil
	}
	var answer tokenAnswer
	if err := c.form(ctx, "/oauth/token", url.Values{"grant_type": {"client_credentials"}}, &answer); err != nil {
		return "", fmt.Errorf("asking for a token: %w", err)
	}
	switch {
	case answer.AccessToken == "":
		return "", errors.New("asking for a token: the operator's answer has none")
	case !strings.EqualFold(answer.TokenType, "DPoP"):
		// Whoever stole such a token could use it. We ask for no other kind.
		return "", errors.New("asking for a token: the operator's is not bound to our key (DPoP, RFC 9449); ask the operator to run a newer cofferd")
	}
	c.token = answer.AccessToken
	c.until = now.Add(time.Duration(answer.ExpiresIn)*time.Second - 30*time.Second)
	return c.token, nil
}

type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
}

// form posts an OAuth form: as this client (RFC 7523), with a proof of its key.
func (c *client) form(ctx context.Context, path string, form url.Values, out any) error {
	err := c.formOnce(ctx, path, form, out)
	if wantsNonce(err) {
		err = c.formOnce(ctx, path, form, out)
	}
	return err
}

func (c *client) formOnce(ctx context.Context, path string, form url.Values, out any) error {
	now := c.now()
	assertion, err := c.assert(c.origin, now)
	if err != nil {
		return fmt.Errorf("signing the client assertion: %w", err)
	}
	proof, err := c.prover.proof(http.MethodPost, c.origin+path, "", c.lastNonce(), now)
	if err != nil {
		return err
	}
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}, "Dpop": {proof}}
	return c.once(ctx, http.MethodPost, path, header, []byte(form.Encode()), out)
}

func (c *client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = ""
}
