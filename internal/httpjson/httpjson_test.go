package httpjson_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"coffer/internal/httpjson"
)

type body struct {
	Name string         `json:"name"`
	Deep map[string]any `json:"deep"`
}

func read(text, contentType string) (body, error) {
	r := httptest.NewRequest("POST", "/", strings.NewReader(text))
	r.Header.Set("Content-Type", contentType)
	var b body
	err := httpjson.Read(httptest.NewRecorder(), r, &b)
	return b, err
}

func TestRead(t *testing.T) {
	b, err := read(` {"name":"a","deep":{"name":"b","list":[{"name":1},{"name":2}]}} `, "application/json; charset=utf-8")
	if err != nil || b.Name != "a" {
		t.Fatalf("got %+v, %v", b, err)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, contentType, code string }{
		"unknown field":           {`{"nome":"hunter2"}`, "application/json", "invalid"},
		"wrong kind":              {`{"name":["hunter2"]}`, "application/json", "invalid"},
		"name twice":              {`{"name":"a","name":"hunter2"}`, "application/json", "invalid"},
		"name twice, in capitals": {`{"name":"a","Name":"hunter2"}`, "application/json", "invalid"},
		"name twice, deep":        {`{"deep":{"x":[{"a":1,"a":2}]}}`, "application/json", "invalid"},
		"two documents":           {`{"name":"a"}{"name":"hunter2"}`, "application/json", "invalid"},
		"trailing bracket":        {`{"name":"a"}]`, "application/json", "invalid"},
		"cut short":               {`{"name":"a"`, "application/json", "invalid"},
		"nothing":                 {``, "application/json", "invalid"},
		"bottomless":              {`{"deep":{"a":` + strings.Repeat("[", 99) + strings.Repeat("]", 99) + `}}`, "application/json", "invalid"},
		"a form":                  {`{"name":"a"}`, "text/plain", "invalid"},
		"more than its measure":   {`{"name":"` + strings.Repeat("x", httpjson.MaxBody) + `"}`, "application/json", "too-large"},
	} {
		_, err := read(c.text, c.contentType)
		var p httpjson.Problem
		if !errors.As(err, &p) || p.Code != c.code {
			t.Errorf("%s: got %v, want the problem %s", name, err, c.code)
		} else if strings.Contains(p.Error(), "hunter2") {
			t.Errorf("%s: the refusal repeats the body: %v", name, p)
		}
	}
}

func TestRefuse(t *testing.T) {
	w := httptest.NewRecorder()
	httpjson.Refuse(w, httpjson.Problem{Code: "conflict", Title: "Changed", Status: 409, More: map[string]any{"have": 3, "type": "mine"}})
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Code != 409 || w.Header().Get("Content-Type") != "application/problem+json" ||
		got["type"] != "urn:coffer:problem:conflict" || got["have"] != 3.0 || got["status"] != 409.0 {
		t.Fatalf("got %d %v", w.Code, got)
	}
}

func TestSameOrigin(t *testing.T) {
	h := httpjson.SameOrigin("https://wallet.example")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	for _, c := range []struct {
		method, origin string
		want           int
	}{
		{"POST", "https://wallet.example", 200},
		{"GET", "", 200},
		{"POST", "", 403},
		{"POST", "null", 403},
		{"POST", "https://wallet.example.evil", 403},
		{"PUT", "http://wallet.example", 403},
		{"DELETE", "https://other.example", 403},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s from %q: %d, want %d", c.method, c.origin, w.Code, c.want)
		}
	}
}

func TestCheckOrigin(t *testing.T) {
	for s, ok := range map[string]bool{"https://a.example": true, "http://localhost:8080": true, "https://a.example/": false, "a.example": false, "ftp://a": false, "": false} {
		if err := httpjson.CheckOrigin(s); (err == nil) != ok {
			t.Errorf("CheckOrigin(%q) = %v", s, err)
		}
	}
}
