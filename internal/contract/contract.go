// Package contract is the HTTP interface of cofferd as one OpenAPI 3.0.3 document:
// written here by hand, served at /openapi.yaml and /openapi.json, held against the
// program by tests, and the source of the types that the wallet's pages use.
//
// The document is the files in api/, joined: head.yaml, then the paths and components of
// one file for each area, in the order of their names. problems.yaml is the table of
// problem types; an operation names the ones it answers with under x-problems, alone
// (`withdrawn`), with a status where a code has several (`410 expired`), or as a group
// (`@wallet`), and joining turns them into responses.
//
// # How to add a route
//
// Write its operation into the file of its area, with an operationId, a summary that
// says what it is for, schemas of what it takes and gives, and x-problems; a new code
// needs a row in problems.yaml. Bodies that the program reads strictly get
// additionalProperties: false. What it answers is left open there, since a client must
// pass over what it does not know; the tests close it, so that nothing is answered that
// stands nowhere. Then:
//
//	go test ./internal/contract/... ./cmd/cofferd    (every route stands here, and back; scenarios keep to it)
//	cd wallet-web && npm run contract                (for routes of wallets: the pages' types)
//
// A scenario in cmd/cofferd has to reach each operation with a success; the few that
// none reaches are listed in its contract_test.go with the reason. Examples are not
// written by hand: `go test ./cmd/cofferd -update` records those that are missing, or
// that do not fit any more, from its scenarios.
//
// # Trust
//
// Nothing here decides anything: the program does not read its contract when it runs,
// it only serves it. A wrong document misleads those who build against it.
package contract

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed api
var files embed.FS

// YAML is the document as people read it.
func YAML() []byte { return slices.Clone(document().yaml) }

// JSON is the same document as programs read it.
func JSON() []byte { return slices.Clone(document().json) }

// Problem is one row of the table of problem types.
type Problem struct {
	Code   string `yaml:"code"`
	Status int    `yaml:"status"`
	Means  string `yaml:"means"`
}

// Problems is the table. A code that comes with two statuses has two rows.
func Problems() []Problem { return slices.Clone(document().problems) }

type joined struct {
	yaml, json []byte
	problems   []Problem
	examples   map[string]Example
}

// document panics only if the embedded files do not make a document, which a test
// finds before anybody else.
var document = sync.OnceValue(func() joined {
	j, err := join(files)
	if err != nil {
		panic("joining the contract: " + err.Error())
	}
	return j
})

func join(files fs.FS) (j joined, err error) {
	head, err := read(files, "api/head.yaml")
	if err != nil {
		return j, err
	}
	table, err := readTable(files)
	if err != nil {
		return j, err
	}
	areas, err := fs.Glob(files, "api/*.yaml")
	if err != nil {
		return j, err
	}
	slices.Sort(areas)
	for _, name := range areas {
		if name == "api/head.yaml" || name == "api/problems.yaml" {
			continue
		}
		area, err := read(files, name)
		if err != nil {
			return j, err
		}
		if err := add(head, area); err != nil {
			return j, fmt.Errorf("adding %s: %w", name, err)
		}
	}
	if err := table.expand(head); err != nil {
		return j, err
	}
	if j.examples, err = readExamples(files); err != nil {
		return j, err
	}
	if err := exemplify(head, j.examples); err != nil {
		return j, err
	}
	if j.yaml, err = yaml.Marshal(head); err != nil {
		return j, err
	}
	var values any
	if err := head.Decode(&values); err != nil {
		return j, err
	}
	j.json, err = json.Marshal(values)
	j.problems = table.Problems
	return j, err
}

// read returns the mapping that a file is.
func read(files fs.FS, name string) (*yaml.Node, error) {
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	var n yaml.Node
	if err := yaml.Unmarshal(b, &n); err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if n.Kind != yaml.DocumentNode || n.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("reading %s: not a mapping", name)
	}
	return plain(n.Content[0]), nil
}

// plain copies a node with its aliases and merge keys written out, so that no two
// places of the document are the same node.
func plain(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return plain(n.Alias)
	}
	c := *n
	c.Anchor, c.Content = "", nil
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0 && child.Tag == "!!merge":
			c.Content = append(c.Content, plain(n.Content[i+1]).Content...)
		case n.Kind == yaml.MappingNode && i%2 == 1 && n.Content[i-1].Tag == "!!merge":
		default:
			c.Content = append(c.Content, plain(child))
		}
	}
	return &c
}

// get returns the value at a key, or nil.
func get(m *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i+1]
		}
	}
	return nil
}

func set(m *yaml.Node, key string, value *yaml.Node) {
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
}

// add merges mappings; what both have must be a mapping in both.
func add(to, from *yaml.Node) error {
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		have := get(to, key.Value)
		switch {
		case have == nil:
			to.Content = append(to.Content, key, value)
		case have.Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			if err := add(have, value); err != nil {
				return fmt.Errorf("%s: %w", key.Value, err)
			}
		default:
			return errors.New(key.Value + " stands twice")
		}
	}
	return nil
}

// operations calls f for each operation of a document.
func operations(document *yaml.Node, f func(method, path string, operation *yaml.Node) error) error {
	paths := get(document, "paths")
	if paths == nil {
		return errors.New("no paths")
	}
	for i := 0; i+1 < len(paths.Content); i += 2 {
		item := paths.Content[i+1]
		for k := 0; k+1 < len(item.Content); k += 2 {
			method := item.Content[k].Value
			if method == "parameters" {
				continue
			}
			if err := f(strings.ToUpper(method), paths.Content[i].Value, item.Content[k+1]); err != nil {
				return fmt.Errorf("%s %s: %w", strings.ToUpper(method), paths.Content[i].Value, err)
			}
		}
	}
	return nil
}
