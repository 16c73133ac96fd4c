package consenthttp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"coffer/consent"
	"coffer/consent/consenttest"
)

// BenchmarkCollect measures gated releases as a business gets them: access token
// (verified once), grant, real policy, permit, access log durable before the answer,
// two attributes of about a kilobyte. 16 clients, 256 vaults, SQLite on disk. With
// dpop the token is bound, and every request brings a proof of its own, whose jti is on
// the disk before the answer; making the proofs is the clients' work and not measured.
func BenchmarkCollect(b *testing.B) {
	const clients, vaults = 16, 256
	w := newWorld(b)
	shop := w.open()
	paths := make([]string, vaults)
	for i := range paths {
		person := w.move()
		h := person.give(shop).Held[0]
		shop.permit(h).into(&struct{}{})
		paths[i] = "/business/v1/grants/" + h.Grant.String() + "/collect"
	}
	for _, transport := range []string{"handler", "tcp", "dpop"} {
		b.Run(transport, func(b *testing.B) {
			send := w.handler(shop)
			switch transport {
			case "dpop":
				send = w.proving(b, shop, paths)
			case "tcp":
				server := httptest.NewServer(w.router)
				defer server.Close()
				send = overTCP(server, w.tokens[shop.shop.DID], clients)
			}
			var next, failed atomic.Int64
			took := make([][]time.Duration, clients)
			var wg sync.WaitGroup
			b.ResetTimer()
			for c := range clients {
				wg.Go(func() {
					for {
						n := next.Add(1)
						if n > int64(b.N) {
							return
						}
						begin := time.Now()
						if status := send(paths[n%vaults]); status != http.StatusOK {
							failed.Add(1)
						}
						took[c] = append(took[c], time.Since(begin))
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			if n := failed.Load(); n > 0 {
				b.Fatalf("%d of %d failed", n, b.N)
			}
			all := slices.Sorted(func(yield func(time.Duration) bool) {
				for _, t := range slices.Concat(took...) {
					if !yield(t) {
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "releases/s")
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}

func (w *world) handler(shop as) func(path string) int {
	bearer := "Bearer " + w.tokens[shop.shop.DID]
	return func(path string) int {
		r := httptest.NewRequest(http.MethodPost, consenttest.Operator+path, strings.NewReader(`{"attributes":[]}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", bearer)
		rec := httptest.NewRecorder()
		w.router.ServeHTTP(rec, r)
		return rec.Code
	}
}

// proving sends the n-th request to the n-th path, as the benchmark asks for them, with
// a proof that was made before.
func (w *world) proving(b *testing.B, shop as, paths []string) func(path string) int {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		b.Fatal(err)
	}
	proof := func(path, token string) string {
		c := map[string]any{"jti": rand.Text(), "htm": "POST", "htu": consenttest.Operator + path, "iat": w.clock.Now().Unix()}
		if token != "" {
			c["ath"] = consent.HashOf(token).String()
		}
		text, err := jwt.Signed(signer).Claims(c).Serialize()
		if err != nil {
			b.Fatal(err)
		}
		return text
	}
	var got approved
	shop.client("/oauth/token", url.Values{"grant_type": {"client_credentials"}}, proof("/oauth/token", "")).into(&got)
	proofs := map[string]chan string{}
	for _, path := range paths {
		proofs[path] = make(chan string, b.N/len(paths)+1)
	}
	for n := range b.N + len(paths) {
		path := paths[n%len(paths)]
		if len(proofs[path]) < cap(proofs[path]) {
			proofs[path] <- proof(path, got.Token)
		}
	}
	return func(path string) int {
		r := httptest.NewRequest(http.MethodPost, consenttest.Operator+path, strings.NewReader(`{"attributes":[]}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "DPoP "+got.Token)
		r.Header.Set("DPoP", <-proofs[path])
		rec := httptest.NewRecorder()
		w.router.ServeHTTP(rec, r)
		return rec.Code
	}
}

func overTCP(server *httptest.Server, token string, clients int) func(path string) int {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	return func(path string) int {
		r, err := http.NewRequest(http.MethodPost, server.URL+path, strings.NewReader(`{"attributes":[]}`))
		if err != nil {
			return 0
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := client.Do(r)
		if err != nil {
			return 0
		}
		defer res.Body.Close()
		var answer struct{ Releases []json.RawMessage }
		if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || len(answer.Releases) != 2 {
			fmt.Println("answer:", res.StatusCode, err)
			return 0
		}
		return res.StatusCode
	}
}
