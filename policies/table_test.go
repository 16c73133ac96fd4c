package policies

import (
	"slices"
	"strings"
	"testing"

	"coffer/consent"
)

var now = plainTime

const shop = plainShop

// says is a ruling the way the table writes it.
func says(r consent.Ruling) (allow bool, rules string) { return r.Allow, strings.Join(ids(r), ",") }

func shippedTable(t testing.TB) []Case {
	t.Helper()
	table, err := ParseTable(ShippedTable())
	if err != nil {
		t.Fatal(err)
	}
	allowed, denied := 0, 0
	for _, c := range table {
		if c.Allow {
			allowed++
		} else {
			denied++
		}
		if c.Rules == nil {
			t.Errorf("line %d does not say which rules", c.Line)
		}
	}
	if allowed < 10 || denied < 30 {
		t.Fatalf("the table has %d cases that allow and %d that deny: too few to mean anything", allowed, denied)
	}
	return table
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
	table := shippedTable(t)
	for _, f := range e.Try(table) {
		_, rules := says(f.Ruling)
		t.Errorf("line %d: %v\n\tsays allow=%t %s", f.Case.Line, f.Case.Words, f.Ruling.Allow, rules)
	}
	for _, c := range table {
		ruling := e.Decide(c.Question)
		if ruling.Version != e.Version() {
			t.Errorf("line %d: the ruling does not say which rules decided", c.Line)
		}
		for _, reason := range ruling.Reasons {
			if reason.Title == "" {
				t.Errorf("line %d: %s has no title", c.Line, reason.ID)
			}
		}
	}
}

// A rule that no case needs may be wrong or missing without anyone seeing it: take
// each rule away and see a case turn from deny to allow, or the other way.
func TestEveryRuleIsNecessary(t *testing.T) {
	table, all := shippedTable(t), engine(t)
	for i, gone := range all.rules {
		less := *all
		less.repeated = &repeated{}
		less.rulesFor = slices.Delete(slices.Clone(all.rules), i, i+1).byAction()
		turned := 0
		for _, r := range table {
			if less.Decide(r.Question).Allow != r.Allow {
				turned++
			}
		}
		if turned == 0 {
			t.Errorf("without %s no case of the table turns: the table does not hold it", gone.ID)
		}
	}
}

func TestParseTableRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"perhaps R02-collect collect":              "want allow or deny",
		"allow collect":                            "want allow or deny",
		"allow R02-collect collect minor":          "want key=value",
		"allow R02-collect collect minor=yes":      "want true or false",
		"allow R02-collect collect colour=red":     "no such key",
		"allow R03-message message hour=24":        "want 0 to 23",
		"allow R02-collect collect start=soon":     "whole number",
		"allow R02-collect collect time=yesterday": "want a moment",
	} {
		_, err := ParseTable([]byte("# head\n" + line + "\n"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v, want line 2 and %q", line, err, want)
		}
	}
}

func TestATableMayLeaveTheRulesOpen(t *testing.T) {
	table, err := ParseTable([]byte("allow * collect time=2027-01-01T12:00:00Z\ndeny * collect time=2027-01-01T12:00:00Z end=0 // over\nallow * collect minor=true\n"))
	if err != nil {
		t.Fatal(err)
	}
	failed := engine(t).Try(table)
	if len(failed) != 1 || failed[0].Case.Line != 3 || failed[0].Ruling.Reasons[0].ID != "M01-no-marketing-to-children" {
		t.Errorf("failed: %+v", failed)
	}
}
