package kadmium_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors are the directories of the module that hold Go files, and their floors. An
// import only ever points to a lower floor (docs/design.md, section 1). The package
// coordinate is planned: its floor is fixed before it.
var floors = map[string]int{
	"identity": 0, "coordinate": 0, "histogram": 0, "internal/vectors": 0, "internal/exact": 0,
	"kbucket": 1, "peerbook": 1, "rpc": 1, "rpc/pb": 1, "rpc/internal/gen": 1, "session": 1,
	"lookup": 2, "lookup/lookuptest": 2, "store": 2, "store/disk": 2, "transport": 2, "transport/memnet": 2,
	"engine": 3,
	"driver": 4, "sim": 4, "sim/report": 4, "sim/attack": 4, "sim/picture": 4, "sim/measurements": 4, "sim/theory": 4, "sim/interval": 4, "sim/sweep": 4,
	".": 5, "internal/cli": 5,
	"api": 6, "api/page": 6, "sim/command": 6, "examples/discovery": 6,
	"examples/rules/libp2p": 6, "examples/rules/discv5": 6, "examples/rules/strictrounds": 6, "examples/rules/sample": 6,
	"cmd/kad": 7, "cmd/kad/bench": 7,
}

// pure are the packages that time, randomness and ciphers are handed to.
var pure = map[string]bool{"identity": true, "histogram": true, "internal/exact": true, "kbucket": true, "peerbook": true, "rpc": true, "session": true, "lookup": true, "store": true, "engine": true}

// modulePath is the module's, as in go.mod.
const modulePath = "kadmium"

// impure imports and calls: the network, locks, and reading or waiting for the
// wall clock. net/netip is fine, and so are time's types and arithmetic.
var (
	impureImports = map[string]bool{"net": true, "sync": true, "sync/atomic": true, "crypto/rand": true}
	clockCalls    = map[string]bool{"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "AfterFunc": true, "NewTimer": true, "NewTicker": true, "Tick": true}
)

// sources calls f with every Go file of the module that is neither a test nor
// generated.
func sources(t *testing.T, f func(path, dir string, file *ast.File, files *token.FileSet)) {
	t.Helper()
	seen := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (isModule(path) || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "."):
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

// isModule reports whether a directory is a module of its own within this one.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && dir != "."
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

// family is the first element of a directory's path: directories of one family (rpc/pb,
// transport/memnet, sim/report) belong together.
func family(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

// An import only ever points to a lower floor. Directories of one
// family may import each other. A directory that floors does not list is an error.
func TestFloors(t *testing.T) {
	sources(t, func(path, dir string, file *ast.File, _ *token.FileSet) {
		here := filepath.ToSlash(dir)
		if _, listed := floors[here]; !listed {
			t.Errorf("%s: no floor is listed for directory %s: add it to floors and to docs/design.md, section 1", path, here)
			return
		}
		for _, imported := range imports(t, file) {
			there, own := strings.CutPrefix(imported, modulePath+"/")
			switch {
			case imported == modulePath:
				there = "."
			case !own:
				continue
			}
			if family(here) == family(there) {
				continue
			}
			if floor, listed := floors[there]; !listed || floor >= floors[here] {
				t.Errorf("%s (floor %d) imports %s (floor %d)", path, floors[here], imported, floor)
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
