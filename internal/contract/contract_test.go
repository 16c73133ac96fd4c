package contract_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"strconv"
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
	for name, o := range contracttest.Operations(d) {
		if o.RequestBody == nil || o.RequestBody.Value.Content.Get("application/json") == nil {
			continue // forms may have more than we know (RFC 6749 section 3.2)
		}
		if body := o.RequestBody.Value.Content.Get("application/json").Schema.Value; body.AdditionalProperties.Has == nil || *body.AdditionalProperties.Has {
			t.Errorf("%s reads its body strictly: say additionalProperties: false", name)
		}
		refused := false
		for status := range o.Responses.Map() {
			refused = refused || status >= "400"
		}
		if !refused {
			t.Errorf("%s takes a body and refuses none: name its x-problems", name)
		}
	}
	if strings.Contains(string(contract.YAML()), "x-problems") {
		t.Error("x-problems is left in the document")
	}
}

// notAnswered are rows of Go's tables that no operation answers with, with the reason.
var notAnswered = map[string]string{
	"bad-right":    "inside a sealed rights request, which the operator cannot read",
	"wrong-rights": "likewise",
	"broken-chain": "about an access log, which only its reader checks",

	"wider-than-grant": "changes of a grant are not on the wire yet",
	"wrong-change":     "likewise",
}

// Every code that the program may answer with has a row in problems.yaml, with the
// same status, and every row is a code of the program.
func TestProblemsAreThoseOfTheProgram(t *testing.T) {
	said := map[string]map[int]bool{}
	for _, folder := range []string{
		"internal/httpjson", "vault/vaulthttp", "consent/consenthttp", "consent/oauth", "anchor/anchorhttp", "cmd/cofferd",
	} {
		packages, err := parser.ParseDir(token.NewFileSet(), "../../"+folder, func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range packages {
			ast.Inspect(p, func(n ast.Node) bool { collect(said, n); return true })
		}
	}
	if len(said) < 40 {
		t.Fatalf("found only %d codes in the sources", len(said))
	}
	answered := string(contract.JSON())
	answered = answered[strings.Index(answered, `"paths":`):]
	rows := map[string]map[int]bool{}
	for _, p := range contract.Problems() {
		note(rows, p.Code, p.Status)
		if p.Means == "" || said[p.Code] == nil || !said[p.Code][p.Status] && !said[p.Code][0] {
			t.Errorf("problems.yaml has %d %s, which the program never answers, or says nothing of it", p.Status, p.Code)
		}
		if !strings.Contains(answered, `"urn:coffer:problem:`+p.Code+`"`) {
			t.Errorf("no operation of the contract answers with %d %s", p.Status, p.Code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(said)) {
		for status := range said[code] {
			if notAnswered[code] == "" && status != 0 && !rows[code][status] || status == 0 && rows[code] == nil {
				t.Errorf("the program answers %d %s, which has no row in api/problems.yaml", status, code)
			}
		}
	}
}

func note(to map[string]map[int]bool, code string, status int) {
	if to[code] == nil {
		to[code] = map[int]bool{}
	}
	to[code][status] = true
}

// collect finds httpjson.Problem{Code: "…", Status: …}, rows {error, "code", status,
// "title"} of a table, and assignments to a problem's Code.
func collect(to map[string]map[int]bool, n ast.Node) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		code, status := "", 0
		for i, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				switch key, _ := kv.Key.(*ast.Ident); {
				case key == nil:
				case key.Name == "Code":
					code = text(kv.Value)
				case key.Name == "Status":
					status = number(kv.Value)
				}
			} else if len(n.Elts) == 4 && i == 1 && number(n.Elts[2]) != 0 {
				code, status = text(e), number(n.Elts[2])
			}
		}
		if code != "" && status != 0 {
			note(to, code, status)
		}
	case *ast.AssignStmt:
		for i, l := range n.Lhs {
			if s, ok := l.(*ast.SelectorExpr); ok && s.Sel.Name == "Code" && i < len(n.Rhs) && text(n.Rhs[i]) != "" {
				note(to, text(n.Rhs[i]), 0)
			}
		}
	}
}

func text(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		s, _ := strconv.Unquote(l.Value)
		return s
	}
	return ""
}

func number(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.BasicLit:
		n, _ := strconv.Atoi(e.Value)
		return n
	case *ast.SelectorExpr: // http.StatusNotFound
		return statuses[e.Sel.Name]
	}
	return 0
}

var statuses = map[string]int{
	"StatusBadRequest": 400, "StatusUnauthorized": 401, "StatusForbidden": 403, "StatusNotFound": 404, "StatusConflict": 409, "StatusGone": 410,
	"StatusRequestEntityTooLarge": 413, "StatusUnprocessableEntity": 422, "StatusTooManyRequests": 429, "StatusInternalServerError": 500,
	"StatusServiceUnavailable": 503, "StatusInsufficientStorage": 507,
}
