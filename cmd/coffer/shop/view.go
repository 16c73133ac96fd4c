package shop

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"coffer"
)

// orderView is an order as its page shows it.
type orderView struct {
	ID, Stamp, State, Size, Placed, Link, Note string
	Number                                     int
	Moving                                     bool // the page is to follow it
	Deliverable                                bool
	Parts                                      []partView
}

type partView struct {
	PurposeID, Title, State, StateLabel string
	Grant, Until, Withdrawal, Note      string
	Address, NotGranted                 []string
	Values                              []valueView
	CanOverreach, CanWarrant            bool
	Warranty                            string // how it stands; "" for none
	Attempts                            []refusalView
}

type valueView struct{ Label, Text string }

type refusalView struct{ Reason, Text, When string }

func (s *Shop) view(o order) orderView {
	now := s.now()
	v := orderView{
		ID: o.ID, Number: o.Number, Size: o.Size, Link: o.Link, State: o.state(now), Stamp: o.stamp(now),
		Placed: when(o.Placed), Note: "Collecting what you gave",
	}
	// A finished order still moves: a withdrawal shows at once.
	v.Moving = v.State != "expired"
	for _, asked := range Asked() {
		i := slices.IndexFunc(o.Parts, func(p *part) bool { return p.PurposeID == asked.ID })
		if i < 0 {
			continue
		}
		p := s.viewPart(asked, o.Parts[i], now)
		if p.Address != nil {
			v.Deliverable = true
		}
		if o.Parts[i].State == coffer.StateAnchoring && o.Parts[i].Given {
			v.Note = "Your grants are being written to the ledger"
		}
		v.Parts = append(v.Parts, p)
	}
	return v
}

func (s *Shop) viewPart(asked coffer.Purpose, p *part, now time.Time) partView {
	v := partView{PurposeID: p.PurposeID, Title: titles[p.PurposeID]}
	v.State, v.StateLabel = stateOf(p, now)
	if !p.Given {
		v.Note = "You refused this purpose. We know nothing under it, and that is fine."
		if p.PurposeID == "delivery" {
			v.Note = "You refused this purpose, so we have no address. Your shoes wait for you at the counter."
		}
		return v
	}
	v.Grant = p.Grant.String()
	v.Withdrawal = s.business.Profile().Operator + "/grants/" + v.Grant
	if p.Warranty != nil {
		v.Warranty = warrantyStates[p.Warranty.State]
	}
	if p.live(now) {
		v.CanWarrant = p.PurposeID == "delivery" && p.Collected && p.Warranty == nil
		v.Until = p.End.Time().Format("2 January 2006")
		v.CanOverreach = p.PurposeID == "delivery"
		for _, name := range slices.Concat(asked.Required, asked.Optional) {
			if p.Collected && !slices.Contains(p.Attributes, name) {
				v.NotGranted = append(v.NotGranted, label(name))
			}
		}
	}
	if !p.Withdrawn.Time().IsZero() && p.Withdrawn > 0 {
		v.Note = "Withdrawn " + when(p.Withdrawn) + ". We have deleted what we collected under it."
	}
	if p.State == coffer.StatePaused {
		v.Note = "You paused this. We do nothing under it until you resume it."
		return v
	}
	if raw, ok := p.Values["postal-address"]; ok {
		v.Address = address(p.Values["name"], raw)
	}
	for _, name := range slices.Concat(asked.Required, asked.Optional) {
		raw, ok := p.Values[name]
		if !ok || v.Address != nil && (name == "name" || name == "postal-address") {
			continue
		}
		v.Values = append(v.Values, valueView{label(name), text(raw)})
	}
	for _, a := range p.Attempts {
		for _, r := range a.Refused {
			v.Attempts = append(v.Attempts, refusalView{r.Reason, explain(r), when(a.Time)})
		}
	}
	return v
}

func stateOf(p *part, now time.Time) (state, label string) {
	switch {
	case !p.Given:
		return "refused", "refused"
	case p.State == coffer.StateLive && coffer.EpochAt(now) >= p.End:
		return "expired", "expired"
	case p.State == coffer.StateAnchoring:
		return "anchoring", "being anchored"
	case p.State == coffer.StateLive:
		return "live", "given"
	}
	return string(p.State), string(p.State)
}

// explain says a refusal's reason in a sentence.
func explain(r refusal) string {
	what := "this"
	if r.Attribute != "" {
		what = "“" + label(r.Attribute) + "”"
	}
	switch coffer.DenialReason(r.Reason) {
	case coffer.NotCovered:
		return "Your grant does not name " + what + ", so the operator did not release it."
	case coffer.Withdrawn:
		return "You have withdrawn this grant. Nothing is released under it any more."
	case coffer.Expired:
		return "The grant's time is over."
	case coffer.Paused:
		return "You have paused this grant. Nothing is released under it until you resume it."
	case coffer.NotAnchored:
		return "The grant is not on the ledger yet."
	case coffer.NoPermit:
		return "There is no permit for this hour on the ledger."
	case coffer.Policy:
		return "A rule of the operator forbids it."
	case coffer.Terminated:
		return "The shop has ended this grant."
	}
	return "The operator refused " + what + "."
}

// address writes an address as it stands on a parcel. A value of another shape is
// shown as it is.
func address(name, raw json.RawMessage) []string {
	var a struct{ Street, Postcode, City, Country string }
	if err := json.Unmarshal(raw, &a); err != nil {
		return []string{text(raw)}
	}
	var lines []string
	for _, line := range []string{text(name), a.Street, strings.TrimSpace(a.Postcode + " " + a.City), a.Country} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// text shows a value: strings without their quotes, anything else as JSON.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func when(u coffer.Unix) string {
	if u == 0 {
		return ""
	}
	return u.Time().Local().Format("2 Jan 2006, 15:04")
}
