package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/consent/business"
	"coffer/internal/id"
)

// The list says what is due when, and its exit status is 1 while one is overdue.
func TestListRights(t *testing.T) {
	sent := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	one := func(change func(*business.RightsCase)) business.RightsCase {
		c := business.RightsCase{V: 1, ID: id.New[id.Rights](), Times: consent.RightsTimes{Sent: consent.UnixAt(sent)},
			Request: consent.RightsRequest{Regime: consent.RegimeGDPR, Right: consent.RightErasure}}
		change(&c)
		return c
	}
	open := one(func(*business.RightsCase) {})
	for name, c := range map[string]struct {
		c       business.RightsCase
		now     time.Time
		want    string
		overdue bool
	}{
		"open":           {open, sent, "sent          due 2026-03-02, 30 days left", false},
		"overdue":        {open, sent.AddDate(0, 2, 0), "overdue       due 2026-03-02", true},
		"answered":       {one(func(c *business.RightsCase) { c.Times.Answered = consent.UnixAt(sent.AddDate(0, 2, 0)) }), sent.AddDate(0, 3, 0), "answered      on 2026-03-31", false},
		"erased":         {one(func(c *business.RightsCase) { c.Erased = true }), sent.AddDate(0, 3, 0), "erased", false},
		"does not stand": {one(func(c *business.RightsCase) { c.Refused = "wrong-rights" }), sent, "does not stand: wrong-rights", false},
	} {
		var out strings.Builder
		err := listRights(&out, []business.RightsCase{c.c}, c.now)
		if !strings.Contains(out.String(), c.want) || errors.Is(err, errFindings) != c.overdue {
			t.Errorf("%s: %q, %v", name, out.String(), err)
		}
	}
}
