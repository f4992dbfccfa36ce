package kadmium

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Every type of this package with MarshalJSON has a form, so that whoever describes the
// JSON leaves none out.
func TestJSONForms(t *testing.T) {
	known := make(map[string]bool)
	for of := range jsonForms {
		known[of.Name()] = true
		if !of.Implements(reflect.TypeFor[json.Marshaler]()) {
			t.Errorf("%s has a form, and no MarshalJSON", of)
		}
	}
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "MarshalJSON" {
				continue
			}
			if name := f.Recv.List[0].Type.(*ast.Ident).Name; !known[name] {
				t.Errorf("%s has MarshalJSON, and no form in jsonForms", name)
			}
		}
	}
}
