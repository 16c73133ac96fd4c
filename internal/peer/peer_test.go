package peer

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// Whom a request counts for, directly and behind proxies.
func TestBehind(t *testing.T) {
	proxies, err := ParseProxies([]string{"10.0.0.0/8", "::1", "192.0.2.7"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"nobody in between", "203.0.113.5:4000", nil, "203.0.113.5"},
		{"a stranger who claims to be another", "203.0.113.5:4000", []string{"198.51.100.9"}, "203.0.113.5"},
		{"a proxy", "10.1.2.3:4000", []string{"198.51.100.9"}, "198.51.100.9"},
		{"a proxy that is told a lie by its client", "10.1.2.3:4000", []string{"10.9.9.9, 1.2.3.4, 198.51.100.9"}, "198.51.100.9"},
		{"two proxies, two headers", "192.0.2.7:4000", []string{"1.2.3.4, 198.51.100.9", "10.0.0.4"}, "198.51.100.9"},
		{"a proxy that asks itself", "10.1.2.3:4000", nil, "10.1.2.3"},
		{"a proxy that says nothing readable", "10.1.2.3:4000", []string{"198.51.100.9, unknown"}, "10.1.2.3"},
		{"all of one's IPv6 network", "[::1]:4000", []string{"2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::"},
		{"an IPv4 address in IPv6", "[::ffff:10.1.2.3]:4000", []string{"::ffff:198.51.100.9"}, "198.51.100.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.remote
			for _, h := range c.forwarded {
				r.Header.Add("X-Forwarded-For", h)
			}
			var got netip.Addr
			proxies.Behind(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = Of(r) })).ServeHTTP(nil, r)
			if got.String() != c.want || r.RemoteAddr != c.remote {
				t.Errorf("counts for %s, want %s", got, c.want)
			}
		})
	}
}

func TestParseProxies(t *testing.T) {
	for _, bad := range []string{"", "proxy.example", "10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0.1:80"} {
		if _, err := ParseProxies([]string{bad}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q", bad)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Each has a bound of its own, all have one together, and the memory has an end.
func TestLimiter(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	l := NewLimiter[int](1, 2, rate.Inf, 0)
	if !l.Admit(1, now) || !l.Admit(1, now) || l.Admit(1, now) {
		t.Error("two at once are allowed, and no third")
	}
	if !l.Admit(2, now) {
		t.Error("another one has nothing to do with it")
	}
	if l.Admit(1, now.Add(time.Second)); l.Admit(1, now.Add(time.Second)) {
		t.Error("one a second")
	}
	for i := range 3 * remembered {
		l.Admit(i, now)
	}
	if n := len(l.of) + len(l.old); n > 2*remembered {
		t.Errorf("remembers %d", n)
	}
	// Who keeps asking is not forgotten while it does.
	l = NewLimiter[int](1, 1, rate.Inf, 0)
	for i := range 3 * remembered {
		if l.Admit(i+1, now); i%1000 == 0 && l.Admit(0, now) != (i == 0) {
			t.Fatal("it began anew")
		}
	}
	all := NewLimiter[int](1, 2, 1, 3)
	for i := range 3 {
		if !all.Admit(i, now) {
			t.Errorf("%d of 3 was refused", i)
		}
	}
	if all.Admit(4, now) {
		t.Error("all together are more than allowed")
	}
}
