package consent

import "slices"

// Right is one thing that a business may do under one purpose.
type Right struct {
	Purpose   string // the request's name for it
	Partner   DID    // who may; "" is the business that asks
	Attribute string // collect it, or …
	Channel   string // … send on it
}

// Rights are effective rights: for how many hours each may be used. What is not
// in the map may not be done.
type Rights map[Right]int

func (r Rights) add(right Right, hours int) { r[right] = max(r[right], hours) }

// Rights are what the request asks for, its optional attributes included.
func (q Request) Rights() Rights {
	r := Rights{}
	for _, a := range q.Purposes {
		for _, name := range slices.Concat(a.Required, a.Optional) {
			r.add(Right{Purpose: a.ID, Attribute: name}, a.Days*24)
		}
		for _, c := range a.Channels {
			r.add(Right{Purpose: a.ID, Channel: c}, a.Days*24)
		}
		for _, p := range a.Partners {
			for _, name := range p.Of(slices.Concat(a.Required, a.Optional)) {
				r.add(Right{Purpose: a.ID, Partner: p.DID, Attribute: name}, a.Days*24)
			}
		}
	}
	return r
}

// Rights are what the decision gives. Hours are those of the ledger entry, which
// is what a business can use, not those that the decision says about it.
func (d Decision) Rights() Rights {
	r := Rights{}
	for _, g := range d.Give {
		hours := 1 << 30 // an entry that is none lasts for ever: never within
		if e, err := g.GrantEntry(); err == nil && e.End >= e.Start {
			hours = int(e.End - e.Start)
		}
		for _, name := range g.Attributes {
			r.add(Right{Purpose: g.Purpose, Partner: g.Partner, Attribute: name}, hours)
		}
		for _, c := range g.Channels {
			r.add(Right{Purpose: g.Purpose, Partner: g.Partner, Channel: c}, hours)
		}
	}
	return r
}

// Beyond is a right that r has and the other lacks, or has for fewer hours.
func (r Rights) Beyond(other Rights) (Right, bool) {
	for right, hours := range r {
		if allowed, ok := other[right]; !ok || hours > allowed {
			return right, true
		}
	}
	return Right{}, false
}

// Within holds a decision against the request it must answer: the same request,
// each of its purposes decided once, what a given purpose needs all there, and no
// effective right that was not asked. It looks at no clock.
func (d Decision) Within(q Request) error {
	if q.JWS == "" || d.Request != q.ID || d.RequestHash != q.Hash() {
		return refuse(WrongRequest, "request_hash")
	}
	decided := map[string]bool{}
	for i, name := range d.Refuse {
		if err := decide(decided, q, Given{Purpose: name}, nth("refuse", i)); err != nil {
			return err
		}
	}
	for i, g := range d.Give {
		at := nth("give", i)
		if err := decide(decided, q, g, at); err != nil {
			return err
		}
		if err := g.within(q, at); err != nil {
			return err
		}
		if err := d.withPartners(q, g, at); err != nil {
			return err
		}
	}
	for _, a := range q.Purposes {
		if !decided[a.ID] {
			return refuse(Undecided, a.ID)
		}
	}
	// The one comparison that counts; what stands above only names places.
	if right, beyond := d.Rights().Beyond(q.Rights()); beyond {
		return refuse(WiderThanRequest, right.Purpose)
	}
	return nil
}

func decide(decided map[string]bool, q Request, g Given, at string) error {
	if _, ok := q.Purpose(g.Purpose); !ok {
		return refuse(WiderThanRequest, at)
	}
	if decided[g.name()] {
		return refuse(DecidedTwice, at)
	}
	decided[g.name()] = true
	return nil
}

// within holds one given purpose against what that purpose asks.
func (g Given) within(q Request, at string) error {
	a, _ := q.Purpose(g.Purpose)
	a, ok := a.as(g.Partner)
	if !ok {
		return refuse(WiderThanRequest, at+".partner")
	}
	for i, name := range g.Attributes {
		if !a.Asks(name) {
			return refuse(WiderThanRequest, nth(at+".attributes", i))
		}
	}
	for _, name := range a.Required {
		if !slices.Contains(g.Attributes, name) {
			return refuse(MissingRequired, at+".attributes "+name)
		}
	}
	if len(g.Attributes)+len(g.Channels) == 0 {
		return refuse(MissingRequired, at) // giving nothing is refusing
	}
	for i, c := range g.Channels {
		if !slices.Contains(a.Channels, c) {
			return refuse(WiderThanRequest, nth(at+".channels", i))
		}
	}
	if g.Days > a.Days {
		return refuse(WiderThanRequest, at+".days")
	}
	return nil
}

// withPartners holds one given purpose against what the decision gives the others of
// that purpose. A partner is given no more than the first business, nor longer. When the
// first is given something that a joint partner asks for, that one is given to as well.
func (d Decision) withPartners(q Request, g Given, at string) error {
	a, _ := q.Purpose(g.Purpose)
	if g.Partner == "" {
		for _, p := range a.Partners {
			given := slices.ContainsFunc(d.Give, func(o Given) bool { return o.Purpose == g.Purpose && o.Partner == p.DID })
			if p.Role == Joint && !given && len(p.Of(g.Attributes)) > 0 {
				return refuse(MissingRequired, at+".partner")
			}
		}
		return nil
	}
	first, ok := d.First(g.Purpose)
	if !ok {
		return refuse(WiderThanRequest, at+".partner")
	}
	for i, name := range g.Attributes {
		if !slices.Contains(first.Attributes, name) {
			return refuse(WiderThanRequest, nth(at+".attributes", i))
		}
	}
	above, err := first.GrantEntry()
	if err != nil {
		return err
	}
	entry, err := g.GrantEntry()
	if err != nil {
		return err
	}
	if entry.Start < above.Start || entry.End > above.End {
		return refuse(BadEntry, at+".entry")
	}
	return nil
}
