package passkey_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/passkey"
	"coffer/vault/vaultdb"
	"coffer/vault/vaulttest"
)

const origin = "http://localhost:8080"

type desk struct {
	*passkey.Passkeys
	store *vaultdb.Store
	clock time.Time
}

func open(t *testing.T) *desk {
	d := &desk{clock: time.Now()}
	d.store, _ = vaulttest.Open(t, nil)
	var err error
	d.Passkeys, err = passkey.New(passkey.Options{
		Store: d.store, Origin: origin, Name: "Test", Now: func() time.Time { return d.clock },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// create makes a vault with the device's passkey.
func (d *desk) create(t *testing.T, device *vaulttest.Authenticator) (passkey.Created, []byte) {
	t.Helper()
	options, ceremony, err := d.Create.Start(t.Context(), id.Vault{})
	if err != nil {
		t.Fatal(err)
	}
	answer, prf, err := device.Create(options)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.Create.Finish(t.Context(), id.Vault{}, ceremony, answer)
	if err != nil {
		t.Fatal(err)
	}
	if !c.New || c.Vault.IsZero() {
		t.Fatalf("created %+v, want a new vault", c)
	}
	v := vault.Vault{ID: c.Vault, Salt: make([]byte, 32), State: vault.Opening, Created: d.clock}
	if err := d.store.Create(t.Context(), v, c.Passkey); err != nil {
		t.Fatal(err)
	}
	return c, prf
}

func (d *desk) get(ctx context.Context, device *vaulttest.Authenticator) (v id.Vault, prf []byte, err error) {
	options, ceremony, err := d.Get.Start(ctx)
	if err != nil {
		return v, nil, err
	}
	answer, prf, err := device.Get(options)
	if err != nil {
		return v, nil, err
	}
	v, _, err = d.Get.Finish(ctx, ceremony, answer)
	return v, prf, err
}

func TestCreateThenGet(t *testing.T) {
	for name, packed := range map[string]bool{"no attestation": false, "packed attestation": true} {
		t.Run(name, func(t *testing.T) {
			d, device := open(t), vaulttest.NewAuthenticator(origin)
			device.Packed = packed
			c, prf := d.create(t, device)
			if !c.Passkey.PRF || len(prf) != 32 {
				t.Errorf("PRF %v, output of %d bytes", c.Passkey.PRF, len(prf))
			}
			if bytes.Contains(c.Passkey.Record, prf) {
				t.Error("the record holds the PRF output")
			}
			v, again, err := d.get(t.Context(), device)
			if err != nil || v != c.Vault || !bytes.Equal(prf, again) {
				t.Fatalf("signed in to %v, %v; PRF equal: %v", v, err, bytes.Equal(prf, again))
			}
		})
	}
}

func TestOptions(t *testing.T) {
	d := open(t)
	options, _, err := d.Create.Start(t.Context(), id.Vault{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"prf":{"eval":{"first":"Y29mZmVyL3YxIHByZg"}}`, `"credProps":true`, `"residentKey":"required"`,
		`"userVerification":"required"`, `"attestation":"none"`, `"id":"localhost"`} {
		if !strings.Contains(string(options), want) {
			t.Errorf("creation options lack %s: %s", want, options)
		}
	}
	if options, _, err = d.Get.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"prf":{"eval":{"first":"Y29mZmVyL3YxIHByZg"}}`, `"userVerification":"required"`} {
		if !strings.Contains(string(options), want) {
			t.Errorf("request options lack %s: %s", want, options)
		}
	}
}

func TestPasskeyWithoutPRF(t *testing.T) {
	d, device := open(t), vaulttest.NewAuthenticator(origin)
	device.NoPRF = true
	c, prf := d.create(t, device)
	if c.Passkey.PRF || prf != nil {
		t.Fatalf("PRF %v for a device without", c.Passkey.PRF)
	}
	if v, _, err := d.get(t.Context(), device); err != nil || v != c.Vault {
		t.Fatalf("signing in: %v", err)
	}
}

func TestSecondPasskey(t *testing.T) {
	d, phone, laptop := open(t), vaulttest.NewAuthenticator(origin), vaulttest.NewAuthenticator(origin)
	c, _ := d.create(t, phone)
	add := func(signedIn id.Vault, device *vaulttest.Authenticator) (passkey.Created, error) {
		options, ceremony, err := d.Create.Start(t.Context(), c.Vault)
		if err != nil {
			t.Fatal(err)
		}
		answer, _, err := device.Create(options)
		if err != nil {
			return passkey.Created{}, err
		}
		return d.Create.Finish(t.Context(), signedIn, ceremony, answer)
	}
	if _, err := add(c.Vault, phone); err == nil {
		t.Error("the same device made a second passkey: it was not excluded")
	}
	for _, other := range []id.Vault{{}, id.New[id.Vault]()} {
		if _, err := add(other, vaulttest.NewAuthenticator(origin)); !errors.Is(err, passkey.ErrOver) {
			t.Errorf("a passkey for a vault that is not signed in: %v, want ErrOver", err)
		}
	}
	second, err := add(c.Vault, laptop)
	if err != nil || second.New || second.Vault != c.Vault {
		t.Fatalf("second passkey: %+v, %v", second, err)
	}
	if err := d.store.AddPasskey(t.Context(), c.Vault, second.Passkey); err != nil {
		t.Fatal(err)
	}
	if v, _, err := d.get(t.Context(), laptop); err != nil || v != c.Vault {
		t.Fatalf("signing in with it: %v", err)
	}
}

func TestFinishRefuses(t *testing.T) {
	no := false
	for name, c := range map[string]struct {
		spoil  func(*vaulttest.Authenticator)
		create error // what create says, nil if it does not mind
		get    error
	}{
		"leaked PRF":       {func(a *vaulttest.Authenticator) { a.LeakPRF = true }, passkey.ErrPRFLeaked, passkey.ErrPRFLeaked},
		"person unchecked": {func(a *vaulttest.Authenticator) { a.NoUV = true }, passkey.ErrRefused, passkey.ErrRefused},
		"another page":     {func(a *vaulttest.Authenticator) { a.Origin = "http://localhost.evil:8080" }, passkey.ErrRefused, passkey.ErrRefused},
		"not discoverable": {func(a *vaulttest.Authenticator) { a.Resident = &no }, passkey.ErrRefused, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d, device := open(t), vaulttest.NewAuthenticator(origin)
			d.create(t, device)
			c.spoil(device)
			if _, _, err := d.get(t.Context(), device); !errors.Is(err, c.get) {
				t.Errorf("get: %v, want %v", err, c.get)
			}
			options, ceremony, err := d.Create.Start(t.Context(), id.Vault{})
			if err != nil {
				t.Fatal(err)
			}
			answer, _, err := device.Create(options)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Create.Finish(t.Context(), id.Vault{}, ceremony, answer); !errors.Is(err, c.create) {
				t.Errorf("create: %v, want %v", err, c.create)
			}
		})
	}
}

func TestRefusalRepeatsNothing(t *testing.T) {
	d, device := open(t), vaulttest.NewAuthenticator("http://hunter2.example")
	options, ceremony, err := d.Create.Start(t.Context(), id.Vault{})
	if err != nil {
		t.Fatal(err)
	}
	answer, _, err := device.Create(options)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Create.Finish(t.Context(), id.Vault{}, ceremony, answer)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Fatalf("got %v", err)
	}
}

// A ceremony is over once its finish was tried, and with time.
func TestCeremonyIsSingleUse(t *testing.T) {
	d, device := open(t), vaulttest.NewAuthenticator(origin)
	d.create(t, device)
	begin := func() (answer json.RawMessage, ceremony string) {
		options, ceremony, err := d.Get.Start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if answer, _, err = device.Get(options); err != nil {
			t.Fatal(err)
		}
		return answer, ceremony
	}

	answer, ceremony := begin()
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, _, errs[i] = d.Get.Finish(t.Context(), ceremony, answer) })
	}
	wg.Wait()
	passed := 0
	for _, err := range errs {
		if err == nil {
			passed++
		} else if !errors.Is(err, passkey.ErrOver) {
			t.Errorf("replayed: %v, want ErrOver", err)
		}
	}
	if passed != 1 {
		t.Errorf("%d of %d finishes of one ceremony passed", passed, len(errs))
	}

	answer, ceremony = begin()
	if _, _, err := d.Get.Finish(t.Context(), ceremony, []byte(`{}`)); !errors.Is(err, passkey.ErrRefused) {
		t.Fatalf("an empty answer: %v", err)
	}
	if _, _, err := d.Get.Finish(t.Context(), ceremony, answer); !errors.Is(err, passkey.ErrOver) {
		t.Errorf("a second try: %v, want ErrOver", err)
	}

	answer, ceremony = begin()
	d.clock = d.clock.Add(passkey.Lifetime)
	if _, _, err := d.Get.Finish(t.Context(), ceremony, answer); !errors.Is(err, passkey.ErrOver) {
		t.Errorf("too late: %v, want ErrOver", err)
	}

	answer, ceremony = begin() // another kind's ceremony
	if _, err := d.Create.Finish(t.Context(), id.Vault{}, ceremony, answer); !errors.Is(err, passkey.ErrOver) {
		t.Errorf("a sign-in finished as a creation: %v, want ErrOver", err)
	}
	for _, never := range []string{"", "x", strings.Repeat("A", 43)} {
		if _, _, err := d.Get.Finish(t.Context(), never, answer); !errors.Is(err, passkey.ErrOver) {
			t.Errorf("ceremony %q: %v, want ErrOver", never, err)
		}
	}
}

