package audit

import (
	"crypto/ecdh"
	"slices"
	"strings"
	"testing"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

func (w *world) unix() consent.Unix { return consent.UnixAt(w.now) }

// told is the line of an end of which the shop was told now.
func (w *world) told(g given, e consent.Ending) Ending {
	return Ending{Grant: g.id, Event: e, Notified: w.unix()}
}

// acknowledged is the shop's word about an end, signed and taken now.
func (w *world) acknowledged(g given, e consent.Ending, edit ...func(*consent.Acknowledgement)) Acknowledgement {
	w.t.Helper()
	a := consent.Acknowledgement{Iss: w.shop.DID, Aud: aud, Grant: g.id, Event: e, Time: w.unix()}
	for _, e := range edit {
		e(&a)
	}
	jws, err := w.shop.SignJWS(consent.TypeAcknowledgement, a.Payload())
	return Acknowledgement{Grant: g.id, JWS: must(w, jws, err), Taken: w.unix()}
}

// stated is the shop's statement that those attributes are deleted.
func (w *world) stated(g given, attributes ...string) Deletion {
	w.t.Helper()
	d := consent.Deletion{Iss: w.shop.DID, Aud: aud, Grant: g.id, Time: w.unix(), Deleted: attributes}
	jws, err := w.shop.SignJWS(consent.TypeDeletion, d.Payload())
	return Deletion{Grant: g.id, JWS: must(w, jws, err), Taken: w.unix()}
}

// demands is a rights request of a grant's shopper, sent now.
func (w *world) demands(g given, regime consent.Regime, right consent.RightsKind, edit ...func(*consent.RightsRequest)) (consent.RightsRequest, Rights) {
	w.t.Helper()
	key, err := ecdh.P256().NewPrivateKey(seed("shopper's agreement"))
	q := consent.RightsRequest{ID: id.Rights(seed("rights " + string(right))[:16]), Iss: g.shopper.DID, Aud: w.shop.DID, Operator: aud, Time: w.unix(),
		Regime: regime, Right: right, Grants: []id.Grant{g.id}, AgreementKey: consent.NewAgreementKey(must(w, key, err).PublicKey())}
	for _, e := range edit {
		e(&q)
	}
	q, err = g.shopper.SignRights(q)
	if err != nil {
		w.t.Fatal(err)
	}
	return q, Rights{Rights: q.ID, JWS: q.JWS, Sent: w.unix()}
}

// replies is a step of the shop, signed and taken now.
func (w *world) replies(q consent.RightsRequest, step consent.RightsStep, edit ...func(*consent.RightsReply)) Reply {
	w.t.Helper()
	outcome, text := consent.RightsOutcome(""), "It takes longer."
	if step == consent.RightsAnswered {
		outcome = consent.OutcomeDone
	}
	r := consent.NewRightsReply(q, step, outcome, text, w.now)
	for _, e := range edit {
		e(&r)
	}
	jws, err := w.shop.SignJWS(consent.TypeReply, r.Payload())
	return Reply{Rights: q.ID, JWS: must(w, jws, err), Taken: w.unix()}
}

// kinds are what an audit finds if what was due is judged now.
func (w *world) kinds() (all []Kind, r Report) {
	w.t.Helper()
	o := w.options()
	o.At = w.now
	r, err := Run(w.t.Context(), strings.NewReader(string(w.trail(w.lines...))), o)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range r.Findings {
		all = append(all, f.Kind)
	}
	return all, r
}

const (
	ackDays  = consent.AcknowledgeWithin
	stateDay = consent.StateWithin
)

// What was owed after an end, said in time, late, falsely, or not at all.
func TestDuties(t *testing.T) {
	after := func(w *world, d time.Duration) { w.now = w.now.Add(d) }
	for name, c := range map[string]struct {
		do   func(w *world, g, other given)
		want []Kind
	}{
		"all in time": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndWithdrawn))
			after(w, stateDay-time.Hour)
			w.add(w.stated(g, "name", "phone"))
			after(w, 10*stateDay)
		}, nil},
		"nothing due yet": {func(w *world, g, _ given) { w.add(w.told(g, consent.EndWithdrawn)); after(w, ackDays) }, nil},
		"the statement alone, in three days": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn), w.stated(g, "name", "phone"))
			after(w, 2*stateDay)
		}, nil},
		"acknowledged late": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn))
			after(w, ackDays+time.Second)
			w.add(w.acknowledged(g, consent.EndWithdrawn), w.stated(g, "name", "phone"))
		}, []Kind{AcknowledgementLate}},
		"never acknowledged": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn))
			after(w, ackDays+time.Second)
		}, []Kind{AcknowledgementMissing}},
		"stated late": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndWithdrawn))
			after(w, stateDay+time.Second)
			w.add(w.stated(g, "name", "phone"))
		}, []Kind{DeletionLate}},
		"never stated": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndTerminated), w.acknowledged(g, consent.EndTerminated))
			after(w, stateDay+time.Second)
		}, []Kind{DeletionMissing}},
		"hushed up, and the shopper's receipt is there": {func(w *world, g, _ given) {
			after(w, stateDay+time.Second)
		}, []Kind{DeletionMissing}},
		"a suspension that was lifted": {func(w *world, _, g given) {
			w.add(w.told(g, consent.EndSuspended), Lifted{Grant: g.id, Time: w.unix()})
			after(w, stateDay)
		}, []Kind{AcknowledgementMissing}}, // of the other one, which the shopper withdrew
		"a suspension, then the end": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndSuspended), w.acknowledged(g, consent.EndSuspended))
			after(w, 20*24*time.Hour)
			w.add(w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndWithdrawn))
			after(w, 20*24*time.Hour)
			w.add(w.stated(g, "name", "phone"))
		}, nil},
		"lifted what was no suspension": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn), Lifted{Grant: g.id, Time: w.unix()})
		}, []Kind{StatementInvalid}},
		"a statement about less": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndWithdrawn), w.stated(g, "name"))
		}, []Kind{StatementInvalid}},
		"a statement about another grant": {func(w *world, g, other given) {
			line := w.stated(other, "shoe-size")
			line.Grant = g.id
			w.add(w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndWithdrawn), line)
		}, []Kind{StatementInvalid}},
		"an acknowledgement of another end": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndExpired))
		}, []Kind{StatementInvalid}},
		"an acknowledgement for another operator": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndWithdrawn, func(a *consent.Acknowledgement) { a.Aud = "https://elsewhere.example" }))
		}, []Kind{StatementInvalid}},
		"an acknowledgement from before it was signed": {func(w *world, g, _ given) {
			line := w.acknowledged(g, consent.EndWithdrawn)
			line.Taken -= 3600
			w.add(w.told(g, consent.EndWithdrawn), line)
		}, []Kind{StatementInvalid}},
		"an acknowledgement by another business": {func(w *world, g, _ given) {
			mine := w.shop
			w.shop = w.business("another shop")
			line := w.acknowledged(g, consent.EndWithdrawn)
			w.shop = mine
			w.add(w.told(g, consent.EndWithdrawn), line)
		}, []Kind{StatementInvalid}},
		"an acknowledgement of what did not end": {func(w *world, _, g given) { w.add(w.acknowledged(g, consent.EndWithdrawn)) }, []Kind{StatementInvalid}},
		"an acknowledgement with a signature of something else": {func(w *world, g, _ given) {
			a, s := w.acknowledged(g, consent.EndWithdrawn), w.stated(g, "name", "phone")
			a.JWS = a.JWS[:strings.LastIndex(a.JWS, ".")] + s.JWS[strings.LastIndex(s.JWS, "."):]
			w.add(w.told(g, consent.EndWithdrawn), a)
		}, []Kind{StatementInvalid}},
		"said twice": {func(w *world, g, _ given) {
			lines := []Line{w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndWithdrawn), w.stated(g, "name", "phone")}
			w.add(append(lines, lines...)...)
			after(w, 10*stateDay)
		}, nil},
		"of a grant whose letter was never opened": {func(w *world, g, _ given) {
			w.add(w.told(g, consent.EndWithdrawn), w.stated(g, "name", "phone"))
			g.id = id.Grant(seed("unopened")[:16])
			w.add(w.told(g, consent.EndErased), w.acknowledged(g, consent.EndErased), w.stated(g))
			after(w, 10*stateDay)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			g, other := w.good()
			c.do(w, g, other)
			got, r := w.kinds()
			if !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v\n%s", got, c.want, r.Text())
			}
		})
	}
}

