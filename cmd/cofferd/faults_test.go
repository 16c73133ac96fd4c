package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/wallettest"
	"coffer/policies"
	"coffer/vault/vaulttest"
)

// TestMain lets a test run this very program as a process that can be killed: with
// cutOff set it is a daemon whose ledger never answers, else it is cofferd.
func TestMain(m *testing.M) {
	switch os.Getenv("COFFERD_TEST") {
	case "":
		code := m.Run()
		if code == 0 {
			code = unexercised(os.Stderr)
		}
		for _, dir := range scrap {
			os.RemoveAll(dir)
		}
		os.Exit(code)
	case "cofferd":
		ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
	case "dying":
		os.Exit(dying(context.Background(), os.Args[1:]))
	case "small-disk":
		ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		os.Exit(onSmallDisk(ctx, os.Args[1:]))
	case "cut-off":
		folder := os.Args[1]
		config, err := readConfig(folder)
		if err == nil {
			err = serveCutOff(folder, config)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveCutOff(folder string, config Config) error {
	l, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return err
	}
	o, err := openOn(context.Background(), folder, config, newLogger(io.Discard, true, false), func(l anchor.Ledger) anchor.Ledger {
		return &gap{Ledger: l, down: true}
	}, time.Now)
	if err != nil {
		return err
	}
	return o.run(context.Background(), l)
}

// process starts this program as another process and waits until it listens.
func process(t *testing.T, mode, address string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "COFFERD_TEST="+mode)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for deadline := time.Now().Add(30 * time.Second); ; {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			c.Close()
			return cmd
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen on %s: %s", mode, address, stderr.String())
		}
	}
}

// A decision that was acknowledged and not yet anchored survives kill -9, and is
// anchored exactly once.
func TestKilledBetweenDecisionAndAnchoring(t *testing.T) {
	l, origin := freeListener(t)
	address := l.Addr().String()
	l.Close()
	folder := filepath.Join(t.TempDir(), "coffer")
	config := Defaults()
	config.Origin, config.Listen, config.Dev, config.Chain = origin, address, true, "killed"
	if err := create(folder, config); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	w := &world{T: t, folder: folder, config: config, gap: &gap{}}

	daemon := process(t, "cut-off", address, folder)
	shop, s := w.shop(), w.shopper()
	q := w.asked(shop, s)
	states := w.give(s, q)
	for _, g := range states {
		if g.State != consent.StateAnchoring {
			t.Fatalf("grant is %s while the ledger is away, want anchoring", g.State)
		}
	}
	if err := daemon.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	daemon.Wait()

	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	w.start(l)
	t.Cleanup(func() { w.stop() })
	w.step("the outbox is drained", func() error { return w.settled(s) })
	deliver := grantOf(t, shop, q.ID, "delivery")
	w.step("the business collects", func() error {
		c, err := shop.Collect(ctx, deliver)
		if err == nil && len(c.Values) != 2 {
			err = fmt.Errorf("collected %v", c.Values)
		}
		return err
	})
	for _, h := range s.Held {
		entry, err := h.Given.GrantEntry()
		if err != nil {
			t.Fatal(err)
		}
		entries, err := w.o.ledger.Entries(ctx, entry.HandleKey)
		if err != nil {
			t.Fatal(err)
		}
		grants := 0
		for _, e := range entries {
			if e.Entry.Kind() == anchor.KindGrant {
				grants++
			}
		}
		if grants != 1 {
			t.Errorf("the grant has %d entries on the ledger, want 1", grants)
		}
	}
}

