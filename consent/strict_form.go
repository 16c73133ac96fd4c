package consent

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// form is what a type lets stand in its place: the type, looked at once.
type form struct {
	kind  formKind
	null  bool // null may stand for it
	own   bool // it reads itself
	each  *form
	parse func(string) error // of text

	named    map[string]int // the fields' numbers
	fields   []field        // by name
	required uint64         // those that may not be left out
}

type field struct {
	name string
	form *form
}

type formKind byte

const (
	anything   formKind = iota
	text                // a string that its type parses
	characters          // any string
	number
	truth
	several
	mapping
	fields
)

var (
	textual = reflect.TypeFor[encoding.TextUnmarshaler]()
	ownJSON = reflect.TypeFor[json.Unmarshaler]()

	forms sync.Map // reflect.Type → *form
)

// formOf is the form of what v points to.
func formOf(v any) *form {
	t := reflect.TypeOf(v).Elem()
	if f, ok := forms.Load(t); ok {
		return f.(*form)
	}
	f := newForm(t)
	forms.Store(t, f)
	return f
}

func newForm(t reflect.Type) *form {
	f := &form{}
	if t.Kind() == reflect.Pointer {
		f = newForm(t.Elem())
		f.null = true
		return f
	}
	switch {
	case t.Kind() == reflect.Interface:
	case reflect.PointerTo(t).Implements(textual):
		f.kind = text
		f.parse = func(s string) error {
			return reflect.New(t).Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s))
		}
	case reflect.PointerTo(t).Implements(ownJSON):
		f.kind, f.own = fields, true // any kind that null is not
	case t.Kind() == reflect.Struct:
		f.kind = fields
		f.ofStruct(t)
	case t.Kind() == reflect.Slice:
		f.kind, f.each = several, newForm(t.Elem())
	case t.Kind() == reflect.Map:
		f.kind, f.each = mapping, newForm(t.Elem())
	case t.Kind() == reflect.String:
		f.kind = characters
	case t.Kind() == reflect.Bool:
		f.kind = truth
	case t.ConvertibleTo(reflect.TypeFor[int64]()):
		f.kind = number
	default:
		panic(fmt.Sprintf("no format holds a %s", t))
	}
	return f
}

func (f *form) ofStruct(t reflect.Type) {
	f.named = map[string]int{}
	for of := range t.Fields() {
		name, options, _ := strings.Cut(of.Tag.Get("json"), ",")
		if name == "-" || name == "" || !of.IsExported() {
			continue
		}
		next := newForm(of.Type)
		if strings.Contains(options, "omitempty") {
			next.null = false // what is none is left out, and never null
		}
		f.fields = append(f.fields, field{name, next})
	}
	slices.SortFunc(f.fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	if len(f.fields) > 64 {
		panic(fmt.Sprintf("%s has more keys than are counted", t))
	}
	for i, of := range f.fields {
		f.named[of.name] = i
	}
	for of := range t.Fields() {
		name, options, _ := strings.Cut(of.Tag.Get("json"), ",")
		if i, known := f.named[name]; known && of.IsExported() && !strings.Contains(options, "omitempty") {
			f.required |= 1 << i
		}
	}
}
