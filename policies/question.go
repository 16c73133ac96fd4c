package policies

import (
	"slices"
	"sync"

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

// Facts are what the rules can take into account beyond a consent.Question, each as
// far as it is known.
type Facts struct {
	Jurisdictions []string // ActionGive, ActionCollect: ISO 3166-1 codes of the request; nil: not known
	Recipients    []string // likewise: the countries where the data goes, also the business's own; nil: not known
	LocalHour     *int     // ActionMessage: 0 to 23, where the shopper is; nil: not known
}

// pose turns a question into Cedar's terms.
func (e *Engine) pose(q consent.Question, f Facts) (posed, cedar.Request) {
	g := q.Grant
	under := uid("Purpose", g.Purpose)
	p := posed{purposes: e.purposes}
	p.own[0] = e.businesses.entity(q.Business)
	p.own[1] = cedar.Entity{UID: uid("Grant", g.ID.String()), Attributes: types.NewRecord(types.RecordMap{
		"business":   uid("Business", g.Business),
		"purpose":    under,
		"attributes": stringSet(g.Attributes),
		"categories": stringSet(e.catalogue.categories(g.Attributes)),
		"channels":   stringSet(g.Channels),
		"weeklyCap":  types.Long(g.WeeklyCap),
		"state":      uid("State", g.State),
		"start":      types.NewDatetime(g.Start.Time()),
		"end":        types.NewDatetime(g.End.Time()),
		"minor":      types.Boolean(g.Minor),
	})}
	if _, known := e.purposes[under]; !known {
		p.own[2] = purposeEntity(purpose{Purpose: consent.Purpose{IRI: g.Purpose, Marketing: true}, profiling: true})
	}
	context := types.RecordMap{"now": types.NewDatetime(q.Now)}
	if q.Action == consent.ActionMessage {
		context["channel"] = types.String(q.Channel)
		context["sentLast7Days"] = types.Long(q.SentLast7Days)
		if f.LocalHour != nil {
			context["localHour"] = types.Long(*f.LocalHour)
		}
	} else {
		asked := g.Attributes
		if q.Attribute != "" {
			asked = []string{q.Attribute}
		}
		context["attributes"] = stringSet(asked)
		if f.Jurisdictions != nil {
			context["jurisdictions"] = stringSet(f.Jurisdictions)
		}
		if f.Recipients != nil {
			context["recipients"] = stringSet(f.Recipients)
		}
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

// businesses remembers the entities of the businesses that ask again and again: to
// make one costs as much as all rules together.
type businesses struct {
	mu    sync.RWMutex
	known map[consent.DID]knownBusiness
}

type knownBusiness struct {
	active   bool
	purposes []string
	entity   cedar.Entity
}

// mostBusinesses bounds what is remembered; beyond it everything is forgotten.
const mostBusinesses = 4096

// entity is the business as it stands in the question: what is remembered counts
// only while state and purposes are the same.
func (b *businesses) entity(of consent.Business) cedar.Entity {
	active := of.State == consent.BusinessActive
	b.mu.RLock()
	k, ok := b.known[of.DID]
	b.mu.RUnlock()
	if ok && k.active == active && slices.Equal(k.purposes, of.Purposes) {
		return k.entity
	}
	k = knownBusiness{active: active, purposes: slices.Clone(of.Purposes)}
	k.entity = cedar.Entity{UID: uid("Business", of.DID), Attributes: types.NewRecord(types.RecordMap{
		"active":   types.Boolean(active),
		"purposes": purposeSet(of.Purposes),
	})}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known) >= mostBusinesses {
		b.known = map[consent.DID]knownBusiness{}
	}
	b.known[of.DID] = k
	return k.entity
}
