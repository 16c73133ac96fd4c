package policies

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"pgregory.net/rapid"

	"coffer/anchor"
	"coffer/consent"
	"coffer/internal/id"
)

// anyQuestion draws questions around the plain case, so that every rule is both
// kept and broken often.
func anyQuestion(t *rapid.T) consent.Question {
	q := plain(rapid.SampledFrom([]consent.Action{"give", "collect", "message"}).Draw(t, "action"))
	some := func(label string, of ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID[string]).Draw(t, label)
	}
	usually := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) > 0 }
	if !usually("plain grant") {
		q.Grant.State = consent.State(rapid.SampledFrom([]string{"anchoring", "live", "withdrawn", "terminated", "erased", "", "paused"}).Draw(t, "state"))
	}
	if !usually("plain time") {
		start := rapid.IntRange(-3, 3).Draw(t, "start")
		q.Grant.Start = anchor.Epoch(int(anchor.EpochAt(now)) + start)
		q.Grant.End = q.Grant.Start + anchor.Epoch(rapid.SampledFrom([]int{0, 1, 2, 24, 31*24 + 1, 90*24 + 1, 365 * 24, 365*24 + 1}).Draw(t, "hours"))
	}
	if !usually("plain purpose") {
		q.Grant.Purpose = iri(rapid.SampledFrom([]string{"dpv#DirectMarketing", "dpv#DeliveryOfGoods", "dpv#CustomerCare", "dpv#AgeVerification", "dpv#ServicePersonalisation", "coffer#SafeFood", "dpv#NoSuchPurpose"}).Draw(t, "purpose"))
	}
	if !usually("plain attributes") {
		q.Grant.Attributes = some("attributes", "name", "email", "phone", "shoe-size", "age-over-18", "food-intolerance")
		q.Attribute = rapid.SampledFrom([]string{"", "name", "email", "phone", "no-such"}).Draw(t, "attribute")
	}
	if !usually("plain channels") {
		q.Grant.Channels = some("channels", "wallet", "sms")
		q.Channel = rapid.SampledFrom([]string{"", "wallet", "sms"}).Draw(t, "channel")
	}
	if !usually("plain business") {
		q.Business.State = consent.BusinessState(rapid.SampledFrom([]string{"active", "pending", "suspended", ""}).Draw(t, "business"))
		q.Business.Purposes = q.Business.Purposes[:rapid.IntRange(0, len(q.Business.Purposes)).Draw(t, "registered")]
		q.Grant.Business = consent.DID(rapid.SampledFrom([]string{string(shop), "did:web:other.example"}).Draw(t, "owner"))
	}
	if !usually("no condition") {
		kind := rapid.SampledFrom([]string{"record:shown", "record:missing", "event:said", "event:missing", "from:-1", "from:0", "from:9", "uses:0", "uses:1"}).Draw(t, "condition")
		if err := condition(&q, kind); err != nil {
			t.Fatal(err)
		}
	}
	q.Grant.Minor = !usually("of age")
	q.SentLast7Days = rapid.SampledFrom([]int{0, 1, 2, 3, 6, 7, 14}).Draw(t, "sent")
	q.Grant.WeeklyCap = rapid.SampledFrom([]int{0, 1, 2, 3, 20}).Draw(t, "cap")
	q.Now = now.Add(time.Duration(rapid.IntRange(-30, 29).Draw(t, "minutes")) * time.Minute)
	if usually("known recipients") {
		q.Grant.Destinations = some("recipients", "DE", "FR", "CH", "US")
	}
	if usually("known hour") {
		hour := rapid.IntRange(0, 23).Draw(t, "hour")
		q = q.AtHour(hour)
	}
	return q
}

