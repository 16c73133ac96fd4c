package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/mux"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/telemetry"
	"coffer/internal/telemetry/telemetrytest"
	"coffer/internal/wallettest"
	"coffer/policies"
)

// numbers asks a daemon for them, and holds them to the vocabulary.
func numbers(t *testing.T, address string, routes []string) string {
	t.Helper()
	res, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", res.Status, err)
	}
	wrong, samples := telemetrytest.Words(string(b), version(), routes)
	for _, w := range wrong {
		t.Errorf("outside of the vocabulary: %s", w)
	}
	if samples < 500 {
		t.Errorf("only %d samples", samples)
	}
	return string(b)
}

// A route that panics over somebody is counted and logged, and who it was is not.
func TestAPanicNamesNobody(t *testing.T) {
	var out bytes.Buffer
	m := telemetry.New(version())
	log := slog.New(telemetry.Log(slog.NewTextHandler(&out, nil), m))
	r := mux.NewRouter()
	r.HandleFunc("/v/{id}", func(http.ResponseWriter, *http.Request) { panic("Zanzibarova") })
	l, origin := freeListener(t)
	server := newServer(logRequests(log, m, r), log)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	if res, err := http.Get(origin + "/v/zsofia"); err == nil {
		t.Errorf("it answers %s", res.Status)
	}
	server.Close()
	<-done
	if said := out.String(); strings.Contains(said, "Zanzibarova") || strings.Contains(said, "zsofia") || !strings.Contains(said, "a route panicked") || !strings.Contains(said, "place=telemetry_test.go:") {
		t.Errorf("the log says %q", said)
	}
	told := httptest.NewRecorder()
	m.Handler().ServeHTTP(told, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(told.Body.String(), `coffer_http_requests_total{class="5xx",route="/v/{id}"} 1`) {
		t.Error("it is not counted")
	}
}

// TestTelemetry plants personal data wherever some can get in, and looks for it in
// everything that the operator tells: the log at its wordiest, and the numbers. There are
// no traces to look at.
func TestTelemetry(t *testing.T) {
	var mu sync.Mutex
	secrets := canaries()
	w := newWorld(t, func(w *world) {
		l, _ := freeListener(t)
		w.config.MetricsListen = l.Addr().String()
		l.Close()
		w.heard = func(r *http.Request) { // tokens, sessions and proofs, as they come
			mu.Lock()
			defer mu.Unlock()
			for _, c := range r.Cookies() {
				if len(c.Value) > 15 {
					secrets["cookie "+c.Name] = []byte(c.Value)
				}
			}
			for _, name := range []string{"Authorization", "DPoP"} {
				if h := r.Header.Get(name); len(h) > 40 {
					secrets[name] = []byte(h[len(h)-40:])
				}
			}
		}
	})
	ctx := t.Context()
	catalogue, err := policies.ShippedCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	shop, s := w.shop(), w.shopper()
	var q consent.Request
	w.step("fill a vault and answer", func() error {
		for name, value := range planted {
			if err := s.Set(ctx, name, value); err != nil {
				return err
			}
		}
		asked, err := shop.Request(ctx, business.Ask{Purposes: asks(), Reference: "Quixotilla's order"})
		if err != nil {
			return err
		}
		if q, err = s.Request(ctx, asked.ID); err != nil {
			return err
		}
		_, err = s.Decide(ctx, q, map[string]wallettest.Choice{
			"delivery":  {Attributes: []string{"name", "postal-address"}},
			"marketing": {Attributes: []string{"email"}, Channels: []string{consent.ChannelWallet}},
		}, false, catalogue)
		return err
	})
	deliver, market := grantOf(t, shop, q.ID, "delivery"), grantOf(t, shop, q.ID, "marketing")
	for name, i := range map[string][16]byte{"grant": deliver, "another grant": market, "request": q.ID} {
		secrets[name] = append([]byte(nil), i[:]...)
	}
	for name, i := range ids(s) {
		secrets[name] = i
	}
	w.step("collect, and be refused", func() error {
		if _, err := shop.Collect(ctx, deliver, "name", "birth-date"); err != nil {
			return err
		}
		if _, err := s.Withdraw(ctx, deliver); err != nil {
			return err
		}
		if _, err := shop.Collect(ctx, deliver, "name"); !errors.Is(err, consent.Withdrawn) {
			return fmt.Errorf("%v, want withdrawn", err)
		}
		return nil
	})
	w.step("write", func() error {
		_, err := shop.Send(ctx, market, "Hush-hush offer", "only for canaries")
		return err
	})

	const who = "zsofia.improbable-canary@example.hu"
	w.step("requests that are full of somebody", func() error {
		for _, method := range []string{"GET", "POST", "PUT", "DELETE", "ZSOFIA"} {
			for _, path := range []string{"/wallet/v1/documents/" + who, "/business/v1/grants/" + who, "/ledger/v1/entries/" + who, "/oauth/token", "/r/" + who,
				"/" + who, "/wallet/" + who, "/.well-known/" + who, "/business/v1/requests", "/wallet/v1/session", "/wallet/v1/grants/" + deliver.String()} {
				r, err := http.NewRequestWithContext(ctx, method, w.config.Origin+path+"?name="+url.QueryEscape("Zanzibarova "+who), strings.NewReader(`{"`+who+`":"Quixotilla"}`))
				if err != nil {
					return err
				}
				for _, h := range []string{"User-Agent", "Referer", "Cookie", "Authorization", "DPoP", "X-Forwarded-For", "X-Request-Id", "Traceparent", "Content-Type", "Origin", "Accept-Language", "X-Zanzibarova"} {
					r.Header.Set(h, "Zanzibarova "+who)
				}
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					return err
				}
				res.Body.Close()
				if res.StatusCode >= 500 {
					return fmt.Errorf("%s %s: %s", method, path, res.Status)
				}
				for name := range res.Header {
					if strings.Contains(strings.ToLower(name), "trace") {
						return fmt.Errorf("%s answers with %s: there are no traces", path, name)
					}
				}
			}
		}
		c, err := net.Dial("tcp", w.config.Listen) // what net/http itself refuses
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprintf(c, "GET /%s HTTP/9.9\r\nHost: %s\r\n\r\n", who, who)
		_, err = io.Copy(io.Discard, c)
		return err
	})

	w.step("errors that are full of somebody", func() error {
		w.gap.mu.Lock()
		w.gap.fails = fmt.Errorf("the ledger says no to %s, vault %s, of %q", who, s.Vault, planted["name"])
		w.gap.mu.Unlock()
		if _, err := s.Withdraw(ctx, market); err != nil {
			return err
		}
		said := func() (bool, error) {
			b, err := os.ReadFile(filepath.Join(w.folder, "log"))
			return bytes.Contains(b, []byte(`the ledger says no to [removed], vault [removed], of \"…\"`)), err
		}
		if err := eventually(said); err != nil {
			return err
		}
		w.gap.mu.Lock()
		w.gap.fails = nil
		w.gap.mu.Unlock()
		return nil
	})

	routes := templates(w.o.routed)
	w.step("count", func() error {
		text := numbers(t, w.config.MetricsListen, routes)
		for _, want := range []string{
			`coffer_gate_outcomes_total{action="collect",outcome="allowed"} 1`,
			`coffer_gate_outcomes_total{action="collect",outcome="not-covered"} 1`,
			`coffer_gate_outcomes_total{action="collect",outcome="withdrawn"} 1`,
			`coffer_gate_outcomes_total{action="message",outcome="allowed"} 1`,
			`coffer_queue_length{queue="dead-letters"} 0`,
			`coffer_ledger_alarm{kind="split"} 0`,
			`coffer_erasures_total 0`,
			`coffer_backups_total 0`,
			`coffer_log_unlisted_total 0`,
		} {
			if !strings.Contains(text, want+"\n") {
				t.Errorf("no %s", want)
			}
		}
		for _, some := range []string{`coffer_http_requests_total{class="4xx",route="/business/v1/grants/{id}/collect"} `, `coffer_http_requests_total{class="2xx",route="/wallet/v1/documents"} `,
			`coffer_http_request_seconds_count{route="/wallet/v1/documents"} `,
			`coffer_store_seconds_count{work="commit"} `, `coffer_ledger_height `, `coffer_ledger_entries `} {
			if _, rest, ok := strings.Cut(text, "\n"+some); !ok || rest[0] == '0' {
				t.Errorf("none of %s", some)
			}
		}
		return nil
	})
	if err := writeBackup(ctx, w.folder, filepath.Join(t.TempDir(), "backup"), io.Discard, nil); err != nil {
		t.Fatal(err)
	}
	w.step("erase", func() error { return s.Erase(ctx) })
	text := numbers(t, w.config.MetricsListen, routes)
	for _, want := range []string{"coffer_erasures_total 1\n", "coffer_backups_total 1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}

	// The numbers are not where browsers come, and nothing else is where the numbers are.
	for at, want := range map[string]int{w.config.Origin + "/metrics": 404, "http://" + w.config.MetricsListen + "/wallet/v1/session": 404, "http://" + w.config.MetricsListen + "/debug/pprof/": 404} {
		res, err := http.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if bytes.Contains(b, []byte("coffer_")) || want != res.StatusCode && at != w.config.Origin+"/metrics" {
			t.Errorf("%s answers %s", at, res.Status)
		}
	}

	log, err := os.ReadFile(filepath.Join(w.folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(log, []byte(`"msg":"request"`)); n < 80 {
		t.Errorf("the log tells of %d requests only", n)
	}
	secrets["address"] = []byte(who)
	for place, told := range map[string][]byte{"the log": log, "the numbers": []byte(text)} {
		for name, secret := range secrets {
			for how, spelling := range spellings(secret) {
				if at := bytes.Index(told, spelling); at >= 0 {
					line := told[bytes.LastIndexByte(told[:at], '\n')+1:]
					t.Errorf("%s (%s) is in %s: %.300s", name, how, place, line)
				}
			}
		}
	}
	if len(secrets) < 20 {
		t.Errorf("only %d things were looked for", len(secrets))
	}
}
