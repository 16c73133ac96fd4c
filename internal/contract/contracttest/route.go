package contracttest

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// routes finds operations. OpenAPI has no parameter with slashes, which a tile is;
// x-slashes says so to us.
type routes []path

type path struct {
	form  *regexp.Regexp
	names []string
	text  string
	item  *openapi3.PathItem
	spec  *openapi3.T
}

var variable = regexp.MustCompile(`\{([^}]+)\}`)

func newRoutes(d *openapi3.T) (all routes) {
	for text, item := range d.Paths.Map() {
		wide := map[string]bool{}
		for _, operation := range item.Operations() {
			for _, p := range operation.Parameters {
				if p.Value.Extensions["x-slashes"] == true {
					wide[p.Value.Name] = true
				}
			}
		}
		p := path{text: text, item: item, spec: d}
		form := variable.ReplaceAllStringFunc(regexp.QuoteMeta(text), func(s string) string { return s })
		form = regexp.MustCompile(`\\\{([^}]+)\\\}`).ReplaceAllStringFunc(form, func(s string) string {
			name := strings.Trim(s, `\{}`)
			p.names = append(p.names, name)
			if wide[name] {
				return "(.+)"
			}
			return "([^/]+)"
		})
		p.form = regexp.MustCompile("^" + form + "$")
		all = append(all, p)
	}
	// A path without variables goes before one with: /grants/due before /grants/{id}.
	slices.SortFunc(all, func(a, b path) int {
		return cmp.Or(cmp.Compare(len(a.names), len(b.names)), cmp.Compare(len(b.text), len(a.text)), cmp.Compare(a.text, b.text))
	})
	return all
}

func (all routes) find(r *http.Request) (*routers.Route, map[string]string) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, p := range all {
		found := p.form.FindStringSubmatch(r.URL.Path)
		if found == nil {
			continue
		}
		operation := p.item.GetOperation(method)
		if operation == nil {
			continue
		}
		params := map[string]string{}
		for i, name := range p.names {
			params[name] = found[i+1]
		}
		return &routers.Route{Spec: p.spec, Path: p.text, PathItem: p.item, Method: method, Operation: operation}, params
	}
	return nil, nil
}

var (
	mu   sync.Mutex
	done = map[string]bool{}
)

func exercise(r *routers.Route, asked []byte, rec *recorder) {
	mu.Lock()
	defer mu.Unlock()
	done[r.Method+" "+r.Path] = true
	remember(r.Operation, asked, rec)
}

// Exercised tells which operations, as in "GET /wallet/v1/grants", were answered with
// a success behind any Hold of this process.
func Exercised() map[string]bool {
	mu.Lock()
	defer mu.Unlock()
	out := map[string]bool{}
	for name := range done {
		out[name] = true
	}
	return out
}

// Operations are all that the document has, likewise.
func Operations(d *openapi3.T) map[string]*openapi3.Operation {
	out := map[string]*openapi3.Operation{}
	for text, item := range d.Paths.Map() {
		for method, operation := range item.Operations() {
			out[method+" "+text] = operation
		}
	}
	return out
}

// shut closes every object that lists its properties and does not say that there may
// be more.
func shut(d *openapi3.T) {
	seen := map[*openapi3.Schema]bool{}
	var visit func(*openapi3.SchemaRef)
	visit = func(ref *openapi3.SchemaRef) {
		if ref == nil || ref.Value == nil || seen[ref.Value] {
			return
		}
		s := ref.Value
		seen[s] = true
		if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
			no := false
			s.AdditionalProperties.Has = &no
		}
		for _, p := range s.Properties {
			visit(p)
		}
		visit(s.Items)
		for _, list := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf} { // allOf narrows, and has properties of others
			for _, one := range list {
				visit(one)
			}
		}
	}
	for _, operation := range Operations(d) {
		for _, response := range operation.Responses.Map() {
			for _, media := range response.Value.Content {
				visit(media.Schema)
			}
		}
	}
}
