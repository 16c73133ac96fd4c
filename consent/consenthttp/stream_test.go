package consenthttp_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"coffer/consent"
	"coffer/consent/consenthttp"
	"coffer/consent/consenttest"
	"coffer/internal/id"
)

// streamLine is any line of a stream.
type streamLine struct {
	Kind, Attribute, Problem, Cursor string
	Grant                            id.Grant
	Sealed                           struct{ Header struct{ Kid string } }
	Refused                          []struct{ Attribute, Problem string }
	Log                              consent.LogHead
	Complete                         bool
}

func (r reply) lines() (out []streamLine) {
	r.t.Helper()
	if r.Status != http.StatusOK {
		r.t.Fatalf("got %d %s", r.Status, r.Body)
	}
	for line := range bytes.Lines(r.Body) {
		var l streamLine
		if err := json.Unmarshal(line, &l); err != nil {
			r.t.Fatalf("%q: %v", line, err)
		}
		out = append(out, l)
	}
	return out
}

func kinds(lines []streamLine) (out []string) {
	for _, l := range lines {
		out = append(out, strings.TrimSpace(l.Kind+" "+l.Attribute+l.Problem))
	}
	return out
}

func (a as) stream(cursor, until string) reply {
	a.t.Helper()
	return a.do("POST", "/business/v1/collect/stream", map[string]any{"purpose": consenttest.Delivery, "cursor": cursor, "until": until})
}

func TestStream(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	a, b := person.give(shop).Held[0], w.move().give(shop).Held[0]
	shop.permit(a).into(&struct{}{})

	all := shop.stream("", "").lines()
	want := []string{"release name", "release postal-address", "grant", "denied no-permit", "end"}
	if !slices.Equal(kinds(all), want) {
		t.Fatalf("got %q, want %q", kinds(all), want)
	}
	for _, l := range all[:3] {
		if l.Grant != a.Grant || l.Kind == "release" && l.Sealed.Header.Kid != a.Grant.String() {
			t.Errorf("a line says %+v", l)
		}
	}
	end := all[4]
	if !end.Complete || all[3].Grant != b.Grant || all[2].Log == (consent.LogHead{}) || all[3].Log == (consent.LogHead{}) {
		t.Errorf("got %+v", all)
	}

	// Each cursor goes on where it stands; the last leads to what changes next.
	shop.permit(b).into(&struct{}{})
	if got := kinds(shop.stream(all[2].Cursor, "").lines()); !slices.Equal(got, []string{"release name", "release postal-address", "grant", "end"}) {
		t.Errorf("from the first grant on: %q", got)
	}
	if got := kinds(shop.stream(end.Cursor, "").lines()); !slices.Equal(got, []string{"end"}) {
		t.Errorf("from the end on: %q", got)
	}
	bounded := shop.stream("", all[2].Cursor).lines()
	if got := kinds(bounded); !slices.Equal(got, append(want[:3:3], "end")) {
		t.Errorf("until the first grant: %q", got)
	}
	if last := bounded[len(bounded)-1]; last.Complete || last.Cursor != all[2].Cursor {
		t.Errorf("until the first grant it ends with %+v", last)
	}

	// A withdrawal that returned ends it for that grant.
	person.withdraw(a).into(&struct{}{})
	if got := shop.stream("", "").lines(); len(got) != 4 || got[0].Grant != b.Grant {
		t.Errorf("after a withdrawal: %+v", got)
	}

	var due struct {
		Grants []struct {
			Grant     id.Grant
			Permitted bool
		}
		Cursor   string
		Complete bool
	}
	shop.do("POST", "/business/v1/collect/due", map[string]any{"purpose": consenttest.Delivery, "cursor": "", "most": 5}).into(&due)
	if len(due.Grants) != 1 || due.Grants[0].Grant != b.Grant || !due.Grants[0].Permitted || due.Complete || due.Cursor == "" {
		t.Errorf("due is %+v", due)
	}
	w.sound()
}

func TestStreamIsRefused(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	person.give(shop)
	end := shop.stream("", "").lines()
	last := end[len(end)-1].Cursor
	for _, path := range []string{"/business/v1/collect/stream", "/business/v1/collect/due"} {
		ask := func(edit map[string]any) reply {
			body := map[string]any{"purpose": consenttest.Delivery, "cursor": ""}
			if strings.HasSuffix(path, "due") {
				body["most"] = 10
			} else {
				body["until"] = ""
			}
			for k, v := range edit {
				body[k] = v
			}
			return shop.do("POST", path, body)
		}
		ask(map[string]any{"purpose": "urn:nothing"}).is(400, "malformed")
		ask(map[string]any{"cursor": "nonsense"}).is(409, "unknown-cursor")
		ask(map[string]any{"cursor": last, "purpose": consenttest.Marketing}).is(409, "unknown-cursor")
		ask(map[string]any{"more": 1}).is(400, "invalid")
	}
	due := func(most int) reply {
		return shop.do("POST", "/business/v1/collect/due", map[string]any{"purpose": consenttest.Delivery, "cursor": "", "most": most})
	}
	due(0).is(400, "malformed")
	due(1025).is(400, "malformed")
	shop.stream("", "nonsense").is(400, "malformed")
	shop.stream(last, last).is(400, "malformed")

	// Another business's cursor may be ahead of this one's.
	other := w.open()
	other.do("POST", "/business/v1/collect/stream", map[string]any{"purpose": consenttest.Delivery, "cursor": last, "until": ""}).is(409, "unknown-cursor")
}

// A business that took more lines than its rate must wait before the next stream, and
// is told how long.
func TestStreamsCountByLines(t *testing.T) {
	w := newWorld(t, func(o *consenthttp.Options) { o.Lines = 0.01 })
	shop, person := w.open(), w.move()
	shop.permit(person.give(shop).Held[0]).into(&struct{}{})
	if got := shop.stream("", "").lines(); len(got) != 4 {
		t.Fatalf("got %+v", got)
	}
	r := newRequest("POST", "/business/v1/collect/stream", map[string]any{"purpose": consenttest.Delivery, "cursor": "", "until": ""})
	r.Header.Set("Authorization", "Bearer "+w.tokens[shop.shop.DID])
	rec := httptest.NewRecorder()
	w.router.ServeHTTP(rec, r)
	wait, err := strconv.Atoi(rec.Header().Get("Retry-After"))
	if rec.Code != http.StatusTooManyRequests || err != nil || wait < 100 || wait > 201 {
		t.Fatalf("got %d, Retry-After %q", rec.Code, rec.Header().Get("Retry-After"))
	}
	w.open().stream("", "").is(200, "") // one business does not slow another
}

// Over a real connection: lines arrive page by page, and the last is the end.
func TestStreamOverTCP(t *testing.T) {
	w := newWorld(t)
	shop, person := w.open(), w.move()
	const grants = 70 // more than a page
	for range grants {
		shop.permit(person.give(shop).Held[0]).into(&struct{}{})
	}
	server := httptest.NewServer(w.router)
	defer server.Close()
	r, err := http.NewRequest("POST", server.URL+"/business/v1/collect/stream", strings.NewReader(`{"purpose":"`+consenttest.Delivery+`","cursor":"","until":""}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.tokens[shop.shop.DID])
	res, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil || res.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Fatal(err, res.Header)
	}
	lines := reply{t, res.StatusCode, body.Bytes()}.lines()
	if len(lines) != 3*grants+1 || !lines[len(lines)-1].Complete {
		t.Fatalf("got %d lines, the last is %+v", len(lines), lines[len(lines)-1])
	}
	w.sound()
}
