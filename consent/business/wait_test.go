package business_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

// Wait asks ever more seldom, through trouble and through an answer whose grant is not
// on the ledger yet; after it the values can be collected.
func TestWait(t *testing.T) {
	o := newOperator(t)
	var request id.Request
	var grant id.Grant
	var pauses []time.Duration
	turns := []func(){
		func() {},
		func() { o.fails("GET /business/v1/requests/{id}", trouble{status: 404, code: "down"}) },
		func() {
			grant = o.give(request, "delivery", goods, func(g *given) { g.state = consent.StateAnchoring })
		},
		func() { o.grants[grant].state = consent.StateLive },
	}
	b, err := business.Create(filepath.Join(t.TempDir(), "shop"), o.profile(), append(o.options(), business.WithWait(func(ctx context.Context, d time.Duration) error {
		o.mu.Lock()
		due := len(turns) > 0 && d >= time.Second // shorter ones are between attempts
		o.mu.Unlock()
		if due {
			pauses = append(pauses, d)
			turns[0]()
			turns = turns[1:]
		}
		return ctx.Err()
	}))...)
	o.check(err)
	defer b.Close()
	_, err = b.Register(t.Context())
	o.check(err)
	request = o.asked(b)
	s, err := b.Wait(t.Context(), request)
	if !errors.Is(err, business.ErrNotFound) {
		t.Fatalf("what does not pass ends it: %v", err)
	}
	s, err = b.Wait(t.Context(), request)
	if err != nil || s.State != business.RequestAnswered || s.Purposes[0].Grant != grant {
		t.Fatalf("waited for %+v, %v", s, err)
	}
	if len(turns) != 0 || pauses[1] <= pauses[0] {
		t.Errorf("%d turns left, pauses %v", len(turns), pauses)
	}
	if _, err := b.Collect(t.Context(), grant); err != nil {
		t.Errorf("collecting after Wait: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Wait(ctx, o.asked(b)); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for nobody: %v", err)
	}
}

// Wait asks not before the operator wants to be asked, whether it says so with an answer
// or with a problem; one that asks for a day is not believed.
func TestWaitIsPatient(t *testing.T) {
	const ask = "GET /business/v1/requests/{id}"
	for name, c := range map[string]struct {
		says func(*operator)
		want time.Duration
	}{
		"open": {func(o *operator) { o.again = 90 * time.Second }, 90 * time.Second},
		"too many": {func(o *operator) {
			o.fails(ask, slices.Repeat([]trouble{{status: 429, code: "too-many", again: 40}}, 5)...)
		}, 40 * time.Second},
		"a day": {func(o *operator) { o.again = 24 * time.Hour }, 10 * time.Minute},
		"soon":  {func(o *operator) { o.again = time.Second }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOperator(t)
			var longest time.Duration
			b, err := business.Create(filepath.Join(t.TempDir(), "shop"), o.profile(), business.WithClock(o.clock), business.WithWait(func(ctx context.Context, d time.Duration) error {
				if longest = max(longest, d); longest >= c.want {
					return context.Canceled // asked enough
				}
				return ctx.Err()
			}))
			o.check(err)
			defer b.Close()
			_, err = b.Register(t.Context())
			o.check(err)
			request := o.asked(b)
			c.says(o)
			if _, err := b.Wait(t.Context(), request); !errors.Is(err, context.Canceled) || longest != c.want {
				t.Errorf("waited for %v, want %v; %v", longest, c.want, err)
			}
		})
	}
}
