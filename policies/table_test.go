package policies

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// now is half past, so that an hour's start and end are never met by accident.
var now = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)

const shop = consent.DID("did:web:shop.example")

// row is one line of testdata/decisions.txt.
type row struct {
	line     int
	text     string
	question consent.Question
	allow    bool
	rules    string // ids, by commas
}

// says is a ruling the way the table writes it.
func says(r consent.Ruling) (allow bool, ids string) {
	var all []string
	for _, reason := range r.Reasons {
		all = append(all, reason.ID)
	}
	return r.Allow, strings.Join(all, ",")
}

// plain is the case that each line of the table says its differences from.
func plain(action consent.Action) consent.Question {
	q := consent.Question{
		Action: action,
		Business: consent.Business{DID: shop, State: consent.BusinessActive, Purposes: []string{
			iri("dpv#DirectMarketing"), iri("dpv#DeliveryOfGoods"), iri("dpv#CustomerCare"),
			iri("dpv#AgeVerification"), iri("coffer#LoyaltyProgramme"), iri("dpv#NoSuchPurpose"),
		}},
		Grant: consent.Grant{
			ID: id.Grant{1}, Business: shop, Purpose: iri("dpv#DirectMarketing"),
			Attributes: []string{"name", "email", "shoe-size"}, Channels: []string{"wallet"}, WeeklyCap: 2,
			Start: anchor.EpochAt(now) - 24, End: anchor.EpochAt(now) + 30*24, State: consent.StateLive,
		},
		Now: now,
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

func iri(short string) string {
	if term, ok := strings.CutPrefix(short, "coffer#"); ok {
		return "https://coffer.example/terms#" + term
	}
	return "https://w3id.org/" + short
}

func list(commas string) []string {
	return slices.DeleteFunc(strings.Split(commas, ","), func(s string) bool { return s == "" })
}

// differ applies one key=value of the table.
func differ(q *consent.Question, key, value string) error {
	number, err := strconv.Atoi(value)
	switch key {
	case "start", "end", "cap", "sent":
		if err != nil {
			return err
		}
	}
	switch key {
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
		q.Grant.Start = anchor.Epoch(int(anchor.EpochAt(now)) + number)
	case "end":
		q.Grant.End = anchor.Epoch(int(anchor.EpochAt(now)) + number)
	case "minor":
		q.Grant.Minor = value == "true"
	default:
		return fmt.Errorf("no such key")
	}
	return nil
}

var comment = regexp.MustCompile(`(^|\s)(//|#).*$`)

func readTable(t testing.TB) (out []row) {
	t.Helper()
	b, err := os.ReadFile("testdata/decisions.txt")
	if err != nil {
		t.Fatal(err)
	}
	allowed, denied := 0, 0
	for i, text := range strings.Split(string(b), "\n") {
		words := strings.Fields(comment.ReplaceAllString(text, ""))
		if len(words) == 0 {
			continue
		}
		if len(words) < 3 || words[0] != "allow" && words[0] != "deny" {
			t.Fatalf("line %d: want allow|deny, rules, action: %s", i+1, text)
		}
		r := row{line: i + 1, text: text, allow: words[0] == "allow", rules: words[1], question: plain(consent.Action(words[2]))}
		for _, w := range words[3:] {
			key, value, _ := strings.Cut(w, "=")
			if err := differ(&r.question, key, value); err != nil {
				t.Fatalf("line %d: %s: %v", r.line, w, err)
			}
		}
		if r.allow {
			allowed++
		} else {
			denied++
		}
		out = append(out, r)
	}
	if allowed < 10 || denied < 30 {
		t.Fatalf("the table has %d cases that allow and %d that deny: too few to mean anything", allowed, denied)
	}
	return out
}

func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestTheRulesSayWhatTheTableSays(t *testing.T) {
	e := engine(t)
	for _, r := range readTable(t) {
		ruling := e.Decide(r.question)
		if allow, rules := says(ruling); allow != r.allow || rules != r.rules {
			t.Errorf("line %d: %s\n\tsays allow=%t %s", r.line, strings.TrimSpace(r.text), allow, rules)
		}
		if ruling.Version != e.Version() {
			t.Errorf("line %d: the ruling does not say which rules decided", r.line)
		}
		for _, reason := range ruling.Reasons {
			if reason.Title == "" {
				t.Errorf("line %d: %s has no title", r.line, reason.ID)
			}
		}
	}
}

// A rule that no case needs may be wrong or missing without anyone seeing it: take
// each rule away and see a case turn from deny to allow, or the other way.
func TestEveryRuleIsNecessary(t *testing.T) {
	table, all := readTable(t), engine(t)
	for i, gone := range all.rules {
		less := *all
		less.rules = slices.Delete(slices.Clone(all.rules), i, i+1)
		turned := 0
		for _, r := range table {
			if less.Decide(r.question).Allow != r.allow {
				turned++
			}
		}
		if turned == 0 {
			t.Errorf("without %s no case of the table turns: the table does not hold it", gone.id)
		}
	}
}
