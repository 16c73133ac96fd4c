package policies

import (
	"sync"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"coffer/consent"
)

// posed holds the entities of one question: its own few, then the catalogue's.
type posed struct {
	own      [3]cedar.Entity // the business, the grant, a purpose that the catalogue does not have
	purposes cedar.EntityMap
	err      error // the business does not fit the schema
}

// Get is what cedar.Authorize looks entities up with.
func (p posed) Get(uid cedar.EntityUID) (cedar.Entity, bool) {
	for i := range p.own {
		if p.own[i].UID == uid {
			return p.own[i], true
		}
	}
	e, ok := p.purposes[uid]
	return e, ok
}

// anyGrant is what every grant is called towards the rules, which know no single one.
var anyGrant = cedar.NewEntityUID("Coffer::Grant", "grant")

// scratch are maps to fill: cedar.NewRecord copies them, and to make new ones for each
// question costs as much as a third of the rules.
type scratch struct{ grant, context types.RecordMap }

var scratches = sync.Pool{New: func() any { return &scratch{types.RecordMap{}, types.RecordMap{}} }}

// pose turns a question into Cedar's terms.
func (e *Engine) pose(q consent.Question) (posed, cedar.Request) {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	g := q.Grant
	under := uid("Purpose", g.Purpose)
	held := e.sets.of(g.Attributes)
	s.grant["business"] = uid("Business", g.Business)
	s.grant["purpose"] = under
	s.grant["attributes"] = held
	s.grant["categories"] = e.sets.of(e.catalogue.categories(g.Attributes))
	s.grant["channels"] = e.sets.of(g.Channels)
	s.grant["weeklyCap"] = types.Long(g.WeeklyCap)
	s.grant["state"] = uid("State", g.State)
	s.grant["start"] = types.NewDatetime(g.Start.Time())
	s.grant["end"] = types.NewDatetime(g.End.Time())
	s.grant["minor"] = types.Boolean(g.Minor)

	p := posed{purposes: e.purposes}
	p.own[0], p.err = e.businesses.entity(q.Business)
	p.own[1] = cedar.Entity{UID: anyGrant, Attributes: types.NewRecord(s.grant)}
	if _, known := e.purposes[under]; !known {
		p.own[2] = purposeEntity(purpose{Purpose: consent.Purpose{IRI: g.Purpose, Marketing: true}, profiling: true})
	}

	clear(s.context)
	s.context["now"] = types.NewDatetime(q.Now)
	if q.Action == consent.ActionMessage {
		s.context["channel"] = types.String(q.Channel)
		s.context["sentLast7Days"] = types.Long(q.SentLast7Days)
		if hour, known := q.LocalHour(); known {
			s.context["localHour"] = types.Long(hour)
		}
	} else {
		s.context["attributes"] = held
		if q.Attribute != "" {
			s.context["attributes"] = e.sets.of([]string{q.Attribute})
		}
		if g.Jurisdictions != nil {
			s.context["jurisdictions"] = e.sets.of(g.Jurisdictions)
		}
		if g.Destinations != nil {
			s.context["recipients"] = e.sets.of(g.Destinations)
		}
	}
	if g.Condition != nil && q.Action != consent.ActionGive {
		s.context["condition"] = standing(g)
	}
	return p, cedar.Request{
		Principal: p.own[0].UID,
		Action:    uid("Action", q.Action),
		Resource:  anyGrant,
		Context:   types.NewRecord(s.context),
	}
}

// standing is how a grant's condition stands.
func standing(g consent.Grant) types.Record {
	c, out := g.Condition, types.RecordMap{}
	switch {
	case c.Record != nil:
		out["record"] = types.Boolean(g.Standing.Met)
	case c.Event != nil:
		out["event"] = types.Boolean(g.Standing.Met)
	case c.From != nil:
		out["notBefore"] = types.NewDatetime(c.From.Time())
	case c.Uses != nil:
		out["usesLeft"] = types.Long(*c.Uses - g.Standing.Used)
	}
	return types.NewRecord(out)
}

// validate checks what is made for this question; the catalogue's entities were
// checked when they were loaded, and a business when it was first seen.
func (e *Engine) validate(p posed, r cedar.Request) error {
	if p.err != nil {
		return p.err
	}
	if err := e.check.Request(r); err != nil {
		return err
	}
	for _, own := range p.own[1:] {
		if own.UID.IsZero() {
			continue
		}
		if err := e.check.Entity(own); err != nil {
			return err
		}
	}
	return nil
}

// purposeEntity is a purpose as the rules see it. One that the catalogue does not
// have is posed as marketing and profiling with nothing allowed, so that the rules themselves
// refuse it and say why.
func purposeEntity(p purpose) cedar.Entity {
	return cedar.Entity{UID: uid("Purpose", p.IRI), Attributes: types.NewRecord(types.RecordMap{
		"marketing":       types.Boolean(p.Marketing),
		"profiling":       types.Boolean(p.profiling),
		"contact":         types.Boolean(p.Contact),
		"maxDays":         types.Long(p.MaxDays),
		"maxWeekly":       types.Long(p.maxWeekly),
		"attributes":      stringSet(p.Attributes),
		"explicitConsent": stringSet(p.explicit),
	})}
}

func uid[S ~string](kind string, id S) cedar.EntityUID {
	return cedar.NewEntityUID(cedar.EntityType("Coffer::"+kind), cedar.String(id))
}

func purposeSet(iris []string) types.Set {
	values := make([]types.Value, len(iris))
	for i, iri := range iris {
		values[i] = uid("Purpose", iri)
	}
	return types.NewSet(values...)
}

func stringSet(list []string) types.Set {
	values := make([]types.Value, len(list))
	for i, s := range list {
		values[i] = types.String(s)
	}
	return types.NewSet(values...)
}
