// Package contracttest holds requests and answers against the contract while other
// tests make them: put [Hold] around a handler.
package contracttest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"coffer/internal/contract"
)

// Document is the contract, parsed and valid. Its answers are closed: what stands
// nowhere may not be answered.
func Document(t testing.TB) *openapi3.T {
	t.Helper()
	d, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var document = sync.OnceValues(func() (*openapi3.T, error) { return Load(contract.JSON()) })

// Load is Document for another text.
func Load(text []byte) (*openapi3.T, error) {
	d, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("loading the contract: %w", err)
	}
	if err := d.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("the contract is no OpenAPI document: %w", err)
	}
	shut(d)
	return d, nil
}

// Hold passes requests to h and reports what the contract does not say: a request
// that breaks it and is not refused, an answer that breaks it, a route that stands
// nowhere. Pages and their files are passed over.
func Hold(t testing.TB, h http.Handler) http.Handler {
	t.Helper()
	routes := newRoutes(Document(t))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, params := routes.find(r)
		if route == nil && !governed(r.URL.Path) {
			h.ServeHTTP(w, r)
			return
		}
		if r.Body == nil { // a test that calls the handler as no server does
			r.Body = http.NoBody
		}
		body, err := io.ReadAll(r.Body)
		if err != nil { // a client that was cut off; no contract binds it
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), broken{err}))
			h.ServeHTTP(w, r)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		asked := r.Clone(r.Context())
		asked.Body = io.NopCloser(bytes.NewReader(body))
		rec := &recorder{ResponseWriter: w}
		h.ServeHTTP(rec, r)
		if r.Context().Err() != nil {
			return // cut while answering
		}
		if err := judge(asked, body, route, params, rec); err != nil {
			what, _, _ := strings.Cut(err.Error(), "\nSchema:") // what follows is long
			t.Errorf("%s %s is answered with %d%s against the contract (internal/contract/api): %s", r.Method, r.URL.Path, rec.status, rec.code(), what)
		}
	})
}

func governed(path string) bool {
	for _, prefix := range []string{"/wallet/", "/business/", "/ledger/", "/oauth/", "/schema/", "/.well-known/"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

type broken struct{ error }

func (b broken) Read([]byte) (int, error) { return 0, b.error }

// judge says what is wrong with an answer, given what was asked.
func judge(r *http.Request, body []byte, route *routers.Route, params map[string]string, rec *recorder) error {
	if route == nil {
		if rec.status != http.StatusNotFound && rec.status != http.StatusMethodNotAllowed {
			return errors.New("no such operation; add it")
		}
		return nil
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, SkipSettingDefaults: true}
	asked := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(r.Context(), asked); err != nil && rec.status < 400 {
		return fmt.Errorf("the request should have been refused: %w", err)
	}
	if kind, _, _ := mime.ParseMediaType(rec.Header().Get("Content-Type")); kind == "application/x-ndjson" {
		return lines(route, body, rec)
	}
	answered := &openapi3filter.ResponseValidationInput{RequestValidationInput: asked, Status: rec.status, Header: rec.Header(), Options: options}
	answered.SetBodyBytes(rec.body.Bytes())
	if err := openapi3filter.ValidateResponse(r.Context(), answered); err != nil {
		return err
	}
	if response := route.Operation.Responses.Status(rec.status); len(response.Value.Content) == 0 && rec.body.Len() > 0 {
		return errors.New("a body where none is foreseen")
	}
	if rec.status < 400 {
		exercise(route, body, rec)
	}
	return nil
}

// lines holds each line of a stream against the schema of its content.
func lines(route *routers.Route, body []byte, rec *recorder) error {
	response := route.Operation.Responses.Status(rec.status)
	if response == nil || response.Value.Content.Get("application/x-ndjson") == nil {
		return errors.New("a stream where none is foreseen")
	}
	schema := response.Value.Content.Get("application/x-ndjson").Schema.Value
	s := bufio.NewScanner(bytes.NewReader(rec.body.Bytes()))
	s.Buffer(nil, 1<<22)
	for s.Scan() {
		var line any
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			return nil // cut by the client, which a scenario tries
		}
		if err := schema.VisitJSON(line, openapi3.VisitAsResponse()); err != nil {
			return err
		}
	}
	exercise(route, body, rec)
	return s.Err()
}

// recorder keeps a copy of what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// code of a problem, or nothing.
func (r *recorder) code() string {
	var p struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(r.body.Bytes(), &p)
	if code, ok := strings.CutPrefix(p.Type, "urn:coffer:problem:"); ok {
		return " " + code
	}
	return ""
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

func init() {
	for _, kind := range []string{"application/ld+json", "application/schema+json"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.JSONBodyDecoder)
	}
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
}
