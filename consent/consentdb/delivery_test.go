package consentdb_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/consent/hooks"
)

// endpoint is a shop's webhook that answers as it is told.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	choke  string   // the id of an event that it never takes
	got    []string // ids that it took
	asked  int
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{status: http.StatusNoContent}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var event struct{ ID string }
		if err := json.Unmarshal(body, &event); err != nil {
			t.Error(err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.asked++
		if e.status != http.StatusNoContent || event.ID == e.choke {
			w.WriteHeader(max(e.status, 400))
			return
		}
		e.got = append(e.got, event.ID)
		w.WriteHeader(e.status)
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) answers(status int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status = status
}

// taken empties what the endpoint took, and how often it was asked.
func (e *endpoint) taken() (got []string, asked int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	got, asked = e.got, e.asked
	e.got, e.asked = nil, 0
	return got, asked
}

func (s *scene) hook(url string) {
	s.t.Helper()
	w, _ := s.shop.Webhook(url)
	s.do(s.store.PutWebhook(s.t.Context(), w, hooks.NewKey()))
}

// carry makes one look at the queue, by a sender that was just started.
func (s *scene) carry() {
	s.t.Helper()
	sender := hooks.New(hooks.Options{Queue: s.store, Clock: s.clock.Now, Log: slog.New(slog.DiscardHandler), Local: true, Jitter: func() float64 { return 1 }})
	s.do(sender.Look(s.t.Context()))
	sender.Settle()
}

func (s *scene) dead() (ids []int64) {
	s.t.Helper()
	all, err := s.store.DeadDeliveries(s.t.Context(), s.shop.DID, 0, 1000)
	s.do(err)
	for _, d := range all {
		if d.Failure == "" || d.GivenUp == 0 {
			s.t.Errorf("given up without a reason or a time: %+v", d)
		}
		ids = append(ids, d.Seq)
	}
	return ids
}

// A decision's event survives a stop between decision and delivery, and comes once.
func TestDeliveryAfterAStop(t *testing.T) {
	s := newScene(t)
	e := newEndpoint(t)
	h := s.give().Held[0] // its events are older than the webhook
	s.hook(e.URL)
	s.do(s.withdraw(h))
	s.reopen()
	s.carry()
	s.carry()
	all, err := s.store.Events(t.Context(), s.shop.DID, 0, 100)
	s.do(err)
	last, _ := json.Marshal(all[len(all)-1])
	var event struct{ ID string }
	s.do(json.Unmarshal(last, &event))
	if got, asked := e.taken(); !slices.Equal(got, []string{event.ID}) || asked != 1 {
		t.Errorf("it took %v in %d attempts, want %s in one", got, asked, event.ID)
	}
}

func TestRetriesAndTheDeadList(t *testing.T) {
	s := newScene(t)
	e := newEndpoint(t)
	s.hook(e.URL)
	e.answers(500)
	s.give() // answered, live, live
	begun := s.clock.Now()
	s.carry()
	if _, asked := e.taken(); asked != 1 {
		t.Errorf("a webhook that fails is asked %d times in one go, want once", asked)
	}
	s.clock.Add(hooks.FirstPause - time.Second)
	s.carry()
	if _, asked := e.taken(); asked != 0 {
		t.Errorf("asked %d times before the pause was over", asked)
	}
	attempts := 1
	for s.clock.Now().Before(begun.Add(hooks.GiveUpAfter)) {
		s.clock.Add(30 * time.Second)
		s.reopen() // at any moment
		s.carry()
		_, asked := e.taken()
		attempts += asked
		if n := len(s.dead()); n != 0 && s.clock.Now().Sub(begun) < hooks.GiveUpAfter {
			t.Fatalf("%d given up after %v", n, s.clock.Now().Sub(begun))
		}
		s.clock.Add(9*time.Minute + 30*time.Second)
	}
	if attempts < 60 || attempts > 120 {
		t.Errorf("%d attempts in %v; want them to slow down to about one an hour", attempts, hooks.GiveUpAfter)
	}
	s.clock.Add(hooks.LongestWait)
	s.carry()
	if dead := s.dead(); len(dead) != 3 {
		t.Fatalf("given up: %v, want all three", dead)
	}
	e.taken()
	s.clock.Add(24 * time.Hour)
	s.carry()
	if _, asked := e.taken(); asked != 0 {
		t.Errorf("what was given up was tried %d times more", asked)
	}
	queues, err := s.store.Queues(t.Context())
	s.do(err)
	if len(queues) != 1 || queues[0].Dead != 3 || queues[0].Waiting != 0 || queues[0].Failures == 0 {
		t.Errorf("the operator sees %+v", queues)
	}

	e.answers(http.StatusNoContent)
	n, err := s.store.RetryDeliveries(t.Context(), s.shop.DID, []int64{2, 77}, s.clock.Now())
	s.do(err)
	s.carry()
	if got, _ := e.taken(); n != 1 || !slices.Equal(got, []string{"2"}) {
		t.Errorf("%d queued again, it took %v", n, got)
	}
	n, err = s.store.RetryDeliveries(t.Context(), s.shop.DID, nil, s.clock.Now())
	s.do(err)
	s.carry()
	if got, _ := e.taken(); n != 2 || !slices.Equal(got, []string{"1", "3"}) || s.dead() != nil {
		t.Errorf("%d queued again, it took %v, dead %v", n, got, s.dead())
	}
}

// One event that an endpoint chokes on holds up no other.
func TestOneBadEventHoldsUpNoOther(t *testing.T) {
	s := newScene(t)
	e := newEndpoint(t)
	e.choke = "1"
	s.hook(e.URL)
	s.give()
	s.carry()
	s.clock.Add(hooks.FirstPause)
	s.carry()
	if got, _ := e.taken(); !slices.Equal(got, []string{"2", "3"}) {
		t.Errorf("it took %v, want what came behind the bad one", got)
	}
	e.choke = ""
	s.clock.Add(2 * hooks.FirstPause)
	s.carry()
	if got, _ := e.taken(); !slices.Equal(got, []string{"1"}) {
		t.Errorf("it took %v, want the bad one at last", got)
	}
}

// A webhook that works again gets at once what waited for it.
func TestAWebhookThatComesBack(t *testing.T) {
	s := newScene(t)
	e := newEndpoint(t)
	s.hook(e.URL)
	e.answers(503)
	s.give()
	for range 12 {
		s.carry()
		s.clock.Add(hooks.LongestWait)
	}
	e.taken()
	e.answers(http.StatusNoContent)
	s.carry()
	s.carry()
	if got, _ := e.taken(); len(got) != 3 {
		t.Errorf("it took %v, want all three at once", got)
	}
}

// What is new waits for the pause of its webhook like what is old, and not for more: the
// first success lets everything go.
func TestTheNewWaitsWithTheOld(t *testing.T) {
	s := newScene(t)
	e := newEndpoint(t)
	s.hook(e.URL)
	e.answers(http.StatusGone)
	s.give()
	s.carry()
	e.answers(http.StatusNoContent)
	e.taken()
	s.give()
	s.carry()
	if got, asked := e.taken(); asked != 0 {
		t.Fatalf("asked %d times within the pause, it took %v", asked, got)
	}
	_, err := s.store.RetryDeliveries(t.Context(), s.shop.DID, []int64{1}, s.clock.Now())
	s.do(err)
	s.carry()
	s.carry()
	if got, _ := e.taken(); !slices.Equal(got, []string{"1", "4", "5", "6"}) {
		t.Errorf("it took %v, want what its business asked for and then all that is new", got)
	}
}

func TestGoneGivesUpAtOnce(t *testing.T) {
	s := newScene(t)
	e := newEndpoint(t)
	s.hook(e.URL)
	e.answers(http.StatusGone)
	s.give()
	s.carry()
	if dead := s.dead(); len(dead) != 3 {
		t.Errorf("given up: %v, want all three", dead)
	}
}

func TestWebhookChanges(t *testing.T) {
	s := newScene(t)
	first, second := newEndpoint(t), newEndpoint(t)
	_, _, err := s.store.Webhook(t.Context(), s.shop.DID)
	wants(t, err, consent.ErrNotFound)
	s.hook(first.URL)
	h := s.give().Held[0]
	w, _ := s.shop.Webhook(second.URL)
	wants(t, s.store.PutWebhook(t.Context(), w, hooks.NewKey()), consentdb.ErrStale)
	s.clock.Add(time.Second)
	s.hook(second.URL)
	s.carry()
	if got, _ := first.taken(); got != nil {
		t.Errorf("the old webhook still gets %v", got)
	}
	if got, _ := second.taken(); len(got) != 3 {
		t.Errorf("the new webhook gets %v", got)
	}
	s.clock.Add(time.Second)
	s.do(s.withdraw(h))
	s.hook("")
	_, _, err = s.store.Webhook(t.Context(), s.shop.DID)
	wants(t, err, consent.ErrNotFound)
	s.carry()
	if got, _ := second.taken(); got != nil {
		t.Errorf("a webhook that was taken back gets %v", got)
	}
	if kinds := s.heard(h.Grant); !slices.Contains(kinds, consentdb.EventWithdrawn) {
		t.Error("without a webhook the event is gone")
	}
	// Another business's events go nowhere near.
	other := consenttest.NewShop(s.clock.Now)
	s.register(other)
	if all, err := s.store.DueWebhooks(t.Context(), s.clock.Now().Add(time.Hour)); err != nil || all != nil {
		t.Errorf("due: %v, %v", all, err)
	}
}
