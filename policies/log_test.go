package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"coffer/consent"
	"coffer/internal/id"
)

func judge(e *Engine, q consent.Question) Judgement {
	return Judgement{q, e.Decide(q)}
}

// What a log keeps of a question is enough to decide it again.
func TestALogIsEnoughToDecideAgain(t *testing.T) {
	e := engine(t)
	rapid.Check(t, func(t *rapid.T) {
		q := anyQuestion(t)
		j := judge(e, q)
		read, err := ParseJudgement(j.Line())
		if err != nil {
			t.Fatal(err)
		}
		again := e.Decide(read.Question)
		if again.Allow != j.Ruling.Allow || !slices.Equal(ids(again), ids(j.Ruling)) || !slices.Equal(ids(read.Ruling), ids(j.Ruling)) || read.Ruling.Version != e.Version() {
			t.Fatalf("decided %v, read %v, again %v", j.Ruling, read.Ruling, again)
		}
		if !bytes.Equal(read.Line(), j.Line()) {
			t.Fatalf("read as\n%s\nwritten as\n%s", read.Line(), j.Line())
		}
	})
}

// The line is written by hand, and is what encoding/json would write.
func TestALineIsWhatJSONWouldBe(t *testing.T) {
	odd := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"<a&b>", `"\\`, "\u2028\x7f", "name", ""}))
	e := engine(t)
	rapid.Check(t, func(t *rapid.T) {
		j := judge(e, anyQuestion(t))
		j.Question.Business.DID = consent.DID(odd.Draw(t, "did"))
		j.Question.Grant.Purpose = odd.Draw(t, "purpose")
		j.Question.Attribute = odd.Draw(t, "attribute")
		line := j.Line()
		var read judgementJSON
		if err := json.Unmarshal(line, &read); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if want, err := json.Marshal(read); err != nil || !bytes.Equal(line, want) {
			t.Fatalf("\n%s, want\n%s", line, want)
		}
	})
}