// Rights requests and their answers, by the clocks of the laws.
func TestDemands(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(w *world, g, other given)
		want []Kind
	}{
		"answered in time": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			w.add(line, w.replies(q, consent.RightsAcknowledged))
			w.now = w.now.AddDate(0, 0, 29)
			w.add(w.replies(q, consent.RightsAnswered))
			w.now = w.now.AddDate(1, 0, 0)
		}, nil},
		"open, and not due": {func(w *world, g, _ given) {
			_, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			w.add(line)
			w.now = w.now.AddDate(0, 0, 29)
		}, nil},
		"never answered": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightErasure)
			w.add(line, w.replies(q, consent.RightsAcknowledged))
			w.now = w.now.AddDate(0, 0, 40)
		}, []Kind{AnswerMissing}},
		"answered late": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightErasure)
			w.add(line)
			w.now = w.now.AddDate(0, 0, 40)
			w.add(w.replies(q, consent.RightsAnswered))
		}, []Kind{AnswerLate}},
		"extended in time": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightErasure)
			w.add(line, w.replies(q, consent.RightsExtended))
			w.now = w.now.AddDate(0, 0, 80)
			w.add(w.replies(q, consent.RightsAnswered))
		}, nil},
		"extended when it was over": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightErasure)
			w.add(line)
			w.now = w.now.AddDate(0, 0, 40)
			w.add(w.replies(q, consent.RightsExtended), w.replies(q, consent.RightsAnswered))
		}, []Kind{AnswerLate}},
		"an opt-out has fifteen working days, and no more": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeCCPA, consent.RightOptOut)
			w.add(line, w.replies(q, consent.RightsExtended))
			w.now = w.now.AddDate(0, 0, 25)
		}, []Kind{AnswerMissing}},
		"of an erased vault": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			w.add(line, Forgotten{Rights: q.ID, Time: w.unix()})
			w.now = w.now.AddDate(1, 0, 0)
		}, nil},
		"erased when it was overdue": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			w.add(line)
			w.now = w.now.AddDate(0, 0, 40)
			w.add(Forgotten{Rights: q.ID, Time: w.unix()})
		}, []Kind{AnswerMissing}},
		"by another shopper": {func(w *world, g, other given) {
			_, line := w.demands(other, consent.RegimeGDPR, consent.RightAccess, func(q *consent.RightsRequest) { q.Grants = []id.Grant{g.id} })
			w.add(line)
		}, []Kind{RightsInvalid}},
		"to another business": {func(w *world, g, _ given) {
			_, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess, func(q *consent.RightsRequest) { q.Aud = g.shopper.DID })
			w.add(line)
		}, []Kind{RightsInvalid}},
		"dated back": {func(w *world, g, _ given) {
			_, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			line.Sent += 7 * 24 * 3600
			w.add(line)
		}, []Kind{RightsInvalid}},
		"changed": {func(w *world, g, _ given) {
			_, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			_, more := w.demands(g, consent.RegimeGDPR, consent.RightErasure)
			line.JWS = line.JWS[:strings.LastIndex(line.JWS, ".")] + more.JWS[strings.LastIndex(more.JWS, "."):]
			w.add(line)
		}, []Kind{RightsInvalid}},
		"answered by a reply to another": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			w.add(line, w.replies(q, consent.RightsAnswered, func(r *consent.RightsReply) { r.RequestHash = consent.HashOf("another") }))
		}, []Kind{ReplyInvalid}},
		"answered by another business": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			mine := w.shop
			w.shop = w.business("another shop")
			reply := w.replies(q, consent.RightsAnswered, func(r *consent.RightsReply) { r.Iss = w.shop.DID })
			w.shop = mine
			w.add(line, reply)
		}, []Kind{ReplyInvalid}},
		"answered before it was signed": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			w.now = w.now.AddDate(0, 0, 20)
			reply := w.replies(q, consent.RightsAnswered)
			reply.Taken = line.Sent + 60
			w.add(line, reply)
		}, []Kind{ReplyInvalid}},
		"a reply to nobody": {func(w *world, g, _ given) {
			q, _ := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			w.add(w.replies(q, consent.RightsAnswered))
		}, []Kind{ReplyInvalid}},
		"written twice": {func(w *world, g, _ given) {
			q, line := w.demands(g, consent.RegimeGDPR, consent.RightAccess)
			reply := w.replies(q, consent.RightsAnswered)
			w.add(line, reply, line, reply)
			w.now = w.now.AddDate(1, 0, 0)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			g, other := w.good()
			w.add(w.told(g, consent.EndWithdrawn), w.acknowledged(g, consent.EndWithdrawn), w.stated(g, "name", "phone"))
			c.do(w, g, other)
			got, r := w.kinds()
			if !slices.Equal(got, c.want) {
				t.Errorf("found %v, want %v\n%s", got, c.want, r.Text())
			}
		})
	}
}

