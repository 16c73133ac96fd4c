package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"coffer/consent"
	"coffer/consent/consenttest"
	"coffer/internal/id"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// An OAuth client that we did not write, through the whole flow: discovery, PAR,
// authorize, the shopper's decision, code, DPoP, refresh, introspection, revocation,
// Grant Management. With and without server nonces.
func TestOpenIDClient(t *testing.T) {
	needNode(t)
	for _, nonce := range []bool{false, true} {
		t.Run(fmt.Sprintf("nonce=%v", nonce), func(t *testing.T) {
			w := newWorld(t)
			if nonce {
				w.config.ProofNonce = true
				w.restart()
			}
			w.step("the whole flow", func() error { return interop(w) })
		})
	}
}

// needNode wants node and the module; what is missing is an error in CI.
func needNode(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join("..", "..", "wallet-web", "node_modules", "openid-client"))
	}
	if err == nil {
		return
	}
	const say = "openid-client is missing; install Node 20.19 or newer, then run: cd wallet-web && npm ci"
	if os.Getenv("CI") == "true" {
		t.Fatal(say)
	}
	t.Skip(say)
}

// outsider is a business without any code of ours on its side of the wire.
func (w *world) outsider() *consenttest.Shop {
	w.Helper()
	shop := consenttest.NewShop(time.Now)
	_, card := shop.Card(func(c *consent.Card) { c.Aud = w.config.Origin })
	body, err := json.Marshal(map[string]string{"card": card})
	if err != nil {
		w.Fatal(err)
	}
	res, err := http.Post(w.config.Origin+"/business/v1/registrations", "application/json", bytes.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(res.Body)
		w.Fatalf("registering: %d %s", res.StatusCode, text)
	}
	return shop
}

func interop(w *world) error {
	ctx, cancel := context.WithTimeout(w.Context(), time.Minute)
	defer cancel()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		return err
	}
	person := w.shopper()
	for _, name := range []string{"name", "postal-address", "shoe-size"} {
		if err := person.Set(ctx, name, planted[name]); err != nil {
			return err
		}
	}
	shop := w.outsider()
	both := map[string]wallettest.Choice{"delivery": {Attributes: []string{"name", "postal-address"}}, "marketing": {Attributes: []string{"shoe-size"}}}
	choices := []map[string]wallettest.Choice{both, both, {}, both, {"marketing": {Attributes: []string{"shoe-size"}}}}
	var requests []string
	for range choices {
		requests = append(requests, shop.Request(func(q *consent.Request) { q.Aud = w.config.Origin }).JWS)
	}

	var stderr bytes.Buffer
	node := exec.CommandContext(ctx, "node", filepath.Join("testdata", "interop", "flow.mjs"))
	node.Stderr = &stderr
	in, err := node.StdinPipe()
	if err != nil {
		return err
	}
	out, err := node.StdoutPipe()
	if err != nil {
		return err
	}
	if err := node.Start(); err != nil {
		return err
	}
	defer node.Wait()
	say := json.NewEncoder(in)
	err = say.Encode(map[string]any{"origin": w.config.Origin, "did": shop.DID, "kid": shop.KeyID,
		"jwk": jose.JSONWebKey{Key: shop.Key}, "redirect": "http://localhost:8081/back", "requests": requests})
	if err != nil {
		return err
	}
	lines, asked := bufio.NewScanner(out), 0
	for lines.Scan() {
		var line struct {
			Authorize string
			Done      bool
			Grant     id.Approval
			Delivery  id.Grant
			Replace   *consent.Replaces
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return err
		}
		if line.Done {
			g, err := w.o.consents.GrantOf(ctx, shop.DID, line.Delivery)
			if err == nil && g.State != consent.StateTerminated {
				err = fmt.Errorf("the grant that was given up is %s", g.State)
			}
			return errors.Join(err, node.Wait())
		}
		if line.Replace != nil {
			q := shop.Request(func(q *consent.Request) { q.Aud, q.Replaces = w.config.Origin, line.Replace })
			if err := say.Encode(map[string]string{"request": q.JWS}); err != nil {
				return err
			}
			continue
		}
		to, err := visit(ctx, w, person, line.Authorize, choices[asked], catalogue)
		if err != nil {
			return err
		}
		asked++
		if err := say.Encode(map[string]string{"returned": to}); err != nil {
			return err
		}
	}
	return fmt.Errorf("node stopped after %d questions: %v\n%s", asked, node.Wait(), stderr.String())
}

// visit is decide for a client that is at home on port 8081.
func visit(ctx context.Context, w *world, person *wallettest.Wallet, link string, choice map[string]wallettest.Choice, catalogue consent.Catalogue) (string, error) {
	to, err := decide(ctx, w, person, link, choice, catalogue)
	if err != nil {
		return "", err
	}
	if u, err := url.Parse(to); err != nil || u.Host != "localhost:8081" {
		return "", fmt.Errorf("returned to %q: %v", to, err)
	}
	return to, nil
}

// decide is the shopper's browser: it follows the client's link to the wallet, decides
// there, and returns where it is sent.
func decide(ctx context.Context, w *world, person *wallettest.Wallet, link string, choice map[string]wallettest.Choice, catalogue consent.Catalogue) (string, error) {
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(link)
	if err != nil {
		return "", err
	}
	res.Body.Close()
	name, ok := strings.CutPrefix(res.Header.Get("Location"), w.config.Origin+"/r/")
	if res.StatusCode != http.StatusSeeOther || !ok {
		return "", fmt.Errorf("authorize answers %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	request, err := id.Parse[id.Request](name)
	if err != nil {
		return "", err
	}
	q, err := person.Request(ctx, request)
	if err != nil {
		return "", err
	}
	if _, err := person.Decide(ctx, q, choice, false, catalogue); err != nil {
		return "", err
	}
	return person.Returned, nil
}
