package consent_test

import (
	"slices"
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

func TestReplacements(t *testing.T) {
	f := newFixture(t)
	name := ident[id.Grant]
	grant := func(label, purpose string) consent.Grant {
		a, _ := f.request.Purpose(purpose)
		return consent.Grant{ID: name(label), PurposeID: purpose, Purpose: a.Purpose, State: consent.StateLive, End: thisHour + 24}
	}
	other := grant("other", "delivery")
	other.Purpose = "https://w3id.org/dpv#CustomerCare"
	over, paused, expired := grant("over", "delivery"), grant("paused", "delivery"), grant("expired", "delivery")
	over.State, paused.State, expired.End = consent.StateWithdrawn, consent.StatePaused, thisHour
	all := []consent.Grant{grant("old", "delivery"), grant("mail", "marketing"), other, over, paused, expired}
	next := f.decision.Give[0].Grant // delivery; marketing is refused
	for _, c := range []struct {
		name   string
		mode   consent.ReplaceMode
		grants []string
		want   []consent.Replacement
	}{
		{"given", consent.ReplaceMerge, []string{"old"}, []consent.Replacement{{Old: name("old"), Next: next}}},
		{"refused stays", consent.ReplaceMerge, []string{"mail"}, nil},
		{"refused ends", consent.ReplaceAll, []string{"mail", "old"}, []consent.Replacement{{Old: name("mail")}, {Old: name("old"), Next: next}}},
		{"for another purpose now", consent.ReplaceMerge, []string{"other"}, []consent.Replacement{{Old: name("other")}}},
		{"over, expired or unknown", consent.ReplaceAll, []string{"over", "expired", "unknown"}, nil},
		{"paused", consent.ReplaceMerge, []string{"paused", "old"}, []consent.Replacement{{Old: name("paused"), Next: next}, {Old: name("old"), Next: next}}},
	} {
		q := f.request
		q.Replaces = replaces(c.grants...)
		q.Replaces.Mode = c.mode
		if have := f.decision.Replacements(q, all, now.Add(time.Minute)); !slices.Equal(have, c.want) {
			t.Errorf("%s: %v", c.name, have)
		}
		nothing := f.decision
		nothing.Give = nil
		if have := nothing.Replacements(q, all, now); have != nil {
			t.Errorf("%s, but nothing given: %v", c.name, have)
		}
	}
	if have := f.decision.Replacements(f.request, all, now); have != nil {
		t.Errorf("replaces nothing: %v", have)
	}
}
