package vaulthttp_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// ways of the shopper: the device's passkey and the words.
func ways(t testing.TB, w *vaulttest.Wallet) (out []vaulttest.Way) {
	t.Helper()
	s, prf, err := w.GetPasskey(t.Context(), w.Device)
	if err != nil {
		t.Fatal(err)
	}
	passkey, err := w.WayOf(raw(t, s.Credential), prf)
	if err != nil {
		t.Fatal(err)
	}
	words, err := w.WayOf(nil, w.Recovery[:])
	if err != nil {
		t.Fatal(err)
	}
	return append(out, passkey, words)
}

// A tablet gets the vault from the phone, then makes a passkey of its own.
func TestPairing(t *testing.T) {
	o := open(t)
	phone, tablet := o.shopper(t), o.wallet()
	if _, err := phone.PutAttribute(t.Context(), "email", "anna@mail.example"); err != nil {
		t.Fatal(err)
	}
	if err := phone.Pair(t.Context(), tablet, "ABCDEFGHJK"); err != nil {
		t.Fatal(err)
	}
	if tablet.Vault != phone.Vault || tablet.Key != phone.Key || len(tablet.Documents) != 2 {
		t.Fatalf("the tablet has %d documents", len(tablet.Documents))
	}
	var seen vaulttest.Seen
	if err := phone.Do(t.Context(), "GET", "/pairing/offered", nil, &seen); err != nil || seen.Step != vault.PairingTaken || seen.Ciphertext != "" {
		t.Errorf("the phone sees %+v, %v", seen, err)
	}
	wantProblem(t, "the ticket once more", tablet.Do(t.Context(), "GET", "/pairing/joined", nil, nil), 409, "pairing-over")
	s := o.putPasskey(t, tablet, tablet.Device)
	if len(s.Passkeys) != 2 || s.Passkeys[1].Used == 0 {
		t.Errorf("passkeys %+v", s.Passkeys)
	}
	back := o.wallet()
	back.Device = tablet.Device
	if err := back.SignIn(t.Context()); err != nil || len(back.Documents) != 2 {
		t.Errorf("the tablet alone: %d documents, %v", len(back.Documents), err)
	}
	// Removing the tablet's passkey puts the tablet out.
	if err := phone.Do(t.Context(), "DELETE", "/passkeys/"+s.Credential, nil, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "the tablet", back.Do(t.Context(), "GET", "/documents", nil, nil), 401, "not-signed-in")
}

// Whose passkey signs in and opens nothing gets the key from another device, and stays
// signed in as who he was.
func TestPairingOfADeviceThatIsSignedIn(t *testing.T) {
	o := open(t)
	phone := o.shopper(t)
	laptop := o.elsewhere(phone)
	if _, err := laptop.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	laptop.Device.NoPRF = true
	s, _, err := laptop.CreatePasskey(t.Context(), laptop.Device)
	if err != nil {
		t.Fatal(err)
	}
	credential := s.Credential
	laptop.Key = seal.VaultKey{}
	if err := phone.Pair(t.Context(), laptop, "ABCDEFGHJK"); err != nil {
		t.Fatal(err)
	}
	if err := laptop.Do(t.Context(), "GET", "/session", nil, &s); err != nil || s.Credential != credential || laptop.Key != phone.Key {
		t.Errorf("signed in with %q, want %q, %v", s.Credential, credential, err)
	}
}

