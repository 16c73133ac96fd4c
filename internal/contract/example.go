package contract

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Example is one exchange that went well, in JSON. What is nil has none.
type Example struct {
	Status   int             `json:"status"`
	Request  json.RawMessage `json:"request,omitempty"`
	Response json.RawMessage `json:"response,omitempty"`
}

// Examples of operations by their ids, as scenarios of cmd/cofferd recorded them with
// -update: they were made and taken by the program.
func Examples() map[string]Example { return maps.Clone(document().examples) }

func readExamples(files fs.FS) (all map[string]Example, err error) {
	b, err := fs.ReadFile(files, "api/examples.json")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("reading api/examples.json: %w", err)
	}
	return all, nil
}

// exemplify writes examples beside the schemas they are of. What stands in a referenced
// response has none.
func exemplify(document *yaml.Node, all map[string]Example) error {
	return operations(document, func(_, _ string, operation *yaml.Node) error {
		name := get(operation, "operationId")
		if name == nil {
			return nil
		}
		e := all[name.Value]
		if err := exemplifyOne(get(operation, "requestBody"), e.Request); err != nil {
			return err
		}
		return exemplifyOne(get(get(operation, "responses"), strconv.Itoa(e.Status)), e.Response)
	})
}

func exemplifyOne(body *yaml.Node, example json.RawMessage) error {
	if body == nil || example == nil {
		return nil
	}
	content := get(body, "content")
	if content == nil {
		return nil
	}
	media := get(content, "application/json")
	if media == nil {
		return nil
	}
	var n yaml.Node
	if err := yaml.Unmarshal(example, &n); err != nil {
		return err
	}
	set(media, "example", n.Content[0])
	return nil
}
