package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"coffer/consent"
)

// demand is a rights request with what became of it. Its text is not kept.
type demand struct {
	line      int
	bare      consent.RightsRequest // law, right and ends
	hash      consent.Hash
	times     consent.RightsTimes
	forgotten bool
}

func (e *examiner) examineReply(ctx context.Context, x *examined, l Reply) {
	by, payload, err := e.signatures.VerifyJWS(ctx, l.JWS, consent.TypeReply)
	if err == nil {
		var r consent.RightsReply
		if r, err = consent.ParseRightsReply(payload, by); err == nil {
			x.reply = &r
			return
		}
	}
	if consent.CodeOf(err) == "" {
		x.err = err
		return
	}
	x.find(ReplyInvalid, "the reply to %s: %v", l.Rights, err)
}

func (s *state) takeRights(x *examined, l Rights) {
	q := x.rights
	if q == nil {
		return
	}
	err := q.Arrives(s.head.Business, s.head.Operator, l.Sent)
	if err == nil && q.ID != l.Rights {
		err = fmt.Errorf("it is the rights request %s", q.ID)
	}
	known := 0
	for _, name := range q.Grants {
		if g := s.grants[name]; g != nil {
			known++
			if err == nil && g.shopper != q.Iss {
				err = fmt.Errorf("signed by %s, the grant %s is by another", q.Iss, name)
			}
		}
	}
	if err != nil {
		s.find(x.n, RightsInvalid, "%s: %v", l.Rights, err)
		return
	}
	if d := s.demands[l.Rights]; d != nil {
		if d.hash != q.Hash() || d.times.Sent != l.Sent {
			s.find(x.n, RightsInvalid, "%s stands in the trail with other content already", l.Rights)
			return
		}
		s.report.Counts.Repeated++
		return
	}
	if known == 0 { // under grants whose letters were never opened
		s.report.Counts.Unchecked++
	}
	s.report.Counts.Rights++
	s.demands[l.Rights] = &demand{line: x.n, hash: q.Hash(), times: consent.RightsTimes{Sent: l.Sent},
		bare: consent.RightsRequest{ID: q.ID, Iss: q.Iss, Aud: q.Aud, Regime: q.Regime, Right: q.Right}}
}

func (s *state) takeReply(x *examined, l Reply) {
	r := x.reply
	if r == nil {
		return
	}
	d := s.demands[l.Rights]
	if d == nil {
		s.find(x.n, ReplyInvalid, "no rights request %s that stands is before it", l.Rights)
		return
	}
	switch {
	case r.Iss != s.head.Business:
		s.find(x.n, ReplyInvalid, "signed by %s, the trail is of %s", r.Iss, s.head.Business)
		return
	case r.ID != d.bare.ID || r.Sub != d.bare.Iss || r.RequestHash != d.hash:
		s.find(x.n, ReplyInvalid, "it answers another rights request than %s", l.Rights)
		return
	case l.Taken < d.times.Sent || r.Time > l.Taken+consent.Unix(consent.Skew.Seconds()):
		s.find(x.n, ReplyInvalid, "sent at %s, signed at %s, taken at %s", clock(d.times.Sent), clock(r.Time), clock(l.Taken))
		return
	}
	at := map[consent.RightsStep]*consent.Unix{
		consent.RightsAcknowledged: &d.times.Acknowledged, consent.RightsExtended: &d.times.Extended, consent.RightsAnswered: &d.times.Answered,
	}[r.Step]
	if *at != 0 {
		s.report.Counts.Repeated++
		return
	}
	*at = l.Taken
	if r.Step != consent.RightsAnswered {
		return
	}
	s.report.Counts.Answered++
	if due := d.bare.Due(d.times); !l.Taken.Time().Before(due.AddDate(0, 0, 1)) {
		s.find(x.n, AnswerLate, "%s: %s under %s, sent at %s, due on %s, answered at %s", l.Rights, d.bare.Right, d.bare.Regime, clock(d.times.Sent), due.Format(time.DateOnly), clock(l.Taken))
	}
}

func (s *state) takeForgotten(x *examined, l Forgotten) {
	d := s.demands[l.Rights]
	switch {
	case d == nil:
		s.find(x.n, Malformed, "no rights request %s stands before it", l.Rights)
	case d.forgotten:
		s.report.Counts.Repeated++
	case d.times.Answered == 0 && d.bare.State(d.times, l.Time.Time()) != consent.StateRightsOverdue: // else it was due before
		d.forgotten = true
		s.report.Counts.Forgotten++
	}
}

// judgeDemands finds the rights requests whose day is over, and nobody has answered.
func (s *state) judgeDemands(now time.Time) {
	for _, d := range slices.SortedFunc(maps.Values(s.demands), func(a, b *demand) int { return a.line - b.line }) {
		if d.forgotten || d.bare.State(d.times, now) != consent.StateRightsOverdue {
			continue
		}
		s.find(d.line, AnswerMissing, "%s: %s under %s, sent at %s, due on %s", d.bare.ID, d.bare.Right, d.bare.Regime, clock(d.times.Sent), d.bare.Due(d.times).Format(time.DateOnly))
	}
}
