package contract

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const problemType = "urn:coffer:problem:"

// table is problems.yaml.
type table struct {
	Problems []Problem           `yaml:"problems"`
	Groups   map[string][]string `yaml:"groups"`
}

func readTable(files fs.FS) (t table, err error) {
	b, err := fs.ReadFile(files, "api/problems.yaml")
	if err != nil {
		return t, err
	}
	if err := yaml.Unmarshal(b, &t); err != nil {
		return t, fmt.Errorf("reading api/problems.yaml: %w", err)
	}
	if len(t.Problems) == 0 {
		return t, errors.New("reading api/problems.yaml: no problems")
	}
	return t, nil
}

// expand turns x-problems into responses, and writes the closed set of types.
func (t table) expand(document *yaml.Node) error {
	err := operations(document, func(_, _ string, operation *yaml.Node) error {
		names := take(operation, "x-problems")
		responses := get(operation, "responses")
		if responses == nil {
			return errors.New("no responses")
		}
		if names == nil {
			return nil
		}
		found := map[Problem]bool{}
		for _, n := range names.Content {
			if err := t.find(n.Value, found); err != nil {
				return err
			}
		}
		byStatus := map[int][]Problem{}
		for _, p := range t.Problems { // in the order of the table
			if found[p] {
				byStatus[p.Status] = append(byStatus[p.Status], p)
			}
		}
		var statuses []int
		for s := range byStatus {
			statuses = append(statuses, s)
		}
		slices.Sort(statuses)
		for _, s := range statuses {
			if get(responses, strconv.Itoa(s)) != nil {
				return fmt.Errorf("%d stands under responses and under x-problems", s)
			}
			var n yaml.Node
			if err := n.Encode(refusing(byStatus[s])); err != nil {
				return err
			}
			set(responses, strconv.Itoa(s), &n)
			responses.Content[len(responses.Content)-2].Style = yaml.DoubleQuotedStyle // a status is no number
		}
		return nil
	})
	if err != nil {
		return err
	}
	var types []string
	for _, p := range t.Problems {
		if name := problemType + p.Code; !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	var n yaml.Node
	if err := n.Encode(map[string]any{"type": "string", "description": "The closed set of problem types; clients switch on it.", "enum": types}); err != nil {
		return err
	}
	schemas := get(get(document, "components"), "schemas")
	if schemas == nil {
		return errors.New("no schemas")
	}
	set(schemas, "ProblemType", &n)
	return nil
}

// find adds what a name of x-problems stands for.
func (t table) find(name string, to map[Problem]bool) error {
	if group, ok := strings.CutPrefix(name, "@"); ok {
		members, known := t.Groups[group]
		if !known {
			return fmt.Errorf("no group %s", name)
		}
		for _, m := range members {
			if err := t.find(m, to); err != nil {
				return err
			}
		}
		return nil
	}
	status, code, both := strings.Cut(name, " ")
	if !both {
		code = name
	}
	var rows []Problem
	for _, p := range t.Problems {
		if p.Code == code && (!both || strconv.Itoa(p.Status) == status) {
			rows = append(rows, p)
		}
	}
	switch len(rows) {
	case 0:
		return fmt.Errorf("no problem %q in api/problems.yaml", name)
	case 1:
		to[rows[0]] = true
		return nil
	}
	return fmt.Errorf("%q has several statuses: say which, as in \"%d %s\"", name, rows[0].Status, code)
}

// refusing is the response of one status.
func refusing(rows []Problem) map[string]any {
	var says []string
	var types []string
	retry := false
	for _, p := range rows {
		says = append(says, "`"+p.Code+"`: "+p.Means)
		types = append(types, problemType+p.Code)
		retry = retry || p.Status == 429
	}
	r := map[string]any{
		"description": strings.Join(says, "\n\n"),
		"content": map[string]any{"application/problem+json": map[string]any{"schema": map[string]any{"allOf": []any{
			map[string]any{"$ref": "#/components/schemas/Problem"},
			map[string]any{"type": "object", "properties": map[string]any{"type": map[string]any{"type": "string", "enum": types}}},
		}}}},
	}
	if retry {
		r["headers"] = map[string]any{"Retry-After": map[string]any{
			"description": "Seconds to wait.", "schema": map[string]any{"type": "integer", "minimum": 1}}}
	}
	return r
}

// take removes a key and returns its value, or nil.
func take(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			v := m.Content[i+1]
			m.Content = slices.Delete(m.Content, i, i+2)
			return v
		}
	}
	return nil
}
