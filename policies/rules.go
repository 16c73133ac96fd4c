package policies

import (
	"errors"
	"fmt"
	"iter"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
)

// rules keeps the order of the file. Cedar's own PolicySet is a Go map, and its
// reasons come in another order every time.
type rules []rule

type rule struct {
	id     cedar.PolicyID
	title  string
	policy *cedar.Policy
}

// All is what cedar.Authorize iterates.
func (s rules) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, r := range s {
			if !yield(r.id, r.policy) {
				return
			}
		}
	}
}

func newValidator() (*validate.Validator, error) {
	var s schema.Schema
	s.SetFilename("coffer.cedarschema")
	if err := s.UnmarshalCedar(schemaText); err != nil {
		return nil, fmt.Errorf("reading the schema of the rules: %w", err)
	}
	resolved, err := s.Resolve()
	if err != nil {
		return nil, fmt.Errorf("reading the schema of the rules: %w", err)
	}
	return validate.New(resolved), nil
}

func parseRules(text []byte, check *validate.Validator) (rules, error) {
	list, err := cedar.NewPolicyListFromBytes("coffer.cedar", text)
	if err != nil {
		return nil, fmt.Errorf("reading the rules: %w", err)
	}
	if len(list) == 0 {
		return nil, errors.New("reading the rules: there are none")
	}
	seen := map[cedar.PolicyID]bool{}
	var out rules
	for _, p := range list {
		notes, line := p.Annotations(), p.Position().Line
		r := rule{id: cedar.PolicyID(notes["id"]), title: string(notes["title"]), policy: p}
		switch {
		case r.id == "":
			return nil, fmt.Errorf("reading the rules: the rule in line %d has no @id", line)
		case seen[r.id]:
			return nil, fmt.Errorf("reading the rules: line %d: @id %s stands twice", line, r.id)
		case r.title == "":
			return nil, fmt.Errorf("reading the rules: %s has no @title", r.id)
		}
		if err := check.Policy(string(r.id), (*ast.Policy)(p.AST())); err != nil {
			return nil, fmt.Errorf("checking rule %s against the schema: %w", r.id, err)
		}
		seen[r.id] = true
		out = append(out, r)
	}
	return out, nil
}
