// The floor plan in README.md is a promise about imports; this test keeps it.
package coffer_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "coffer"

// room is one row of the floor plan.
type room struct {
	mayImport []string // packages of this module
	butNot    []string // set when the row says "all but …"
	doors     []string // import path prefixes, or path#Symbol for part of a package
}

type pkg struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	Imports           []string
}

var code = regexp.MustCompile("`([^`]+)`")

func words(cell string) (out []string) {
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		out = append(out, m[1])
	}
	return out
}

func readPlan(readme string) (map[string]room, error) {
	_, rest, ok := strings.Cut(readme, "\n## Floor plan\n")
	if !ok {
		return nil, fmt.Errorf("README.md has no floor plan")
	}
	plan := map[string]room{}
	for line := range strings.Lines(rest) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || len(words(cells[1])) != 1 {
			continue
		}
		name := words(cells[1])[0]
		if _, twice := plan[name]; twice {
			return nil, fmt.Errorf("%s has two rows", name)
		}
		r := room{mayImport: words(cells[3]), doors: words(cells[4])}
		if strings.Contains(cells[3], "all but") {
			r.mayImport, r.butNot = nil, words(cells[3])
		}
		plan[name] = r
	}
	if len(plan) < 10 {
		return nil, fmt.Errorf("read only %d rows of the floor plan", len(plan))
	}
	return plan, nil
}

// violations lists every import that the plan does not allow.
func violations(plan map[string]room, pkgs []pkg, uses func(pkg, string) []string) (out []string) {
	standing := map[string]bool{}
	for _, p := range pkgs {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		standing[name] = true
		if len(p.GoFiles)+len(p.CgoFiles) == 0 || strings.HasSuffix(name, "test") {
			continue
		}
		r, ok := plan[name]
		if !ok {
			out = append(out, name+" has no row in the floor plan")
			continue
		}
		for _, imp := range p.Imports {
			if inner, ours := strings.CutPrefix(imp, module+"/"); ours || imp == module {
				allowed := slices.Contains(r.mayImport, inner)
				if r.butNot != nil {
					allowed = !slices.Contains(r.butNot, inner) && !strings.HasSuffix(inner, "test")
				}
				if !allowed {
					out = append(out, name+" imports "+inner)
				}
			}
		}
		for owner, or := range plan {
			for _, door := range or.doors {
				if owner == name {
					continue
				}
				path, symbol, part := strings.Cut(door, "#")
				for _, imp := range p.Imports {
					if !strings.HasPrefix(imp, path) {
						continue
					}
					if !part {
						out = append(out, name+" imports "+imp+", whose only door is "+owner)
					} else if used := uses(p, imp); slices.ContainsFunc(used, func(s string) bool { return strings.Contains(s, symbol) }) {
						out = append(out, name+" uses "+imp+"'s "+symbol+"…, whose only door is "+owner)
					}
				}
			}
		}
	}
	for name := range plan {
		if !standing[name] {
			out = append(out, name+" has a row in the floor plan but no package")
		}
	}
	slices.Sort(out)
	return out
}

// selectors returns the names that p's files select from the imported package.
func selectors(p pkg, path string) (names []string) {
	for _, f := range append(p.GoFiles, p.CgoFiles...) {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, f), nil, 0)
		if err != nil {
			continue
		}
		local := ""
		for _, imp := range file.Imports {
			if strings.Trim(imp.Path.Value, `"`) == path {
				if local = "jose"; imp.Name != nil {
					local = imp.Name.Name
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
					names = append(names, s.Sel.Name)
				}
			}
			return true
		})
	}
	return names
}

func listPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,CgoFiles,Imports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

func TestFloorPlan(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := readPlan(string(readme))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range violations(plan, listPackages(t), selectors) {
		t.Error(v)
	}
}

