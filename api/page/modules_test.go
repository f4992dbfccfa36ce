package page

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documented are the types of problems that a node has, as docs/api.md lists them.
func documented(t *testing.T) (types []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `/problems/([a-z-]+)`").FindAllSubmatch(text, -1) {
		types = append(types, string(m[1]))
	}
	if len(types) < 30 {
		t.Fatalf("docs/api.md lists only %d problems", len(types))
	}
	return types
}

// The modules that need no document do what testdata/checks.mjs says: which events are shown,
// what is advised, what a typed text asks for, and which characters are escaped.
func TestModules(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node here: apt-get install nodejs")
	}
	dir := t.TempDir()
	write := func(name string, body []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("package.json", []byte(`{"type":"module"}`))
	for at, file := range files {
		if path.Ext(at) == ".js" {
			write(path.Base(at), file.body)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, "testdata/checks.mjs", dir)
	cmd.Env = append(os.Environ(), "KAD_PROBLEMS="+strings.Join(documented(t), " "))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
