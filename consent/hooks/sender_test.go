package hooks_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"coffer/consent"
	"coffer/consent/consenttest"
	"coffer/consent/hooks"
)

// queue is a Queue in memory that keeps what it was told.
type queue struct {
	mu        sync.Mutex
	waiting   []consent.Delivery
	failures  map[consent.DID]int
	delivered []int64
	failed    []consent.FailedAttempt
}

func (q *queue) DueWebhooks(context.Context, time.Time) (due []consent.DueWebhook, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	seen := map[consent.DID]bool{}
	for _, d := range q.waiting {
		if !seen[d.Business] {
			due = append(due, consent.DueWebhook{Business: d.Business, Failures: q.failures[d.Business]})
		}
		seen[d.Business] = true
	}
	return due, nil
}

func (q *queue) DueDeliveries(_ context.Context, business consent.DID, _ time.Time, limit int) (due []consent.Delivery, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.waiting {
		if d.Business == business && len(due) < limit {
			due = append(due, d)
		}
	}
	return due, nil
}

func (q *queue) Delivered(_ context.Context, d consent.Delivery, _ time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.delivered = append(q.delivered, d.Seq)
	q.drop(d)
	return nil
}

func (q *queue) Failed(_ context.Context, d consent.Delivery, f consent.FailedAttempt) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failed = append(q.failed, f)
	q.drop(d) // the schedule is the store's to keep, and tested there
	return 0, nil
}

func (q *queue) drop(d consent.Delivery) {
	for i, w := range q.waiting {
		if w.Business == d.Business && w.Seq == d.Seq {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return
		}
	}
}

// sender on a queue; it may reach this machine.
func sender(q *queue, now func() time.Time, edit ...func(*hooks.Options)) *hooks.Sender {
	o := hooks.Options{Queue: q, Clock: now, Log: slog.New(slog.DiscardHandler), Local: true, Jitter: func() float64 { return 1 }}
	for _, e := range edit {
		e(&o)
	}
	return hooks.New(o)
}

func look(t *testing.T, s *hooks.Sender) {
	t.Helper()
	if err := s.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Settle()
}

const event = `{"v":1,"id":"7","type":"withdrawn","request":"","grant":"mp9C2i_zn018fxapN1FGfA","time":1763720000}`

// What arrives is what the library's own verifier takes for genuine, and our receiver.
func TestSigned(t *testing.T) {
	key := hooks.NewKey()
	other, err := standardwebhooks.NewWebhook(hooks.Secret(key))
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := hooks.NewReceiver(hooks.Secret(key), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	arrived := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != event || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s", r.Method, body)
		}
		if err := other.Verify(body, r.Header); err != nil {
			t.Errorf("the library refuses it: %v", err)
		}
		if name, again, err := receiver.Verify(r.Header, body); err != nil || again || name != "event_7" {
			t.Errorf("our receiver: %q, %v, %v", name, again, err)
		}
		arrived++
	}))
	defer server.Close()
	q := &queue{waiting: []consent.Delivery{{Business: "did:key:zA", Seq: 7, URL: server.URL, Key: key, Body: []byte(event)}}}
	look(t, sender(q, time.Now))
	if arrived != 1 || len(q.delivered) != 1 || len(q.failed) != 0 {
		t.Errorf("arrived %d, delivered %v, failed %v", arrived, q.delivered, q.failed)
	}
}