// A check that cannot fail is no check: each kind of violation is planted once.
func TestFloorPlanSeesViolations(t *testing.T) {
	plan := map[string]room{
		"anchor":     {},
		"anchor/bft": {mayImport: []string{"anchor"}, doors: []string{"github.com/cometbft/"}},
		"vault":      {},
		"vault/seal": {mayImport: []string{"vault"}, doors: []string{"example.org/jose#Encrypt"}},
		"coffer":     {mayImport: []string{"vault"}},
		"cmd/x":      {butNot: []string{"vault/seal", "coffer"}},
	}
	file := []string{"f.go"}
	good := []pkg{
		{ImportPath: "coffer/anchor", GoFiles: file},
		{ImportPath: "coffer/anchor/bft", GoFiles: file, Imports: []string{"coffer/anchor", "github.com/cometbft/cometbft/node"}},
		{ImportPath: "coffer/vault", GoFiles: file, Imports: []string{"example.org/jose"}},
		{ImportPath: "coffer/vault/seal", GoFiles: file, Imports: []string{"coffer/vault"}},
		{ImportPath: "coffer/cmd/x", GoFiles: file, Imports: []string{"coffer/vault"}},
		{ImportPath: "coffer", GoFiles: file, Imports: []string{"coffer/vault"}},
	}
	none := func(pkg, string) []string { return []string{"Sign"} }
	if v := violations(plan, good, none); len(v) != 0 {
		t.Fatalf("a good tree has violations: %v", v)
	}
	for want, plant := range map[string]func([]pkg){
		"anchor imports vault":          func(p []pkg) { p[0].Imports = []string{"coffer/vault"} },
		"cmd/x imports coffer":          func(p []pkg) { p[4].Imports = []string{"coffer"} },
		"coffer imports anchor":         func(p []pkg) { p[5].Imports = []string{"coffer/anchor"} },
		"cmd/x imports vault/seal":      func(p []pkg) { p[4].Imports = []string{"coffer/vault/seal"} },
		"whose only door is anchor":     func(p []pkg) { p[2].Imports = []string{"github.com/cometbft/cometbft/types"} },
		"has no row":                    func(p []pkg) { p[2].ImportPath = "coffer/vault/common" },
		"but no package":                func(p []pkg) { p[2].ImportPath = "coffer/vaulttest" },
		"cmd/x imports vault/vaulttest": func(p []pkg) { p[4].Imports = []string{"coffer/vault/vaulttest"} },
	} {
		bad := slices.Clone(good)
		plant(bad)
		if v := strings.Join(violations(plan, bad, none), "\n"); !strings.Contains(v, want) {
			t.Errorf("planted %q, found %q", want, v)
		}
	}
	encrypts := func(pkg, string) []string { return []string{"NewEncrypter"} }
	if v := strings.Join(violations(plan, good, encrypts), "\n"); !strings.Contains(v, "vault uses example.org/jose's Encrypt") {
		t.Errorf("an envelope made outside vault/seal was not seen: %q", v)
	}
}

// "The server cannot read your data" is a line of the build.
func TestWhatIsLinked(t *testing.T) {
	for _, c := range []struct {
		binary string
		never  []string
	}{
		{"./cmd/cofferd", []string{"coffer/vault/seal", "coffer/consent/business"}},
		{"./cmd/coffer", []string{"github.com/mattn/go-sqlite3", "github.com/cedar-policy/", "github.com/cometbft/", "coffer/vault/vaultdb", "coffer/internal/sqldb"}},
	} {
		out, err := exec.Command("go", "list", "-deps", c.binary).Output()
		if err != nil {
			t.Fatalf("%s: %v", c.binary, err)
		}
		deps := strings.Fields(string(out))
		if len(deps) < 50 {
			t.Fatalf("%s: only %d dependencies listed", c.binary, len(deps))
		}
		for _, d := range deps {
			for _, n := range c.never {
				if strings.HasPrefix(d, n) {
					t.Errorf("%s links %s", c.binary, d)
				}
			}
		}
	}
}
