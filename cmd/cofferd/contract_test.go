package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"coffer/anchor"
	"coffer/anchor/anchorhttp"
	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/consenttest"
	"coffer/internal/contract"
	"coffer/internal/contract/contracttest"
	"coffer/internal/id"
	"coffer/vault"
	"coffer/vault/seal"
	"coffer/vault/vaulttest"
)

// Every route of the daemon stands in the contract (internal/contract/api), and
// everything in the contract is a route.
func TestEveryRouteIsInTheContract(t *testing.T) {
	w := newWorld(t)
	router, err := w.o.routes(w.folder, w.config, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := routesOf(router)
	if err != nil {
		t.Fatal(err)
	}
	operations := contracttest.Operations(contracttest.Document(t))
	for _, route := range routes {
		if operations[route] == nil {
			t.Errorf("%s stands nowhere in the contract: add it to a file of internal/contract/api", route)
		}
	}
	for operation := range operations {
		if !slices.Contains(routes, operation) {
			t.Errorf("%s stands in the contract and is no route", operation)
		}
	}
}

// form of a variable of a route, as in {tile:.+}.
var form = regexp.MustCompile(`\{([^}:]+):[^}]*\}`)

func routesOf(router *mux.Router) (all []string, err error) {
	var open []string
	err = router.Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := r.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := r.GetMethods()
		if err != nil { // any method: a prefix, whose routes come after it, or what answers the rest
			open = append(open, path)
			return nil
		}
		for _, m := range methods {
			if m != http.MethodHead || !slices.Contains(methods, http.MethodGet) {
				all = append(all, m+" "+form.ReplaceAllString(path, "{$1}"))
			}
		}
		return nil
	})
	for _, path := range open {
		if !strings.HasSuffix(path, "/") && path != "/wallet/v1" && path != "/business/v1" {
			return nil, fmt.Errorf("%s is a route for any method: name its methods", path)
		}
	}
	return all, err
}

var update = flag.Bool("update", false, "record examples that are missing in the contract")

// notExercised are operations that no scenario of this package reaches with a success,
// each with the reason.
var notExercised = map[string]string{}

// unexercised runs after all tests: an operation of the contract that none of them
// reached with a success has never been held against its schemas.
func unexercised(out io.Writer) (code int) {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.fuzz"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return 0
		}
	}
	d, err := contracttest.Load(contract.JSON())
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	if *update {
		text, err := json.MarshalIndent(contracttest.Examples(d), "", " ")
		if err == nil {
			err = os.WriteFile(filepath.Join("..", "..", "internal", "contract", "api", "examples.json"), append(text, '\n'), 0o644)
		}
		if err != nil {
			fmt.Fprintln(out, err)
			return 1
		}
	}
	done := contracttest.Exercised()
	for _, name := range slices.Sorted(maps.Keys(contracttest.Operations(d))) {
		switch _, excused := notExercised[name]; {
		case !done[name] && !excused:
			fmt.Fprintf(out, "contract: no scenario reaches %s with a success; make one (TestTheRestOfTheContract), or say why not in notExercised\n", name)
			code = 1
		case done[name] && excused:
			fmt.Fprintf(out, "contract: %s is reached after all; take it off notExercised\n", name)
			code = 1
		}
	}
	return code
}

