package policies

import (
	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"coffer/consent"
)

// posed holds the entities of one question: its own few, then the catalogue's.
type posed struct {
	own      [3]cedar.Entity
	purposes cedar.EntityMap
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

// pose turns a question into Cedar's terms.
func (e *Engine) pose(q consent.Question) (posed, cedar.Request) {
	g := q.Grant
	purpose := uid("Purpose", g.Purpose)
	p := posed{purposes: e.purposes}
	p.own[0] = cedar.Entity{UID: uid("Business", q.Business.DID), Attributes: types.NewRecord(types.RecordMap{
		"active":   types.Boolean(q.Business.State == consent.BusinessActive),
		"purposes": purposeSet(q.Business.Purposes),
	})}
	p.own[1] = cedar.Entity{UID: uid("Grant", g.ID.String()), Attributes: types.NewRecord(types.RecordMap{
		"business":   uid("Business", g.Business),
		"purpose":    purpose,
		"attributes": stringSet(g.Attributes),
		"channels":   stringSet(g.Channels),
		"weeklyCap":  types.Long(g.WeeklyCap),
		"state":      types.String(g.State),
		"start":      types.NewDatetime(g.Start.Time()),
		"end":        types.NewDatetime(g.End.Time()),
		"minor":      types.Boolean(g.Minor),
	})}
	if _, known := e.purposes[purpose]; !known {
		p.own[2] = purposeEntity(consent.Purpose{IRI: g.Purpose, Marketing: true})
	}
	context := types.RecordMap{"now": types.NewDatetime(q.Now)}
	if q.Action == consent.ActionMessage {
		context["channel"] = types.String(q.Channel)
		context["sentLast7Days"] = types.Long(q.SentLast7Days)
	} else {
		asked := g.Attributes
		if q.Attribute != "" {
			asked = []string{q.Attribute}
		}
		context["attributes"] = stringSet(asked)
	}
	return p, cedar.Request{
		Principal: p.own[0].UID,
		Action:    uid("Action", q.Action),
		Resource:  p.own[1].UID,
		Context:   types.NewRecord(context),
	}
}

// validate checks the question's own entities and its context; the catalogue's
// entities were checked when they were loaded.
func (e *Engine) validate(p posed, r cedar.Request) error {
	if err := e.check.Request(r); err != nil {
		return err
	}
	for i := range p.own {
		if p.own[i].UID.IsZero() {
			continue
		}
		if err := e.check.Entity(p.own[i]); err != nil {
			return err
		}
	}
	return nil
}

// purposeEntity is a purpose as the rules see it. One that the catalogue does not
// have is posed as marketing with nothing allowed, so that the rules themselves
// refuse it and say why.
func purposeEntity(p consent.Purpose) cedar.Entity {
	return cedar.Entity{UID: uid("Purpose", p.IRI), Attributes: types.NewRecord(types.RecordMap{
		"marketing":  types.Boolean(p.Marketing),
		"contact":    types.Boolean(p.Contact),
		"maxDays":    types.Long(p.MaxDays),
		"attributes": stringSet(p.Attributes),
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
