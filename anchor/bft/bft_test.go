package bft

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/anchortest"
)

const chain anchor.Chain = "bft-test"

// journal fails a test whose node logged an error.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

func quietLogger(t testing.TB) *slog.Logger {
	j := &journal{}
	t.Cleanup(func() {
		if s := j.String(); s != "" {
			t.Errorf("the node logged errors:\n%s", s)
		}
	})
	return slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func newHome(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := Init(dir, chain); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t testing.TB, home string) *Node {
	t.Helper()
	n, err := Start(context.Background(), Options{Home: home, Chain: chain, Logger: quietLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return n
}

func TestLedger(t *testing.T) {
	anchortest.TestLedger(t, func(t *testing.T) anchortest.Harness {
		home := newHome(t)
		n := start(t, home)
		return anchortest.Harness{Ledger: n, Now: time.Now, Reopen: func() anchor.Ledger {
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			n = start(t, home)
			return n
		}}
	})
}