// allowed is the rules said a second time, in Go: the judge of the Cedar ones.
func allowed(c *Catalogue, q consent.Question) bool {
	g := q.Grant
	p := c.byIRI[g.Purpose]
	asked := g.Attributes
	if q.Attribute != "" {
		asked = []string{q.Attribute}
	}
	fits := func(all []string) bool {
		return !slices.ContainsFunc(asked, func(a string) bool { return !slices.Contains(all, a) })
	}
	if g.Business != q.Business.DID || q.Business.State != "active" || !slices.Contains(q.Business.Purposes, g.Purpose) ||
		int(g.End)-int(g.Start) > p.MaxDays*24 || g.Minor && (p.Marketing || p.profiling) {
		return false
	}
	health := slices.Contains(g.Attributes, "food-intolerance")
	if health && p.Label != "Serve food that agrees with you" {
		return false
	}
	hour := anchor.EpochAt(q.Now)
	if q.Action == "give" {
		if health && (g.Destinations == nil || slices.Contains(g.Destinations, "US")) {
			return false
		}
		return fits(g.Attributes) && fits(p.Attributes) && (p.Contact || len(g.Channels) == 0) &&
			hour-1 <= g.Start && g.Start <= hour+1 && hour < g.End &&
			g.State != "withdrawn" && g.State != "terminated" && g.State != "erased"
	}
	if g.State != "live" || hour < g.Start || g.End <= hour || unmet(q) {
		return false
	}
	if q.Action == "collect" {
		return fits(g.Attributes) && fits(p.Attributes)
	}
	if p.Marketing && quiet(q) {
		return false
	}
	return p.Contact && slices.Contains(g.Channels, q.Channel) && q.SentLast7Days < g.WeeklyCap && q.SentLast7Days < p.maxWeekly
}

// unmet reports whether the grant's condition is not met.
func unmet(q consent.Question) bool {
	c, st := q.Grant.Condition, q.Grant.Standing
	return c != nil && (c.Proven() && !st.Met || c.From != nil && q.Now.Unix() < int64(*c.From) || c.Uses != nil && st.Used >= *c.Uses)
}

func quiet(q consent.Question) bool {
	hour, known := q.LocalHour()
	return known && (hour < 8 || hour > 20)
}

// A message that comes at night is told when morning is, in the shopper's own hours.
func TestAMessageAtNightIsToldWhenMorningIs(t *testing.T) {
	e := engine(t)
	q := plain(consent.ActionMessage)
	q.Now = time.Date(2026, 11, 21, 16, 7, 11, 5, time.UTC)
	for name, c := range map[string]struct {
		offset time.Duration
		change func(*consent.Question)
		want   string
	}{
		"in Kathmandu":        {5*time.Hour + 45*time.Minute, nil, "2026-11-22T02:15:00Z"},
		"in Berlin":           {time.Hour, nil, ""}, // it is five in the afternoon: allowed
		"in Tokyo":            {9 * time.Hour, nil, "2026-11-21T23:00:00Z"},
		"the cap is reached":  {9 * time.Hour, func(q *consent.Question) { q.SentLast7Days = 2 }, "never"},
		"over before morning": {9 * time.Hour, func(q *consent.Question) { q.Grant.End = anchor.EpochAt(q.Now) + 6 }, "never"},
	} {
		q := q
		q.Grant.End += 24
		q.Zone = time.FixedZone("", int(c.offset.Seconds()))
		if c.change != nil {
			c.change(&q)
		}
		r := e.Decide(q)
		got := "never"
		if r.Allow {
			got = ""
		} else if !r.Again.IsZero() {
			got = r.Again.Format(time.RFC3339)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q (%v)", name, got, c.want, r.Reasons)
		}
	}
	if r := e.Decide(plain(consent.ActionMessage).AtHour(7)); r.Allow || r.Again.Sub(plainTime) != 30*time.Minute {
		t.Errorf("half past seven: again at %v", r.Again)
	}
}

func TestTheRulesAgreeWithTheJudge(t *testing.T) {
	e := engine(t)
	said := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		q := anyQuestion(t)
		want := allowed(e.Catalogue(), q)
		said[want]++
		ruling := e.Decide(q)
		if ruling.Allow != want {
			t.Fatalf("the judge says %t, the rules %t: %v", want, ruling.Allow, ruling.Reasons)
		}
		if len(ruling.Reasons) == 0 {
			t.Fatal("a ruling without a reason")
		}
	})
	if said[true] == 0 || said[false] == 0 {
		t.Fatalf("the questions drawn were all of one kind: %v", said)
	}
}

func TestNothingHappensUnderAGrantThatIsNotLive(t *testing.T) {
	e := engine(t)
	rapid.Check(t, func(t *rapid.T) {
		q := anyQuestion(t)
		q.Action = rapid.SampledFrom([]consent.Action{"collect", "message"}).Draw(t, "what")
		if rapid.Bool().Draw(t, "state or time") {
			q.Grant.State = consent.State(rapid.StringN(0, 12, -1).Filter(func(s string) bool { return s != "live" }).Draw(t, "not live"))
		} else {
			q.Grant.End = anchor.EpochAt(q.Now) - anchor.Epoch(rapid.IntRange(0, 5).Draw(t, "ago"))
		}
		if ruling := e.Decide(q); ruling.Allow {
			t.Fatalf("allowed under a grant that is not live: %v", ruling.Reasons)
		}
	})
}

