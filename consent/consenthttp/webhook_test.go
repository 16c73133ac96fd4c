package consenthttp_test

import (
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consenthttp"
	"coffer/consent/hooks"
)

func TestSettingAWebhook(t *testing.T) {
	w := newWorld(t)
	shop := w.open()
	secret := shop.hook("https://shop.example/hooks")
	if _, err := hooks.NewReceiver(secret, w.clock.Now); err != nil {
		t.Errorf("the secret is none: %v", err)
	}
	var seen struct{ URL, Secret string }
	got := shop.do("GET", "/business/v1/webhook", nil)
	got.into(&seen)
	if seen.URL != "https://shop.example/hooks" || strings.Contains(string(got.Body), secret) || strings.Contains(string(got.Body), "secret") {
		t.Errorf("it is shown as %s", got.Body)
	}
	put := func(jws string) reply {
		return shop.do("PUT", "/business/v1/webhook", map[string]any{"webhook": jws})
	}
	_, same := shop.shop.Webhook("https://shop.example/hooks")
	put(same).is(409, "stale")
	w.clock.Add(time.Second)
	for name, c := range map[string]struct {
		edit   func(*consent.Webhook)
		status int
		code   string
	}{
		"for another operator": {func(h *consent.Webhook) { h.Aud = "https://elsewhere.example" }, 422, "wrong-audience"},
		"old":                  {func(h *consent.Webhook) { h.Iat -= 3600 }, 410, "expired"},
		"on this machine":      {func(h *consent.Webhook) { h.URL = "http://localhost:8081/" }, 422, "bad-url"},
		"not by https":         {func(h *consent.Webhook) { h.URL = "http://shop.example/" }, 422, "bad-url"},
	} {
		_, jws := shop.shop.Webhook("https://shop.example/other", c.edit)
		if r := put(jws); r.Status != c.status || r.code() != c.code {
			t.Errorf("a webhook %s: %d %s, want %d %s", name, r.Status, r.Body, c.status, c.code)
		}
	}
	_, card := shop.shop.Card()
	put(card).is(422, "bad-signature")
	if strings.Contains(w.log.String(), secret[6:]) || strings.Contains(w.log.String(), "shop.example/hooks") {
		t.Error("the log tells of the webhook")
	}
	if again := shop.hook("https://shop.example/hooks"); again == secret {
		t.Error("the secret is the same as before")
	}
	w.clock.Add(time.Second)
	if none := shop.hook(""); none != "" {
		t.Errorf("no webhook has the secret %q", none)
	}
	shop.do("GET", "/business/v1/webhook", nil).is(404, "not-found")

	local := newWorld(t, func(o *consenthttp.Options) { o.LocalWebhooks = true })
	local.open().hook("http://localhost:8081/hooks")
}

// Statements are signed, and about the grant they name; nothing else lets one in.
func TestStatementsThatAreRefused(t *testing.T) {
	s := newStage(t)
	shop := s.actors["this business"]
	h := s.given.Held[0]
	_, early := shop.shop.Acknowledge(h.Grant, consent.EndWithdrawn)
	acknowledge := func(jws string) reply {
		return s.send(newRequest("POST", "/business/v1/acknowledgements", map[string]any{"acknowledgement": jws}))
	}
	state := func(jws string) reply {
		return s.send(newRequest("POST", "/business/v1/deletions", map[string]any{"statement": jws}))
	}
	acknowledge(early).is(409, "not-over")
	s.ended()
	_, wrong := shop.shop.Acknowledge(h.Grant, consent.EndExpired)
	acknowledge(wrong).is(409, "not-over")
	acknowledge(early+"x").is(422, "bad-signature")
	state(early).is(422, "bad-signature")
	_, foreign := shop.shop.Acknowledge(h.Grant, consent.EndWithdrawn, func(a *consent.Acknowledgement) { a.Aud = "https://elsewhere.example" })
	acknowledge(foreign).is(422, "wrong-audience")
	_, short := shop.shop.StateDeletion(h.Grant, nil)
	state(short).is(422, "wrong-statement")
	s.send(newRequest("POST", "/business/v1/deletions", `{"statement":"a","statement":"b"}`)).is(400, "invalid")
	s.send(newRequest("POST", "/business/v1/deletions", `{"statement":"a","more":"b"}`)).is(400, "malformed")
	s.send(newRequest("POST", "/business/v1/deletions", `{"statement":"`+strings.Repeat("a", 1<<20)+`"}`)).is(413, "too-large")

	// Suspended, it gets no token, and may say what it owes.
	if err := s.store.SetBusinessState(t.Context(), shop.shop.DID, consent.BusinessSuspended); err != nil {
		t.Fatal(err)
	}
	acknowledge(early).is(200, "")
	_, whole := shop.shop.StateDeletion(h.Grant, h.Attributes)
	state(whole).is(200, "")
	var seen struct {
		Loop struct {
			Acknowledgement, Statement, Overdue string
		}
	}
	s.actors["this shopper"].do("GET", "/wallet/v1/grants/"+h.Grant.String()+"/loop", nil).into(&seen)
	if seen.Loop.Acknowledgement != early || seen.Loop.Statement != whole || seen.Loop.Overdue != "" {
		t.Errorf("the shopper sees %+v", seen)
	}
}
