package business_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

// An operator that says that another shopper's grant took the place of one gets the
// business to collect nothing under it, by whatever way it says so.
func TestAnotherShoppersGrantIsNoSuccessor(t *testing.T) {
	for name, say := range map[string]func(o *operator, b *business.Business, g, next id.Grant) error{
		"when it is collected": func(*operator, *business.Business, id.Grant, id.Grant) error { return nil },
		"by an event": func(o *operator, b *business.Business, g, next id.Grant) error {
			o.tell("narrowed", id.Request{}, g)
			o.events[len(o.events)-1]["successor"] = next
			_, err := b.Poll(o.t.Context(), nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOperator(t)
			b, dir := o.shop()
			g := o.give(o.asked(b), "delivery", goods)
			_, err := b.Collect(t.Context(), g)
			o.check(err)
			next := o.give(o.asked(b), "delivery", goods)
			o.mu.Lock()
			o.grants[g].state, o.grants[g].successor = consent.StateReplaced, next
			o.mu.Unlock()
			o.check(say(o, b, g, next))
			for range 2 {
				if c, err := b.Collect(t.Context(), g); !errors.Is(err, business.ErrLetter) || len(c.Values) != 0 {
					t.Fatalf("collected %v: %v", c.Values, err)
				}
			}
			if _, err := b.Send(t.Context(), g, "Boots", "Boots"); !errors.Is(err, business.ErrLetter) && !errors.Is(err, consent.Replaced) {
				t.Errorf("sent: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, "letters", g.String()+".json")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the old keys are still there: %v", err)
			}
		})
	}
}
