package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"coffer/vault"
	"coffer/vault/vaulttest"
)

// A second device gets the vault; then the first is removed and the vault's key is
// changed, because somebody else may have it. What a shop was given it still collects:
// its shares are of the documents' keys, which stay.
func TestSecondDeviceAndAnotherKey(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	s, delivery, _ := demanding(w, b)
	tablet := vaulttest.NewWallet(s.Base, s.Origin)
	var credential, prf []byte

	w.step("pairing", func() error {
		if err := s.Pair(ctx, tablet, "ABCDEFGHJK"); err != nil {
			return err
		}
		if tablet.Key != s.Key || len(tablet.Documents) != len(s.Documents) {
			return errors.New("the tablet has another vault")
		}
		made, secret, err := tablet.CreatePasskey(ctx, tablet.Device)
		if err != nil {
			return err
		}
		if credential, err = base64.RawURLEncoding.DecodeString(made.Credential); err != nil {
			return err
		}
		prf = secret
		wrap, err := tablet.Wrap(vault.PasskeyWrap, credential, secret)
		if err != nil {
			return err
		}
		return tablet.Do(ctx, "PUT", "/wraps", map[string]any{"wraps": []vaulttest.Wrap{wrap}, "key": tablet.Number}, nil)
	})
	w.step("a pairing that is called off", func() error {
		if _, err := s.Offer(ctx, "KJHGFEDCBA"); err != nil {
			return err
		}
		return s.Do(ctx, "POST", "/pairing/end", struct{}{}, nil)
	})
	w.step("another key", func() error {
		mine, err := tablet.WayOf(credential, prf)
		if err != nil {
			return err
		}
		tablet.Recovery = s.Recovery
		words, err := tablet.WayOf(nil, s.Recovery[:])
		if err != nil {
			return err
		}
		next, err := tablet.StartRotation(ctx, mine, words)
		if err != nil {
			return err
		}
		// Half of it is done, and the daemon is restarted.
		if n, err := tablet.Rekey(ctx, next, 3); err != nil || n != 3 {
			return fmt.Errorf("rekeyed %d: %w", n, err)
		}
		return nil
	})
	w.restart()
	w.step("what was begun is finished", func() error {
		old := tablet.Key
		if _, err := tablet.Resume(ctx); err != nil {
			return err
		}
		if tablet.Key == old || tablet.Number != 2 {
			return errors.New("the key is the old one")
		}
		return nil
	})
	w.step("the shop collects as before", func() error {
		if err := s.SignIn(ctx); err == nil {
			return errors.New("the first device opens the vault, and was left out")
		}
		got, err := b.Collect(ctx, delivery)
		if err == nil && len(got.Values) != 2 {
			err = fmt.Errorf("collected %d values", len(got.Values))
		}
		return err
	})
}

// moved takes requests for a host that is not there to the operator's port, as the proxy
// with the certificate would.
type moved struct{ to string }

func (m moved) RoundTrip(r *http.Request) (*http.Response, error) {
	at, err := url.Parse(m.to)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, at.Scheme, at.Host
	return http.DefaultTransport.RoundTrip(r)
}

// The operator moves to another domain. No passkey of before signs in there; the words
// do, and make a new one.
func TestAnotherDomain(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	s, _, marketing := demanding(w, w.shop())
	before := w.config.Origin
	w.config.Origin = "https://moved.example"
	w.restart()

	there := vaulttest.NewWallet(w.config.Origin+"/wallet/v1", w.config.Origin)
	there.Client.Transport, there.Recovery = moved{to: before}, s.Recovery
	w.step("the old passkey is none there", func() error {
		old := *there
		old.Device = s.Device
		if err := old.SignIn(ctx); err == nil {
			return errors.New("a passkey of another domain signs in")
		}
		// Its browser would not even offer it; an answer made elsewhere is refused.
		s.Base, s.Client.Transport = there.Base, there.Client.Transport
		if _, _, err := s.GetPasskey(ctx, s.Device); err == nil {
			return errors.New("an assertion for another domain is taken")
		}
		return nil
	})
	w.step("the words are", func() error {
		session, err := there.Recover(ctx)
		if err != nil {
			return err
		}
		if there.Key != s.Key || len(there.Documents) != len(s.Documents) || len(session.Passkeys) != 1 {
			return fmt.Errorf("%d documents, %d passkeys", len(there.Documents), len(session.Passkeys))
		}
		made, prf, err := there.CreatePasskey(ctx, there.Device)
		if err != nil {
			return err
		}
		credential, err := base64.RawURLEncoding.DecodeString(made.Credential)
		if err != nil {
			return err
		}
		wrap, err := there.Wrap(vault.PasskeyWrap, credential, prf)
		if err != nil {
			return err
		}
		if err := there.Do(ctx, "PUT", "/wraps", map[string]any{"wraps": []vaulttest.Wrap{wrap}}, nil); err != nil {
			return err
		}
		return there.Do(ctx, "DELETE", "/passkeys/"+session.Passkeys[0].ID, nil, nil)
	})
	w.step("what was given is withdrawn there", func() error {
		s.Device = there.Device
		if _, err := s.Recover(ctx); err != nil {
			return err
		}
		_, err := s.Withdraw(ctx, marketing)
		return err
	})
	w.step("the new passkey opens it", func() error {
		back := vaulttest.NewWallet(there.Base, w.config.Origin)
		back.Client.Transport, back.Device = moved{to: before}, there.Device
		if err := back.SignIn(ctx); err != nil || len(back.Documents) != len(s.Documents) {
			return fmt.Errorf("%d documents: %w", len(back.Documents), err)
		}
		return nil
	})
}
