package agent_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/agent"
)

// issuer publishes what it says at one address, over TLS.
type issuer struct {
	*httptest.Server
	agent.Signer
	body    string
	status  int
	fetched int
}

func publish(t *testing.T) *issuer {
	i := &issuer{Signer: business(t, "issuer"), status: http.StatusOK}
	i.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.fetched++
		w.WriteHeader(i.status)
		w.Write([]byte(i.body))
	}))
	t.Cleanup(i.Close)
	return i
}

// revoke publishes the list with those entries set.
func (i *issuer) revoke(t *testing.T, at ...int) {
	l := consent.NewStatusList(i.URL+"/status", i.DID, consent.StatusRevocation)
	for _, n := range at {
		l.Put(n, true)
	}
	var err error
	if i.body, err = i.SignStatusList(l); err != nil {
		t.Fatal(err)
	}
}

func (i *issuer) entry(n int) consent.Record {
	return consent.Record{Issuer: i.DID, Statuses: []consent.StatusEntry{{Purpose: consent.StatusRevocation, List: i.URL + "/status", Index: n}}}
}

func TestCheckStatus(t *testing.T) {
	i, clock := publish(t), now
	a := agent.New(agent.Options{HTTP: i.Client(), Keep: time.Minute, Now: func() time.Time { return clock }})
	i.revoke(t, 9)
	for n, want := range map[int]consent.Code{8: "", 9: consent.Revoked, 10: ""} {
		if err := a.CheckStatus(t.Context(), i.entry(n)); consent.CodeOf(err) != want || (err == nil) != (want == "") {
			t.Errorf("at %d: %v, want %q", n, err, want)
		}
	}
	if i.fetched != 1 {
		t.Errorf("fetched %d times within Keep: the host sees who asks how often", i.fetched)
	}
	if err := a.CheckStatus(t.Context(), consent.Record{Issuer: i.DID}); err != nil {
		t.Errorf("a record that cannot be revoked: %v", err)
	}

	// Revoked since: believed while kept, refused after.
	i.revoke(t, 8, 9)
	clock = clock.Add(time.Minute)
	code(t, a.CheckStatus(t.Context(), i.entry(8)), consent.Revoked)

	other := i.entry(10)
	other.Issuer = business(t, "other").DID
	code(t, a.CheckStatus(t.Context(), other), consent.BadStatus)
	both := i.entry(10)
	both.Statuses = append(both.Statuses, consent.StatusEntry{Purpose: consent.StatusSuspension, List: i.URL + "/status", Index: 10})
	code(t, a.CheckStatus(t.Context(), both), consent.BadStatus)
}

// A list that cannot be had is passing, one that is none is not; nobody is sent to an
// address that strangers may not name.
func TestCheckStatusRefused(t *testing.T) {
	ask := func(change func(*issuer)) error {
		i := publish(t)
		i.revoke(t)
		change(i)
		return agent.New(agent.Options{HTTP: i.Client()}).CheckStatus(t.Context(), i.entry(1))
	}
	for name, change := range map[string]func(*issuer){
		"not there":  func(i *issuer) { i.status = http.StatusNotFound },
		"no JWT":     func(i *issuer) { i.body = "<html>canary-body</html>" },
		"too long":   func(i *issuer) { i.body += strings.Repeat(" ", 64<<10) },
		"a redirect": func(i *issuer) { i.status = http.StatusFound },
	} {
		if err := ask(change); consent.CodeOf(err) != consent.BadStatus || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*issuer){
		"gone":  func(i *issuer) { i.Close() },
		"tired": func(i *issuer) { i.status = http.StatusBadGateway },
	} {
		if err := ask(change); !errors.Is(err, consent.ErrUnreachable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := agent.New(agent.Options{})
	for _, address := range []string{"http://localhost:1/status", "http://issuer.example/status", "ftp://issuer.example", "https://u:p@issuer.example", "https://issuer.example/#x",
		"did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw", "did:web:issuer.example:..:x", "did:web:-x", "", "issuer"} {
		if _, err := a.Published(t.Context(), address); consent.CodeOf(err) != consent.BadStatus {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := a.Published(t.Context(), "https://127.0.0.1:1/status"); !errors.Is(err, consent.ErrUnreachable) {
		t.Errorf("its own network: %v", err)
	}
}

func TestPublishedDocument(t *testing.T) {
	w, d := serve(t)
	w.document = documentOf(t, d, business(t, "web shop"), "assertionMethod")
	if got, err := agent.New(agent.Options{HTTP: w.Client()}).Published(t.Context(), string(d)); err != nil || got != w.document {
		t.Errorf("%v", err)
	}
}

func TestLocalIssuersInDevelopment(t *testing.T) {
	i := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("here")) }))
	defer i.Close()
	address := strings.Replace(i.URL, "127.0.0.1", "localhost", 1) + "/status"
	if got, err := agent.New(agent.Options{Local: true}).Published(t.Context(), address); err != nil || got != "here" {
		t.Errorf("in development: %q, %v", got, err)
	}
	_, err := agent.New(agent.Options{}).Published(t.Context(), address)
	code(t, err, consent.BadStatus)
	_, err = agent.New(agent.Options{Local: true}).Published(t.Context(), "http://issuer.example/status")
	code(t, err, consent.BadStatus)
}

