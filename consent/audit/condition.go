package audit

import (
	"slices"

	"coffer/consent"
	"coffer/internal/id"
)

// hanging is a grant's condition with what the trail shows for it.
type hanging struct {
	on    *consent.Condition
	about []id.Grant // the grant, and those that it came of
	shown []presented
	uses  *int // shared with those, since the last renewal
}

type presented struct {
	consent.Evidence
	at consent.Unix
}

// hangs is what a grant hangs on; of one that took another's place, with what was shown
// for that one.
func hangs(r consent.Receipt, before *grantState) *hanging {
	on := r.Purposes[0].Condition
	if on == nil {
		return nil
	}
	h := &hanging{on: on, about: []id.Grant{r.Grant}, uses: new(int)}
	if before != nil && before.hanging != nil {
		h.about = append(h.about, before.hanging.about...)
		h.shown = slices.Clone(before.hanging.shown)
		if r.Events[0].State != consent.EventRenewed {
			h.uses = before.hanging.uses
		}
	}
	return h
}

func (s *state) takeEvidence(x *examined, l Evidence) {
	s.report.Counts.Evidence++
	g := s.granted(x.n, l.Grant)
	if g == nil || x.evidence == nil {
		return
	}
	if g.hanging == nil {
		s.findOf(x.n, l.Grant, EvidenceInvalid, "the grant hangs on nothing")
		return
	}
	if err := x.evidence.Meets(g.hanging.on, g.hanging.about); err != nil {
		s.findOf(x.n, l.Grant, EvidenceInvalid, "%v", err)
		return
	}
	g.hanging.shown = append(g.hanging.shown, presented{*x.evidence, l.Time})
}

// use holds one use of a grant against its condition. Clocks may differ by Skew.
func (s *state) use(n int, name id.Grant, g *grantState, at consent.Unix) {
	h := g.hanging
	if h == nil {
		return
	}
	*h.uses++
	skew := consent.Unix(consent.Skew.Seconds())
	counts := func(p presented) bool {
		return p.at <= at+skew && p.From <= at+skew && (p.Until == 0 || at < p.Until+skew)
	}
	switch {
	case h.on.Proven() && !slices.ContainsFunc(h.shown, counts):
		s.findOf(n, name, Unmet, "used at %d, and no evidence that counted then stands before it", at)
	case h.on.From != nil && at+skew < *h.on.From:
		s.findOf(n, name, Unmet, "used at %d, its date is %d", at, *h.on.From)
	case h.on.Uses != nil && *h.uses > *h.on.Uses:
		s.findOf(n, name, Unmet, "used %d times, %d are allowed", *h.uses, *h.on.Uses)
	}
}