func TestNameLike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-c0-2é_-]{0,6}`).Draw(t, "name")
		if nameLike(s) != attributeName.MatchString(s) {
			t.Fatalf("%q", s)
		}
	})
}

func TestALogHoldsNoValueAndNoID(t *testing.T) {
	e := engine(t)
	q := plain(consent.ActionCollect)
	q.Grant.ID, q.Grant.Vault, q.Grant.Request = id.New[id.Grant](), id.New[id.Vault](), id.New[id.Request]()
	q.Grant.Receipt, q.Grant.Letter, q.Grant.PurposeID = "canary-receipt", "canary-letter", "canary-purpose"
	q.Business.Name, q.Business.Contact = "Canary Shop", "canary@shop.example"
	for _, odd := range []string{"canary@mail.example", "Canary", "canary\nallow", strings.Repeat("canary", 100)} {
		q.Attribute, q.Channel, q.Grant.State, q.Business.State = odd, odd, consent.State(odd), consent.BusinessState(odd)
		q.Grant.Attributes, q.Grant.Channels = []string{odd}, []string{odd}
		line := string(judge(e, q).Line())
		for _, never := range []string{"anary", "\n", q.Grant.ID.String(), q.Grant.Vault.String(), q.Grant.Request.String()} {
			if strings.Contains(line, never) {
				t.Errorf("%q is in %s", never, line)
			}
		}
	}
}

func TestTheLineInFORMAT(t *testing.T) {
	j, err := ParseJudgement([]byte(strings.TrimSpace(example(t, "ndjson"))))
	if err != nil {
		t.Fatal(err)
	}
	now := engine(t).Decide(j.Question)
	if now.Allow != j.Ruling.Allow || !slices.Equal(ids(now), ids(j.Ruling)) {
		t.Errorf("the rules say %v", now)
	}
}

func TestParseJudgementRefuses(t *testing.T) {
	good := string(judge(engine(t), plain(consent.ActionMessage)).Line())
	for from, to := range map[string]string{
		`"v":1`:               `"v":2`,
		`"allow":true`:        `"allow":true,"allow":true`,
		`"minor":false`:       `"minor":false,"name":"x"`,
		`"channel":"wallet",`: ``,
		`"rules":[`:           `"rules":null,"x":[`,
		`"local_hour":null`:   `"local_hour":1.5`,
		`{"v":1`:              ` {"v":1`,
		`"wallet"`:            `"\u0077allet"`,
	} {
		bad := strings.Replace(good, from, to, 1)
		if bad == good {
			t.Fatalf("%s is not in %s", from, good)
		}
		if j, err := ParseJudgement([]byte(bad)); err == nil {
			t.Errorf("%s for %s: read as %+v", to, from, j)
		}
	}
}

func FuzzParseJudgement(f *testing.F) {
	e, err := New()
	if err != nil {
		f.Fatal(err)
	}
	for _, action := range []consent.Action{"give", "collect", "message", "read"} {
		q := plain(action)
		q.Grant.Destinations = []string{"DE"}
		f.Add(judge(e, q).Line())
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		j, err := ParseJudgement(line)
		if err != nil {
			return
		}
		if !bytes.Equal(j.Line(), line) {
			t.Fatalf("%s is written as %s", line, j.Line())
		}
		e.Decide(j.Question)
	})
}

func TestReadLogNamesTheLine(t *testing.T) {
	good := string(judge(engine(t), plain(consent.ActionMessage)).Line()) + "\n"
	for text, want := range map[string]string{
		good + good[:40]:                          "line 2 of the log: it ends without a newline",
		good + "\n" + good:                        "line 2 of the log",
		good + good + "{}\n":                      "line 3 of the log",
		strings.Repeat("x", maxLine) + "\n":       "line 1 of the log: more than",
		good + strings.Replace(good, "1", "2", 1): "version 2",
	} {
		var last error
		for _, err := range ReadLog(strings.NewReader(text)) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), want) {
			t.Errorf("%v, want %q", last, want)
		}
	}
}

func TestReplay(t *testing.T) {
	e := engine(t)
	var file bytes.Buffer
	for _, c := range shippedTable(t) {
		file.Write(append(judge(e, c.Question).Line(), '\n'))
	}
	lines := strings.Count(file.String(), "\n")

	same, err := e.Replay(bytes.NewReader(file.Bytes()), func(d Difference) { t.Errorf("line %d: %v", d.Line, d.Now) })
	if err != nil || same.Judgements != lines || same.Differ() != 0 || same.Changed != 0 {
		t.Errorf("the same rules: %+v, %v", same, err)
	}

	// An operator forbids shoe sizes; the floor's weekly limit goes up in a new catalogue.
	with := fstest.MapFS{
		"shoes.cedar": {Data: []byte(`@id("O01-no-shoes") @title("No shoe sizes") forbid (principal, action == Coffer::Action::"collect", resource)
			when { context.attributes.contains("shoe-size") };`)},
		"catalogue.json": {Data: bytes.ReplaceAll(catalogueText, []byte(`"max_weekly": 7`), []byte(`"max_weekly": 8`))},
	}
	changed, err := LoadFolder(with)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	found, err := changed.Replay(bytes.NewReader(file.Bytes()), func(d Difference) {
		said = append(said, fmt.Sprintf("%s %v %v", d.Judgement.Question.Action, ids(d.Judgement.Ruling), ids(d.Now)))
	})
	if err != nil || found.Judgements != lines || found.Changed != lines || found.Denied == 0 || found.Allowed == 0 || found.Otherwise == 0 || found.Differ() != len(said) {
		t.Errorf("found %+v, %v", found, err)
	}
	for _, want := range []string{
		"collect [R02-collect] [O01-no-shoes]",
		"message [M04-weekly-limit] [R03-message]",
		"message [M02-weekly-cap M04-weekly-limit] [M02-weekly-cap]",
	} {
		if !slices.Contains(said, want) {
			t.Errorf("%s is not among %q", want, said)
		}
	}
}

func TestLoadFolder(t *testing.T) {
	lenient := fstest.MapFS{"floor.cedar": {Data: []byte(`@id("F01") @title("f") forbid (principal, action, resource) when { false };`)}}
	e, err := LoadFolder(lenient)
	if err != nil {
		t.Fatal(err)
	}
	q := plain(consent.ActionCollect)
	q.Grant.Minor = true
	if !e.Decide(q).Allow {
		t.Error("another floor was not taken")
	}
	for name, text := range map[string]string{"catalogue.json": "{}", "coffer.cedar": "", "own.cedar": "permit (principal, action, resource);"} {
		if _, err := LoadFolder(fstest.MapFS{name: {Data: []byte(text)}}); err == nil {
			t.Errorf("a bad %s is taken", name)
		}
	}
}
