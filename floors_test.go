package kadmium_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors are the packages of the house and their floors: an import only ever
// points to a lower one (docs/design.md, section 1).
var floors = map[string]int{
	"identity": 0,
	"kbucket":  1, "rpc": 1, "session": 1,
	"lookup": 2, "store": 2, "transport": 2, "store/disk": 2,
	"engine": 3,
	"":       4, "sim": 4,
	"cmd/kad": 5,
}

// pure are the packages that time, randomness and ciphers are handed to.
var pure = map[string]bool{"identity": true, "kbucket": true, "rpc": true, "session": true, "lookup": true, "store": true, "engine": true}

// impure imports and calls: the network, locks, and reading or waiting for the
// wall clock. net/netip is fine, and so are time's types and arithmetic.
var (
	impureImports = map[string]bool{"net": true, "sync": true, "sync/atomic": true, "crypto/rand": true}
	clockCalls    = map[string]bool{"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "AfterFunc": true, "NewTimer": true, "NewTicker": true, "Tick": true}
)

// part is the package of the house that a directory belongs to; "" is the root.
func part(dir string) string {
	for ; dir != "." && dir != ""; dir = filepath.Dir(dir) {
		if _, ok := floors[filepath.ToSlash(dir)]; ok {
			return filepath.ToSlash(dir)
		}
	}
	return ""
}

// sources calls f with every Go file of the module that is neither a test nor
// generated.
func sources(t *testing.T, f func(path, dir string, file *ast.File, files *token.FileSet)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "compare" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "."):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(file) {
			seen++
			f(path, filepath.Dir(path), file, files)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Fatalf("only %d source files found", seen)
	}
}

func imports(t *testing.T, file *ast.File) []string {
	var all []string
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, path)
	}
	return all
}

// An import only ever points to a lower floor. A directory under a package's own
// (rpc/pb, transport/memnet) is of its floor and may import it and be imported.
func TestFloors(t *testing.T) {
	sources(t, func(path, dir string, file *ast.File, _ *token.FileSet) {
		here := part(dir)
		for _, imported := range imports(t, file) {
			if imported != "kadmium" && !strings.HasPrefix(imported, "kadmium/") {
				continue
			}
			there := part(filepath.FromSlash(strings.TrimPrefix(strings.TrimPrefix(imported, "kadmium"), "/")))
			own := strings.HasPrefix(filepath.ToSlash(dir)+"/", there+"/") || strings.HasPrefix(imported, "kadmium/"+filepath.ToSlash(dir)+"/")
			if floors[there] >= floors[here] && (!own || there == "") {
				t.Errorf("%s (floor %d) imports %s (floor %d)", path, floors[here], imported, floors[there])
			}
		}
	})
}

// The protocol's packages read no clock, start no goroutine, take no lock and
// open no socket.
func TestPurity(t *testing.T) {
	checked := make(map[string]bool)
	sources(t, func(path, dir string, file *ast.File, files *token.FileSet) {
		name := filepath.ToSlash(dir)
		if !pure[name] {
			return
		}
		checked[name] = true
		for _, imported := range imports(t, file) {
			if impureImports[imported] {
				t.Errorf("%s imports %s", path, imported)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", files.Position(n.Pos()))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && x.Obj == nil && clockCalls[n.Sel.Name] {
					t.Errorf("%s uses time.%s", files.Position(n.Pos()), n.Sel.Name)
				}
			}
			return true
		})
	})
	for name := range pure {
		if !checked[name] {
			t.Errorf("no source of %s was looked at", name)
		}
	}
}
