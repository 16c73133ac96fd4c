package vaulthttp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"coffer/internal/contract/contracttest"
	"coffer/internal/id"
	"coffer/internal/sqldb"
	"coffer/vault"
	"coffer/vault/passkey"
	"coffer/vault/vaultdb"
	"coffer/vault/vaulthttp"
	"coffer/vault/vaulttest"
)

const origin = "http://localhost:8080"

// operator is the routes over a store, as cofferd wires them.
type operator struct {
	*httptest.Server
	router *mux.Router
	store  *vaultdb.Store
	db     *sqldb.DB
	log    *lockedBuffer
	mu     sync.Mutex
	clock  time.Time
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (o *operator) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clock
}

func (o *operator) advance(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(d)
}

func open(t testing.TB) *operator { return openAt(t, origin) }

func openAt(t testing.TB, origin string) *operator {
	t.Helper()
	o := &operator{clock: time.Now(), log: &lockedBuffer{}, router: mux.NewRouter()}
	o.store, o.db = vaulttest.Open(t, nil)
	log := slog.New(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p, err := passkey.New(passkey.Options{Store: o.store, Origin: origin, Name: "Test", Now: o.now, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	err = vaulthttp.Routes(o.router.PathPrefix("/wallet/v1").Subrouter(), vaulthttp.Options{
		Store: o.store, Passkeys: p, Sessions: vaulthttp.NewSessions(o.store, origin, o.now), Origin: origin, Now: o.now, Logger: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Server = httptest.NewServer(contracttest.Hold(t, o.router))
	t.Cleanup(o.Close)
	return o
}

func (o *operator) wallet() *vaulttest.Wallet {
	return vaulttest.NewWallet(o.URL+"/wallet/v1", origin)
}

// shopper is a wallet that has finished signing up.
func (o *operator) shopper(t testing.TB) *vaulttest.Wallet {
	t.Helper()
	w := o.wallet()
	if err := w.SignUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func wantProblem(t testing.TB, what string, err error, status int, code string) {
	t.Helper()
	var r *vaulttest.Refused
	if !errors.As(err, &r) || r.Status != status || r.Type != "urn:coffer:problem:"+code {
		t.Errorf("%s: %v, want %d %s", what, err, status, code)
	}
}

func TestOpenAVaultAndComeBack(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	if _, err := w.PutAttribute(t.Context(), "email", "anna@mail.example"); err != nil {
		t.Fatal(err)
	}
	// Another browser, the same passkey.
	back := o.wallet()
	back.Device = w.Device
	if err := back.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if back.Vault != w.Vault || back.Key != w.Key || len(back.Documents) != 2 || back.Manifest != w.Manifest {
		t.Errorf("came back to %d documents, manifest %d", len(back.Documents), back.Manifest)
	}
	var s vaulttest.Session
	if err := back.Do(t.Context(), "GET", "/session", nil, &s); err != nil {
		t.Fatal(err)
	}
	if s.State != "open" || len(s.Passkeys) != 1 || !s.Passkeys[0].PRF || s.Credential != s.Passkeys[0].ID || len(s.Wraps) != 2 {
		t.Errorf("session %+v", s)
	}
	if err := back.Do(t.Context(), "POST", "/session/end", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "after signing out", back.Do(t.Context(), "GET", "/session", nil, nil), 401, "not-signed-in")
	if err := w.Load(t.Context()); err != nil {
		t.Errorf("the first browser was signed out too: %v", err)
	}
}

func TestSecondPasskeyIsASecondWayIn(t *testing.T) {
	o := open(t)
	w := o.wallet()
	w.Device.NoPRF = true
	wantProblem(t, "recovery alone", w.SignUp(t.Context()), 409, "not-finished")
	laptop := vaulttest.NewAuthenticator(origin)
	s, prf, err := w.CreatePasskey(t.Context(), laptop)
	if err != nil {
		t.Fatal(err)
	}
	if s.Vault != w.Vault || len(s.Passkeys) != 2 {
		t.Fatalf("the second passkey is of %d passkeys' vault", len(s.Passkeys))
	}
	one, err := w.Wrap(vault.PasskeyWrap, raw(t, s.Credential), prf)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Do(t.Context(), "PUT", "/wraps", map[string]any{"wraps": []any{one}}, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Do(t.Context(), "POST", "/vault/finish", struct{}{}, &s); err != nil || s.State != "open" {
		t.Fatalf("state %s, %v", s.State, err)
	}
}

func TestConflictNamesDocumentAndVersion(t *testing.T) {
	o := open(t)
	phone := o.shopper(t)
	laptop := o.wallet()
	laptop.Device = phone.Device
	if err := laptop.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := phone.PutAttribute(t.Context(), "email", "a@b.example"); err != nil {
		t.Fatal(err)
	}
	_, err := laptop.PutAttribute(t.Context(), "name", "Anna")
	wantProblem(t, "behind the other device", err, 409, "conflict")
	var r *vaulttest.Refused
	if errors.As(err, &r) && r.Have != 2 {
		t.Errorf("have %d, want 2", r.Have)
	}
	if err := laptop.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := laptop.PutAttribute(t.Context(), "name", "Anna"); err != nil {
		t.Errorf("after loading again: %v", err)
	}
}

// Who asks what: every route, signed out, signed in, and signed in to another vault
// whose things are named. A route without a row fails.
func TestRoutesByActor(t *testing.T) {
	o := open(t)
	mine, other := o.shopper(t), o.shopper(t)
	doc, err := mine.PutAttribute(t.Context(), "email", "a@b.example")
	if err != nil {
		t.Fatal(err)
	}
	var s vaulttest.Session
	if err := mine.Do(t.Context(), "GET", "/session", nil, &s); err != nil {
		t.Fatal(err)
	}
	passkeyWrap, err := mine.Wrap(vault.PasskeyWrap, raw(t, s.Credential), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	// What the other vault says about my document: it deletes it, with its own
	// next manifest.
	steal := func(w *vaulttest.Wallet) any {
		puts, err := w.Puts(nil)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]any{"puts": vaulttest.PutsJSON(puts), "deletes": []any{map[string]any{"id": doc.ID, "version": doc.Version}}}
	}
	thirtyTwo, point := strings.Repeat("A", 43), "BA"+strings.Repeat("A", 85)
	empty := func(*vaulttest.Wallet) any { return struct{}{} }
	none := func(*vaulttest.Wallet) any { return nil }
	rows := []struct {
		route string
		body  func(*vaulttest.Wallet) any
		// status for signed out, another vault, my vault; last, because it changes mine
		out, another, mine int
	}{
		{"POST /passkeys/create/start", empty, 200, 200, 200},
		{"POST /passkeys/create/finish", func(*vaulttest.Wallet) any { return map[string]any{"credential": struct{}{}} }, 400, 400, 400},
		{"POST /passkeys/get/start", empty, 200, 200, 200},
		{"POST /passkeys/get/finish", func(*vaulttest.Wallet) any { return map[string]any{"credential": struct{}{}} }, 401, 401, 401},
		{"POST /recovery/start", func(*vaulttest.Wallet) any { return map[string]any{"locator": strings.Repeat("A", 22)} }, 200, 200, 200},
		{"POST /recovery/finish", func(*vaulttest.Wallet) any { return map[string]any{"signature": strings.Repeat("A", 86)} }, 401, 401, 401},
		// Not found among another's, and needed among mine; no id at all is none of mine.
		{"DELETE /passkeys/{id}", none, 401, 404, 409},
		{"GET /session", none, 401, 200, 200},
		{"PUT /wraps", func(*vaulttest.Wallet) any { return map[string]any{"wraps": []any{passkeyWrap}} }, 401, 400, 204},
		{"POST /vault/finish", empty, 401, 200, 200},
		{"GET /documents", none, 401, 200, 200},
		// No chunk is taken for a document that is there; elsewhere it is none.
		{"PUT /attachments/{document}/{place}", func(*vaulttest.Wallet) any { return make(vaulttest.Octets, 60) }, 401, 204, 409},
		{"GET /attachments/{document}", none, 401, 200, 404},
		{"GET /attachments/{document}/{place}", none, 401, 200, 404},
		{"DELETE /attachments/{document}", none, 401, 204, 409},
		{"POST /pairing/join", func(*vaulttest.Wallet) any {
			return map[string]any{"code": "0000000000", "key": point, "nonce": thirtyTwo}
		}, 409, 409, 409},
		{"GET /pairing/joined", none, 409, 409, 409},
		{"POST /pairing/take", empty, 409, 409, 409},
		{"POST /pairing/offer", func(*vaulttest.Wallet) any { return map[string]any{"code_hash": thirtyTwo, "commitment": thirtyTwo} }, 401, 201, 201},
		{"GET /pairing/offered", none, 401, 200, 200},
		{"POST /pairing/reveal", func(*vaulttest.Wallet) any { return map[string]any{"key": point, "nonce": thirtyTwo} }, 401, 409, 409},
		{"POST /pairing/seal", func(*vaulttest.Wallet) any {
			return map[string]any{"iv": strings.Repeat("A", 16), "ciphertext": strings.Repeat("A", 91)}
		}, 401, 409, 409},
		{"POST /pairing/end", empty, 204, 204, 204},
		// Another's passkey is none of theirs; of mine one way alone is too few.
		{"POST /rotation/start", func(*vaulttest.Wallet) any { return map[string]any{"key": 2, "wraps": []any{passkeyWrap}} }, 401, 400, 409},
		{"POST /rotation/documents", func(*vaulttest.Wallet) any {
			return map[string]any{"key": 2, "documents": []any{map[string]any{"id": doc.ID, "version": 1, "encrypted_key": strings.Repeat("A", 54)}}}
		}, 401, 409, 409},
		{"POST /rotation/finish", func(*vaulttest.Wallet) any { return map[string]any{"key": 2} }, 401, 409, 409},
		{"POST /documents", steal, 401, 409, 200},
		{"POST /session/end", empty, 204, 204, 204},
	}
	listed := map[string]bool{}
	for _, row := range rows {
		listed[row.route] = true
		method, path, _ := strings.Cut(row.route, " ")
		for _, actor := range []struct {
			name string
			w    *vaulttest.Wallet
			want int
		}{{"signed out", o.wallet(), row.out}, {"another vault", other, row.another}, {"my vault", mine, row.mine}} {
			from := actor.w
			if actor.name == "signed out" {
				from = mine // who knows what to send, but sends no cookie
			}
			if strings.HasSuffix(path, "/create/finish") || strings.HasSuffix(path, "/get/finish") || path == "/recovery/finish" {
				// A ceremony of its own, so that it is the answer that is refused.
				var start any = struct{}{}
				if path == "/recovery/finish" {
					start = map[string]any{"locator": strings.Repeat("A", 22)}
				}
				if err := actor.w.Do(t.Context(), "POST", strings.Replace(path, "finish", "start", 1), start, nil); err != nil {
					t.Fatal(err)
				}
			}
			named := strings.NewReplacer("{id}", s.Credential, "{document}", doc.ID.String(), "{place}", "0").Replace(path)
			if method == "PUT" && strings.HasPrefix(path, "/attachments") {
				named += "?of=1"
			}
			err := actor.w.Do(t.Context(), method, named, row.body(from), nil)
			if r := (*vaulttest.Refused)(nil); err != nil && !errors.As(err, &r) {
				t.Fatal(err)
			}
			if actor.w.Status != actor.want {
				t.Errorf("%s, %s: %d, want %d (%v)", row.route, actor.name, actor.w.Status, actor.want, err)
			}
			if actor.name == "another vault" && row.route == "GET /documents" {
				var body struct {
					Documents []struct {
						ID id.Document `json:"id"`
					} `json:"documents"`
				}
				if err := other.Do(t.Context(), "GET", "/documents", nil, &body); err != nil {
					t.Fatal(err)
				}
				for _, d := range body.Documents {
					if d.ID == doc.ID {
						t.Error("another vault was served my document")
					}
				}
			}
		}
	}
	err = o.router.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		methods, err := route.GetMethods()
		if err != nil {
			return nil // the subrouter itself
		}
		path, err := route.GetPathTemplate()
		if err != nil {
			return err
		}
		for _, m := range methods {
			if r := m + " " + strings.TrimPrefix(path, "/wallet/v1"); !listed[r] {
				t.Errorf("%s has no row", r)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestChangesOnlyFromTheOperatorsPages(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	for _, bad := range []string{"http://localhost:8081", "https://localhost:8080", "null", ""} {
		w.Device.Origin = bad
		wantProblem(t, "from "+bad, w.Do(t.Context(), "POST", "/vault/finish", struct{}{}, nil), 403, "wrong-origin")
		wantProblem(t, "from "+bad, w.Do(t.Context(), "PUT", "/wraps", struct{}{}, nil), 403, "wrong-origin")
	}
}

func TestStrictBodies(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	puts, err := w.Puts(map[id.Document][]byte{id.New[id.Document](): []byte(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	big := puts[0]
	big.Sealed = bytes.Replace(big.Sealed, []byte(`"ciphertext":"`), append([]byte(`"ciphertext":"`), bytes.Repeat([]byte("A"), vault.MaxSealed)...), 1)
	wide := []any{}
	for range 40 {
		wide = append(wide, map[string]any{"id": id.New[id.Document](), "version": 1, "sealed": big.Sealed})
	}
	wrap, err := w.Wrap(vault.RecoveryWrap, nil, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	short := wrap
	short.Ciphertext = short.Ciphertext[:20]
	sloppy := wrap
	sloppy.IV += "="
	with := func(old, new string) any {
		return map[string]any{"puts": []any{map[string]any{"id": puts[0].ID, "version": 1, "sealed": json.RawMessage(strings.Replace(string(puts[0].Sealed), old, new, 1))}}}
	}
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		"unknown field":         {"POST", "/documents", map[string]any{"put": []any{}}, 400, "invalid"},
		"unknown field, deep":   {"POST", "/documents", map[string]any{"deletes": []any{map[string]any{"id": id.New[id.Document](), "version": 1, "really": true}}}, 400, "invalid"},
		"unknown field in JWE":  {"POST", "/documents", with(`"iv":`, `"vi":`), 400, "invalid"},
		"JWE for somebody else": {"POST", "/documents", with(`"vault"`, `"other"`), 400, "invalid"},
		"JWE of another kind":   {"POST", "/documents", with(`A256KW`, `RSA1_5`), 400, "invalid"},
		"no manifest":           {"POST", "/documents", map[string]any{"puts": vaulttest.PutsJSON(puts[:1])}, 400, "invalid"},
		"half an id":            {"POST", "/documents", map[string]any{"deletes": []any{map[string]any{"id": "AAAA", "version": 1}}}, 400, "invalid"},
		"large document":        {"POST", "/documents", map[string]any{"puts": vaulttest.PutsJSON([]vault.Document{big})}, 413, "too-large"},
		"large body":            {"POST", "/documents", map[string]any{"puts": wide}, 413, "too-large"},
		"deep body":             {"POST", "/passkeys/get/finish", map[string]any{"credential": json.RawMessage(strings.Repeat("[", 200) + strings.Repeat("]", 200))}, 400, "invalid"},
		"wrap cut short":        {"PUT", "/wraps", map[string]any{"wraps": []any{short}}, 400, "invalid"},
		"padded base64url":      {"PUT", "/wraps", map[string]any{"wraps": []any{sloppy}}, 400, "invalid"},
		"no wraps":              {"PUT", "/wraps", map[string]any{"wraps": []any{}}, 400, "invalid"},
		"an array":              {"POST", "/vault/finish", []any{}, 400, "invalid"},
		"shares, no gate": {"POST", "/documents", map[string]any{"shares": []any{map[string]any{"grant": id.New[id.Grant](), "document": puts[0].ID,
			"version": 1, "attribute": "email", "encrypted_key": strings.Repeat("A", 54)}}}, 400, "invalid"},
	} {
		wantProblem(t, name, w.Do(t.Context(), c.method, c.path, c.body, nil), c.status, c.code)
	}
	if err := w.Load(t.Context()); err != nil {
		t.Errorf("the vault afterwards: %v", err)
	}
}

func TestCeremoniesOverHTTP(t *testing.T) {
	o := open(t)
	w := o.shopper(t)

	w.Device.LeakPRF = true
	_, _, err := w.GetPasskey(t.Context(), w.Device)
	wantProblem(t, "sign-in with a leak", err, 400, "prf-leaked")
	fresh := vaulttest.NewAuthenticator(origin)
	fresh.LeakPRF = true
	_, _, err = o.wallet().CreatePasskey(t.Context(), fresh)
	wantProblem(t, "creation with a leak", err, 400, "prf-leaked")
	w.Device.LeakPRF = false

	// The same answer twice; the second browser has copied the first one's cookie.
	var started struct {
		PublicKey json.RawMessage `json:"public_key"`
	}
	if err := w.Do(t.Context(), "POST", "/passkeys/get/start", struct{}{}, &started); err != nil {
		t.Fatal(err)
	}
	thief := o.wallet()
	where, _ := url.Parse(o.URL + "/wallet/v1")
	thief.Client.Jar.SetCookies(where, only(w.Client.Jar.Cookies(where), "coffer_ceremony"))
	answer, _, err := w.Device.Get(started.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"credential": answer}
	if err := w.Do(t.Context(), "POST", "/passkeys/get/finish", body, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "replayed by another browser", thief.Do(t.Context(), "POST", "/passkeys/get/finish", body, nil), 409, "ceremony-over")
	wantProblem(t, "replayed by the same", w.Do(t.Context(), "POST", "/passkeys/get/finish", body, nil), 409, "ceremony-over")

	late := o.wallet()
	late.Device = w.Device
	if err := late.Do(t.Context(), "POST", "/passkeys/get/start", struct{}{}, &started); err != nil {
		t.Fatal(err)
	}
	if answer, _, err = w.Device.Get(started.PublicKey); err != nil {
		t.Fatal(err)
	}
	o.advance(passkey.Lifetime)
	wantProblem(t, "after its time", late.Do(t.Context(), "POST", "/passkeys/get/finish", map[string]any{"credential": answer}, nil), 409, "ceremony-over")
}

func only(cookies []*http.Cookie, name string) (out []*http.Cookie) {
	for _, c := range cookies {
		if c.Name == name {
			c.Path = "/wallet/"
			out = append(out, c)
		}
	}
	return out
}

func TestSessionsEnd(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	where, _ := url.Parse(o.URL + "/wallet/v1")
	stolen := only(w.Client.Jar.Cookies(where), "coffer_session")
	if len(stolen) != 1 {
		t.Fatalf("%d session cookies", len(stolen))
	}
	// A new sign-in in the same browser ends the old session.
	if _, _, err := w.GetPasskey(t.Context(), w.Device); err != nil {
		t.Fatal(err)
	}
	thief := o.wallet()
	thief.Client.Jar.SetCookies(where, stolen)
	wantProblem(t, "with the old cookie", thief.Do(t.Context(), "GET", "/session", nil, nil), 401, "not-signed-in")

	// A token of one vault does not fit another.
	other := o.shopper(t)
	mine := raw(t, only(w.Client.Jar.Cookies(where), "coffer_session")[0].Value)
	copy(mine, other.Vault[:])
	thief.Client.Jar.SetCookies(where, []*http.Cookie{{Name: "coffer_session", Value: base64.RawURLEncoding.EncodeToString(mine), Path: "/wallet/"}})
	wantProblem(t, "with the other vault's id", thief.Do(t.Context(), "GET", "/documents", nil, nil), 401, "not-signed-in")

	o.advance(vaulthttp.SessionLifetime)
	wantProblem(t, "after its time", w.Do(t.Context(), "GET", "/session", nil, nil), 401, "not-signed-in")
}

func TestCookies(t *testing.T) {
	for at, wantSecure := range map[string]bool{origin: false, "https://wallet.example": true} {
		o := openAt(t, at)
		r := httptest.NewRequest("POST", "/wallet/v1/passkeys/get/start", strings.NewReader(`{}`))
		r.Header.Set("Origin", at)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		o.router.ServeHTTP(rec, r)
		cs := rec.Result().Cookies()
		if len(cs) != 1 {
			t.Fatalf("%d cookies, status %d", len(cs), rec.Code)
		}
		if c := cs[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/wallet/" || c.Secure != wantSecure {
			t.Errorf("at %s: %+v", at, c)
		}
		if cc := rec.Header().Get("Cache-Control"); cc != "no-store" {
			t.Errorf("Cache-Control %q", cc)
		}
	}
}

// Nothing a shopper or a browser sent reaches the log, nor an id of a vault.
func TestLogsStaySilent(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	w.Device.Counting = true
	twin := w.Device.Clone()
	for _, device := range []*vaulttest.Authenticator{w.Device, w.Device, twin} {
		if _, _, err := w.GetPasskey(t.Context(), device); err != nil {
			t.Fatal(err)
		}
	}
	w.Device.NoUV = true
	_, _, _ = w.GetPasskey(t.Context(), w.Device)
	o.db.Close() // every further request is a failure of ours
	wantProblem(t, "without a store", w.Do(t.Context(), "GET", "/documents", nil, nil), 500, "internal")
	log := o.log.String()
	for _, want := range []string{"cloned", "refusing a passkey", "answering a wallet"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
	for name, secret := range map[string]string{"vault": w.Vault.String(), "vault in hex": fmt.Sprintf("%x", w.Vault[:])} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds the %s", name)
		}
	}
	for d := range w.Documents {
		if strings.Contains(log, d.String()) {
			t.Error("the log holds a document's id")
		}
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func raw(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