// What was due is judged when the trail was exported, unless somebody says when; of a
// trail that does not say it, nothing missing is found.
func TestDutiesAreJudgedAtTheExport(t *testing.T) {
	w := newWorld(t)
	g, _ := w.good()
	w.add(w.told(g, consent.EndWithdrawn))
	for name, c := range map[string]struct {
		exported time.Time
		at       time.Time
		want     int
	}{
		"at once":              {w.now, time.Time{}, 0},
		"later":                {w.now.Add(2 * stateDay), time.Time{}, 1},
		"at once, judged late": {w.now, w.now.Add(2 * stateDay), 1},
		"late, judged at once": {w.now.Add(2 * stateDay), w.now, 0},
		"nobody says":          {time.Time{}, time.Time{}, 0},
	} {
		var b strings.Builder
		var l links
		for _, line := range w.lines {
			if err := l.write(&b, line); err != nil {
				t.Fatal(err)
			}
		}
		end := End{Count: l.count}
		if !c.exported.IsZero() {
			end.Time = consent.UnixAt(c.exported)
		}
		if err := l.write(&b, end); err != nil {
			t.Fatal(err)
		}
		o := w.options()
		o.At = c.at
		r, err := Run(t.Context(), strings.NewReader(b.String()), o)
		if err != nil || len(r.Findings) != c.want {
			t.Errorf("%s: %d findings, want %d; %v\n%s", name, len(r.Findings), c.want, err, r.Text())
		}
	}
}