// TestTheRestOfTheContract reaches what no story needs: ways in and out of a vault, the
// inbox's switches, a webhook's state, and everything that is there for anyone.
func TestTheRestOfTheContract(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b := w.shop()
	s, _, market := demanding(w, b)

	w.step("ways in and out", func() error {
		second := vaulttest.NewAuthenticator(w.config.Origin)
		made, prf, err := s.CreatePasskey(ctx, second)
		if err != nil {
			return err
		}
		credential, err := base64.RawURLEncoding.DecodeString(made.Credential)
		if err != nil {
			return err
		}
		wrap, err := s.Wrap(vault.PasskeyWrap, credential, prf)
		if err != nil {
			return err
		}
		if err := s.Do(ctx, "PUT", "/wraps", map[string]any{"wraps": []vaulttest.Wrap{wrap}}, nil); err != nil {
			return err
		}
		if err := s.SignIn(ctx); err != nil {
			return err
		}
		if err := s.Do(ctx, "DELETE", "/passkeys/"+made.Credential, nil, nil); err != nil {
			return err
		}
		if err := s.Do(ctx, "POST", "/session/end", struct{}{}, nil); err != nil {
			return err
		}
		if _, err := s.Recover(ctx); err != nil {
			return err
		}
		return errors.Join(s.Do(ctx, "GET", "/session", nil, nil), s.SignIn(ctx))
	})

	w.step("an attachment", func() error {
		d := id.New[id.Document]()
		at := "/attachments/" + d.String()
		cut, err := seal.Chunks([]byte("numbat on a photograph"))
		if err != nil {
			return err
		}
		key, err := seal.NewKey[seal.ChunkKey](rand.Reader)
		if err != nil {
			return err
		}
		sealed, err := seal.SealChunk(rand.Reader, key, d, 0, 1, cut[0])
		if err != nil {
			return err
		}
		var back vaulttest.Octets
		err = errors.Join(
			s.Do(ctx, "PUT", at+"/0?of=1", vaulttest.Octets(sealed), nil),
			s.Do(ctx, "GET", at, nil, nil),
			s.Do(ctx, "GET", at+"/0", nil, &back))
		if content, open := seal.OpenChunk(key, d, 0, 1, vault.SealedChunk(back)); open != nil || string(content) != string(cut[0]) {
			return errors.Join(err, open, errors.New("another chunk came back"))
		}
		return errors.Join(err, s.Do(ctx, "DELETE", at, nil, nil))
	})

	w.step("the inbox", func() error {
		if _, err := b.Send(ctx, market, "Hush-hush offer", "only for canaries"); err != nil {
			return err
		}
		inbox, err := s.Inbox(ctx)
		if err != nil || len(inbox) != 1 {
			return fmt.Errorf("%d messages: %w", len(inbox), err)
		}
		at := "/messages/" + inbox[0].ID.String()
		return errors.Join(s.Do(ctx, "POST", at+"/read", nil, nil), s.Do(ctx, "DELETE", at, nil, nil), s.Do(ctx, "GET", "/rights", nil, nil))
	})

	w.step("a webhook's state", func() error {
		w.config.BearerTokens = true
		w.restart()
		other := w.stranger()
		_, jws := other.shop.Webhook(w.config.Origin+"/nobody", func(h *consent.Webhook) { h.Aud = w.config.Origin })
		return errors.Join(
			other.do("PUT", "/business/v1/webhook", map[string]string{"webhook": jws}),
			other.do("GET", "/business/v1/webhook", nil),
			other.do("GET", "/business/v1/webhook/dead?after=0", nil),
			other.do("POST", "/business/v1/webhook/retry", map[string]any{"events": []string{}}))
	})

	w.step("what is there for anyone", func() error {
		for _, path := range []string{
			"/openapi.yaml", "/openapi.json", "/docs/api", "/schema/v1/receipt.schema.json", "/schema/v1/receipt.context.jsonld",
			"/ledger/v1/head", "/ledger/v1/header", "/ledger/v1/consistency?from=1&to=2", "/ledger/v1/checkpoint", "/ledger/v1/checkpoint-key",
			"/ledger/v1/tile/entries/000.p/1", "/ledger/v1/tile/0/000.p/1", "/ledger/v1/register", "/ledger/v1/motions", "/ledger/v1/status",
		} {
			res, err := http.Get(w.config.Origin + path)
			if err != nil {
				return err
			}
			_, err = io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != http.StatusOK {
				return fmt.Errorf("%s: %d, %v", path, res.StatusCode, err)
			}
		}
		ledger := anchorhttp.Client{Origin: w.config.Origin}
		set, err := ledger.Validators(ctx)
		if err != nil {
			return err
		}
		if newest, err := ledger.Succession(ctx, set); err != nil || newest.Hash() != set.Hash() {
			return fmt.Errorf("the succession: %w", err)
		}
		// A hundred blocks make a snapshot that others could begin from.
		for i := 0; ; i++ {
			if _, err := ledger.Foundation(ctx, 0); err == nil {
				break
			} else if !errors.Is(err, anchor.ErrNotFound) || i > 200 {
				return fmt.Errorf("the foundation: %w", err)
			}
			stranger := anchortest.NewRelation(w.config.Chain, fmt.Sprint("stranger ", i))
			if err := w.o.ledger.Append(ctx, stranger.Grant(anchor.EpochAt(time.Now()), 1)); err != nil {
				return err
			}
		}
		entries, err := w.o.ledger.Range(ctx, 0, 3)
		if err != nil {
			return err
		}
		var leaves []anchor.Leaf
		for _, e := range entries {
			leaves = append(leaves, e.Leaf())
			c, err := ledger.Complete(ctx, e.Handle())
			if err == nil {
				_, err = c.Verify(set)
			}
			if err != nil {
				return fmt.Errorf("complete: %w", err)
			}
		}
		all, err := ledger.ProveAll(ctx, leaves)
		if err != nil {
			return err
		}
		_, err = all.Verify(set)
		return err
	})
}

// The commands that the document shows are run, each against a running operator.
func TestCommandsOfTheContract(t *testing.T) {
	w := newWorld(t)
	_, block, ok := strings.Cut(contracttest.Document(t).Info.Description, "```sh\n")
	block, _, closed := strings.Cut(block, "```")
	if !ok || !closed || strings.Count(block, "curl ") < 3 {
		t.Fatal("the document shows no commands")
	}
	for line := range strings.Lines(strings.ReplaceAll(block, "http://localhost:8080", w.config.Origin)) {
		c := exec.CommandContext(t.Context(), "sh", "-c", line)
		c.Dir = t.TempDir()
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s; when curl is missing, install it", strings.TrimSpace(line), err, out)
		}
	}
}

// stranger is a business that no code of ours speaks for, with a token.
type stranger struct {
	*world
	shop  *consenttest.Shop
	token string
}

func (w *world) stranger() *stranger {
	w.Helper()
	s := &stranger{world: w, shop: w.outsider()}
	assertion := s.shop.Assertion(func(claims map[string]any) { claims["aud"] = w.config.Origin })
	res, err := http.PostForm(w.config.Origin+"/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}})
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		w.Fatal(err)
	}
	s.token = answer.Token
	return s
}

// do wants a success of a route.
func (s *stranger) do(method, path string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(s.Context(), method, s.config.Origin+path, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		text, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s %s: %d %s", method, path, res.StatusCode, text)
	}
	return nil
}
