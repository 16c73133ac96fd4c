package coffer_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"coffer"
)

// Whatever a caller may compare with has its name here: the errors, reasons and events
// of the packages below, so that a shop imports nothing else.
func TestNothingIsLeftOut(t *testing.T) {
	var face strings.Builder
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), ".go") && !strings.HasSuffix(f.Name(), "_test.go") {
			b, err := os.ReadFile(f.Name())
			if err != nil {
				t.Fatal(err)
			}
			face.Write(b)
		}
	}
	n := 0
	for dir, wants := range map[string]func(name, typ string) bool{
		"consent/business": func(name, _ string) bool { return strings.HasPrefix(name, "Err") || strings.HasPrefix(name, "Event") },
		"consent":          func(_, typ string) bool { return typ == "DenialReason" || typ == "State" },
	} {
		for _, name := range exported(t, dir, wants) {
			n++
			pkg := dir[strings.LastIndex(dir, "/")+1:]
			if !slices.Contains(strings.FieldsFunc(face.String(), func(r rune) bool { return strings.ContainsRune(" \t\n(),", r) }), pkg+"."+name) {
				t.Errorf("%s.%s has no name in package coffer: add it to errors.go, events.go or collect.go in the root", pkg, name)
			}
		}
	}
	if n < 20 {
		t.Fatalf("found %d names only", n)
	}
}

// exported lists the constants and variables of a package that wants accepts.
func exported(t *testing.T, dir string, wants func(name, typ string) bool) (names []string) {
	t.Helper()
	pkgs, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range pkgs {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), dir+"/"+f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST && g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				typ, _ := v.Type.(*ast.Ident)
				for _, name := range v.Names {
					if name.IsExported() && wants(name.Name, typeName(typ)) {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

func typeName(i *ast.Ident) string {
	if i == nil {
		return ""
	}
	return i.Name
}

func TestQR(t *testing.T) {
	svg, err := coffer.QR("http://localhost:8080/r/5r1ZkJ0Yx8mC2cQyV7q3Vw")
	if err != nil || !strings.HasPrefix(svg, "<svg ") || strings.Count(svg, "M") < 100 {
		t.Errorf("%.80s, %v", svg, err)
	}
}
