package policies

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

//go:embed testdata/decisions.txt
var tableText []byte

// ShippedTable says what the rules that Coffer ships must say; its head describes the
// format (see also FORMAT.md).
func ShippedTable() []byte { return slices.Clone(tableText) }

// Case is one line of a decision table: a question and what the rules must say.
type Case struct {
	Line     int
	Words    []string // the question as it stands there
	Question consent.Question
	Allow    bool
	Rules    []string // ids, sorted; nil: whichever
}

// Holds reports whether the ruling is the one that the case wants.
func (c Case) Holds(r consent.Ruling) bool {
	return r.Allow == c.Allow && (c.Rules == nil || slices.Equal(c.Rules, ids(r)))
}

// Failure is a case that the rules decide otherwise.
type Failure struct {
	Case   Case
	Ruling consent.Ruling
}

// Try lists the cases that the rules decide otherwise than the table wants.
func (e *Engine) Try(table []Case) (out []Failure) {
	for _, c := range table {
		if r := e.Decide(c.Question); !c.Holds(r) {
			out = append(out, Failure{c, r})
		}
	}
	return out
}

func ids(r consent.Ruling) (out []string) {
	for _, reason := range r.Reasons {
		out = append(out, reason.ID)
	}
	return out
}

var comment = regexp.MustCompile(`(^|\s)(//|#).*$`)

// ParseTable reads a decision table. An error names the line and what is wanted there.
func ParseTable(text []byte) (out []Case, err error) {
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		words := strings.Fields(comment.ReplaceAllString(strings.TrimSpace(line), ""))
		if len(words) == 0 {
			continue
		}
		if len(words) < 3 || words[0] != "allow" && words[0] != "deny" {
			return nil, fmt.Errorf("reading the table: line %d: want allow or deny, the ids of the rules by commas (or *), an action, and key=value for what differs", n)
		}
		c := Case{Line: n, Words: words[2:], Allow: words[0] == "allow"}
		if words[1] != "*" {
			c.Rules = list(words[1])
			slices.Sort(c.Rules)
		}
		if c.Question, err = ParseQuestion(words[2:]); err != nil {
			return nil, fmt.Errorf("reading the table: line %d: %w", n, err)
		}
		out = append(out, c)
	}
	return out, nil
}

// The plain case, from which a question says its differences. Its moment is half past,
// so that an hour's start and end are never met by accident.
const plainShop = consent.DID("did:web:shop.example")

var plainTime = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

// ParseQuestion reads a question as tables write it: an action and key=value for each
// thing in which it differs from the plain case of that action.
func ParseQuestion(words []string) (q consent.Question, err error) {
	if len(words) == 0 {
		return q, fmt.Errorf("want an action: give, collect or message")
	}
	q = plain(consent.Action(words[0]))
	for _, w := range words[1:] { // the moment first: hours are counted from it
		if value, ok := strings.CutPrefix(w, "time="); ok {
			if q.Now, err = time.Parse(time.RFC3339, value); err != nil {
				return q, fmt.Errorf("%s: want a moment as in time=2026-11-21T09:30:00Z", w)
			}
			moved := anchor.EpochAt(q.Now) - anchor.EpochAt(plainTime)
			q.Grant.Start += moved
			q.Grant.End += moved
		}
	}
	for _, w := range words[1:] {
		key, value, ok := strings.Cut(w, "=")
		if !ok {
			return q, fmt.Errorf("%s: want key=value", w)
		}
		if err := differ(&q, key, value); err != nil {
			return q, fmt.Errorf("%s: %w", w, err)
		}
	}
	return q, nil
}

