package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"

	"coffer/consent/business"
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
