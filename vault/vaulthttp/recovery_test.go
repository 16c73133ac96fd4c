package vaulthttp_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"coffer/vault"
	"coffer/vault/passkey"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// elsewhere is a new device of somebody who has the shopper's sheet and nothing else.
func (o *operator) elsewhere(w *vaulttest.Wallet) *vaulttest.Wallet {
	n := o.wallet()
	n.Recovery = w.Recovery
	return n
}

func (o *operator) putPasskey(t testing.TB, w *vaulttest.Wallet, device *vaulttest.Authenticator) vaulttest.Session {
	t.Helper()
	s, prf, err := w.CreatePasskey(t.Context(), device)
	if err != nil {
		t.Fatal(err)
	}
	one, err := w.Wrap(vault.PasskeyWrap, raw(t, s.Credential), prf)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Do(t.Context(), "PUT", "/wraps", map[string]any{"wraps": []any{one}}, nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// The phone with the only passkey lies in the canal.
func TestWordsAloneComeBack(t *testing.T) {
	o := open(t)
	lost := o.shopper(t)
	if _, err := lost.PutAttribute(t.Context(), "email", "anna@mail.example"); err != nil {
		t.Fatal(err)
	}
	w := o.elsewhere(lost)
	s, err := w.Recover(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if w.Key != lost.Key || len(w.Documents) != 2 || s.Credential != "" || !s.Recovery || len(s.Passkeys) != 1 {
		t.Fatalf("came back to %d documents, credential %q, %d passkeys", len(w.Documents), s.Credential, len(s.Passkeys))
	}
	old := s.Passkeys[0].ID
	s = o.putPasskey(t, w, w.Device)
	if len(s.Passkeys) != 2 {
		t.Fatalf("%d passkeys", len(s.Passkeys))
	}
	// The finder of the phone is in, until the passkey is removed.
	if err := lost.Do(t.Context(), "GET", "/session", nil, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Do(t.Context(), "DELETE", "/passkeys/"+old, nil, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "the old session", lost.Do(t.Context(), "GET", "/documents", nil, nil), 401, "not-signed-in")
	_, _, err = lost.GetPasskey(t.Context(), lost.Device)
	wantProblem(t, "the old passkey", err, 401, "not-signed-in")
	back := o.wallet()
	back.Device = w.Device
	if err := back.SignIn(t.Context()); err != nil || len(back.Documents) != 2 {
		t.Errorf("the new passkey: %d documents, %v", len(back.Documents), err)
	}
}

func TestRemovingAPasskey(t *testing.T) {
	o := open(t)
	w, other := o.shopper(t), o.shopper(t)
	var s, theirs vaulttest.Session
	for who, to := range map[*vaulttest.Wallet]*vaulttest.Session{w: &s, other: &theirs} {
		if err := who.Do(t.Context(), "GET", "/session", nil, to); err != nil {
			t.Fatal(err)
		}
	}
	wantProblem(t, "one of two ways in", w.Do(t.Context(), "DELETE", "/passkeys/"+s.Credential, nil, nil), 409, "not-finished")
	wantProblem(t, "another's", w.Do(t.Context(), "DELETE", "/passkeys/"+theirs.Credential, nil, nil), 404, "not-found")
	wantProblem(t, "no id", w.Do(t.Context(), "DELETE", "/passkeys/no%20id", nil, nil), 404, "not-found")
	w.Device.Origin = "http://localhost:8081"
	wantProblem(t, "from another page", w.Do(t.Context(), "DELETE", "/passkeys/"+s.Credential, nil, nil), 403, "wrong-origin")
	w.Device.Origin = origin
	if err := w.Do(t.Context(), "GET", "/session", nil, nil); err != nil {
		t.Errorf("after refusals: %v", err)
	}

	// A sign-in that was started, and its passkey removed before it is finished.
	second := vaulttest.NewAuthenticator(origin)
	o.putPasskey(t, w, second)
	slow := o.wallet()
	slow.Device = w.Device
	var started struct {
		PublicKey json.RawMessage `json:"public_key"`
	}
	if err := slow.Do(t.Context(), "POST", "/passkeys/get/start", struct{}{}, &started); err != nil {
		t.Fatal(err)
	}
	answer, _, err := w.Device.Get(started.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Do(t.Context(), "DELETE", "/passkeys/"+s.Credential, nil, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "finishing with a removed one", slow.Do(t.Context(), "POST", "/passkeys/get/finish", map[string]any{"credential": answer}, nil), 401, "not-signed-in")
}

func TestNewSheetReplacesTheOld(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	thief := o.elsewhere(w)
	if _, err := thief.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := o.elsewhere(w)
	challenge, err := late.StartRecovery(t.Context(), w.Recovery[:])
	if err != nil {
		t.Fatal(err)
	}
	before := w.Recovery
	rand.Read(w.Recovery[:])
	one, err := w.Wrap(vault.RecoveryWrap, nil, w.Recovery[:])
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Do(t.Context(), "PUT", "/wraps", map[string]any{"wraps": []any{one}, "recovery": vaulttest.SheetOf(w.Recovery[:])}, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "the old sheet's session", thief.Do(t.Context(), "GET", "/documents", nil, nil), 401, "not-signed-in")
	_, err = thief.Recover(t.Context())
	wantProblem(t, "the old sheet", err, 401, "not-signed-in")
	_, err = late.FinishRecovery(t.Context(), ed25519.Sign(seal.RecoverySigner(before[:]), vault.RecoveryMessage(origin, challenge)))
	wantProblem(t, "the old sheet, started before", err, 401, "not-signed-in")
	if _, err := o.elsewhere(w).Recover(t.Context()); err != nil {
		t.Errorf("the new sheet: %v", err)
	}
	if err := w.Do(t.Context(), "GET", "/session", nil, nil); err != nil {
		t.Errorf("the session that replaced it: %v", err)
	}
}

func TestRecoveryRefuses(t *testing.T) {
	o := open(t)
	w, other := o.shopper(t), o.shopper(t)
	sign := func(entropy [32]byte, origin string, challenge []byte) []byte {
		return ed25519.Sign(seal.RecoverySigner(entropy[:]), vault.RecoveryMessage(origin, challenge))
	}
	start := func(w *vaulttest.Wallet, entropy [32]byte) (*vaulttest.Wallet, []byte) {
		t.Helper()
		n := o.wallet()
		challenge, err := n.StartRecovery(t.Context(), entropy[:])
		if err != nil || len(challenge) != 32 {
			t.Fatalf("%d bytes of challenge, %v", len(challenge), err)
		}
		return n, challenge
	}
	for name, signature := range map[string]func(challenge []byte) []byte{
		"another sheet's signature": func(c []byte) []byte { return sign(other.Recovery, origin, c) },
		"another origin":            func(c []byte) []byte { return sign(w.Recovery, "https://operator.example", c) },
		"another challenge":         func(c []byte) []byte { return sign(w.Recovery, origin, make([]byte, 32)) },
		"the challenge alone":       func(c []byte) []byte { return ed25519.Sign(seal.RecoverySigner(w.Recovery[:]), c) },
		"no signature":              func([]byte) []byte { return nil },
	} {
		n, challenge := start(w, w.Recovery)
		_, err := n.FinishRecovery(t.Context(), signature(challenge))
		wantProblem(t, name, err, 401, "not-signed-in")
	}
	// A challenge counts once, whoever comes second, and not for ever.
	n, challenge := start(w, w.Recovery)
	thief := o.wallet()
	where, _ := url.Parse(o.URL + "/wallet/v1")
	thief.Client.Jar.SetCookies(where, only(n.Client.Jar.Cookies(where), "coffer_ceremony"))
	if _, err := n.FinishRecovery(t.Context(), sign(w.Recovery, origin, challenge)); err != nil {
		t.Fatal(err)
	}
	_, err := thief.FinishRecovery(t.Context(), sign(w.Recovery, origin, challenge))
	wantProblem(t, "replayed", err, 409, "ceremony-over")
	n, challenge = start(w, w.Recovery)
	o.advance(passkey.Lifetime)
	_, err = n.FinishRecovery(t.Context(), sign(w.Recovery, origin, challenge))
	wantProblem(t, "after its time", err, 409, "ceremony-over")
	// A passkey's ceremony is not one of the words.
	n = o.wallet()
	if err := n.Do(t.Context(), "POST", "/passkeys/get/start", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	_, err = n.FinishRecovery(t.Context(), sign(w.Recovery, origin, make([]byte, 32)))
	wantProblem(t, "in a passkey's ceremony", err, 409, "ceremony-over")

	for name, body := range map[string]any{
		"half a locator": map[string]any{"locator": "AAAA"},
		"more than that": map[string]any{"locator": strings.Repeat("A", 22), "vault": w.Vault},
	} {
		wantProblem(t, name, o.wallet().Do(t.Context(), "POST", "/recovery/start", body, nil), 400, "invalid")
	}
	one, err := w.Wrap(vault.RecoveryWrap, nil, w.Recovery[:])
	if err != nil {
		t.Fatal(err)
	}
	short := vaulttest.SheetOf(w.Recovery[:])
	short.LocatorHash = short.LocatorHash[:22]
	wantProblem(t, "half a hash", w.Do(t.Context(), "PUT", "/wraps", map[string]any{"wraps": []any{one}, "recovery": short}, nil), 400, "invalid")
	if _, err := o.elsewhere(w).Recover(t.Context()); err != nil {
		t.Errorf("the sheet after all this: %v", err)
	}
}

// Who asks with a locator learns nothing about whether somebody has it.
func TestUnknownLocatorLooksLikeAKnownOne(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	stranger := o.wallet()
	rand.Read(stranger.Recovery[:])
	type seen struct {
		status  int
		members string
		cookie  int
	}
	look := func(n *vaulttest.Wallet) (start seen, refusal string) {
		t.Helper()
		locator := seal.RecoveryLocator(n.Recovery[:])
		var body map[string]any
		if err := n.Do(t.Context(), "POST", "/recovery/start", map[string]any{"locator": b64(locator[:])}, &body); err != nil {
			t.Fatal(err)
		}
		for name, value := range body {
			start.members += name + " " + strings.Repeat("x", len(value.(string)))
		}
		where, _ := url.Parse(o.URL + "/wallet/v1")
		start.status, start.cookie = n.Status, len(only(n.Client.Jar.Cookies(where), "coffer_ceremony")[0].Value)
		_, err := n.FinishRecovery(t.Context(), make([]byte, 64))
		return start, err.Error()
	}
	known, knownRefusal := look(o.elsewhere(w))
	unknown, unknownRefusal := look(stranger)
	if known != unknown || knownRefusal != unknownRefusal {
		t.Errorf("known %+v %s, unknown %+v %s", known, knownRefusal, unknown, unknownRefusal)
	}
}

func TestRecoveryIsPaced(t *testing.T) {
	o := open(t)
	ask := func(peer string) int {
		r := httptest.NewRequest("POST", "/wallet/v1/recovery/start", strings.NewReader(`{"locator":"AAAAAAAAAAAAAAAAAAAAAA"}`))
		r.RemoteAddr = peer
		r.Header.Set("Origin", origin)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		o.router.ServeHTTP(rec, r)
		if rec.Code == http.StatusTooManyRequests && rec.Header().Get("Retry-After") == "" {
			t.Error("no word on when to come back")
		}
		return rec.Code
	}
	many := func(peer func(int) string) (ok int) {
		for i := range 300 {
			if ask(peer(i)) == http.StatusOK {
				ok++
			}
		}
		return ok
	}
	if n := many(func(int) string { return "192.0.2.1:1000" }); n != 20 {
		t.Errorf("one address was answered %d times at once, want 20", n)
	}
	if ask("192.0.2.2:1000") != http.StatusOK {
		t.Error("another address waits for the first")
	}
	o.advance(passkey.Lifetime)
	if ask("192.0.2.1:1000") != http.StatusOK {
		t.Error("the first waits for ever")
	}
	o.advance(passkey.Lifetime)
	subscriber := func(i int) string { return fmt.Sprintf("[2001:db8:0:1::%x]:1000", i) }
	if n := many(subscriber); n != 20 {
		t.Errorf("one subscriber's network was answered %d times at once, want 20", n)
	}
	o.advance(passkey.Lifetime)
	if n := many(func(i int) string { return fmt.Sprintf("10.0.%d.%d:1", i/100, i%100) }); n != 200 {
		t.Errorf("all together were answered %d times at once, want 200", n)
	}
}

func TestClonedPasskeyIsSaid(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	w.Device.Counting = true
	twin := w.Device.Clone()
	var s vaulttest.Session
	for _, device := range []*vaulttest.Authenticator{w.Device, w.Device, twin} {
		var err error
		if s, _, err = w.GetPasskey(t.Context(), device); err != nil {
			t.Fatal(err)
		}
		if want := device == twin; s.Passkeys[0].Cloned != want {
			t.Errorf("cloned %v, want %v", s.Passkeys[0].Cloned, want)
		}
	}
}
