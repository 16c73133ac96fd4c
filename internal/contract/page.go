package contract

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"
	"sync"
)

var (
	//go:embed page.html
	pageText string
	//go:embed page.css
	pageStyle string
)

// page is the document for people, in one piece and without a script.
var page = sync.OnceValue(func() []byte {
	var d shown
	if err := json.Unmarshal(document().json, &d); err != nil {
		panic("showing the contract: " + err.Error())
	}
	t := template.Must(template.New("page").Funcs(template.FuncMap{
		"prose": prose, "kind": kind, "last": last, "fields": fields, "pretty": pretty, "operations": d.operations,
		"resolve": func(r response) response { return cmp.Or(d.Components.Responses[last(r.Ref)], &r).ref() },
		"style":   func() template.CSS { return template.CSS(pageStyle) },
	}).Parse(pageText))
	var b bytes.Buffer
	if err := t.Execute(&b, d); err != nil {
		panic("showing the contract: " + err.Error())
	}
	return b.Bytes()
})

// pagePolicy lets the page have its one style and nothing else.
func pagePolicy() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// shown is what the page shows of the document.
type shown struct {
	Info struct{ Title, Description string }
	Tags []struct{ Name, Description string }

	Paths      map[string]map[string]json.RawMessage
	Components struct {
		Schemas    map[string]schema
		Responses  map[string]*response
		Parameters map[string]parameter
	}
}

type operation struct {
	Method, Path string `json:"-"`

	ID          string `json:"operationId"`
	Summary     string
	Tags        []string
	Security    []map[string][]string
	Parameters  []parameter
	RequestBody struct{ Content map[string]media }
	Responses   map[string]response
}

type parameter struct {
	Ref, Name, In, Description string
	Required                   bool
	Schema                     schema
}

func (p *parameter) UnmarshalJSON(b []byte) error {
	type bare parameter
	return unmarshal(b, (*bare)(p), &p.Ref)
}

type response struct {
	Ref, Description string
	Content          map[string]media
}

func (r *response) ref() response { return *r }

func (r *response) UnmarshalJSON(b []byte) error {
	type bare response
	return unmarshal(b, (*bare)(r), &r.Ref)
}

type media struct {
	Schema  schema
	Example json.RawMessage
}

type schema struct {
	Ref, Type, Description, Pattern string
	Nullable                        bool
	Enum                            []any
	Required                        []string
	Properties                      map[string]schema
	Items                           *schema
	AllOf, OneOf                    []schema
	Minimum, Maximum                *json.Number
	MinLength, MaxLength, MaxItems  *json.Number
}

func (s *schema) UnmarshalJSON(b []byte) error {
	type bare schema
	return unmarshal(b, (*bare)(s), &s.Ref)
}

// unmarshal reads a thing that may be a reference.
func unmarshal(b []byte, v any, ref *string) error {
	if err := json.Unmarshal(b, v); err != nil {
		return err
	}
	var r struct {
		Ref string `json:"$ref"`
	}
	err := json.Unmarshal(b, &r)
	*ref = r.Ref
	return err
}

// operations of a tag, in the order of their paths.
func (d shown) operations(tag string) (all []operation, err error) {
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		var shared []parameter
		if raw := d.Paths[path]["parameters"]; raw != nil {
			if err := json.Unmarshal(raw, &shared); err != nil {
				return nil, err
			}
		}
		for _, method := range []string{"get", "post", "put", "delete"} {
			raw := d.Paths[path][method]
			if raw == nil {
				continue
			}
			o := operation{Method: strings.ToUpper(method), Path: path}
			if err := json.Unmarshal(raw, &o); err != nil {
				return nil, err
			}
			o.Parameters = append(slices.Clone(shared), o.Parameters...)
			for i, p := range o.Parameters {
				if p.Ref != "" {
					o.Parameters[i] = d.Components.Parameters[last(p.Ref)]
				}
			}
			if slices.Contains(o.Tags, tag) {
				all = append(all, o)
			}
		}
	}
	return all, nil
}

// field is a row of a schema's table.
type field struct {
	Name     string
	Schema   schema
	Required bool
}

// fields are the rows of an object, those of objects in it below their own.
func fields(s schema) (rows []field) {
	for s.Items != nil {
		s = *s.Items
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		rows = append(rows, field{name, p, slices.Contains(s.Required, name)})
		inner := p
		for inner.Items != nil {
			name, inner = name+"[]", *inner.Items
		}
		for _, f := range fields(inner) {
			rows = append(rows, field{name + "." + f.Name, f.Schema, f.Required})
		}
	}
	return rows
}

// kind says in a few words what a schema wants; a reference is a link.
func kind(s schema) template.HTML {
	var b strings.Builder
	switch {
	case s.Ref != "":
		name := template.HTMLEscapeString(last(s.Ref))
		fmt.Fprintf(&b, `<a href="#%s">%s</a>`, name, name)
	case s.Items != nil:
		b.WriteString("list of " + string(kind(*s.Items)))
	case len(s.AllOf) > 0:
		b.WriteString(string(kind(s.AllOf[0])))
	case len(s.OneOf) > 0:
		for i, one := range s.OneOf {
			if i > 0 {
				b.WriteString(" or ")
			}
			b.WriteString(string(kind(one)))
		}
	case len(s.Enum) > 0:
		for i, v := range s.Enum {
			if i > 0 {
				b.WriteString(" | ")
			}
			fmt.Fprintf(&b, "<code>%s</code>", template.HTMLEscapeString(fmt.Sprintf("%q", fmt.Sprint(v))))
		}
	default:
		b.WriteString(cmp.Or(s.Type, "anything"))
		for _, limit := range []struct {
			n    *json.Number
			says string
		}{{s.Minimum, "≥ "}, {s.Maximum, "≤ "}, {s.MinLength, "length ≥ "}, {s.MaxLength, "length ≤ "}, {s.MaxItems, "items ≤ "}} {
			if limit.n != nil {
				b.WriteString(", " + limit.says + limit.n.String())
			}
		}
		if s.Pattern != "" {
			fmt.Fprintf(&b, " <code>%s</code>", template.HTMLEscapeString(s.Pattern))
		}
	}
	if s.Nullable {
		b.WriteString(" or null")
	}
	return template.HTML(b.String())
}

func last(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

func pretty(example json.RawMessage) (string, error) {
	var b bytes.Buffer
	err := json.Indent(&b, example, "", "  ")
	return b.String(), err
}

// prose shows the little of Markdown that the document uses: paragraphs, lists, code.
func prose(text string) template.HTML {
	var b strings.Builder
	for i, block := range strings.Split(template.HTMLEscapeString(strings.TrimSpace(text)), "```") {
		if i%2 == 1 {
			_, lines, _ := strings.Cut(block, "\n")
			b.WriteString("<pre>" + lines + "</pre>")
			continue
		}
		for part := range strings.SplitSeq(block, "\n\n") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			part = code(part)
			if items, list := strings.CutPrefix(part, "- "); list {
				b.WriteString("<ul><li>" + strings.ReplaceAll(items, "\n- ", "</li><li>") + "</li></ul>")
			} else {
				b.WriteString("<p>" + part + "</p>")
			}
		}
	}
	return template.HTML(b.String())
}

func code(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return b.String()
}
