package sim

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program of docs/rules.md builds as a module of its own, without the network, and
// measures its rule.
func TestRuleOfAnotherModule(t *testing.T) {
	slow(t)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, program, _ := strings.Cut(string(text), "```go\n")
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	module := strings.Fields(string(gomod))[1]
	program, _, found := strings.Cut(program, "```\n")
	if !found {
		t.Fatal("docs/rules.md has no program")
	}
	program = strings.ReplaceAll(program, `"kadmium/`, `"`+module+`/`)
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{"main.go": program, "go.sum": string(sums)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOPROXY=off", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("go", "mod", "init", "example.com/everysecond")
	run("go", "mod", "edit", "-require", module+"@v0.0.0", "-replace", module+"="+root)
	run("go", "build", "-mod=mod", "-o", "everysecond", ".")
	mine := run(filepath.Join(dir, "everysecond"), "--nodes", "300", "--lookups", "20")
	if !strings.Contains(mine, "lookup every-second") || !strings.Contains(mine, "lookups: 20,") {
		t.Errorf("it printed\n%s", mine)
	}
}