// Cedar skips a forbid that errors. Here it must deny and be named.
func TestARuleThatErrsDenies(t *testing.T) {
	const errs = `
@id("X01-errs") @title("Adds beyond the largest number")
forbid (principal, action, resource is Coffer::Grant)
when { resource.weeklyCap + 9223372036854775807 < 0 };`
	e, err := Load(engine(t).Catalogue(), append(Shipped(), File{"errs.cedar", []byte(errs)}))
	if err != nil {
		t.Fatal(err)
	}
	allow, ids := says(e.Decide(plain(consent.ActionCollect)))
	if allow || ids != "X01-errs" {
		t.Fatalf("allow=%t %s, want a denial by the rule that erred", allow, ids)
	}
	q := plain(consent.ActionCollect)
	q.Grant.WeeklyCap = 0 // no overflow: the planted rule is what denied above
	if allow, ids := says(e.Decide(q)); !allow {
		t.Fatalf("denied by %s without an error", ids)
	}
}

func TestWhatDoesNotFitTheSchemaIsDenied(t *testing.T) {
	e := engine(t)
	break_ := map[string]func(*posed, *cedar.Request){
		"a grant without a state": func(p *posed, _ *cedar.Request) {
			m := p.own[1].Attributes.Map()
			delete(m, "state")
			p.own[1].Attributes = types.NewRecord(m)
		},
		"a state that is a number": func(p *posed, _ *cedar.Request) {
			m := p.own[1].Attributes.Map()
			m["state"] = types.Long(1)
			p.own[1].Attributes = types.NewRecord(m)
		},
		"no time": func(_ *posed, r *cedar.Request) {
			m := r.Context.Map()
			delete(m, "now")
			r.Context = types.NewRecord(m)
		},
		"a business that is a grant": func(_ *posed, r *cedar.Request) { r.Principal = r.Resource },
	}
	for name, change := range break_ {
		p, r := e.pose(plain(consent.ActionCollect))
		change(&p, &r)
		if allow, ids := says(e.decide(p, r)); allow || ids != NotAQuestion.ID {
			t.Errorf("%s: allow=%t %s", name, allow, ids)
		}
	}
	e.businesses.check = func(cedar.Entity) error { return errors.New("no") }
	q := plain(consent.ActionCollect)
	q.Business.DID, q.Grant.Business = "did:web:new.example", "did:web:new.example"
	for range 2 {
		if allow, ids := says(e.Decide(q)); allow || ids != NotAQuestion.ID {
			t.Errorf("a business that does not fit: allow=%t %s", allow, ids)
		}
	}
	if allow, _ := says(e.Decide(consent.Question{})); allow {
		t.Error("an empty question is allowed")
	}
}

// A business that is suspended, or registers less, is judged by what it is now.
func TestNoBusinessIsRememberedWrongly(t *testing.T) {
	e := engine(t)
	q := plain(consent.ActionCollect)
	for range 2 {
		if !e.Decide(q).Allow {
			t.Fatal("denied")
		}
		suspended := q
		suspended.Business.State = consent.BusinessSuspended
		if _, ids := says(e.Decide(suspended)); ids != "B01-business-active" {
			t.Errorf("suspended: %s", ids)
		}
		less := q
		less.Business.Purposes = q.Business.Purposes[1:]
		if _, ids := says(e.Decide(less)); ids != "B02-purpose-registered" {
			t.Errorf("registered less: %s", ids)
		}
	}
	first := q.Business.Purposes[0]
	e.Decide(q)
	q.Business.Purposes[0] = "https://w3id.org/dpv#Other" // the caller's own slice
	if e.Decide(q).Allow {
		t.Error("allowed for a purpose that is not registered any more")
	}
	q.Business.Purposes[0] = first
	for i := range mostBusinesses + 1 {
		q.Business.DID = consent.DID(fmt.Sprint("did:web:", i, ".example"))
		e.Decide(q)
	}
	if len(e.businesses.known) > mostBusinesses {
		t.Errorf("%d businesses are remembered", len(e.businesses.known))
	}
}

func TestNoSetIsRememberedWrongly(t *testing.T) {
	var s sets
	for range 2 {
		for _, names := range [][]string{nil, {"a"}, {"a", "b"}, {"b", "a"}, {"ab"}, {"a\x00b"}, {""}, {"", ""}, {strings.Repeat("a", longestSet)}} {
			if got := s.of(names); !got.Equal(stringSet(names)) {
				t.Errorf("%q is remembered as %v", names, got)
			}
		}
	}
	for i := range mostSets + 1 {
		s.of([]string{fmt.Sprint(i)})
	}
	if len(s.known) > mostSets {
		t.Errorf("%d sets are remembered", len(s.known))
	}
}

