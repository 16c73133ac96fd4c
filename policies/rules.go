package policies

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strings"

	cedar "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"coffer/consent"
)

var (
	//go:embed floor.cedar
	floorText []byte
	//go:embed coffer.cedar
	cofferText []byte
	//go:embed coffer.cedarschema
	schemaText []byte
)

const (
	extension  = ".cedar"
	maxFile    = 1 << 20 // far more than anyone reads
	maxFolder  = 256     // files
	schemaName = "coffer.cedarschema"
)

// File is a text of rules in Cedar's language, with the name it is known by.
type File struct {
	Name string
	Text []byte
}

// Shipped are the rules that this program was built with: the floor, then how Coffer
// works.
func Shipped() []File {
	return []File{{"floor.cedar", slices.Clone(floorText)}, {"coffer.cedar", slices.Clone(cofferText)}}
}

// ReadFiles reads the rules of a folder: its *.cedar files by name, nothing below. A
// folder that is not there has none.
func ReadFiles(folder fs.FS) ([]File, error) {
	names, err := fs.Glob(folder, "*"+extension) // sorted
	if err != nil {
		return nil, fmt.Errorf("reading the folder of rules: %w", err)
	}
	if len(names) > maxFolder {
		return nil, fmt.Errorf("reading the folder of rules: more than %d files", maxFolder)
	}
	var out []File
	for _, name := range names {
		text, err := readFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("reading rules: %w", err)
		}
		out = append(out, File{name, text})
	}
	return out, nil
}

func readFile(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s: more than %d bytes", name, maxFile)
	}
	return text, err
}

// Rule is one rule in force.
type Rule struct {
	consent.Reason
	File    string // where it stands
	Line    int
	Forbids bool   // or else permits
	Text    string // as it is written
}

// rules keeps the order of the files. Cedar's own PolicySet is a Go map, and its
// reasons come in another order every time.
type rules []rule

type rule struct {
	Rule
	policy *cedar.Policy
}

// All is what cedar.Authorize iterates.
func (s rules) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for i := range s {
			if !yield(cedar.PolicyID(s[i].ID), s[i].policy) {
				return
			}
		}
	}
}

// byAction leaves out, for each action, the rules whose head names another: they could
// not match.
func (s rules) byAction() map[cedar.EntityUID]rules {
	out := map[cedar.EntityUID]rules{}
	for _, action := range []consent.Action{consent.ActionGive, consent.ActionCollect, consent.ActionMessage} {
		asked := uid("Action", action)
		for _, r := range s {
			head, one := (*ast.Policy)(r.policy.AST()).Action.(ast.ScopeTypeEq)
			if !one || head.Entity == asked {
				out[asked] = append(out[asked], r)
			}
		}
	}
	return out
}

func resolvedSchema() (*resolved.Schema, error) {
	var s schema.Schema
	s.SetFilename(schemaName)
	err := s.UnmarshalCedar(schemaText)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of the rules: %w", err)
	}
	r, err := s.Resolve()
	if err != nil {
		return nil, fmt.Errorf("reading the schema of the rules: %w", err)
	}
	return r, nil
}

// read adds the rules of a file: each fits the schema and has an @id of its own and a
// @title. An operator's may only forbid.
func (s rules) read(f File, operators bool, schema *resolved.Schema, check *validate.Validator) (rules, error) {
	list, err := cedar.NewPolicyListFromBytes(f.Name, f.Text)
	if err != nil {
		return nil, fmt.Errorf("reading the rules of %s: %w", f.Name, err)
	}
	if len(list) == 0 && !operators {
		return nil, fmt.Errorf("reading the rules of %s: there are none", f.Name)
	}
	for i, p := range list {
		notes, line := p.Annotations(), p.Position().Line
		r := rule{policy: p, Rule: Rule{
			Reason: consent.Reason{ID: string(notes["id"]), Title: string(notes["title"]), Denial: consent.DenialReason(notes["denial"])},
			File:   f.Name, Line: line, Forbids: p.Effect() == cedar.Forbid, Text: source(f.Text, list[i:]),
		}}
		at := fmt.Sprintf("%s, line %d", f.Name, line)
		switch {
		case r.ID == "":
			return nil, fmt.Errorf("reading the rules: %s: the rule has no @id; give it one of its own, as in @id(\"O01-no-night-collection\")", at)
		case !ruleID(r.ID):
			return nil, fmt.Errorf("reading the rules: %s: @id %q is not 1 to 64 letters, digits and hyphens", at, r.ID)
		case r.Title == "":
			return nil, fmt.Errorf("reading the rules: %s: %s has no @title; write the one sentence that people are to read when it denies", at, r.ID)
		case r.Denial != "" && (r.Denial != consent.Unfulfilled || operators):
			return nil, fmt.Errorf("reading the rules: %s: %s has a @denial that is not its to say; take it away", at, r.ID)
		case operators && !r.Forbids:
			return nil, fmt.Errorf("reading the rules: %s: %s is a permit; an operator's rules may only forbid: write what it is to deny, as forbid (…) when { … };", at, r.ID)
		}
		if j := slices.IndexFunc(s, func(other rule) bool { return other.ID == r.ID }); j >= 0 {
			return nil, fmt.Errorf("reading the rules: %s: @id %s stands twice, also in %s, line %d", at, r.ID, s[j].File, s[j].Line)
		}
		if err := check.Policy(r.ID, (*ast.Policy)(p.AST())); err != nil {
			return nil, fmt.Errorf("checking rule %s (%s) against the schema: %w", r.ID, at, err)
		}
		if err := members(schema, p); err != nil {
			return nil, fmt.Errorf("checking rule %s (%s) against the schema: %w", r.ID, at, err)
		}
		s = append(s, r)
	}
	return s, nil
}

// source is the text of the first rule, as it is written, without what stands before
// the next.
func source(text []byte, list []*cedar.Policy) string {
	end := len(text)
	if len(list) > 1 {
		end = list[1].Position().Offset
	}
	lines := strings.Split(string(text[list[0].Position().Offset:end]), "\n")
	for len(lines) > 1 {
		last := strings.TrimSpace(lines[len(lines)-1])
		if last != "" && !strings.HasPrefix(last, "//") {
			break
		}
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}

var errShippedName = errors.New("this is the name of rules that Coffer ships, and those stand; rename the file")

// ruleID reports whether the id can stand in logs, tables and addresses as it is.
func ruleID(id string) bool {
	return len(id) <= 64 && !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-')
	})
}
