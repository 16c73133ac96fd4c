package consent

import (
	"regexp"
	"slices"
	"strconv"
)

// purpose adds how two purposes of one name differ.
func (d *differences) purpose(at string, a, b Asked) {
	d.word(at+".purpose", DifferentPurpose, a.Purpose, b.Purpose)
	d.word(at+".lawful_basis", DifferentBasis, a.LawfulBasis, b.LawfulBasis)
	d.texts(at+".text", a.Text, b.Text)
	d.attributes(at, a, b)
	d.number(at+".days", DaysLonger, DaysShorter, a.Days, b.Days)
	d.retention(at+".retention", a.Retention, b.Retention)
	d.set(at+".recipients", RecipientAdded, RecipientRemoved, each(a.Recipients, Recipient.String), each(b.Recipients, Recipient.String))
	country := func(r Recipient) string { return r.Country }
	d.set(at+".recipients", CountryAdded, CountryRemoved, each(a.Recipients, country), each(b.Recipients, country))
	d.set(at+".channels", ChannelAdded, ChannelRemoved, a.Channels, b.Channels)
	d.number(at+".weekly_cap", CapRaised, CapLowered, a.WeeklyCap, b.WeeklyCap)
	d.partners(at+".partners", a, b)
	d.condition(at+".condition", a.Condition, b.Condition)
}

// partners are told apart by their keys.
func (d *differences) partners(at string, a, b Asked) {
	line := func(p Partner) string { return Recipient{p.Name, p.Country}.String() }
	for _, p := range b.Partners {
		was, ok := a.Partner(p.DID)
		if !ok {
			d.add(at, PartnerAdded, "", line(p))
			continue
		}
		d.word(at, DifferentPartner, was.Name, p.Name)
		d.word(at, DifferentPartner, was.Country, p.Country)
		d.word(at, DifferentPartner, string(was.Role), string(p.Role))
		d.word(at, DifferentContact, was.Address, p.Address)
		d.word(at, DifferentContact, was.Contact, p.Contact)
		d.set(at, PartnerAttributeAdded, PartnerAttributeRemoved, was.Attributes, p.Attributes)
	}
	for _, p := range a.Partners {
		if _, ok := b.Partner(p.DID); !ok {
			d.add(at, PartnerRemoved, line(p), "")
		}
	}
}

func (d *differences) condition(at string, before, after *Condition) {
	a, b := before.Text(), after.Text()
	switch {
	case a == b:
	case before == nil:
		d.add(at, ConditionAdded, a, b)
	case after == nil:
		d.add(at, ConditionDropped, a, b)
	case after.looser(before):
		d.add(at, ConditionLooser, a, b)
	default:
		d.add(at, ConditionStricter, a, b)
	}
}

// String is the recipient in one line.
func (r Recipient) String() string { return r.Name + " (" + r.Country + ")" }

func each[T any](list []T, f func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func (d *differences) attributes(at string, a, b Asked) {
	needed, chosen := a.lines()
	required, optional := b.lines()
	for _, name := range required {
		switch {
		case slices.Contains(needed, name):
		case slices.Contains(chosen, name):
			d.add(at+".required", AttributeRequired, name, name)
		default:
			d.add(at+".required", AttributeAdded, "", name)
		}
	}
	for _, name := range optional {
		switch {
		case slices.Contains(chosen, name):
		case slices.Contains(needed, name):
			d.add(at+".optional", AttributeOptional, name, name)
		default:
			d.add(at+".optional", AttributeAdded, "", name)
		}
	}
	for _, name := range slices.Concat(needed, chosen) {
		if !slices.Contains(required, name) && !slices.Contains(optional, name) {
			d.add(at, AttributeRemoved, name, "")
		}
	}
}

func (d *differences) number(at string, more, fewer DifferenceKind, before, after int) {
	switch {
	case after > before:
		d.add(at, more, strconv.Itoa(before), strconv.Itoa(after))
	case after < before:
		d.add(at, fewer, strconv.Itoa(before), strconv.Itoa(after))
	}
}

func (d *differences) retention(at, before, after string) {
	if before == after {
		return
	}
	was, is := spanOf(before), spanOf(after)
	switch {
	case was == is:
		d.add(at, RetentionRespelt, before, after)
	case is.within(was):
		d.add(at, RetentionShorter, before, after)
	default:
		d.add(at, RetentionLonger, before, after)
	}
}

// span is an ISO 8601 duration of retentionForm. How many days a month has depends on
// when it begins, so that two spans need not have an order.
type span struct{ months, days int }

var spanParts = regexp.MustCompile(`([0-9]+)([YMWD])`)

func spanOf(duration string) (s span) {
	for _, part := range spanParts.FindAllStringSubmatch(duration, -1) {
		n, _ := strconv.Atoi(part[1]) // at most four digits
		switch part[2] {
		case "Y":
			s.months += 12 * n
		case "M":
			s.months += n
		case "W":
			s.days += 7 * n
		case "D":
			s.days += n
		}
	}
	return s
}

// within reports whether the span is certainly no longer than the other, whenever both
// begin: months against months, and a month more against 31 days fewer, a month fewer
// against 28 days more.
func (s span) within(other span) bool {
	months := s.months - other.months
	if months > 0 {
		return s.days+31*months <= other.days
	}
	return s.days <= other.days-28*months
}