func TestUnknownPasskeyLooksLikeAWrongOne(t *testing.T) {
	here, elsewhere := open(t), open(t)
	stranger := vaulttest.NewAuthenticator(origin)
	elsewhere.create(t, stranger)
	if _, _, err := here.get(t.Context(), stranger); !errors.Is(err, passkey.ErrRefused) || errors.Is(err, vault.ErrNotFound) {
		t.Fatalf("unknown passkey: %v, want just ErrRefused", err)
	}
}

func TestCloneIsOnRecord(t *testing.T) {
	d, device := open(t), vaulttest.NewAuthenticator(origin)
	device.Counting = true
	c, _ := d.create(t, device)
	cloned := func() bool {
		ps, err := d.store.Passkeys(t.Context(), c.Vault)
		if err != nil || len(ps) != 1 {
			t.Fatalf("%d passkeys, %v", len(ps), err)
		}
		return passkey.StateOf(ps[0]).Cloned
	}
	twin := device.Clone()
	for range 3 {
		if _, _, err := d.get(t.Context(), device); err != nil {
			t.Fatal(err)
		}
	}
	if cloned() {
		t.Fatal("a counter that moves on is no clone")
	}
	if _, _, err := d.get(t.Context(), twin); err != nil {
		t.Fatalf("the twin is let in: %v", err)
	}
	if !cloned() {
		t.Error("the counter went back, and nothing is on record")
	}
}