func TestWhyAnAttemptFails(t *testing.T) {
	clock := consenttest.NewClock()
	reached := false
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer inner.Close()
	answer := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", inner.URL)
			w.WriteHeader(status)
			io.Copy(w, io.LimitReader(rand.Reader, 1<<20))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	header := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Endless", strings.Repeat("a", 1<<20))
	}))
	defer header.Close()
	for name, c := range map[string]struct {
		url   string
		local bool
		want  consent.Failure
	}{
		"an answer that is not 2xx":  {answer(500), true, consent.FailedRefused},
		"a redirect":                 {answer(307), true, consent.FailedRefused},
		"gone":                       {answer(410), true, consent.FailedGone},
		"nobody there":               {closed.URL, true, consent.FailedUnreachable},
		"an endless header":          {header.URL, true, consent.FailedUnreachable},
		"this machine, not in dev":   {inner.URL, false, consent.FailedForbidden},
		"this machine by its name":   {strings.Replace(inner.URL, "127.0.0.1", "localhost", 1), false, consent.FailedForbidden},
		"the cloud's metadata":       {"http://169.254.169.254/latest", true, consent.FailedForbidden},
		"a private network":          {"http://10.0.0.1/", true, consent.FailedForbidden},
		"a private address, mapped":  {"http://[::ffff:10.0.0.1]/", true, consent.FailedForbidden},
		"a private address, by 6to4": {"http://[2002:a00:1::]/", true, consent.FailedForbidden},
		"everything":                 {"http://0.0.0.0/", true, consent.FailedForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			reached = false
			q := &queue{waiting: []consent.Delivery{{Business: "did:key:zA", Seq: 1, URL: c.url, Key: hooks.NewKey(), Body: []byte(event)}}}
			look(t, sender(q, clock.Now, func(o *hooks.Options) { o.Local = c.local }))
			if len(q.failed) != 1 || q.failed[0].Why != c.want || reached {
				t.Errorf("failed %+v, want %s; reached what it must not: %v", q.failed, c.want, reached)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	clock := consenttest.NewClock()
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, c := range []struct {
		attempts, failures int
		jitter             float64
		again, hold        time.Duration
	}{
		{0, 0, 1, hooks.FirstPause, hooks.FirstPause},
		{0, 0, 0, hooks.FirstPause / 2, hooks.FirstPause / 2},
		{3, 1, 1, 8 * hooks.FirstPause, 2 * hooks.FirstPause},
		{3, 1, 0.5, 6 * hooks.FirstPause, 1.5 * 1e9 * 5},
		{50, 9999, 1, hooks.LongestWait, hooks.LongestWait},
	} {
		q := &queue{waiting: []consent.Delivery{{Business: "did:key:zA", Seq: 1, URL: closed.URL, Key: hooks.NewKey(), Attempts: c.attempts, Failures: c.failures}}}
		look(t, sender(q, clock.Now, func(o *hooks.Options) { o.Jitter = func() float64 { return c.jitter } }))
		f := q.failed[0]
		if f.Again.Sub(clock.Now()) != c.again || f.Hold.Sub(clock.Now()) != c.hold || clock.Now().Sub(f.GiveUp) != hooks.GiveUpAfter {
			t.Errorf("%+v: again in %v, hold for %v, give up %v", c, f.Again.Sub(clock.Now()), f.Hold.Sub(clock.Now()), clock.Now().Sub(f.GiveUp))
		}
	}
}

// However many endpoints hang, the others get their events, and no business is served
// twice at once.
func TestTheDeadDelayNobody(t *testing.T) {
	hang := make(chan struct{})
	stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer stuck.Close()
	defer close(hang)
	got := make(chan struct{}, 100)
	well := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got <- struct{}{} }))
	defer well.Close()
	q := &queue{failures: map[consent.DID]int{}}
	for i := range 60 {
		did := consent.DID(fmt.Sprintf("did:key:zDead%d", i))
		q.failures[did] = 3
		q.waiting = append(q.waiting, consent.Delivery{Business: did, Seq: 1, URL: stuck.URL, Key: hooks.NewKey()})
	}
	for i := range 10 {
		q.waiting = append(q.waiting, consent.Delivery{Business: consent.DID(fmt.Sprintf("did:key:zWell%d", i)), Seq: 1, URL: well.URL, Key: hooks.NewKey()})
	}
	ctx, stop := context.WithCancel(t.Context())
	s := sender(q, time.Now)
	for range 3 { // as its ticks would
		if err := s.Look(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		select {
		case <-got:
		case <-time.After(5 * time.Second):
			t.Fatal("an endpoint that answers waits for those that hang")
		}
	}
	stop()
	s.Settle()
	if len(q.failed) != 0 {
		t.Errorf("stopping counts as %d failures", len(q.failed))
	}
	if len(got) != 0 {
		t.Errorf("%d came twice", len(got))
	}
}

