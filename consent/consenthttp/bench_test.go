package consenthttp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/consent/consenttest"
)

// BenchmarkCollect measures gated releases as a business gets them: access token
// (verified once), grant, real policy, permit, access log durable before the answer,
// two attributes of about a kilobyte. 16 clients, 256 vaults, SQLite on disk.
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
	for _, transport := range []string{"handler", "tcp"} {
		b.Run(transport, func(b *testing.B) {
			send := w.handler(shop)
			if transport == "tcp" {
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
