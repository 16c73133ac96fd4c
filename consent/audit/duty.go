package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"coffer/consent"
	"coffer/internal/id"
)

// What a business owes after a grant's end: to acknowledge it, and to state what it
// deleted. The moments are the operator's, as the business wrote them down; the shopper
// and the operator hold the other half.

// duty is what is owed after one end, and what was said.
type duty struct {
	consent.Loop
	line   int
	lifted bool
}

func (e *examiner) examineSaid(ctx context.Context, x *examined, g id.Grant, jws, typ string) {
	by, payload, err := e.signatures.VerifyJWS(ctx, jws, typ)
	if err != nil {
		x.refused(g, StatementInvalid, err)
		return
	}
	x.said = &signed{by, payload}
}

func (s *state) takeEnding(x *examined, l Ending) {
	if !consent.IsEnding(string(l.Event)) || l.Notified <= 0 {
		s.findOf(x.n, l.Grant, Malformed, "told of %q at %d", l.Event, l.Notified)
		return
	}
	d := s.duties[l.Grant]
	if d != nil && (d.Event == l.Event && d.Notified == l.Notified || d.Event != consent.EndSuspended) {
		s.report.Counts.Repeated++ // what ended keeps its days, but for a suspension
		return
	}
	if d == nil {
		s.report.Counts.Endings++
	}
	s.duties[l.Grant] = &duty{Loop: consent.Loop{Business: s.head.Business, Grant: l.Grant, Event: l.Event, Notified: l.Notified}, line: x.n}
}

// owing is the duty that a line speaks of, and how its document is held against it.
func (s *state) owing(x *examined, g id.Grant, taken consent.Unix) (*duty, consent.StatementRules) {
	rules := consent.StatementRules{Issuer: s.head.Business, Audience: s.head.Operator, Now: taken.Time()}
	d := s.duties[g]
	switch {
	case x.said == nil:
		return nil, rules // its own finding says why
	case d == nil:
		s.findOf(x.n, g, StatementInvalid, "no line before it says that the grant ended")
	case x.said.by != s.head.Business:
		s.findOf(x.n, g, StatementInvalid, "signed by %s, the trail is of %s", x.said.by, s.head.Business)
		return nil, rules
	}
	return d, rules
}

func (s *state) takeAcknowledgement(x *examined, l Acknowledgement) {
	d, rules := s.owing(x, l.Grant, l.Taken)
	if d == nil {
		return
	}
	a, err := consent.ParseAcknowledgement(x.said.payload, rules)
	if err == nil && (a.Grant != l.Grant || a.Event != d.Event) {
		err = fmt.Errorf("it is of the end %s of the grant %s", a.Event, a.Grant)
	}
	if err != nil {
		s.findOf(x.n, l.Grant, StatementInvalid, "%v", err)
		return
	}
	if d.Acknowledged != 0 {
		s.report.Counts.Repeated++
		return
	}
	d.Acknowledged = l.Taken
	s.report.Counts.Acknowledged++
	if by := d.AcknowledgeBy(); l.Taken > by && (d.Stated == 0 || d.Stated > by) {
		s.findOf(x.n, l.Grant, AcknowledgementLate, "told at %s, acknowledged at %s", clock(d.Notified), clock(l.Taken))
	}
}

func (s *state) takeDeletion(x *examined, l Deletion) {
	d, rules := s.owing(x, l.Grant, l.Taken)
	if d == nil {
		return
	}
	said, err := consent.ParseDeletion(x.said.payload, rules)
	if err == nil && said.Grant != l.Grant {
		err = fmt.Errorf("it is of the grant %s", said.Grant)
	}
	if g := s.grants[l.Grant]; err == nil && g != nil {
		switch {
		case g.followed:
			err = said.Covers(g.dropped)
		case d.Event != consent.EndNarrowed && d.Event != consent.EndRenewed && d.Event != consent.EndMerged && d.Event != consent.EndReplaced:
			err = said.Covers(g.attributes)
		} // else what the grant in its place names is not known here
	}
	if err != nil {
		s.findOf(x.n, l.Grant, StatementInvalid, "%v", err)
		return
	}
	if d.Stated != 0 {
		s.report.Counts.Repeated++
		return
	}
	d.Stated = l.Taken
	s.report.Counts.Stated++
	if l.Taken > d.StateBy() {
		s.findOf(x.n, l.Grant, DeletionLate, "told at %s, stated at %s", clock(d.Notified), clock(l.Taken))
	}
}

func (s *state) takeLifted(x *examined, l Lifted) {
	if d := s.duties[l.Grant]; d != nil && d.Event == consent.EndSuspended {
		d.lifted = true
	} else {
		s.findOf(x.n, l.Grant, StatementInvalid, "no suspension stands before it")
	}
}

// judgeDuties finds what was not said in time when the trail was exported.
func (s *state) judgeDuties() {
	if !s.at.IsZero() {
		s.report.AsOf = consent.UnixAt(s.at)
	}
	if s.report.AsOf == 0 {
		return
	}
	now := s.report.AsOf.Time()
	s.ownUp()
	for _, d := range slices.SortedFunc(maps.Values(s.duties), func(a, b *duty) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.Grant.String(), b.Grant.String())
	}) {
		if d.lifted {
			continue
		}
		switch d.Overdue(now) {
		case consent.LateAcknowledgement:
			s.findOf(d.line, d.Grant, AcknowledgementMissing, "%s, told at %s", d.Event, clock(d.Notified))
		case consent.LateStatement:
			s.findOf(d.line, d.Grant, DeletionMissing, "%s, told at %s", d.Event, clock(d.Notified))
		}
	}
	s.judgeDemands(now)
}

// ownUp adds the ends that the trail does not speak of although it has the shopper's
// receipt of them: who writes no line owes no less.
func (s *state) ownUp() {
	for name, g := range s.grants {
		if s.duties[name] != nil || g.followed || g.closed == 0 {
			continue
		}
		switch g.life.State {
		case consent.EventWithdrawn, consent.EventExpired, consent.EventErased:
			s.duties[name] = &duty{Loop: consent.Loop{Grant: name, Event: consent.Ending(g.life.State), Notified: g.life.Time}, line: g.closed}
		}
	}
}

// clock is a moment in a finding.
func clock(u consent.Unix) string { return u.Time().UTC().Format(time.RFC3339) }