func TestReceiverRefuses(t *testing.T) {
	clock := consenttest.NewClock()
	key := hooks.NewKey()
	hook, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		t.Fatal(err)
	}
	at := clock.Now()
	sign := func(name string, at time.Time, body string) http.Header {
		signature, err := hook.Sign(name, at, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return http.Header{"Webhook-Id": {name}, "Webhook-Timestamp": {fmt.Sprint(at.Unix())}, "Webhook-Signature": {signature}}
	}
	for name, c := range map[string]struct {
		after time.Duration
		edit  func(h http.Header, body []byte) []byte
		want  error
	}{
		"genuine":              {0, nil, nil},
		"late, in the window":  {hooks.Window, nil, nil},
		"early, in the window": {-hooks.Window, nil, nil},
		"too old":              {hooks.Window + time.Second, nil, hooks.ErrWindow},
		"from the future":      {-hooks.Window - time.Second, nil, hooks.ErrWindow},
		"a changed body":       {0, func(_ http.Header, b []byte) []byte { return bytes.Replace(b, []byte("withdrawn"), []byte("live"), 1) }, hooks.ErrSignature},
		"a longer body":        {0, func(_ http.Header, b []byte) []byte { return append(b, ' ') }, hooks.ErrSignature},
		"another name":         {0, func(h http.Header, b []byte) []byte { h.Set("webhook-id", "event_8"); return b }, hooks.ErrSignature},
		"a fresher time":       {0, func(h http.Header, b []byte) []byte { h.Set("webhook-timestamp", fmt.Sprint(at.Unix()+1)); return b }, hooks.ErrSignature},
		"no signature":         {0, func(h http.Header, b []byte) []byte { h.Del("webhook-signature"); return b }, hooks.ErrSignature},
		"two names":            {0, func(h http.Header, b []byte) []byte { h.Add("webhook-id", "event_8"); return b }, hooks.ErrSignature},
		"an unknown version": {0, func(h http.Header, b []byte) []byte {
			h.Set("webhook-signature", "v2"+h.Get("webhook-signature")[2:])
			return b
		}, hooks.ErrSignature},
		"signed by another key": {0, func(h http.Header, b []byte) []byte { return replaced(h, b, at) }, hooks.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := hooks.NewReceiver(hooks.Secret(key), func() time.Time { return at.Add(c.after) })
			if err != nil {
				t.Fatal(err)
			}
			h, body := sign("event_7", at, event), []byte(event)
			if c.edit != nil {
				body = c.edit(h, body)
			}
			if _, _, err := r.Verify(h, body); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	for _, secret := range []string{"", "whsec_", "whsec_c2hvcnQ=", hooks.Secret(key)[6:], hooks.Secret(key) + "="} {
		if _, err := hooks.NewReceiver(secret, clock.Now); err == nil {
			t.Errorf("%q is taken for a secret", secret)
		}
	}
}

func replaced(h http.Header, body []byte, at time.Time) []byte {
	other, _ := standardwebhooks.NewWebhookRaw(hooks.NewKey())
	signature, _ := other.Sign("event_7", at, body)
	h.Set("webhook-signature", signature)
	return body
}

// A replay within the window is known for one; memory is bounded by the window.
func TestReplay(t *testing.T) {
	clock := consenttest.NewClock()
	key := hooks.NewKey()
	r, err := hooks.NewReceiver(hooks.Secret(key), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	hook, _ := standardwebhooks.NewWebhookRaw(key)
	header := func() http.Header {
		signature, _ := hook.Sign("event_7", clock.Now(), []byte(event))
		return http.Header{"Webhook-Id": {"event_7"}, "Webhook-Timestamp": {fmt.Sprint(clock.Now().Unix())}, "Webhook-Signature": {signature}}
	}
	first := header()
	verify := func(h http.Header) (bool, error) {
		_, again, err := r.Verify(h, []byte(event))
		return again, err
	}
	if again, err := verify(first); again || err != nil {
		t.Fatalf("%v, %v", again, err)
	}
	if again, err := verify(first); again || err != nil {
		t.Errorf("before it was acted on it is no repetition: %v, %v", again, err)
	}
	r.Done("event_7")
	clock.Add(hooks.Window)
	if again, err := verify(first); !again || err != nil {
		t.Errorf("a replay at the window's end: %v, %v", again, err)
	}
	if again, err := verify(header()); !again || err != nil {
		t.Errorf("a retry: %v, %v", again, err)
	}
	clock.Add(time.Second)
	if _, err := verify(first); !errors.Is(err, hooks.ErrWindow) {
		t.Errorf("a replay behind the window: %v", err)
	}
}
