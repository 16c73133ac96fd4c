package main

import (
	"context"
	"strings"
	"syscall"
	"testing"
)

// A member tells where it stands; forgetting is refused while nobody could give back what
// is forgotten.
func TestLedgerStatus(t *testing.T) {
	h := newHigh(t)
	if out, code := cofferd(t, "ledger", "status", "--data", h.member(0)); code == 0 || !strings.Contains(out, "no cofferd is running") {
		t.Errorf("status without a daemon: %d: %s", code, out)
	}
	for i := range 4 {
		h.start(i)
	}
	h.until("three others are connected", func(context.Context) bool {
		out, code := cofferd(t, "ledger", "status", "--data", h.member(0))
		return code == 0 && strings.Contains(out, "3 of 3 other members")
	})
	if out := h.do("ledger", "status", "--data", h.member(0), "--json"); !strings.Contains(out, `"alarm":""`) {
		t.Errorf("as JSON: %s", out)
	}
	if out, code := cofferd(t, "ledger", "rejoin", "--data", h.member(3)); code == 0 || !strings.Contains(out, "stop it first") {
		t.Errorf("rejoining while the daemon runs: %d: %s", code, out)
	}
	h.signal(3, syscall.SIGKILL)
	if out, code := cofferd(t, "ledger", "rejoin", "--data", h.member(3)); code == 0 || !strings.Contains(out, "nothing was changed") {
		t.Errorf("rejoining without a snapshot to begin from: %d: %s", code, out)
	}
}
