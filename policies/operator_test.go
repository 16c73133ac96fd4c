package policies

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"
)

// example is what FORMAT.md shows in the language named.
func example(t testing.TB, language string) string {
	t.Helper()
	b, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n```"+language+"\n")
	text, _, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		t.Fatalf("FORMAT.md has no example in %s", language)
	}
	return text
}

func TestAnOperatorForbidsMore(t *testing.T) {
	e, err := New(File{"night.cedar", []byte(example(t, "cedar"))})
	if err != nil {
		t.Fatal(err)
	}
	table, err := ParseTable([]byte(example(t, "table") + `
allow R02-collect collect
deny O01-no-night-collection collect time=2026-11-21T05:59:00Z
allow R03-message message time=2026-11-21T05:59:00Z
deny G03-grant-live,O01-no-night-collection collect time=2026-11-21T05:59:00Z state=withdrawn
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range e.Try(table) {
		t.Errorf("line %d: %v", f.Case.Line, f.Ruling)
	}
	last := e.Rules()[len(e.Rules())-1]
	if last.File != "night.cedar" || last.Line != 1 || !last.Forbids || last.ID != "O01-no-night-collection" || last.Text+"\n" != example(t, "cedar") {
		t.Errorf("the operator's rule is shown as %+v", last)
	}
	for _, r := range e.Rules() {
		if !strings.HasPrefix(r.Text, "@id(\""+r.ID) || !strings.HasSuffix(r.Text, "};") || strings.Count(r.Text, "@id") != 1 {
			t.Errorf("%s is shown as\n%s", r.ID, r.Text)
		}
	}
}

func TestAnOperatorMayOnlyForbid(t *testing.T) {
	night := example(t, "cedar")
	for name, x := range map[string]struct {
		file File
		want []string
	}{
		"a permit":           {File{"a.cedar", []byte("\n" + `@id("O01") @title("All") permit (principal, action, resource);`)}, []string{"a.cedar, line 2", "is a permit", "may only forbid"}},
		"a shipped id":       {File{"a.cedar", []byte(`@id("M01-no-marketing-to-children") @title("x") forbid (principal, action, resource) when { false };`)}, []string{"stands twice", "floor.cedar"}},
		"a shipped name":     {File{"floor.cedar", []byte(night)}, []string{"floor.cedar", "rename the file"}},
		"no title":           {File{"a.cedar", []byte(`@id("O01") forbid (principal, action, resource);`)}, []string{"no @title", "write"}},
		"a count as text":    {File{"a.cedar", []byte(`@id("O01") @title("x") forbid (principal, action, resource is Coffer::Grant) when { resource.weeklyCap == "two" };`)}, []string{"O01", "schema"}},
		"an unknown name":    {File{"a.cedar", []byte(`@id("O01") @title("x") forbid (principal, action, resource is Coffer::Grant) when { resource.colour };`)}, []string{"O01", "schema"}},
		"what may be absent": {File{"a.cedar", []byte(`@id("O01") @title("x") forbid (principal, action == Coffer::Action::"message", resource) when { context.localHour < 9 };`)}, []string{"O01", "schema"}},
		"a time as number":   {File{"a.cedar", []byte(`@id("O01") @title("x") forbid (principal, action, resource) when { context.now < 5 };`)}, []string{"a.cedar, line 1", "O01", "errs on the question"}},
		"a misspelt state":   {File{"a.cedar", []byte(`@id("O01") @title("x") forbid (principal, action, resource is Coffer::Grant) when { resource.state == Coffer::State::"lvie" };`)}, []string{"a.cedar, line 1", "O01", "lvie", "live"}},
		"in a list":          {File{"a.cedar", []byte(`@id("O01") @title("x") forbid (principal, action, resource is Coffer::Grant) when { [Coffer::State::"live", Coffer::State::"paussed"].contains(resource.state) };`)}, []string{"paussed"}},
		"another's denial":   {File{"a.cedar", []byte(`@id("O01") @title("x") @denial("condition") forbid (principal, action, resource);`)}, []string{"a.cedar, line 1", "@denial"}},
		"half a rule":        {File{"a.cedar", []byte(`forbid (principal`)}, []string{"a.cedar"}},
	} {
		_, err := New(x.file)
		for _, want := range x.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want an error with %q", name, err, want)
			}
		}
	}
	if _, err := New(File{"a.cedar", []byte("// nothing yet\n")}); err != nil {
		t.Errorf("a file without rules: %v", err)
	}
}

// Whatever an operator writes, it lifts nothing: what is denied stays denied, by the
// same rules.
func TestNoOperatorLiftsAnything(t *testing.T) {
	floor := engine(t)
	conditions := []string{"true", "false", `context.now.toTime() < duration("6h")`, "resource.minor", "!resource.minor",
		`resource.purpose.marketing`, `resource.state == Coffer::State::"live"`}
	var operators []*Engine
	for _, c := range conditions {
		for _, word := range []string{"when", "unless"} {
			e, err := New(File{"o.cedar", []byte(`@id("O01") @title("o") forbid (principal, action, resource is Coffer::Grant) ` + word + ` { ` + c + ` };`)})
			if err != nil {
				t.Fatalf("%s { %s }: %v", word, c, err)
			}
			operators = append(operators, e)
		}
	}
	more := 0
	rapid.Check(t, func(t *rapid.T) {
		q := anyQuestion(t)
		e := rapid.SampledFrom(operators).Draw(t, "operator")
		below, ruling := floor.Decide(q), e.Decide(q)
		if ruling.Allow && !below.Allow {
			t.Fatalf("lifted: %v", below.Reasons)
		}
		if below.Allow && !ruling.Allow {
			more++
		}
		if below.Allow || below.Reasons[0] == NothingPermits {
			return
		}
		for _, r := range below.Reasons {
			if !slices.Contains(ruling.Reasons, r) {
				t.Fatalf("%s is not named any more: %v", r.ID, ruling.Reasons)
			}
		}
	})
	if more == 0 {
		t.Error("no operator's rule forbade anything")
	}
}

func TestReadFiles(t *testing.T) {
	night := example(t, "cedar")
	folder := fstest.MapFS{
		"b.cedar":       {Data: []byte(night)},
		"a.cedar":       {Data: []byte("// nothing\n")},
		"table.txt":     {Data: []byte("allow * collect")},
		"sub/c.cedar":   {Data: []byte("permit")},
		"a.cedar.saved": {Data: []byte("permit")},
	}
	files, err := ReadFiles(folder)
	if err != nil || len(files) != 2 || files[0].Name != "a.cedar" || files[1].Name != "b.cedar" || string(files[1].Text) != night {
		t.Errorf("read %v, %v", files, err)
	}
	folder["c.cedar"] = &fstest.MapFile{Data: make([]byte, maxFile+1)}
	if _, err := ReadFiles(folder); err == nil || !strings.Contains(err.Error(), "c.cedar") {
		t.Errorf("a huge file: %v", err)
	}
	if files, err := ReadFiles(fstest.MapFS{}); err != nil || len(files) != 0 {
		t.Errorf("an empty folder: %v, %v", files, err)
	}
}
