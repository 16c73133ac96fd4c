package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"coffer/cmd/coffer/shop"
	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// corner is the sample shop at a port of its own, told of everything by its webhook.
type corner struct {
	*world
	*business.Business
	sample  *shop.Shop
	dir     string
	address string
	origin  string
	server  *http.Server
}

func (w *world) corner() *corner {
	w.Helper()
	l, origin := freeListener(w)
	c := &corner{world: w, dir: w.TempDir(), address: l.Addr().String(), origin: origin}
	var err error
	if c.sample, err = shop.Open(shop.Options{Dir: c.dir, Operator: w.config.Origin, URL: origin}); err != nil {
		w.Fatal(err)
	}
	c.Business = c.sample.Business()
	w.Cleanup(func() { c.away(); c.sample.Close() })
	c.serve(l)
	if _, err := c.Register(w.Context()); err != nil {
		w.Fatal(err)
	}
	if err := c.SetWebhook(w.Context(), origin+"/hooks/coffer"); err != nil {
		w.Fatal(err)
	}
	return c
}

func (c *corner) serve(l net.Listener) {
	c.server = &http.Server{Handler: c.sample.Handler()}
	go c.server.Serve(l)
}

// away closes the port, and back opens it again.
func (c *corner) away() { c.server.Close() }

func (c *corner) back() error {
	l, err := net.Listen("tcp", c.address)
	if err == nil {
		c.serve(l)
	}
	return err
}

// order buys shoes, and returns the request that is to be answered and a look into the
// order's file.
func (c *corner) order() (id.Request, func(value string) (bool, error)) {
	c.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.PostForm(c.origin+"/checkout", url.Values{"size": {"42"}})
	if err != nil {
		c.Fatal(err)
	}
	res.Body.Close()
	name, ok := strings.CutPrefix(res.Header.Get("Location"), "/orders/")
	if !ok {
		c.Fatalf("the checkout leads to %q", res.Header.Get("Location"))
	}
	requests, err := filepath.Glob(filepath.Join(c.dir, "business", "requests", "*.json"))
	if err != nil || len(requests) != 1 {
		c.Fatalf("%v, %v", requests, err)
	}
	asked, err := id.Parse[id.Request](strings.TrimSuffix(filepath.Base(requests[0]), ".json"))
	if err != nil {
		c.Fatal(err)
	}
	return asked, func(value string) (bool, error) {
		b, err := os.ReadFile(filepath.Join(c.dir, "orders", name+".json"))
		return bytes.Contains(b, []byte(value)), err
	}
}

// The sample shop follows a grant through its life: it forgets what a narrowed one drops
// and says so, uses nothing of a paused one, and goes on with what took a grant's place.
func TestTheShopFollowsChanges(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := w.corner()
	s := w.shopper()
	for _, name := range []string{"name", "postal-address", "phone", "email"} {
		if err := s.Set(ctx, name, planted[name]); err != nil {
			t.Fatal(err)
		}
	}
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	asked, holds := c.order()
	shows := func(want string) func() error {
		return func() error { return eventually(func() (bool, error) { return holds(want) }) }
	}
	gone := func(what string) error {
		return eventually(func() (bool, error) { there, err := holds(what); return !there, err })
	}
	var g, first id.Grant
	follows := func() error { return shows(g.String())() }
	changes := func(kind consent.ChangeKind, to wallettest.To) func() error {
		return func() error { return w.alter(s, &g, kind, to) }
	}
	w.step("give delivery with the phone", func() error {
		q, err := s.Request(ctx, asked)
		if err != nil {
			return err
		}
		a, err := s.Prepare(q, map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "phone", "postal-address"}}}, false, catalogue)
		if err == nil {
			_, err = s.Send(ctx, a)
		}
		if err != nil {
			return err
		}
		g = grantOf(t, c.Business, asked, "delivery")
		first = g
		return nil
	})
	w.step("it is collected", shows("5550198237"))
	w.step("narrow", changes(consent.ChangeNarrowed, wallettest.To{Attributes: []string{"name", "postal-address"}}))
	w.step("the phone is forgotten, and so it says", func() error {
		if err := gone("5550198237"); err != nil {
			return err
		}
		if there, err := holds("Gramophone"); err != nil || !there {
			return fmt.Errorf("the address went with it: %v", err)
		}
		return eventually(func() (bool, error) {
			l, err := s.Loop(ctx, first)
			return l != nil && l.Stated != 0, err
		})
	})
	w.step("the order goes on with the narrower grant", follows)
	w.step("pause", changes(consent.ChangePaused, wallettest.To{}))
	w.step("the shop knows", shows(`"state": "paused"`))
	w.step("resume", changes(consent.ChangeResumed, wallettest.To{}))
	w.step("it is live again", func() error { return errors.Join(shows(`"state": "live"`)(), follows()) })
	w.step("shorten", changes(consent.ChangeShortened, wallettest.To{Hours: 30}))
	w.step("the order goes on with the shorter grant", follows)
	w.step("renew", changes(consent.ChangeRenewed, wallettest.To{}))
	w.step("the order goes on with the new grant", follows)
	w.step("withdraw", func() error { _, err := s.Withdraw(ctx, g); return err })
	w.step("everything is forgotten", func() error {
		if err := gone("Gramophone"); err != nil {
			return err
		}
		all, err := c.Grants()
		if err != nil || slices.ContainsFunc(all, func(g business.Grant) bool { return g.State == consent.StateLive }) {
			return fmt.Errorf("%+v, %v", all, err)
		}
		// The ledger has the withdrawal a moment after the webhook told of it.
		err = eventually(func() (bool, error) {
			if err := w.poll(c.Business); err != nil {
				return false, err
			}
			all, err := c.Grants()
			return !slices.ContainsFunc(all, func(g business.Grant) bool { return !g.WithdrawalKnown }), err
		})
		return errors.Join(err, w.audited(s, c.Business))
	})
}
