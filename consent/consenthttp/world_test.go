package consenthttp_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"golang.org/x/time/rate"

	"coffer/anchor"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/agent"
	"coffer/consent/consentdb"
	"coffer/consent/consenthttp"
	"coffer/consent/consenttest"
	"coffer/consent/oauth"
	"coffer/internal/contract/contracttest"
	"coffer/internal/httpjson"
	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/policies"
	"coffer/vault"
	"coffer/vault/vaultdb"
)

var (
	errSignedOut   = errors.New("not signed in")
	errUnconfirmed = errors.New("not confirmed")
)

// doors stand in for sessions and passkeys: a header says whose session it is, and a
// credential is good that repeats the challenge.
type doors struct {
	mu      sync.Mutex
	started map[string]string // ceremony → vault ‖ challenge
}

func (*doors) Vault(r *http.Request) (id.Vault, error) {
	v, err := id.Parse[id.Vault](r.Header.Get("X-Vault"))
	if err != nil {
		return v, errSignedOut
	}
	return v, nil
}

func (d *doors) Start(_ context.Context, v id.Vault, challenge []byte) (json.RawMessage, string, error) {
	ceremony := rand.Text()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.started[ceremony] = v.String() + string(challenge)
	options, err := json.Marshal(map[string]any{"challenge": consent.Bytes(challenge)})
	return options, ceremony, err
}

func (d *doors) Finish(_ context.Context, v id.Vault, ceremony string, challenge, credential []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	started, ok := d.started[ceremony]
	delete(d.started, ceremony)
	if !ok || started != v.String()+string(challenge) || string(credential) != `{"signed":"`+consent.Bytes(challenge).String()+`"}` {
		return errUnconfirmed
	}
	return nil
}

func translate(err error) (httpjson.Problem, bool) {
	switch {
	case errors.Is(err, errSignedOut):
		return httpjson.Problem{Code: "not-signed-in", Title: "Not signed in", Status: http.StatusUnauthorized}, true
	case errors.Is(err, errUnconfirmed):
		return httpjson.Problem{Code: "ceremony-over", Title: "Start again", Status: http.StatusConflict}, true
	case errors.Is(err, vault.ErrConflict):
		return httpjson.Problem{Code: "conflict", Title: "Changed elsewhere", Status: http.StatusConflict}, true
	case errors.Is(err, vault.ErrInvalid):
		return httpjson.Problem{Code: "invalid", Title: "Invalid", Status: http.StatusBadRequest}, true
	}
	return httpjson.Problem{}, false
}

// world is an operator on the wire, its outbox running.
type world struct {
	t         testing.TB
	clock     *consenttest.Clock
	ledger    *anchortest.Memory
	db        *sqldb.DB
	store     *consentdb.Store
	vaults    *vaultdb.Store
	catalogue consent.Catalogue
	router    *mux.Router
	held      http.Handler // router, held against the contract
	log       *bytes.Buffer
	tokens    map[consent.DID]string
}

func newWorld(t testing.TB, edit ...func(*consenthttp.Options)) *world {
	t.Helper()
	engine, err := policies.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, clock: consenttest.NewClock(), router: mux.NewRouter(), log: &bytes.Buffer{}, tokens: map[consent.DID]string{}}
	w.catalogue = engine.Catalogue()
	w.ledger = anchortest.NewMemory(consenttest.Chain, w.clock.Now)
	w.db, w.store, w.vaults = consenttest.Open(t, t.TempDir())
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	signatures := agent.New(agent.Options{Now: w.clock.Now})
	server, err := oauth.New(oauth.Options{Origin: consenttest.Operator, Key: key, Store: w.store, Signatures: signatures,
		Catalogue: w.catalogue, Bearer: true, Clock: w.clock.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	d := &doors{started: map[string]string{}}
	o := consenthttp.Options{
		Origin: consenttest.Operator, Store: w.store, Sessions: d, Confirm: d, Signatures: signatures, Policy: engine,
		Catalogue: w.catalogue, Ledger: w.ledger, Clock: w.clock.Now, Log: log, Translate: translate, AdmitAll: true, Sign: server.Sign,
		Rate: rate.Inf, WaitGive: time.Second, WaitWithdraw: time.Second,
	}
	o.Return = server.Return
	for _, e := range edit {
		e(&o)
	}
	server.Routes(w.router)
	consenthttp.Wallet(w.router, o)
	consenthttp.Business(w.router, o, server.Protect)
	consenthttp.Schema(w.router)
	w.held = contracttest.Hold(t, w.router)

	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = w.store.Outbox(w.ledger, w.clock.Now, slog.New(slog.NewTextHandler(io.Discard, nil))).Run(ctx)
	})
	t.Cleanup(func() { stop(); wg.Wait() })
	return w
}

// reply is an answer as it came.
type reply struct {
	t      testing.TB
	Status int
	Body   []byte
}

// code of the problem, or "" when it is none.
func (r reply) code() string {
	var p struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(r.Body, &p)
	code, problem := strings.CutPrefix(p.Type, "urn:coffer:problem:")
	if !problem {
		return ""
	}
	return code
}

func (r reply) into(v any) {
	r.t.Helper()
	if r.Status >= 300 {
		r.t.Fatalf("got %d %s", r.Status, r.Body)
	}
	if err := json.Unmarshal(r.Body, v); err != nil {
		r.t.Fatalf("reading %s: %v", r.Body, err)
	}
}

