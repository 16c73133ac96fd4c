package policies

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
)

// The Go validator lets two faults pass that Cedar's own finds: a member that an enum
// does not have, and a comparison of unlike things, such as a time with a number. CI
// holds the shipped rules against Cedar's own (wallet-web/tools). An operator has
// neither, and such a rule would deny everything or never match: so members are looked
// at here, and rules are tried on the cases of the shipped table before they count.

// members finds a member that an enum of the schema does not have.
func members(s *resolved.Schema, p *cedar.Policy) error {
	text, err := p.MarshalJSON()
	if err != nil {
		return err
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return err
	}
	return eachEntity(tree, func(kind, id string) error {
		enum, ok := s.Enums[cedar.EntityType(kind)]
		if !ok {
			return nil
		}
		var known []string
		for _, v := range enum.Values {
			known = append(known, string(v.ID))
		}
		if !slices.Contains(known, id) {
			return fmt.Errorf("%s::%q is not known; there are %s", kind, id, strings.Join(known, ", "))
		}
		return nil
	})
}

// eachEntity visits every entity that a policy in JSON form names: the objects with
// exactly a type and an id.
func eachEntity(tree any, visit func(kind, id string) error) error {
	var below []any
	switch node := tree.(type) {
	case []any:
		below = node
	case map[string]any:
		kind, typed := node["type"].(string)
		id, named := node["id"].(string)
		if typed && named && len(node) == 2 {
			return visit(kind, id)
		}
		for _, child := range node {
			below = append(below, child)
		}
	}
	for _, child := range below {
		if err := eachEntity(child, visit); err != nil {
			return err
		}
	}
	return nil
}

// rehearse finds a rule that errs on a case of the shipped table.
func (e *Engine) rehearse() error {
	table, err := ParseTable(tableText)
	if err != nil {
		return err
	}
	for _, c := range table {
		entities, request := e.pose(c.Question)
		if e.validate(entities, request) != nil {
			continue
		}
		_, diagnostic := cedar.Authorize(e.rulesFor[request.Action], entities, request)
		for _, d := range diagnostic.Errors {
			at := slices.IndexFunc(e.rules, func(r rule) bool { return r.ID == string(d.PolicyID) })
			return fmt.Errorf("trying the rules: %s, line %d: %s errs on the question %q, and a rule that errs denies: %s",
				e.rules[at].File, e.rules[at].Line, d.PolicyID, strings.Join(c.Words, " "), d.Message)
		}
	}
	return nil
}