// What an issuer signs, the holder presents and a business verifies.
func TestPresentation(t *testing.T) {
	i, person := publish(t), shopper(t, "person")
	i.revoke(t, 3)
	holder := consent.NewHolderKey(person.Key.Public().(ed25519.PublicKey))
	terms := agent.RecordTerms{Type: lease, From: now.Add(-time.Hour), Until: now.Add(time.Hour),
		Claims: map[string]any{"product": "Walking shoes", "serial": "canary-7781", "pairs": 1}, Status: &i.entry(2).Statuses[0]}
	text, err := i.SignSDRecord(terms, &holder)
	if err != nil {
		t.Fatal(err)
	}
	a := agent.New(agent.Options{HTTP: i.Client(), Now: func() time.Time { return now }})
	if r, err := a.OpenRecord(t.Context(), text); err != nil || len(r.Claims) != 3 || r.Issuer != i.DID || r.Types[0] != lease {
		t.Fatalf("opening: %+v, %v", r, err)
	}
	s, err := consent.ParseSDJWT(text)
	if err != nil {
		t.Fatal(err)
	}
	to := business(t, "other").DID
	rules := consent.BindingRules{Audience: to, Nonce: "n", Now: now}
	shown, err := person.SignBinding(s.Only("product"), to, "n", now)
	if err != nil || strings.Contains(shown, s.Disclosures[2].Text) {
		t.Fatalf("presenting: %v", err)
	}
	r, err := a.OpenPresentation(t.Context(), shown, rules)
	if err != nil || len(r.Claims) != 1 || string(r.Claims["product"]) != `"Walking shoes"` {
		t.Fatalf("verifying: %+v, %v", r, err)
	}
	_, err = a.OpenPresentation(t.Context(), shown, consent.BindingRules{Audience: i.DID, Nonce: "n", Now: now})
	code(t, err, consent.WrongBinding)
	_, err = a.OpenPresentation(t.Context(), shown, consent.BindingRules{Audience: to, Nonce: "n", Now: now.Add(time.Hour)})
	code(t, err, consent.Expired)
	stolen, err := shopper(t, "thief").SignBinding(s.Only("product"), to, "n", now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.OpenPresentation(t.Context(), stolen, rules)
	code(t, err, consent.WrongBinding)

	terms.Status.Index = 3
	if text, err = i.SignSDRecord(terms, nil); err != nil {
		t.Fatal(err)
	}
	_, err = a.OpenPresentation(context.Background(), text, rules)
	code(t, err, consent.Revoked)
	for name, bad := range map[string]agent.RecordTerms{
		"no type":           {Claims: terms.Claims, From: now},
		"too long":          {Type: lease, From: now, Claims: map[string]any{"text": strings.Repeat("x", consent.MaxRecord)}},
		"a claim of ours":   {Type: lease, From: now, Claims: map[string]any{"exp": 1}},
		"a name that hides": {Type: lease, From: now, Claims: map[string]any{"_sd": 1}},
		"no JSON":           {Type: lease, From: now, Claims: map[string]any{"x": func() {}}},
	} {
		if _, err := i.SignSDRecord(bad, nil); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}
