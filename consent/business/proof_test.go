package business_test

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"coffer/consent/agent"
	"coffer/consent/business"
)

// admits says with which code a call is refused, or "".
func (o *operator) admits(w http.ResponseWriter, r *http.Request, name string) string {
	w.Header().Set("Date", o.now.UTC().Format(http.TimeFormat))
	if o.nonce != "" && name != "POST /business/v1/registrations" {
		w.Header().Set("DPoP-Nonce", o.nonce)
	}
	switch name {
	case "POST /oauth/token", "POST /business/v1/registrations", "POST /business/v1/acknowledgements", "POST /business/v1/deletions":
		return ""
	}
	token := "token-" + strconv.Itoa(o.tokens)
	if r.Header.Get("Authorization") != "DPoP "+token {
		return "invalid-token"
	}
	return strings.ReplaceAll(o.proves(r, token), "_", "-")
}

// proves checks a request's DPoP proof as consent/oauth does, which this must not import.
func (o *operator) proves(r *http.Request, token string) (code string) {
	signed, err := jose.ParseSignedCompact(r.Header.Get("DPoP"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(r.Header.Values("DPoP")) != 1 {
		return "invalid_dpop_proof"
	}
	header := signed.Signatures[0].Protected
	payload, err := signed.Verify(header.JSONWebKey.Key)
	if err != nil || header.ExtraHeaders[jose.HeaderType] != "dpop+jwt" || !header.JSONWebKey.IsPublic() || header.KeyID != "" {
		return "invalid_dpop_proof"
	}
	did, err := agent.KeyDID(header.JSONWebKey.Key)
	if err != nil || did != o.business {
		return "invalid_dpop_proof"
	}
	var c struct {
		JTI, HTM, HTU, ATH, Nonce string
		IAT                       int64
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		return "invalid_dpop_proof"
	}
	ath := ""
	if token != "" {
		h := crypto.SHA256.New()
		h.Write([]byte(token))
		ath = base64.RawURLEncoding.EncodeToString(h.Sum(nil))
	}
	switch off := o.now.Unix() - c.IAT; {
	case c.JTI == "" || o.proofs[c.JTI] || c.HTM != r.Method || c.HTU != "http://"+r.Host+r.URL.Path || c.ATH != ath || off > 60 || off < -60:
		return "invalid_dpop_proof"
	case c.Nonce != o.nonce:
		return "use_dpop_nonce"
	}
	o.proofs[c.JTI] = true
	return ""
}

// A business follows the operator's nonces: each time they turn it costs one round trip
// more, and nothing fails.
func TestProofsCarryTheNonce(t *testing.T) {
	o := newOperator(t)
	o.nonce = "first"
	b, _ := o.shop()
	q := o.asked(b)
	if n := o.called("POST /oauth/token"); n != 2 {
		t.Errorf("%d calls for a token, want 2: without the nonce, and with it", n)
	}
	o.mu.Lock()
	o.nonce = "second"
	o.mu.Unlock()
	for range 2 {
		if _, err := b.Status(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.called("GET /business/v1/requests/{id}"); n != 3 {
		t.Errorf("%d calls for two answers, want 3: one proof lacked the new nonce", n)
	}
	if n := o.called("POST /oauth/token"); n != 2 {
		t.Errorf("%d calls for a token, want 2: a nonce is no reason for a new one", n)
	}
	// An operator that is never content is no reason to ask for ever.
	o.fails("GET /business/v1/requests/{id}", trouble{status: 401, code: "use-dpop-nonce"}, trouble{status: 401, code: "use-dpop-nonce"})
	if _, err := b.Status(t.Context(), q); err == nil {
		t.Error("a nonce that is never right was passed over")
	}
}

// A token that is bound to nothing is not taken: whoever steals it could use it.
func TestNoBearerTokens(t *testing.T) {
	o := newOperator(t)
	b, _ := o.shop()
	o.mu.Lock()
	o.bearer = true
	o.mu.Unlock()
	_, err := b.Request(t.Context(), business.Ask{Purposes: asks()})
	if err == nil || !strings.Contains(err.Error(), "not bound to our key") {
		t.Errorf("with a bearer token: %v", err)
	}
}

// A clock that is off is said to be, with how far, since nothing else explains it.
func TestClockIsOff(t *testing.T) {
	o := newOperator(t)
	dir := t.TempDir() + "/shop"
	ahead := business.WithClock(func() time.Time { return o.clock().Add(2 * time.Hour) })
	b, err := business.Create(dir, o.profile(), append(o.options(), ahead)...)
	o.check(err)
	defer b.Close()
	_, err = b.Register(t.Context())
	o.check(err)
	_, err = b.Poll(t.Context(), nil)
	var p *business.Problem
	if !errors.As(err, &p) || p.ClockOff != 2*time.Hour || !strings.Contains(err.Error(), "2h0m0s ahead of the operator's, set it") {
		t.Errorf("two hours ahead: %v", err)
	}
}

// detour leads to the operator, until it is lost.
type detour struct{ lost bool }

func (d *detour) RoundTrip(r *http.Request) (*http.Response, error) {
	if !d.lost {
		return http.DefaultTransport.RoundTrip(r)
	}
	w := httptest.NewRecorder()
	http.NotFound(w, r)
	return w.Result(), nil
}

// A 404 of somebody who is no operator does not say that there is no such request.
func TestStrangersAnswer(t *testing.T) {
	o := newOperator(t)
	way := &detour{}
	b, err := business.Create(filepath.Join(t.TempDir(), "shop"), o.profile(), append(o.options(), business.WithHTTP(&http.Client{Transport: way}))...)
	o.check(err)
	defer b.Close()
	_, err = b.Register(t.Context())
	o.check(err)
	q := o.asked(b)
	way.lost = true
	_, err = b.Status(t.Context(), q)
	var p *business.Problem
	if errors.Is(err, business.ErrNotFound) || !errors.As(err, &p) || !strings.Contains(err.Error(), "is that the operator's address?") {
		t.Errorf("somebody else's 404: %v", err)
	}
}
