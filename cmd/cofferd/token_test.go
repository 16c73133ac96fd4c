package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// thief listens between a business and its operator, and keeps the newest token.
type thief struct {
	mu    sync.Mutex
	token string // scheme and token, as they were sent
	proof string
}

func (t *thief) RoundTrip(r *http.Request) (*http.Response, error) {
	if a := r.Header.Get("Authorization"); a != "" {
		t.mu.Lock()
		t.token, t.proof = a, r.Header.Get("DPoP")
		t.mu.Unlock()
	}
	return http.DefaultTransport.RoundTrip(r)
}

// What a thief overhears opens nothing: the token wants a new proof by the business's
// key with every request. With and without server nonces.
func TestStolenTokenIsWorthless(t *testing.T) {
	for _, nonce := range []bool{false, true} {
		t.Run(fmt.Sprintf("nonce=%v", nonce), func(t *testing.T) {
			w := newWorld(t)
			if nonce {
				w.config.ProofNonce = true
				w.restart()
			}
			own := w.shop() // for its profile
			dir, profile := filepath.Join(t.TempDir(), "shop"), own.Profile()
			listens := &thief{}
			b, err := business.Create(dir, profile, business.WithHTTP(&http.Client{Transport: listens}))
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			w.step("a business asks", func() error {
				if _, err := b.Register(t.Context()); err != nil {
					return err
				}
				_, err := b.Poll(t.Context(), nil)
				return err
			})
			for name, header := range map[string]http.Header{
				"the same again":  {"Authorization": {listens.token}, "Dpop": {listens.proof}},
				"without a proof": {"Authorization": {listens.token}},
				"as a bearer's":   {"Authorization": {"Bearer " + listens.token[len("DPoP "):]}},
			} {
				w.step(name, func() error { return refused(t.Context(), w.config.Origin+"/business/v1/events", header) })
			}
		})
	}
}

func refused(ctx context.Context, address string, header http.Header) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header = header
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("status %d, want 401: %v", res.StatusCode, err)
	}
	return nil
}

// The redirect of OAuth, by our own package: the browser that comes back is the one that
// answered, once, and nobody else's.
func TestReturnedByRedirect(t *testing.T) {
	w := newWorld(t)
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	b, person := w.shop(), w.shopper()
	for _, name := range []string{"name", "postal-address"} {
		if err := person.Set(t.Context(), name, planted[name]); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(choices map[string]wallettest.Choice) (business.Asked, url.Values) {
		asked, err := b.Request(t.Context(), business.Ask{Purposes: asks(), Redirect: "http://localhost:8081/back?shop=1", Reference: "order-1"})
		if err != nil {
			t.Fatal(err)
		}
		to, err := decide(t.Context(), w, person, asked.Link, choices, catalogue)
		if err != nil {
			t.Fatal(err)
		}
		back, err := url.Parse(to)
		if err != nil || back.Query().Get("shop") != "1" {
			t.Fatalf("back at %s: %v", to, err)
		}
		return asked, back.Query()
	}
	asked, back := ask(map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}})
	w.step("what is not the answer", func() error {
		for name, value := range map[string]string{"iss": "https://elsewhere.example", "state": id.New[id.Request]().String(), "code": "guessed"} {
			forged, _ := url.ParseQuery(back.Encode())
			forged.Set(name, value)
			if _, err := b.Returned(t.Context(), forged); !errors.Is(err, business.ErrReturned) {
				return fmt.Errorf("another %s: %v", name, err)
			}
		}
		return nil
	})
	w.step("the code of another request", func() error {
		_, other := ask(map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}})
		swapped, _ := url.ParseQuery(back.Encode())
		swapped.Set("code", other.Get("code"))
		if _, err := b.Returned(t.Context(), swapped); !errors.Is(err, business.ErrReturned) {
			return fmt.Errorf("another request's code: %v", err)
		}
		return nil
	})
	w.step("the answer", func() error {
		s, err := b.Returned(t.Context(), back)
		if err != nil || s.ID != asked.ID || s.Reference != "order-1" || !s.Purposes[0].Given || s.Purposes[1].Given {
			return fmt.Errorf("%+v: %v", s, err)
		}
		if _, err := b.Collect(t.Context(), s.Purposes[0].Grant); err != nil {
			return err
		}
		if _, err := b.Returned(t.Context(), back); !errors.Is(err, business.ErrReturned) {
			return fmt.Errorf("the same once more: %v", err)
		}
		return nil
	})
	w.step("nothing given", func() error {
		_, back := ask(nil)
		s, err := b.Returned(t.Context(), back)
		if err != nil || s.State != business.RequestAnswered || s.Purposes[0].Given {
			return fmt.Errorf("%+v: %v", s, err)
		}
		if _, err := b.Returned(t.Context(), back); !errors.Is(err, business.ErrReturned) {
			return fmt.Errorf("the same once more: %v", err)
		}
		return nil
	})
}
