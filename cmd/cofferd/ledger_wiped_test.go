package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMemberWiped: a member loses its whole copy of the ledger, but for what it signed
// last, and begins again from a snapshot of the others while entries come in.
func TestMemberWiped(t *testing.T) {
	t.Parallel()
	h := newHigh(t)
	h.inside()
	for i := 1; i < 4; i++ {
		h.start(i)
	}
	h.number(1, 0, 1, 2, 3)
	l := h.load(time.Minute)
	h.until("the others have a snapshot", func(ctx context.Context) bool {
		s, err := h.own.node.Status(ctx)
		return err == nil && s.Snapshot > 0
	})
	h.signal(3, syscall.SIGKILL)
	data := filepath.Join(ledgerPath(h.member(3)), "data")
	kept, err := os.ReadDir(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		if file.Name() == "priv_validator_state.json" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(data, file.Name())); err != nil {
			t.Fatal(err)
		}
	}
	h.start(3)
	l.measured("while it begins again", 60)
	h.until("it has a snapshot", func(context.Context) bool { return strings.Contains(h.said(3), "restored the ledger from a snapshot") })
	l.measured("while it catches up", 60)
	h.one(l.end(), 0, 1, 2, 3)
	h.rest()
}
