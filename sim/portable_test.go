package sim

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inexact are functions whose last bit depends on the processor: math.Exp and others
// are assembly that uses FMA, a multiply-add that rounds once, where the CPU has it,
// and all of them are compiled with it where the architecture always has it.
var inexact = map[string]bool{
	"math.Exp": true, "math.Exp2": true, "math.Expm1": true, "math.Pow": true, "math.FMA": true, "math.Log": true, "math.Log2": true,
	"math.Log10": true, "math.Log1p": true, "math.Sin": true, "math.Cos": true, "math.Tan": true, "math.Sincos": true, "math.Gamma": true,
	"math.Lgamma": true, "math.Hypot": true, "math.Cbrt": true, "math.Erf": true, "math.Erfc": true, "math.Atan": true, "math.Tanh": true,
}

// unseeded are functions that bring in what the seed does not say: package rand's own
// source, and samplers that use package math's functions. The clock is for run.go,
// which says how long the run took.
var unseeded = map[string]bool{
	"time.Now": true, "time.Since": true, "time.Until": true, "time.Sleep": true, "time.After": true, "time.Tick": true,
	"NormFloat64": true, "ExpFloat64": true, "os.Getpid": true, "os.Hostname": true,
}

// The same Config gives the same report on every machine: so nothing of package sim
// calls what differs from one to the next, walks a map, whose order is random, or
// leaves it to the compiler whether a product that is added to is rounded.
func TestPortable(t *testing.T) {
	files := token.NewFileSet()
	t.Run("exact", func(t *testing.T) { portable(t, files, "kadmium/internal/exact", "../internal/exact", 1) })
	portable(t, files, "kadmium/sim", ".", 20)
}

func portable(t *testing.T, files *token.FileSet, path, dir string, least int) {
	var parsed []*ast.File
	names, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
	}
	if len(parsed) < least {
		t.Fatalf("only %d files found", len(parsed))
	}
	info := &types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Uses: make(map[*ast.Ident]types.Object)}
	config := types.Config{Importer: importer.ForCompiler(files, "gc", compiled(t))}
	if _, err := config.Check(path, files, parsed, info); err != nil {
		t.Fatal(err)
	}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				return true
			}
			at := files.Position(n.Pos())
			switch n := n.(type) {
			case *ast.SelectorExpr:
				name := n.Sel.Name
				if of := info.Uses[n.Sel]; of != nil && of.Pkg() != nil && !unseeded[name] {
					name = of.Pkg().Path() + "." + name
				}
				if inexact[name] || unseeded[name] && !(at.Filename == "run.go" && strings.HasPrefix(name, "time.")) {
					t.Errorf("%v: %s", at, name)
				}
				if strings.HasPrefix(name, "math/rand/v2.") && info.Uses[n.Sel].Parent() == info.Uses[n.Sel].Pkg().Scope() {
					if _, is := info.Uses[n.Sel].(*types.Func); is && !strings.HasPrefix(n.Sel.Name, "New") {
						t.Errorf("%v: %s has no seed", at, name)
					}
				}
			case *ast.RangeStmt:
				if _, is := info.Types[n.X].Type.Underlying().(*types.Map); is {
					t.Errorf("%v: walks a map", at)
				}
			case *ast.BinaryExpr:
				if (n.Op == token.ADD || n.Op == token.SUB) && info.Types[n].Value == nil && (fuses(info, n.X) || fuses(info, n.Y)) {
					t.Errorf("%v: a product that is added to, and not converted to float64", at)
				}
			case *ast.AssignStmt:
				if (n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN) && fuses(info, n.Rhs[0]) {
					t.Errorf("%v: a product that is added, and not converted to float64", at)
				}
			}
			return true
		})
	}
}

// fuses reports an expression that the compiler may multiply and add in one step: a
// product of floating-point numbers that is not known at compile time.
func fuses(info *types.Info, e ast.Expr) bool {
	e = ast.Unparen(e)
	if minus, ok := e.(*ast.UnaryExpr); ok && minus.Op == token.SUB {
		return fuses(info, minus.X)
	}
	product, ok := e.(*ast.BinaryExpr)
	if !ok || product.Op != token.MUL || info.Types[e].Value != nil {
		return false
	}
	basic, ok := info.Types[e].Type.Underlying().(*types.Basic)
	return ok && basic.Info()&types.IsFloat != 0
}

// The compiler's own word for it: no instruction of the package on arm64 multiplies and
// adds in one step, also where functions were inlined and statements joined.
func TestNoFusedInstruction(t *testing.T) {
	slow(t)
	t.Parallel()
	build := exec.Command("go", "build", "-gcflags=kadmium/sim=-S", ".")
	build.Env = append(os.Environ(), "GOARCH=arm64", "GOOS=linux", "CGO_ENABLED=0")
	listing, err := build.CombinedOutput()
	if err != nil || !strings.Contains(string(listing), "FMULD") {
		t.Fatalf("%v: %.1000s", err, listing)
	}
	for line := range strings.Lines(string(listing)) {
		if fused.MatchString(line) {
			t.Errorf("%s", line)
		}
	}
}

var fused = regexp.MustCompile(`\tFN?M(ADD|SUB)[SD]\t`)

// compiled finds the export data of what package sim imports.
func compiled(t *testing.T) importer.Lookup {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
}
