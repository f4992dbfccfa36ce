package kadmium_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every constant that bounds what a node holds or does (max...) cites its rule in
// docs/design.md or docs/wire.md, beside it or above it (design R8.1). Times are no bounds.
func TestBoundsCiteTheirRule(t *testing.T) {
	bound := regexp.MustCompile(`^[mM]ax[A-Z]`)
	cited := regexp.MustCompile(`\bR[1-9]\.[0-9]+\b|wire\.md`)
	for _, dir := range []string{"driver", "engine", "transport"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				consts, ok := d.(*ast.GenDecl)
				if !ok || consts.Tok != token.CONST {
					continue
				}
				for _, spec := range consts.Specs {
					s := spec.(*ast.ValueSpec)
					if !bound.MatchString(s.Names[0].Name) || isTime(s) {
						continue
					}
					if text := consts.Doc.Text() + s.Doc.Text() + s.Comment.Text(); !cited.MatchString(text) {
						t.Errorf("%s: %s cites no rule", set.Position(s.Pos()), s.Names[0].Name)
					}
				}
			}
		}
	}
}

// isTime reports whether a constant is declared as a product of units of package time.
func isTime(s *ast.ValueSpec) (is bool) {
	for _, v := range s.Values {
		ast.Inspect(v, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == "time" {
				is = true
			}
			return true
		})
	}
	return is
}
