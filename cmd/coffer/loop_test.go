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

// What is owed is listed with its day, whatever it is about; the exit status is 1 while
// something is late.
func TestListDuties(t *testing.T) {
	start := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	loop := business.Loop{Grant: id.New[id.Grant](), Event: consent.EndWithdrawn, Notified: consent.UnixAt(start)}
	stated := loop
	stated.Stated = consent.UnixAt(start.Add(time.Hour))
	demand := business.RightsCase{V: 1, ID: id.New[id.Rights](), Times: consent.RightsTimes{Sent: consent.UnixAt(start)},
		Request: consent.RightsRequest{Regime: consent.RegimeGDPR, Right: consent.RightErasure}}
	answered, gone, forged := demand, demand, demand
	answered.Times.Answered = consent.UnixAt(start.Add(time.Hour))
	gone.Erased = true
	forged.Refused = "bad-signature"
	for name, c := range map[string]struct {
		loops    []business.Loop
		cases    []business.RightsCase
		in       time.Duration
		all      bool
		want     string
		findings bool
	}{
		"nothing":                   {want: "nothing is owed"},
		"an acknowledgement":        {loops: []business.Loop{loop}, want: "2026-02-03"},
		"late":                      {loops: []business.Loop{loop}, in: 80 * time.Hour, want: "acknowledgement", findings: true},
		"very late":                 {loops: []business.Loop{loop}, in: 31 * 24 * time.Hour, want: "statement", findings: true},
		"stated":                    {loops: []business.Loop{stated}, in: 31 * 24 * time.Hour, want: "nothing is owed"},
		"an answer":                 {cases: []business.RightsCase{demand}, want: "2026-03-02"},
		"a late answer":             {cases: []business.RightsCase{demand}, in: 40 * 24 * time.Hour, want: "answer", findings: true},
		"answered":                  {cases: []business.RightsCase{answered}, in: 40 * 24 * time.Hour, want: "nothing is owed"},
		"answered, and all":         {cases: []business.RightsCase{answered}, in: 40 * 24 * time.Hour, all: true, want: "erasure"},
		"of a vault that is erased": {cases: []business.RightsCase{gone}, in: 40 * 24 * time.Hour, want: "nothing is owed"},
		"not by the shopper":        {cases: []business.RightsCase{forged}, in: 40 * 24 * time.Hour, want: "nothing is owed"},
	} {
		var out strings.Builder
		err := listDuties(&out, c.loops, c.cases, start.Add(c.in), c.all)
		if !strings.Contains(out.String(), c.want) || errors.Is(err, errFindings) != c.findings {
			t.Errorf("%s: %q, %v", name, out.String(), err)
		}
	}
}