// With the ledger away giving waits and says so, withdrawing works at once, and
// nothing is released that is not anchored.
func TestLedgerDown(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	shop, s := w.shop(), w.shopper()

	q := w.asked(shop, s)
	w.gap.set(true)
	w.step("giving waits", func() error {
		for _, g := range w.give(s, q) {
			if g.State != consent.StateAnchoring {
				return fmt.Errorf("grant is %s, want anchoring", g.State)
			}
		}
		return nil
	})
	w.gap.set(false)
	w.step("it takes effect when the ledger is back", func() error { return w.settled(s) })
	deliver := grantOf(t, shop, q.ID, "delivery")
	w.step("collect", func() error { _, err := shop.Collect(ctx, deliver); return err })

	w.gap.set(true)
	w.step("withdrawing works at once", func() error {
		g, err := s.Withdraw(ctx, deliver)
		if err != nil || g.State != consent.StateWithdrawn || g.Anchored {
			return fmt.Errorf("%+v: %v", g, err)
		}
		if _, err := shop.Collect(ctx, deliver); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("collecting: %v, want withdrawn", err)
		}
		return nil
	})
	w.gap.set(false)
	w.step("the withdrawal is anchored when the ledger is back", func() error {
		entry, err := s.Held[deliver].Given.GrantEntry()
		if err != nil {
			return err
		}
		return eventually(func() (bool, error) {
			g, err := w.o.ledger.Grant(ctx, entry.HandleKey)
			return g.Withdrawn, err
		})
	})
}

