package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/oauth"
	"coffer/internal/id"
)

// from asks as somebody at that address.
func (s *server) from(address string, r *http.Request) *httptest.ResponseRecorder {
	r.RemoteAddr = address
	w := httptest.NewRecorder()
	s.held.ServeHTTP(w, r)
	return w
}

func posting(path string, form url.Values) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// Every endpoint counts for the address that asks, whoever it is, and says when to come
// again. Another address has nothing to do with it.
func TestAnAddressThatAsksTooOften(t *testing.T) {
	for name, c := range map[string]struct {
		ask  func() *http.Request
		says string
	}{
		"push":       {func() *http.Request { return posting("/oauth/par", nil) }, "temporarily_unavailable"},
		"token":      {func() *http.Request { return posting("/oauth/token", form("x.y.z")) }, "temporarily_unavailable"},
		"introspect": {func() *http.Request { return posting("/oauth/introspect", nil) }, "temporarily_unavailable"},
		"revoke":     {func() *http.Request { return posting("/oauth/revoke", nil) }, "temporarily_unavailable"},
		"authorize":  {func() *http.Request { return httptest.NewRequest("GET", "/oauth/authorize", nil) }, "Too many"},
		"query": {func() *http.Request {
			return httptest.NewRequest("GET", "/oauth/grants/"+id.New[id.Approval]().String(), nil)
		}, "problem:too-many"},
		"delete": {func() *http.Request {
			return httptest.NewRequest("DELETE", "/oauth/grants/"+id.New[id.Approval]().String(), nil)
		}, "problem:too-many"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, func(o *oauth.Options) { o.Rate = 1 })
			for range 4 {
				if w := s.from("192.0.2.1:1", c.ask()); w.Code == 429 {
					t.Fatal("four at once are few")
				}
			}
			w := s.from("192.0.2.1:2", c.ask())
			if w.Code != 429 || w.Header().Get("Retry-After") != "1" || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
			}
			if w := s.from("192.0.2.2:1", c.ask()); w.Code == 429 {
				t.Error("another address was refused")
			}
			s.clock.Add(time.Second)
			if w := s.from("192.0.2.1:1", c.ask()); w.Code == 429 {
				t.Error("a second later there is room")
			}
		})
	}
}

// A business counts as one from wherever it asks; who only claims to be it takes
// nothing from it.
func TestABusinessThatAsksTooOften(t *testing.T) {
	s := newServer(t, func(o *oauth.Options) { o.Rate = 1 })
	other := s.register(consent.BusinessActive)
	claims := s.shop.Assertion()
	claims = claims[:strings.LastIndex(claims, ".")+1] + strings.Repeat("A", 86)
	addresses := []string{"192.0.2.1:1", "192.0.2.2:1", "192.0.2.3:1", "192.0.2.4:1"}
	for _, a := range addresses {
		if w := s.from(a, posting("/oauth/token", form(claims))); w.Code != 401 {
			t.Fatalf("a forged assertion: %d %s", w.Code, w.Body)
		}
	}
	for _, a := range addresses {
		if w := s.from(a, posting("/oauth/token", form(s.shop.Assertion()))); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	w := s.from("192.0.2.5:1", posting("/oauth/token", form(s.shop.Assertion())))
	if w.Code != 429 || w.Header().Get("Retry-After") != "1" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.from("192.0.2.1:1", posting("/oauth/token", form(other.Assertion()))); w.Code != 200 {
		t.Errorf("another business: %d %s", w.Code, w.Body)
	}
}
