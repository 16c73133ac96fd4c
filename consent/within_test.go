package consent_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"coffer/consent"
	"coffer/internal/id"
)

var (
	names    = []string{"name", "email", "phone", "shoe-size"}
	purposes = []string{"delivery", "marketing", "loyalty"}
	days     = consent.Days[:]
	partners = []consent.DID{"did:key:a", "did:key:b"}
)

func some(t *rapid.T, of []string, label string) []string {
	return slices.DeleteFunc(slices.Clone(of), func(string) bool { return rapid.Bool().Draw(t, label) })
}

// wish is a request that breaks rules now and then: Within must not lean on what
// ParseRequest refuses, such as one name for two purposes.
func wish(t *rapid.T) consent.Request {
	q := consent.Request{ID: id.Request{1}, JWS: "a.b.c"}
	for range rapid.IntRange(1, 3).Draw(t, "purposes") {
		q.Purposes = append(q.Purposes, consent.Asked{
			ID:       rapid.SampledFrom(purposes).Draw(t, "purpose"),
			Required: some(t, names[:2], "required"), Optional: some(t, names[2:], "optional"),
			Days: rapid.SampledFrom(days).Draw(t, "days"), Channels: some(t, []string{"wallet"}, "channel"),
			Partners: wishPartners(t),
		})
	}
	return q
}

func wishPartners(t *rapid.T) (out []consent.Partner) {
	for range rapid.IntRange(0, 2).Draw(t, "partners") {
		out = append(out, consent.Partner{DID: rapid.SampledFrom(partners).Draw(t, "partner"),
			Role:       rapid.SampledFrom([]consent.PartnerRole{consent.Onward, consent.Joint}).Draw(t, "role"),
			Attributes: some(t, names, "of the partner")})
	}
	return out
}

// answer starts from what is asked and then strays.
func answer(t *rapid.T, q consent.Request) consent.Decision {
	d := consent.Decision{Request: q.ID, RequestHash: q.Hash()}
	for i, a := range q.Purposes {
		if rapid.Bool().Draw(t, "refuse") {
			d.Refuse = append(d.Refuse, a.ID)
			continue
		}
		g := consent.Given{Purpose: a.ID, Attributes: append(slices.Clone(a.Required), some(t, a.Optional, "give")...), Days: a.Days, Channels: some(t, a.Channels, "channel")}
		hours := a.Days * 24
		switch rapid.IntRange(0, 12).Draw(t, "stray") {
		case 0:
			g.Attributes = append(g.Attributes, rapid.SampledFrom(names).Draw(t, "more"))
		case 1:
			g.Days = rapid.SampledFrom(days).Draw(t, "days")
		case 2:
			hours = rapid.SampledFrom(days).Draw(t, "hours") * 24
		case 3:
			g.Channels = append(g.Channels, "wallet")
		case 4:
			g.Purpose = rapid.SampledFrom(purposes).Draw(t, "other")
		case 5:
			d.Give = append(d.Give, g)
		case 6:
			g.Attributes = g.Attributes[:len(g.Attributes)/2]
		}
		g.Entry = entry(fmt.Sprint("rapid ", i), thisHour, hours)
		d.Give = append(d.Give, g)
		for j, p := range a.Partners {
			d.Give = append(d.Give, answerTo(t, p, g, hours, fmt.Sprint("rapid ", i, " ", j)))
		}
	}
	return d
}

// answerTo gives a partner what it asks of what the first is given, and then strays.
func answerTo(t *rapid.T, p consent.Partner, first consent.Given, hours int, label string) consent.Given {
	g := consent.Given{Purpose: first.Purpose, Attributes: p.Of(first.Attributes), Days: first.Days, Partner: p.DID}
	switch rapid.IntRange(0, 12).Draw(t, "stray to a partner") {
	case 0:
		g.Attributes = append(g.Attributes, rapid.SampledFrom(names).Draw(t, "more"))
	case 1:
		hours = rapid.SampledFrom(days).Draw(t, "hours") * 24
	case 2:
		g.Channels = []string{"wallet"}
	case 3:
		g.Partner = rapid.SampledFrom(partners).Draw(t, "other")
	case 4:
		g.Attributes = nil
	}
	g.Entry = entry(label, thisHour, hours)
	return g
}

// No accepted decision lets a business do anything that its request does not ask:
// asked here in other words than Within uses.
func TestWithinIsNeverWider(t *testing.T) {
	accepted, refused, partnersGiven := 0, 0, 0
	property := func(t *rapid.T) {
		q := wish(t)
		d := answer(t, q)
		if d.Within(q) != nil {
			refused++
			return
		}
		accepted++
		for _, g := range d.Give {
			e := must(g.GrantEntry())
			if g.Partner != "" {
				first, ok := d.First(g.Purpose)
				a, _ := q.Purpose(g.Purpose)
				p, named := a.Partner(g.Partner)
				if !ok || !named || len(g.Channels) > 0 || e.End > must(first.GrantEntry()).End {
					t.Fatalf("a partner stands alone, is not named, is reached, or outlasts the first: %v", g)
				}
				for _, name := range g.Attributes {
					if !p.Asks(name) || !slices.Contains(first.Attributes, name) {
						t.Fatalf("%s goes on to a partner that does not ask for it, or past the first", name)
					}
				}
				partnersGiven++
			}
			asks := func(ok func(consent.Asked) bool) bool {
				return slices.ContainsFunc(q.Purposes, func(a consent.Asked) bool {
					return a.ID == g.Purpose && ok(a) && int(e.End-e.Start) <= a.Days*24
				})
			}
			for _, name := range g.Attributes {
				if !asks(func(a consent.Asked) bool {
					return slices.Contains(a.Required, name) || slices.Contains(a.Optional, name)
				}) {
					t.Fatalf("%s of %s was not asked for that long", name, g.Purpose)
				}
			}
			for _, c := range g.Channels {
				if !asks(func(a consent.Asked) bool { return slices.Contains(a.Channels, c) }) {
					t.Fatalf("%s of %s was not asked for that long", c, g.Purpose)
				}
			}
		}
	}
	// A hundred draws may have none of a kind; a few hundred have.
	for range 20 {
		if rapid.Check(t, property); accepted > 0 && refused > 0 && partnersGiven > 0 {
			return
		}
	}
	t.Fatalf("the test proves nothing: %d accepted, %d refused, %d partners", accepted, refused, partnersGiven)
}

// And whoever gives exactly what is asked, or less, is accepted.
func TestWithinAcceptsLess(t *testing.T) {
	f := newFixture(t)
	rapid.Check(t, func(t *rapid.T) {
		q := f.request
		d := consent.Decision{Request: q.ID, RequestHash: q.Hash()}
		for i, a := range q.Purposes {
			g := consent.Given{Purpose: a.ID, Attributes: append(slices.Clone(a.Required), some(t, a.Optional, "give")...), Channels: some(t, a.Channels, "channel")}
			g.Days = rapid.SampledFrom(days[:slices.Index(days, a.Days)+1]).Draw(t, "days")
			if rapid.Bool().Draw(t, "refuse") || len(g.Attributes)+len(g.Channels) == 0 {
				d.Refuse = append(d.Refuse, a.ID)
				continue
			}
			g.Entry = entry(fmt.Sprint("rapid ", i), thisHour, g.Days*24)
			d.Give = append(d.Give, g)
		}
		if err := d.Within(q); err != nil {
			t.Fatal(err)
		}
	})
}
