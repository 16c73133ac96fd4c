package consent_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// may is all that a business may do under grants, hour by hour from the first: asked
// here in other words than Changes uses.
func may(attributes, channels []string, from, until anchor.Epoch) map[string]anchor.Epoch {
	m := map[string]anchor.Epoch{}
	for _, name := range attributes {
		m["collect "+name] = until
	}
	for _, name := range channels {
		m["send on "+name] = until
	}
	if until <= from {
		return nil
	}
	return m
}

// A chain of changes, each drawn at random, honest or not: whatever is accepted gives
// nothing that the grant before did not, a renewal for no longer than was asked, and
// nothing that was not asked ever comes back.
func TestChangesAreNeverWider(t *testing.T) {
	f := newHeld(t)
	asked := f.request.Purposes[1] // marketing: the one with a channel
	f.request.Purposes[1].Optional = []string{"shoe-size", "name", "email"}
	asked.Optional = f.request.Purposes[1].Optional
	accepted, refused, kinds := 0, 0, map[consent.ChangeKind]int{}
	property := func(t *rapid.T) {
		h := f
		clock := now
		h.grant.PurposeID, h.grant.Purpose = asked.ID, asked.Purpose
		h.grant.Attributes = append([]string{"name"}, some(t, []string{"shoe-size", "email"}, "attribute")...)
		h.grant.Channels = some(t, asked.Channels, "channel")
		h.grant.End = thisHour + anchor.Epoch(rapid.SampledFrom([]int{1, 7, 31, 90}).Draw(t, "days")*24)
		for step := range 6 {
			clock = clock.Add(time.Duration(rapid.IntRange(0, 40*24).Draw(t, "pass")) * time.Hour)
			start := anchor.EpochAt(clock) + anchor.Epoch(rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "start"))
			kind := rapid.SampledFrom([]consent.ChangeKind{consent.ChangeNarrowed, consent.ChangeShortened, consent.ChangeRenewed, consent.ChangePaused, consent.ChangeResumed}).Draw(t, "kind")
			if h.grant.State == consent.StatePaused && rapid.IntRange(0, 3).Draw(t, "resume") > 0 {
				kind = consent.ChangeResumed
			}
			c := consent.NewChange(h.grant, kind, nil, clock)
			if kind != consent.ChangePaused {
				next := drawSuccessor(t, h, kind, start, step)
				c.Next = &next
			}
			parsed, err := consent.ParseChange(c.Bytes())
			if err == nil {
				err = parsed.Changes(h.grant, f.request, clock)
			}
			if err != nil {
				refused++
				continue
			}
			accepted++
			kinds[kind]++
			old := h.grant
			if h.grant.State = consent.StatePaused; c.Next == nil {
				continue
			}
			had := may(old.Attributes, old.Channels, start, old.End)
			for what, until := range may(c.Next.Attributes, c.Next.Channels, start, c.Next.Until) {
				before, ok := had[what]
				if !ok {
					t.Fatalf("%s gives %s, which the grant before did not", kind, what)
				}
				if until > before && (kind != consent.ChangeRenewed || until > start+anchor.Epoch(asked.Days*24)) {
					t.Fatalf("%s lets it %s for longer", kind, what)
				}
			}
			h.grant = consent.Grant{ID: c.Next.Grant, Request: old.Request, Business: old.Business, PurposeID: old.PurposeID, Purpose: old.Purpose, State: consent.StateLive,
				Attributes: c.Next.Attributes, Channels: c.Next.Channels, Start: start, End: c.Next.Until, Entry: c.Next.Entry, Receipt: "receipt"}
			clock = start.Time()
		}
	}
	// A hundred draws may have none of a kind; a few hundred have.
	for range 20 {
		if rapid.Check(t, property); accepted > 0 && refused > 0 && len(kinds) == 5 {
			return
		}
	}
	t.Errorf("the test proves nothing: %d accepted, %d refused, of the kinds %v", accepted, refused, kinds)
}

// drawSuccessor makes a successor: one of that kind every other time, else one of more or
// less.
func drawSuccessor(t *rapid.T, h held, kind consent.ChangeKind, start anchor.Epoch, step int) (next consent.Successor) {
	next = consent.Successor{Grant: id.New[id.Grant](), Attributes: slices.Clone(h.grant.Attributes), Channels: slices.Clone(h.grant.Channels), Until: h.grant.End}
	defer func() {
		next.Days = max(consent.DaysFor(int(next.Until)-int(start)), 1)
		next.Entry = entry("change "+string(rune('a'+step)), start, next.Days*24)
	}()
	if rapid.Bool().Draw(t, "honest") {
		switch kind {
		case consent.ChangeNarrowed:
			next.Attributes = next.Attributes[:max(len(next.Attributes)-1, 0)]
		case consent.ChangeShortened:
			next.Until--
		case consent.ChangeRenewed:
			next.Until = start + 90*24
		}
		return next
	}
	switch rapid.IntRange(0, 5).Draw(t, "lie") {
	case 0:
		next.Attributes = append(next.Attributes, rapid.SampledFrom([]string{"email", "birth-date", "shoe-size"}).Draw(t, "more"))
	case 1:
		next.Channels = []string{consent.ChannelWallet}
	case 2, 3:
		next.Attributes = next.Attributes[:max(len(next.Attributes)-1, 0)]
	}
	next.Until += anchor.Epoch(rapid.SampledFrom([]int{0, 0, 0, 1, 24, 90 * 24}).Draw(t, "later"))
	next.Until -= anchor.Epoch(rapid.SampledFrom([]int{0, 0, 0, 1, 24}).Draw(t, "earlier"))
	if rapid.Bool().Draw(t, "renew") {
		next.Until = start + anchor.Epoch(rapid.SampledFrom([]int{90 * 24, 90*24 - 1, 90*24 + 1}).Draw(t, "from now"))
	}
	return next
}

// Two more rules, which no drawn change and no vector reaches alone.
func TestWhatASuccessorMayNot(t *testing.T) {
	h := newHeld(t)
	c, _ := h.change(t, consent.ChangeShortened, all, 1)
	start := anchor.EpochAt(h.at)
	c.Next.Entry, c.Next.Until = h.enter(t, "next", "x", start-1, 1).Bytes(), start // over when it arrives
	if _, err := consent.ParseChange(c.Bytes()); err != nil {
		t.Fatal(err)
	}
	code(t, c.Changes(h.grant, h.request, h.at), consent.BadEntry)

	// Without a catalogue only the receipt before says of which type an attribute is.
	d, r := newHeld(t).change(t, consent.ChangeShortened, all, 1)
	if err := r.Records(d, h.before, h.request, nil); err != nil {
		t.Fatal(err)
	}
	r.Purposes[0].Information[0].Type = "urn:x:y"
	r.JWT = must(h.person.SignReceipt(r))
	d.Next.ReceiptHash = consent.HashOf(r.JWT)
	code(t, r.Records(d, h.before, h.request, nil), consent.WrongReceipt)
}

func TestDaysFor(t *testing.T) {
	for hours, want := range map[int]int{-1: 0, 0: 0, 1: 1, 24: 1, 25: 7, 7 * 24: 7, 8 * 24: 31, 32 * 24: 90, 365 * 24: 365, 365*24 + 1: 0} {
		if have := consent.DaysFor(hours); have != want {
			t.Errorf("%d hours: %d days", hours, have)
		}
	}
}
