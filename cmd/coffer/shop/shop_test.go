package shop

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"coffer"
	"coffer/consent"
	"coffer/internal/id"
)

// keeper is a shop without an operator; what needs one is in cmd/cofferd's tests.
type keeper struct {
	*testing.T
	*Shop
	dir string
	log bytes.Buffer
}

func open(t *testing.T) *keeper {
	k := &keeper{T: t, dir: t.TempDir()}
	k.reopen()
	return k
}

func (k *keeper) reopen() {
	k.Helper()
	if k.Shop != nil {
		k.Close()
	}
	s, err := Open(Options{Dir: k.dir, Operator: "http://localhost:1", URL: "http://localhost:8081", Logger: slog.New(slog.NewTextHandler(&k.log, nil))})
	if err != nil {
		k.Fatal(err)
	}
	k.Cleanup(func() { s.Close() })
	k.Shop = s
}

// get shows a page.
func (k *keeper) get(path string) (int, string) {
	return k.do(httptest.NewRequest(http.MethodGet, path, nil))
}

func (k *keeper) do(r *http.Request) (int, string) {
	w := httptest.NewRecorder()
	k.Handler().ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (k *keeper) post(path string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// order makes an answered order: delivery given without the phone, offers refused.
func (k *keeper) order() (order, id.Grant) {
	k.Helper()
	g := id.New[id.Grant]()
	o, err := k.orders.add(order{
		V: 1, ID: consent.NewNonce().String(), Size: "42", Placed: coffer.UnixAt(time.Now()),
		Request: id.New[id.Request](), Link: "http://localhost:1/r/x", Expires: coffer.UnixAt(time.Now().Add(time.Hour)),
		Parts: []*part{{
			PurposeID: "delivery", Given: true, Grant: g, State: coffer.StateLive, End: coffer.EpochAt(time.Now()) + 100, Collected: true,
			Attributes: []string{"name", "postal-address"},
			Values: map[string]json.RawMessage{
				"name":           json.RawMessage(`"Quillon <Vasterhaven>"`),
				"postal-address": json.RawMessage(`{"street":"Zwirbelgasse 77","postcode":"04109","city":"Leipzig","country":"Germany"}`),
			},
		}, {PurposeID: "marketing"}},
	})
	if err != nil {
		k.Fatal(err)
	}
	return o, g
}

func TestOrderPage(t *testing.T) {
	k := open(t)
	o, _ := k.order()
	code, page := k.get("/orders/" + o.ID)
	for _, want := range []string{"Deliver to", "Quillon &lt;Vasterhaven&gt;<br>Zwirbelgasse 77<br>04109 Leipzig<br>Germany",
		"Not granted: <span class=\"chip gone\">Phone</span>", "Try to collect the birth date too", "You refused this purpose"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page (%d) lacks %q", code, want)
		}
	}
	if code, _ := k.get("/orders/" + consent.NewNonce().String()); code != http.StatusNotFound {
		t.Errorf("an order that is not there: %d, want 404", code)
	}
	// It is all in plain files, and there after a restart.
	k.reopen()
	if code, again := k.get("/orders/" + o.ID); code != http.StatusOK || again != page {
		t.Errorf("after a restart the page (%d) is another", code)
	}
}

func TestWithdrawalDeletesValues(t *testing.T) {
	k := open(t)
	o, g := k.order()
	_, before := k.get("/orders/" + o.ID + "/status")
	err := k.handle(t.Context(), coffer.Event{Type: coffer.EventWithdrawn, Grant: g, Time: coffer.UnixAt(time.Now())})
	if err != nil {
		t.Fatal(err)
	}
	_, page := k.get("/orders/" + o.ID)
	if strings.Contains(page, "Zwirbelgasse") || !strings.Contains(page, "We have deleted what we collected under it") {
		t.Error("the page still shows the address, or does not say that it is gone")
	}
	if _, after := k.get("/orders/" + o.ID + "/status"); after == before {
		t.Error("an open page would not notice")
	}
	if _, office := k.get("/office"); !strings.Contains(office, "withdrawn by the shopper") {
		t.Error("the back office does not tell of the withdrawal")
	}
	file, err := os.ReadFile(filepath.Join(k.dir, "orders", o.ID+".json"))
	if err != nil || bytes.Contains(file, []byte("Zwirbelgasse")) {
		t.Errorf("the file still holds the address: %v", err)
	}
	if strings.Contains(k.log.String(), "Zwirbelgasse") || strings.Contains(k.log.String(), "Vasterhaven") || strings.Contains(k.log.String(), o.ID) {
		t.Errorf("the log tells of the order:\n%s", k.log.String())
	}
}

// While a grant is paused nothing of it is shown, and nothing is lost.
func TestPauseHidesValues(t *testing.T) {
	k := open(t)
	o, g := k.order()
	if err := k.handle(t.Context(), coffer.Event{Type: coffer.EventPaused, Grant: g, Time: coffer.UnixAt(time.Now())}); err != nil {
		t.Fatal(err)
	}
	_, page := k.get("/orders/" + o.ID)
	_, office := k.get("/office")
	if strings.Contains(page+office, "Zwirbelgasse") || !strings.Contains(page, "You paused this") {
		t.Error("a paused address is shown, or the page does not say why it is not")
	}
	if kept, err := k.orders.get(o.ID); err != nil || len(kept.part(g).Values) != 2 {
		t.Errorf("the pause lost what was collected: %v", err)
	}
}

// A page of another site cannot make the shop ask, collect or send.
func TestForeignFormsAreRefused(t *testing.T) {
	k := open(t)
	o, g := k.order()
	for _, path := range []string{"/checkout", "/orders/" + o.ID + "/collect", "/office/collect", "/office/offer", "/office/rights"} {
		r := k.post(path, url.Values{"grant": {g.String()}, "attribute": {"birth-date"}, "size": {"42"}})
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if code, _ := k.do(r); code != http.StatusForbidden {
			t.Errorf("POST %s from elsewhere: %d, want 403", path, code)
		}
	}
}

// Without an operator every page says so kindly, and no order is left behind.
func TestWithoutOperator(t *testing.T) {
	k := open(t)
	k.business.Close()
	dir := filepath.Join(k.dir, "business")
	b, err := coffer.Open(dir, coffer.WithHTTP(&http.Client{Timeout: time.Second, Transport: down{}}))
	if err != nil {
		t.Fatal(err)
	}
	k.business = b
	t.Cleanup(func() { b.Close() })
	if code, page := k.do(k.post("/checkout", url.Values{"size": {"42"}})); code != http.StatusBadGateway || !strings.Contains(page, "Coffer does not answer") {
		t.Errorf("checkout without an operator: %d", code)
	}
	if n := len(k.orders.list()); n != 0 {
		t.Errorf("%d orders without a request", n)
	}
	if code, _ := k.do(k.post("/checkout", url.Values{"size": {"77"}})); code != http.StatusBadRequest {
		t.Errorf("a size that is not sold: %d, want 400", code)
	}
}

type down struct{}

func (down) RoundTrip(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded }

// Every page keeps to the policy: no inline script, style or handler, nothing from
// elsewhere.
func TestPagesKeepThePolicy(t *testing.T) {
	k := open(t)
	o, _ := k.order()
	inline := regexp.MustCompile(`(?i)<script>|<style|\sstyle=|\son[a-z]+=|src="https?:|href="https?:[^"]*\.css`)
	for _, path := range []string{"/", "/orders/" + o.ID, "/office", "/privacy", "/nowhere"} {
		w := httptest.NewRecorder()
		k.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s has the policy %q", path, csp)
		}
		if bad := inline.FindString(w.Body.String()); bad != "" {
			t.Errorf("%s has %q, which its policy forbids", path, bad)
		}
		if !strings.Contains(w.Body.String(), `<html lang="en">`) || strings.Count(w.Body.String(), "<h1>") != 1 {
			t.Errorf("%s has no language or not one heading", path)
		}
	}
	for _, path := range []string{"/static/shop.css", "/static/shop.js", "/static/icon.svg"} {
		if code, body := k.get(path); code != http.StatusOK || len(body) < 100 {
			t.Errorf("%s: %d", path, code)
		}
	}
}

// The shop's own words: every attribute it asks for has a label, and what it asks is
// what its profile registers.
func TestAsksWhatItRegisters(t *testing.T) {
	k := open(t)
	registered := strings.Join(k.business.Profile().Purposes, " ")
	for _, a := range Asked() {
		if !strings.Contains(registered, a.Purpose) || titles[a.ID] == "" {
			t.Errorf("purpose %s is not registered, or has no title", a.ID)
		}
		for _, name := range append(a.Required, a.Optional...) {
			if labels[name] == "" {
				t.Errorf("%s has no label", name)
			}
		}
	}
}

func TestOtherAddressIsRefused(t *testing.T) {
	k := open(t)
	k.Close()
	_, err := Open(Options{Dir: k.dir, Operator: "http://localhost:2", URL: "http://localhost:8081"})
	if err == nil || !strings.Contains(err.Error(), "choose another folder with --data") {
		t.Errorf("a shop of another operator: %v, want what to do", err)
	}
}
