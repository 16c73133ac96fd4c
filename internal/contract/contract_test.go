package contract_test

import (
	"strings"
	"testing"

	"coffer/internal/contract"
	"coffer/internal/contract/contracttest"
)

func TestDocument(t *testing.T) {
	d := contracttest.Document(t)
	seen := map[string]string{}
	for name, o := range contracttest.Operations(d) {
		switch {
		case o.OperationID == "":
			t.Errorf("%s has no operationId", name)
		case seen[o.OperationID] != "":
			t.Errorf("%s and %s are both called %s", name, seen[o.OperationID], o.OperationID)
		case len(o.Summary) < 12:
			t.Errorf("%s: its summary says nothing", name)
		case len(o.Tags) != 1 || d.Tags.Get(o.Tags[0]) == nil:
			t.Errorf("%s: want one tag of those in head.yaml", name)
		}
		seen[o.OperationID] = name
		if strings.HasPrefix(name, "GET ") != (o.RequestBody == nil) && !strings.HasPrefix(name, "DELETE ") && !strings.HasSuffix(name, "/read") {
			t.Errorf("%s: a body with GET, or none without", name)
		}
	}
	if strings.Contains(string(contract.YAML()), "x-problems") {
		t.Error("x-problems is left in the document")
	}
}
