package hooks

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"time"

	"coffer/consent"
)

// How deliveries are tried. By GiveUpAfter the acknowledgement is late as well, and
// people are at work.
const (
	FirstPause  = 5 * time.Second
	LongestWait = time.Hour
	GiveUpAfter = consent.AcknowledgeWithin

	lookEvery = time.Second
	atOnce    = 20 // deliveries of one business in one go
	// Webhooks that failed last time have lanes of their own: however many there are,
	// and however slowly they fail, the others do not wait for them.
	freeLanes    = 32
	failingLanes = 8
)

// Queue keeps what is to be delivered. Package consent/consentdb implements it.
type Queue interface {
	DueWebhooks(ctx context.Context, now time.Time) ([]consent.DueWebhook, error)
	DueDeliveries(ctx context.Context, business consent.DID, now time.Time, limit int) ([]consent.Delivery, error)
	Delivered(ctx context.Context, d consent.Delivery, now time.Time) error
	Failed(ctx context.Context, d consent.Delivery, f consent.FailedAttempt) (buried int, err error)
}

// Options are what a sender needs; all but Local must be set.
type Options struct {
	Queue Queue
	Clock func() time.Time
	Log   *slog.Logger
	// Local lets it dial this machine. Dangerous outside development.
	Local bool
	// Jitter is between 0 and 1, so that failed deliveries do not come back together.
	// Nil is random.
	Jitter func() float64
}

// Sender brings what is queued to its webhook. An attempt whose outcome was not kept,
// because the machine stopped, is made again: a delivery comes once or more.
type Sender struct {
	Options
	client *http.Client

	mu            sync.Mutex
	busy          map[consent.DID]bool // one at a time for each business
	free, failing int                  // lanes taken
	running       sync.WaitGroup
}

// New makes a sender. Call Run.
func New(o Options) *Sender {
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	return &Sender{Options: o, client: client(o.Local), busy: map[consent.DID]bool{}}
}

// Run delivers until the context ends, then lets what is under way end with it. It
// returns the context's error, and no other.
func (s *Sender) Run(ctx context.Context) error {
	defer s.running.Wait()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("looking for deliveries; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Look starts delivering whatever is due and has a lane. It waits for none of it.
func (s *Sender) Look(ctx context.Context) error {
	due, err := s.Queue.DueWebhooks(ctx, s.Clock())
	if err != nil {
		return err
	}
	for _, w := range due {
		if leave, ok := s.enter(w); ok {
			s.running.Go(func() {
				defer leave()
				s.serve(ctx, w.Business)
			})
		}
	}
	return nil
}

// Settle returns when everything that Look has started is over.
func (s *Sender) Settle() { s.running.Wait() }

// enter takes a lane for a business that is in none.
func (s *Sender) enter(w consent.DueWebhook) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lane, most := &s.free, freeLanes
	if w.Failures > 0 {
		lane, most = &s.failing, failingLanes
	}
	if s.busy[w.Business] || *lane == most {
		return nil, false
	}
	s.busy[w.Business] = true
	*lane++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.busy, w.Business)
		*lane--
	}, true
}

// serve delivers what is due for one business, until one fails.
func (s *Sender) serve(ctx context.Context, business consent.DID) {
	due, err := s.Queue.DueDeliveries(ctx, business, s.Clock(), atOnce)
	for _, d := range due {
		why := s.attempt(ctx, d)
		if ctx.Err() != nil {
			return // stopping is no failure of the endpoint
		}
		now := s.Clock()
		if why == "" {
			if err = s.Queue.Delivered(ctx, d, now); err != nil {
				break
			}
			continue
		}
		var buried int
		buried, err = s.Queue.Failed(ctx, d, s.after(d, why, now))
		s.Log.Warn("a webhook does not take its events", "business", d.Business, "why", string(why), "failures", d.Failures+1)
		if buried > 0 {
			s.Log.Error("events were given up; see: cofferd business deliveries", "business", d.Business, "events", buried)
		}
		break
	}
	if err != nil && ctx.Err() == nil {
		s.Log.Error("delivering", "business", business, "error", err)
	}
}

// after says what a failure means for this event and for the others of its webhook.
func (s *Sender) after(d consent.Delivery, why consent.Failure, now time.Time) consent.FailedAttempt {
	f := consent.FailedAttempt{
		Why: why, Happened: now, Again: now.Add(s.pause(d.Attempts)), Hold: now.Add(s.pause(d.Failures)),
		GiveUp: now.Add(-GiveUpAfter),
	}
	if why == consent.FailedGone {
		f.GiveUp = now // it wants none of what waits
	}
	return f
}

// pause doubles with every failure, and is between half and all of that.
func (s *Sender) pause(failed int) time.Duration {
	p := LongestWait
	if failed < 20 {
		p = min(FirstPause<<failed, LongestWait)
	}
	return p/2 + time.Duration(s.Jitter()*float64(p/2))
}

// attempt posts one delivery and returns why it failed, or "".
func (s *Sender) attempt(ctx context.Context, d consent.Delivery) consent.Failure {
	headers, err := sign(d, s.Clock())
	if err != nil {
		return consent.FailedUnreachable
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return consent.FailedUnreachable
	}
	for key, value := range headers {
		r.Header.Set(key, value)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Coffer")
	res, err := s.client.Do(r)
	switch {
	case errors.Is(err, errForbidden):
		return consent.FailedForbidden
	case errors.Is(err, context.DeadlineExceeded) || os.IsTimeout(err):
		return consent.FailedTimeout
	case err != nil:
		return consent.FailedUnreachable
	}
	res.Body.Close() // unread: it is a stranger's
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return ""
	case res.StatusCode == http.StatusGone:
		return consent.FailedGone
	}
	return consent.FailedRefused
}
