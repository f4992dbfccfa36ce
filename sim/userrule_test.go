package sim

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The program of docs/rules.md builds as a module of its own, without the network, measures
// its rule, and has the flags and exit codes of kad sim.
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
	ends := func(want int, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOPROXY=off", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want {
			t.Fatalf("%s %s: exit code %d, %v\n%s", name, strings.Join(args, " "), code, err, out)
		}
		return string(out)
	}
	run := func(name string, args ...string) { t.Helper(); ends(0, name, args...) }
	run("go", "mod", "init", "example.com/everysecond")
	run("go", "mod", "edit", "-require", module+"@v0.0.0", "-replace", module+"="+root)
	run("go", "build", "-mod=mod", "-o", "everysecond", ".")
	mine := func(want int, args string) string {
		t.Helper()
		return ends(want, filepath.Join(dir, "everysecond"), strings.Fields(args)...)
	}
	if out := mine(0, "--nodes 300 --lookups 20 --lookup every-second"); !strings.Contains(out, "lookup every-second") || !strings.Contains(out, "lookups: 20,") {
		t.Errorf("it printed\n%s", out)
	}
	mine(0, "--nodes 300 --lookups 20 --lookup plain,every-second --table newest --alpha 1,3 --seed 1..2 --out costs")
	results, err := os.ReadFile(filepath.Join(dir, "costs", "results.csv"))
	if rows := strings.Count(string(results), ",every-second,newest,,typical,rpcs.mean,"); err != nil || rows != 4 {
		t.Errorf("%v, and %d rows of the rule's mean of requests:\n%.2000s", err, rows, results)
	}
	if out := mine(0, "--nodes 300 --lookups 20 --lookup in-next --json"); !strings.Contains(out, `"lookup":"in-next"`) {
		t.Errorf("it printed\n%s", out)
	}
	for _, rule := range []string{"plain", "every-second"} {
		mine(0, "--nodes 300 --lookups 20 --seed 1..6 --lookup "+rule+" --out "+rule)
	}
	if out := mine(0, "--compare plain every-second"); !strings.Contains(out, "configured differently: lookup plain / every-second") || !strings.Contains(out, "differs: ") {
		t.Errorf("it compares\n%s", out)
	}
	for args, says := range map[string]string{
		"--lookup every-third":     `lookup "every-third", want one of [every-second in-next kadmium plain]`,
		"--nope":                   "next: see: everysecond --help",
		"--compare plain nowhere":  "there is no nowhere",
		"--lookup plain --nodes -": "next: everysecond --help says what each flag takes",
	} {
		if out := mine(2, args); !strings.Contains(out, says) {
			t.Errorf("%s lacks %q: %s", args, says, out)
		}
	}
}