// A decision that lies is refused as a whole, and nothing of it is kept.
func TestDishonestWallet(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	shop, s := w.shop(), w.shopper()
	if err := s.Set(ctx, "birth-date", "1987-03-14"); err != nil {
		t.Fatal(err)
	}
	q := w.asked(shop, s)
	for name, c := range map[string]struct {
		lie  func(a *wallettest.Answer)
		code string
	}{
		"a grant wider than its request": {func(a *wallettest.Answer) {
			a.Decision.Give[0].Attributes = append(a.Decision.Give[0].Attributes, "birth-date")
		}, "wider-than-request"},
		"a required attribute left out": {func(a *wallettest.Answer) {
			a.Decision.Give[0].Attributes = a.Decision.Give[0].Attributes[:1]
		}, "missing-required"},
		"a purpose not decided": {func(a *wallettest.Answer) { a.Decision.Refuse = []string{} }, "undecided"},
		"a share of what was not granted": {func(a *wallettest.Answer) {
			a.Give[0].Shares[0].Attribute = "birth-date"
			a.Give[0].Shares[0].Document = s.Named["birth-date"]
		}, ""},
		"a receipt of other terms": {func(a *wallettest.Answer) {
			a.Decision.Give[0].ReceiptHash = consent.HashOf("another")
		}, "wrong-receipt"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.prepare(s, q)
			c.lie(&a)
			_, err := s.Send(ctx, a)
			p, ok := errors.AsType[*vaulttest.Refused](err)
			if !ok || p.Status >= 500 || c.code != "" && !errors.Is(err, vaulttest.Code(c.code)) {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
	w.step("nothing of it was kept", func() error {
		grants, err := s.Grants(ctx)
		if err == nil && len(grants) > 0 {
			err = fmt.Errorf("%d grants", len(grants))
		}
		return err
	})
	w.step("the honest answer still counts", func() error {
		_, err := s.Send(ctx, w.prepare(s, q))
		return err
	})
	if _, err := s.Send(ctx, w.prepare(s, q)); !errors.Is(err, vaulttest.Code("already-answered")) {
		t.Errorf("answering twice: %v, want already-answered", err)
	}
}

// A wallet that shares on under a grant it has withdrawn is refused, and its document
// stays as it was.
func TestShareAfterWithdrawal(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	shop, s := w.shop(), w.shopper()
	q := w.asked(shop, s)
	w.give(s, q)
	deliver := grantOf(t, shop, q.ID, "delivery")
	w.step("withdraw", func() error { _, err := s.Withdraw(ctx, deliver); return err })
	w.step("share on", func() error {
		h := s.Held[deliver]
		h.Over = false
		s.Held[deliver] = h
		if err := s.Set(ctx, "name", "Somebody Else"); !errors.Is(err, vaulttest.Code("invalid")) {
			return fmt.Errorf("got %v, want invalid", err)
		}
		return s.Stored(ctx)
	})
}

func TestCommandLineErrors(t *testing.T) {
	whole := newWorld(t)
	taken := whole.config.Listen
	fresh := filepath.Join(t.TempDir(), "fresh")
	if err := create(fresh, whole.config); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(t.TempDir(), "newer")
	if err := os.MkdirAll(newer, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(newer, configFile), with(t, "version", "2"), 0o600); err != nil {
		t.Fatal(err)
	}
	unknown := filepath.Join(t.TempDir(), "unknown")
	if err := os.MkdirAll(unknown, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(unknown, configFile), with(t, "heartbeet", `"3s"`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no folder":              {[]string{"serve", "--data", filepath.Join(t.TempDir(), "none")}, 1, "run: cofferd init --data"},
		"a port in use":          {[]string{"serve", "--dev", "--data", fresh, "--listen", taken}, 1, "the port is in use"},
		"two daemons":            {[]string{"fsck", "--data", whole.folder}, 1, "another cofferd is working on this data folder"},
		"a newer folder":         {[]string{"serve", "--data", newer}, 1, "run a newer cofferd"},
		"an unknown key":         {[]string{"serve", "--data", unknown}, 1, `unknown key "heartbeet"`},
		"init twice":             {[]string{"init", "--data", fresh}, 1, "already holds a Coffer"},
		"an unknown command":     {[]string{"serf"}, 2, `unknown command "serf"`},
		"an unknown flag":        {[]string{"serve", "--datta", "x"}, 2, "--datta"},
		"a stray argument":       {[]string{"fsck", "x"}, 2, `takes no argument "x"`},
		"an impossible origin":   {[]string{"init", "--data", filepath.Join(t.TempDir(), "x"), "--origin", "http://vault.example"}, 2, "browsers allow passkeys on https"},
		"dev without --dev":      {[]string{"serve", "--data", fresh}, 2, "was made with --dev"},
		"an unknown business":    {[]string{"business", "approve", "did:key:nobody", "--data", fresh}, 1, "cofferd business list"},
		"help":                   {[]string{"--help"}, 0, ""},
		"fsck of a fresh folder": {[]string{"fsck", "--data", fresh}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			if got := run(t.Context(), c.args, &out, &errs); got != c.status || !strings.Contains(errs.String(), c.says) {
				t.Errorf("status %d, want %d; it says %q, want %q", got, c.status, errs.String(), c.says)
			}
		})
	}
}

// asked is a request of the shop's that the shopper has opened, over filled attributes.
func (w *world) asked(shop *business.Business, s *wallettest.Wallet) consent.Request {
	w.Helper()
	for _, name := range []string{"name", "postal-address", "email"} {
		if err := s.Set(w.Context(), name, planted[name]); err != nil {
			w.Fatal(err)
		}
	}
	asked, err := shop.Request(w.Context(), business.Ask{Purposes: asks()})
	if err != nil {
		w.Fatal(err)
	}
	q, err := s.Request(w.Context(), asked.ID)
	if err != nil {
		w.Fatal(err)
	}
	return q
}

// prepare answers: delivery is given, marketing refused.
func (w *world) prepare(s *wallettest.Wallet, q consent.Request) wallettest.Answer {
	w.Helper()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		w.Fatal(err)
	}
	a, err := s.Prepare(q, map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}}, false, catalogue)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

func (w *world) give(s *wallettest.Wallet, q consent.Request) []wallettest.GrantState {
	w.Helper()
	states, err := s.Send(w.Context(), w.prepare(s, q))
	if err != nil {
		w.Fatal(err)
	}
	if len(states) == 0 {
		w.Fatal("no grant came of it")
	}
	return states
}

// settled waits until none of the shopper's grants is on its way to the ledger.
func (w *world) settled(s *wallettest.Wallet) error {
	return eventually(func() (bool, error) {
		grants, err := s.Grants(w.Context())
		for _, g := range grants {
			if g.State != consent.StateLive {
				return false, err
			}
		}
		return len(grants) > 0, err
	})
}

// eventually asks until the answer is yes, for at most half a minute.
func eventually(f func() (bool, error)) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if ok, err := f(); err != nil || ok {
			return err
		}
		time.Sleep(5 * time.Millisecond) // between questions to a real daemon, not for its effect
	}
	return errors.New("it did not happen within 30 seconds")
}