func TestConfirm(t *testing.T) {
	d, mine, theirs := open(t), vaulttest.NewAuthenticator(origin), vaulttest.NewAuthenticator(origin)
	c, _ := d.create(t, mine)
	other, _ := d.create(t, theirs)
	decision, another := sha256.Sum256([]byte("give")), sha256.Sum256([]byte("give more"))

	begin := func(device *vaulttest.Authenticator) (json.RawMessage, string) {
		t.Helper()
		options, ceremony, err := d.Confirm.Start(t.Context(), c.Vault, decision[:])
		if err != nil {
			t.Fatal(err)
		}
		answer, _, err := device.Get(options)
		if err != nil {
			t.Fatal(err)
		}
		return answer, ceremony
	}

	answer, ceremony := begin(mine)
	if err := d.Confirm.Finish(t.Context(), c.Vault, ceremony, decision[:], answer); err != nil {
		t.Fatalf("confirming: %v", err)
	}
	if err := d.Confirm.Finish(t.Context(), c.Vault, ceremony, decision[:], answer); !errors.Is(err, passkey.ErrOver) {
		t.Errorf("twice: %v, want ErrOver", err)
	}
	answer, ceremony = begin(mine)
	if err := d.Confirm.Finish(t.Context(), c.Vault, ceremony, another[:], answer); !errors.Is(err, passkey.ErrOver) {
		t.Errorf("for another decision: %v, want ErrOver", err)
	}
	answer, ceremony = begin(mine)
	if err := d.Confirm.Finish(t.Context(), other.Vault, ceremony, decision[:], answer); !errors.Is(err, passkey.ErrOver) {
		t.Errorf("for another vault: %v, want ErrOver", err)
	}
	// A sign-in is no confirmation, although the same passkey signs it.
	options, ceremony, err := d.Get.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if answer, _, err = mine.Get(options); err != nil {
		t.Fatal(err)
	}
	if err := d.Confirm.Finish(t.Context(), c.Vault, ceremony, decision[:], answer); !errors.Is(err, passkey.ErrOver) {
		t.Errorf("a sign-in as confirmation: %v, want ErrOver", err)
	}
	_, ceremony = begin(mine)
	if err := d.Confirm.Finish(t.Context(), c.Vault, ceremony, decision[:], answer); !errors.Is(err, passkey.ErrRefused) {
		t.Errorf("a sign-in's signature in a confirmation: %v, want ErrRefused", err)
	}
	// Somebody else's passkey, asked without naming which ones are allowed.
	var o map[string]any
	options, ceremony, err = d.Confirm.Start(t.Context(), c.Vault, decision[:])
	if err != nil || json.Unmarshal(options, &o) != nil {
		t.Fatal(err)
	}
	delete(o, "allowCredentials")
	options, _ = json.Marshal(o)
	if answer, _, err = theirs.Get(options); err != nil {
		t.Fatal(err)
	}
	if err := d.Confirm.Finish(t.Context(), c.Vault, ceremony, decision[:], answer); !errors.Is(err, passkey.ErrRefused) {
		t.Errorf("another vault's passkey: %v, want ErrRefused", err)
	}
	mine.NoUV = true
	answer, ceremony = begin(mine)
	if err := d.Confirm.Finish(t.Context(), c.Vault, ceremony, decision[:], answer); !errors.Is(err, passkey.ErrRefused) {
		t.Errorf("without asking the person: %v, want ErrRefused", err)
	}
	if _, _, err := d.Confirm.Start(t.Context(), c.Vault, decision[:16]); err == nil {
		t.Error("a short challenge was accepted")
	}
}
