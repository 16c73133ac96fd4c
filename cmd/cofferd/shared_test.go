package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/anchor/bft"
	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/sqldb/sqldbtest"
)

// together makes the folders of two daemons members of one ledger.
func together(w *world, second string) {
	w.Helper()
	var members []anchor.Member
	var peers []MemberConfig
	for i, folder := range []string{w.folder, second} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.Fatal(err)
		}
		about := bft.Alone()
		about.Name, about.Address = fmt.Sprint("daemon ", i), l.Addr().String()
		if err := l.Close(); err != nil {
			w.Fatal(err)
		}
		m, err := bft.MakeMember(ledgerPath(folder), w.config.Chain, about)
		if err != nil {
			w.Fatal(err)
		}
		members = append(members, m)
		peers = append(peers, MemberConfig{Version: layout, Chain: w.config.Chain, Listen: "localhost:0", LedgerListen: about.Address, Heartbeat: w.config.Heartbeat})
	}
	genesis, err := bft.Genesis(w.config.Chain, members, time.Now())
	if err != nil {
		w.Fatal(err)
	}
	for i, folder := range []string{w.folder, second} {
		if err := errors.Join(bft.Join(ledgerPath(folder), genesis), writeJSON(filepath.Join(folder, memberConfigFile), peers[i])); err != nil {
			w.Fatal(err)
		}
	}
}

// balancer sends what is for the operator to one of its daemons.
type balancer struct {
	hosts []string
	to    atomic.Int32
}

func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Host, r.URL.Host = r.URL.Host, b.hosts[b.to.Load()]
	return http.DefaultTransport.RoundTrip(r)
}

// TestTwoDaemonsOneDatabase: two daemons share a database of PostgreSQL and a ledger.
// Once a withdrawal through one has returned, no release that is asked of either
// succeeds; connections that are cut are made anew; an erasure through one is one
// through both.
func TestTwoDaemonsOneDatabase(t *testing.T) {
	ctx := t.Context()
	database := sqldbtest.Postgres(t)
	second := filepath.Join(t.TempDir(), "second")
	l, _ := freeListener(t)
	began := make(chan error, 1)
	var other *operator
	w := newWorld(t, func(w *world) {
		w.config.Database = database
		together(w, second)
		config := w.config
		config.Listen = l.Addr().String()
		if err := create(second, config); err != nil {
			t.Fatal(err)
		}
		config, err := readConfig(second)
		if err != nil {
			t.Fatal(err)
		}
		// Tokens of either are good at both.
		copied, err := os.ReadFile(tokenKeyPath(second))
		if err == nil {
			err = os.WriteFile(tokenKeyPath(w.folder), copied, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		go func() { // the ledger begins when both are there
			var err error
			other, err = open(context.Background(), second, config, slog.New(slog.DiscardHandler))
			began <- err
		}()
	})
	if err := <-began; err != nil {
		t.Fatal(err)
	}
	runs, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- other.run(runs, l) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-done, other.close()); err != nil {
			t.Error("the second daemon:", err)
		}
	})

	folder := filepath.Join(t.TempDir(), "shop")
	if err := w.shopIn(folder).Close(); err != nil {
		t.Fatal(err)
	}
	by := &balancer{hosts: []string{w.config.Listen, l.Addr().String()}}
	shop, err := business.Open(folder, business.WithHTTP(&http.Client{Transport: by, Timeout: 30 * time.Second}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shop.Close() })
	s, deliver, market := demanding(w, shop)

	w.step("collect through both", func() error {
		for i := range by.hosts {
			by.to.Store(int32(i))
			if c, err := shop.Collect(ctx, deliver, "name"); err != nil || len(c.Values) != 1 {
				return fmt.Errorf("through daemon %d: %v, %w", i, c.Refused, err)
			}
		}
		return nil
	})
	w.step("withdraw through one while both release", func() error {
		var withdrawn atomic.Bool
		var released atomic.Int64
		var late atomic.Int64
		var all sync.WaitGroup
		for i := range 4 {
			all.Go(func() {
				for n := 0; n < 10_000; n++ {
					by.to.Store(int32((n + i) % 2))
					after := withdrawn.Load()
					_, err := shop.Collect(ctx, deliver, "name")
					switch {
					case err == nil && after:
						late.Add(1)
					case err == nil:
						released.Add(1)
					case after:
						return
					}
				}
			})
		}
		for released.Load() < 40 {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			time.Sleep(time.Millisecond) // for enough to go on at once
		}
		_, err := s.Withdraw(ctx, deliver)
		withdrawn.Store(true)
		all.Wait()
		if late.Load() > 0 {
			return fmt.Errorf("%d releases were asked for after the withdrawal had returned, and given", late.Load())
		}
		return err
	})
	w.step("go on after the connections were cut", func() error {
		sqldbtest.Cut(t, database)
		for i := range by.hosts {
			by.to.Store(int32(i))
			var err error
			for range 5 { // what was under way fails, and says so
				if _, err = shop.Collect(ctx, market, "email"); err == nil {
					break
				}
			}
			if err != nil {
				return fmt.Errorf("through daemon %d: %w", i, err)
			}
		}
		return nil
	})
	w.step("erase through one", func() error {
		if err := s.Erase(ctx); err != nil {
			return err
		}
		for i := range by.hosts {
			by.to.Store(int32(i))
			if _, err := shop.Collect(ctx, market, "email"); !errors.Is(err, consent.Withdrawn) {
				return fmt.Errorf("an erased vault through daemon %d: %v, want withdrawn", i, err)
			}
		}
		return nil
	})
}
