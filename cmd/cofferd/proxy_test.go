package main

import (
	"net/http"
	"testing"
)

// Behind a proxy that the operator names, each who comes through it counts alone;
// behind any other, all count as one. Both bounds on addresses go by it: that of the
// authorization server, and that of recoveries.
func TestBehindAProxy(t *testing.T) {
	for _, route := range []struct {
		method, path string
		burst        int
	}{{"GET", "/oauth/authorize", 4}, {"POST", "/wallet/v1/recovery/start", 20}} {
		for name, proxies := range map[string][]string{"trusted": {"127.0.0.0/8", "::1"}, "unknown": nil} {
			t.Run(route.path+" "+name, func(t *testing.T) {
				w := newWorld(t, func(w *world) { w.config.OAuthRate, w.config.TrustedProxies = 1, proxies })
				ask := func(from string) *http.Response {
					r, err := http.NewRequest(route.method, w.config.Origin+route.path, http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set("X-Forwarded-For", from)
					r.Header.Set("Origin", w.config.Origin)
					resp, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					resp.Body.Close()
					return resp
				}
				slowed := false
				for range 3 * route.burst { // more than come back while we ask
					resp := ask("192.0.2.1")
					slowed = slowed || resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") != ""
				}
				if !slowed {
					t.Fatal("nobody asked it to slow down")
				}
				other := ask("192.0.2.2").StatusCode == http.StatusTooManyRequests
				if trusted := proxies != nil; other == trusted {
					t.Errorf("another address behind the proxy is refused: %t", other)
				}
			})
		}
	}
}
