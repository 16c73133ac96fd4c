package consent_test

import (
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

// demand is the rights request of the vectors.
func demand(f fixture) consent.RightsRequest {
	return consent.RightsRequest{V: 1, ID: ident[id.Rights]("rights"), Iss: f.person.DID, Aud: f.shop.DID, Operator: operator,
		Time: consent.UnixAt(now), Regime: consent.RegimeGDPR, Right: consent.RightErasure, Grants: []id.Grant{f.letter.Grant},
		Attributes: []string{"phone"}, Text: "Please delete my number.\nThank you.", AgreementKey: public(f.personAgree), Nonce: consent.Secret(seed("rights nonce"))}
}

func reply(q consent.RightsRequest) consent.RightsReply {
	r := consent.NewRightsReply(q, consent.RightsAnswered, consent.OutcomeRefused, "We owe the tax office an invoice with it until 2035.", now.Add(48*time.Hour))
	r.Nonce = consent.Secret(seed("reply nonce"))
	return r
}

func moment(t testing.TB, s string) time.Time {
	t.Helper()
	if len(s) == len(time.DateOnly) {
		s += "T12:00:00Z"
	}
	return must(time.Parse(time.RFC3339, s))
}

// The legal clocks, at the ends of months and years, around weekends and leap days.
func TestRightsClock(t *testing.T) {
	for _, c := range []struct {
		name           string
		regime         consent.Regime
		right          consent.RightsKind
		sent, due      string
		extended, due2 string // due2 is the due day once it was extended
	}{
		{"an ordinary month", consent.RegimeGDPR, consent.RightAccess, "2026-03-05", "2026-04-06", "2026-04-01", "2026-06-05"}, // 5 April is a Sunday
		{"no 31st in the next month", consent.RegimeGDPR, consent.RightAccess, "2026-08-31", "2026-09-30", "2026-09-30", "2026-11-30"},
		{"January to February", consent.RegimeGDPR, consent.RightErasure, "2026-01-31", "2026-03-02", "2026-02-01", "2026-04-30"}, // 28 February is a Saturday
		{"January to a leap February", consent.RegimeGDPR, consent.RightErasure, "2028-01-31", "2028-02-29", "2028-02-29", "2028-05-01"},
		{"over the year's end", consent.RegimeGDPR, consent.RightObjection, "2025-12-31", "2026-02-02", "2026-01-15", "2026-03-31"},                                    // 31 January is a Saturday
		{"three months from the first day, not from the clamped one", consent.RegimeGDPR, consent.RightAccess, "2026-11-30", "2026-12-30", "2026-12-30", "2027-03-01"}, // 28 February 2027 is a Sunday
		{"the last second of a day", consent.RegimeGDPR, consent.RightAccess, "2026-06-10T23:59:59Z", "2026-07-10", "2026-07-10T23:59:59Z", "2026-09-10"},
		{"the first second of the next", consent.RegimeGDPR, consent.RightAccess, "2026-06-11T00:00:00Z", "2026-07-13", "", ""}, // 11 July is a Saturday
		{"elsewhere it is tomorrow already", consent.RegimeGDPR, consent.RightAccess, "2026-06-11T00:30:00+02:00", "2026-07-10", "", ""},
		{"45 days, weekend or not", consent.RegimeCCPA, consent.RightKnow, "2026-01-31", "2026-03-17", "2026-03-17", "2026-05-01"},
		{"45 days over a leap day", consent.RegimeCCPA, consent.RightDelete, "2028-01-31", "2028-03-16", "2028-03-16", "2028-04-30"},
		{"an opt-out is due in 15 business days", consent.RegimeCCPA, consent.RightOptOut, "2026-01-30", "2026-02-20", "", ""},
		{"an opt-out is not extended", consent.RegimeCCPA, consent.RightOptOut, "2026-01-30", "2026-02-20", "2026-02-01", "2026-02-20"},
		{"an extension that came too late", consent.RegimeGDPR, consent.RightAccess, "2026-06-10", "2026-07-10", "2026-07-11T00:00:00Z", "2026-07-10"},
		{"a late one under the CCPA", consent.RegimeCCPA, consent.RightKnow, "2026-01-31", "2026-03-17", "2026-03-18", "2026-03-17"},
	} {
		q := consent.RightsRequest{Regime: c.regime, Right: c.right}
		times := consent.RightsTimes{Sent: consent.UnixAt(moment(t, c.sent))}
		if due := q.Due(times).Format(time.DateOnly); due != c.due {
			t.Errorf("%s: due on %s, want %s", c.name, due, c.due)
		}
		if c.extended == "" {
			continue
		}
		times.Extended = consent.UnixAt(moment(t, c.extended))
		if due := q.Due(times).Format(time.DateOnly); due != c.due2 {
			t.Errorf("%s: extended to %s, want %s", c.name, due, c.due2)
		}
	}
}

func TestRightsState(t *testing.T) {
	q := consent.RightsRequest{Regime: consent.RegimeGDPR, Right: consent.RightAccess}
	at := func(s string) consent.Unix { return consent.UnixAt(moment(t, s)) }
	sent := consent.RightsTimes{Sent: at("2026-06-10")}
	with := func(f func(*consent.RightsTimes)) consent.RightsTimes { x := sent; f(&x); return x }
	acknowledged := with(func(x *consent.RightsTimes) { x.Acknowledged = at("2026-06-11") })
	extended := with(func(x *consent.RightsTimes) { x.Acknowledged, x.Extended = at("2026-06-11"), at("2026-07-01") })
	for _, c := range []struct {
		name  string
		times consent.RightsTimes
		now   string
		want  consent.RightsState
		left  int
	}{
		{"just sent", sent, "2026-06-10", consent.StateRightsSent, 30},
		{"acknowledged", acknowledged, "2026-06-12", consent.StateRightsAcknowledged, 28},
		{"its last second", sent, "2026-07-10T23:59:59Z", consent.StateRightsSent, 0},
		{"one second later", sent, "2026-07-11T00:00:00Z", consent.StateRightsOverdue, -1},
		{"extended", extended, "2026-07-11", consent.StateRightsExtended, 61},
		{"overdue in spite of it", extended, "2026-09-11", consent.StateRightsOverdue, -1},
		{"answered, late as it may be", with(func(x *consent.RightsTimes) { x.Answered = at("2026-10-01") }), "2026-12-01", consent.StateRightsAnswered, -144},
	} {
		if got := q.State(c.times, moment(t, c.now)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if left := q.DaysLeft(c.times, moment(t, c.now)); left != c.left {
			t.Errorf("%s: %d days left, want %d", c.name, left, c.left)
		}
	}
}

// What the operator sees does not tell a request with a text from one without, nor one
// right from another.
func TestRightsLookAlike(t *testing.T) {
	f := newFixture(t)
	bare := demand(f)
	bare.Text, bare.Attributes, bare.Right = "", nil, consent.RightAccess
	if a, b := len(demand(f).Payload()), len(bare.Payload()); a != b || a%1024 != 0 {
		t.Errorf("%d and %d bytes", a, b)
	}
}

func TestRightsArrive(t *testing.T) {
	f := newFixture(t)
	q := must(f.person.SignRights(demand(f)))
	if err := q.Arrives(f.shop.DID, operator, q.Time+60); err != nil {
		t.Fatal(err)
	}
	code(t, q.Arrives(businessKey("other shop").DID, operator, q.Time), consent.WrongAudience)
	code(t, q.Arrives(f.shop.DID, "https://other.example", q.Time), consent.WrongAudience)
	code(t, q.Arrives(f.shop.DID, operator, q.Time-301), consent.NotYet)
	code(t, q.Arrives(f.shop.DID, operator, q.Time+901), consent.Expired)

	mine := func(id.Grant) (consent.Receipt, bool) { return f.receipt, true }
	if err := q.From(mine); err != nil {
		t.Fatal(err)
	}
	code(t, q.From(func(id.Grant) (consent.Receipt, bool) { return consent.Receipt{}, false }), consent.WrongRights)
	another := demand(f)
	another.Grants = append(another.Grants, ident[id.Grant]("x"))
	code(t, must(f.person.SignRights(another)).From(mine), consent.WrongRights)
	stranger := demand(f)
	stranger.Iss = personKey("x").DID
	code(t, must(personKey("x").SignRights(stranger)).From(mine), consent.WrongRights)
}

func FuzzRightsRequest(f *testing.F) {
	x := newFixture(f)
	f.Add(demand(x).Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.RightsRequest, error) { return consent.ParseRightsRequest(b, x.person.DID) }, consent.RightsRequest.Payload)
	})
}

func FuzzRightsReply(f *testing.F) {
	x := newFixture(f)
	f.Add(reply(must(x.person.SignRights(demand(x)))).Payload())
	f.Fuzz(func(t *testing.T, in []byte) {
		again(t, in, func(b []byte) (consent.RightsReply, error) { return consent.ParseRightsReply(b, x.shop.DID) }, consent.RightsReply.Payload)
	})
}
