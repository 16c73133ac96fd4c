package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/vault/vaulttest"
)

const day = 24 // hours

// retain lets the operator look at all vaults and wants so many warned and erased.
func (w *world) retain() error { return w.o.retain(w.Context(), w.now()) }

// warned signs in and reports whether the wallet was told of a warning.
func warned(w *world, s *wallettest.Wallet) (bool, error) {
	session, _, err := s.GetPasskey(w.Context(), s.Device)
	if err != nil {
		return false, err
	}
	if session.Inactive == nil || session.Inactive.Months != 3 || session.Inactive.Days != 30 {
		return false, fmt.Errorf("the policy is told as %+v", session.Inactive)
	}
	var again vaulttest.Session // the page is loaded again
	err = s.Do(w.Context(), "GET", "/session", nil, &again)
	if err == nil && *again.Inactive != *session.Inactive {
		err = fmt.Errorf("loaded again it says %+v", again.Inactive)
	}
	return session.Inactive.Warned != 0, err
}

// counts is what the operator's command says, as "how: number" of what is not 0.
func counts(w *world, flags ...string) (lines []string, err error) {
	var out, errs bytes.Buffer
	if status := run(w.Context(), append([]string{"vault", "inactive", "--data", w.folder}, flags...), &out, &errs); status != 0 {
		return nil, fmt.Errorf("status %d: %s", status, errs.String())
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if f := strings.Fields(strings.NewReplacer("│", " ", "|", " ").Replace(line)); len(f) > 1 && f[0] != "0" && strings.Trim(f[0], "0123456789") == "" {
			lines = append(lines, strings.Join(f[1:], " ")+": "+f[0])
		}
	}
	return lines, nil
}

// A vault that nobody signs in to is warned, and kept by signing in; the next time nobody
// does, and it is erased as if its shopper had done it. One that is used is never warned.
func TestInactiveVault(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.InactiveMonths, w.config.InactiveWarningDays = 3, 30 })
	ctx := t.Context()
	shop := w.punctual()
	s, deliver, market := demanding(w, shop)
	used := w.shopper()
	use := func() error {
		told, err := warned(w, used)
		if err == nil && told {
			err = errors.New("a vault that is used was warned")
		}
		return err
	}
	w.step("nobody stays away for long", func() error {
		w.pass(80 * day)
		return errors.Join(use(), w.retain())
	})
	w.step("warn", func() error {
		w.pass(20 * day)
		return errors.Join(w.retain(), w.retain(), use())
	})
	w.step("a month less an hour later it is still there", func() error {
		w.pass(30*day - 1)
		return errors.Join(w.retain(), use())
	})
	w.step("who signs in reads so, and keeps it", func() error {
		told, err := warned(w, s)
		if err == nil && !told {
			err = errors.New("the wallet was not told")
		}
		w.pass(40 * day)
		return errors.Join(err, w.retain(), use(), s.SignIn(ctx))
	})
	w.step("told once", func() error {
		told, err := warned(w, s)
		if err == nil && told {
			err = errors.New("told again")
		}
		states, gerr := s.Grants(ctx)
		if !slices.ContainsFunc(states, func(g wallettest.GrantState) bool { return g.Grant == market && g.State == consent.StateLive }) {
			gerr = errors.Join(gerr, errors.New("the grant did not stay with the vault"))
		}
		return errors.Join(err, gerr)
	})
	w.step("warn again", func() error {
		w.pass(80 * day)
		err := use()
		w.pass(20 * day)
		return errors.Join(err, w.retain(), use())
	})
	w.step("erase", func() error {
		w.pass(31 * day)
		secrets := ids(s)
		for name, v := range canaries() {
			secrets[name] = v
		}
		if found, _, err := w.search(map[string][]byte{"vault id": s.Vault[:]}); err != nil || len(found) == 0 {
			return fmt.Errorf("before it: %v", err)
		}
		if err := errors.Join(w.retain(), use()); err != nil {
			return err
		}
		if found, files, err := w.search(secrets); err != nil || len(found) > 0 || files < 10 {
			return fmt.Errorf("after it: %v in %d files: %v", found, files, err)
		}
		if _, _, err := s.GetPasskey(ctx, s.Device); !errors.Is(err, vaulttest.Code("not-signed-in")) {
			return fmt.Errorf("signing in: %v", err)
		}
		return nil
	})
	w.step("the businesses are told, and the ledger", func() error {
		var told []id.Grant
		if _, err := shop.Poll(ctx, func(_ context.Context, e business.Event) error {
			if e.Type == business.EventErased {
				told = append(told, e.Grant)
			}
			return nil
		}); err != nil {
			return err
		}
		if !slices.Contains(told, deliver) || !slices.Contains(told, market) {
			return fmt.Errorf("it was told of %d grants", len(told))
		}
		if _, err := shop.Collect(ctx, market); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("collecting: %v, want withdrawn", err)
		}
		if _, err := w.o.outbox.Drain(ctx); err != nil {
			return err
		}
		entry, err := s.Held[market].Given.GrantEntry()
		if err != nil {
			return err
		}
		g, err := w.o.ledger.Grant(ctx, entry.HandleKey)
		if err == nil && !g.Withdrawn {
			err = errors.New("the ledger does not know")
		}
		return err
	})
}

// An erasure that began is finished, also when the operator was stopped in between and
// the policy is off by then; nobody gets in meanwhile.
func TestInactiveVaultCutOff(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.InactiveMonths, w.config.InactiveWarningDays = 3, 30 })
	ctx := t.Context()
	s, other := w.shopper(), w.shopper()
	cut := errors.New("cut off")
	w.step("begin", func() error {
		w.pass(100 * day)
		if err := w.retain(); err != nil {
			return err
		}
		if _, err := warned(w, other); err != nil {
			return err
		}
		w.pass(31 * day)
		_, _, err := w.o.retainer.Turn(ctx, w.now(), func(_ context.Context, v id.Vault) error {
			if v != s.Vault {
				t.Error("the wrong vault")
			}
			return cut
		})
		if !errors.Is(err, cut) {
			return fmt.Errorf("got %v", err)
		}
		if _, _, err := s.GetPasskey(ctx, s.Device); !errors.Is(err, vaulttest.Code("not-signed-in")) {
			return fmt.Errorf("signing in meanwhile: %v", err)
		}
		return nil
	})
	w.step("finish", func() error {
		w.config.InactiveMonths = 0
		w.restart()
		if err := w.retain(); err != nil {
			return err
		}
		if found, _, err := w.search(ids(s)); err != nil || len(found) > 0 {
			return fmt.Errorf("%v, %v", found, err)
		}
		return other.SignIn(ctx)
	})
}

// Counting changes nothing, whatever it is asked.
func TestCountInactiveVaults(t *testing.T) {
	w := newWorld(t)
	w.shopper()
	for flags, want := range map[string]string{
		"":            "stay as they are: 1",
		"--months=24": "stay as they are: 1",
	} {
		got, err := counts(w, strings.Fields(flags)...)
		if err != nil || strings.Join(got, ", ") != want {
			t.Errorf("%q: %q, %v", flags, got, err)
		}
	}
	if _, err := counts(w, "--months=1"); err == nil || !strings.Contains(err.Error(), "status 2") {
		t.Errorf("a month: %v", err)
	}
}
