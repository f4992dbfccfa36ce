// Package vectors reads, compares and writes the test vectors of docs/wire.md, in
// testdata/wire, for the tests of the packages whose bytes they are.
package vectors

import (
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Dir has the files, seen from a package of the first level.
var Dir = filepath.Join("..", "testdata", "wire")

// update writes the files anew: go test ./session ./store -run Vectors -update.
var update = flag.Bool("update", false, "write testdata/wire instead of comparing with it")

// A File is one file of vectors: named values in hex, in order.
type File struct {
	Name, About string
	lines       []string
}

// Add appends a named value.
func (f *File) Add(name string, value []byte) {
	f.lines = append(f.lines, fmt.Sprintf("%s: %x", name, value))
}

// String is the content of the file.
func (f *File) String() string {
	return "# " + strings.ReplaceAll(f.About, "\n", "\n# ") + "\n# docs/wire.md says what each value is. All values are in hex.\n" + strings.Join(f.lines, "\n") + "\n"
}

// Check compares files with those of testdata/wire, or with -update writes them.
func Check(t *testing.T, files []*File) {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(Dir, f.Name)
		if *update {
			if err := os.WriteFile(path, []byte(f.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.String(); got != string(want) {
			t.Errorf("%s is not what comes out:\n%s", path, got)
		}
	}
}

// Read is the named value of a file.
func Read(t testing.TB, file, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Dir, file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			b, err := hex.DecodeString(strings.TrimSpace(value))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("%s has no %s", file, name)
	return nil
}
