package oauth_test

import (
	"net/url"
	"testing"

	"coffer/anchor"
	"coffer/consent"
	"coffer/consent/consentdb"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

// into pushes a request that merges into, or replaces, what a client got.
func (p prover) into(mode consent.ReplaceMode, name id.Approval, grants ...id.Grant) (consent.Request, reply) {
	q := p.shop.Request(consenttest.Replacing(mode, grants...))
	form := wish(q, set("grant_management_action", string(mode)), set("grant_id", name.String()))
	return q, p.client("/oauth/par", form, with(p.proof("POST", "/oauth/par", "")))
}

// giveAgain answers such a request; the old grants that end by it come with their ends.
func (p prover) giveAgain(q consent.Request, person *consenttest.Shopper, choice consenttest.Choice, old []*consenttest.Held) (*consenttest.Answer, url.Values) {
	p.t.Helper()
	d := person.Decide(q, choice)
	kept := person.Stored(d)
	var standing []consent.Grant
	by := map[id.Grant]*consenttest.Held{}
	for _, h := range old {
		by[h.Grant] = h
		standing = append(standing, consent.Grant{ID: h.Grant, PurposeID: h.Given.Purpose, Purpose: h.Purpose.Purpose, State: consent.StateLive, End: h.Entry.End})
	}
	for _, r := range d.Replacements(q, standing, p.clock.Now()) {
		h := by[r.Old]
		kept.Replaced = append(kept.Replaced, consentdb.Replaced{Replacement: r, Kind: q.Replaces.Mode.Kind(),
			Entry: h.Withdraw(anchor.EpochAt(p.clock.Now())), Receipt: person.WithdrawalReceipt(h)})
	}
	return d, p.decided(q, kept)
}

func states(got tokens) map[id.Grant]consent.State {
	out := map[id.Grant]consent.State{}
	for _, d := range got.Details {
		for _, g := range d.Grants {
			out[g.Grant] = g.State
		}
	}
	return out
}

// Merging gives the same grant_id again: what is given takes the place of the grants of
// its name, the others stay, and old refresh tokens give way.
func TestMerge(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, d, person := p.approved()
	delivery, marketing := d.Held[0], d.Held[1]
	q, pushed := p.into(consent.ReplaceMerge, got.GrantID, marketing.Grant)
	pushed.is(201, "")
	again, query := p.giveAgain(q, person, consenttest.Choice{"marketing": {"shoe-size"}}, d.Held)
	if !p.works(got.Access) {
		t.Fatal("deciding ended the tokens")
	}
	next := p.redeem(query.Get("code")).tokens()
	if next.GrantID != got.GrantID {
		t.Fatalf("another grant_id: %s", next.GrantID)
	}
	have := states(next)
	if len(have) != 2 || have[delivery.Grant] != consent.StateAnchoring || have[again.Held[0].Grant] != consent.StateAnchoring {
		t.Fatalf("%v", have)
	}
	p.refresh(got.Refresh).is(400, "invalid_grant")
	p.refresh(next.Refresh).tokens()
	if !p.works(next.Access) || !p.works(got.Access) {
		t.Fatal("a token does not work")
	}
}

// Replacing ends all that stood before, once something is given.
func TestReplace(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, d, person := p.approved()
	q, pushed := p.into(consent.ReplaceAll, got.GrantID, d.Held[0].Grant, d.Held[1].Grant)
	pushed.is(201, "")
	again, query := p.giveAgain(q, person, consenttest.Choice{"delivery": {"name", "postal-address"}}, d.Held)
	next := p.redeem(query.Get("code")).tokens()
	have := states(next)
	if next.GrantID != got.GrantID || len(have) != 2 || have[d.Held[1].Grant] != consent.StateWithdrawn ||
		have[again.Held[0].Grant] != consent.StateAnchoring {
		t.Fatalf("%v", have)
	}

	// Who gives nothing changes nothing.
	q, pushed = p.into(consent.ReplaceAll, got.GrantID, again.Held[0].Grant)
	pushed.is(201, "")
	_, query = p.giveAgain(q, person, nil, again.Held)
	if query.Get("error") != "access_denied" {
		t.Fatalf("%v", query)
	}
	if have := states(p.refresh(next.Refresh).tokens()); have[again.Held[0].Grant] != consent.StateAnchoring {
		t.Fatalf("%v", have)
	}
}

// What is pushed and what is signed must say the same, about a grant_id of this client.
func TestMergeRefused(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, d, person := p.approved()
	other, e, _ := p.approved()
	r, _ := p.pushed(with(p.proof("POST", "/oauth/par", "")))
	elsewhere := person.Decide(r, consenttest.Both) // of the same shopper, under another approval
	p.decided(r, person.Stored(elsewhere))
	delivery, marketing := d.Held[0].Grant, d.Held[1].Grant
	merge := func(name id.Approval, grants ...id.Grant) reply {
		_, r := p.into(consent.ReplaceMerge, name, grants...)
		return r
	}
	merge(id.New[id.Approval](), delivery).is(400, "invalid_grant_id")
	merge(got.GrantID, delivery, e.Held[0].Grant).is(400, "invalid_authorization_details")
	merge(got.GrantID, delivery, elsewhere.Held[0].Grant).is(400, "invalid_authorization_details")
	_, some := p.into(consent.ReplaceAll, got.GrantID, delivery)
	some.is(400, "invalid_authorization_details")
	q := s.shop.Request(consenttest.Replacing(consent.ReplaceMerge, delivery))
	s.client("/oauth/par", wish(q, set("grant_management_action", "replace"), set("grant_id", got.GrantID.String()))).is(400, "invalid_authorization_details")
	s.client("/oauth/par", wish(q)).is(400, "invalid_authorization_details")
	s.client("/oauth/par", wish(s.shop.Request(), set("grant_management_action", "merge"), set("grant_id", got.GrantID.String()))).is(400, "invalid_authorization_details")
	s.client("/oauth/par", wish(q, set("grant_management_action", "merge"), set("grant_id", "x"))).is(400, "invalid_grant_id")
	stranger := s.register(consent.BusinessActive)
	theirs := stranger.Request(consenttest.Replacing(consent.ReplaceMerge, delivery))
	s.clientAs(stranger, "/oauth/par", wish(theirs, set("grant_management_action", "merge"), set("grant_id", got.GrantID.String()))).is(400, "invalid_grant_id")

	p.manage("DELETE", other)
	merge(other.GrantID, e.Held[0].Grant).is(400, "invalid_grant_id")
	merge(got.GrantID, marketing).is(201, "")
}

// An approval that ends between question and answer stays ended; the answer is a new one.
func TestMergeIntoWhatEnded(t *testing.T) {
	s := newServer(t)
	p := s.prover()
	got, d, person := p.approved()
	q, pushed := p.into(consent.ReplaceMerge, got.GrantID, d.Held[1].Grant)
	pushed.is(201, "")
	_, query := p.giveAgain(q, person, consenttest.Choice{"marketing": {"shoe-size"}}, d.Held)
	p.manage("DELETE", got)
	next := p.redeem(query.Get("code")).tokens()
	if next.GrantID == got.GrantID || p.works(got.Access) {
		t.Fatal("an ended approval came to life")
	}
}
