package vaulthttp

import (
	"fmt"
	"testing"
	"time"
)

func TestLimiterForgets(t *testing.T) {
	l, now := newLimiter(), time.Unix(1763720000, 0)
	for i := range 5 * rememberedAddress {
		l.admit(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255), now)
		if n := len(l.of) + len(l.old); n > 2*rememberedAddress {
			t.Fatalf("remembers %d addresses", n)
		}
	}
	// An address that keeps asking is not forgotten while it does.
	l = newLimiter()
	for range recoveriesAtOnce {
		l.admit("192.0.2.1:1", now)
	}
	for i := range 3 * rememberedAddress {
		l.admit(fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255), now)
		if i%1000 == 0 && l.admit("192.0.2.1:1", now) {
			t.Fatal("the address began anew")
		}
	}
}

func TestAddressOf(t *testing.T) {
	for a, b := range map[string]string{
		"192.0.2.1:1":         "[::ffff:192.0.2.1]:2",
		"[2001:db8::1]:1":     "[2001:db8::ffff:1]:1",
		"[fe80::1%eth0]:1":    "[fe80::2%eth1]:1",
		"nobody":              "@",
		"[2001:db8:1:2::3]:4": "[2001:db8:1:2:5:6:7:8]:9",
	} {
		if addressOf(a) != addressOf(b) {
			t.Errorf("%s and %s are two", a, b)
		}
	}
	if addressOf("[2001:db8:0:1::1]:1") == addressOf("[2001:db8:0:2::1]:1") || addressOf("192.0.2.1:1") == addressOf("192.0.2.2:1") {
		t.Error("two networks are one")
	}
}