func plain(action consent.Action) consent.Question {
	q := consent.Question{
		Action: action,
		Business: consent.Business{DID: plainShop, State: consent.BusinessActive, Purposes: []string{
			iri("dpv#DirectMarketing"), iri("dpv#DeliveryOfGoods"), iri("dpv#CustomerCare"), iri("dpv#AgeVerification"),
			iri("dpv#ServicePersonalisation"), iri("dpv#TargetedAdvertising"), iri("coffer#LoyaltyProgramme"),
			iri("coffer#MadeToPrescription"), iri("coffer#SafeFood"), iri("dpv#NoSuchPurpose"),
		}},
		Grant: consent.Grant{
			ID: id.Grant{1}, Business: plainShop, Purpose: iri("dpv#DirectMarketing"),
			Attributes: []string{"name", "email", "shoe-size"}, Channels: []string{"wallet"}, WeeklyCap: 2,
			Start: anchor.EpochAt(plainTime) - 24, End: anchor.EpochAt(plainTime) + 30*24, State: consent.StateLive,
		},
		Now: plainTime,
	}
	switch action {
	case consent.ActionGive:
		q.Grant.State = consent.StateAnchoring
		q.Grant.Start += 24
	case consent.ActionCollect:
		q.Attribute = "email"
	case consent.ActionMessage:
		q.Channel, q.SentLast7Days = "wallet", 1
	}
	return q
}

// iri is a term in full: tables write dpv#Marketing and coffer#SafeFood.
func iri(short string) string {
	if term, ok := strings.CutPrefix(short, "coffer#"); ok {
		return "https://coffer.example/terms#" + term
	}
	if strings.HasPrefix(short, "dpv") {
		return "https://w3id.org/" + short
	}
	return short
}

func list(commas string) []string {
	return slices.DeleteFunc(strings.Split(commas, ","), func(s string) bool { return s == "" })
}

// condition gives the grant one, which stands so.
func condition(q *consent.Question, value string) error {
	g := &q.Grant
	kind, how, _ := strings.Cut(value, ":")
	n, err := strconv.Atoi(how)
	switch value {
	case "record:shown", "record:missing":
		g.Condition, g.Standing.Met = &consent.Condition{Record: &consent.RecordCondition{}}, how == "shown"
		return nil
	case "event:said", "event:missing":
		g.Condition, g.Standing.Met = &consent.Condition{Event: &consent.EventCondition{}}, how == "said"
		return nil
	}
	switch {
	case kind == "from" && err == nil:
		at := consent.UnixAt(q.Now) + consent.Unix(n*60)
		g.Condition = &consent.Condition{From: &at}
	case kind == "uses" && err == nil:
		all := consent.MaxUses
		g.Condition, g.Standing.Used = &consent.Condition{Uses: &all}, all-n
	default:
		return fmt.Errorf("want record:shown, record:missing, event:said, event:missing, from:<minutes from now> or uses:<left>")
	}
	return nil
}

// differ applies one key=value.
func differ(q *consent.Question, key, value string) error {
	number, err := strconv.Atoi(value)
	switch key {
	case "start", "end", "cap", "sent", "hour":
		if err != nil {
			return fmt.Errorf("want a whole number")
		}
		if key == "hour" && (number < 0 || number > 23) {
			return fmt.Errorf("want 0 to 23")
		}
	case "minor":
		if value != "true" && value != "false" {
			return fmt.Errorf("want true or false")
		}
	}
	hour := int(anchor.EpochAt(q.Now))
	switch key {
	case "time":
	case "attribute":
		q.Attribute = value
	case "channel":
		q.Channel = value
	case "sent":
		q.SentLast7Days = number
	case "business":
		q.Business.State = consent.BusinessState(value)
	case "registered":
		q.Business.Purposes = nil
		for _, p := range list(value) {
			q.Business.Purposes = append(q.Business.Purposes, iri(p))
		}
	case "owner":
		q.Grant.Business = consent.DID(value)
	case "purpose":
		q.Grant.Purpose = iri(value)
	case "attributes":
		q.Grant.Attributes = list(value)
	case "channels":
		q.Grant.Channels = list(value)
	case "cap":
		q.Grant.WeeklyCap = number
	case "state":
		q.Grant.State = consent.State(value)
	case "start":
		q.Grant.Start = anchor.Epoch(hour + number)
	case "end":
		q.Grant.End = anchor.Epoch(hour + number)
	case "minor":
		q.Grant.Minor = value == "true"
	case "jurisdictions":
		q.Grant.Jurisdictions = list(value)
	case "recipients":
		q.Grant.Destinations = list(value)
	case "condition":
		return condition(q, value)
	case "hour":
		*q = q.AtHour(number)
	default:
		return fmt.Errorf("there is no such key; there are attribute, attributes, business, cap, channel, channels, condition, end, hour, jurisdictions, minor, owner, purpose, recipients, registered, sent, start, state and time")
	}
	return nil
}
