package oauth_test

import (
	"strings"
	"testing"
	"time"

	"coffer/anchor/anchortest"
	"coffer/consent"
	"coffer/consent/consenttest"
)

// A shopper's change keeps an approval and its tokens: in the place of the old grant is
// its successor, and the refresh token lives through a pause of everything, and as long
// as the last successor.
func TestAnApprovalFollowsChanges(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, d, person := p.approved()
	ledger := anchortest.NewMemory(consenttest.Chain, s.clock.Now)
	drain := func() {
		t.Helper()
		if _, err := s.store.Outbox(ledger, s.clock.Now, s.options.Log).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	change := func(h *consenttest.Held, kind consent.ChangeKind) *consenttest.Held {
		t.Helper()
		c := person.Change(d.Request, h, kind, consenttest.To{})
		if err := s.store.Change(t.Context(), c.Stored(d.Request)); err != nil {
			t.Fatal(err)
		}
		drain()
		return c.Next
	}
	drain()
	query := func() string {
		t.Helper()
		details := must(marshal(p.manage("GET", got).json()["authorization_details"]))
		if introspected := must(marshal(s.introspect(got.Refresh)["authorization_details"])); introspected != details {
			t.Fatalf("introspection says %s, Grant Management %s", introspected, details)
		}
		return details
	}
	for _, h := range d.Held {
		change(h, consent.ChangePaused)
	}
	if text := query(); strings.Count(text, `"paused"`) != 2 {
		t.Fatal(text)
	}
	next := p.refresh(got.Refresh).tokens()
	if !p.works(next.Access) {
		t.Fatal("a paused approval has no token")
	}
	got.Access, got.Refresh = next.Access, next.Refresh
	var resumed []*consenttest.Held
	for _, h := range d.Held {
		resumed = append(resumed, change(h, consent.ChangeResumed))
	}
	text := query()
	for i, h := range resumed {
		if !strings.Contains(text, h.Grant.String()) || strings.Contains(text, d.Held[i].Grant.String()) {
			t.Fatal(text)
		}
		if yes, err := s.store.Approves(t.Context(), got.GrantID, h.Grant); err != nil || !yes {
			t.Errorf("the successor is not under the approval: %v", err)
		}
	}
	if strings.Count(text, `"live"`) != 2 {
		t.Fatal(text)
	}
	s.clock.Add(80 * 24 * time.Hour)
	for _, h := range resumed {
		if h.Purpose.Days == 90 {
			change(h, consent.ChangeRenewed)
		}
	}
	s.clock.Add(20 * 24 * time.Hour) // past the end of what was given at first
	if err := s.store.Expire(t.Context(), s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if last := p.refresh(got.Refresh).tokens(); !p.works(last.Access) {
		t.Fatal("the tokens ended although a grant was renewed")
	}
	if r := s.call("DELETE", "/oauth/grants/"+got.GrantID.String(), "Bearer", s.token()); r.code != 204 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	if strings.Contains(must(marshal(s.call("GET", "/oauth/grants/"+got.GrantID.String(), "Bearer", s.token()).json())), `"live"`) {
		t.Error("a successor outlives the approval that was given up")
	}
}