func (r reply) is(status int, code string) {
	r.t.Helper()
	if r.Status != status || r.code() != code {
		r.t.Fatalf("got %d %s, want %d %s", r.Status, r.Body, status, code)
	}
}

func (w *world) send(r *http.Request) reply {
	rec := httptest.NewRecorder()
	w.held.ServeHTTP(rec, r)
	return reply{w.t, rec.Code, rec.Body.Bytes()}
}

func newRequest(method, path string, body any) *http.Request {
	var b []byte
	switch body := body.(type) {
	case nil:
	case string:
		b = []byte(body)
	default:
		b, _ = json.Marshal(body)
	}
	r := httptest.NewRequest(method, consenttest.Operator+path, bytes.NewReader(b))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// as is an actor: whoever asks, by what it carries.
type as struct {
	*world
	shop    *consenttest.Shop
	shopper *consenttest.Shopper
}

func (a as) do(method, path string, body any) reply {
	a.t.Helper()
	r := newRequest(method, path, body)
	r.Header.Set("Origin", consenttest.Operator)
	if a.shopper != nil {
		r.Header.Set("X-Vault", a.shopper.Vault.String())
	}
	if a.shop != nil {
		r.Header.Set("Authorization", "Bearer "+a.tokens[a.shop.DID])
	}
	return a.send(r)
}

// open makes a business that is registered and has a token.
func (w *world) open() as {
	w.t.Helper()
	a := as{world: w, shop: consenttest.NewShop(w.clock.Now)}
	_, card := a.shop.Card()
	a.do("POST", "/business/v1/registrations", map[string]any{"card": card}).into(&struct{}{})
	a.renew()
	return a
}

func (a as) renew() {
	a.t.Helper()
	var answer struct {
		Token string `json:"access_token"`
	}
	a.token(a.shop.Assertion()).into(&answer)
	a.tokens[a.shop.DID] = answer.Token
}

func (w *world) token(assertion string) reply {
	form := url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
	r := httptest.NewRequest("POST", consenttest.Operator+"/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.send(r)
}

// move makes a shopper with a vault.
func (w *world) move() as {
	w.t.Helper()
	p := consenttest.NewShopper(w.clock.Now, w.catalogue)
	p.Move(w.t, w.vaults)
	return as{world: w, shopper: p}
}

// ask posts a request.
func (a as) ask(edit ...func(*consent.Request)) consent.Request {
	a.t.Helper()
	q := a.shop.Request(edit...)
	a.do("POST", "/business/v1/requests", map[string]any{"request": q.JWS}).into(&struct{}{})
	return q
}

// answer posts a decision, confirmed.
func (a as) answer(d *consenttest.Answer) reply {
	a.t.Helper()
	return a.post(d.Body())
}

func (a as) post(body map[string]any) reply {
	a.t.Helper()
	start := a.do("POST", "/wallet/v1/decisions/start", map[string]any{"decision": body["decision"]})
	if start.Status != http.StatusOK {
		return start
	}
	a.confirm(start, body)
	return a.do("POST", "/wallet/v1/decisions", body)
}

// confirm is the passkey: it signs the challenge that it was asked to.
func (a as) confirm(start reply, body map[string]any) {
	a.t.Helper()
	var o struct {
		Key struct {
			Challenge string `json:"challenge"`
		} `json:"public_key"`
		Ceremony string `json:"ceremony"`
	}
	start.into(&o)
	body["ceremony"], body["credential"] = o.Ceremony, map[string]string{"signed": o.Key.Challenge}
}

// give is a request of the shop's that the shopper answers with both purposes.
func (a as) give(by as) *consenttest.Answer {
	a.t.Helper()
	d := a.shopper.Decide(by.ask(), consenttest.Both)
	var out struct {
		Grants []struct {
			State consent.State `json:"state"`
		} `json:"grants"`
	}
	a.answer(d).into(&out)
	for _, g := range out.Grants {
		if g.State != consent.StateLive {
			a.t.Fatalf("a grant is %s", g.State)
		}
	}
	return d
}

func (a as) permit(h *consenttest.Held) reply {
	a.t.Helper()
	return a.permits(h.Grant, a.shop.Permit(h, consent.LogHead{}))
}

func (a as) permits(g id.Grant, e anchor.Entry) reply {
	a.t.Helper()
	return a.do("POST", "/business/v1/permits", map[string]any{"permits": []any{map[string]any{"grant": g, "entry": consent.Bytes(e.Bytes())}}})
}

func (a as) collect(h *consenttest.Held, attributes ...string) reply {
	a.t.Helper()
	if attributes == nil {
		attributes = []string{}
	}
	return a.do("POST", "/business/v1/grants/"+h.Grant.String()+"/collect", map[string]any{"attributes": attributes})
}

func (a as) withdraw(h *consenttest.Held) reply {
	a.t.Helper()
	return a.do("POST", "/wallet/v1/grants/"+h.Grant.String()+"/withdraw", a.withdrawal(h))
}

func (a as) withdrawal(h *consenttest.Held) map[string]any {
	entry := h.Withdraw(anchor.EpochAt(a.clock.Now()))
	return map[string]any{"entry": consent.Bytes(entry.Bytes()), "receipt": a.shopper.WithdrawalReceipt(h)}
}

// sound runs the invariant checker.
func (w *world) sound() {
	w.t.Helper()
	err := w.store.Reconcile(w.t.Context(), w.ledger, func(d consentdb.Discrepancy) { w.t.Errorf("not sound: %s", d.What) })
	if err != nil {
		w.t.Fatal(err)
	}
}