func TestReasonsComeInOneOrder(t *testing.T) {
	e := engine(t)
	q := plain(consent.ActionMessage)
	q.Grant.State, q.Grant.Minor, q.Business.State, q.Channel, q.SentLast7Days = "withdrawn", true, "pending", "sms", 9
	first := e.Decide(q)
	if len(first.Reasons) < 5 || !slices.IsSortedFunc(first.Reasons, func(a, b consent.Reason) int { return strings.Compare(a.ID, b.ID) }) {
		t.Fatalf("not all reasons, or not sorted: %v", first.Reasons)
	}
	for range 50 {
		if again := e.Decide(q); !reflect.DeepEqual(first, again) {
			t.Fatalf("said %v, then %v", first, again)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	c := engine(t).Catalogue()
	const good = `@id("A") @title("a") permit (principal, action, resource);`
	for want, text := range map[string]string{
		"there are none":                   "",
		"no @id":                           `@title("a") permit (principal, action, resource);`,
		"is not 1 to 64":                   `@id("a b") @title("a") permit (principal, action, resource);`,
		"no @title":                        `@id("A") permit (principal, action, resource);`,
		"stands twice":                     good + good,
		"reading the rules":                `permit (principal`,
		"against the schema":               `@id("A") @title("a") forbid (principal, action, resource is Coffer::Grant) when { resource.colour == "red" };`,
		"rule B (a.cedar":                  good + `@id("B") @title("b") forbid (principal, action, resource is Coffer::Grant) when { resource.state == 1 };`,
		"rule C (a.cedar, line 1) against": good + `@id("C") @title("c") forbid (principal, action == Coffer::Action::"fetch", resource);`,
	} {
		if _, err := Load(c, []File{{"a.cedar", []byte(text)}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", text, err, want)
		}
	}
}

func TestTheVersionIsThatOfRulesAndCatalogue(t *testing.T) {
	e := engine(t)
	if again := engine(t); e.Version() != again.Version() || len(e.Version()) != 43 {
		t.Fatalf("versions %q and %q", e.Version(), again.Version())
	}
	c, err := ParseCatalogue([]byte(strings.Replace(string(catalogueText), `"max_days": 90`, `"max_days": 91`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	changed := Shipped()
	changed[1].Text = append([]byte("// a word\n"), changed[1].Text...)
	const rule = `@id("O01") @title("o") forbid (principal, action, resource) when { false };`
	versions := []string{e.Version()}
	for name, load := range map[string]func() (*Engine, error){
		"another text":      func() (*Engine, error) { return Load(e.Catalogue(), changed) },
		"another catalogue": func() (*Engine, error) { return Load(c, Shipped()) },
		"an operator's":     func() (*Engine, error) { return New(File{"o.cedar", []byte(rule)}) },
		"its other name":    func() (*Engine, error) { return New(File{"p.cedar", []byte(rule)}) },
		"an empty file":     func() (*Engine, error) { return New(File{"o.cedar", nil}) },
	} {
		other, err := load()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if slices.Contains(versions, other.Version()) {
			t.Errorf("%s, and a version that there was", name)
		}
		versions = append(versions, other.Version())
	}
}

// What the log costs a gate; BenchmarkLine is what it costs behind the gate.
func BenchmarkLogged(b *testing.B) {
	r := NewLog(io.Discard, 1, func(int, error) {})
	defer r.Close()
	j := Judgement{Question: plain(consent.ActionCollect)}
	j.Ruling = engine(b).Decide(j.Question)
	b.ReportAllocs()
	for b.Loop() {
		r.Put(j)
	}
}

func BenchmarkLine(b *testing.B) {
	j := Judgement{Question: plain(consent.ActionCollect)}
	j.Ruling = engine(b).Decide(j.Question)
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = j.appendLine(line[:0])
	}
}

func BenchmarkDecide(b *testing.B) {
	e := engine(b)
	for _, action := range []consent.Action{consent.ActionGive, consent.ActionCollect, consent.ActionMessage} {
		q := plain(action)
		q.Grant.ID = id.New[id.Grant]()
		b.Run(fmt.Sprint(action), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !e.Decide(q).Allow {
					b.Fatal("denied")
				}
			}
		})
	}
}