// Who knows a vault's id and no ticket of its pairing sees nothing of it, and ends nothing.
func TestForgedTicket(t *testing.T) {
	o := open(t)
	phone, tablet, stranger := o.shopper(t), o.wallet(), o.wallet()
	here, err := phone.Offer(t.Context(), "ABCDEFGHJK")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tablet.Join(t.Context(), "ABCDEFGHJK"); err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(stranger.Base)
	if err != nil {
		t.Fatal(err)
	}
	forged := base64.RawURLEncoding.EncodeToString(append(phone.Vault[:], make([]byte, 32)...))
	stranger.Client.Jar.SetCookies(at, []*http.Cookie{{Name: "coffer_pairing", Value: forged, Path: "/wallet/"}})
	wantProblem(t, "a forged ticket", stranger.Do(t.Context(), "GET", "/pairing/joined", nil, nil), 409, "pairing-over")
	if err := stranger.Do(t.Context(), "POST", "/pairing/end", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	if err := phone.Reveal(t.Context(), here); err != nil {
		t.Errorf("a stranger called it off: %v", err)
	}
}

// An operator between the two shows each of them itself. Their phrases differ.
func TestOperatorBetweenTwoDevices(t *testing.T) {
	o := open(t)
	phone, tablet, between := o.shopper(t), o.wallet(), o.wallet()
	ctx := t.Context()
	here, err := phone.Offer(ctx, "ABCDEFGHJK")
	if err != nil {
		t.Fatal(err)
	}
	there, err := between.Join(ctx, "ABCDEFGHJK")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(phone.Reveal(ctx, here), between.Compare(ctx, there)); err != nil {
		t.Fatal(err)
	}
	// Towards the tablet it must have committed before it saw the phone's half.
	_, err = tablet.Join(ctx, "ABCDEFGHJK")
	wantProblem(t, "the code that was used", err, 409, "pairing-over")
	mine, err := phone.Offer(ctx, "KJHGFEDCBA") // what it would play to the tablet
	if err != nil {
		t.Fatal(err)
	}
	victim, err := tablet.Join(ctx, "KJHGFEDCBA")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(phone.Reveal(ctx, mine), tablet.Compare(ctx, victim)); err != nil {
		t.Fatal(err)
	}
	if here.Phrase() == victim.Phrase() {
		t.Error("the phone and the tablet show the same words, and do not talk to each other")
	}
	// Another half than committed to is noticed.
	victim.From.Nonce[0] ^= 1
	if seal.Commitment(victim.From) == seal.Commitment(mine.From) {
		t.Error("a commitment fits two halves")
	}
}

func TestPairingEnds(t *testing.T) {
	o := open(t)
	phone, tablet := o.shopper(t), o.wallet()
	ctx := t.Context()
	join := func() error { _, err := tablet.Join(ctx, "ABCDEFGHJK"); return err }
	offer := func() *vaulttest.Pairing {
		p, err := phone.Offer(ctx, "ABCDEFGHJK")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	offer()
	o.advance(vault.PairingLifetime)
	wantProblem(t, "a code that is too old", join(), 409, "pairing-over")
	offer()
	if err := phone.Do(ctx, "POST", "/pairing/end", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "a code that was called off", join(), 409, "pairing-over")
	p := offer()
	if err := join(); err != nil {
		t.Fatal(err)
	}
	// The tablet's shopper sees other words and says so.
	if err := tablet.Do(ctx, "POST", "/pairing/end", struct{}{}, nil); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, "what the phone hears", phone.Reveal(ctx, p), 409, "pairing-over")
	// Guessing is paced.
	o.advance(time.Hour)
	var err error
	for range 25 {
		if err = join(); errors.Is(err, vaulttest.Code("too-many")) {
			break
		}
	}
	wantProblem(t, "guessing", err, 429, "too-many")
}

// The tab is closed in the middle. Whatever was done, everything opens, and the next
// who unlocks goes on.
func TestRotationStopsAnywhere(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	for range 4 {
		if _, err := w.PutAttribute(t.Context(), "email", "anna@mail.example"); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := o.wallet()
	elsewhere.Device = w.Device
	if err := elsewhere.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	old := w.Key
	for stop := range 4 { // after so many steps of two documents
		next, err := w.StartRotation(t.Context(), ways(t, w)...)
		if err != nil {
			t.Fatal(err)
		}
		for range stop {
			if _, err := w.Rekey(t.Context(), next, 2); err != nil {
				t.Fatal(err)
			}
		}
		wantProblem(t, "who was signed in elsewhere", elsewhere.Do(t.Context(), "GET", "/session", nil, nil), 401, "not-signed-in")

		// Back by words alone, on a device that knows nothing of it.
		back := o.elsewhere(w)
		s, err := back.Resume(t.Context())
		if err != nil {
			t.Fatalf("stopped after %d steps: %v", stop, err)
		}
		if s.Key != w.Number+1 || len(s.Next) != 0 || back.Key == w.Key || len(back.Documents) != 5 {
			t.Errorf("stopped after %d steps: key %d, %d documents", stop, s.Key, len(back.Documents))
		}
		w.Key, w.Number = back.Key, back.Number
		if err := w.SignIn(t.Context()); err != nil || w.Key != back.Key {
			t.Fatalf("the passkey, which was elsewhere: %v", err)
		}
		if err := elsewhere.SignIn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range w.Documents {
		if _, err := seal.OpenDocument(old, d.ID, d.Version, d.Sealed); err == nil {
			t.Error("a document opens under a key from four rotations ago")
		}
	}
	if _, err := w.PutAttribute(t.Context(), "email", "after@mail.example"); err != nil {
		t.Errorf("writing under the new key: %v", err)
	}
	elsewhere.Number = 1
	wantProblem(t, "writing under the first", func() error { _, err := elsewhere.PutAttribute(t.Context(), "email", "x"); return err }(), 409, "other-key")
}

func TestRotationWithoutAWayIn(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	both := ways(t, w)
	_, err := w.StartRotation(t.Context(), both[:1]...)
	wantProblem(t, "with one way in", err, 409, "not-finished")
	o.putPasskey(t, w, vaulttest.NewAuthenticator(origin))
	s, prf, err := w.GetPasskey(t.Context(), w.Device)
	if err != nil {
		t.Fatal(err)
	}
	if mine, err := w.WayOf(raw(t, s.Credential), prf); err != nil || string(mine.Credential) != string(both[0].Credential) {
		t.Fatal("another passkey answered", err)
	}
	// The second passkey's public half is not known: it signs in from now on, no more.
	if err := w.Rotate(t.Context(), both...); err != nil {
		t.Fatal(err)
	}
	if err := w.Do(t.Context(), "GET", "/session", nil, &s); err != nil || len(s.Wraps) != 2 || len(s.Passkeys) != 2 || s.Key != 2 {
		t.Errorf("session %+v, %v", s, err)
	}
}

// What a device says of backups may change once: from "no copy" to "a copy".
func TestBackupFlags(t *testing.T) {
	o := open(t)
	w := o.wallet()
	w.Device.Syncing = true
	if err := w.SignUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	get := func(copied, want bool) {
		t.Helper()
		w.Device.Copied = copied
		s, _, err := w.GetPasskey(t.Context(), w.Device)
		if err != nil {
			t.Fatal(err)
		}
		if p := s.Passkeys[0]; p.BackedUp != copied || p.BackupChanged != want || p.Used == 0 {
			t.Errorf("copied %v: %+v", copied, p)
		}
	}
	get(false, false)
	get(true, true)
	get(false, true) // it stays said
}

func TestPasskeyThatSaysWhatCannotBe(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	w.Device.Syncing = true // made as one that cannot be copied
	_, _, err := w.GetPasskey(t.Context(), w.Device)
	wantProblem(t, "a passkey with other backup flags", err, 403, "passkey-changed")
	if !strings.Contains(o.log.String(), "it may be a copy") {
		t.Error("the log does not say it")
	}
	if _, err := w.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	var s vaulttest.Session
	if err := w.Do(t.Context(), "GET", "/session", nil, &s); err != nil || !s.Passkeys[0].BackupChanged {
		t.Errorf("the list does not say it: %+v, %v", s.Passkeys, err)
	}
	// Nobody learns it who cannot sign with it.
	forged := w.Device.Forge()
	_, _, err = w.GetPasskey(t.Context(), forged)
	wantProblem(t, "a forged one", err, 401, "not-signed-in")
	w.Device.Syncing = false
	if _, _, err := w.GetPasskey(t.Context(), w.Device); err != nil {
		t.Errorf("the shopper's own: %v", err)
	}
}

func TestLogSaysWhatIsRefused(t *testing.T) {
	o := open(t)
	w := o.shopper(t)
	if _, err := w.StartRecovery(t.Context(), w.Recovery[:]); err != nil {
		t.Fatal(err)
	}
	_, err := w.FinishRecovery(t.Context(), make([]byte, 64))
	wantProblem(t, "words", err, 401, "not-signed-in")
	if log := o.log.String(); !strings.Contains(log, "refusing recovery words") || strings.Contains(log, "refusing a passkey") {
		t.Error("the log does not say that words were refused")
	}
}
